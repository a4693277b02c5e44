//! Puts the files of a change in place, or the old ones back.

use std::ffi::OsStr;
use std::io;

use anyhow::{Result, bail};

use super::{Change, Stop};
use crate::store::dir::{Dir, Entry};
use crate::store::manifest::{self, PUT, Policy, Record};
use crate::store::read::{ReadError, Regular};

/// Where a new file is, according to its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    Staged,
    /// Or nothing is left to remove.
    Placed,
    /// Nowhere: someone replaced or changed it.
    Lost,
}

impl Change<'_> {
    /// Puts in place each file that is not there yet.
    pub(super) fn complete(&self) -> Result<(), Stop> {
        let (mut staged, mut lost) = (Vec::new(), None);
        for record in &self.records {
            match self.whereabouts(record).map_err(Stop::Failed)? {
                Whereabouts::Placed => {}
                Whereabouts::Staged => staged.push(record),
                Whereabouts::Lost => lost = Some(record),
            }
        }
        // If nothing is left to place, the change was complete, and what happened to its files since is not our
        // business.
        if let Some(lost) = lost.filter(|_| !staged.is_empty()) {
            return Err(Stop::Blocked(format!("{} was changed since", lost.name)));
        }
        // What is removed may be the only other copy of what is placed.
        let (removed, placed): (Vec<_>, Vec<_>) =
            staged.into_iter().partition(|record| record.policy == Policy::Remove);
        self.place_all(&placed)?;
        if removed.is_empty() { Ok(()) } else { self.place_all(&removed) }
    }

    fn place_all(&self, records: &[&Record]) -> Result<(), Stop> {
        for record in records {
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
            // The file keeps its staged name until the change ends: a power cut loses at most one of its two
            // names.
            Policy::New if self.files.link(&staged, self.dir, name)? => Ok(()),
            Policy::New => self.files.move_new(&staged, self.dir, name),
            // Leave a directory, whoever put it there.
            Policy::Replace if self.dir.entry(name)? == Entry::Other => {
                Err(io::ErrorKind::AlreadyExists.into())
            }
            Policy::Replace => self.put(&staged, name),
            Policy::Remove => self.dir.remove(name),
        }
    }

    /// Renames one of our files to replace another.
    fn put(&self, from: &OsStr, name: &OsStr) -> io::Result<()> {
        let put = OsStr::new(PUT);
        self.files.remove(put)?;
        let from = if self.files.link(from, &self.files, put)? { put } else { from };
        self.files.move_over(from, self.dir, name)
    }

    /// Puts the old files back.
    pub(super) fn undo(&self) -> io::Result<()> {
        for record in self.records.iter().rev() {
            let (name, kept) = (OsStr::new(&record.name), record.kept());
            if self.whereabouts(record).map_err(io::Error::other)? != Whereabouts::Placed {
                continue;
            }
            match record.policy {
                Policy::New => self.dir.remove(name)?,
                // Somebody has put another file there.
                Policy::Remove if self.dir.entry(name)? != Entry::Absent => {}
                Policy::Replace | Policy::Remove if self.files.entry(&kept)? == Entry::Absent => {
                    return Err(io::Error::other("the file system cannot keep the old files"));
                }
                Policy::Replace | Policy::Remove => self.put(&kept, name)?,
            }
        }
        self.dir.sync()
    }

    fn whereabouts(&self, record: &Record) -> Result<Whereabouts> {
        let holds = |dir: &Dir, name: &OsStr| -> Result<bool> {
            // A file behind a link is not ours.
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
        if record.policy == Policy::Remove {
            let is_there = holds(self.dir, OsStr::new(&record.name))?;
            return Ok(if is_there { Whereabouts::Staged } else { Whereabouts::Placed });
        }
        if holds(self.dir, OsStr::new(&record.name))? {
            Ok(Whereabouts::Placed)
        } else if holds(&self.files, &record.staged())? {
            Ok(Whereabouts::Staged)
        } else {
            Ok(Whereabouts::Lost)
        }
    }
}
