//! `sign`: certificates for requests that others made, with nothing in them but what the operator allows.

mod allow;
mod requests;

use std::ffi::OsStr;

use anyhow::{Context, Result};

use super::{announce, values};
use crate::ca::authority::Authority;
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::cli::Sign;
use crate::mint::{Minted, Signer, mint};
use crate::output;
use crate::pki::name::EncodedName;
use crate::request::{Request, SubjectKey};
use crate::store::dir::Owner;
use requests::{Incoming, Place};

/// Signs all of the requests, or none in a directory.
pub fn run(args: &Sign) -> Result<()> {
    let granted = allow::granted(args)?;
    let (ca_key, owner) = (args.ca_key.key()?, args.new.owner.account()?);
    let (validity, usage) = (values::validity(&args.new.lifetime)?, args.kind.usage());
    let ca_dir = CertsDir::open(&args.new.dir.path()?)?;

    let places = Place::of_files(&args.files)?;
    if args.out.is_none() {
        for place in &places {
            announce::findings(&place.dir.writer(owner).prepare(None)?);
        }
    }
    let mut incoming = Vec::new();
    for place in &places {
        incoming.push(place.read(usage, &granted.allowed)?);
    }
    for request in incoming.iter().flatten() {
        allow::confirm(request, args, &granted.allowed).with_context(|| request.failure())?;
    }
    let batches: Vec<_> = places.iter().zip(incoming).collect();
    if args.out.is_none() {
        for (place, requests) in &batches {
            place.check(requests, owner, args.new.overwrite)?;
        }
    }

    let reading = ca_dir.read();
    let mut findings = Vec::new();
    let authority = Authority::load(&reading, usage, &ca_key, &mut findings);
    announce::findings(&reading.findings);
    announce::findings(&findings);
    let signer = Signer::Ca(Box::new(authority?));
    let sign = |request: Incoming| {
        let failure = request.failure();
        let (file, subject) = (request.target, EncodedName::from_der(&request.request.subject_name));
        let (name, subject) = (CertificateName::of(usage), subject.with_context(|| failure.clone())?);
        let (alt_names, key) = (request.approval.alt_names, SubjectKey::Public(request.request.key));
        let minted = mint(Request { name, subject, alt_names, validity, key }, &signer).context(failure)?;
        allow::tell(&granted, &minted.certificate);
        Ok((file, minted))
    };
    let mut signed = Vec::new();
    for (place, requests) in batches {
        signed.push((place, requests.into_iter().map(sign).collect::<Result<Vec<_>>>()?));
    }
    if args.out.is_some() {
        let pem = signed.iter().flat_map(|(_, all)| all).flat_map(|(_, minted)| minted.pem.clone()).collect();
        return output::print(&String::from_utf8(pem)?).context("could not print the certificates");
    }
    for (place, certificates) in signed {
        put(place, certificates, owner, args.new.overwrite)?;
    }
    Ok(())
}

/// What may be done about a certificate that is there.
fn target(file: &str, overwrite: bool) -> Target {
    let existing = if overwrite { Existing::Replace } else { Existing::Refuse };
    Target { file: file.to_owned(), existing }
}

/// Puts the certificates of a directory in place together.
fn put(
    place: &Place,
    certificates: Vec<(String, Minted)>,
    owner: Option<Owner>,
    overwrite: bool,
) -> Result<()> {
    let mut made = Vec::new();
    let mut batch = Vec::new();
    for (file, minted) in certificates {
        made.push((place.dir.path().join(OsStr::new(&file)), minted.certificate.not_after));
        batch.push((target(&file, overwrite), Contents::Certificates(minted.pem)));
    }
    announce::findings(&place.dir.writer(owner).commit(batch, None)?);
    for (path, not_after) in made {
        log::info!("generated certificate: {}", path.display());
        announce::certificate_until(&path, not_after.unwrap_or_default());
    }
    Ok(())
}
