//! What the attacker leaves under the program's own names for root to find.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use openssl::sha::sha256;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::attacker::attacker;
use crate::place::{CA, NEXT, NODE, OWN, Place, Run, STAGED, Whose, set_mode};

const LIST: &str = "list --certs-dir=certs";

/// What a plant is, and what it takes to plant it: it is there before the directory gets its owner and mode.
struct Plant {
    what: &'static str,
    plant: fn(&Place, &Path),
}

const PLANTS: [Plant; 12] = [
    Plant { what: "a file", plant: |_, path| attacker(|| fs::write(path, "x").expect("a file")) },
    Plant {
        what: "a FIFO",
        plant: |_, path| {
            attacker(|| mknodat(CWD, path, FileType::Fifo, Mode::RWXU | Mode::RWXO, 0).expect("a FIFO"));
        },
    },
    Plant {
        what: "a directory of another account",
        plant: |_, path| {
            attacker(|| {
                fs::create_dir(path).expect("a directory");
                fill(path, "node.crt");
                set_mode(path, 0o700);
            });
        },
    },
    Plant {
        what: "a link to a directory of root's",
        plant: |place, path| {
            roots_dir(&place.path("precious/dir"), 0o700, "node.crt");
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
        what: "a backup of root's",
        plant: |_, path| {
            fs::create_dir(path).expect("a directory");
            set_mode(path, 0o700);
            for file in BACKUP {
                fs::write(path.join(file), "root's").expect(file);
            }
        },
    },
    Plant {
        what: "a directory of root's with a FIFO for a list",
        plant: |_, path| {
            fs::create_dir(path).expect("a directory");
            set_mode(path, 0o700);
            mknodat(CWD, path.join(MANIFEST), FileType::Fifo, Mode::RWXU, 0).expect("a FIFO");
        },
    },
    Plant {
        what: "a directory of root's that is open to others",
        plant: |_, path| roots_dir(path, 0o777, "node.crt"),
    },
    Plant { what: "a list that leads elsewhere", plant: |_, path| roots_dir(path, 0o700, "../precious/motd") },
    Plant { what: "a list of an unknown name", plant: |_, path| roots_dir(path, 0o700, "unknown") },
    Plant { what: "a list of the CA's key", plant: |_, path| roots_dir(path, 0o700, "ca.key") },
];

const BACKUP: [&str; 3] = ["node.key", "node.crt", "backup"];
const MANIFEST: &str = STAGED[0];

fn roots_dir(path: &Path, mode: u32, name: &str) {
    fs::create_dir(path).expect("a directory");
    fill(path, name);
    set_mode(path, mode);
}

/// A change that would give this name a file of somebody else's.
fn fill(dir: &Path, name: &str) {
    fs::write(dir.join(format!("crdb-cert.new.{}", name.replace('/', "_"))), OTHERS).expect("a file");
    let digest = hex(&sha256(OTHERS));
    let list = format!("crdb-cert manifest 1\0replace\0{digest}\0{name}\0");
    fs::write(dir.join(MANIFEST), list).expect("a list");
}

/// What stands in the files of such a change.
const OTHERS: &[u8] = b"somebody else's";

/// Root's next command works, or says what to look at; nothing is followed, shown or taken over.
#[test]
fn what_has_our_names_and_is_not_ours_is_not_followed() {
    let mut failures = Vec::new();
    for whose in [Whose::Attackers, Whose::Roots(0o1777)] {
        for name in OWN {
            for plant in PLANTS {
                let context = || format!("{name} is {}, {whose:?}", plant.what);
                failures.extend(find(whose, name, plant.plant).with_context(context).err());
            }
        }
    }
    let failures: Vec<_> = failures.iter().map(|failure| format!("{failure:#}")).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Root works where this was planted.
fn find(whose: Whose, name: &str, plant: fn(&Place, &Path)) -> Result<()> {
    let place = Place::with_ca(Whose::Roots(0o777));
    place.succeed(NODE);
    let path = place.path("certs").join(name);
    let clean = place.run(LIST);
    plant(&place, &path);
    place.give("certs", whose);
    let before = place.elsewhere();
    let backup = || BACKUP.iter().filter(|file| path.join(file).exists()).count();
    let had = backup();

    let list = place.run(LIST);
    ensure!(list.status == Some(0) && list.stdout == clean.stdout, "{list:?}");
    for args in [NEXT, &format!("{NODE} --overwrite"), &CA.replace("ca.key", "new.key")] {
        let run = place.run(args);
        run.ended()?;
        says_what_to_look_at(&run, name)?;
        place.nothing_stolen()?;
    }
    let mut kept = place.elsewhere();
    kept.retain(|path, _| before.contains_key(path));
    ensure!(kept == before, "root's files changed");
    for entry in fs::read_dir(place.path("certs"))?.flatten().filter(|entry| entry.path().is_file()) {
        ensure!(fs::read(entry.path())? != OTHERS, "it was followed: {}", entry.path().display());
    }
    ensure!(backup() == had, "root's backup lost files");
    Ok(())
}

/// An error about a name of ours names it, and the next step.
fn says_what_to_look_at(run: &Run, name: &str) -> Result<()> {
    let refused = run.status == Some(1) && !run.stderr.contains("file exists");
    ensure!(!refused || run.stderr.contains(name) && run.stderr.contains("HINT: "), "{run:?}");
    Ok(())
}

/// Attack 3: a link to what records a change of root's, in another directory, with a CA key.
#[test]
fn a_change_of_roots_elsewhere_is_not_followed_through_a_link() {
    for whose in [Whose::Attackers, Whose::Roots(0o1777)] {
        for place in killed() {
            fs::rename(place.path("certs"), place.path("precious/certs")).expect("root's certs directory");
            place.make_dir("certs", Whose::Attackers);
            attacker(|| link_or_copy(&place));
            place.give("certs", whose);
            // What the killed command left beside the CA key is litter, which the next command sweeps.
            let mut before = place.elsewhere();
            before.retain(|path, _| !path.starts_with("safe/.crdb-cert.new"));
            for args in [NEXT, NODE, LIST] {
                place.run(args).ended().expect(args);
                place.kept(&before).expect(args);
                place.nothing_stolen().expect(args);
            }
        }
    }
}

/// What the attacker may read of root's it copies, the rest it links.
fn link_or_copy(place: &Place) {
    for entry in fs::read_dir(place.path("precious/certs")).expect("certs").flatten() {
        let to = place.path("certs").join(entry.file_name());
        if fs::copy(entry.path(), &to).is_err() {
            let _ = fs::remove_file(&to);
            symlink(entry.path(), to).expect("a link");
        }
    }
    fs::write(place.path("certs/ca.crt"), "another").expect("ca.crt");
}

/// Kills `create-ca` at every call while its change is recorded.
fn killed() -> Vec<Place> {
    let mut all = Vec::new();
    for call in ["fsync", "linkat", "renameat2", "unlinkat"] {
        for nth in 1.. {
            let place = Place::empty(Whose::Roots(0o755));
            let log = place.path("log");
            let inject = format!("inject={call}:signal=SIGKILL:when={nth}");
            let strace = ["strace", "-f", "-qq", "-o", log.to_str().expect("UTF-8"), "-e", &inject, "--"];
            place.run_by(&strace, CA);
            let calls = fs::read_to_string(&log).expect("strace's log");
            // It has the keys in it.
            fs::remove_file(&log).expect("strace's log");
            if !calls.contains("killed by SIGKILL") {
                break;
            }
            if OWN[1..].iter().any(|name| place.path("certs").join(name).exists()) {
                all.push(place);
            }
        }
    }
    assert!(!all.is_empty(), "a change is recorded at some moment");
    all
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
    assert_eq!((list.status, &list.stdout), (Some(0), &clean.stdout), "{list:?}");
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
    assert_eq!(run.status, Some(0), "{run:?}");
}

/// A journal of so many records.
fn journal(contents: &[u8], policy: &str, staged: &str, target: &str, records: usize) -> String {
    let digest = hex(&sha256(contents));
    let record = format!("{policy}\0{digest}\0\0{staged}\0{target}\0");
    format!("crdb-cert journal 1\0{}", record.repeat(records))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Servers and clients send their certificates to everybody. Who puts a copy where root renews must not get a
/// key for it.
#[test]
fn a_copy_of_somebodys_certificate_is_not_renewed() {
    let roots = Place::with_ca(Whose::Roots(0o700));
    roots.succeed(&NEXT.replace("bob", "root"));
    let copy = fs::read(roots.path("certs/client.root.crt")).expect("a certificate");
    for whose in [Whose::Attackers, Whose::Roots(0o775), Whose::Roots(0o1777)] {
        for file in ["client.root.crt", "client.nobody.crt"] {
            let place = Place::with_ca(whose);
            attacker(|| fs::write(place.path("certs").join(file), &copy).expect(file));
            let before = place.snapshot_of("certs");
            let run = place.run("renew --certs-dir=certs --ca-key=safe/ca.key");
            assert!(run.status == Some(1), "{whose:?}: {run:?}");
            assert!(run.stderr.contains("without it this may be anybody's certificate"), "{whose:?}: {run:?}");
            assert_eq!(place.snapshot_of("certs"), before, "{whose:?}");
            place.nothing_stolen().expect("the attacker reads no key");
        }
    }
}
