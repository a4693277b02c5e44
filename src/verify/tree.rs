//! The certs directories below a directory, such as those of a fleet.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use walkdir::WalkDir;

use crate::certs_dir::is_temporary;
use crate::certs_dir::layout::is_certificate;
use crate::error::Advice;

/// All directories at `root` and below with certificates in them, in order. Links to directories are not followed.
///
/// # Errors
/// If a directory cannot be read, or there is none with certificates.
pub fn certs_dirs(root: &Path) -> Result<Vec<PathBuf>> {
    let mut dirs = BTreeSet::new();
    for entry in WalkDir::new(root).into_iter().filter_entry(|entry| !is_temporary(entry.file_name())) {
        let entry = entry.map_err(|error| anyhow!("could not look for certs directories: {error}"))?;
        if !entry.file_type().is_dir() && entry.file_name().to_str().is_some_and(is_certificate) {
            dirs.extend(entry.path().parent().map(Path::to_owned));
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
