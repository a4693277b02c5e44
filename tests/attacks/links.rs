//! Links to what only root may read.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use anyhow::ensure;

use crate::attacker::{ID, Moment, attacker, exchange, while_attacked};
use crate::place::{NODE, Place, SECRET, SECRET_CERTIFICATE, Whose, is_secret};
use crate::race::Races;

/// A new CA certificate before all that `ca.crt` has.
const ROTATE: &str =
    "create-ca --certs-dir=certs --ca-key=safe/ca.key --allow-ca-key-reuse --overwrite --key-algorithm=ecdsa";
const LIST: &str = "list --certs-dir=certs";

/// Attack 5: root's file with a certificate and other text becomes no part of `ca.crt`.
#[test]
fn a_file_for_root_alone_does_not_get_behind_a_new_ca_certificate() {
    for (what, whose) in [("a directory of the attacker's", Whose::Attackers), ("/tmp", Whose::Roots(0o1777))] {
        let place = with_secret_certificate(Whose::Roots(0o777));
        fs::remove_file(place.path("certs/ca.crt")).expect("ca.crt");
        attacker(|| link(&place, "certs/ca.crt"));
        place.give("certs", whose);
        let before = place.elsewhere();
        let run = place.run(ROTATE);
        assert!(run.status == Some(1) && run.stderr.contains("ca.crt"), "{what}: {run:?}");
        place.nothing_stolen().expect(what);
        place.kept(&before).expect(what);
    }
}

/// Not even root's own link brings other text into `ca.crt`.
#[test]
fn only_certificates_stay_behind_a_new_ca_certificate() {
    let place = with_secret_certificate(Whose::Attackers);
    fs::remove_file(place.path("certs/ca.crt")).expect("ca.crt");
    link(&place, "certs/ca.crt");
    place.succeed(ROTATE);
    let now = fs::read_to_string(place.path("certs/ca.crt")).expect("ca.crt");
    assert!(!now.contains(SECRET), "{now}");
    assert_eq!(now.matches("BEGIN CERTIFICATE").count(), 2, "{now}");
}

#[test]
fn a_link_that_comes_while_root_reads_shows_nothing() {
    let mut races = Races::default();
    for (args, file) in
        [(LIST, "ca.crt"), (LIST, "node.crt"), (LIST, "node.key"), (NODE, "ca.crt"), (ROTATE, "ca.crt")]
    {
        races.race(&format!("certs/{file} becomes a link, {args}"), |_| {
            let place = with_secret_certificate(Whose::Attackers);
            let (path, other) = (place.path("certs").join(file), place.path("certs/other"));
            if file.starts_with("node") {
                place.succeed(NODE);
            }
            attacker(|| link(&place, "certs/other"));
            let before = place.elsewhere();
            let attack = |moment: &Moment| {
                moment.begins();
                exchange(moment, &path, &other, usize::MAX)
            };
            let (run, times) = while_attacked(|| place.run(args), attack);
            run.ended()?;
            ensure!(!is_secret(format!("{run:?}").as_bytes()), "the secret is shown: {run:?}");
            place.nothing_stolen()?;
            place.kept(&before)?;
            Ok(times > 0)
        });
    }
    races.finish();
}

/// Whoever could make a hard link to root's file makes root give it away or open it to others, were it written
/// in place.
#[test]
fn a_hard_link_to_a_file_of_roots_leaves_it_as_it_is() {
    for owner in ["", " --owner=nobody"] {
        for whose in [Whose::Attackers, Whose::Roots(0o1777), Whose::Roots(0o755)] {
            let place = Place::with_ca(whose);
            for file in ["node.key", "node.crt"] {
                // The sysctl fs.protected_hardlinks keeps others from it: root stands in for them.
                fs::hard_link(place.path("precious").join(file), place.path("certs").join(file))
                    .expect("a link");
            }
            let before = place.elsewhere();
            let run = place.run(&format!("{NODE} --overwrite{owner}"));
            assert!(run.status == Some(0), "{owner} {whose:?}: {run:?}");
            place.kept(&before).expect("root's files");
            let new = fs::metadata(place.path("certs/node.key")).expect("node.key");
            assert_eq!((new.mode() & 0o7777, new.nlink()), (0o600, 1));
            assert_eq!(new.uid(), if owner.is_empty() { 0 } else { ID });
        }
    }
}

/// With a certificate for root alone, which has other text around it.
fn with_secret_certificate(certs: Whose) -> Place {
    let place = Place::with_ca(certs);
    let text = format!("{SECRET} before\n{}{SECRET} behind\n", *SECRET_CERTIFICATE);
    place.write("precious/combined.pem", text.as_bytes(), 0o600);
    place
}

fn link(place: &Place, name: &str) {
    symlink(place.path("precious/combined.pem"), place.path(name)).expect(name);
}
