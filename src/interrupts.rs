//! Ctrl-C at the wrong moment.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
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

/// Keeps Ctrl-C and its like from ending the process between two steps, until it is dropped.
pub struct Interrupts(());

impl Interrupts {
    pub fn defer() -> Self {
        AT_ONCE.store(false, Ordering::Relaxed);
        Self(())
    }

    /// # Errors
    /// If there was one, now or when they were deferred before.
    pub fn check(&self) -> Result<()> {
        if SEEN.load(Ordering::Relaxed) {
            bail!("interrupted; nothing was changed");
        }
        Ok(())
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        AT_ONCE.store(true, Ordering::Relaxed);
    }
}
