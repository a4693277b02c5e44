//! The new files of a certs directory, and what may be done about those that are there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use rustix::fs::Mode;
use zeroize::Zeroizing;

use super::layout::CertificateName;
use crate::error::{Advice, reason};
use crate::pki::pem;
use crate::store::change::FILE_EXISTS;
use crate::store::dir::{Dir, Entry, Owner, euid};
use crate::store::read::{LIMIT, ReadError, Regular};
use crate::umask::umask;

/// What to do about a file that is already there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Refuse,
    /// Replace it.
    Replace,
    /// Replace it with the new certificate followed by all its current ones (CA rotation).
    KeepBehind,
    /// Replace it if it still has these contents.
    ReplaceUnchanged(Vec<u8>),
}

/// What a new file holds, which decides its mode.
pub enum Contents {
    /// A private key: mode 0600, whatever the umask.
    Key(Zeroizing<Vec<u8>>),
    /// A private key that is in a file already, likewise: only who had it gets it.
    OldKey(Zeroizing<Vec<u8>>, Option<Holder>),
    /// Certificates: mode 0644 less the umask.
    Certificates(Vec<u8>),
    /// A certificate request, which is as public.
    Request(Vec<u8>),
    /// Nothing: the file, which still has to hold this, is removed.
    Gone(Zeroizing<Vec<u8>>),
}

impl Contents {
    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Key(_) | Self::OldKey(..) | Self::Gone(_) => KEY_MODE,
            Self::Certificates(_) | Self::Request(_) => Mode::from_raw_mode(0o644).difference(umask()),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Key(bytes) | Self::OldKey(bytes, _) | Self::Gone(bytes) => bytes,
            Self::Certificates(bytes) | Self::Request(bytes) => bytes,
        }
    }
}

/// Whose a file with a private key is, where somebody else could have given it its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The owner.
    pub uid: u32,
    /// The file, for messages.
    pub file: PathBuf,
}

impl Contents {
    /// Refuses to give somebody else's key to an account, which may have put that key where this one was
    /// expected.
    pub(super) fn check_owner(&self, target: &Path, owner: Option<Owner>) -> Result<()> {
        match self {
            Self::OldKey(_, Some(holder)) => {
                holder.check_owner(target, owner, "make a key for that account (csr --owner)")
            }
            _ => Ok(()),
        }
    }
}

impl Holder {
    /// Refuses to give the key in another file to an account that may have put it where another was expected;
    /// `instead` is what to do about it.
    ///
    /// # Errors
    /// If that would happen.
    pub fn check_owner(&self, target: &Path, owner: Option<Owner>, instead: &str) -> Result<()> {
        let uid = owner.map_or(euid(), |owner| owner.uid);
        if [euid(), 0, self.uid].contains(&uid) {
            return Ok(());
        }
        let (target, file) = (target.display(), self.file.display());
        let what = format!(
            "could not write {target}: it would be uid {uid}'s, and the key in {file} is uid {}'s: others could have put it there",
            self.uid
        );
        let hint = format!("{instead}; or if it is meant to have this one, type: chown -h {uid} {file}");
        Err(Advice::new(what, hint).into())
    }
}

pub(super) const KEY_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// The place of a new file in the certs directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file's name.
    pub file: String,
    /// What to do about a file that is already there.
    pub existing: Existing,
}

pub(super) fn check_writable(dir: &Dir) -> Result<()> {
    dir.check_writable().map_err(|error| {
        anyhow!("could not write to the directory {}: {}", dir.path().display(), reason(&error))
    })
}

pub(super) fn could_not_stat(dir: &Dir, name: &OsStr, error: &std::io::Error) -> anyhow::Error {
    anyhow!("could not stat {}: {}", dir.path().join(name).display(), reason(error))
}

/// Refuses a target that may not be written.
pub(super) fn check_free(dir: &Dir, name: &OsStr, existing: &Existing) -> Result<()> {
    let path = dir.path().join(name);
    let entry = dir.entry(name).map_err(|error| could_not_stat(dir, name, &error))?;
    match (entry, existing) {
        (Entry::Absent, _)
        | (Entry::Replaceable, Existing::Replace | Existing::KeepBehind | Existing::ReplaceUnchanged(_)) => {
            Ok(())
        }
        (Entry::Replaceable, Existing::Refuse) => {
            let hint = if is_ca(name) { CA_EXISTS } else { FILE_EXISTS };
            Err(Advice::new(format!("could not write {}: file exists", path.display()), hint).into())
        }
        (Entry::Other, _) => Err(Advice::new(
            format!("could not write {}: what has this name is not a file", path.display()),
            "move it away, or name another directory",
        )
        .into()),
    }
}

/// What to do about a CA file that is in the way.
const CA_EXISTS: &str = "pass --overwrite to replace it (a CA file keeps its old certificates behind the new one), or name another directory";

/// Is this the name of a CA file?
fn is_ca(name: &OsStr) -> bool {
    matches!(name.to_str().and_then(CertificateName::from_file), Some(Ok(name)) if name.usage.is_ca())
}

pub(super) fn check_unchanged(dir: &Dir, file: &str, old: &[u8]) -> Result<()> {
    let contents = Regular::open_in(dir, OsStr::new(file)).and_then(Regular::read);
    if contents.is_ok_and(|contents| *contents == old) {
        return Ok(());
    }
    let path = dir.path().join(file);
    let what = format!("could not write {}: somebody changed it in the meantime", path.display());
    Err(Advice::new(what, "run the command again").into())
}

/// Only the certificates of a CA file, nothing else in it; empty if there is no file.
pub(super) fn certificates_behind(dir: &Dir, file: &str) -> Result<Vec<u8>> {
    let path = dir.path().join(file);
    let about = || format!("could not read the existing CA certificates in {}", path.display());
    let existing = match Regular::open_in(dir, OsStr::new(file)).and_then(Regular::read) {
        Err(ReadError::NotFound) => return Ok(Vec::new()),
        result => result.with_context(about)?,
    };
    pem::certificates(&existing, &path.display().to_string()).with_context(about)?;
    Ok(pem::certificate_blocks(&existing, |_| true))
}

/// The new certificate, followed by all of the file's own.
pub(super) fn with_certificates_behind(contents: Contents, dir: &Dir, file: &str) -> Result<Contents> {
    let all = [contents.bytes(), &certificates_behind(dir, file)?].concat();
    if all.len() as u64 > LIMIT {
        let path = dir.path().join(file);
        bail!("{} would have {} bytes, more than the limit of {LIMIT}", path.display(), all.len());
    }
    Ok(Contents::Certificates(all))
}
