//! A certificate that came, with its key, and the files that both become.

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use super::answer::Answer;
use super::keys::{Found, Place};
use crate::certificate::Certificate;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading};
use crate::cli::Import;
use crate::command::announce;
use crate::error::Advice;
use crate::incoming::{self, Sorted};
use crate::pki::pem;
use crate::pki::request::SigningRequest;
use crate::pki::verify::OpenSsl;
use crate::store::read::{ReadError, Regular};
use crate::time;
use crate::usage::Usage;

/// The request that was made with a key.
pub struct Request {
    pub asked: SigningRequest,
    contents: Zeroizing<Vec<u8>>,
}

/// A certificate and its key.
pub struct Arrival {
    pub found: Found,
    /// The certificate, and what leads to its root.
    pub sorted: Sorted,
    /// What was asked for, if that is beside the key.
    pub request: Option<Request>,
}

impl Arrival {
    /// Finds the key's certificate, and what was asked for.
    pub fn of(reading: &Reading<'_>, found: Found, answer: &Answer) -> Result<Self> {
        let file = found.name.certificate_file();
        let sorted = incoming::sort(answer.certificates.clone(), &found.public, &OpenSsl);
        let sorted = sorted.map_err(|why| {
            let hint = "leave out the files that are not meant";
            Advice::new(format!("{file} cannot be made of {}: {why}", answer.shown), hint)
        })?;
        let request = request(reading, &found)?;
        Ok(Self { found, sorted, request })
    }

    /// Which certificate of the directory it is.
    pub fn name(&self) -> &CertificateName {
        &self.found.name
    }

    /// The files that it becomes, and those that are done with.
    pub fn files(&self, reading: &Reading<'_>, args: &Import) -> Result<Vec<(Target, Contents)>> {
        let name = self.name();
        let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
        let target = |file| Target { file, existing: existing.clone() };
        let gone = |file| Target { file, existing: Existing::Replace };
        let mut files = Vec::new();
        if !matches!(self.found.place, Place::InUse) {
            files.push((target(name.key_file()), self.key(self.found.key.to_pem()?)));
        }
        let pem = pem::bundle(self.sorted.chain());
        files.push((target(name.certificate_file()), Contents::Certificates(pem)));
        let pkcs8 = args.also_generate_pkcs8_key || reading.has(&name.pkcs8_file());
        if name.usage == Usage::Client && pkcs8 {
            // It follows its key.
            let existing = if reading.has(&name.key_file()) { existing.clone() } else { Existing::Replace };
            let target = Target { file: name.pkcs8_file(), existing };
            files.push((target, self.key(self.found.key.to_pkcs8_der()?)));
        }
        if let Place::Pending(contents) = &self.found.place {
            files.push((gone(name.pending_key_file()), Contents::Gone(contents.clone())));
        }
        if let Some(request) = &self.request {
            files.push((gone(name.request_file()), Contents::Gone(request.contents.clone())));
        }
        Ok(files)
    }

    fn key(&self, encoded: Zeroizing<Vec<u8>>) -> Contents {
        Contents::OldKey(encoded, self.found.holder.clone())
    }

    /// What to tell the operator.
    pub fn line(&self, certs_dir: &CertsDir) -> String {
        let path = certs_dir.path().join(self.name().certificate_file());
        let expires = self.sorted.leaf.not_after.map(time::utc).unwrap_or_default();
        format!("imported {} (expires {expires})", path.display())
    }
}

/// The request beside the key, unless it is for another key.
fn request(reading: &Reading<'_>, found: &Found) -> Result<Option<Request>> {
    let file = found.name.request_file();
    let path = reading.path(&file).display().to_string();
    let contents = match reading.open(&file).and_then(Regular::read) {
        Err(ReadError::NotFound) => return Ok(None),
        contents => contents.with_context(|| format!("could not read {path}"))?,
    };
    let told =
        |why: &str| announce::stderr(&format!("note: {path} {why}: the certificate is not compared with it"));
    match SigningRequest::read(&contents) {
        Ok(asked) if found.key.matches(&asked.key) => return Ok(Some(Request { asked, contents })),
        Ok(_) => told("is for another key"),
        Err(error) => told(&format!("cannot be read ({error})")),
    }
    Ok(None)
}

/// What came and has nothing to do with any of the certificates.
pub fn unused<'a>(arrivals: &'a [Arrival], answer: &'a Answer) -> Vec<&'a Certificate> {
    let is_unused =
        |certificate: &&Certificate| arrivals.iter().all(|arrival| arrival.sorted.others.contains(certificate));
    answer.certificates.iter().filter(is_unused).collect()
}
