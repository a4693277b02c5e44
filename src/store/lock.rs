//! Allows one writer at a time in a directory, and no reader while files are being put in place.
//!
//! The lock is on the caller's own directory, which only the caller and root can open. The kernel drops it when
//! the process ends, however that happens.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use rustix::fs::{FileType, FlockOperation, Stat, flock, major, minor};
use rustix::io::Errno;

use super::dir::{Dir, euid, identity};
use crate::error::{Advice, reason};
use crate::interrupts::Interrupted;

/// How long to wait for another process, unless said otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait between attempts.
const PAUSE: Duration = Duration::from_millis(5);

/// Creates the directory `name` in `parent` if it is missing, and locks it for one writer, until dropped.
///
/// # Errors
/// If another process holds it for so long, or if the name is not ours to use; [`Interrupted`], if
/// `interrupted` says so.
pub fn make(parent: &Dir, name: &str, patience: Duration, interrupted: &dyn Fn() -> bool) -> Result<Dir> {
    let could_not =
        |error: io::Error| anyhow!("could not write to {}: {}", parent.path().display(), reason(&error));
    let deadline = Instant::now() + patience;
    loop {
        if interrupted() {
            return Err(Interrupted.into());
        }
        // Whoever owns the directory could remove it each time.
        if Instant::now() >= deadline {
            let path = parent.path().display();
            bail!("could not write to {path}: its lock disappears again and again; nothing was changed");
        }
        let made = match parent.make_dir(OsStr::new(name)) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(could_not(error)),
        };
        match find_within(parent, name, true, patience, interrupted) {
            Ok(Some(dir)) => return Ok(dir),
            // The previous holder removed it at the end, or turned it into a commit.
            Ok(None) => {}
            Err(error) => {
                if made {
                    let _ = parent.remove_dir(OsStr::new(name));
                }
                return Err(error);
            }
        }
    }
}

/// Locks the directory `name` in `parent`, if it exists, until dropped. For a reader, so that no writer is in
/// the middle of a change.
///
/// # Errors
/// As for [`make`].
pub fn find(
    parent: &Dir,
    name: &str,
    for_writing: bool,
    interrupted: &dyn Fn() -> bool,
) -> Result<Option<Dir>> {
    find_within(parent, name, for_writing, PATIENCE, interrupted)
}

fn find_within(
    parent: &Dir,
    name: &str,
    for_writing: bool,
    patience: Duration,
    interrupted: &dyn Fn() -> bool,
) -> Result<Option<Dir>> {
    let operation = match for_writing {
        true => FlockOperation::NonBlockingLockExclusive,
        false => FlockOperation::NonBlockingLockShared,
    };
    loop {
        let Some(dir) = open_ours(parent, name)? else { return Ok(None) };
        wait(&dir, parent.path(), operation, patience, interrupted)?;
        let still = is_still_there(parent, name, &dir);
        if still.map_err(|error| anyhow!("could not read {}: {}", parent.path().display(), reason(&error)))? {
            return Ok(Some(dir));
        }
    }
}

/// Locks the directory `name` in `parent` for a writer, if there is one that is ours, and nobody else has it.
///
/// # Errors
/// The system's.
pub fn idle(parent: &Dir, name: &str) -> io::Result<Option<Dir>> {
    if !parent.lookup(OsStr::new(name))?.is_some_and(|stat| is_ours(&stat)) {
        return Ok(None);
    }
    let dir = match parent.open_dir(OsStr::new(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => result?,
    };
    match flock(dir.fd(), FlockOperation::NonBlockingLockExclusive) {
        // Its owner may have made it a commit meanwhile, which is not to be swept.
        Ok(()) => Ok((is_ours(&dir.stat()?) && is_still_there(parent, name, &dir)?).then_some(dir)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A directory of the caller's that is not accessible to others.
fn is_ours(stat: &Stat) -> bool {
    let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    is_directory && stat.st_uid == euid() && stat.st_mode & 0o077 == 0
}

fn is_still_there(parent: &Dir, name: &str, dir: &Dir) -> io::Result<bool> {
    let found = parent.lookup(OsStr::new(name))?;
    Ok(found.map(|stat| identity(&stat)) == Some(dir.identity()?))
}

/// Opens the directory `name` in `parent`, if it exists.
///
/// # Errors
/// Unless it is a directory that only the caller or root can have created, and that is not accessible to
/// others.
fn open_ours(parent: &Dir, name: &str) -> Result<Option<Dir>> {
    let path = parent.path().join(name);
    let about = |error: io::Error| anyhow!("could not open {}: {}", path.display(), reason(&error));
    let Some(seen) = parent.lookup(OsStr::new(name)).map_err(about)? else { return Ok(None) };
    let stranger = |uid: u32| {
        let hint = format!(
            "if no command of that account is running, look at what is in it, and remove it: rm -r {}",
            path.display()
        );
        Err(Advice::new(format!("{} belongs to uid {uid}, and is not ours to use", path.display()), hint)
            .into())
    };
    if seen.st_uid != euid() {
        return stranger(seen.st_uid);
    }
    if FileType::from_raw_mode(seen.st_mode) != FileType::Directory {
        let hint = format!("look at it, and move it away: no other program should use the name {name}");
        return Err(Advice::new(format!("{} is not a directory", path.display()), hint).into());
    }
    let dir = match parent.open_dir(OsStr::new(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => result.map_err(about)?,
    };
    let stat = dir.stat().map_err(about)?;
    if stat.st_uid != euid() {
        return stranger(stat.st_uid);
    }
    if stat.st_mode & 0o077 != 0 {
        let hint = format!("look at what is in it, and remove it: rm -r {}", path.display());
        let what = format!("{} is open to others (mode {:o})", path.display(), stat.st_mode & 0o7777);
        return Err(Advice::new(what, hint).into());
    }
    Ok(Some(dir))
}

fn wait(
    dir: &Dir,
    about: &Path,
    operation: FlockOperation,
    patience: Duration,
    interrupted: &dyn Fn() -> bool,
) -> Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        match flock(dir.fd(), operation) {
            // Some network file systems have no locks.
            Ok(()) | Err(Errno::BADF | Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP) => return Ok(()),
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => bail!("could not lock {}: {error}", about.display()),
        }
        if interrupted() {
            return Err(Interrupted.into());
        }
        if Instant::now() >= deadline {
            let holder = holder(dir).unwrap_or_else(|| "another process".to_owned());
            return Err(Advice::new(
                format!("{} is locked by {holder}, and has been for {} s", about.display(), patience.as_secs()),
                "wait until it is done, or end it, and run the command again",
            )
            .into());
        }
        sleep(PAUSE);
    }
}

/// Who holds the lock, if the kernel tells: `process 123 (crdb-cert)`.
fn holder(dir: &Dir) -> Option<String> {
    let (device, inode) = dir.identity().ok()?;
    let file = format!("{:02x}:{:02x}:{inode}", major(device), minor(device));
    let locks = fs::read_to_string("/proc/locks").ok()?;
    // 1: FLOCK  ADVISORY  WRITE 123 fd:01:456 0 EOF
    let pid = locks.lines().find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        match fields[..] {
            [_, "FLOCK", _, _, pid, locked, ..] if locked == file => Some(pid.to_owned()),
            _ => None,
        }
    })?;
    // The process may have ended, leaving the lock to a child that has the directory open.
    Some(match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => format!("process {pid} ({})", name.trim_end()),
        Err(_) => format!("process {pid}"),
    })
}
