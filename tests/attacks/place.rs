//! Directories of root's and of the attacker's, the program in them, and what the attacker got.

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Result, ensure};
use rustix::process::geteuid;
use walkdir::WalkDir;

use crate::attacker::{ID, attacker};
pub use crate::support::Run;
use crate::support::{Dir, Snapshot, program};

/// What only root may know.
pub const SECRET: &str = "zebrasecret";
/// And a certificate that only root may read, with that in it.
pub static SECRET_CERTIFICATE: LazyLock<String> = LazyLock::new(|| {
    let place = Place::with_ca(Whose::Roots(0o700));
    place.succeed(&NODE.replace("localhost", &format!("{SECRET}.example")));
    fs::read_to_string(place.path("certs/node.crt")).expect("node.crt")
});
/// The names that the program's own files have had, in this version and before.
pub const OWN: [&str; 3] = [".crdb-cert.new", ".crdb-cert.commit", ".crdb-cert.journal"];
/// The names of files on their way, in the first two of those.
pub const STAGED: [&str; 6] = [
    "crdb-cert.manifest",
    "crdb-cert.new.node.key",
    "crdb-cert.new.node.crt",
    "crdb-cert.old.node.key",
    "crdb-cert.alone",
    "crdb-cert.put",
];
/// A server's certificate, with a key that is quick to make.
pub const NODE: &str = "create-node localhost --certs-dir=certs --ca-key=safe/ca.key --key-algorithm=ecdsa";
/// A CA, likewise.
pub const CA: &str = "create-ca --certs-dir=certs --ca-key=safe/ca.key --key-algorithm=ecdsa";
/// A key that waits for its certificate, likewise.
pub const CSR: &str = "csr node localhost --certs-dir=certs --key-algorithm=ecdsa";
/// What root does next.
pub const NEXT: &str = "create-client bob --certs-dir=certs --ca-key=safe/ca.key --key-algorithm=ecdsa";

/// Whose a directory is.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    /// The attacker's.
    Attackers,
    /// Root's, with the attacker's group, and this mode.
    Roots(u32),
}

/// `certs` for the certificates, `safe` for the CA key and `precious` for root's other files, side by side.
pub struct Place(Dir);

impl Deref for Place {
    type Target = Dir;

    fn deref(&self) -> &Dir {
        &self.0
    }
}

impl Place {
    /// An empty certs directory, and no CA key.
    pub fn empty(certs: Whose) -> Self {
        assert!(geteuid().is_root(), "these tests attack root, and have to be run as root");
        let place = Self(Dir::in_memory());
        set_mode(place.dir(), 0o755);
        for (dir, whose) in [("certs", certs), ("safe", Whose::Roots(0o700)), ("precious", Whose::Roots(0o755))]
        {
            place.make_dir(dir, whose);
        }
        for file in ["node.key", "node.crt", "ca.crt", "ca.key", "client.bob.key", "motd"].iter().chain(&STAGED)
        {
            place.write(&format!("precious/{file}"), SECRET.as_bytes(), 0o640);
        }
        place
    }

    /// With a CA, which is the same everywhere.
    pub fn with_ca(certs: Whose) -> Self {
        static CA_FILES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
            let place = Place::empty(Whose::Roots(0o700));
            place.succeed(CA);
            ["certs/ca.crt", "safe/ca.key"].map(|file| fs::read(place.path(file)).expect(file))
        });
        let place = Self::empty(certs);
        place.write("certs/ca.crt", &CA_FILES[0], 0o644);
        place.write("safe/ca.key", &CA_FILES[1], 0o600);
        place
    }

    pub fn make_dir(&self, name: &str, whose: Whose) {
        let path = self.path(name);
        fs::create_dir(&path).expect(name);
        self.give(name, whose);
    }

    /// Makes a directory somebody's.
    pub fn give(&self, name: &str, whose: Whose) {
        let (owner, mode) = match whose {
            Whose::Attackers => (ID, 0o755),
            Whose::Roots(mode) => (0, mode),
        };
        chown(self.path(name), Some(owner), Some(ID)).expect(name);
        set_mode(&self.path(name), mode);
    }

    /// A file of root's.
    pub fn write(&self, name: &str, contents: &[u8], mode: u32) {
        fs::write(self.path(name), contents).expect(name);
        set_mode(&self.path(name), mode);
    }

    /// The program, run by another one if there is a wrapper.
    pub fn command(&self, wrapper: &[&str], args: &str) -> Command {
        let all: Vec<_> = wrapper.iter().copied().chain([program()]).chain(args.split(' ')).collect();
        self.0.command(all[0], &all[1..])
    }

    pub fn run(&self, args: &str) -> Run {
        self.run_by(&[], args)
    }

    /// Runs the program by another one.
    pub fn run_by(&self, wrapper: &[&str], args: &str) -> Run {
        Run::of(&mut self.command(wrapper, args))
    }

    /// Runs a command that works.
    pub fn succeed(&self, args: &str) {
        let run = self.run(args);
        assert!(run.status == Some(0), "{args}: {run:?}");
    }

    /// What root has elsewhere.
    pub fn elsewhere(&self) -> Snapshot {
        ["safe", "precious"].into_iter().flat_map(|dir| self.snapshot_of(dir)).collect()
    }

    /// Did anything of root's change elsewhere? A CA key that was not there may have come.
    pub fn kept(&self, before: &Snapshot) -> Result<()> {
        let mut now = self.elsewhere();
        let may_come =
            |path: &Path| path == Path::new("safe/ca.key") || path.starts_with("safe/.crdb-cert.new");
        now.retain(|path, _| before.contains_key(path) || !may_come(path));
        let changed = before.keys().chain(now.keys()).find(|path| before.get(*path) != now.get(*path));
        ensure!(
            changed.is_none(),
            "{} changed",
            changed.map(|path| path.display().to_string()).unwrap_or_default()
        );
        Ok(())
    }

    /// Can the attacker read a secret of root's now?
    pub fn nothing_stolen(&self) -> Result<()> {
        // Root's to make.
        LazyLock::force(&SECRET_CERTIFICATE);
        attacker(|| {
            let entries = WalkDir::new(self.dir()).into_iter().flatten();
            for entry in entries.filter(|entry| entry.file_type().is_file()) {
                let contents = fs::read(entry.path()).unwrap_or_default();
                ensure!(!is_secret(&contents), "the attacker reads {}", entry.path().display());
            }
            Ok(())
        })
    }
}

/// Is this a key of root's, or part of another secret?
pub fn is_secret(contents: &[u8]) -> bool {
    let text = String::from_utf8_lossy(contents);
    let certificate = SECRET_CERTIFICATE.lines().nth(1).expect("PEM");
    ["PRIVATE KEY", SECRET, certificate].iter().any(|secret| text.contains(secret))
}

impl Run {
    /// It succeeded, or said why not.
    pub fn ended(&self) -> Result<()> {
        let failed = self.status == Some(1) && self.stderr.contains("ERROR: ");
        ensure!(self.status == Some(0) || failed, "neither success nor failure: {self:?}");
        Ok(())
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}
