//! A file that is put in place alone, before the others of a change.

use std::ffi::OsStr;
use std::io;

use anyhow::{Result, anyhow};
use rustix::fs::Mode;

use super::Change;
use crate::error::{Advice, reason};
use crate::store::dir::identity;
use crate::store::manifest::ALONE;

impl Change<'_> {
    /// Writes a file, puts it in place at once, alone, and returns its identity. It replaces nothing, and no
    /// later command touches it.
    ///
    /// # Errors
    /// If it cannot be written, or its name is taken.
    pub fn place_alone(&self, name: &OsStr, contents: &[u8], mode: Mode) -> Result<(u64, u64)> {
        let staged = OsStr::new(ALONE);
        let place = || {
            let stat = self.files.create(staged, contents, mode, None)?;
            self.files.move_new(staged, self.dir, name)?;
            Ok(identity(&stat))
        };
        let placed = place().map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                let path = self.dir.path().join(name);
                let hint = "name another file: this one is never replaced";
                Advice::new(format!("could not write {}: file exists", path.display()), hint).into()
            }
            _ => self.could_not_write(name, &error),
        })?;
        match self.dir.sync() {
            Ok(()) => Ok(placed),
            Err(error) => {
                let error = self.could_not_write(name, &error);
                match self.take_back(name, placed) {
                    Ok(()) => Err(error),
                    Err(again) => Err(Advice::new(
                        format!("{error:#}; the new file stays: {again:#}"),
                        format!("mend the cause, and remove {}", self.dir.path().join(name).display()),
                    )
                    .into()),
                }
            }
        }
    }

    /// Removes a file that [`Change::place_alone`] put in place, if it is still the same file.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn take_back(&self, name: &OsStr, placed: (u64, u64)) -> Result<()> {
        let take_back = || match self.dir.lookup(name)? {
            Some(stat) if identity(&stat) == placed => self.dir.remove(name).and_then(|()| self.dir.sync()),
            _ => Ok(()),
        };
        take_back().map_err(|error| {
            let path = self.dir.path().join(name);
            anyhow!("could not take {} back: {}", path.display(), reason(&error))
        })
    }
}
