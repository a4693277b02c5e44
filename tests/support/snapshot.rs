//! What a run of a program left on disk.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, FileType};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Everything in a directory, by its path there.
pub type Snapshot = BTreeMap<PathBuf, Item>;

/// A file, a directory or another thing on disk.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    pub kind: FileType,
    pub mode: u32,
    /// User and group.
    pub owner: (u32, u32),
    /// Of a file that can be read, or the target of a link.
    pub contents: Option<Vec<u8>>,
}

/// All that is below the named part of a directory, and that part itself.
pub fn snapshot(dir: &Path, part: &str) -> Snapshot {
    let entries = WalkDir::new(dir.join(part)).into_iter().map(|entry| entry.expect("an entry").into_path());
    entries
        .map(|path| (path.strip_prefix(dir).expect("a path in the directory").to_owned(), Item::at(&path)))
        .collect()
}

impl Item {
    fn at(path: &Path) -> Self {
        let metadata = path.symlink_metadata().expect("metadata");
        let contents = match metadata.file_type() {
            kind if kind.is_file() => fs::read(path).ok(),
            kind if kind.is_symlink() => {
                Some(fs::read_link(path).expect("a link").into_os_string().into_encoded_bytes())
            }
            _ => None,
        };
        let owner = (metadata.uid(), metadata.gid());
        Self { kind: metadata.file_type(), mode: metadata.mode() & 0o7777, owner, contents }
    }
}

/// Without the contents, which are long and may be a key.
impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.contents.as_ref().map_or(0, Vec::len);
        write!(f, "mode {:o}, owner {:?}, {bytes} bytes", self.mode, self.owner)
    }
}
