//! `verify --output` and `export --out` into a directory of the attacker's.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use anyhow::ensure;

use crate::attacker::{Moment, Watch, attacker, while_attacked};
use crate::place::{NODE, Place, SECRET, Whose};
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

/// Whatever the attacker makes of the unfinished file's name, root writes to what it has created itself, and
/// opens nothing else to others.
#[test]
fn a_link_in_place_of_the_unfinished_file_leads_root_nowhere() {
    let mut races = Races::default();
    races.race("the unfinished file becomes a link", |_| {
        let place = place(Whose::Attackers);
        let (out, motd) = (place.path("out"), place.path("precious/motd"));
        let before = place.elsewhere();
        let attack = |moment: &Moment| {
            replace(moment, &out, |file| !file.is_symlink(), |path| symlink(&motd, path).is_ok())
        };
        let (run, times) = while_attacked(|| place.run(VERIFY), attack);
        ensure!(matches!(run.status, Some(0 | 3)), "neither success nor failure: {run:?}");
        place.kept(&before)?;
        place.nothing_stolen()?;
        Ok(times > 0)
    });
    races.finish();
}

/// Puts something in place of each file of root's that appears there, and says how often that went well.
fn replace(
    moment: &Moment,
    dir: &Path,
    is_roots: impl Fn(&Metadata) -> bool,
    put: impl Fn(&Path) -> bool,
) -> usize {
    let watch = Watch::of(dir);
    moment.begins();
    let mut times = 0;
    while moment.lasts() {
        for path in watch.appeared().into_iter().map(|name| dir.join(name)) {
            let is_there = path.symlink_metadata().is_ok_and(|file| is_roots(&file));
            times += usize::from(is_there && fs::remove_file(&path).is_ok() && put(&path));
        }
    }
    times
}

const EXPORT: &str = "export pem node --certs-dir=certs --out=out/node.pem";

/// A node whose certificate has the secret in it, which only root may read.
fn with_key(whose: Whose) -> Place {
    let place = place(whose);
    place.give("certs", Whose::Roots(0o700));
    place.succeed(&NODE.replace("localhost", &format!("{SECRET}.example")));
    place
}

#[test]
fn an_exported_key_is_roots_alone_wherever_it_goes() {
    for whose in [Whose::Attackers, Whose::Roots(0o1777), Whose::Roots(0o777)] {
        let place = with_key(whose);
        place.succeed(EXPORT);
        place.nothing_stolen().expect("a key");
        let written = place.path("out/node.pem").metadata().expect("the key");
        assert_eq!((written.uid(), written.mode() & 0o7777), (0, 0o600));
        // Neither is a link of the attacker's followed, nor a file of the attacker's filled.
        let before = place.elsewhere();
        for is_link in [true, false] {
            fs::remove_file(place.path("out/node.pem")).expect("removed");
            let path = place.path("out/node.pem");
            let plant = || if is_link { symlink("../precious/motd", &path) } else { fs::write(&path, "mine") };
            attacker(plant).expect("planted");
            assert_eq!(place.run(EXPORT).status, Some(1), "{whose:?}");
            place.succeed(&format!("{EXPORT} --overwrite"));
            place.kept(&before).expect("root's files");
            place.nothing_stolen().expect("a key");
            let written = place.path("out/node.pem").symlink_metadata().expect("the key");
            assert_eq!((written.is_file(), written.uid(), written.mode() & 0o7777), (true, 0, 0o600));
        }
        assert_eq!(place.names("out"), ["node.pem"]);
    }
}

/// Whatever the attacker makes of the unfinished file's name, the key is never in a file that the attacker can
/// read.
#[test]
fn an_unfinished_key_that_is_swapped_is_not_read() {
    let mut races = Races::default();
    races.race("the unfinished key becomes a file of the attacker's", |_| {
        let place = with_key(Whose::Attackers);
        let out = place.path("out");
        let before = place.elsewhere();
        let attack = |moment: &Moment| {
            replace(moment, &out, |file| file.uid() == 0, |path| fs::write(path, "mine").is_ok())
        };
        let (run, times) = while_attacked(|| place.run(EXPORT), attack);
        ensure!(matches!(run.status, Some(0 | 1)), "neither success nor failure: {run:?}");
        place.kept(&before)?;
        place.nothing_stolen()?;
        Ok(times > 0)
    });
    races.finish();
}

/// Who owns a directory can give root's key in it another name. Nobody gets it that way.
#[test]
fn an_exported_key_of_roots_with_another_name_is_not_given_away() {
    for (whose, given) in [(Whose::Attackers, false), (Whose::Roots(0o777), true)] {
        let place = with_key(Whose::Roots(0o755));
        place.give("certs", whose);
        attacker(|| {
            for kind in ["crt", "key"] {
                let name = |name: &str| place.path(&format!("certs/{name}.{kind}"));
                fs::rename(name("node"), name("client.bob")).expect("another name");
            }
        });
        for what in ["pem", "pkcs8"] {
            let args = format!("export {what} bob --certs-dir=certs --out=out/bob");
            let run = place.run(&format!("{args} --owner=nobody"));
            assert!(run.status == Some(1) && run.stderr.contains("others could have put it there"), "{run:?}");
            assert!(run.stderr.contains("HINT: leave --owner out"), "{run:?}");
            assert!(!place.path("out/bob").exists());
            // Root can have what is root's.
            place.succeed(&args);
            fs::remove_file(place.path("out/bob")).expect("removed");
        }
        if given {
            place.give("certs", Whose::Roots(0o755));
            place.succeed("export pem bob --certs-dir=certs --out=out/bob --owner=nobody");
        }
    }
}

/// A directory on the way to the file may be the attacker's link, too.
#[test]
fn a_link_on_the_way_to_the_file_is_not_followed() {
    let place = with_key(Whose::Attackers);
    place.make_dir("mine", Whose::Attackers);
    attacker(|| {
        symlink("../precious", place.path("out/there")).expect("a link");
        symlink("../mine", place.path("out/own")).expect("a link");
    });
    let before = place.elsewhere();
    for args in [
        "export pem node --certs-dir=certs --overwrite --out=out/there/motd",
        "export kubernetes --layout=cert-manager --issuer=a --host=b --certs-dir=certs --overwrite --out=out/there/motd",
        "verify --certs-dir=certs --output=out/there/motd",
    ] {
        let run = place.run(args);
        assert!(run.status != Some(0) && run.stderr.contains("a symbolic link of uid"), "{args}: {run:?}");
        place.kept(&before).unwrap_or_else(|error| panic!("{args}: {error:#}"));
    }
    // It may lead to what is its owner's, as its owner could go there itself.
    place.succeed("export pem node --certs-dir=certs --out=out/own/node.pem");
}
