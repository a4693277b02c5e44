//! Directories that the attacker exchanges for others while root works in them.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use anyhow::ensure;

use crate::attacker::{ID, Moment, attacker, exchange, while_attacked};
use crate::place::{CA, NODE, OWN, Place, STAGED, Whose};
use crate::race::Races;

/// Attack 4: who owns the directory above exchanges the certs directory as it is made, or the directory of the
/// CA key.
#[test]
fn a_directory_that_is_exchanged_changes_nothing_of_roots_and_shows_no_key() {
    let mut races = Races::default();
    for (name, option, bait, times) in [
        ("certs/new", "--certs-dir=certs", "precious/empty", 1),
        ("certs/new", "--certs-dir=certs", "precious", 1),
        ("certs/new", "--certs-dir=certs", "precious/motd", 1),
        ("certs/keys", "--ca-key=safe", "precious", usize::MAX),
    ] {
        races.race(&format!("{name} becomes a link to {bait}"), |_| {
            let place = Place::empty(Whose::Attackers);
            let (flag, _) = option.split_once('=').expect("a flag");
            let mut args = CA.replace(option, &format!("{flag}={name}"));
            if name == "certs/keys" {
                place.make_dir("other", Whose::Roots(0o755));
                place.make_dir(name, Whose::Roots(0o700));
                args = args.replace("--certs-dir=certs", "--certs-dir=other");
            }
            place.make_dir("precious/empty", Whose::Roots(0o755));
            let [path, link] = [name, "certs/link"].map(|name| place.path(name));
            attacker(|| symlink(place.path(bait), &link).expect("a link"));
            let before = place.elsewhere();
            let attack = |moment: &Moment| {
                moment.begins();
                exchange(moment, &path, &link, times)
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

/// Root gives new files to the server's account, and never another file: not through links, nor through
/// directories of root's that the attacker moves under the name.
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
