//! The commands that are disturbed, and the directories they are disturbed in.

use crate::strace;
use crate::world::{MANIFEST, Snapshot, World, words};

/// The certs directory, and a key that is quick to make.
pub const DIRS: &str = "--certs-dir=certs --key-algorithm=ecdsa";

/// Files that change together, and what they hold.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The files the command writes.
    pub files: &'static [&'static str],
    /// The certificate among them, or the request for one.
    pub certificate: &'static str,
    /// The key that belongs to it, which is not among them where a CA key is used again.
    pub key: &'static str,
}

/// A command, and where it runs.
pub struct Scenario {
    pub name: &'static str,
    /// The directory when the command begins.
    pub world: World,
    /// The directory before that: a command that was interrupted may have changed it since.
    pub before: Snapshot,
    pub args: Vec<String>,
    /// What is changed, by an interrupted command before and by this one, which comes last.
    pub groups: Vec<Group>,
    /// The key of the CA before and after.
    pub ca_keys: [Option<&'static str>; 2],
    /// Does the same command work again when it has worked?
    pub repeats: bool,
}

const CA: Group = Group {
    files: &["my-safe-directory/ca.key", "certs/ca.crt"],
    certificate: "certs/ca.crt",
    key: "my-safe-directory/ca.key",
};
const CA_INSIDE: Group =
    Group { files: &["certs/ca.key", "certs/ca.crt"], certificate: "certs/ca.crt", key: "certs/ca.key" };
const CA_CERTIFICATE: Group = Group { files: &["certs/ca.crt"], ..CA };
const ROTATED_CA: Group = Group {
    files: &["my-safe-directory/new.key", "certs/ca.crt"],
    certificate: "certs/ca.crt",
    key: "my-safe-directory/new.key",
};
const NODE: Group = Group {
    files: &["certs/node.key", "certs/node.crt"],
    certificate: "certs/node.crt",
    key: "certs/node.key",
};
const ROOT: Group = Group {
    files: &["certs/client.root.key", "certs/client.root.crt", "certs/client.root.key.pk8"],
    certificate: "certs/client.root.crt",
    key: "certs/client.root.key",
};

const REQUEST: Group = Group {
    files: &["certs/node.key.pending", "certs/node.csr"],
    certificate: "certs/node.csr",
    key: "certs/node.key.pending",
};
/// What `sign` makes of the request for a key that is in use.
const SIGNED: Group = Group { files: &["certs/node.crt"], ..NODE };

/// What a command says that has worked already, and does not repeat.
pub const DONE: [&str; 3] = ["file exists", "key reuse is disabled", "waits for its certificate already"];

const FRESH_CA: &str = "create-ca --ca-key=my-safe-directory/ca.key";
const ROTATE: &str = "create-ca --ca-key=my-safe-directory/new.key --overwrite";
const CREATE_NODE: &str = "create-node localhost --ca-key=my-safe-directory/ca.key";
const CREATE_ROOT: &str = "create-client root --ca-key=my-safe-directory/ca.key --also-generate-pkcs8-key";
const CREATE_REQUEST: &str = "csr node localhost";
const KEEP_KEY: &str = "csr node localhost --keep-key --certs-dir=certs";
const SIGN: &str = "sign certs/node.csr --as=node --host=localhost --overwrite --ca-key=my-safe-directory/ca.key --certs-dir=certs";
const PKCS8: &str = "--also-generate-pkcs8-key";

impl Group {
    /// Is this a CA, whose key comes into place before the rest?
    pub fn is_ca(&self) -> bool {
        self.certificate == "certs/ca.crt"
    }

    /// Is this a request, of which `list` knows nothing?
    pub fn is_request(&self) -> bool {
        self.certificate.ends_with(".csr")
    }

    /// Is this its CA key?
    pub fn is_ca_key(&self, file: &str) -> bool {
        self.is_ca() && file == self.key
    }
}

impl Scenario {
    /// All of them.
    pub fn all() -> Vec<Self> {
        vec![
            Self::first_ca(),
            Self::first_ca_with_its_key(),
            Self::ca_key_again(),
            Self::new_ca_key(),
            Self::first_node(),
            Self::node_again(),
            Self::first_client(),
            Self::client_again(),
            Self::first_request(),
            Self::request_again(),
            Self::signed(),
        ]
    }

    pub fn first_ca() -> Self {
        Self::new("a first CA", World::new(), FRESH_CA, CA, [None, Some(CA.key)])
    }

    fn first_ca_with_its_key() -> Self {
        let args = FRESH_CA.replace(CA.key, CA_INSIDE.key);
        Self::new(
            "a CA key in the certs directory",
            World::new(),
            &args,
            CA_INSIDE,
            [None, Some(CA_INSIDE.key)],
        )
    }

    fn ca_key_again() -> Self {
        let args = format!("{FRESH_CA} --allow-ca-key-reuse --overwrite");
        Self::new("a CA key used again", filled(&[]), &args, CA_CERTIFICATE, [Some(CA.key); 2]).that_repeats()
    }

    pub fn new_ca_key() -> Self {
        Self::new("a new CA key", filled(&[]), ROTATE, ROTATED_CA, [Some(CA.key), Some(ROTATED_CA.key)])
    }

    pub fn first_node() -> Self {
        Self::new("a first node", filled(&[]), CREATE_NODE, NODE, [Some(CA.key); 2])
    }

    pub fn node_again() -> Self {
        let (world, args) = (filled(&[CREATE_NODE]), format!("{CREATE_NODE} --overwrite"));
        Self::new("a node again", world, &args, NODE, [Some(CA.key); 2]).that_repeats()
    }

    pub fn first_client() -> Self {
        Self::new("a first client", filled(&[]), CREATE_ROOT, ROOT, [Some(CA.key); 2])
    }

    fn client_again() -> Self {
        let without_pkcs8 = CREATE_ROOT.replace(PKCS8, "");
        let (world, args) = (filled(&[&without_pkcs8]), format!("{CREATE_ROOT} --overwrite"));
        Self::new("a client again, now with PKCS#8", world, &args, ROOT, [Some(CA.key); 2]).that_repeats()
    }

    fn first_request() -> Self {
        let world = filled(&[CREATE_NODE]);
        Self::new("a request beside a pair in use", world, CREATE_REQUEST, REQUEST, [Some(CA.key); 2])
    }

    fn request_again() -> Self {
        let (world, args) = (filled(&[CREATE_NODE, CREATE_REQUEST]), format!("{CREATE_REQUEST} --overwrite"));
        Self::new("a request again", world, &args, REQUEST, [Some(CA.key); 2]).that_repeats()
    }

    fn signed() -> Self {
        let world = filled(&[CREATE_NODE]);
        world.create(KEEP_KEY);
        let new = Self::new("a request that is signed", world, "", SIGNED, [Some(CA.key); 2]);
        // `sign` makes no key.
        Self { args: words(SIGN), ..new }.that_repeats()
    }

    /// Where an earlier command was killed when one of its files was in place and the others were not.
    pub fn interrupted() -> Vec<Self> {
        let client = format!("{CREATE_ROOT} --overwrite");
        let rotated = client.replace(CA.key, ROTATED_CA.key);
        vec![
            Self::first_node().killed("a client after a first node that was killed", &client),
            Self::node_again().killed("a client after a node that was killed", &client),
            Self::new_ca_key().killed("a client after a CA that was killed", &rotated),
        ]
    }

    fn new(
        name: &'static str,
        world: World,
        args: &str,
        group: Group,
        ca_keys: [Option<&'static str>; 2],
    ) -> Self {
        let before = world.snapshot();
        let args = words(&format!("{args} {DIRS}"));
        Self { name, world, before, args, groups: vec![group], ca_keys, repeats: false }
    }

    fn that_repeats(self) -> Self {
        Self { repeats: true, ..self }
    }

    /// Kills this command between its files, and goes on with the next one.
    fn killed(self, name: &'static str, args: &str) -> Self {
        let calls = strace::placing(strace::calls(&self.world, &self.args, &[]), 1);
        let traced = strace::run(&self.world, &self.args, &[strace::signal(&calls[0], "SIGKILL")]);
        assert!(self.world.path(MANIFEST).exists(), "{name}: {traced:?}");
        let groups = [self.groups, vec![ROOT]].concat();
        let ca_keys = [self.ca_keys[1]; 2];
        Self { name, args: words(&format!("{args} {DIRS}")), groups, ca_keys, repeats: true, ..self }
    }

    /// The key that signs when the change has happened, or when it has not.
    pub fn ca_key(&self, changed: bool) -> Option<&'static str> {
        self.ca_keys[usize::from(changed)]
    }

    /// Another command that works: it makes a client of another name.
    pub fn another(&self, ca_key: &str) -> Vec<String> {
        words(&format!("create-client carol --ca-key={ca_key} {DIRS}"))
    }
}

/// With two CA certificates, a client, files that are nobody's business, and what these commands make.
fn filled(commands: &[&str]) -> World {
    let world = World::new();
    let again = format!("{FRESH_CA} --allow-ca-key-reuse --overwrite");
    let bob = CREATE_ROOT.replace("root", "bob");
    for command in [FRESH_CA, &again, &bob].iter().chain(commands) {
        world.create(&format!("{command} {DIRS}"));
    }
    world.write("certs/README", b"mine");
    world.write("certs/node.crt.bak", b"mine");
    world
}
