//! A directory of its own for each try, the program in it, and what can be seen of both from outside.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use walkdir::WalkDir;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_crdb-cert");

/// How the names of the program's own files begin.
const OWN: &str = ".crdb-cert.";
/// What tells that a change is not finished.
pub const MANIFEST: &str = "certs/.crdb-cert.commit/crdb-cert.manifest";

/// A directory with the `my-safe-directory` of the documents in it.
pub struct World {
    root: TempDir,
}

/// Mode, and contents; a directory has none, and a link has its target.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    pub mode: u32,
    pub contents: Option<Vec<u8>>,
}

/// Everything that is in a directory, by its path there.
pub type Snapshot = BTreeMap<PathBuf, Item>;

/// What a run of the program left.
#[derive(Debug)]
pub struct Run {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Certificate file, key file, notes and error of a row of `list`.
#[derive(Debug)]
pub struct Row {
    pub file: String,
    pub key: String,
    pub notes: String,
    pub error: String,
}

impl World {
    /// With files that are nobody's business.
    pub fn new() -> Self {
        let world = Self::nothing();
        fs::create_dir(world.path("my-safe-directory")).expect("my-safe-directory");
        world.write("my-safe-directory/notes", b"mine");
        world
    }

    /// An empty directory: in memory, where nobody waits for a disk to sync, unless TMPDIR says where.
    pub fn nothing() -> Self {
        let in_memory = || tempfile::tempdir_in("/dev/shm").ok();
        let root = if std::env::var_os("TMPDIR").is_some() { None } else { in_memory() };
        let world = Self { root: root.unwrap_or_else(|| TempDir::new().expect("a temporary directory")) };
        fs::create_dir(world.dir()).expect("a directory");
        world
    }

    /// The same in another place.
    pub fn copy(&self) -> Self {
        let copy = Self::nothing();
        for (path, item) in self.snapshot() {
            let to = copy.dir().join(&path);
            match item.contents {
                None => fs::create_dir(&to).expect("a directory"),
                Some(contents) => fs::write(&to, contents).expect("a file"),
            }
            fs::set_permissions(&to, fs::Permissions::from_mode(item.mode)).expect("a mode");
        }
        copy
    }

    pub fn dir(&self) -> PathBuf {
        self.root.path().join("world")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// A file that is not part of the world.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn write(&self, name: &str, contents: &[u8]) {
        fs::write(self.path(name), contents).expect(name);
    }

    /// A program in the world, with nothing of the test's environment but PATH, and a hostile home.
    pub fn command(&self, program: &str, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().current_dir(self.dir()).stdin(Stdio::null());
        command.env("HOME", "/nonexistent").env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    pub fn run(&self, args: &[impl AsRef<OsStr>]) -> Run {
        Run::of(&mut self.command(PROGRAM, args))
    }

    /// A `create-*` command that works.
    pub fn create(&self, args: &str) {
        let run = self.run(&words(args));
        assert!(run.status.success(), "{args}: {run:?}");
    }

    pub fn snapshot(&self) -> Snapshot {
        let entries = WalkDir::new(self.dir()).min_depth(1).sort_by_file_name();
        entries.into_iter().map(|entry| self.item(entry.expect("an entry").path())).collect()
    }

    fn item(&self, path: &Path) -> (PathBuf, Item) {
        let metadata = path.symlink_metadata().expect("metadata");
        let contents = metadata.is_file().then(|| fs::read(path).expect("a file"));
        let relative = path.strip_prefix(self.dir()).expect("a path in the world");
        (relative.to_owned(), Item { mode: metadata.mode() & 0o7777, contents })
    }

    /// The rows of `list`, and what it says on stderr.
    pub fn list(&self) -> Result<(Vec<Row>, String)> {
        let run = self.run(&["list", "--certs-dir=certs"]);
        ensure!(run.status.success(), "list failed: {run:?}");
        let lines = run.stdout.lines().filter(|line| line.starts_with('|')).skip(1);
        let rows = lines.map(|line| {
            let cells: Vec<_> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
            let [_, _, file, key, _, notes, error, _] = <[String; 8]>::try_from(cells).ok()?;
            Some(Row { file, key, notes, error })
        });
        let rows = rows.collect::<Option<_>>().with_context(|| format!("no table: {}", run.stdout))?;
        Ok((rows, run.stderr))
    }
}

impl Run {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output();
        Self::from(output.unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program())))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Is this one of the program's own files, which should not stay?
pub fn is_own(path: &Path) -> bool {
    path.iter().any(|name| name.as_encoded_bytes().starts_with(OWN.as_bytes()))
}

/// The paths of the program's own files.
pub fn leftovers(snapshot: &Snapshot) -> Vec<&Path> {
    snapshot.keys().filter(|path| is_own(path)).map(PathBuf::as_path).collect()
}

/// The arguments of a command line without quotes.
pub fn words(args: &str) -> Vec<String> {
    args.split_whitespace().map(str::to_owned).collect()
}
