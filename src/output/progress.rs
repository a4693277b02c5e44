//! How far a long command is, for people: one line on the terminal that stderr is, and nothing elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often the line changes, at most.
const PAUSE: Duration = Duration::from_millis(200);
/// The length of the bar, in characters.
const BAR: usize = 30;

/// A line that says how far it is.
pub struct Progress {
    total: usize,
    since: Instant,
    shown: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    /// For so many steps.
    pub fn of(total: usize) -> Self {
        Self { total, since: Instant::now(), shown: None, is_terminal: std::io::stderr().is_terminal() }
    }

    /// So many are done.
    pub fn show(&mut self, done: usize) {
        let now = Instant::now();
        // What is over at once needs no line.
        let last = self.shown.unwrap_or(self.since);
        if self.is_terminal && now.duration_since(last) >= PAUSE {
            self.shown = Some(now);
            let _ =
                write!(std::io::stderr(), "\r{}\x1b[K", line(done, self.total, now.duration_since(self.since)));
        }
    }

    /// Makes room for other lines.
    pub fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// `[=====     ] 40 of 100, about 12 s left`
fn line(done: usize, total: usize, elapsed: Duration) -> String {
    let full = BAR * done / total.max(1);
    let left = elapsed.as_secs_f64() * total.saturating_sub(done) as f64 / done.max(1) as f64;
    let left = match left.ceil() as u64 {
        left @ 0..120 => format!("{left} s"),
        left => format!("{} min", left.div_ceil(60)),
    };
    format!("[{:<BAR$}] {done} of {total}, about {left} left", "=".repeat(full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_estimated_from_what_is_done() {
        let shown = |done, seconds| line(done, 100, Duration::from_secs(seconds));
        assert_eq!(shown(40, 8), format!("[{}{}] 40 of 100, about 12 s left", "=".repeat(12), " ".repeat(18)));
        assert!(shown(10, 60).ends_with("10 of 100, about 9 min left"));
        assert!(shown(0, 1).ends_with("0 of 100, about 100 s left"));
        assert!(shown(100, 1).starts_with(&format!("[{}]", "=".repeat(BAR))));
    }
}
