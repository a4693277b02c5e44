//! Directories where all, or a group, may make files: sticky ones, and those that hand their group on.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use anyhow::{Result, ensure};

use crate::attacker::{ID, Moment, Watch, while_attacked};
use crate::place::{NODE, OWN, Place, STAGED, Whose, is_secret};
use crate::race::Races;

/// World-writable or the group's, sticky or not, with the group handed on or not.
const MODES: [u32; 5] = [0o1777, 0o1775, 0o3777, 0o777, 0o2775];

#[test]
fn new_files_are_the_callers_and_the_key_its_alone() {
    for mode in MODES {
        let place = Place::with_ca(Whose::Roots(mode));
        let run = place.run(NODE);
        assert!(run.status == Some(0), "{mode:o}: {run:?}");
        for (file, file_mode) in [("node.key", 0o600), ("node.crt", 0o644)] {
            let metadata = fs::metadata(place.path("certs").join(file)).expect(file);
            assert_eq!(
                (metadata.uid(), metadata.mode() & 0o7777 & !0o044),
                (0, file_mode & !0o044),
                "{mode:o} {file}"
            );
        }
        place.nothing_stolen().expect("the attacker reads no key");
        assert_eq!(fs::read_dir(place.path("certs")).expect("certs").count(), 3, "{mode:o}");
    }
}

/// Opens everything that appears, under the umask that opens most.
#[test]
fn a_key_on_its_way_cannot_be_opened() {
    let mut races = Races::default();
    for whose in MODES.map(Whose::Roots).into_iter().chain([Whose::Attackers]) {
        races.race(&format!("opening what appears in certs, {whose:?}"), |_| {
            let place = Place::with_ca(whose);
            let certs = place.path("certs");
            let attack = |moment: &Moment| {
                let watch = Watch::of(&certs);
                moment.begins();
                let (mut seen, mut read) = (0, Vec::new());
                while moment.lasts() {
                    for name in watch.appeared() {
                        seen += 1;
                        let name = certs.join(name);
                        let staged = STAGED.iter().map(|file| name.join(file));
                        read.extend(staged.chain([name.clone()]).filter_map(|path| fs::File::open(path).ok()));
                    }
                }
                (seen, read)
            };
            let wrapper = ["sh", "-c", "umask 0; exec \"$@\"", "sh"];
            let (run, (seen, read)) = while_attacked(|| place.run_by(&wrapper, NODE), attack);
            ensure!(run.status == Some(0), "{run:?}");
            let texts = read.into_iter().filter_map(|file| std::io::read_to_string(file).ok());
            ensure!(!texts.into_iter().any(|text| is_secret(text.as_bytes())), "the attacker opened a key");
            place.nothing_stolen()?;
            Ok(seen > 0)
        });
    }
    races.finish();
}

/// The program's names come and go meanwhile, as files, directories and links.
#[test]
fn names_that_others_make_stop_root_at_most() {
    let mut races = Races::default();
    for mode in [0o1777, 0o777] {
        races.race(&format!("the program's names come and go in a directory of mode {mode:o}"), |round| {
            let place = Place::with_ca(Whose::Roots(mode));
            let name = OWN[round % OWN.len()];
            let (path, target) = (place.path("certs").join(name), place.path("precious"));
            let before = place.elsewhere();
            let attack = |moment: &Moment| {
                moment.begins();
                let mut made = 0;
                while moment.lasts() {
                    made += usize::from(match made % 3 {
                        0 => fs::create_dir(&path).is_ok(),
                        1 => symlink(&target, &path).is_ok(),
                        _ => fs::write(&path, "").is_ok(),
                    });
                    let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
                }
                made
            };
            let (run, made) = while_attacked(|| place.run(NODE), attack);
            run.ended()?;
            pair(&place)?;
            place.kept(&before)?;
            place.nothing_stolen()?;
            Ok(made > 0)
        });
    }
    races.finish();
}

/// Both files are there, or neither; and no other account has one.
fn pair(place: &Place) -> Result<()> {
    let files = ["node.key", "node.crt"].map(|file| fs::metadata(place.path("certs").join(file)).ok());
    ensure!(files[0].is_some() == files[1].is_some(), "half a pair");
    ensure!(files.iter().flatten().all(|file| file.uid() != ID), "the attacker has a file");
    Ok(())
}
