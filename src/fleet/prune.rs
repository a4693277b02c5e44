//! Removes what the manifest no longer names: certificates and keys, never anything else.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};

use anyhow::{Result, anyhow};

use super::desired::FolderName;
use super::out::Fleet;
use crate::certs_dir::CertsDir;
use crate::certs_dir::layout::{is_certificate, is_key, is_pending_key, is_request};
use crate::error::{Advice, reason};
use crate::finding::Finding;
use crate::store::dir::Dir;

impl Fleet {
    /// Removes a file of a folder.
    ///
    /// # Errors
    /// If it cannot be removed, or others can rename the folder.
    pub fn remove_file(&self, name: &FolderName, file: &str) -> Result<()> {
        self.check_guarded(name)?;
        let Some(dir) = self.open_folder(name)? else { return Ok(()) };
        remove(&dir, OsStr::new(file))?;
        dir.sync().map_err(|error| could_not(&dir, &error))
    }

    /// Removes a folder with all certificates, keys and requests in it, unless a key waits there. Certificates
    /// go first: a key alone harms nobody who comes upon it half done.
    ///
    /// # Errors
    /// If a key waits for its certificate, anything cannot be removed, there are other files in it, or others
    /// can rename it.
    pub fn remove_folder(&self, name: &FolderName, findings: &mut Vec<Finding>) -> Result<()> {
        self.check_guarded(name)?;
        let Some(dir) = self.open_folder(name)? else { return Ok(()) };
        // What a run that was killed left in it is ours too.
        let certs_dir = CertsDir::of(&self.path(name), Some(dir));
        findings.extend(certs_dir.writer(None).prepare(None)?);
        let Some(dir) = certs_dir.dir() else { return Ok(()) };
        let names = dir.names().map_err(|error| could_not(dir, &error))?;
        let ours = |of: fn(&str) -> bool| names.iter().filter(move |name| name.to_str().is_some_and(of));
        if let Some(key) = ours(is_pending_key).next() {
            let path = self.path(name);
            let what = format!("{} waits for its certificate, and stays", path.join(key).display());
            let hint = format!("if nobody is to sign it any more: rm -r {}", path.display());
            return Err(Advice::new(what, hint).into());
        }
        let all = ours(is_certificate).chain(ours(is_key)).chain(ours(is_request));
        all.into_iter().try_for_each(|file| remove(dir, file))?;
        self.remove_dir(name).map_err(|error| match error.kind() {
            ErrorKind::DirectoryNotEmpty => {
                let path = self.path(name);
                let what = format!("{} holds other files than certificates and keys", path.display());
                Advice::new(what, format!("look at them, and remove it: rm -r {}", path.display())).into()
            }
            _ => could_not(dir, &error),
        })
    }
}

fn remove(dir: &Dir, file: &OsStr) -> Result<()> {
    let removed = dir.remove(file);
    removed.or_else(|error| match error.kind() {
        ErrorKind::NotFound => Ok(()),
        _ => {
            let path = dir.path().join(file);
            Err(anyhow!("could not remove {}: {}", path.display(), reason(&error)))
        }
    })
}

fn could_not(dir: &Dir, error: &io::Error) -> anyhow::Error {
    anyhow!("could not remove {}: {}", dir.path().display(), reason(error))
}
