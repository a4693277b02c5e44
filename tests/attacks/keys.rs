//! Keys of root's that an attacker would own, read or have removed.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::attacker::{ID, Moment, Watch, attacker, come_and_go, while_attacked};
use crate::place::{CA, CSR, NEXT, NODE, OWN, Place, Whose};
use crate::race::Races;

/// Attack 1 of the threat model: what records a change is taken away, and comes back when the files are others.
#[test]
fn a_change_that_is_replayed_takes_no_ca_key_away() {
    let mut races = Races::default();
    races.race("changes replayed", |_| {
        let place = Place::empty(Whose::Attackers);
        let certs = place.path("certs");
        let (run, taken) = while_attacked(|| place.run(CA), |moment| take_away(moment, &certs));
        run.ended()?;
        let before = place.elsewhere();
        ensure!(run.status == Some(1) || place.path("safe/ca.key").exists(), "the CA key is gone at once");
        attacker(|| put_back(&certs, &taken));
        place.run(NEXT).ended()?;
        place.kept(&before)?;
        place.nothing_stolen()?;
        Ok(!taken.records.is_empty())
    });
    races.finish();
}

/// What the attacker has taken, by its name, and the names that came.
struct Taken {
    records: Vec<&'static str>,
    names: Vec<PathBuf>,
}

/// Takes away what records a change as soon as it is there.
fn take_away(moment: &Moment, certs: &Path) -> Taken {
    let watch = Watch::of(certs);
    let mut records = Vec::new();
    moment.begins();
    while moment.lasts() {
        // The staging directory stays: without it there is nothing to replay.
        for name in &OWN[1..] {
            let to = certs.join(format!("taken{name}"));
            if renameat_with(CWD, certs.join(name), CWD, to, RenameFlags::NOREPLACE).is_ok() {
                records.push(*name);
            }
        }
    }
    let own = |name: &std::ffi::OsString| name.as_bytes().starts_with(b".crdb-cert.");
    let names = watch.appeared().into_iter().filter(own).map(|name| certs.join(name)).collect();
    Taken { records, names }
}

/// Puts it back, with the certificate under every name that it had on its way, and another one in its place.
fn put_back(certs: &Path, taken: &Taken) {
    let ca = certs.join("ca.crt");
    if let Ok(certificate) = fs::read(&ca) {
        for name in taken.names.iter().filter(|name| !name.exists()) {
            fs::write(name, &certificate).expect("a copy");
        }
        fs::remove_file(&ca).expect("the directory is the attacker's");
        fs::write(&ca, certificate.repeat(2)).expect("another ca.crt");
    }
    for name in &taken.records {
        let _ = fs::remove_file(certs.join(name));
        fs::rename(certs.join(format!("taken{name}")), certs.join(name))
            .expect("the directory is the attacker's");
    }
}

/// Attack 2: a name that somebody else takes at the right moment, in a directory where all may make files.
#[test]
fn a_name_taken_at_the_right_moment_gets_no_key() {
    let mut races = Races::default();
    let overwrite = format!("{NODE} --overwrite");
    for (args, dir, key) in [
        (CA, "safe", "safe/ca.key"),
        (NODE, "certs", "certs/node.key"),
        (&overwrite, "certs", "certs/node.key"),
        (CSR, "certs", "certs/node.key.pending"),
    ] {
        for whose in [Whose::Roots(0o1777), Whose::Roots(0o3775), Whose::Attackers] {
            // With --overwrite a file of the directory's owner stays its own, if nobody else can write there.
            if args == overwrite && matches!(whose, Whose::Attackers) {
                continue;
            }
            races.race(&format!("{key} comes and goes in a directory, {whose:?}, {args}"), |round| {
                let place = if args == CA {
                    Place::empty(Whose::Roots(0o755))
                } else {
                    Place::with_ca(Whose::Roots(0o755))
                };
                place.give(dir, whose);
                let path = place.path(key);
                let attack = |moment: &Moment| {
                    moment.begins();
                    come_and_go(moment, &path, round % 25 * 100)
                };
                let (run, times) = while_attacked(|| place.run(args), attack);
                run.ended()?;
                owned_by_root(&path)?;
                place.nothing_stolen()?;
                // It came and went all along, and the command did all that it does.
                Ok(times > 0 && run.status == Some(0))
            });
        }
    }
    races.finish();
}

/// A directory of root's in the directory of another account, which renames it: nothing in it is taken for
/// ours.
#[test]
fn a_directory_of_roots_that_was_given_our_name_keeps_its_files() {
    for name in [".crdb-cert.new", ".crdb-cert.commit"] {
        for file in ["ca.key", "node.key", "crdb-cert.key", "crdb-cert.new.ca.key"] {
            let place = Place::with_ca(Whose::Attackers);
            place.make_dir("certs/mine", Whose::Roots(0o700));
            fs::write(place.path("certs/mine").join(file), "precious").expect("a file of root's");
            attacker(|| {
                fs::rename(place.path("certs/mine"), place.path("certs").join(name)).expect("its own name")
            });
            for args in [NODE, NEXT, "list --certs-dir=certs"] {
                place.run(args).ended().expect(args);
                let kept = fs::read(place.path("certs").join(name).join(file));
                assert_eq!(kept.expect(file), b"precious", "{name}/{file}: {args}");
            }
        }
    }
}

fn owned_by_root(key: &Path) -> Result<()> {
    if let Ok(metadata) = key.symlink_metadata() {
        ensure!(metadata.uid() != ID || metadata.len() == 0, "the attacker owns {}", key.display());
    }
    Ok(())
}

/// Attack 6: whoever makes an empty file of a key's name does not own the key that replaces it.
#[test]
fn an_empty_key_that_was_planted_gets_no_contents() {
    for mode in [0o1777, 0o1775, 0o3775, 0o777] {
        let place = Place::with_ca(Whose::Roots(0o777));
        attacker(|| fs::write(place.path("certs/node.key"), "").expect("an empty key"));
        place.give("certs", Whose::Roots(mode));
        let run = place.run(&format!("{NODE} --overwrite"));
        assert!(run.status == Some(1), "{mode:o}: {run:?}");
        assert!(
            run.stderr.contains(&format!("node.key belongs to uid {ID}, which does not own certs")),
            "{run:?}"
        );
        assert!(run.stderr.contains("HINT: "), "{run:?}");
        place.nothing_stolen().expect("the attacker reads nothing");
        assert_eq!(fs::read(place.path("certs/node.key")).expect("node.key"), b"", "{mode:o}");
        assert!(!place.path("certs/node.crt").exists(), "{mode:o}");
    }
}

/// The server's account keeps its key, in a directory of its own.
#[test]
fn a_key_of_the_directorys_owner_stays_its_own() {
    let place = Place::with_ca(Whose::Attackers);
    attacker(|| fs::write(place.path("certs/node.key"), "").expect("an empty key"));
    place.succeed(&format!("{NODE} --overwrite"));
    let key = fs::metadata(place.path("certs/node.key")).expect("node.key");
    assert_eq!((key.uid(), key.mode() & 0o7777), (ID, 0o600));
}
