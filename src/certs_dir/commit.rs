//! All or nothing, and durable: how new files come into the certs directory, and the CA key beside it.
//!
//! A [`Plan`] refuses what can be refused before any key is made. Its [`Plan::commit`] stages all files, records what it is
//! about to do in the journal, and puts each file in its place. A failure on the way takes everything back; a process that
//! dies on the way leaves the journal, and the next command that writes finishes the change ([`prepare`]).

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, anyhow, bail};
use rustix::fs::Mode;
use zeroize::Zeroizing;

use super::access::warn_of_writable_dir;
use super::change::{self, Change};
use super::dir::{Dir, Entry};
use super::journal::{self, Policy};
use super::paths::{self, file_name, parent};
use super::read::LIMIT;
use super::{lock, read};
use crate::error::{Advice, reason};
use crate::interrupts::Interrupts;
use crate::pki::pem;

/// What to do about a file that is already there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Refuse,
    /// Replace it.
    Replace,
    /// Replace it by the new certificate followed by all that it has now (rotation of a CA).
    KeepBehind,
    /// Replace it if it still has these contents.
    ReplaceUnchanged(Vec<u8>),
}

/// Where a new file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its path.
    pub path: PathBuf,
    /// What to do about a file that is already there.
    pub existing: Existing,
}

/// What a new file holds, which decides its mode.
pub enum Contents {
    /// A private key: mode 0600, whatever the umask.
    Key(Zeroizing<Vec<u8>>),
    /// Certificates: mode 0644 less the umask.
    Certificates(Vec<u8>),
}

impl Contents {
    fn mode(&self) -> Mode {
        match self {
            Self::Key(_) => Mode::RUSR | Mode::WUSR,
            Self::Certificates(_) => Mode::from_raw_mode(0o644).difference(umask()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Key(bytes) => bytes,
            Self::Certificates(bytes) => bytes,
        }
    }
}

/// The files a command is going to write, none of which is refused as things stand.
pub struct Plan {
    certs_dir: PathBuf,
    targets: Vec<Target>,
}

impl Plan {
    /// Checks that each target may be written.
    ///
    /// The certs directory may be missing: the commit creates it, with mode 0700.
    ///
    /// # Errors
    /// If a file is in the way, or a directory is missing or cannot be written to.
    pub fn new(certs_dir: &Path, targets: Vec<Target>) -> Result<Self> {
        let missing = paths::is_missing(certs_dir)?;
        for target in &targets {
            let dir = parent(&target.path)?;
            if dir == certs_dir && missing {
                paths::check_writable(parent(certs_dir)?)?;
            } else {
                paths::check_writable(dir)?;
                check_free(&paths::open(dir)?, file_name(&target.path)?, &target.existing)?;
                if target.existing == Existing::KeepBehind {
                    existing_certificates(&target.path)?;
                }
            }
        }
        Ok(Self { certs_dir: certs_dir.to_owned(), targets })
    }

    /// Puts all files in place, or none; `contents` are in the order of the targets.
    ///
    /// # Errors
    /// If anything fails, and then the directories are as they were, or, where that fails too, the journal is left for
    /// the next command.
    pub fn commit(self, contents: Vec<Contents>) -> Result<()> {
        let interrupts = Interrupts::defer();
        let created = paths::create_dir(&self.certs_dir)?;
        let result = self.commit_in_dir(contents, &interrupts);
        if created && result.is_err() {
            // Fails where the directory is not empty, which is what is wanted.
            let _ = std::fs::remove_dir(&self.certs_dir);
        }
        result
    }

    fn commit_in_dir(&self, contents: Vec<Contents>, interrupts: &Interrupts) -> Result<()> {
        let dirs = Dirs::lock(&self.certs_dir, &self.targets, interrupts)?;
        change::finish_interrupted(&dirs.certs)?;
        for dir in dirs.all() {
            change::sweep(&dirs.certs, dir)?;
        }
        let mut change = Change::of(&dirs.certs)?;
        let staged = self.targets.iter().zip(contents).try_for_each(|(target, contents)| {
            let (dir, name) = (dirs.get(parent(&target.path)?), file_name(&target.path)?);
            check_free(&dir, name, &target.existing)?;
            let (policy, contents) = match &target.existing {
                Existing::Refuse => (Policy::New, contents),
                Existing::ReplaceUnchanged(old) => {
                    check_unchanged(&target.path, old)?;
                    (Policy::Replace, contents)
                }
                // What is not there cannot be replaced, and does not come back when the change is undone.
                _ if dir.entry(name)? == Entry::Absent => (Policy::New, contents),
                Existing::Replace => (Policy::Replace, contents),
                Existing::KeepBehind => (Policy::Replace, with_existing_behind(contents, &target.path)?),
            };
            change.stage(dir, name, policy, contents.bytes(), contents.mode())
        });
        let recorded = staged.and_then(|()| interrupts.check()).and_then(|()| change.record());
        if let Err(error) = recorded {
            return Err(change.give_up(error));
        }
        change.apply()
    }
}

/// What every command that writes does first: finishes what an interrupted one left in the directory, so that it is read as it
/// should be, and warns of a directory that others can write to.
///
/// # Errors
/// If that fails, or the journal is somebody else's.
pub fn prepare(certs_dir: &Path) -> Result<()> {
    if paths::is_missing(certs_dir)? {
        return Ok(());
    }
    warn_of_writable_dir(certs_dir);
    if journal::read(certs_dir)?.is_none() {
        return Ok(());
    }
    let interrupts = Interrupts::defer();
    let dirs = Dirs::lock(certs_dir, &[], &interrupts)?;
    change::finish_interrupted(&dirs.certs)
}

/// The directories of a change, each once, however many paths lead to it, and locked.
struct Dirs {
    certs: Rc<Dir>,
    others: Vec<(PathBuf, Rc<Dir>)>,
}

impl Dirs {
    fn lock(certs_dir: &Path, targets: &[Target], interrupts: &Interrupts) -> Result<Self> {
        let mut dirs = Self { certs: Rc::new(paths::open(certs_dir)?), others: Vec::new() };
        for target in targets {
            dirs.add(parent(&target.path)?)?;
        }
        // In the same order in every process, so that no two wait for each other.
        let mut order = dirs.all().map(|dir| Ok((dir.identity()?, dir))).collect::<io::Result<Vec<_>>>()?;
        order.sort_by_key(|(identity, _)| *identity);
        for (_, dir) in order {
            lock::acquire(dir, &|| interrupts.check().is_err())?;
        }
        Ok(dirs)
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        if self.find(path).is_none() {
            let dir = Rc::new(paths::open(path)?);
            let identity = dir.identity()?;
            if self.certs.identity()? != identity {
                self.others.push((path.to_owned(), dir));
            }
        }
        Ok(())
    }

    fn find(&self, path: &Path) -> Option<&Rc<Dir>> {
        self.others.iter().find(|(known, _)| known == path).map(|(_, dir)| dir)
    }

    /// The directory of a path; the certs directory's other paths are not in the list.
    fn get(&self, path: &Path) -> Rc<Dir> {
        Rc::clone(self.find(path).unwrap_or(&self.certs))
    }

    fn all(&self) -> impl Iterator<Item = &Rc<Dir>> {
        std::iter::once(&self.certs).chain(self.others.iter().map(|(_, dir)| dir))
    }
}

/// Refuses a target that may not be written.
fn check_free(dir: &Dir, name: &OsStr, existing: &Existing) -> Result<()> {
    let path = dir.path().join(name);
    let entry =
        dir.entry(name).map_err(|error| anyhow!("could not stat {}: {}", path.display(), reason(&error)))?;
    match (entry, existing) {
        (Entry::Absent, _)
        | (Entry::Replaceable, Existing::Replace | Existing::KeepBehind | Existing::ReplaceUnchanged(_)) => {
            Ok(())
        }
        (Entry::Replaceable, Existing::Refuse) => Err(change::file_exists(&path)),
        (Entry::Other, _) => Err(Advice::new(
            format!("could not write {}: what has this name is not a file", path.display()),
            "move it away, or name another directory",
        )
        .into()),
    }
}

fn check_unchanged(path: &Path, old: &[u8]) -> Result<()> {
    if read::read(path).is_ok_and(|contents| *contents == old) {
        return Ok(());
    }
    let what = format!("could not write {}: somebody changed it in the meantime", path.display());
    Err(Advice::new(what, "run the command again").into())
}

/// The certificates that a CA file has, as they are; nothing if there is no file.
fn existing_certificates(path: &Path) -> Result<Vec<u8>> {
    let about = || format!("could not read the existing CA certificates in {}", path.display());
    let existing = match read::read(path) {
        Err(read::ReadError::NotFound) => return Ok(Vec::new()),
        result => result.with_context(about)?,
    };
    pem::certificates(&existing, &path.display().to_string()).with_context(about)?;
    Ok(existing.to_vec())
}

/// The new certificate, and all of the file's own behind it.
fn with_existing_behind(contents: Contents, path: &Path) -> Result<Contents> {
    let all = [contents.bytes(), &existing_certificates(path)?].concat();
    if all.len() as u64 > LIMIT {
        bail!("{} would have {} bytes, more than the limit of {LIMIT}", path.display(), all.len());
    }
    Ok(Contents::Certificates(all))
}

fn umask() -> Mode {
    let umask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::umask(umask);
    umask
}
