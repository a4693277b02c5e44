//! CA certificates behind the one in use that can go, and the certificates that still need them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use walkdir::WalkDir;

use super::certificate::{self, CertificateFile};
use super::layout::CertificateName;
use super::{CertsDir, Reading, is_temporary, scan};
use crate::certificate::Certificate;
use crate::error::reason;
use crate::pki::pem;
use crate::store::read::{ReadError, Regular};
use crate::usage::{KINDS, Usage};

/// Which CA certificates are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that have expired at this time, in seconds since 1970-01-01T00:00:00Z.
    Expired(i64),
    /// All but the one in use.
    Old,
}

/// A CA file.
pub struct File {
    /// Its name.
    pub file: String,
    /// What it holds.
    pub before: Vec<u8>,
    /// What it would hold afterwards.
    pub after: Vec<u8>,
    /// What would be removed, in order.
    pub removed: Vec<Removed>,
    usage: Usage,
    in_use: Certificate,
}

/// A certificate that would be removed.
pub struct Removed {
    /// Its position in the file, from 1.
    pub position: usize,
    /// What it is.
    pub certificate: Certificate,
}

/// A certificate that no server would accept any more.
pub struct Needing {
    /// Its file.
    pub path: String,
    /// The CA certificate that it needs.
    pub ca: String,
}

/// Looks through the CA files in the directory. The first certificate in each file is the one in use, and never
/// counts.
///
/// # Errors
/// If a CA file cannot be read, or holds anything but certificates.
pub fn find(certs_dir: &Reading<'_>, which: Which) -> Result<Vec<File>> {
    certs_dir.certs_dir.must_exist()?;
    let cas = KINDS.iter().map(|kind| kind.usage).filter(|usage| usage.is_ca());
    cas.filter_map(|usage| read(certs_dir, usage, which).transpose()).collect()
}

fn read(certs_dir: &Reading<'_>, usage: Usage, which: Which) -> Result<Option<File>> {
    let file = CertificateName::of(usage).certificate_file();
    let path = certs_dir.path(&file);
    let about = || format!("could not read CA certificate {}", path.display());
    let before = match certs_dir.open(&file).and_then(Regular::read) {
        Err(ReadError::NotFound) => return Ok(None),
        result => result.with_context(about)?,
    };
    let mut all = pem::certificates(&before, &path.display().to_string()).with_context(about)?.into_iter();
    let in_use = all.next().with_context(about)?;
    let goes = |certificate: &Certificate| match which {
        Which::Expired(now) => certificate.not_after.is_some_and(|end| end < now),
        Which::Old => true,
    };
    let others = (2..).zip(all).filter(|(_, certificate)| goes(certificate));
    let removed: Vec<_> = others.map(|(position, certificate)| Removed { position, certificate }).collect();
    let stays = |index: usize| removed.iter().all(|removed| removed.position != index + 1);
    let after = pem::certificate_blocks(&before, stays);
    Ok(Some(File { file, before: before.to_vec(), after, removed, usage, in_use }))
}

/// The certificates of a directory that a CA signed which would be removed from `files`, and none that is in
/// use there.
///
/// # Errors
/// If a certificate cannot be read.
pub fn needing(files: &[File], cas: &Path, certs_dir: &CertsDir) -> Result<Vec<Needing>> {
    let reading = certs_dir.read();
    let mut needing = Vec::new();
    for name in scan::certificates(certs_dir, &reading, &mut Vec::new())? {
        let signers = name.usage.kind().signers;
        if signers.is_empty() {
            continue;
        }
        let file = name.certificate_file();
        let leaf = CertificateFile::load_in(&reading, &file, certificate::LEAF)?;
        let own = || files.iter().filter(|file| signers.contains(&file.usage));
        if own().any(|file| leaf.leads_to(&file.in_use)) {
            continue;
        }
        let removed = own().flat_map(|file| file.removed.iter().map(move |removed| (file, removed)));
        let needed = removed.into_iter().find(|(_, removed)| leaf.leads_to(&removed.certificate));
        needing.extend(needed.map(|(ca, removed)| Needing {
            path: reading.path(&file).display().to_string(),
            ca: format!("certificate {} in {}", removed.position, cas.join(&ca.file).display()),
        }));
    }
    Ok(needing)
}

/// This directory and all below it.
///
/// # Errors
/// If one cannot be read.
pub fn directories(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = WalkDir::new(dir).sort_by_file_name().into_iter();
    let mut directories = Vec::new();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_temporary(entry.file_name())) {
        let entry = entry.map_err(|error| {
            let why = error.io_error().map_or_else(|| "a loop of links".to_owned(), reason);
            anyhow!("could not read {}: {why}", error.path().unwrap_or(dir).display())
        })?;
        if entry.file_type().is_dir() {
            directories.push(entry.into_path());
        }
    }
    Ok(directories)
}
