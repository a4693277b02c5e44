//! Ctrl-C at the wrong moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};

/// Keeps Ctrl-C and its like from ending the process between two steps, until it is dropped.
pub struct Interrupts {
    seen: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

impl Interrupts {
    pub fn defer() -> Self {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        let interrupts = Self { seen: Arc::default(), over: Arc::default() };
        // A signal that was ignored on purpose (nohup, a shell's background jobs) stays ignored.
        let ignored = ignored_signals();
        for signal in
            [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0)
        {
            // Where a handler cannot be set, the signal ends the process, which the journal is for.
            let _ = signal_hook::flag::register(signal, Arc::clone(&interrupts.seen));
            let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&interrupts.over));
        }
        interrupts
    }

    /// # Errors
    /// If there was one.
    pub fn check(&self) -> Result<()> {
        if self.seen.load(Ordering::Relaxed) {
            bail!("interrupted; nothing was changed");
        }
        Ok(())
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// A bit for each signal that this process was told to ignore.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
