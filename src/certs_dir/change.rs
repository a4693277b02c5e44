//! A change of the certs directory: staged files, the journal, and each file in its place; or all of it taken back.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, anyhow};
use rustix::fs::Mode;

use super::dir::{Dir, Entry, Placed};
use super::journal::{self, Policy, Record};
use super::paths;
use crate::error::{Advice, reason};

/// One file of a change, in its directory.
struct Step {
    dir: Rc<Dir>,
    record: Record,
}

impl Step {
    fn place(&self) -> io::Result<Placed> {
        let Record { staged, target, .. } = &self.record;
        match self.record.policy {
            Policy::New => self.dir.rename_new(staged, target).map(|()| Placed::Moved),
            Policy::Replace => self.dir.replace(staged, target),
        }
    }

    fn take_back(&self, placed: Placed) -> io::Result<()> {
        let Record { staged, target, .. } = &self.record;
        match placed {
            Placed::Moved => self.dir.rename_new(target, staged),
            Placed::Exchanged => self.dir.replace(staged, target).map(drop),
            Placed::Overwrote => Err(io::Error::other("the file system cannot exchange files")),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(&self.record.target)
    }

    /// Is the new file still under its staged name?
    fn is_staged(&self) -> Result<bool> {
        journal::holds(&self.dir, &self.record.staged, &self.record.digest)
    }

    /// Is the new file in its place?
    fn is_placed(&self) -> Result<bool> {
        journal::holds(&self.dir, &self.record.target, &self.record.digest)
    }
}

/// A change under way.
pub struct Change {
    certs_dir: Rc<Dir>,
    prefix: String,
    steps: Vec<Step>,
}

impl Change {
    /// No file yet.
    pub fn of(certs_dir: &Rc<Dir>) -> Result<Self> {
        Ok(Self { certs_dir: Rc::clone(certs_dir), prefix: prefix(certs_dir)?, steps: Vec::new() })
    }

    /// A name that no other process uses: only one at a time stages files for this certs directory.
    fn staged_name(&self) -> OsString {
        format!("{}{}.{}", self.prefix, std::process::id(), self.steps.len()).into()
    }

    /// Writes a new file beside its target.
    pub fn stage(
        &mut self,
        dir: Rc<Dir>,
        name: &OsStr,
        policy: Policy,
        contents: &[u8],
        mode: Mode,
    ) -> Result<()> {
        let path = if Rc::ptr_eq(&dir, &self.certs_dir) {
            PathBuf::new()
        } else {
            let resolved = std::path::absolute(dir.path());
            resolved.with_context(|| format!("could not resolve {}", dir.path().display()))?
        };
        let staged = self.staged_name();
        let digest = journal::digest(contents)?;
        let record = Record { policy, digest, dir: path, staged, target: name.to_owned() };
        // Who could read the old file can read the new one, as if it had been written in place.
        let result = dir.owner(name).and_then(|owner| dir.create(&record.staged, contents, mode, owner));
        let path = dir.path().join(name);
        self.steps.push(Step { dir, record });
        result.map_err(|error| could_not_place(&path, &error))
    }

    /// Makes the change happen, as far as the disk is concerned: from here on it is finished by whoever finds it.
    pub fn record(&self) -> Result<()> {
        let records: Vec<_> = self.steps.iter().map(|step| step.record.clone()).collect();
        let name = self.staged_name();
        let write = || {
            self.sync()?;
            self.certs_dir.create(&name, &journal::encode(&records), Mode::RUSR | Mode::WUSR, None)?;
            self.certs_dir.rename_new(&name, OsStr::new(journal::FILE))?;
            self.certs_dir.sync()
        };
        let result = write().map_err(|error| {
            anyhow!("could not record the change in {}: {}", self.certs_dir.path().display(), reason(&error))
        });
        if result.is_err() {
            let _ = self.certs_dir.remove(&name);
        }
        result
    }

    /// Puts each file in its place; on failure takes all of them back.
    pub fn apply(&self) -> Result<()> {
        let mut placed = Vec::new();
        let mut result = Ok(());
        for step in &self.steps {
            match step.place() {
                Ok(how) => placed.push((step, how)),
                Err(error) => {
                    result = Err(could_not_place(&step.path(), &error));
                    break;
                }
            }
        }
        let result = result.and_then(|()| self.sync().map_err(|error| self.could_not_sync(&error)));
        let Err(error) = result else {
            return self.clean_up();
        };
        for (step, how) in placed.into_iter().rev() {
            if let Err(again) = step.take_back(how) {
                let dir = self.certs_dir.path().display();
                return Err(error.context(Advice::new(
                    format!("the change of {dir} is half done, and taking it back failed ({})", reason(&again)),
                    format!("mend the cause; the next command that writes to {dir} completes the change first"),
                )));
            }
        }
        self.discard();
        Err(error)
    }

    /// Removes what the change does not need any more: the old files under staged names, then the journal. In this order, as
    /// somebody will come back for them as long as the journal is there.
    fn clean_up(&self) -> Result<()> {
        self.remove_staged().and_then(|()| self.remove_journal()).map_err(|error| {
            let dir = self.certs_dir.path().display();
            let hint = format!("mend the cause; the next command that writes to {dir} removes them");
            Advice::new(
                format!(
                    "the new files are in place, but temporary ones in {dir} could not be removed: {}",
                    reason(&error)
                ),
                hint,
            )
            .into()
        })
    }

    /// Gives the change up: the journal goes first, as whoever found it without all of its files could not complete it. What
    /// cannot be removed now is swept away by the next command.
    pub fn discard(&self) {
        if let Err(error) = self.remove_journal().and_then(|()| self.remove_staged()) {
            log::warn!(
                "could not remove temporary files in {}: {}",
                self.certs_dir.path().display(),
                reason(&error)
            );
        }
    }

    fn remove_staged(&self) -> io::Result<()> {
        for step in &self.steps {
            step.dir.remove(&step.record.staged)?;
        }
        self.sync()
    }

    fn remove_journal(&self) -> io::Result<()> {
        self.certs_dir.remove(OsStr::new(journal::FILE))?;
        self.certs_dir.sync()
    }

    /// A file that is neither staged nor in its place, while others still wait for theirs: the change cannot be completed.
    fn lost(&self) -> Result<Option<PathBuf>> {
        let (mut waiting, mut lost) = (false, None);
        for step in &self.steps {
            if step.is_staged()? {
                waiting = true;
            } else if !step.is_placed()? {
                lost = Some(step.path());
            }
        }
        Ok(lost.filter(|_| waiting))
    }

    fn sync(&self) -> io::Result<()> {
        let mut synced: Vec<&Rc<Dir>> = Vec::new();
        for step in &self.steps {
            if !synced.iter().any(|dir| Rc::ptr_eq(dir, &step.dir)) {
                step.dir.sync()?;
                synced.push(&step.dir);
            }
        }
        Ok(())
    }

    fn could_not_sync(&self, error: &io::Error) -> anyhow::Error {
        anyhow!("could not make the change of {} durable: {}", self.certs_dir.path().display(), reason(error))
    }
}

/// Completes the change in the journal; or undoes it, if one of its files is lost or somebody has put another in its way since.
pub fn finish_interrupted(certs_dir: &Rc<Dir>) -> Result<()> {
    let Some(records) = journal::read(certs_dir.path())? else {
        return Ok(());
    };
    let mut change = Change::of(certs_dir)?;
    for record in records {
        let dir = if record.dir.as_os_str().is_empty() {
            Rc::clone(certs_dir)
        } else {
            Rc::new(paths::open(&record.dir)?)
        };
        change.steps.push(Step { dir, record });
    }
    let path = certs_dir.path().display();
    let give_up = |why: String| {
        undo_interrupted(&change)?;
        change.discard();
        log::warn!("undid an interrupted change of {path}, as {why}");
        Ok(())
    };
    if let Some(lost) = change.lost()? {
        return give_up(format!("{} is lost", lost.display()));
    }
    for step in &change.steps {
        if !step.is_staged()? {
            continue;
        }
        match step.place() {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return give_up(format!("{} exists now", step.path().display()));
            }
            Err(error) => {
                return Err(could_not_place(&step.path(), &error))
                    .with_context(|| format!("could not complete an interrupted change of {path}"));
            }
        }
    }
    change.sync().map_err(|error| change.could_not_sync(&error))?;
    change.clean_up()?;
    log::warn!("completed an interrupted change of {path}");
    Ok(())
}

fn undo_interrupted(change: &Change) -> Result<()> {
    for step in &change.steps {
        if !step.is_placed()? {
            continue;
        }
        let old_is_staged = step.dir.entry(&step.record.staged)? != Entry::Absent;
        step.take_back(if old_is_staged { Placed::Exchanged } else { Placed::Moved })
            .map_err(|error| could_not_place(&step.path(), &error))?;
    }
    Ok(())
}

/// Removes files that a process left which died before it wrote its journal. Only under the lock of the certs directory: nobody
/// else's have its prefix.
pub fn sweep(certs_dir: &Dir, dir: &Dir) -> Result<()> {
    let prefix = prefix(certs_dir)?;
    let sweep = || {
        for name in dir.names_with(&prefix)? {
            if dir.entry(&name)? == Entry::Replaceable {
                dir.remove(&name)?;
            }
        }
        Ok(())
    };
    sweep().map_err(|error: io::Error| {
        anyhow!("could not remove temporary files in {}: {}", dir.path().display(), reason(&error))
    })
}

/// How the staged files of a certs directory begin, also those in the directory of the CA key, which several may share.
fn prefix(certs_dir: &Dir) -> Result<String> {
    let (device, inode) = certs_dir
        .identity()
        .map_err(|error| anyhow!("could not stat {}: {}", certs_dir.path().display(), reason(&error)))?;
    Ok(format!("{}{device:x}-{inode:x}.", journal::PREFIX))
}

fn could_not_place(path: &Path, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => file_exists(path),
        _ => anyhow!("could not write {}: {}", path.display(), reason(error)),
    }
}

pub fn file_exists(path: &Path) -> anyhow::Error {
    let hint = "pass --overwrite to replace it (a CA file keeps its old certificates behind the new one), or name another \
                directory";
    Advice::new(format!("could not write {}: file exists", path.display()), hint).into()
}
