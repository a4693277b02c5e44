//! One cluster's certificates for each kind of key, made once and shared by the tests.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::sandbox::Sandbox;

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// RSA, 2048 bits.
    Rsa2048,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
}

/// Every kind of key.
pub const KEYS: [Key; 4] = [Key::Rsa2048, Key::P256, Key::P384, Key::P521];

/// The files of a set without `.crt`: the CAs, whose keys are beside the certs directory.
pub const AUTHORITIES: [&str; 4] = ["ca", "ca-client", "ca-ui", "ca-client-tenant"];

/// Those below a CA, each with it.
pub const LEAVES: [(&str, &str); 7] = [
    ("node", "ca"),
    // Made while there was no CA for clients yet.
    ("client.root", "ca"),
    ("client.app", "ca"),
    ("client.é", "ca"),
    ("client.node", "ca-client"),
    ("ui", "ca-ui"),
    ("client-tenant.2", "ca-client-tenant"),
];

/// The one that signs itself, with an Ed25519 key in every set.
pub const SIGNING: &str = "tenant-signing.2";

/// The hosts of the node, as an operator may write them: not in the order of the certificate, one IPv4 address
/// in IPv6's clothes, one international name, one twice.
pub const HOSTS: [&str; 8] = [
    "127.0.0.1",
    "node1.example.com",
    "::1",
    "*.dev.example.com",
    "::ffff:10.0.0.1",
    "bücher.example",
    "localhost",
    "NODE1.example.com",
];

/// The hosts of the DB Console, which the node serves.
pub const UI_HOSTS: [&str; 3] = ["10.0.0.1", "node1.example.com", "console.example.com"];

/// The hosts of the tenant's SQL server, which runs beside the node.
pub const TENANT_HOSTS: [&str; 3] = ["sql2.example.com", "10.0.0.1", "node1.example.com"];

/// What a command has made, in memory: a static would leave a directory behind.
struct Set {
    files: Vec<(String, Vec<u8>)>,
    made: RangeInclusive<i64>,
}

impl Key {
    /// The certs directory of the set in a sandbox.
    pub fn cluster(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa2048",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
        }
    }

    /// The flags that ask for such a key.
    pub fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Rsa2048 => &[],
            Self::P256 => &["--key-algorithm=ecdsa"],
            Self::P384 => &["--key-algorithm=ecdsa", "--key-size=384"],
            Self::P521 => &["--key-algorithm=ecdsa", "--key-size=521"],
        }
    }

    /// Puts the set into the sandbox; the seconds within which it was made.
    pub fn unpack(self, sandbox: &Sandbox) -> RangeInclusive<i64> {
        static SETS: [OnceLock<Set>; 4] = [const { OnceLock::new() }; 4];
        let set = SETS[self as usize].get_or_init(|| self.make());
        fs::create_dir(sandbox.path(self.cluster())).expect("a certs directory");
        for (name, contents) in &set.files {
            let mut options = OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600);
            let mut file = file.open(sandbox.path(name)).expect("a new file");
            file.write_all(contents).expect("the file is written");
        }
        set.made.clone()
    }

    fn make(self) -> Set {
        let sandbox = Sandbox::new();
        let cluster = self.cluster();
        let create_by =
            |ca: &str, args: &[&str]| sandbox.create_by(ca, cluster, &[args, self.flags()].concat());
        let create = |args: &[&str]| create_by("ca", args);
        let start = now();
        create(&["create-ca"]);
        create(&[&["create-node"], HOSTS.as_slice()].concat());
        create(&["create-client", "root", "--also-generate-pkcs8-key"]);
        let scopes = ["--tenant-scope=2,3", "--tenant-name-scope=app"];
        create(&[&["create-client", "app"], scopes.as_slice()].concat());
        create(&["create-client", "É"]);
        create_by("ca-client", &["create-client-ca"]);
        create_by("ca-client", &["create-client", "node"]);
        create_by("ca-ui", &["create-ui-ca"]);
        create_by("ca-ui", &[&["create-ui"], UI_HOSTS.as_slice()].concat());
        create_by("ca-client-tenant", &["create-tenant-client-ca"]);
        create_by("ca-client-tenant", &[&["create-tenant-client", "2"], TENANT_HOSTS.as_slice()].concat());
        sandbox.create_in(&[], cluster, &["create-tenant-signing", "2"]);
        let made = start..=now();

        let mut names = AUTHORITIES.map(|ca| format!("{cluster}.{ca}.key")).to_vec();
        for entry in fs::read_dir(sandbox.path(cluster)).expect("the certs directory") {
            let name = entry.expect("an entry").file_name();
            let name = name.into_string().expect("UTF-8");
            // The lock and the like are the tool's own.
            if !name.starts_with('.') {
                names.push(format!("{cluster}/{name}"));
            }
        }
        let read = |name: String| {
            let contents = fs::read(sandbox.path(&name)).expect("a file of the set");
            (name, contents)
        };
        let files = names.into_iter().map(read).collect();
        Set { files, made }
    }
}

/// The names, without `.crt`, of all certificate files of a set.
pub fn certificates() -> impl Iterator<Item = &'static str> {
    AUTHORITIES.into_iter().chain(LEAVES.map(|(leaf, _)| leaf)).chain([SIGNING])
}

/// A sandbox with the sets of all keys.
pub fn unpack_all() -> Sandbox {
    let sandbox = Sandbox::new();
    for key in KEYS {
        key.unpack(&sandbox);
    }
    sandbox
}

/// Seconds since 1970-01-01T00:00:00Z.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.expect("a clock after 1970").as_secs();
    i64::try_from(seconds).expect("a clock within reason")
}
