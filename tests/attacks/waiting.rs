//! Requests, keys that wait and answers of a CA, where another account can write, and what that account makes
//! of them.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Result, ensure};
use openssl::x509::X509;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::attacker::attacker;
use crate::place::{Place, Run, Whose};

/// A key that waits, its request, and the answer.
pub struct Asked {
    pub key: Vec<u8>,
    pub request: Vec<u8>,
    pub answer: Vec<u8>,
}

impl Asked {
    fn make(csr: &str, prefix: &str, sign: &str) -> Self {
        let place = Place::with_ca(Whose::Roots(0o700));
        place.succeed(&format!("csr {csr} --certs-dir=certs --key-algorithm=ecdsa"));
        let answer = place
            .run(&format!("sign certs/{prefix}.csr {sign} --out=- --certs-dir=certs --ca-key=safe/ca.key"));
        assert_eq!(answer.status, Some(0), "{answer:?}");
        let read = |kind: &str| fs::read(place.path(&format!("certs/{prefix}.{kind}"))).expect(kind);
        Self { key: read("key.pending"), request: read("csr"), answer: answer.stdout.into() }
    }
}

/// Root's own.
pub static ROOTS: LazyLock<Asked> =
    LazyLock::new(|| Asked::make("node localhost", "node", "--as=node --host=localhost"));
/// The attacker's, for a name that nobody allows.
pub static EVIL: LazyLock<Asked> = LazyLock::new(|| Asked::make("node evil", "node", "--as=node --host=evil"));
/// Of a user, whose certificate everybody can have.
pub static USERS: LazyLock<Asked> =
    LazyLock::new(|| Asked::make("client root", "client.root", "--as=client --user=root"));

/// What waits in a directory: the key and the request are root's, and so is the answer.
pub fn waiting(whose: Whose) -> Place {
    let place = Place::with_ca(whose);
    place.make_dir("ca", Whose::Roots(0o755));
    fs::copy(place.path("certs/ca.crt"), place.path("ca/ca.crt")).expect("ca.crt");
    place.write("certs/node.key.pending", &ROOTS.key, 0o600);
    place.write("certs/node.csr", &ROOTS.request, 0o644);
    place.write("certs/answer.pem", &ROOTS.answer, 0o644);
    // For links: what fits elsewhere.
    for (file, contents) in [("waits", &ROOTS.key), ("asks", &ROOTS.request), ("answer", &ROOTS.answer)] {
        place.write(&format!("precious/{file}"), contents, 0o600);
    }
    place
}

/// What the attacker makes of a name: the name, and the file of root's that it stands for.
#[derive(Clone, Copy)]
pub struct Plant {
    pub what: &'static str,
    pub plant: fn(&Place, &str, &Path),
}

pub const PLANTS: [Plant; 6] = [
    Plant {
        what: "a FIFO",
        plant: |_, _, path| mknodat(CWD, path, FileType::Fifo, Mode::RWXU | Mode::RWXO, 0).expect("a FIFO"),
    },
    Plant { what: "a directory", plant: |_, _, path| fs::create_dir(path).expect("a directory") },
    Plant {
        what: "a link to root's",
        plant: |place, roots, path| symlink(place.path("precious").join(roots), path).expect("a link"),
    },
    Plant {
        what: "a link to another secret",
        plant: |place, _, path| symlink(place.path("precious/motd"), path).expect("a link"),
    },
    Plant {
        what: "a link to itself",
        plant: |_, _, path| symlink(path.file_name().expect("a name"), path).expect("a link"),
    },
    Plant {
        what: "the attacker's own",
        plant: |_, roots, path| {
            let contents = match roots {
                "waits" => &EVIL.key,
                "asks" => &EVIL.request,
                _ => &EVIL.answer,
            };
            fs::write(path, contents).expect("a file");
        },
    },
];

/// The names that matter, and root's files of that kind.
pub const NAMES: [(&str, &str); 3] =
    [("certs/node.key.pending", "waits"), ("certs/node.csr", "asks"), ("certs/answer.pem", "answer")];

/// No key is the attacker's, nothing elsewhere changed, and what is there now is what root asked for.
pub fn held(place: &Place, run: &Run, before: &crate::support::Snapshot) -> Result<()> {
    run.ended()?;
    place.kept(before)?;
    // Its own is no secret.
    attacker(|| {
        for entry in fs::read_dir(place.path("certs")).into_iter().flatten().flatten() {
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && fs::read(entry.path()).is_ok_and(|contents| contents == EVIL.key) {
                let _ = fs::remove_file(entry.path());
            }
        }
    });
    place.nothing_stolen()?;
    let certificate = place.path("certs/node.crt");
    let is_roots = |path: &Path| path.symlink_metadata().is_ok_and(|metadata| metadata.uid() == 0);
    if is_roots(&certificate) {
        let certificate = X509::from_pem(&fs::read(certificate)?)?;
        ensure!(names(&certificate) == ["localhost"], "a certificate for {:?}", names(&certificate));
    }
    Ok(())
}

fn names(certificate: &X509) -> Vec<String> {
    let names = certificate.subject_alt_names().into_iter().flatten();
    names.filter_map(|name| name.dnsname().map(str::to_owned)).collect()
}

/// Makes sure that nothing of this is made as the attacker.
pub fn prepare() {
    for all in [&ROOTS, &EVIL, &USERS] {
        LazyLock::force(all);
    }
}
