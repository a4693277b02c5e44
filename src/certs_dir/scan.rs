//! What is in the certs directory, and what is wrong with it (REFERENCE.md section 3).

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Result, anyhow};
use walkdir::WalkDir;

use super::inspect::{Inspection, Judge};
use super::layout::CertificateName;
use super::{CertsDir, Reading, is_temporary};
use crate::error::{printable, reason};
use crate::finding::Finding;
use crate::usage::Usage;

/// The most bytes that are kept of a note or an error of a kind with one file: a certificate can have as many names as it likes.
const WIDEST: usize = 2000;
/// The same for a kind with any number of files: with the file's name, a row stays under 1 KiB.
const WIDEST_OF_MANY: usize = 300;

/// A certificate of the directory. There may be hundreds of thousands: each keeps a bounded amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The kind.
    pub usage: Usage,
    /// Its file, without directory.
    pub certificate_file: Box<str>,
    /// Can its key be used? CAs have none here.
    pub has_key: bool,
    /// The last second of the first certificate, which is the one in use; `None` if there is none to be read.
    pub not_after: Option<i64>,
    /// Who it is for, or how many there are: printable, and cut.
    pub notes: Box<str>,
    /// What is wrong with it: printable, and cut.
    pub findings: Vec<Finding>,
}

impl Entry {
    fn of(reading: &Reading<'_>, judge: &Judge, name: &CertificateName) -> Self {
        let limit = if name.name.is_some() { WIDEST_OF_MANY } else { WIDEST };
        let Inspection { not_after, notes, findings, .. } = Inspection::of(reading, judge, name, limit);
        let (usage, certificate_file) = (name.usage, name.certificate_file().into());
        let has_key = !usage.is_ca() && findings.is_empty();
        Self { usage, certificate_file, has_key, not_after, notes, findings }
    }

    /// Why the certificate cannot be used: the first thing that is wrong with it.
    pub fn error(&self) -> Option<&str> {
        self.findings.first().map(|finding| finding.what.as_str())
    }

    /// The file of its key, without directory, if that can be used.
    pub fn key_file(&self) -> Option<String> {
        let name = CertificateName::from_file(&self.certificate_file).filter(|_| self.has_key)?;
        name.ok().map(|name| name.key_file())
    }
}

/// How often a certificate is looked at again if a writer may have changed it meanwhile.
const TRIES: usize = 100;

/// What a directory holds.
#[derive(Debug, Default)]
pub struct Scan {
    /// Its certificates, by kind and then by file name.
    pub entries: Vec<Entry>,
    /// What is wrong with other files of it.
    pub findings: Vec<Finding>,
}

/// Looks at all certificates of the directory. A missing directory is empty. A change that was interrupted is read as it will be
/// completed. Files that are not certificates are passed over.
///
/// # Errors
/// If the directory cannot be read.
pub fn scan<'a>(certs_dir: &'a CertsDir, mut reading: Reading<'a>, judge: &Judge) -> Result<Scan> {
    let mut scan = Scan::default();
    for name in certificates(certs_dir, &reading, &mut scan.findings)? {
        let mut entry = Entry::of(&reading, judge, &name);
        for _ in 0..TRIES {
            if entry.findings.is_empty() || !reading.is_disturbed() {
                break;
            }
            reading = certs_dir.read();
            entry = Entry::of(&reading, judge, &name);
        }
        scan.entries.push(entry);
    }
    scan.entries.sort_unstable_by(|a, b| (a.usage, &a.certificate_file).cmp(&(b.usage, &b.certificate_file)));
    Ok(scan)
}

/// The certificates of the directory, by their files' names. A missing directory has none.
///
/// # Errors
/// If the directory cannot be read.
pub fn certificates(
    certs_dir: &CertsDir,
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<CertificateName>> {
    let files = names(certs_dir, reading, findings)?.into_iter();
    let known = files.filter_map(|file| match CertificateName::from_file(&file)? {
        Ok(name) => Some(name),
        Err(error) => {
            findings.push(bad_name(&reading.path(&file).display().to_string(), &error.to_string()));
            None
        }
    });
    Ok(known.collect())
}

fn bad_name(path: &str, why: &str) -> Finding {
    Finding::note("file-name", path, format!("bad filename {}: {why}", printable(path)))
}

/// The names of all files.
fn names(certs_dir: &CertsDir, reading: &Reading<'_>, findings: &mut Vec<Finding>) -> Result<Vec<String>> {
    let mut names: Vec<_> = reading.pending_names().map(str::to_owned).collect();
    if !certs_dir.exists() {
        return Ok(names);
    }
    let dir = certs_dir.path();
    // Links to directories are files here, as in the reference: they have a row, with an error.
    for file in WalkDir::new(dir).min_depth(1).max_depth(1) {
        let file = file.map_err(|error| could_not_read(dir, error.into_io_error()))?;
        if file.file_type().is_dir() || is_temporary(file.file_name()) {
            continue;
        }
        match file.file_name().to_str() {
            Some(name) => names.push(name.to_owned()),
            None if file.file_name().as_bytes().ends_with(b".crt") => {
                findings.push(Finding::note(
                    "file-name",
                    dir.display(),
                    format!("bad filename {:?}: not UTF-8", file.path()),
                ));
            }
            None => {}
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn could_not_read(dir: &Path, error: Option<io::Error>) -> anyhow::Error {
    let why = error.map_or_else(|| "a loop of links".to_owned(), |error| reason(&error));
    anyhow!("could not read the certs directory {}: {why}", dir.display())
}
