//! A directory of its own for each test.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::snapshot::{Snapshot, snapshot};

/// A directory that goes away with the test.
pub struct Dir(TempDir);

impl Dir {
    /// An empty one.
    pub fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    /// An empty one in memory, where nobody waits for a disk to sync, unless TMPDIR says where.
    pub fn in_memory() -> Self {
        let in_memory = || tempfile::tempdir_in("/dev/shm").ok().map(Self);
        let dir = if std::env::var_os("TMPDIR").is_some() { None } else { in_memory() };
        dir.unwrap_or_else(Self::new)
    }

    /// An empty one in the given directory.
    pub fn within(parent: &Path) -> Self {
        Self(tempfile::tempdir_in(parent).expect("a temporary directory"))
    }

    pub fn dir(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// A program in the directory, with nothing of the test's environment but PATH.
    pub fn command(&self, program: impl AsRef<OsStr>, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().current_dir(self.dir()).stdin(Stdio::null());
        // A hostile home: nothing may be read or written there without being asked for.
        command.env("HOME", "/nonexistent").env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Everything that is there now, the directory itself included.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of("")
    }

    /// The same for a part of it.
    pub fn snapshot_of(&self, part: &str) -> Snapshot {
        snapshot(self.dir(), part)
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

    pub fn write(&self, name: &str, contents: &(impl AsRef<[u8]> + ?Sized)) {
        fs::write(self.path(name), contents).expect(name);
    }
}
