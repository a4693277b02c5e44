//! What the attacker leaves under the program's own names for root to find.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;

use openssl::sha::sha256;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::attacker::attacker;
use crate::place::{CA, NEXT, NODE, OWN, Place, Run, Whose};

const LIST: &str = "list --certs-dir=certs";

/// What a plant is, and what it takes to plant it: it is there before the directory gets its owner and mode.
struct Plant {
    what: &'static str,
    plant: fn(&Place, &Path),
}

const PLANTS: [Plant; 9] = [
    Plant { what: "a file", plant: |_, path| attacker(|| fs::write(path, "x").expect("a file")) },
    Plant {
        what: "a FIFO",
        plant: |_, path| {
            attacker(|| mknodat(CWD, path, FileType::Fifo, Mode::RWXU | Mode::RWXO, 0).expect("a FIFO"));
        },
    },
    Plant {
        what: "a directory of another account",
        plant: |place, path| {
            attacker(|| {
                fs::create_dir(path).expect("a directory");
                fill(path, &fs::read(place.path("certs/ca.crt")).unwrap_or_default());
                fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("a mode");
            });
        },
    },
    Plant {
        what: "a link to a directory of root's",
        plant: |place, path| {
            place.make_dir("precious/dir", Whose::Roots(0o700));
            fill(&place.path("precious/dir"), b"root's");
            attacker(|| symlink(place.path("precious/dir"), path).expect("a link"));
        },
    },
    Plant {
        what: "a link to itself",
        plant: |_, path| attacker(|| symlink(path.file_name().expect("a name"), path).expect("a link")),
    },
    Plant {
        what: "a link to nothing",
        plant: |place, path| attacker(|| symlink(place.path("precious/no"), path).expect("a link")),
    },
    Plant {
        what: "a directory of root's that was moved, without a manifest",
        plant: |_, path| {
            roots_dir(path, 0o700);
            fs::write(path.join("node.key"), "root's").expect("a file");
            fs::write(path.join("backup"), "root's").expect("a file");
        },
    },
    Plant {
        what: "a directory of root's that was moved, with what looks like a manifest",
        plant: |_, path| {
            roots_dir(path, 0o700);
            fill(path, b"root's");
        },
    },
    Plant {
        what: "a directory of root's that is open to others",
        plant: |_, path| {
            roots_dir(path, 0o777);
            fill(path, b"anybody's");
        },
    },
];

fn roots_dir(path: &Path, mode: u32) {
    fs::create_dir(path).expect("a directory");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// Names that the program knows, names that it does not, and lists of names that lead elsewhere.
fn fill(dir: &Path, contents: &[u8]) {
    for name in ["node.key", "node.crt", "ca.crt", "..x", "unknown", "client.root.crt", "ca.key"] {
        fs::write(dir.join(name), contents).expect(name);
    }
    let names = "node.key\nnode.crt\n../../precious/motd\n/etc/passwd\nunknown\n..\n.\n\n";
    fs::write(dir.join("manifest"), names).expect("a manifest");
}

/// Root's next command works, or says what to look at; nothing is followed, shown or taken over.
#[test]
fn what_has_our_names_and_is_not_ours_is_not_followed() {
    for whose in [Whose::Attackers, Whose::Roots(0o1777)] {
        for name in OWN {
            for Plant { what, plant } in PLANTS {
                let place = Place::with_ca(Whose::Roots(0o777));
                place.succeed(NODE);
                let path = place.path("certs").join(name);
                let clean = place.run(LIST);
                plant(&place, &path);
                place.give("certs", whose);
                let was = files(&place.path("certs"));
                let before = place.elsewhere();
                let context = format!("{name} is {what}, {whose:?}");

                let list = place.run(LIST);
                assert!(list.code == Some(0) && list.stdout == clean.stdout, "{context}: {list:?}");
                for args in [NEXT, &format!("{NODE} --overwrite"), &CA.replace("ca.key", "new.key")] {
                    let run = place.run(args);
                    run.ended().expect(&context);
                    says_what_to_look_at(&run, name, &context);
                    place.nothing_stolen().expect(&context);
                }
                let mut kept = place.elsewhere();
                kept.retain(|path, _| before.contains_key(path));
                assert!(kept == before, "{context}: root's files changed");
                let now = files(&place.path("certs"));
                assert!(!now.iter().any(|(_, contents)| contents == b"anybody's"), "{context}: it was taken over");
                let lost = was.iter().find(|file| file.1 == b"root's" && !now.contains(file));
                assert!(lost.is_none(), "{context}: {:?} is gone", lost.map(|file| &file.0));
            }
        }
    }
}

/// An error about a name of ours names it, and the next step.
fn says_what_to_look_at(run: &Run, name: &str, context: &str) {
    let refused = run.code == Some(1) && !run.stderr.contains("file exists");
    let helps = run.stderr.contains(name) && run.stderr.contains("HINT: ");
    assert!(!refused || helps, "{context}: {run:?}");
}

/// The files of a directory itself.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry"));
    let files = entries.filter(|entry| !entry.file_type().expect("a type").is_fifo());
    let files = files.map(|e| (e.file_name().to_string_lossy().into_owned(), fs::read(e.path()).unwrap_or_default()));
    files.collect()
}

/// Attack 3: a link to what records a change of root's, in another directory, with a CA key.
#[test]
fn a_change_of_roots_elsewhere_is_not_followed_through_a_link() {
    for whose in [Whose::Attackers, Whose::Roots(0o1777)] {
        let place = killed(Place::empty(Whose::Roots(0o755)));
        fs::rename(place.path("certs"), place.path("precious/certs")).expect("root's certs directory");
        place.make_dir("certs", Whose::Attackers);
        attacker(|| {
            for entry in fs::read_dir(place.path("precious/certs")).expect("certs").flatten() {
                // What the attacker may read it copies, the rest it links.
                let to = place.path("certs").join(entry.file_name());
                if fs::copy(entry.path(), &to).is_err() {
                    let _ = fs::remove_file(&to);
                    symlink(entry.path(), to).expect("a link");
                }
            }
            fs::write(place.path("certs/ca.crt"), "another").expect("ca.crt");
        });
        place.give("certs", whose);
        let before = place.elsewhere();
        for args in [NEXT, NODE, LIST] {
            place.run(args).ended().expect(args);
            place.kept(&before).expect(args);
            place.nothing_stolen().expect(args);
        }
    }
}

/// Kills `create-ca` when it puts the last file in its place.
fn killed(place: Place) -> Place {
    let log = place.path("log");
    let strace = ["strace", "-f", "-qq", "-o", log.to_str().expect("UTF-8"), "-e"];
    let mut last = None;
    for nth in 1.. {
        let attempt = Place::empty(Whose::Roots(0o755));
        let inject = format!("inject=renameat2,renameat,rename:signal=SIGKILL:when={nth}");
        attempt.run_by(&[&strace[..], &[&inject, "--"]].concat(), CA);
        let log = fs::read_to_string(&log).expect("strace's log");
        if !log.contains("killed by SIGKILL") {
            break;
        }
        let pending = OWN[1..].iter().any(|name| attempt.path("certs").join(name).exists());
        last = pending.then_some(attempt).or(last);
    }
    last.expect("a rename while the change is pending")
}

/// Attack 7: what another account wrote into a journal, as versions before 0.2 had one.
#[test]
fn list_shows_no_file_under_a_name_that_another_account_gave_it() {
    let place = Place::with_ca(Whose::Roots(0o1777));
    place.succeed(NODE);
    let clean = place.run(LIST);
    attacker(|| {
        let evil = fs::read(place.path("certs/ca.crt")).expect("ca.crt").repeat(3);
        fs::write(place.path("certs/.crdb-cert.evil"), &evil).expect("a certificate");
        let journal = journal(&evil, "replace", ".crdb-cert.evil", "ca.crt", 1);
        fs::write(place.path("certs/.crdb-cert.journal"), journal).expect("a journal");
    });
    let list = place.run(LIST);
    assert_eq!((list.code, &list.stdout), (Some(0), &clean.stdout), "{list:?}");
}

/// And how long it may take: what reads 1 MB, or ten thousand names, has no use for five seconds.
#[test]
fn list_ends_soon_whatever_another_account_left() {
    let place = Place::with_ca(Whose::Roots(0o1777));
    attacker(|| {
        let certs = place.path("certs");
        fs::write(certs.join("large"), vec![b'x'; 1 << 20]).expect("a file");
        let journal = journal(b"", "replace", ".crdb-cert.x", "large", 8800);
        fs::write(certs.join(".crdb-cert.journal"), journal).expect("a journal");
        for name in &OWN[..2] {
            fs::create_dir(certs.join(name)).expect("a directory");
            for n in 0..5000 {
                fs::write(certs.join(name).join(format!("client.u{n}.crt")), "").expect("a file");
            }
        }
    });
    let run = place.run_by(&["prlimit", "--cpu=5"], LIST);
    assert_eq!(run.code, Some(0), "{run:?}");
}

/// A journal of so many records.
fn journal(contents: &[u8], policy: &str, staged: &str, target: &str, records: usize) -> String {
    let digest: String = sha256(contents).iter().map(|byte| format!("{byte:02x}")).collect();
    let record = format!("{policy}\0{digest}\0\0{staged}\0{target}\0");
    format!("crdb-cert journal 1\0{}", record.repeat(records))
}
