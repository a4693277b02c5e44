//! What an account that can only read a directory can keep others from.

use std::fs::File;

use rustix::fs::{FlockOperation, flock};
use walkdir::WalkDir;

use crate::attacker::{Moment, while_attacked};
use crate::place::{NODE, Place, Whose};

/// Attack 8: it locks all that it can open.
#[test]
fn nobody_who_can_only_read_stops_a_writer_or_delays_a_list() {
    for args in [NODE, "list --certs-dir=certs"] {
        let place = Place::with_ca(Whose::Roots(0o755));
        let attack = |moment: &Moment| {
            let files = WalkDir::new(place.path("")).into_iter().flatten();
            let files: Vec<_> = files.filter_map(|entry| File::open(entry.path()).ok()).collect();
            let lock = |file: &&File| flock(file, FlockOperation::NonBlockingLockExclusive).is_ok();
            let locks = files.iter().filter(lock).count();
            moment.begins();
            while moment.lasts() {
                std::thread::yield_now();
            }
            locks
        };
        let (run, locks) = while_attacked(|| place.run(args), attack);
        assert!(locks > 3, "{locks}");
        assert!(run.status == Some(0) && !run.stderr.contains("lock"), "{args}: {run:?}");
    }
}
