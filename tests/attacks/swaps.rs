//! Directories that the attacker exchanges for others while root works in them.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use anyhow::ensure;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::attacker::{ID, Moment, attacker, exchange, while_attacked};
use crate::place::{CA, NODE, OWN, Place, STAGED, Whose};
use crate::race::Races;

/// Attack 4: who owns the directory above exchanges the certs directory as it is made.
#[test]
fn a_certs_directory_that_is_exchanged_as_it_is_made_changes_nothing_of_roots() {
    let mut races = Races::default();
    for bait in ["precious/empty", "precious", "precious/motd"] {
        races.race(&format!("certs is made, and becomes a link to {bait}"), |_| {
            let place = Place::empty(Whose::Attackers);
            let args = CA.replace("--certs-dir=certs", "--certs-dir=certs/new");
            place.make_dir("precious/empty", Whose::Roots(0o755));
            let (new, link) = (place.path("certs/new"), place.path("certs/link"));
            attacker(|| symlink(place.path(bait), &link).expect("a link"));
            let before = place.elsewhere();
            let attack = |moment: &Moment| {
                moment.begins();
                exchange(moment, &new, &link, 1)
            };
            let (run, times) = while_attacked(|| place.run(&args), attack);
            run.ended()?;
            place.kept(&before)?;
            place.nothing_stolen()?;
            Ok(times > 0)
        });
    }
    races.finish();
}

/// The program's own directories, and what it replaces, become links to root's files, once or all the time.
#[test]
fn what_is_exchanged_for_a_link_changes_nothing_of_roots() {
    let mut races = Races::default();
    let overwrite = format!("{NODE} --overwrite");
    for (name, bait) in [
        (OWN[0], "precious"),
        (OWN[1], "precious"),
        ("node.key", "precious/node.key"),
        ("node.crt", "precious/node.crt"),
    ] {
        for times in [1, usize::MAX] {
            races.race(
                &format!("{name} becomes a link {}", if times == 1 { "once" } else { "all the time" }),
                |_| {
                    let place = Place::with_ca(Whose::Attackers);
                    place.succeed(NODE);
                    let [path, link] = [name, "link"].map(|name| place.path("certs").join(name));
                    attacker(|| symlink(place.path(bait), &link).expect("a link"));
                    let before = place.elsewhere();
                    let attack = |moment: &Moment| {
                        moment.begins();
                        exchange(moment, &path, &link, times)
                    };
                    let (run, times) = while_attacked(|| place.run(&overwrite), attack);
                    run.ended()?;
                    place.kept(&before)?;
                    place.nothing_stolen()?;
                    Ok(times > 0)
                },
            );
        }
    }
    races.finish();
}

/// Root gives new files to the server's account, and never another file: not through links, nor through directories of root's
/// that the attacker moves under the name.
#[test]
fn a_file_that_is_exchanged_as_it_is_given_away_stays_roots() {
    let mut races = Races::default();
    let owner = format!("{NODE} --overwrite --owner=nobody");
    for bait in ["link", "roots"] {
        for name in &OWN[..2] {
            races.race(&format!("{name} becomes {bait}, --owner"), |_| {
                let place = Place::with_ca(Whose::Attackers);
                let [path, other] = [name, bait].map(|name| place.path("certs").join(name));
                if bait == "link" {
                    attacker(|| symlink(place.path("precious"), &other).expect("a link"));
                } else {
                    place.make_dir("certs/roots", Whose::Roots(0o700));
                    for file in STAGED {
                        place.write(&format!("certs/roots/{file}"), b"root's", 0o600);
                    }
                }
                let before = place.elsewhere();
                let attack = |moment: &Moment| {
                    moment.begins();
                    exchange(moment, &path, &other, 1)
                };
                let (run, times) = while_attacked(|| place.run(&owner), attack);
                run.ended()?;
                place.kept(&before)?;
                for dir in [&path, &other] {
                    for file in STAGED {
                        let Ok(contents) = fs::read(dir.join(file)) else { continue };
                        let given = fs::metadata(dir.join(file))?.uid() == ID;
                        ensure!(!(given && contents == b"root's"), "root's {file} was given away");
                    }
                }
                Ok(times > 0)
            });
        }
    }
    races.finish();
}

/// The directory of the CA key, in one of the attacker's.
#[test]
fn a_key_directory_that_is_exchanged_gets_no_litter_and_shows_no_key() {
    let mut races = Races::default();
    races.race("the directory of the CA key becomes a link", |_| {
        let place = Place::empty(Whose::Roots(0o755));
        place.make_dir("attackers", Whose::Attackers);
        place.make_dir("attackers/keys", Whose::Roots(0o700));
        let args = CA.replace("safe/ca.key", "attackers/keys/ca.key");
        let [path, link] = ["keys", "link"].map(|name| place.path("attackers").join(name));
        attacker(|| symlink(place.path("precious"), &link).expect("a link"));
        let before = place.elsewhere();
        let attack = |moment: &Moment| {
            moment.begins();
            let mut times = 0;
            while moment.lasts() {
                times += usize::from(renameat_with(CWD, &path, CWD, &link, RenameFlags::EXCHANGE).is_ok());
            }
            times
        };
        let (run, times) = while_attacked(|| place.run(&args), attack);
        run.ended()?;
        place.kept(&before)?;
        place.nothing_stolen()?;
        Ok(times > 0)
    });
    races.finish();
}
