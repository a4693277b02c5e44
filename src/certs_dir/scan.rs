//! What is in the certs directory, and what is wrong with it (REFERENCE.md section 3).

use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Result, anyhow};
use walkdir::WalkDir;

use super::inspect::{Inspection, Judge};
use super::layout::CertificateName;
use super::{CertsDir, Reading, is_temporary};
use crate::error::{clipped, printable, reason};
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

/// How often certificates are looked at again, in all, if a writer may have changed them meanwhile.
const TRIES: usize = 100;

/// How many names that follow no pattern are told one by one.
const BAD_NAMES: usize = 1000;

/// The most bytes that are shown of a name that follows no pattern.
const WIDEST_NAME: usize = 500;

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
    let (mut scan, mut tries) = (Scan::default(), TRIES);
    for name in certificates(certs_dir, &reading, &mut scan.findings)? {
        let mut entry = Entry::of(&reading, judge, &name);
        while !entry.findings.is_empty() && tries > 0 && reading.is_disturbed() {
            tries -= 1;
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
    let (names, mut bad) = (names(certs_dir, reading)?, 0);
    let known = names.into_iter().filter_map(|name| match name {
        Ok(file) => match CertificateName::from_file(&file)? {
            Ok(name) => Some(name),
            Err(error) => {
                bad += 1;
                if bad <= BAD_NAMES {
                    let path = reading.path(&file).display().to_string();
                    findings.push(bad_name(reading, format_args!("{}: {error}", printable(&path))));
                }
                None
            }
        },
        Err(shown) => {
            bad += 1;
            if bad <= BAD_NAMES {
                findings.push(bad_name(reading, format_args!("{shown}: not UTF-8")));
            }
            None
        }
    });
    let known = known.collect();
    if bad > BAD_NAMES {
        let more = bad - BAD_NAMES;
        findings.push(bad_name(reading, format_args!("of {more} more files")));
    }
    Ok(known)
}

fn bad_name(reading: &Reading<'_>, what: fmt::Arguments<'_>) -> Finding {
    let what = clipped(format_args!("bad filename {what}"), WIDEST_NAME);
    Finding::note("file-name", reading.dir_path().display(), what)
}

/// The names of all files that end like a certificate's; one that is not UTF-8 as it can be shown.
fn names(certs_dir: &CertsDir, reading: &Reading<'_>) -> Result<Vec<Result<String, String>>> {
    let ends = |name: &[u8]| name.ends_with(b".crt");
    let pending = reading.pending_names().filter(|name| ends(name.as_bytes()));
    let mut names: Vec<_> = pending.map(|name| Ok(name.to_owned())).collect();
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
        if ends(file.file_name().as_bytes()) {
            let name = file.file_name().to_str();
            names.push(name.map(str::to_owned).ok_or_else(|| format!("{:?}", file.path())));
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
