//! Hundreds of rounds, and how many the attacker won.

use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::Result;

/// How many rounds a race has; `CRDB_CERT_ROUNDS` says otherwise for a quick look.
static ROUNDS: LazyLock<usize> = LazyLock::new(|| {
    let rounds = std::env::var("CRDB_CERT_ROUNDS").ok();
    rounds.map_or(500, |rounds| rounds.parse().expect("CRDB_CERT_ROUNDS"))
});
/// How many wins are shown.
const SHOWN: usize = 5;

/// Races of one kind; all are run before any of them fails the test.
#[derive(Default)]
pub struct Races(Vec<String>);

impl Races {
    /// Runs the rounds of a race: each says whether the attacker's moment came, and fails if the attacker won.
    pub fn race(&mut self, what: &str, round: impl Fn(usize) -> Result<bool>) {
        /// The attacker needs a processor of its own.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut hits, mut wins) = (0, Vec::new());
        let rounds = *ROUNDS;
        for number in 0..rounds {
            match round(number) {
                Ok(hit) => hits += usize::from(hit),
                Err(win) => wins.push(format!("{win:#}")),
            }
        }
        let (hits, won) = (hits + wins.len(), wins.len());
        let line = format!("{what}: {rounds} rounds, {hits} in time, {won} won by the attacker");
        let _ = writeln!(std::io::stdout().lock(), "{line}");
        if won > 0 {
            self.0.push(format!("{line}: {}", wins[..won.min(SHOWN)].join("\n")));
        } else if hits < rounds / 50 {
            self.0.push(format!("{line}: too few to prove anything"));
        }
    }

    /// Fails if the attacker won any.
    pub fn finish(self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}
