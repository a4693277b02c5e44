//! `apply`: a whole fleet in a directory that the attacker owns or can write to.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Result, ensure};
use rustix::fs::{CWD, Mode, mkfifoat};

use crate::attacker::{Moment, attacker, exchange, while_attacked};
use crate::place::{Place, Whose};
use crate::race::Races;
use crate::support::Run;

const APPLY: &str = "apply cluster.yml --certs-dir=certs --ca-key=safe/ca.key --out=fleet";
const MANIFEST: &str = "{defaults: {key-algorithm: ecdsa}, nodes: [a, b], clients: [root]}";
const LOCK: &str = "fleet/.crdb-cert.fleet";
/// Who can write to the fleet's directory.
const WRITABLE: [Whose; 3] = [Whose::Attackers, Whose::Roots(0o777), Whose::Roots(0o1777)];

/// A CA of root's and a manifest; the fleet's directory is somebody's, and what is in it, root's files that
/// look like a fleet too.
fn place(fleet: Whose) -> Place {
    let place = Place::with_ca(Whose::Roots(0o755));
    place.write("cluster.yml", MANIFEST.as_bytes(), 0o644);
    place.make_dir("fleet", fleet);
    for dir in ["precious/a", "precious/nodes", "precious/nodes/a", "precious/nodes/old"] {
        place.make_dir(dir, Whose::Roots(0o755));
    }
    for dir in ["precious/a", "precious/nodes/a", "precious/nodes/old"] {
        for file in ["node.key", "node.crt"] {
            place.write(&format!("{dir}/{file}"), b"root's", 0o640);
        }
    }
    place
}

/// With a fleet that was made before, in which the node `old` is not in the manifest any more, and `a` is to be
/// renewed.
fn made(fleet: Whose) -> Place {
    let place = place(Whose::Roots(0o700));
    place.write("old.yml", MANIFEST.replace("[a,", "[a, old,").as_bytes(), 0o644);
    place.succeed(&APPLY.replace("cluster", "old"));
    place.write("cluster.yml", MANIFEST.replace("[a,", "[{name: a, hosts: [c]},").as_bytes(), 0o644);
    place.give("fleet", fleet);
    place
}

/// Root's files are as before, and no key is the attacker's.
fn held(place: &Place, run: &Run, before: &crate::support::Snapshot) -> Result<()> {
    run.ended()?;
    place.kept(before)?;
    place.nothing_stolen()
}

/// Makes a directory of the attacker's that waits for a key.
fn trap(path: &Path) {
    attacker(|| {
        fs::create_dir(path).expect("a directory");
        for file in ["node.key", "node.crt", "ca.crt"] {
            fs::write(path.join(file), "").expect("an empty file");
        }
    });
}

#[test]
fn a_folder_that_was_planted_gets_no_key() {
    for whose in WRITABLE {
        for mode in [0o755, 0o777] {
            let place = place(whose);
            attacker(|| fs::create_dir(place.path("fleet/nodes")).expect("nodes"));
            let folder = place.path("fleet/nodes/a");
            trap(&folder);
            attacker(|| crate::place::set_mode(&folder, mode));
            let before = place.elsewhere();
            let run = place.run(APPLY);
            held(&place, &run, &before).unwrap_or_else(|error| panic!("{whose:?}: {error:#}"));
            assert_eq!(run.status, Some(1), "{run:?}");
            assert!(run.stderr.contains("fleet/nodes/a belongs to "), "{run:?}");
            assert_eq!(fs::read(folder.join("node.key")).expect("node.key"), b"");
            assert!(place.path("fleet/nodes/b/node.crt").exists(), "the others are not done: {run:?}");
        }
    }
}

#[test]
fn links_in_the_place_of_folders_are_not_followed() {
    for whose in WRITABLE {
        for (name, target) in [
            ("fleet/nodes", "precious/nodes"),
            ("fleet/clients", "precious"),
            ("fleet/tenants", "precious/nodes"),
            ("fleet/ui", "precious/a"),
        ] {
            for more in ["", " --prune", " --ca-only", " --dry-run"] {
                let place = place(whose);
                attacker(|| symlink(place.path(target), place.path(name)).expect("a link"));
                let before = place.elsewhere();
                let run = place.run(&format!("{APPLY}{more}"));
                held(&place, &run, &before).unwrap_or_else(|error| panic!("{name} {whose:?}{more}: {error:#}"));
            }
        }
    }
}

/// In folders that anybody can write to, too.
#[test]
fn links_in_the_place_of_files_are_not_followed() {
    for (folder, more) in [("a", ""), ("a", " --ca-only"), ("old", " --prune"), ("a", " --prune")] {
        let place = made(Whose::Roots(0o755));
        place.give("fleet/nodes", Whose::Roots(0o755));
        place.give(&format!("fleet/nodes/{folder}"), Whose::Roots(0o777));
        for file in ["node.key", "node.crt", "ca.crt", "client.bob.key"] {
            attacker(|| {
                let path = place.path(&format!("fleet/nodes/{folder}")).join(file);
                let _ = fs::remove_file(&path);
                symlink(place.path("precious").join(file), path).expect("a link");
            });
        }
        let before = place.elsewhere();
        let run = place.run(&format!("{APPLY}{more}"));
        held(&place, &run, &before).unwrap_or_else(|error| panic!("{folder}{more}: {error:#}"));
    }
}

#[test]
fn what_has_the_name_of_the_lock_is_not_used() {
    type Plant = (&'static str, fn(&Place));
    let plants: [Plant; 4] = [
        ("a directory", |place| fs::create_dir(place.path(LOCK)).expect("a directory")),
        ("a link", |place| symlink(place.path("precious"), place.path(LOCK)).expect("a link")),
        ("a file", |place| fs::write(place.path(LOCK), "").expect("a file")),
        ("a FIFO", |place| mkfifoat(CWD, place.path(LOCK), Mode::RWXU).expect("a FIFO")),
    ];
    for whose in WRITABLE {
        for (what, plant) in plants {
            let place = place(whose);
            attacker(|| plant(&place));
            let before = place.snapshot();
            let run = place.run(APPLY);
            assert_eq!(run.status, Some(1), "{what}: {run:?}");
            assert!(run.stderr.contains(".crdb-cert.fleet belongs to uid 65534"), "{what}: {run:?}");
            assert!(run.stderr.contains("HINT: "), "{what}: {run:?}");
            assert!(place.snapshot() == before, "{what}: something changed");
        }
    }
}

/// Whoever can rename the folders decides what would be removed.
#[test]
fn nothing_is_pruned_where_others_can_rename_it() {
    for (dir, whose) in
        [("fleet", Whose::Attackers), ("fleet", Whose::Roots(0o777)), ("fleet/nodes", Whose::Attackers)]
    {
        let place = made(Whose::Roots(0o755));
        place.give(dir, whose);
        attacker(|| {
            if dir == "fleet" {
                fs::rename(place.path("fleet/clients"), place.path("fleet/tenants")).expect("a new name");
            }
        });
        let run = place.run(&format!("{APPLY} --prune"));
        assert_eq!(run.status, Some(1), "{run:?}");
        assert!(run.stderr.contains(" --prune removes nothing"), "{run:?}");
        assert!(place.path("fleet/nodes/old/node.key").exists(), "{dir}: it was removed");
        let moved = place.path("fleet/tenants/root/client.root.key");
        assert!(moved.exists() || dir != "fleet", "a folder that was renamed is gone");
    }
}

/// A folder, what it is in, and the directory of all, exchanged while root works there.
#[test]
fn directories_that_are_exchanged_change_nothing_of_roots_and_get_no_key() {
    let mut races = Races::default();
    for (name, bait, more) in [
        ("fleet/nodes/a", "precious/a", ""),
        ("fleet/nodes/a", "trap", ""),
        ("fleet/nodes", "precious/nodes", ""),
        ("fleet/nodes", "precious/nodes", " --prune"),
        ("fleet/nodes/old", "precious/nodes/old", " --prune"),
        (LOCK, "precious", ""),
    ] {
        races.race(&format!("{name} becomes {bait}{more}"), |_| {
            let place = made(Whose::Attackers);
            if name.starts_with("fleet/nodes/") {
                place.give("fleet/nodes", Whose::Attackers);
                place.give("fleet", Whose::Roots(0o755));
            }
            let path = place.path(name);
            let other = path.with_file_name("other");
            if bait == "trap" {
                trap(&other);
            } else {
                attacker(|| symlink(place.path(bait), &other).expect("a link"));
            }
            let before = place.elsewhere();
            let attack = |moment: &Moment| {
                moment.begins();
                exchange(moment, &path, &other, usize::MAX)
            };
            let (run, times) = while_attacked(|| place.run(&format!("{APPLY}{more}")), attack);
            held(&place, &run, &before)?;
            Ok(times > 0)
        });
    }
    races.finish();
}

/// Who owns the directory above exchanges the fleet's as it is made.
#[test]
fn a_fleet_that_is_exchanged_as_it_is_made_changes_nothing_of_roots() {
    let mut races = Races::default();
    for bait in ["precious", "precious/empty"] {
        races.race(&format!("the fleet is made, and becomes a link to {bait}"), |_| {
            let place = place(Whose::Attackers);
            place.make_dir("precious/empty", Whose::Roots(0o755));
            let (new, link) = (place.path("fleet/new"), place.path("fleet/link"));
            attacker(|| symlink(place.path(bait), &link).expect("a link"));
            let before = place.elsewhere();
            let attack = |moment: &Moment| {
                moment.begins();
                exchange(moment, &new, &link, 1)
            };
            let args = APPLY.replace("--out=fleet", "--out=fleet/new");
            let (run, times) = while_attacked(|| place.run(&args), attack);
            held(&place, &run, &before)?;
            let owned = place.snapshot_of("fleet/link");
            ensure!(times == 0 || !owned.is_empty(), "it is gone");
            Ok(times > 0)
        });
    }
    races.finish();
}
