//! A change that another command has not finished: the directory is read as it will be when it is.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::dir::{Dir, Entry};
use super::journal::{self, Policy};

/// The files of the certs directory that are still under their staged names.
#[derive(Debug, Default)]
pub struct Pending {
    files: Vec<Staged>,
}

#[derive(Debug)]
struct Staged {
    target: String,
    staged: PathBuf,
    new: bool,
}

impl Pending {
    /// Looks for a journal, and says in the log if there is one.
    pub fn of(dir: &Path) -> Self {
        let found = match journal::read(dir) {
            Ok(None) => return Self::default(),
            Ok(Some(records)) => staged_files(dir, &records),
            Err(error) => Err(error),
        };
        let path = dir.display();
        match found {
            Ok(files) => {
                log::warn!(
                    "a change of {path} is not finished: it is listed as it will be; the next command that writes to {path} completes it"
                );
                Self { files }
            }
            Err(error) => {
                log::warn!("a change of {path} is not finished, and cannot be read: {error:#}");
                Self::default()
            }
        }
    }

    /// Where the contents of a file are now.
    pub fn path(&self, dir: &Path, file: &str) -> PathBuf {
        let staged = self.files.iter().find(|pending| pending.target == file);
        staged.map_or_else(|| dir.join(file), |pending| dir.join(&pending.staged))
    }

    /// The files that will be there and have no name yet.
    pub fn new_files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter(|pending| pending.new).map(|pending| pending.target.as_str())
    }

    /// Is this one of our own temporary files?
    pub fn hides(&self, name: &OsStr) -> bool {
        name.as_bytes().starts_with(journal::PREFIX.as_bytes())
    }
}

fn staged_files(path: &Path, records: &[journal::Record]) -> anyhow::Result<Vec<Staged>> {
    let dir = Dir::open(path)?;
    let mut files = Vec::new();
    for record in records.iter().filter(|record| record.dir.as_os_str().is_empty()) {
        let occupied = dir.entry(&record.target)? != Entry::Absent;
        if !journal::holds(&dir, &record.staged, &record.digest)? {
            if !journal::holds(&dir, &record.target, &record.digest)? {
                // The file is lost, and the change will be undone.
                return Ok(Vec::new());
            }
            continue;
        }
        // A file that appeared in the way of a new one stays, and the change is undone.
        let stays = occupied && record.policy == Policy::New;
        if let Some(target) = record.target.to_str().filter(|_| !stays) {
            let staged = PathBuf::from(&record.staged);
            files.push(Staged { target: target.to_owned(), staged, new: !occupied });
        }
    }
    Ok(files)
}
