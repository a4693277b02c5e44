//! A request becomes a certificate, in memory.

use anyhow::{Context, Result, anyhow};

use crate::ca::authority::Authority;
use crate::certificate::Certificate;
use crate::certs_dir::batch::Contents;
use crate::duration::Lifetime;
use crate::error::Advice;
use crate::pki::CryptoError;
use crate::pki::issue::{self, Issuer, Template, Validity};
use crate::pki::key::{KeySpec, PrivateKey};
use crate::pki::request::Wanted;
use crate::request::{Request, SubjectKey};
use crate::signing::{CommandSigner, Signed};

/// Who signs.
pub enum Signer {
    /// The certificate's own key.
    Itself,
    /// A CA.
    Ca(Box<Authority>),
    /// A CA elsewhere.
    Command(Box<CommandSigner>),
}

/// A new certificate, and the key if it was made or used here.
pub struct Minted {
    /// The certificate.
    pub certificate: Certificate,
    /// The same in PEM form, and the CAs between it and the root.
    pub pem: Vec<u8>,
    /// The subject's private key.
    pub key: Option<PrivateKey>,
}

impl Minted {
    /// What is written: the key, the certificate, and the key as PKCS#8 if asked for.
    ///
    /// # Errors
    /// If the key is somebody else's, or OpenSSL cannot encode it.
    pub fn contents(&self, pkcs8: bool) -> Result<Vec<Contents>> {
        let key = self.key.as_ref().context("it is somebody else's")?;
        let mut contents = vec![Contents::Key(key.to_pem()?), Contents::Certificates(self.pem.clone())];
        if pkcs8 {
            contents.push(Contents::Key(key.to_pkcs8_der()?));
        }
        Ok(contents)
    }
}

/// Makes the key if there is none yet, and the certificate.
///
/// # Errors
/// If OpenSSL's providers cannot do it, or a certificate cannot be signed by itself without its key, or it
/// would outlive its CA.
pub fn mint(request: Request, signer: &Signer) -> Result<Minted> {
    if let Signer::Ca(ca) = signer {
        check_outlives(ca, request.validity)?;
    }
    let kind = request.kind();
    let key = match request.key {
        SubjectKey::New(spec) => {
            let key = PrivateKey::generate(spec);
            Ok(key.map_err(|error| could_not_generate(spec, kind.noun, &error))?)
        }
        SubjectKey::Existing(key) => Ok(key),
        SubjectKey::Public(key) => Err(key),
    };
    if let (Signer::Command(signer), Ok(own)) = (signer, &key) {
        let (subject, alt_names) = (&request.subject, &request.alt_names[..]);
        let wanted = Wanted { profile: kind.profile, subject, alt_names, kept: request.kept.as_deref() };
        let signed = signer.sign(&request.name, &wanted, request.validity, own);
        let Signed { certificate, pem } =
            signed.with_context(|| format!("could not get the {} certificate", kind.noun))?;
        return Ok(Minted { certificate, pem, key: key.ok() });
    }
    let template = Template {
        profile: kind.profile,
        subject: &request.subject,
        alt_names: &request.alt_names,
        kept: request.kept.as_deref(),
        added: &request.added,
        validity: request.validity,
        key: match &key {
            Ok(key) => issue::SubjectKey::Own(key),
            Err(public) => issue::SubjectKey::Public(public),
        },
    };
    let issuer = match (signer, &key) {
        (Signer::Ca(ca), _) => ca.as_issuer(),
        (Signer::Itself, Ok(key)) => Issuer { key, certificate: None },
        (Signer::Itself | Signer::Command(_), _) => {
            return Err(anyhow!("a {} certificate cannot be made without its key", kind.noun));
        }
    };
    let issued = issue::issue(&template, issuer);
    let issued = issued.with_context(|| format!("could not generate the {} certificate", kind.noun))?;
    Ok(Minted { certificate: issued.certificate, pem: issued.pem, key: key.ok() })
}

fn could_not_generate(spec: KeySpec, noun: &str, error: &CryptoError) -> anyhow::Error {
    let what = format!("could not generate new {noun} key: {error}");
    if spec == KeySpec::Ed25519 {
        // The server signs and checks such tokens with Ed25519 and nothing else.
        let hint = "CockroachDB takes no other kind of key here: use a FIPS module that approves Ed25519 (OpenSSL 3.4 or newer)";
        return Advice::new(what, hint).into();
    }
    anyhow!(what)
}

/// No certificate is valid longer than its CA.
fn check_outlives(ca: &Authority, validity: Validity) -> Result<()> {
    let ca_end = ca.not_after()?;
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
