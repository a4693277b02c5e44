//! What a change of the certs directory is about to do, on disk, so that the next command can finish it.
//!
//! A change stages its new files beside their targets, writes the journal, and then puts each file in its place. Once the
//! journal has its name the change happened: whoever finds it does the rest. Its form is fields that end with a NUL: a title,
//! then for each file the policy, the SHA-256 of its contents, its directory (empty for the certs directory), its staged name
//! and its target.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::dir::Dir;
use super::read::{ReadError, Regular};
use crate::der::hex;
use crate::error::Advice;

/// Begins the names of all our files that are not certificates and keys yet.
pub const PREFIX: &str = ".crdb-cert.";
/// The journal's own name.
pub const FILE: &str = ".crdb-cert.journal";

const TITLE: &str = "crdb-cert journal 1";

/// What to do about a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Leave it, and undo the change.
    New,
    /// Replace it.
    Replace,
}

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What to do about a file that is already there.
    pub policy: Policy,
    /// SHA-256 of the new contents, in hex: tells the new file from the old one wherever it is.
    pub digest: String,
    /// The directory, absolute; empty for the certs directory.
    pub dir: PathBuf,
    /// The new file's name until it is in place.
    pub staged: OsString,
    /// The name it is to have.
    pub target: OsString,
}

/// The journal as bytes.
pub fn encode(records: &[Record]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut field = |bytes: &[u8]| {
        text.extend_from_slice(bytes);
        text.push(0);
    };
    field(TITLE.as_bytes());
    for record in records {
        field(match record.policy {
            Policy::New => b"new",
            Policy::Replace => b"replace",
        });
        field(record.digest.as_bytes());
        field(record.dir.as_os_str().as_bytes());
        field(record.staged.as_bytes());
        field(record.target.as_bytes());
    }
    text
}

/// The journal from bytes; `None` for anything that [`encode`] did not write.
pub fn decode(bytes: &[u8]) -> Option<Vec<Record>> {
    let fields: Vec<_> = bytes.strip_suffix(b"\0")?.split(|b| *b == 0).collect();
    let (title, fields) = fields.split_first()?;
    if *title != TITLE.as_bytes() || fields.is_empty() || fields.len() % 5 != 0 {
        return None;
    }
    fields.chunks(5).map(decode_record).collect()
}

fn decode_record(fields: &[&[u8]]) -> Option<Record> {
    let [policy, digest, dir, staged, target] = fields else {
        return None;
    };
    let policy = match *policy {
        b"new" => Policy::New,
        b"replace" => Policy::Replace,
        _ => return None,
    };
    let digest = std::str::from_utf8(digest).ok().filter(|text| text.len() == 64)?;
    let dir = PathBuf::from(OsString::from_vec(dir.to_vec()));
    let file_name = |name: &[u8]| {
        let name = OsString::from_vec(name.to_vec());
        (Path::new(&name).file_name() == Some(&name)).then_some(name)
    };
    let valid_dir = dir.as_os_str().is_empty() || dir.is_absolute();
    let staged = file_name(staged).filter(|name| name.as_bytes().starts_with(PREFIX.as_bytes()))?;
    valid_dir.then_some(Record { policy, digest: digest.to_owned(), dir, staged, target: file_name(target)? })
}

/// Reads the journal of a certs directory, to follow it; `None` if there is none.
///
/// # Errors
/// If it belongs to somebody else: who follows a journal moves files where it says, so it has to be one's own.
pub fn read(certs_dir: &Path) -> Result<Option<Vec<Record>>> {
    open(certs_dir)?
        .map(|regular| {
            let path = certs_dir.join(FILE);
            let about = || format!("an interrupted change is recorded in {}", path.display());
            let (owner, mode) = (regular.metadata().uid(), regular.metadata().mode() & 0o7777);
            if owner != rustix::process::geteuid().as_raw() {
                return Err(Advice::new(
                    format!("{}, which belongs to uid {owner}", about()),
                    format!("run the command as uid {owner}, which completes the change first"),
                )
                .into());
            }
            if mode & 0o077 != 0 || regular.metadata().nlink() != 1 {
                return Err(Advice::new(
                    format!("{}, which others could have written (mode {mode:o})", about()),
                    "compare the files and remove the journal",
                )
                .into());
            }
            records(regular, &path)
        })
        .transpose()
}

/// Reads the journal of a certs directory, whoever wrote it, to know what is going to be where; `None` if there is none.
///
/// # Errors
/// If it cannot be read.
pub fn look(certs_dir: &Path) -> Result<Option<Vec<Record>>> {
    open(certs_dir)?.map(|regular| records(regular, &certs_dir.join(FILE))).transpose()
}

fn open(certs_dir: &Path) -> Result<Option<Regular>> {
    let path = certs_dir.join(FILE);
    match Regular::open(&path) {
        Err(ReadError::NotFound) => Ok(None),
        result => {
            let regular =
                result.with_context(|| format!("an interrupted change is recorded in {}", path.display()))?;
            Ok(Some(regular))
        }
    }
}

fn records(regular: Regular, path: &Path) -> Result<Vec<Record>> {
    let about = || format!("an interrupted change is recorded in {}", path.display());
    let bytes = regular.read().with_context(about)?;
    decode(&bytes).ok_or_else(|| {
        let what = format!("{}, in a form that this version does not know", about());
        Advice::new(what, "run the version that wrote it, or compare the files and remove the journal").into()
    })
}

/// SHA-256 of the contents, in hex.
///
/// # Errors
/// If OpenSSL's providers have no SHA-256.
pub fn digest(contents: &[u8]) -> Result<String> {
    let digest = crate::pki::sha256(contents)
        .map_err(|reason| anyhow::anyhow!("could not compute SHA-256: {reason}"))?;
    Ok(hex(&digest))
}

/// Where a new file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// Under its staged name.
    Staged,
    /// In its place; it may have its staged name too, as long as a hard link takes it there.
    Placed,
    /// Nowhere: somebody replaced or removed it.
    Lost,
}

/// Where the new file of a record is, by its contents.
pub fn whereabouts(dir: &Dir, record: &Record) -> Result<Whereabouts> {
    if holds(dir, &record.target, &record.digest)? {
        Ok(Whereabouts::Placed)
    } else if holds(dir, &record.staged, &record.digest)? {
        Ok(Whereabouts::Staged)
    } else {
        Ok(Whereabouts::Lost)
    }
}

/// Does the name have the contents with this digest?
pub fn holds(dir: &Dir, name: &OsStr, expected: &str) -> Result<bool> {
    match super::read::read(&dir.path().join(name)) {
        Ok(contents) => Ok(digest(&contents)? == expected),
        Err(ReadError::NotFound | ReadError::NotRegular | ReadError::TooLarge(_)) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("could not read {}", dir.path().join(name).display())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(dir: &str, staged: &str, target: &str) -> Record {
        Record {
            policy: Policy::New,
            digest: "0".repeat(64),
            dir: PathBuf::from(dir),
            staged: OsString::from(staged),
            target: OsString::from(target),
        }
    }

    #[test]
    fn a_journal_reads_back() {
        let replace = Record { policy: Policy::Replace, ..record("", ".crdb-cert.1.1", "node.crt") };
        let records = vec![record("/a\n b", ".crdb-cert.1.0", "ca.key"), replace];
        assert_eq!(decode(&encode(&records)), Some(records));
    }

    #[test]
    fn a_journal_names_nothing_outside_its_directories() {
        for bad in [
            record("", ".crdb-cert.1", "../x"),
            record("", ".crdb-cert.1", ".."),
            record("", ".crdb-cert.1", ""),
            record("", ".crdb-cert.1/../../x", "x"),
            record("", "x", "x"),
            record("relative", ".crdb-cert.1", "x"),
        ] {
            assert_eq!(decode(&encode(std::slice::from_ref(&bad))), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
