//! `csr`: a key, made where it will be used, and a request for its certificate (RFC 2986).

mod asked;

use std::path::Path;

use anyhow::{Context, Result};

use super::announce;
use crate::asking::{self, Key};
use crate::certs_dir::batch::{Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading};
use crate::cli::Csr;
use crate::error::Advice;
use crate::pki::key::{PrivateKey, Weakness};
use crate::store::read::Regular;
use asked::Asked;

/// Makes the request, and the key unless that is there already.
pub fn run(args: &Csr) -> Result<()> {
    let asked = Asked::of(args).context("failed to generate a certificate request")?;
    let noun = asked.name.usage.kind().noun;
    create(args, &asked).with_context(|| format!("failed to generate {noun} certificate request and key"))?;
    announce::wildcards(&asked.hosts);
    Ok(())
}

fn create(args: &Csr, asked: &Asked) -> Result<()> {
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let owner = args.owner.account()?;
    // The key becomes that of the account whose key it will replace.
    let successor = || certs_dir.writer(None).owner_of(certs_dir.dir()?, &asked.name.key_file()).ok()?;
    let writer = certs_dir.writer(owner.or_else(successor));
    let spec = args.key.spec()?;
    announce::findings(&writer.prepare(None)?);
    let name = &asked.name;
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    let target = |file| Target { file, existing: existing.clone() };
    let pending = (!args.keep_key).then(|| target(name.pending_key_file()));
    let waits = pending.is_some() && certs_dir.read().has(&name.pending_key_file());
    let pending_path = certs_dir.path().join(name.pending_key_file());
    if waits && !args.overwrite {
        return Err(waits_already(&pending_path).into());
    }
    let targets: Vec<_> = pending.into_iter().chain([target(name.request_file())]).collect();
    writer.check(&targets)?;

    let key = match args.keep_key {
        true => Key::Existing(existing_key(&certs_dir.read(), name)?),
        false => Key::New(spec),
    };
    let files = asking::files(name, &asked.subject, &asked.alt_names, key)?;
    let batch = files.into_iter().map(|(file, contents)| (target(file), contents)).collect();
    announce::findings(&writer.commit(batch, None)?);
    if waits {
        log::warn!(
            "replaced the key {}: certificates asked for with the old one are of no use",
            pending_path.display()
        );
    }
    let request = certs_dir.path().join(name.request_file());
    log::info!("generated {} certificate request: {}", name.usage.kind().noun, request.display());
    announce::line(&format!("created {} (send it to the CA)", request.display()));
    if !args.keep_key {
        announce::key(&pending_path);
    }
    Ok(())
}

/// To replace the key is to lose it.
fn waits_already(pending: &Path) -> Advice {
    let what = format!("{} waits for its certificate already", pending.display());
    let hint = "put that certificate in place first; or pass --overwrite to lose the key: no certificate for it will be of use then";
    Advice::new(what, hint)
}

/// The key that is in use.
fn existing_key(certs_dir: &Reading<'_>, name: &CertificateName) -> Result<PrivateKey> {
    let path = certs_dir.path(&name.key_file());
    let about = || format!("--keep-key: could not use {}", path.display());
    let contents = certs_dir.open(&name.key_file()).and_then(Regular::read).with_context(about)?;
    let key = PrivateKey::from_pem(&contents).with_context(about)?;
    match key.weakness() {
        None => Ok(key),
        Some(Weakness::Refused(why) | Weakness::Weak(why)) => {
            Err(Advice::new(why, "make a new key: leave out --keep-key")).with_context(about)
        }
    }
}
