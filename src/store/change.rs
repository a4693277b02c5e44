//! A change to a directory. Its files are staged, committed and put in place; or it is cancelled, and nothing
//! happens.

mod alone;
mod placing;
mod recover;

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use anyhow::{Result, anyhow};
use rustix::fs::{Mode, Stat};

use super::dir::{Dir, Entry, Owner};
use super::manifest::{self, Policy, Record};
use super::{COMMIT, NEW, lock};
use crate::error::{Advice, also, reason};

pub use recover::{Pending, Recovered, has_litter, recover, sweep};

/// A new file.
pub struct NewFile<'a> {
    /// Its name in the directory.
    pub name: &'a str,
    /// Its contents.
    pub contents: &'a [u8],
    /// Its mode.
    pub mode: Mode,
    /// Its owner, if not the caller.
    pub owner: Option<Owner>,
    /// May it replace a file?
    pub replace: bool,
}

/// Why a change did not happen.
pub struct Failure {
    /// The reason.
    pub error: anyhow::Error,
    /// Is it half done, and left to the next command?
    pub pending: bool,
}

/// Why a change cannot be completed.
enum Stop {
    /// Another file is in the way, or someone changed a new one.
    Blocked(String),
    /// A failure that may be temporary.
    Failed(anyhow::Error),
}

/// A change in progress, which holds the directory's lock.
pub struct Change<'a> {
    dir: &'a Dir,
    /// The directory that holds the files until they are in place.
    files: Dir,
    /// The current name of that directory.
    called: &'static str,
    records: Vec<Record>,
    /// Is this a name that a change of this directory may have?
    knows: fn(&str) -> bool,
}

/// Decides who a file belongs to that replaces another one, of which this is known.
pub type OwnerOfReplacement<'a> = &'a dyn Fn(&Stat) -> Result<Option<Owner>>;

impl<'a> Change<'a> {
    /// Locks the directory, and removes what a process left if it died before it committed anything.
    ///
    /// # Errors
    /// If it cannot be locked, or its lock is not ours; [`Interrupted`](crate::interrupts::Interrupted), if
    /// `interrupted` says so.
    pub fn begin(dir: &'a Dir, knows: fn(&str) -> bool, interrupted: &dyn Fn() -> bool) -> Result<Self> {
        let files = lock::make(dir, NEW, lock::PATIENCE, interrupted)?;
        let change = Self { dir, files, called: NEW, records: Vec::new(), knows };
        let emptied =
            change.check_ours().and_then(|()| change.empty().map_err(|error| change.could_not_sweep(&error)));
        match emptied {
            Ok(()) => Ok(change),
            Err(error) => {
                // Fails if it is not empty, as it should.
                let _ = dir.remove_dir(OsStr::new(NEW));
                Err(error)
            }
        }
    }

    /// An account that owns the directory may have given our name to a different directory of root's.
    fn check_ours(&self) -> Result<()> {
        let path = self.files.path().display();
        let names = self.files.names().map_err(|error| anyhow!("could not read {path}: {}", reason(&error)))?;
        match names.iter().find(|name| !self.is_ours(name)) {
            None => Ok(()),
            Some(name) => {
                let what =
                    format!("{path} holds {}, which crdb-cert did not put there", Path::new(&name).display());
                let hint = format!("somebody renamed this directory: give it its own name back: mv {path} ...");
                Err(Advice::new(what, hint).into())
            }
        }
    }

    fn is_ours(&self, name: &OsStr) -> bool {
        name.to_str().is_some_and(|name| manifest::is_ours(name, self.knows))
    }

    /// Are the files of the change in this very directory?
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn stages_in(&self, dir: &Dir) -> io::Result<bool> {
        Ok(self.files.identity()? == dir.identity()?)
    }

    /// Is it a change to this directory?
    pub fn is_in(&self, dir: &Dir) -> bool {
        std::ptr::eq(self.dir, dir)
    }

    /// Writes a new file, and keeps the one it will replace.
    ///
    /// # Errors
    /// If it cannot be written, or its name is taken and it may not replace that file.
    pub fn stage(&mut self, file: &NewFile<'_>, owner_of: OwnerOfReplacement<'_>) -> Result<()> {
        let name = OsStr::new(file.name);
        let could_not = |error| self.could_not_write(name, &error);
        let digest = manifest::digest(file.contents)?;
        let old = self.dir.lookup(name).map_err(could_not)?;
        // A file that does not exist is not replaced, and does not return when the change is undone.
        let policy = if old.is_none() { Policy::New } else { Policy::Replace };
        let is_other = old.is_some_and(|old| Entry::of(&old) == Entry::Other);
        if is_other || old.is_some() && !file.replace {
            return Err(could_not(io::ErrorKind::AlreadyExists.into()));
        }
        let record = Record { policy, digest, name: file.name.to_owned() };
        let mut owner = file.owner;
        if let Some(old) = old {
            // What is kept cannot be exchanged any more by who owns the directory: its owner counts.
            self.dir.link(name, &self.files, &record.kept()).map_err(could_not)?;
            let kept = self.files.lookup(&record.kept()).map_err(could_not)?;
            owner = owner.map_or_else(|| owner_of(&kept.unwrap_or(old)), |owner| Ok(Some(owner)))?;
        }
        self.files.create(&record.staged(), file.contents, file.mode, owner).map_err(could_not)?;
        self.records.push(record);
        Ok(())
    }

    /// Notes that a file with these contents is to be removed, once all others are in place, and keeps it until
    /// the change ends.
    ///
    /// # Errors
    /// If it cannot be kept, or is not a file.
    pub fn stage_removal(&mut self, name: &str, contents: &[u8]) -> Result<()> {
        let could_not = |error| self.could_not_write(OsStr::new(name), &error);
        let digest = manifest::digest(contents)?;
        let record = Record { policy: Policy::Remove, digest, name: name.to_owned() };
        self.dir.link(OsStr::new(name), &self.files, &record.kept()).map_err(could_not)?;
        self.records.push(record);
        Ok(())
    }

    /// Carries out the change: puts all files in place, or none.
    ///
    /// # Errors
    /// If the change did not happen, or is half done and could not be undone.
    pub fn commit(&mut self) -> Result<(), Failure> {
        let commit = || -> io::Result<()> {
            let manifest = manifest::encode(&self.records);
            self.files.create(OsStr::new(manifest::FILE), &manifest, Mode::RUSR | Mode::WUSR, None)?;
            self.files.sync()?;
            self.dir.move_over(OsStr::new(NEW), self.dir, OsStr::new(COMMIT))
        };
        if let Err(error) = commit() {
            return Err(self.call_off(anyhow!(
                "could not record the change in {}: {}",
                self.dir.path().display(),
                reason(&error)
            )));
        }
        self.called = COMMIT;
        let synced = self.dir.sync().map_err(|error| Stop::Failed(self.could_not_sync(&error)));
        let Err(stop) = synced.and_then(|()| self.complete()) else {
            return self.finish();
        };
        let error = match stop {
            Stop::Failed(error) => error,
            Stop::Blocked(why) => anyhow!("could not change {}: {why}", self.dir.path().display()),
        };
        match self.undo() {
            Ok(()) => Err(self.call_off(error)),
            Err(again) => Err(self.pending(error, "half done, and could not be undone", &again)),
        }
    }

    /// Cancels the change because of this error. The next command removes whatever this cannot.
    pub fn call_off(&self, error: anyhow::Error) -> Failure {
        match self.sweep() {
            Ok(()) => {
                // Otherwise a power cut could bring it back.
                let _ = self.dir.sync();
                Failure { error, pending: false }
            }
            // If the list of its files remained, the change would be carried out after all.
            Err(again) if self.called == COMMIT && self.has_manifest() => {
                self.pending(error, "recorded, and could not be called off", &again)
            }
            Err(again) => {
                let again = self.could_not_sweep(&again).to_string();
                Failure { error: also(&error, &again), pending: false }
            }
        }
    }

    /// Unlocks the directory.
    ///
    /// # Errors
    /// If the lock cannot be removed; files already in place stay.
    pub fn end(self) -> Result<()> {
        self.finish().map_err(|failure| failure.error)
    }

    fn finish(&self) -> Result<(), Failure> {
        self.sweep().map_err(|error| {
            let dir = self.dir.path().display();
            let what = format!(
                "the new files are in place, but temporary ones in {dir} could not be removed: {}",
                reason(&error)
            );
            let hint = format!("mend the cause; the next command that writes to {dir} removes them");
            Failure { error: Advice::new(what, hint).into(), pending: true }
        })
    }

    fn pending(&self, error: anyhow::Error, how: &str, again: &io::Error) -> Failure {
        let dir = self.dir.path().display();
        let error = error.context(Advice::new(
            format!("the change of {dir} is {how} ({})", reason(again)),
            format!("mend the cause; the next command that writes to {dir} completes the change first"),
        ));
        Failure { error, pending: true }
    }

    fn has_manifest(&self) -> bool {
        !matches!(self.files.entry(OsStr::new(manifest::FILE)), Ok(Entry::Absent))
    }

    /// Empties our own directory. The list of files goes first: without it, the rest is litter.
    fn empty(&self) -> io::Result<()> {
        self.files.remove(OsStr::new(manifest::FILE))?;
        let (ours, others): (Vec<_>, Vec<_>) =
            self.files.names()?.into_iter().partition(|name| self.is_ours(name));
        ours.iter().try_for_each(|name| self.files.remove(name))?;
        match others.first() {
            None => Ok(()),
            Some(name) => {
                let name = Path::new(name).display();
                Err(io::Error::other(format!("it holds {name}, which crdb-cert did not put there")))
            }
        }
    }

    /// Removes our own directory and its contents.
    fn sweep(&self) -> io::Result<()> {
        self.empty()?;
        self.dir.remove_dir(OsStr::new(self.called))
    }

    fn could_not_sweep(&self, error: &io::Error) -> anyhow::Error {
        anyhow!("could not remove temporary files in {}: {}", self.files.path().display(), reason(error))
    }

    fn could_not_sync(&self, error: &io::Error) -> anyhow::Error {
        anyhow!("could not make the change of {} durable: {}", self.dir.path().display(), reason(error))
    }

    fn could_not_write(&self, name: &OsStr, error: &io::Error) -> anyhow::Error {
        let path = self.dir.path().join(name);
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Advice::new(format!("could not write {}: file exists", path.display()), FILE_EXISTS).into()
            }
            _ => anyhow!("could not write {}: {}", path.display(), reason(error)),
        }
    }
}

/// What to do about a file that is in the way.
pub const FILE_EXISTS: &str = "pass --overwrite to replace it, or name another directory";
