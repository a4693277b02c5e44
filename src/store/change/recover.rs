//! A change that another process left unfinished.

use std::ffi::OsStr;
use std::io;

use anyhow::Result;

use super::{Change, Stop};
use crate::error::{Advice, reason};
use crate::interrupts::Interrupts;
use crate::store::dir::Dir;
use crate::store::manifest::{self, Policy, Record};
use crate::store::read::{ReadError, Regular};
use crate::store::{COMMIT, NEW, lock};

/// The outcome of a change that another process left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// All of its files are in place.
    Completed,
    /// None is, for this reason.
    Undone(String),
}

impl<'a> Change<'a> {
    /// The change that another process committed but did not complete, if there is one, with the lock.
    fn committed(
        dir: &'a Dir,
        knows: fn(&str) -> bool,
        for_writing: bool,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Option<Self>> {
        let Some(files) = lock::find(dir, COMMIT, for_writing, interrupted)? else { return Ok(None) };
        let mut change = Self { dir, files, called: COMMIT, records: Vec::new(), knows };
        change.check_ours()?;
        let files = change.files.path().display().to_string();
        let hint = format!("look at what is in it, and move it away: mv {files} somewhere-else");
        let manifest = Regular::open_unlinked(&change.files, OsStr::new(manifest::FILE));
        let manifest = match manifest.and_then(|file| file.read_at_most(manifest::LIMIT)) {
            // All of it is done, and has not been swept away yet.
            Err(ReadError::NotFound) => return Ok(Some(change)),
            result => result.map_err(|error| {
                Advice::new(format!("could not read {files}/{}: {error}", manifest::FILE), hint.clone())
            })?,
        };
        let records = manifest::decode(&manifest);
        match records.filter(|records| records.iter().all(|record| knows(&record.name))) {
            Some(records) => change.records = records,
            None => {
                let what = format!("{files} holds a change that this version does not know");
                return Err(Advice::new(what, hint).into());
            }
        }
        Ok(Some(change))
    }
}

/// Removes what a process left in a directory if it died before it committed anything, unless another is at
/// work.
pub fn sweep(dir: &Dir, knows: fn(&str) -> bool) -> io::Result<()> {
    let Some(files) = lock::idle(dir, NEW)? else { return Ok(()) };
    let change = Change { dir, files, called: NEW, records: Vec::new(), knows };
    change.check_ours().map_err(io::Error::other)?;
    change.sweep()
}

/// Did a process of the caller's die in a directory before it committed anything?
pub fn has_litter(dir: &Dir) -> bool {
    matches!(lock::idle(dir, NEW), Ok(Some(_)))
}

/// Completes a change that another process committed but did not complete. Undoes it if someone has since put a
/// file in its way, or changed one of its files.
///
/// # Errors
/// If it can do neither, or if the directory with that name is not ours.
pub fn recover(
    dir: &Dir,
    knows: fn(&str) -> bool,
    interrupted: &dyn Fn() -> bool,
) -> Result<Option<Recovered>> {
    let Some(change) = Change::committed(dir, knows, true, interrupted)? else { return Ok(None) };
    let about = || format!("could not complete an interrupted change of {}", dir.path().display());
    if change.records.is_empty() {
        change.end()?;
        return Ok(None);
    }
    let recovered = match change.complete() {
        Ok(()) => Recovered::Completed,
        Err(Stop::Failed(error)) => return Err(error.context(about())),
        Err(Stop::Blocked(why)) => {
            change.undo().map_err(|error| {
                let files = change.files.path().display();
                let hint = format!("compare the files, and move {files} away");
                Advice::new(format!("{}, as {why}, and could not undo it: {}", about(), reason(&error)), hint)
            })?;
            Recovered::Undone(why)
        }
    };
    change.finish().map_err(|failure| failure.error)?;
    Ok(Some(recovered))
}

/// A change that another process has not completed. The directory is read as it will be.
pub struct Pending {
    files: Dir,
    records: Vec<Record>,
}

impl Pending {
    /// Looks for one, and waits for a process that is completing it.
    ///
    /// # Errors
    /// If the directory with that name is not ours, or cannot be read; if an interruption comes first.
    pub fn find(dir: &Dir, knows: fn(&str) -> bool) -> Result<Option<Self>> {
        let interrupted = || Interrupts::defer().check().is_err();
        let change = Change::committed(dir, knows, false, &interrupted)?;
        let pending = change.map(|change| Self { files: change.files, records: change.records });
        Ok(pending.filter(|pending| !pending.records.is_empty()))
    }

    /// The new files of the change.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let new = self.records.iter().filter(|record| record.policy != Policy::Remove);
        new.map(|record| record.name.as_str())
    }

    /// Does the change remove this file?
    pub fn removes(&self, name: &str) -> bool {
        self.records.iter().any(|record| record.policy == Policy::Remove && record.name == name)
    }

    /// Opens a file of the change; `None` if it has no such file.
    pub fn open(&self, name: &str) -> Option<Result<Regular, ReadError>> {
        let record = self.records.iter().find(|record| record.name == name)?;
        if record.policy == Policy::Remove {
            return Some(Err(ReadError::NotFound));
        }
        match Regular::open_unlinked(&self.files, &record.staged()) {
            // It is in place, and a power cut brought back the list of files, but not all of them.
            Err(ReadError::NotFound) => None,
            result => Some(result),
        }
    }
}
