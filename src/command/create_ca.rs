//! `create-ca`, `create-client-ca`, `create-ui-ca`, `create-tenant-client-ca`: a CA certificate and its key
//! (REFERENCE.md section 2, the table).

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use super::{announce, values};
use crate::ca::authority;
use crate::ca::key::CaKey;
use crate::ca::passphrase::Passphrase;
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::key_place::KeyPlace;
use crate::certs_dir::layout::CertificateName;
use crate::cli::CreateCa;
use crate::error::Advice;
use crate::mint::{Minted, Signer, mint};
use crate::request::{Request, SubjectKey};
use crate::usage::Usage;

/// Makes the CA.
pub fn run(args: &CreateCa, usage: Usage) -> Result<()> {
    create(args, usage).with_context(|| usage.kind().failure())
}

fn create(args: &CreateCa, usage: Usage) -> Result<()> {
    let ca_key = args.ca_key.key()?;
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let writer = certs_dir.writer(args.owner.account()?);
    let mut request = request(args, usage)?;
    announce::findings(&writer.prepare(ca_key.file())?);
    check_reuse(args, &ca_key)?;

    let file = request.name.certificate_file();
    let path = certs_dir.path().join(&file);
    let existing = if args.overwrite { Existing::KeepBehind } else { Existing::Refuse };
    let target = Target { file: file.clone(), existing };
    let new_key_file = ca_key.file().filter(|_| !ca_key.exists());
    let key_place = new_key_file.map(|path| KeyPlace::open(path, &certs_dir)).transpose()?;
    if let Some(place) = &key_place {
        place.check()?;
    }
    writer.check([&target])?;
    let mut findings = Vec::new();
    let existing = if new_key_file.is_none() { ca_key.load(&mut findings) } else { Ok(None) };
    let passphrase = args.encrypt_ca_key.then(|| ca_key.new_passphrase(&mut findings)).transpose();
    announce::findings(&findings);
    request.key = existing?.map_or(request.key, SubjectKey::Existing);
    let passphrase = passphrase?;

    let validity = request.validity;
    let minted = mint(request, &Signer::Itself).with_context(|| format!("with CA key {ca_key}"))?;
    let encode = |place| Ok::<_, anyhow::Error>((place, encoded_key(&minted, passphrase.as_ref())?));
    let new_key = key_place.as_ref().map(encode).transpose()?;
    let batch = vec![(target, Contents::Certificates(minted.pem))];
    announce::findings(&writer.commit(batch, new_key)?);

    match new_key_file {
        Some(path) => {
            log::info!("generated CA key {ca_key}");
            announce::key(path);
        }
        None => log::info!("using CA key from file {ca_key}"),
    }
    let count = authority::count_certificates(&certs_dir.read(), &file);
    log::info!("wrote {count} certificates to {}", path.display());
    announce::certificate(&path, Some(validity.not_after));
    if usage == Usage::ClientCa {
        announce::line(
            "note: nodes log in to each other: make a client certificate for each, with create-client node",
        );
    }
    Ok(())
}

/// What the arguments ask for.
fn request(args: &CreateCa, usage: Usage) -> Result<Request> {
    let (asked, validity) = (args.subject.as_deref(), values::validity(&args.lifetime)?);
    let key = SubjectKey::New(args.key.spec()?);
    let mut subject = values::subject(asked, usage.kind().profile.subject_of(""))?;
    if args.unique_subject {
        subject.add("UID", &values::random_uuid()?);
    }
    let subject = values::encode_subject(asked, &subject)?;
    let name = CertificateName::of(usage);
    Ok(Request { name, subject, alt_names: Vec::new(), kept: None, added: Vec::new(), validity, key })
}

/// The new CA key for its file.
fn encoded_key(minted: &Minted, passphrase: Option<&Passphrase>) -> Result<Zeroizing<Vec<u8>>> {
    let key = minted.key.as_ref().context("there is no new CA key")?;
    let pem = passphrase.map_or_else(|| key.to_pem(), |passphrase| key.to_encrypted_pem(passphrase));
    pem.context("could not encode the CA key")
}

/// An existing key is used on request only.
fn check_reuse(args: &CreateCa, ca_key: &CaKey) -> Result<()> {
    let (what, hint) = if !ca_key.exists() {
        if args.encrypt_ca_key || !args.ca_key.names_a_passphrase() {
            return Ok(());
        }
        (
            format!("CA key {ca_key} is new, and a passphrase is given without --encrypt-ca-key"),
            "pass --encrypt-ca-key to put the new key under the passphrase",
        )
    } else if !args.allow_ca_key_reuse && ca_key.file().is_none() {
        (
            format!("CA key {ca_key} exists, but key reuse is disabled"),
            "pass --allow-ca-key-reuse to make a certificate with this key: create-ca makes no keys in tokens",
        )
    } else if !args.allow_ca_key_reuse {
        (
            format!("CA key {ca_key} exists, but key reuse is disabled"),
            "pass --allow-ca-key-reuse to make a certificate with this key, or name a new file in --ca-key",
        )
    } else if args.encrypt_ca_key {
        (
            format!("CA key {ca_key} exists, and --encrypt-ca-key is for new keys"),
            "leave --encrypt-ca-key out: a key that is under a passphrase stays so",
        )
    } else {
        return Ok(());
    };
    Err(Advice::new(what, hint).into())
}
