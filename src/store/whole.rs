//! A file that appears whole, or not at all: for what others read while it is written anew, such as a report,
//! and for keys.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use rustix::fs::{self, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use super::dir::{Dir, Entry, Owner};
use super::read::{ReadError, open_dir};
use crate::error::{Advice, reason};

/// The prefix of the names that such files have until they are whole.
const PREFIX: &str = ".crdb-cert-output.";

/// How many names are tried: someone else may take them.
const TRIES: usize = 10;

/// What the file will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Its permissions, once it is whole.
    pub mode: u32,
    /// Its owner; `None` for the caller.
    pub owner: Option<Owner>,
    /// May it take the place of another file?
    pub overwrite: bool,
    /// What can be typed instead, if there is something that is not a file in its place.
    pub instead: &'static str,
}

impl Placement {
    /// For everyone to read, anew each time.
    pub const REPORT: Self =
        Self { mode: 0o644, owner: None, overwrite: true, instead: "leave --output out to write to stdout" };

    /// For its owner alone.
    pub fn secret(owner: Option<Owner>, overwrite: bool) -> Self {
        Self { mode: 0o600, owner, overwrite, instead: "leave --out out to write to stdout" }
    }

    /// Refuses early what [`Whole::finish`] would refuse at the end.
    ///
    /// # Errors
    /// If something is there that has to stay, or the directory is missing.
    pub fn check(self, path: &Path) -> Result<()> {
        let (dir, name) = place(path)?;
        match dir.entry(name).map_err(|error| could_not_write(path, &error))? {
            Entry::Replaceable if !self.overwrite => Err(in_the_way(path)),
            _ => Ok(()),
        }
    }
}

/// A new file under another name, in the directory where it will be. It goes away unless it is
/// [put in place](Whole::finish).
#[derive(Debug)]
pub struct Whole {
    dir: Dir,
    path: PathBuf,
    name: OsString,
    placement: Placement,
    file: File,
    temporary: Option<OsString>,
}

impl Whole {
    /// Starts a file that will have this path. Only the caller can read it before it is whole.
    ///
    /// # Errors
    /// If the directory cannot be written to, the path is that of something other than a file, or of a file
    /// that has to stay.
    pub fn create(path: &Path, placement: Placement) -> Result<Self> {
        let could_not = |error: &io::Error| could_not_write(path, error);
        let (dir, name) = place(path)?;
        if is_stream(&dir, name).map_err(|error| could_not(&error))? {
            let what = format!("could not write {}: it is not a regular file", path.display());
            return Err(Advice::new(what, placement.instead).into());
        }
        if !placement.overwrite && dir.entry(name).map_err(|error| could_not(&error))? != Entry::Absent {
            return Err(in_the_way(path));
        }
        let (file, temporary) = open_new(&dir).map_err(|error| could_not(&error))?;
        let (path, name, temporary) = (path.to_owned(), name.to_owned(), Some(temporary));
        Ok(Self { dir, path, name, placement, file, temporary })
    }

    /// Puts it in place, durably. A link that has its name is replaced, not followed.
    ///
    /// # Errors
    /// If that fails; the old file is then still there.
    pub fn finish(mut self) -> Result<()> {
        let Placement { mode, owner, overwrite, .. } = self.placement;
        let place = || {
            if let Some(Owner { uid, gid }) = owner {
                fs::fchown(&self.file, Some(Uid::from_raw(uid)), gid.map(Gid::from_raw))?;
            }
            fs::fchmod(&self.file, Mode::from_raw_mode(mode))?;
            self.file.sync_all()?;
            // It may have become one meanwhile.
            if is_stream(&self.dir, &self.name)? {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let temporary = self.temporary.as_deref().unwrap_or_default();
            if overwrite {
                self.dir.move_over(temporary, &self.dir, &self.name)
            } else {
                self.dir.move_new(temporary, &self.dir, &self.name)
            }
        };
        place().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists if !overwrite => in_the_way(&self.path),
            _ => could_not_write(&self.path, &error),
        })?;
        self.temporary = None;
        self.dir.sync().map_err(|error| could_not_write(&self.path, &error))
    }
}

impl Write for Whole {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What cannot be removed is in nobody's way.
            let _ = self.dir.remove(temporary);
        }
    }
}

/// The directory of a file, and its name there.
fn place(path: &Path) -> Result<(Dir, &OsStr)> {
    let name = path.file_name().ok_or_else(|| {
        let what = format!("{path:?} is not the path of a file");
        Advice::new(what, "name a file in a directory that you can write to")
    })?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    // Another account's link may not lead to a directory where it has no business.
    let dir = open_dir(parent.unwrap_or(Path::new("."))).map_err(|error| match error {
        ReadError::Io(error) => could_not_write(path, &error),
        ReadError::NotFound => could_not_write(path, &Errno::NOENT.into()),
        other => could_not_write(path, &io::Error::other(other.to_string())),
    })?;
    Ok((dir, name))
}

fn in_the_way(path: &Path) -> anyhow::Error {
    let what = format!("could not write {}: it exists already", path.display());
    Advice::new(what, "name another file, or add --overwrite").into()
}

/// The error for a file that could not be written.
pub fn could_not_write(path: &Path, error: &io::Error) -> anyhow::Error {
    let what = format!("could not write {}: {}", path.display(), reason(error));
    Advice::new(what, "name a file in a directory that you can write to, on a disk that has space").into()
}

/// Does the name stand for a device, a directory or the like? Then a file must not take its place, nor that of
/// the links to a process's open files, such as `/dev/stdout`.
fn is_stream(dir: &Dir, name: &OsStr) -> io::Result<bool> {
    if dir.entry(name)? == Entry::Other {
        return Ok(true);
    }
    let target = fs::readlinkat(dir.fd(), name, Vec::new());
    Ok(target.is_ok_and(|target| target.as_bytes().starts_with(b"/proc/")))
}

/// Creates a file with a name that is nobody's.
fn open_new(dir: &Dir) -> io::Result<(File, OsString)> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut error = io::Error::from(io::ErrorKind::AlreadyExists);
    for attempt in 0..TRIES {
        let name = OsString::from(format!("{PREFIX}{:016x}", RandomState::new().hash_one(attempt)));
        match fs::openat(dir.fd(), &name, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => return Ok((File::from(fd), name)),
            Err(why) => error = why.into(),
        }
        if error.kind() != io::ErrorKind::AlreadyExists {
            break;
        }
    }
    Err(error)
}
