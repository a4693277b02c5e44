//! Signals at the wrong moment: Ctrl-C and its like, and the one for a file that is too large.

use std::cell::Cell;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::flag::{register, register_conditional_default};

/// Was there one while they were deferred?
static SEEN: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Do they end the process? Handlers stay for good, and all of them run: there is one set, with one answer.
static AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let at_once = Arc::new(AtomicBool::new(true));
    let ignored = ignored();
    for signal in
        [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0)
    {
        // Where a handler cannot be set, the signal ends the process, which the journal is for.
        let _ = register(signal, Arc::clone(&SEEN));
        let _ = register_conditional_default(signal, Arc::clone(&at_once));
    }
    at_once
});

/// The signals that whoever started us wants ignored, as `nohup` does: a handler would take notice of them. Signal 1 is bit 0.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Makes a file that grows beyond the limit of the process (`ulimit -f`) an error of the write, and not the end of the process.
pub fn survive_file_size_limit() {
    if ignored() >> (SIGXFSZ - 1) & 1 == 0 {
        // Where a handler cannot be set, the signal ends the process, as any other may.
        let _ = register(SIGXFSZ, Arc::default());
    }
}

/// Keeps Ctrl-C and its like from ending the process between two steps, until it is dropped.
pub struct Interrupts {
    reported: Cell<bool>,
}

impl Interrupts {
    /// From here on.
    pub fn defer() -> Self {
        AT_ONCE.store(false, Ordering::Relaxed);
        Self { reported: Cell::new(false) }
    }

    /// # Errors
    /// If there was one: now, or too late for those who deferred them before to take notice of it.
    pub fn check(&self) -> Result<()> {
        if SEEN.load(Ordering::Relaxed) {
            self.reported.set(true);
            bail!("interrupted; nothing was changed");
        }
        Ok(())
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        if self.reported.get() {
            SEEN.store(false, Ordering::Relaxed);
        }
        AT_ONCE.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::low_level::raise;

    use super::*;

    #[test]
    fn an_interruption_is_reported_once() {
        let interrupt = || raise(SIGINT).expect("a signal");
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
    }
}
