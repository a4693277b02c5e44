//! `csr`, `sign` and `import` where another account can write: requests, keys that wait, and answers of a CA.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, ensure};
use openssl::x509::{X509, X509Req};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::attacker::{ID, Moment, attacker, come_and_go, exchange, while_attacked};
use crate::place::{CSR, Whose};
use crate::race::Races;
use crate::waiting::{NAMES, PLANTS, ROOTS, USERS, held, prepare, waiting};

const IMPORT: &str = "import certs/answer.pem --certs-dir=certs";
const SIGN: &str =
    "sign certs/node.csr --as=node --host=localhost --overwrite --certs-dir=ca --ca-key=safe/ca.key";
/// Who can write to the directory.
const WRITABLE: [Whose; 3] = [Whose::Attackers, Whose::Roots(0o777), Whose::Roots(0o1777)];

#[test]
fn what_is_planted_for_requests_keys_and_answers_gets_nothing() {
    prepare();
    let mut failures = Vec::new();
    for whose in WRITABLE {
        for (name, roots) in NAMES {
            for plant in PLANTS {
                for args in [IMPORT, "--overwrite --owner=nobody", SIGN, CSR, "--overwrite"] {
                    let args = match args {
                        "--overwrite --owner=nobody" => format!("{IMPORT} {args}"),
                        "--overwrite" => format!("{CSR} {args}"),
                        args => args.to_owned(),
                    };
                    // An account's own key is replaced by another of its own.
                    if args.starts_with(CSR) && args != CSR && plant.what == "the attacker's own" {
                        continue;
                    }
                    let place = waiting(whose);
                    let path = place.path(name);
                    fs::remove_file(&path).expect(name);
                    // In a sticky directory of root's, too: it was there first.
                    place.give("certs", Whose::Attackers);
                    attacker(|| (plant.plant)(&place, roots, &path));
                    place.give("certs", whose);
                    let before = place.elsewhere();
                    let run = place.run(&args);
                    let context = || format!("{name} is {}, {whose:?}, {args}: {run:?}", plant.what);
                    failures.extend(held(&place, &run, &before).with_context(context).err());
                }
            }
        }
    }
    let failures: Vec<_> = failures.iter().map(|failure| format!("{failure:#}")).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_exchanged_while_it_is_read_gets_nothing() {
    prepare();
    let mut races = Races::default();
    let [waits, asks, answer] = NAMES;
    let [fifo, _, link, .., own] = PLANTS;
    for (args, (name, roots), plant) in [
        (IMPORT, waits, fifo),
        (IMPORT, waits, link),
        (IMPORT, waits, own),
        (IMPORT, asks, link),
        (IMPORT, asks, own),
        (IMPORT, answer, link),
        (IMPORT, answer, own),
        (SIGN, asks, link),
        (SIGN, asks, own),
    ] {
        races.race(&format!("{name} becomes {}, {args}", plant.what), |_| {
            let place = waiting(Whose::Attackers);
            let [path, other] = [place.path(name), place.path("certs/other")];
            attacker(|| (plant.plant)(&place, roots, &other));
            let before = place.elsewhere();
            let attack = |moment: &Moment| {
                moment.begins();
                exchange(moment, &path, &other, usize::MAX)
            };
            let (run, times) = while_attacked(|| place.run(args), attack);
            held(&place, &run, &before)?;
            Ok(times > 0)
        });
    }
    races.finish();
}

/// The directory of the files, in one of the attacker's, becomes a link to one of root's.
#[test]
fn a_directory_of_requests_that_is_exchanged_changes_nothing_of_roots() {
    prepare();
    let mut races = Races::default();
    for args in [CSR, IMPORT, SIGN] {
        let args = args.replace("=certs", "=certs/in").replace(" certs/", " certs/in/");
        races.race(&format!("certs/in becomes a link, {args}"), |_| {
            let place = waiting(Whose::Attackers);
            place.make_dir("certs/in", Whose::Roots(0o755));
            let is_asking = args.starts_with("csr");
            for (name, _) in NAMES.iter().filter(|_| !is_asking) {
                let to = name.replace("certs/", "certs/in/");
                fs::rename(place.path(name), place.path(&to)).expect(name);
            }
            fs::copy(place.path("certs/ca.crt"), place.path("certs/in/ca.crt")).expect("ca.crt");
            let [path, link] = ["in", "link"].map(|name| place.path("certs").join(name));
            attacker(|| symlink(place.path("precious"), &link).expect("a link"));
            let before = place.elsewhere();
            let attack = |moment: &Moment| {
                moment.begins();
                exchange(moment, &path, &link, usize::MAX)
            };
            let (run, times) = while_attacked(|| place.run(&args), attack);
            run.ended()?;
            let made = |path: &Path| path.starts_with("precious") && !before.contains_key(path);
            let after = place.elsewhere();
            for (path, item) in &before {
                ensure!(after.get(path).map(|now| &now.contents) == Some(&item.contents), "{}", path.display());
            }
            // Where it is a link when the command begins, root writes there, and says where.
            let new: Vec<_> = after.keys().filter(|path| made(path)).collect();
            ensure!(new.is_empty() || is_asking, "{new:?} appeared");
            place.nothing_stolen()?;
            Ok(times > 0)
        });
    }
    races.finish();
}

/// `sign` makes a certificate of the request that it showed, whatever has its name afterwards.
#[test]
fn what_is_signed_is_what_was_shown() {
    prepare();
    let mut races = Races::default();
    races.race("one request becomes another", |round| {
        let place = waiting(Whose::Attackers);
        let [ann, bob] = ["ann", "bob"].map(|user| {
            let csr = format!("csr client {user} --certs-dir=ca --key-algorithm=ecdsa");
            place.succeed(&csr);
            fs::read(place.path(&format!("ca/client.{user}.csr"))).expect("a request")
        });
        attacker(|| {
            fs::write(place.path("certs/client.csr"), &ann).expect("a request");
            fs::write(place.path("certs/other"), &bob).expect("a request");
        });
        let args = "sign certs/client.csr --as=client --user=ann --user=bob --logtostderr=INFO --certs-dir=ca \
             --ca-key=safe/ca.key";
        let [path, other] = ["client.csr", "other"].map(|name| place.path("certs").join(name));
        let before = place.elsewhere();
        let attack = |moment: &Moment| {
            moment.begins();
            (0..round % 20 * 1000).for_each(|_| std::hint::spin_loop());
            exchange(moment, &path, &other, usize::MAX)
        };
        let (run, times) = while_attacked(|| place.run(args), attack);
        held(&place, &run, &before)?;
        if run.status == Some(0) {
            let certificate = X509::from_pem(&fs::read(place.path("certs/client.crt"))?)?;
            let shown = if run.stderr.contains("subject: O=Cockroach,CN=ann") { &ann } else { &bob };
            let request = X509Req::from_pem(shown)?;
            ensure!(
                certificate.public_key()?.public_eq(&*request.public_key()?),
                "another one was signed: {run:?}"
            );
        }
        Ok(times > 0 && run.status == Some(0))
    });
    races.finish();
}

/// Who owns a directory can give each of root's files there another name. A key of root's is given to nobody
/// that way.
#[test]
fn a_key_of_roots_with_another_name_stays_roots() {
    prepare();
    let moved = |name: &str, more: &str| {
        let place = waiting(Whose::Attackers);
        place.write("certs/client.root.key", &USERS.key, 0o600);
        attacker(|| {
            fs::rename(place.path("certs/client.root.key"), place.path("certs").join(name)).expect("a name");
            fs::write(place.path("certs/client.root.csr"), &USERS.request).expect("a copy");
            fs::remove_file(place.path("certs/answer.pem")).expect("the answer");
            fs::write(place.path("certs/answer.pem"), &USERS.answer).expect("a copy");
        });
        let before = place.elsewhere();
        (place, before, format!("{IMPORT}{more}"))
    };
    for (name, planted, more) in [
        ("client.root.key.pending", None, " --owner=nobody"),
        ("client.root.key.pending", None, " --owner=nobody --overwrite"),
        ("client.root.key.pending", Some("client.root.key"), " --overwrite"),
        ("client.root.key.pending", Some("client.root.key.pk8"), " --overwrite"),
        ("client.root.key", Some("client.root.key.pk8"), " --overwrite"),
        ("client.root.key", None, " --also-generate-pkcs8-key --owner=nobody"),
    ] {
        let (place, before, args) = moved(name, more);
        if let Some(planted) = planted {
            attacker(|| fs::write(place.path("certs").join(planted), "").expect("an empty file"));
        }
        let run = place.run(&args);
        held(&place, &run, &before)
            .unwrap_or_else(|error| panic!("{name} {planted:?} {args}: {error:#}: {run:?}"));
        assert_eq!(run.status, Some(1), "{name} {planted:?} {args}: {run:?}");
        assert!(run.stderr.contains("HINT: "), "{name} {planted:?} {args}: {run:?}");
    }
    let mut races = Races::default();
    races.race("an empty client.root.key comes and goes", |round| {
        let (place, before, args) = moved("client.root.key.pending", " --overwrite");
        let path = place.path("certs/client.root.key");
        let attack = |moment: &Moment| {
            moment.begins();
            come_and_go(moment, &path, round % 25 * 100)
        };
        let (run, times) = while_attacked(|| place.run(&args), attack);
        held(&place, &run, &before)?;
        Ok(times > 0)
    });
    races.finish();
}

/// A key that somebody else knows is no key for root's server.
#[test]
fn a_key_of_another_account_is_not_taken() {
    prepare();
    for mode in [0o777, 0o1777, 0o775] {
        let place = waiting(Whose::Roots(0o700));
        for (name, _) in NAMES {
            fs::remove_file(place.path(name)).expect(name);
        }
        place.give("certs", Whose::Roots(0o777));
        attacker(|| {
            fs::write(place.path("certs/node.key.pending"), &ROOTS.key).expect("a key");
            fs::write(place.path("certs/node.csr"), &ROOTS.request).expect("a request");
        });
        place.give("certs", Whose::Roots(mode));
        place.write("answer.pem", &ROOTS.answer, 0o644);
        let run = place.run("import answer.pem --certs-dir=certs");
        assert_eq!(run.status, Some(1), "{mode:o}: {run:?}");
        assert!(run.stderr.contains(&format!("belongs to uid {ID}")), "{mode:o}: {run:?}");
        assert!(!place.path("certs/node.key").exists(), "{mode:o}: {run:?}");
    }
}

/// A directory on the way to the answer may be the attacker's link, too.
#[test]
fn a_link_on_the_way_to_the_answer_is_not_followed() {
    prepare();
    let place = waiting(Whose::Attackers);
    attacker(|| symlink(place.path("precious"), place.path("certs/in")).expect("a link"));
    let run = place.run("import certs/in/answer --certs-dir=certs");
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(
        run.stderr.contains(&format!("a symbolic link of uid {ID} to a file of uid 0 is not followed")),
        "{run:?}"
    );
    // One's own file is.
    attacker(|| {
        fs::create_dir(place.path("certs/real")).expect("a directory");
        fs::write(place.path("certs/real/answer"), &ROOTS.answer).expect("an answer");
        symlink("real", place.path("certs/own")).expect("a link");
        let (real, taken) = (place.path("certs/in"), place.path("certs/gone"));
        renameat_with(CWD, real, CWD, taken, RenameFlags::NOREPLACE).expect("a name");
    });
    place.succeed("import certs/own/answer --certs-dir=certs --dry-run");
}
