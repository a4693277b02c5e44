//! The directory of a fleet: its lock, and its folders, which are opened and made without ever following a
//! link.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use super::desired::{FolderName, PLACES};
use super::look;
use crate::certs_dir::{open_dir, ownership, parent};
use crate::error::{Advice, reason};
use crate::finding::Finding;
use crate::interrupts::Interrupts;
use crate::store::dir::{Dir, euid};
use crate::store::{PREFIX, lock};

/// How long to wait for another `apply` of the same fleet: it may be making thousands of keys.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The directory of a fleet.
pub struct Fleet {
    path: PathBuf,
    dir: Option<Dir>,
    lock: Option<Dir>,
    /// Where it was made just now, if it was.
    made: Option<(Dir, OsString)>,
}

impl Fleet {
    /// Opens the directory to look at it.
    ///
    /// # Errors
    /// If it is there and cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let dir = match Dir::open(path) {
            Ok(dir) => Some(dir),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(anyhow!("could not open {}: {}", path.display(), reason(&error))),
        };
        Ok(Self { path: path.to_owned(), dir, lock: None, made: None })
    }

    /// Opens the directory to change it; makes it if it is missing, and waits for another process that does the
    /// same.
    ///
    /// # Errors
    /// If it cannot be made or written to.
    pub fn open_for_writing(path: &Path) -> Result<Self> {
        let mut fleet = Self::open(path)?;
        if fleet.dir.is_none() {
            let (dir, made) = make_dir(path)?;
            (fleet.dir, fleet.made) = (Some(dir), made);
        }
        let dir = fleet.dir.as_ref().context("there is no directory")?;
        let interrupts = Interrupts::defer();
        let lock = lock::make(dir, &lock_name(), PATIENCE, &|| interrupts.check().is_err())?;
        fleet.lock = Some(lock);
        Ok(fleet)
    }

    /// The folders that are there.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn folders(&self) -> Result<Vec<FolderName>> {
        self.dir.as_ref().map_or(Ok(Vec::new()), look::folders)
    }

    /// What is worth knowing about the directory.
    pub fn findings(&self) -> Vec<Finding> {
        self.dir.as_ref().map_or(Vec::new(), |dir| ownership::check_dir("fleet's directory", dir, None))
    }

    /// Refuses to remove anything where others can give a folder another name.
    ///
    /// # Errors
    /// If they can.
    pub(super) fn check_guarded(&self, name: &FolderName) -> Result<()> {
        let Some(out) = &self.dir else { return Ok(()) };
        let section = out.open_dir(OsStr::new(name.section.place().dir)).ok();
        for dir in [Some(out), section.as_ref()].into_iter().flatten() {
            let path = dir.path().display();
            let stat = dir.stat().map_err(|error| anyhow!("could not stat {path}: {}", reason(&error)))?;
            if !ownership::is_guarded(stat.st_uid, stat.st_mode) {
                let what = format!("others can rename what is in {path}: --prune removes nothing there");
                let hint = format!("make it yours alone: chown {} {path}; chmod go-w {path}", euid());
                return Err(Advice::new(what, hint).into());
            }
        }
        Ok(())
    }

    /// May it be changed?
    pub fn is_for_writing(&self) -> bool {
        self.lock.is_some()
    }

    /// Waits until the folders that were made are on disk.
    ///
    /// # Errors
    /// The system's.
    pub fn sync(&self) -> Result<()> {
        let Some(out) = &self.dir else { return Ok(()) };
        let sections = PLACES.iter().filter_map(|place| out.open_dir(OsStr::new(place.dir)).ok());
        let synced = sections.map(|dir| dir.sync()).chain([out.sync()]).collect::<io::Result<()>>();
        synced.map_err(|error| anyhow!("could not write to {}: {}", self.path.display(), reason(&error)))
    }

    /// Is the folder there?
    pub fn has(&self, name: &FolderName) -> bool {
        self.open_folder(name).is_ok_and(|dir| dir.is_some())
    }

    /// Where a folder is, for messages.
    pub fn path(&self, name: &FolderName) -> PathBuf {
        self.path.join(name.path())
    }

    /// Opens a folder, if it is there. Never follows a link: whoever can write to the directory may have put it
    /// there.
    pub(super) fn open_folder(&self, name: &FolderName) -> Result<Option<Dir>> {
        let mut dir = None;
        for step in &name.path() {
            let parent = dir.as_ref().or(self.dir.as_ref());
            let Some(parent) = parent else { return Ok(None) };
            match parent.open_dir(step) {
                Ok(open) => dir = Some(open),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => {
                    bail!("could not open {}: {}", parent.path().join(step).display(), reason(&error))
                }
            }
        }
        Ok(dir)
    }

    /// Removes an empty folder.
    pub(super) fn remove_dir(&self, name: &FolderName) -> io::Result<()> {
        let Some(out) = &self.dir else { return Ok(()) };
        let place = OsStr::new(name.section.place().dir);
        match &name.name {
            None => out.remove_dir(place),
            Some(name) => out.open_dir(place)?.remove_dir(OsStr::new(name)),
        }
    }

    /// Opens a folder, made for the caller alone if it is missing; says whether it was.
    ///
    /// # Errors
    /// As for [`check_owner`]; or the system's.
    pub(super) fn make_folder(&self, name: &FolderName) -> Result<(Dir, bool)> {
        let mut dir: Option<(Dir, bool)> = None;
        for step in &name.path() {
            let parent =
                dir.as_ref().map(|(dir, _)| dir).or(self.dir.as_ref()).context("there is no directory")?;
            let made = match parent.make_dir(step) {
                Ok(()) => true,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
                Err(error) => {
                    bail!("could not create {}: {}", parent.path().join(step).display(), reason(&error))
                }
            };
            let open = parent.open_dir(step).map_err(|error| {
                anyhow!("could not open {}: {}", parent.path().join(step).display(), reason(&error))
            });
            dir = Some((open?, made));
        }
        let (dir, made) = dir.context("the folder has no name")?;
        check_owner(&dir)?;
        Ok((dir, made))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if let (Some(dir), Some(_)) = (&self.dir, &self.lock) {
            // Who waits for it makes it again.
            let _ = dir.remove_dir(OsStr::new(&lock_name()));
            if let Some((parent, name)) = &self.made {
                // Fails if anything was made in it, as it should.
                let _ = parent.remove_dir(name);
            }
        }
    }
}

fn lock_name() -> String {
    format!("{PREFIX}fleet")
}

/// Refuses a folder of another account: that would get the keys that replace its own, which it may have planted
/// there.
///
/// # Errors
/// Unless it is the caller's or root's.
pub(super) fn check_owner(folder: &Dir) -> Result<()> {
    let path = folder.path().display();
    let stat = folder.stat().map_err(|error| anyhow!("could not stat {path}: {}", reason(&error)))?;
    if [euid(), 0].contains(&stat.st_uid) {
        return Ok(());
    }
    let what = format!("{path} belongs to uid {}, who would get its keys", stat.st_uid);
    let hint = format!("run apply as that account, or remove the folder: rm -r {path}");
    Err(Advice::new(what, hint).into())
}

/// Makes a directory for the caller alone, if it is missing; says where if it was. From then on it is another
/// one than the path may lead to.
fn make_dir(path: &Path) -> Result<(Dir, Option<(Dir, OsString)>)> {
    let could_not = |error: io::Error| anyhow!("could not create {}: {}", path.display(), reason(&error));
    let parent = open_dir(parent(path))?;
    let name =
        path.file_name().with_context(|| format!("{} is not the path of a directory", path.display()))?;
    let made = match parent.make_dir(name) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(error) => return Err(could_not(error)),
    };
    let dir = parent.open_dir(name).map_err(could_not)?.named(path);
    if !made {
        return Ok((dir, None));
    }
    check_owner(&dir)?;
    parent.sync().map_err(could_not)?;
    Ok((dir, Some((parent, name.to_owned()))))
}
