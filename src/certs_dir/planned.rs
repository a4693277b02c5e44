//! Files that a command would write. They are looked at before they are on any disk.

use std::fs::File;
use std::io::{self, Write};

use rustix::fs::{self, MemfdFlags};

use super::batch::{Contents, Target};
use crate::store::read::{ReadError, Regular};

/// New contents of files; `None` if the file is removed.
#[derive(Default)]
pub(super) struct Planned(Vec<(String, Option<File>)>);

impl Planned {
    /// The files of a batch, in memory.
    pub fn of(batch: &[(Target, Contents)]) -> io::Result<Self> {
        let planned = |(target, contents): &(Target, Contents)| {
            if matches!(contents, Contents::Gone(_)) {
                return Ok((target.file.clone(), None));
            }
            let mut file = File::from(fs::memfd_create("crdb-cert", MemfdFlags::CLOEXEC)?);
            file.write_all(contents.bytes())?;
            fs::fchmod(&file, contents.mode())?;
            Ok((target.file.clone(), Some(file)))
        };
        batch.iter().map(planned).collect::<io::Result<_>>().map(Self)
    }

    /// Will there be a file of this name? `None` if the change has nothing to do with it.
    pub fn has(&self, name: &str) -> Option<bool> {
        self.0.iter().find(|(file, _)| file == name).map(|(_, file)| file.is_some())
    }

    /// Opens a file; `None` if the change has nothing to do with it.
    pub fn open(&self, name: &str) -> Option<Result<Regular, ReadError>> {
        let (_, file) = self.0.iter().find(|(file, _)| file == name)?;
        Some(file.as_ref().ok_or(ReadError::NotFound).and_then(Regular::in_memory))
    }
}
