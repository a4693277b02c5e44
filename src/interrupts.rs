//! Signals at the wrong moment: Ctrl-C and the like, and the one for a file that is too large.

use std::cell::Cell;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::flag::{register, register_conditional_default};
use thiserror::Error;

/// Did one arrive while they were deferred?
static SEEN: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Do they end the process? Handlers stay installed, and all of them run, so one set shares one answer.
static AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let at_once = Arc::new(AtomicBool::new(true));
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal)) {
        // If a handler cannot be set, the signal ends the process; the next command completes the change.
        let _ = register(signal, Arc::clone(&SEEN));
        let _ = register_conditional_default(signal, Arc::clone(&at_once));
    }
    at_once
});

/// How many deferrals there are, in all threads, and whether one of them reported a signal.
static DEFERRALS: Mutex<(usize, bool)> = Mutex::new((0, false));

/// The signals that our parent wants ignored, as with `nohup`: a handler would stop ignoring them. Signal 1 is
/// bit 0.
static IGNORED: LazyLock<u64> = LazyLock::new(|| {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
});

fn is_ignored(signal: i32) -> bool {
    *IGNORED >> (signal - 1) & 1 == 1
}

/// Turns writing a file beyond the process's limit (`ulimit -f`) into a write error instead of the end of the
/// process.
pub fn survive_file_size_limit() {
    if !is_ignored(SIGXFSZ) {
        // If a handler cannot be set, the signal ends the process, like any other.
        let _ = register(SIGXFSZ, Arc::default());
    }
}

/// Ctrl-C or the like came before anything was changed.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("interrupted; nothing was changed")]
pub struct Interrupted;

/// Keeps Ctrl-C and the like from ending the process between two steps, until it is dropped, and all others
/// with it.
pub struct Interrupts {
    reported: Cell<bool>,
}

impl Interrupts {
    /// Starts deferring.
    pub fn defer() -> Self {
        DEFERRALS.lock().unwrap_or_else(PoisonError::into_inner).0 += 1;
        AT_ONCE.store(false, Ordering::Relaxed);
        Self { reported: Cell::new(false) }
    }

    /// # Errors
    /// [`Interrupted`], if a signal arrived, either now or too late for an earlier deferral to report it.
    pub fn check(&self) -> Result<()> {
        if SEEN.load(Ordering::Relaxed) {
            self.reported.set(true);
            return Err(Interrupted.into());
        }
        Ok(())
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        let mut deferrals = DEFERRALS.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, reported) = &mut *deferrals;
        *count -= 1;
        *reported |= self.reported.get();
        if *count == 0 {
            if std::mem::take(reported) {
                SEEN.store(false, Ordering::Relaxed);
            }
            AT_ONCE.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::low_level::raise;

    use super::*;

    #[test]
    fn an_interruption_is_reported_once() {
        // Not SIGINT: a shell has programs in its background ignore that.
        let interrupt = || raise(SIGTERM).expect("a signal");
        let first = Interrupts::defer();
        assert!(first.check().is_ok());
        interrupt();
        assert!(first.check().is_err() && first.check().is_err());
        drop(first);
        let second = Interrupts::defer();
        assert!(second.check().is_ok(), "it was reported");
        interrupt();
        drop(second);
        let third = Interrupts::defer();
        assert!(third.check().is_err(), "nobody took notice of it");
        drop(third);
        assert!(Interrupts::defer().check().is_ok());
        // A worker reports it, and those beside it hear of it too.
        let (whole, worker) = (Interrupts::defer(), Interrupts::defer());
        interrupt();
        assert!(worker.check().is_err());
        drop(worker);
        assert!(whole.check().is_err(), "the whole is not over");
        drop(whole);
        assert!(Interrupts::defer().check().is_ok());
    }
}
