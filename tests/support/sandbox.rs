//! The directories of the documents, and the commands that work in them.

use std::ffi::OsStr;
use std::ops::Deref;
use std::path::Path;
use std::process::Command;

use super::{Dir, Run, program};

/// The flags that name the directories of the documents.
pub const DIRS: [&str; 2] = ["--certs-dir=certs", "--ca-key=my-safe-directory/ca.key"];

/// How OpenSSL is told which providers to use: `make -C dev fips` runs `tests/cli` on the FIPS provider.
const OPENSSL: [&str; 3] = ["OPENSSL_CONF", "OPENSSL_MODULES", "CRDB_CERT_FIPS"];

/// A directory with the empty `my-safe-directory` of the documents in it.
pub struct Sandbox {
    dir: Dir,
}

impl Deref for Sandbox {
    type Target = Dir;

    fn deref(&self) -> &Dir {
        &self.dir
    }
}

impl Sandbox {
    pub fn new() -> Self {
        let sandbox = Self { dir: Dir::new() };
        sandbox.make_dir("my-safe-directory");
        sandbox
    }

    /// With a CA, whose key is ECDSA because that is quick to make.
    pub fn with_ca() -> Self {
        let sandbox = Self::new();
        sandbox.create("create-ca", &[]).succeeds();
        sandbox
    }

    /// The program, in the sandbox.
    pub fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        self.command_of(program(), args)
    }

    /// Another program, with OpenSSL's configuration, too.
    pub fn command_of(&self, program: &str, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = self.dir.command(program, args);
        command.envs(OPENSSL.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command
    }

    /// A shell script in which the program is `crdb-cert`.
    pub fn script(&self, script: &str) -> Run {
        let bin = Path::new(program()).parent().expect("a directory");
        assert!(program().ends_with("/crdb-cert"), "scripts cannot find {} in PATH", program());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path));
        let mut command = self.command_of("sh", &["-euc", script]);
        Run::of(command.env("PATH", std::env::join_paths(dirs).expect("PATH")))
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// A `create-*` command with the documents' directories and a key that is quick to make.
    pub fn create(&self, command: &str, args: &[&str]) -> Run {
        self.run(&[&[command, "--key-algorithm=ecdsa"], args, &DIRS].concat())
    }

    /// What `openssl` says, which must succeed.
    pub fn openssl(&self, args: &[&str]) -> String {
        Run::of(&mut self.command_of("openssl", args)).succeeds().stdout
    }

    /// `openssl verify` under its strict rules, which must succeed.
    pub fn verifies(&self, ca: &str, certificate: &str, purpose: &str) {
        self.openssl(&["verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, certificate]);
    }

    /// A command that must fail with status 1, these words on stderr, nothing on stdout, and nothing changed on
    /// disk.
    pub fn refuses(&self, args: &[&str], words: &[&str]) {
        let before = self.snapshot();
        let run = self.run(args);
        assert_eq!(run.status, Some(1), "{args:?}: {run:?}");
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(run.stderr.starts_with("ERROR: "), "{args:?}: {}", run.stderr);
        for words in words {
            assert!(run.stderr.contains(words), "{args:?}: {words:?} is not in: {}", run.stderr);
        }
        assert_eq!(self.snapshot(), before, "{args:?}: something changed on disk");
    }

    /// The same for a `create-*` command with the documents' directories.
    pub fn refuses_to_create(&self, command: &str, args: &[&str], words: &[&str]) {
        self.refuses(&[&[command, "--key-algorithm=ecdsa"], args, &DIRS].concat(), words);
    }
}
