//! A directory of its own for each try, and what the program's own files there are.

use std::ffi::OsStr;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::support::Dir;
pub use crate::support::{Item, Run, Snapshot, program};

/// How the names of the program's own files begin.
const OWN: &str = ".crdb-cert.";
/// What tells that a change is not finished.
pub const MANIFEST: &str = "certs/.crdb-cert.commit/crdb-cert.manifest";

/// A directory with the `my-safe-directory` of the documents in it.
pub struct World {
    dir: Dir,
    beside: Dir,
}

/// Certificate file, key file, notes and error of a row of `list`.
#[derive(Debug)]
pub struct Row {
    pub file: String,
    pub key: String,
    pub notes: String,
    pub error: String,
}

impl Deref for World {
    type Target = Dir;

    fn deref(&self) -> &Dir {
        &self.dir
    }
}

impl World {
    /// With files that are nobody's business.
    pub fn new() -> Self {
        let world = Self::nothing();
        fs::create_dir(world.path("my-safe-directory")).expect("my-safe-directory");
        world.write("my-safe-directory/notes", b"mine");
        world
    }

    /// An empty directory.
    pub fn nothing() -> Self {
        Self { dir: Dir::in_memory(), beside: Dir::in_memory() }
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

    /// A file that is not part of the world.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.beside.path(name)
    }

    pub fn run(&self, args: &[impl AsRef<OsStr>]) -> Run {
        Run::of(&mut self.command(program(), args))
    }

    /// A `create-*` command that works.
    pub fn create(&self, args: &str) {
        let run = self.run(&words(args));
        assert!(run.success(), "{args}: {run:?}");
    }

    /// Everything that is there now, but for the directory itself.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.dir.snapshot();
        snapshot.remove(Path::new(""));
        snapshot
    }

    /// The rows of `list`, and what it says on stderr.
    pub fn list(&self) -> Result<(Vec<Row>, String)> {
        let run = self.run(&["list", "--certs-dir=certs"]);
        ensure!(run.success(), "list failed: {run:?}");
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
