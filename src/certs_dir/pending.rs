//! A change that another command has not finished: the directory is read as it will be when it is.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::dir::{Dir, Entry};
use super::journal::{self, Policy, Record, Whereabouts};

/// The files of the certs directory that are not where they will be.
#[derive(Debug, Default)]
pub struct Pending {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    target: String,
    /// Where its contents are, if anywhere.
    contents: PathBuf,
    /// Does it have no name yet?
    new: bool,
    /// Will its name be free again?
    gone: bool,
}

impl Pending {
    /// Looks for a journal, and says in the log if there is one.
    pub fn of(dir: &Path) -> Self {
        let found = match journal::look(dir) {
            Ok(None) => return Self::default(),
            Ok(Some(records)) => files(dir, &records),
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
        let moves = self.files.iter().find(|pending| pending.target == file);
        moves.map_or_else(|| dir.join(file), |pending| dir.join(&pending.contents))
    }

    /// The files that will be there and have no name yet.
    pub fn new_files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter(|pending| pending.new).map(|pending| pending.target.as_str())
    }

    /// Is this one of our own temporary files, or one that will be gone?
    pub fn hides(&self, name: &OsStr) -> bool {
        name.as_bytes().starts_with(journal::PREFIX.as_bytes())
            || self.files.iter().any(|file| file.gone && name == file.target.as_str())
    }
}

fn files(path: &Path, records: &[Record]) -> anyhow::Result<Vec<File>> {
    let certs_dir = Dir::open(path)?;
    let mut found = Vec::new();
    let (mut blocked, mut staged, mut lost) = (false, false, false);
    for record in records {
        let is_here = record.dir.as_os_str().is_empty();
        let other;
        let dir = if is_here {
            &certs_dir
        } else {
            // The directory of the CA key is not always there, and not for everybody.
            match Dir::open(&record.dir) {
                Ok(dir) => other = dir,
                Err(_) => continue,
            }
            &other
        };
        let whereabouts = journal::whereabouts(dir, record)?;
        let entry = dir.entry(&record.target)?;
        let occupied = entry != Entry::Absent;
        staged |= whereabouts == Whereabouts::Staged;
        lost |= whereabouts == Whereabouts::Lost;
        // A file that appeared in the way of a new one stays, and a directory in any case.
        let stays = entry == Entry::Other || occupied && record.policy == Policy::New;
        blocked |= whereabouts == Whereabouts::Staged && stays;
        if is_here {
            found.push((record, whereabouts, occupied));
        }
    }
    // What is in its place stays if the change is completed, and the rest if it is undone.
    let completes = !(blocked || lost && staged);
    let moves = if completes { Whereabouts::Staged } else { Whereabouts::Placed };
    let mut files = Vec::new();
    for (record, _, occupied) in found.into_iter().filter(|(_, whereabouts, _)| *whereabouts == moves) {
        let gone = certs_dir.entry(&record.staged)? == Entry::Absent;
        if let Some(target) = record.target.to_str() {
            let contents = PathBuf::from(&record.staged);
            files.push(File { target: target.to_owned(), contents, new: !occupied, gone });
        }
    }
    Ok(files)
}
