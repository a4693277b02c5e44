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
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
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
