//! A change of the certs directory: staged files, the journal, and each file in its place; or all of it taken back.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, anyhow};
use rustix::fs::Mode;

use super::dir::{Dir, Entry, Placed};
use super::journal::{self, Policy, Record, Whereabouts};
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
            // A directory would change places with the file.
            Policy::Replace if self.dir.entry(target)? == Entry::Other => {
                Err(io::ErrorKind::AlreadyExists.into())
            }
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

    fn whereabouts(&self) -> Result<Whereabouts> {
        journal::whereabouts(&self.dir, &self.record)
    }

    /// Takes back what an interrupted process placed, as far as can be told from what is there now.
    fn undo(&self) -> Result<()> {
        let Record { policy, staged, target, digest, .. } = &self.record;
        if self.whereabouts()? != Whereabouts::Placed {
            return Ok(());
        }
        let result = match (self.dir.entry(staged)?, policy) {
            // Both names of a hard link: it was about to move.
            (Entry::Replaceable, _) if journal::holds(&self.dir, staged, digest)? => self.dir.remove(target),
            (Entry::Absent, Policy::New) => self.take_back(Placed::Moved),
            (Entry::Absent, Policy::Replace) => self.take_back(Placed::Overwrote),
            _ => self.take_back(Placed::Exchanged),
        };
        result.map_err(|error| could_not_place(&self.path(), &error))
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
            // There is none: we hold the lock, and have looked.
            self.certs_dir.rename(&name, OsStr::new(journal::FILE))?;
            self.certs_dir.sync()
        };
        write().map_err(|error| {
            let _ = self.certs_dir.remove(&name);
            anyhow!("could not record the change in {}: {}", self.certs_dir.path().display(), reason(&error))
        })
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
                    // Network file systems may have done what they say has failed.
                    if step.whereabouts().is_ok_and(|found| found == Whereabouts::Placed) {
                        placed.push((step, Placed::Moved));
                    }
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
                return Err(self.pending(error, "half done, and taking it back failed", &again));
            }
        }
        Err(self.give_up(error))
    }

    /// Removes what the change does not need any more: the old files under staged names, then the journal.
    fn clean_up(&self) -> Result<()> {
        // As long as the journal is there, somebody will come back for them.
        let remove = || {
            self.remove_staged()?;
            self.certs_dir.remove(OsStr::new(journal::FILE))?;
            // The change is durable already: a journal that a power cut brings back finds it complete.
            let _ = self.certs_dir.sync();
            Ok(())
        };
        remove().map_err(|error: io::Error| {
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

    /// Gives the change up, because of this error. The journal goes first: without it the change never happened, and what is
    /// staged is litter, which the next command sweeps. The other way round, a process that dies here would leave a journal
    /// and some of its files, which are no pair.
    pub fn give_up(&self, error: anyhow::Error) -> anyhow::Error {
        let journal = OsStr::new(journal::FILE);
        let forget = || {
            // If this fails, and the power too, the journal comes back, and finds that its files are gone.
            let _ = self.sync();
            if self.certs_dir.entry(journal)? != Entry::Absent {
                self.certs_dir.remove(journal)?;
                let _ = self.certs_dir.sync();
            }
            Ok(())
        };
        if let Err(again) = forget() {
            return self.pending(error, "recorded, and could not be called off", &again);
        }
        if let Err(again) = self.remove_staged() {
            let dir = self.certs_dir.path().display();
            log::warn!("could not remove temporary files in {dir}: {}", reason(&again));
        }
        error
    }

    fn pending(&self, error: anyhow::Error, how: &str, again: &io::Error) -> anyhow::Error {
        let dir = self.certs_dir.path().display();
        error.context(Advice::new(
            format!("the change of {dir} is {how} ({})", reason(again)),
            format!("mend the cause; the next command that writes to {dir} completes the change first"),
        ))
    }

    /// All that can be removed.
    fn remove_staged(&self) -> io::Result<()> {
        let removed = self.steps.iter().map(|step| step.dir.remove(&step.record.staged));
        removed.fold(Ok(()), io::Result::and)?;
        self.sync()
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

/// Completes the change in the journal; or undoes it, if somebody has put another file in its way since, or took one away.
pub fn finish_interrupted(certs_dir: &Rc<Dir>) -> Result<()> {
    let Some(records) = journal::read(certs_dir.path())? else {
        return Ok(());
    };
    let path = certs_dir.path().display();
    let about = || format!("could not complete an interrupted change of {path}");
    let mut change = Change::of(certs_dir)?;
    for record in records {
        let dir = if record.dir.as_os_str().is_empty() {
            Rc::clone(certs_dir)
        } else {
            Rc::new(Dir::open(&record.dir).map_err(|error| missing_dir(certs_dir, &record.dir, &error))?)
        };
        change.steps.push(Step { dir, record });
    }
    let (mut staged, mut lost) = (Vec::new(), None);
    for step in &change.steps {
        match step.whereabouts().with_context(about)? {
            Whereabouts::Placed => {}
            Whereabouts::Staged => staged.push(step),
            Whereabouts::Lost => lost = Some(step),
        }
    }
    // With nothing left to place the change was complete, and what somebody did to its files since is not our business.
    if let Some(lost) = lost.filter(|_| !staged.is_empty()) {
        return change.undo_interrupted(lost, "was changed since");
    }
    for step in staged {
        match step.place() {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return change.undo_interrupted(step, "exists now");
            }
            Err(error) => return Err(could_not_place(&step.path(), &error)).with_context(about),
        }
    }
    change.sync().map_err(|error| change.could_not_sync(&error))?;
    change.clean_up()?;
    log::warn!("completed an interrupted change of {path}");
    Ok(())
}

impl Change {
    /// Undoes an interrupted change, as this file cannot be what it is to be.
    fn undo_interrupted(&self, step: &Step, why: &str) -> Result<()> {
        let path = self.certs_dir.path().display();
        let why = format!("as {} {why}", step.path().display());
        for step in self.steps.iter().rev() {
            step.undo().with_context(|| {
                let hint = format!(
                    "compare the files, and remove {}",
                    self.certs_dir.path().join(journal::FILE).display()
                );
                Advice::new(format!("could not undo an interrupted change of {path}, {why}"), hint)
            })?;
        }
        self.sync().map_err(|error| self.could_not_sync(&error))?;
        self.certs_dir.remove(OsStr::new(journal::FILE)).and_then(|()| self.certs_dir.sync()).map_err(
            |error| anyhow!("could not undo an interrupted change of {path}, {why}: {}", reason(&error)),
        )?;
        if let Err(error) = self.remove_staged() {
            log::warn!("could not remove temporary files in {path}: {}", reason(&error));
        }
        log::warn!("undid an interrupted change of {path}, {why}");
        Ok(())
    }
}

fn missing_dir(certs_dir: &Dir, dir: &Path, error: &io::Error) -> anyhow::Error {
    let (path, dir) = (certs_dir.path(), dir.display());
    Advice::new(
        format!(
            "could not complete an interrupted change of {}, which has files in {dir}: {}",
            path.display(),
            reason(error)
        ),
        format!("bring {dir} back; if that cannot be, remove {}", path.join(journal::FILE).display()),
    )
    .into()
}

/// Removes files that a process left which died before it wrote its journal. Only under the lock of the certs directory: nobody
/// else's have its prefix.
pub fn sweep(certs_dir: &Dir, dir: &Dir) -> Result<()> {
    // In the certs directory all are its own, also those of before it was moved; unless it is the key directory of another one,
    // whose change is undone then.
    let own = std::ptr::eq(certs_dir, dir);
    let prefix = if own { journal::PREFIX.to_owned() } else { prefix(certs_dir)? };
    let sweep = || {
        for name in dir.names_with(&prefix)? {
            if name != journal::FILE && dir.entry(&name)? == Entry::Replaceable {
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
    let (_, inode) = certs_dir
        .identity()
        .map_err(|error| anyhow!("could not stat {}: {}", certs_dir.path().display(), reason(&error)))?;
    Ok(format!("{}{inode:x}.", journal::PREFIX))
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
