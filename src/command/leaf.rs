//! What all certificates but CAs have in common: a request is minted, and all files are put in place together.

use anyhow::{Context, Result};

use super::announce;
use super::signer::SignedBy;
use crate::certificate::Certificate;
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::mint::{Signer, mint};
use crate::request::Request;
use crate::store::dir::Owner;

/// Where the files of a certificate go, and what is written beside it.
pub struct Placement {
    /// The directory.
    pub certs_dir: CertsDir,
    /// Who the files are for, if not the caller.
    pub owner: Option<Owner>,
    /// Replace files that are there?
    pub overwrite: bool,
    /// Write the key as PKCS#8 too?
    pub pkcs8: bool,
}

/// Makes the certificate and its key; `signed_by` is none if it signs itself.
pub fn create(request: Request, placement: &Placement, signed_by: Option<&SignedBy>) -> Result<Certificate> {
    let Placement { certs_dir, .. } = placement;
    let (name, kind) = (request.name.clone(), request.kind());
    let writer = certs_dir.writer(placement.owner);
    announce::findings(&writer.prepare(signed_by.and_then(SignedBy::file))?);
    let targets = targets(&name, placement);
    writer.check(&targets)?;
    let signer =
        signed_by.map_or(Ok(Signer::Itself), |signed_by| signed_by.load(&certs_dir.read(), name.usage))?;
    let minted = mint(request, &signer)?;
    let contents = minted.contents(placement.pkcs8);
    let contents = contents.with_context(|| format!("could not encode the {} key", kind.noun))?;
    let files: Vec<_> = targets.iter().map(|target| certs_dir.path().join(&target.file)).collect();
    announce::findings(&writer.commit(targets.into_iter().zip(contents).collect(), None)?);

    if let [key_file, certificate_file, pkcs8_file @ ..] = files.as_slice() {
        log::info!("generated {} certificate: {}", kind.noun, certificate_file.display());
        log::info!("generated {} key: {}", kind.noun, key_file.display());
        announce::certificate(certificate_file, minted.certificate.not_after);
        announce::key(key_file);
        for path in pkcs8_file {
            log::info!("generated PKCS8 {} key: {}", kind.noun, path.display());
            announce::key(path);
        }
    }
    let old_pkcs8 = name.pkcs8_file();
    if !placement.pkcs8 && certs_dir.read().has(&old_pkcs8) {
        let path = certs_dir.path().join(old_pkcs8);
        log::warn!("{} holds an old key; pass --also-generate-pkcs8-key to replace it too", path.display());
    }
    Ok(minted.certificate)
}

/// The key, the certificate, and the key as PKCS#8 if asked for: no certificate is ever there without its key.
fn targets(name: &CertificateName, placement: &Placement) -> Vec<Target> {
    let existing = if placement.overwrite { Existing::Replace } else { Existing::Refuse };
    let pkcs8 = placement.pkcs8.then(|| name.pkcs8_file());
    let files = [name.key_file(), name.certificate_file()].into_iter().chain(pkcs8);
    files.map(|file| Target { file, existing: existing.clone() }).collect()
}
