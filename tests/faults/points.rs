//! Many small tries on a few threads, and one report.

use std::io::Write;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};

/// How many failures are shown.
const SHOWN: usize = 12;

/// Counts what was tried, and collects what went wrong.
#[derive(Default)]
pub struct Points {
    tried: usize,
    failures: Vec<String>,
}

impl Points {
    /// Tries all of them; `name` says what a failure is about.
    pub fn try_all<T: Send>(
        &mut self,
        points: Vec<T>,
        name: impl Fn(&T) -> String + Sync,
        attempt: impl Fn(&T) -> Result<()> + Sync,
    ) {
        self.tried += points.len();
        let queue = Mutex::new(points.into_iter());
        let failures = Mutex::new(&mut self.failures);
        let threads = thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 4));
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let Some(point) = queue.lock().expect("the queue").next() else { return };
                        if let Err(error) = attempt(&point).with_context(|| name(&point)) {
                            failures.lock().expect("the failures").push(format!("{error:#}"));
                        }
                    }
                });
            }
        });
    }

    /// Says how many there were, whether the test's output is captured or not; fails if any failed, or too few
    /// were tried.
    pub fn report(self, what: &str, least: usize) {
        let _ = writeln!(std::io::stdout().lock(), "{what} tried: {}", self.tried);
        let (tried, failed) = (self.tried, self.failures.len());
        let shown = self.failures[..failed.min(SHOWN)].join("\n");
        assert!(failed == 0, "{failed} of {tried} {what} failed:\n{shown}");
        assert!(
            tried >= least,
            "only {tried} {what} were tried, fewer than {least}: does strace see the program?"
        );
    }
}
