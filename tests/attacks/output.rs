//! `verify --output` into a directory of the attacker's.

use std::fs;
use std::os::unix::fs::symlink;

use anyhow::ensure;

use crate::attacker::{Moment, Watch, attacker, while_attacked};
use crate::place::{Place, Whose};
use crate::race::Races;

const VERIFY: &str = "verify --certs-dir=certs --format=prometheus --output=out/certs.prom";

fn place(whose: Whose) -> Place {
    let place = Place::with_ca(Whose::Roots(0o755));
    fs::create_dir(place.path("out")).expect("out");
    place.give("out", whose);
    place
}

#[test]
fn a_link_in_place_of_the_file_leads_root_nowhere() {
    for whose in [Whose::Attackers, Whose::Roots(0o1777), Whose::Roots(0o777)] {
        let place = place(whose);
        attacker(|| symlink("../precious/motd", place.path("out/certs.prom")).expect("a link"));
        let before = place.elsewhere();
        place.succeed(VERIFY);
        place.kept(&before).expect("root's files");
        let written = place.path("out/certs.prom");
        assert!(written.symlink_metadata().expect("the metrics").is_file());
        assert!(fs::read_to_string(written).expect("the metrics").contains("crdb_cert_good"));
        assert_eq!(place.names("out"), ["certs.prom"]);
    }
}

/// Whatever the attacker makes of the unfinished file's name, root writes to what it has created itself, and opens
/// nothing else to others.
#[test]
fn a_link_in_place_of_the_unfinished_file_leads_root_nowhere() {
    let mut races = Races::default();
    races.race("the unfinished file becomes a link", |_| {
        let place = place(Whose::Attackers);
        let (out, motd) = (place.path("out"), place.path("precious/motd"));
        let before = place.elsewhere();
        let attack = |moment: &Moment| {
            let watch = Watch::of(&out);
            moment.begins();
            let mut times = 0;
            while moment.lasts() {
                for name in watch.appeared() {
                    let path = out.join(name);
                    let is_link = path.symlink_metadata().is_ok_and(|file| file.is_symlink());
                    if !is_link && fs::remove_file(&path).is_ok() {
                        times += usize::from(symlink(&motd, &path).is_ok());
                    }
                }
            }
            times
        };
        let (run, times) = while_attacked(|| place.run(VERIFY), attack);
        ensure!(matches!(run.status, Some(0 | 3)), "neither success nor failure: {run:?}");
        place.kept(&before)?;
        place.nothing_stolen()?;
        Ok(times > 0)
    });
    races.finish();
}
