//! A change of a directory: its files are staged, committed, and put into their places; or it is called off, and nothing happened.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use rustix::fs::Mode;

use super::dir::{Dir, Entry, Owner, identity};
use super::manifest::{self, Policy, Record};
use super::read::{ReadError, Regular};
use super::{COMMIT, NEW, lock};
use crate::error::{Advice, also, reason};

/// A file that is moved over another one, for a moment.
const PUT: &str = "crdb-cert.put";
/// A file that comes into place by itself, before the others.
const ALONE: &str = "crdb-cert.alone";

/// A new file.
pub struct NewFile<'a> {
    /// Its name in the directory.
    pub name: &'a str,
    /// What it holds.
    pub contents: &'a [u8],
    /// Its mode.
    pub mode: Mode,
    /// Who it is for, if not the caller.
    pub owner: Option<Owner>,
    /// May it replace a file?
    pub replace: bool,
}

/// What became of a change that another process left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// All of its files are in place.
    Completed,
    /// None is, for this reason.
    Undone(String),
}

/// Why a change did not happen.
pub struct Failure {
    /// The reason.
    pub error: anyhow::Error,
    /// Is it half done, and left to the next command?
    pub pending: bool,
}

/// Where a new file is, by its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    Staged,
    Placed,
    /// Nowhere: somebody replaced or changed it.
    Lost,
}

/// Why a change cannot be completed.
enum Stop {
    /// Another file is in the way, or somebody changed a new one.
    Blocked(String),
    /// This may pass.
    Failed(anyhow::Error),
}

/// A change under way, and with it the lock of the directory.
pub struct Change<'a> {
    dir: &'a Dir,
    /// Where the files are on their way.
    files: Dir,
    /// What that is called now.
    called: &'static str,
    records: Vec<Record>,
}

impl<'a> Change<'a> {
    /// Locks the directory, and sweeps away what a process left there that died before it committed anything.
    ///
    /// # Errors
    /// If it cannot be locked, or its lock is not ours, or `interrupted` says so.
    pub fn begin(dir: &'a Dir, interrupted: &dyn Fn() -> bool) -> Result<Self> {
        let files = lock::make(dir, NEW, interrupted)?;
        let change = Self { dir, files, called: NEW, records: Vec::new() };
        let emptied =
            change.check_ours().and_then(|()| change.empty().map_err(|error| change.could_not_sweep(&error)));
        match emptied {
            Ok(()) => Ok(change),
            Err(error) => {
                // Fails where something is in it, which is what is wanted.
                let _ = dir.remove_dir(OsStr::new(NEW));
                Err(error)
            }
        }
    }

    /// The change that another process committed and did not complete, if there is one; and the lock.
    fn committed(
        dir: &'a Dir,
        knows: fn(&str) -> bool,
        for_writing: bool,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Option<Self>> {
        let Some(files) = lock::find(dir, COMMIT, for_writing, interrupted)? else { return Ok(None) };
        let mut change = Self { dir, files, called: COMMIT, records: Vec::new() };
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

    /// Another account that owns the directory may have given our name to another directory of root's.
    fn check_ours(&self) -> Result<()> {
        let path = self.files.path().display();
        let names = self.files.names().map_err(|error| anyhow!("could not read {path}: {}", reason(&error)))?;
        match names.iter().find(|name| !name.to_str().is_some_and(manifest::is_ours)) {
            None => Ok(()),
            Some(name) => {
                let what =
                    format!("{path} holds {}, which crdb-cert did not put there", Path::new(&name).display());
                let hint = format!("somebody renamed this directory: give it its own name back: mv {path} ...");
                Err(Advice::new(what, hint).into())
            }
        }
    }

    /// Is it a change of this directory?
    pub fn is_in(&self, dir: &Dir) -> bool {
        std::ptr::eq(self.dir, dir)
    }

    /// Writes a new file, and keeps the one that it is going to replace.
    ///
    /// # Errors
    /// If it cannot be written, or its name is taken by what it does not replace.
    pub fn stage(&mut self, file: &NewFile<'_>) -> Result<()> {
        let name = OsStr::new(file.name);
        let could_not = |error| self.could_not_write(name, &error);
        let digest = manifest::digest(file.contents)?;
        let entry = self.dir.entry(name).map_err(could_not)?;
        // What is not there is not replaced, and does not come back when the change is undone.
        let policy = if entry == Entry::Absent { Policy::New } else { Policy::Replace };
        if entry == Entry::Other || policy == Policy::Replace && !file.replace {
            return Err(could_not(io::ErrorKind::AlreadyExists.into()));
        }
        let record = Record { policy, digest, name: file.name.to_owned() };
        if policy == Policy::Replace {
            self.dir.link(name, &self.files, &record.kept()).map_err(could_not)?;
        }
        self.files.create(&record.staged(), file.contents, file.mode, file.owner).map_err(could_not)?;
        self.records.push(record);
        Ok(())
    }

    /// Writes a file and puts it into its place at once, alone; says which file that is. It replaces nothing, and no command
    /// that comes later touches it.
    ///
    /// # Errors
    /// If it cannot be written, or its name is taken.
    pub fn place_alone(&self, name: &OsStr, contents: &[u8], mode: Mode) -> Result<(u64, u64)> {
        let staged = OsStr::new(ALONE);
        let place = || {
            let stat = self.files.create(staged, contents, mode, None)?;
            self.files.move_new(staged, self.dir, name)?;
            Ok(identity(&stat))
        };
        let placed = place().map_err(|error| self.could_not_write(name, &error))?;
        match self.dir.sync() {
            Ok(()) => Ok(placed),
            Err(error) => {
                let error = self.could_not_write(name, &error);
                match self.take_back(name, placed) {
                    Ok(()) => Err(error),
                    Err(again) => Err(Advice::new(
                        format!("{error:#}; the new file stays: {again:#}"),
                        format!("mend the cause, and remove {}", self.dir.path().join(name).display()),
                    )
                    .into()),
                }
            }
        }
    }

    /// Removes a file that [`Change::place_alone`] has put into its place, if it still is that file.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn take_back(&self, name: &OsStr, placed: (u64, u64)) -> Result<()> {
        let take_back = || match self.dir.lookup(name)? {
            Some(stat) if identity(&stat) == placed => self.dir.remove(name).and_then(|()| self.dir.sync()),
            _ => Ok(()),
        };
        take_back().map_err(|error| {
            let path = self.dir.path().join(name);
            anyhow!("could not take {} back: {}", path.display(), reason(&error))
        })
    }

    /// Makes the change happen: all files are put into their places, or none.
    ///
    /// # Errors
    /// If it did not happen; or half of it did, and could not be undone.
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

    /// Gives the change up, because of this error. Whatever cannot be removed is swept away by the next command.
    pub fn call_off(&self, error: anyhow::Error) -> Failure {
        match self.sweep() {
            Ok(()) => {
                // A power cut would bring it back.
                let _ = self.dir.sync();
                Failure { error, pending: false }
            }
            // With the list of its files the change would come back to life.
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
    /// If the lock cannot be removed; the files that have come into place stay.
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

    /// Puts each file that is not there yet into its place.
    fn complete(&self) -> Result<(), Stop> {
        let (mut staged, mut lost) = (Vec::new(), None);
        for record in &self.records {
            match self.whereabouts(record).map_err(Stop::Failed)? {
                Whereabouts::Placed => {}
                Whereabouts::Staged => staged.push(record),
                Whereabouts::Lost => lost = Some(record),
            }
        }
        // With nothing left to place the change was complete, and what somebody did to its files since is not our business.
        if let Some(lost) = lost.filter(|_| !staged.is_empty()) {
            return Err(Stop::Blocked(format!("{} was changed since", lost.name)));
        }
        for record in staged {
            self.place(record).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Stop::Blocked(format!("{} exists now", record.name)),
                _ => Stop::Failed(self.could_not_write(OsStr::new(&record.name), &error)),
            })?;
        }
        self.dir.sync().map_err(|error| Stop::Failed(self.could_not_sync(&error)))
    }

    fn place(&self, record: &Record) -> io::Result<()> {
        let (staged, name) = (record.staged(), OsStr::new(&record.name));
        match record.policy {
            // The file keeps its staged name as long as the change lasts: a power cut takes one of two names at most.
            Policy::New if self.files.link(&staged, self.dir, name)? => Ok(()),
            Policy::New => self.files.move_new(&staged, self.dir, name),
            // A directory stays, whoever put it there.
            Policy::Replace if self.dir.entry(name)? == Entry::Other => {
                Err(io::ErrorKind::AlreadyExists.into())
            }
            Policy::Replace => self.put(&staged, name),
        }
    }

    /// Gives one of our files the name of another, which it replaces.
    fn put(&self, from: &OsStr, name: &OsStr) -> io::Result<()> {
        let put = OsStr::new(PUT);
        self.files.remove(put)?;
        let from = if self.files.link(from, &self.files, put)? { put } else { from };
        self.files.move_over(from, self.dir, name)
    }

    /// Puts the old files back.
    fn undo(&self) -> io::Result<()> {
        for record in self.records.iter().rev() {
            let (name, kept) = (OsStr::new(&record.name), record.kept());
            if self.whereabouts(record).map_err(io::Error::other)? != Whereabouts::Placed {
                continue;
            }
            match record.policy {
                Policy::New => self.dir.remove(name)?,
                Policy::Replace if self.files.entry(&kept)? == Entry::Absent => {
                    return Err(io::Error::other("the file system cannot keep the old files"));
                }
                Policy::Replace => self.put(&kept, name)?,
            }
        }
        self.dir.sync()
    }

    fn whereabouts(&self, record: &Record) -> Result<Whereabouts> {
        let holds = |dir: &Dir, name: &OsStr| -> Result<bool> {
            // What is behind a link is no file of ours.
            let contents = match dir.entry(name) {
                Ok(Entry::Replaceable) => Regular::open_unlinked(dir, name).and_then(Regular::read),
                Ok(_) => return Ok(false),
                Err(error) => Err(error.into()),
            };
            match contents {
                Ok(contents) => Ok(manifest::digest(&contents)? == record.digest),
                Err(ReadError::NotFound | ReadError::NotRegular | ReadError::TooLarge(_)) => Ok(false),
                Err(error) => bail!("could not read {}: {error}", dir.path().join(name).display()),
            }
        };
        if holds(self.dir, OsStr::new(&record.name))? {
            Ok(Whereabouts::Placed)
        } else if holds(&self.files, &record.staged())? {
            Ok(Whereabouts::Staged)
        } else {
            Ok(Whereabouts::Lost)
        }
    }

    fn has_manifest(&self) -> bool {
        !matches!(self.files.entry(OsStr::new(manifest::FILE)), Ok(Entry::Absent))
    }

    /// Removes what is in our own directory. The list of files goes first: without it the rest is litter.
    fn empty(&self) -> io::Result<()> {
        self.files.remove(OsStr::new(manifest::FILE))?;
        self.files.names()?.iter().try_for_each(|name| self.files.remove(name))
    }

    /// Removes our own directory, and what is in it.
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
pub const FILE_EXISTS: &str = "pass --overwrite to replace it (a CA file keeps its old certificates behind the new one), or name another directory";

/// Sweeps away what a process left in a directory that died before it committed anything there, if no other is at work.
///
/// # Errors
/// If it cannot be removed; the next command tries again.
pub fn sweep(dir: &Dir) -> io::Result<()> {
    let Some(files) = lock::idle(dir, NEW)? else { return Ok(()) };
    let change = Change { dir, files, called: NEW, records: Vec::new() };
    change.check_ours().map_err(io::Error::other)?;
    change.sweep()
}

/// Completes a change that another process committed and did not complete; or undoes it, if somebody has put another file in its way
/// since, or changed one of its files.
///
/// # Errors
/// If neither can be done, or what has the name of such a change is not ours.
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

/// A change that another process has not completed: the directory is read as it will be.
pub struct Pending {
    files: Dir,
    records: Vec<Record>,
}

impl Pending {
    /// Looks for one, and waits for a process that is completing it.
    ///
    /// # Errors
    /// If what has the name of such a change is not ours, or cannot be read.
    pub fn find(dir: &Dir, knows: fn(&str) -> bool) -> Result<Option<Self>> {
        let change = Change::committed(dir, knows, false, &|| false)?;
        let pending = change.map(|change| Self { files: change.files, records: change.records });
        Ok(pending.filter(|pending| !pending.records.is_empty()))
    }

    /// The files of the change.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|record| record.name.as_str())
    }

    /// Opens a file of the change; `None` if it has no such file.
    pub fn open(&self, name: &str) -> Option<Result<Regular, ReadError>> {
        let record = self.records.iter().find(|record| record.name == name)?;
        match Regular::open_unlinked(&self.files, &record.staged()) {
            // It is in place, and a power cut brought back the list of files, but not all of them.
            Err(ReadError::NotFound) => None,
            result => Some(result),
        }
    }
}
