//! The certs directories below a directory, such as those of a fleet.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use walkdir::{DirEntry, WalkDir};

use crate::certs_dir::is_temporary;
use crate::certs_dir::layout::is_certificate;
use crate::error::{Advice, reason};

/// All directories at `root` and below with certificates in them, in order, and those that cannot be read, with
/// the reason. Links to directories are not followed.
///
/// # Errors
/// If there are none.
pub fn certs_dirs(root: &Path) -> Result<Vec<(PathBuf, Result<()>)>> {
    let mut dirs = BTreeMap::new();
    // Kubernetes keeps what the links of a volume lead to beside them, in directories with such names.
    let is_volumes = |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_bytes().starts_with(b"..");
    let is_other = |entry: &DirEntry| is_temporary(entry.file_name()) || is_volumes(entry);
    for entry in WalkDir::new(root).into_iter().filter_entry(|entry| !is_other(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if entry.file_name().to_str().is_some_and(is_certificate) => {
                let dir = entry.path().parent().unwrap_or(root);
                if !dirs.contains_key(dir) {
                    dirs.insert(dir.to_owned(), Ok(()));
                }
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let why =
                    error.into_io_error().map_or_else(|| "a loop of links".to_owned(), |error| reason(&error));
                let what = anyhow!("could not look for certs directories in {}: {why}", path.display());
                dirs.insert(path, Err(what));
            }
        }
    }
    if dirs.is_empty() {
        let what = format!("there are no certificates in {} or below", root.display());
        return Err(
            Advice::new(what, "name the directory that holds the certs directories in --certs-dir").into()
        );
    }
    Ok(dirs.into_iter().collect())
}
