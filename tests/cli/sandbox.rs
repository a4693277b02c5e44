//! A directory of its own for each test, and the program in it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::pty;
use tempfile::TempDir;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_crdb-cert");

/// The flags that name the directories of the documents.
pub const DIRS: [&str; 2] = ["--certs-dir=certs", "--ca-key=my-safe-directory/ca.key"];

/// How OpenSSL is told which providers to use: `make -C dev fips` runs all of these tests on the FIPS provider.
const OPENSSL: [&str; 3] = ["OPENSSL_CONF", "OPENSSL_MODULES", "CRDB_CERT_FIPS"];

/// A directory with the empty `my-safe-directory` of the documents in it.
pub struct Sandbox {
    root: TempDir,
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Run {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Path, mode and contents of everything in a directory.
pub type Snapshot = BTreeMap<PathBuf, (u32, Vec<u8>)>;

impl Sandbox {
    pub fn new() -> Self {
        let root = TempDir::new().expect("a temporary directory");
        let sandbox = Self { root };
        sandbox.make_dir("my-safe-directory");
        sandbox
    }

    /// With a CA, whose key is ECDSA because that is quick to make.
    pub fn with_ca() -> Self {
        let sandbox = Self::new();
        sandbox.create("create-ca", &[]).succeeds();
        sandbox
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The program, in the sandbox, with nothing of the test's environment but PATH and OpenSSL's configuration.
    pub fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args);
        self.tame(command)
    }

    /// A shell script in which the program is `crdb-cert`.
    pub fn script(&self, script: &str) -> Run {
        let mut command = Command::new("sh");
        command.args(["-euc", script]);
        let mut command = self.tame(command);
        let bin = Path::new(PROGRAM).parent().expect("a directory");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(dirs).expect("PATH"));
        Run::of(&mut command)
    }

    fn tame(&self, mut command: Command) -> Command {
        command.env_clear().current_dir(self.root.path()).stdin(Stdio::null());
        // A hostile home: nothing may be read or written there without being asked for.
        command.env("HOME", "/nonexistent");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(OPENSSL.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// A `create-*` command with the documents' directories and a key that is quick to make.
    pub fn create(&self, command: &str, args: &[&str]) -> Run {
        self.run(&[&[command, "--key-algorithm=ecdsa"], args, &DIRS].concat())
    }

    /// The same, with stderr on a terminal: what is seen there.
    pub fn create_on_terminal(&self, command: &str, args: &[&str]) -> String {
        self.create_on_terminal_with(&[], command, args)
    }

    /// The same, with environment variables.
    pub fn create_on_terminal_with(&self, env: &[(&str, &str)], command: &str, args: &[&str]) -> String {
        let controller = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).expect("a terminal");
        pty::grantpt(&controller).expect("grantpt");
        pty::unlockpt(&controller).expect("unlockpt");
        let name = pty::ptsname(&controller, Vec::new()).expect("ptsname");
        let user = fs::File::options()
            .read(true)
            .write(true)
            .open(name.to_str().expect("ASCII"))
            .expect("the terminal");
        let args = [&[command, "--key-algorithm=ecdsa"], args, &DIRS].concat();
        let mut child =
            self.command(&args).envs(env.iter().copied()).stderr(user).spawn().expect("the program");
        assert!(child.wait().expect("the program").success(), "{args:?}");
        let mut seen = Vec::new();
        let mut controller = fs::File::from(controller);
        // All of it is in the terminal's buffer; when it is read the terminal hangs up.
        let mut chunk = [0; 4096];
        while let Ok(n @ 1..) = controller.read(&mut chunk) {
            seen.extend_from_slice(&chunk[..n]);
        }
        String::from_utf8(seen).expect("UTF-8").replace("\r\n", "\n")
    }

    /// Everything that is there now.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        for entry in walkdir::WalkDir::new(self.root.path()) {
            let entry = entry.expect("an entry");
            let contents = match entry.file_type() {
                kind if kind.is_file() => fs::read(entry.path()).unwrap_or_default(),
                kind if kind.is_symlink() => {
                    fs::read_link(entry.path()).expect("a link").into_os_string().into_encoded_bytes()
                }
                _ => Vec::new(),
            };
            snapshot.insert(entry.path().to_owned(), (entry.metadata().expect("metadata").mode(), contents));
        }
        snapshot
    }

    /// The names in a directory, sorted.
    pub fn names(&self, dir: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(dir)).expect(dir);
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect(dir).file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    /// A directory for its owner alone, whatever the umask of the tests.
    pub fn make_dir(&self, name: &str) {
        fs::DirBuilder::new().mode(0o700).create(self.path(name)).expect(name);
    }

    pub fn mode(&self, name: &str) -> u32 {
        self.path(name).metadata().expect(name).mode() & 0o7777
    }

    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect(name);
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    pub fn write(&self, name: &str, contents: &str) {
        fs::write(self.path(name), contents).expect(name);
    }

    /// What `openssl` says, which must succeed.
    pub fn openssl(&self, args: &[&str]) -> String {
        let mut command = Command::new("openssl");
        command.args(args);
        Run::of(&mut self.tame(command)).succeeds().stdout
    }

    /// `openssl verify` under its strict rules, which must succeed.
    pub fn verifies(&self, ca: &str, certificate: &str, purpose: &str) {
        self.openssl(&["verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, certificate]);
    }

    /// A command that must fail with status 1, these words on stderr, nothing on stdout, and nothing changed on disk.
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

impl Run {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the program");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub fn succeeds(self) -> Self {
        assert_eq!(self.status, Some(0), "{self:?}");
        self
    }

    /// Succeeds with nothing on stderr; what it prints.
    pub fn succeeds_silently_but_for_stdout(self) -> String {
        assert_eq!(self.stderr, "");
        self.succeeds().stdout
    }

    /// Succeeds and has nothing to say, as `create-*` away from a terminal.
    pub fn succeeds_silently(self) -> Self {
        assert_eq!((self.stdout.as_str(), self.stderr.as_str()), ("", ""));
        self.succeeds()
    }
}

/// Digits of dates become `N`: `2031/11/25` is `NNNN/NN/NN`.
pub fn without_dates(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_date = |at: usize| {
        bytes.get(at..at + 10).is_some_and(|date| {
            date.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'/' } else { b.is_ascii_digit() })
        })
    };
    let mut masked = bytes.to_vec();
    for at in (0..bytes.len()).filter(|at| is_date(*at)) {
        masked[at..at + 10].copy_from_slice(b"NNNN/NN/NN");
    }
    String::from_utf8(masked).expect("UTF-8")
}
