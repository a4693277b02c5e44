//! What all certificates but CAs have in common: a key is made and signed for, and all files are put in place together.

use anyhow::{Result, anyhow};

use super::{announce, values};
use crate::ca::authority::Authority;
use crate::ca::key::CaKey;
use crate::certificate::{AltName, Certificate};
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::cli::{CaKeyArgs, NewArgs};
use crate::duration::Lifetime;
use crate::error::Advice;
use crate::pki::issue::{Request, Validity, issue};
use crate::pki::key::{KeySpec, PrivateKey};
use crate::usage::Kind;

/// A certificate to make.
pub struct Leaf<'a> {
    /// Which one.
    pub name: CertificateName,
    /// What stands for `{}` in the profile's subject.
    pub subject: &'a str,
    /// More names of the subject.
    pub alt_names: Vec<AltName>,
    /// Write the key as PKCS#8 too?
    pub pkcs8: bool,
}

/// Who signs it.
pub enum Signer<'a> {
    /// The CA for its kind, with this key.
    Ca(&'a CaKeyArgs),
    /// Its own key.
    Itself,
}

/// Makes the certificate and its key; returns the certificate.
pub fn create(leaf: &Leaf<'_>, args: &NewArgs, spec: KeySpec, signer: Signer<'_>) -> Result<Certificate> {
    let ca_key = match signer {
        Signer::Ca(args) => Some(args.key()?),
        Signer::Itself => None,
    };
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let writer = certs_dir.writer(args.owner.account()?);
    let validity = values::validity(&args.lifetime)?;
    let kind = leaf.name.usage.kind();
    let subject = values::subject(args.subject.as_deref(), kind.profile.subject_of(leaf.subject))?;
    let subject = values::encode_subject(args.subject.as_deref(), &subject)?;
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    let targets: Vec<_> =
        files(leaf).into_iter().map(|file| Target { file, existing: existing.clone() }).collect();
    announce::findings(&writer.prepare(ca_key.as_ref().and_then(CaKey::file))?);
    writer.check(&targets)?;
    let load = |ca_key: CaKey| Authority::load(&certs_dir.read(), leaf.name.usage, &ca_key);
    let authority = ca_key.map(load).transpose()?;
    if let Some(authority) = &authority {
        check_outlives(authority, validity)?;
    }

    let key = PrivateKey::generate(spec).map_err(|reason| could_not_generate(spec, kind, &reason))?;
    let request =
        Request { profile: kind.profile, subject: &subject, alt_names: &leaf.alt_names, validity, key: &key };
    let issued = issue(&request, authority.as_ref().map(Authority::as_issuer))
        .map_err(|reason| anyhow!("could not generate the {} certificate: {reason}", kind.noun))?;

    let could_not_encode = |reason| anyhow!("could not encode the {} key: {reason}", kind.noun);
    let mut contents =
        vec![Contents::Key(key.to_pem().map_err(could_not_encode)?), Contents::Certificates(issued.pem)];
    if leaf.pkcs8 {
        contents.push(Contents::Key(key.to_pkcs8_der().map_err(could_not_encode)?));
    }
    let files: Vec<_> = targets.iter().map(|target| certs_dir.path().join(&target.file)).collect();
    announce::findings(&writer.commit(targets.into_iter().zip(contents).collect(), None)?);

    if let [key_file, certificate_file, pkcs8_file @ ..] = files.as_slice() {
        log::info!("generated {} certificate: {}", kind.noun, certificate_file.display());
        log::info!("generated {} key: {}", kind.noun, key_file.display());
        announce::certificate(certificate_file, validity);
        announce::key(key_file);
        for path in pkcs8_file {
            log::info!("generated PKCS8 {} key: {}", kind.noun, path.display());
            announce::key(path);
        }
    }
    let old_pkcs8 = leaf.name.pkcs8_file();
    if !leaf.pkcs8 && certs_dir.read().has(&old_pkcs8) {
        log::warn!(
            "{} holds an old key; pass --also-generate-pkcs8-key to replace it too",
            certs_dir.path().join(old_pkcs8).display()
        );
    }
    Ok(issued.certificate)
}

/// The key, the certificate, and the key as PKCS#8 if asked for: no certificate is ever there without its key.
fn files(leaf: &Leaf<'_>) -> Vec<String> {
    let pkcs8 = leaf.pkcs8.then(|| leaf.name.pkcs8_file());
    [leaf.name.key_file(), leaf.name.certificate_file()].into_iter().chain(pkcs8).collect()
}

fn could_not_generate(spec: KeySpec, kind: &Kind, reason: &str) -> anyhow::Error {
    let what = format!("could not generate new {} key: {reason}", kind.noun);
    if spec == KeySpec::Ed25519 {
        // The server signs and checks such tokens with Ed25519 and nothing else.
        let hint = "CockroachDB takes no other kind of key here: use a FIPS module that approves Ed25519 (OpenSSL 3.4 or newer)";
        return Advice::new(what, hint).into();
    }
    anyhow!(what)
}

/// No certificate is valid longer than its CA.
fn check_outlives(authority: &Authority, validity: Validity) -> Result<()> {
    let ca_end = authority.not_after()?;
    if validity.not_after <= ca_end {
        return Ok(());
    }
    let (ca, requested) = (ca_end - validity.now(), validity.not_after - validity.now());
    let hours = |seconds: i64| seconds as f64 / 3600.0;
    let what =
        format!("CA lifetime is {:.6}h, shorter than the requested {:.6}h.", hours(ca), hours(requested));
    Err(match Lifetime::at_most(ca) {
        Some(shorter) => {
            anyhow!("{what} Renew CA certificate, or rerun with --lifetime={shorter} for a shorter duration.")
        }
        None => Advice::new(
            format!("{what} Renew CA certificate."),
            "renew it: create-ca --allow-ca-key-reuse --overwrite",
        )
        .into(),
    })
}
