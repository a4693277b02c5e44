//! Expired CA certificates, behind the one in use.

use anyhow::{Context, Result};

use super::Reading;
use super::layout::CertificateName;
use crate::certificate::Certificate;
use crate::error::Advice;
use crate::pki::pem;
use crate::store::read::{ReadError, Regular};
use crate::usage::KINDS;

/// A CA file that has expired certificates.
pub struct File {
    /// Its name.
    pub file: String,
    /// What it holds.
    pub before: Vec<u8>,
    /// What it would hold without them.
    pub after: Vec<u8>,
    /// The expired certificates, in order.
    pub certificates: Vec<Expired>,
}

/// An expired certificate.
pub struct Expired {
    /// Its position in the file, from 1.
    pub position: usize,
    /// Its subject.
    pub subject: String,
    /// Its subject key identifier.
    pub key_identifier: String,
    /// The last second of its validity.
    pub not_after: i64,
}

/// Looks through the CA files in the directory. The first certificate in each file is the one in use, and never
/// counts.
///
/// # Errors
/// If a CA file cannot be read, or holds anything but certificates.
pub fn find(certs_dir: &Reading<'_>, now: i64) -> Result<Vec<File>> {
    if !certs_dir.certs_dir.exists() {
        let what = format!("there is no certs directory {}", certs_dir.dir_path().display());
        return Err(Advice::new(what, "name the directory that holds ca.crt: --certs-dir=<directory>").into());
    }
    let mut files = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.usage.is_ca()) {
        let file = CertificateName::of(kind.usage).certificate_file();
        let path = certs_dir.path(&file);
        let about = || format!("could not read CA certificate {}", path.display());
        let before = match certs_dir.open(&file).and_then(Regular::read) {
            Err(ReadError::NotFound) => continue,
            result => result.with_context(about)?,
        };
        let all = pem::certificates(&before, &path.display().to_string()).with_context(about)?;
        let certificates: Vec<_> = all
            .iter()
            .enumerate()
            .skip(1)
            .filter_map(|(index, certificate)| expired(index, certificate, now))
            .collect();
        if !certificates.is_empty() {
            let after = pem::certificate_blocks(&before, |position| {
                certificates.iter().all(|expired| expired.position != position + 1)
            });
            files.push(File { file, before: before.to_vec(), after, certificates });
        }
    }
    Ok(files)
}

fn expired(index: usize, certificate: &Certificate, now: i64) -> Option<Expired> {
    let not_after = certificate.not_after.filter(|end| *end < now)?;
    let key_identifier = certificate.subject_key_identifier();
    let key_identifier = key_identifier.map_or_else(|| "none".to_owned(), |identifier| identifier.to_string());
    Some(Expired { position: index + 1, subject: certificate.subject_text(), key_identifier, not_after })
}
