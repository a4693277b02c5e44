//! One writer at a time for each directory.
//!
//! The lock is on the open directory itself, so there is no lock file to be left behind, and the kernel drops it with the
//! process, however that ends.

use std::fs;
use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustix::fs::{FlockOperation, flock, major, minor};
use rustix::io::Errno;

use super::dir::Dir;
use crate::error::Advice;

/// How long to wait for another writer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Locks the directory for a writer until it is dropped.
///
/// # Errors
/// If somebody else has had it for ten seconds, or `interrupted` says so.
pub fn acquire(dir: &Dir, interrupted: &dyn Fn() -> bool) -> Result<()> {
    wait(dir, FlockOperation::NonBlockingLockExclusive, interrupted)
}

/// Locks the directory for a reader until it is dropped: no writer is in the middle of something. One that does not come to
/// an end is not waited for.
pub fn share(dir: &Dir) {
    if let Err(error) = wait(dir, FlockOperation::NonBlockingLockShared, &|| false) {
        log::warn!("{error}; it is read as it is now");
    }
}

fn wait(dir: &Dir, operation: FlockOperation, interrupted: &dyn Fn() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match flock(dir.fd().as_fd(), operation) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            // Some network file systems have no locks. Nobody else can have one there either.
            Err(error @ (Errno::BADF | Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP)) => {
                if operation == FlockOperation::NonBlockingLockExclusive {
                    let path = dir.path().display();
                    log::warn!("could not lock {path}: {error}; do not run two commands there at once");
                }
                return Ok(());
            }
            Err(error) => bail!("could not lock {}: {error}", dir.path().display()),
        }
        if interrupted() {
            bail!("interrupted; nothing was changed");
        }
        if Instant::now() >= deadline {
            let path = dir.path().display();
            let holder = holder(dir).unwrap_or_else(|| "another process".to_owned());
            return Err(Advice::new(
                format!("{path} is locked by {holder}, and was so for 10 s"),
                "wait until it is done, or end it, and run the command again",
            )
            .into());
        }
        sleep(PAUSE);
    }
}

/// Who has the lock, if the kernel tells: `process 123 (crdb-cert)`.
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
    // The process may have ended and left the lock to a child that has the directory open.
    Some(match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => format!("process {pid} ({})", name.trim_end()),
        Err(_) => format!("process {pid}"),
    })
}
