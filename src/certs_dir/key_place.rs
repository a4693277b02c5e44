//! The place of a new CA key, in a directory of its own or in the certs directory.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};

use super::batch::{Existing, check_free, check_writable};
use super::{CertsDir, is_temporary, layout, open_dir, parent};
use crate::error::Advice;
use crate::store::dir::Dir;

/// The place of a new CA key: a name in a directory that is opened once.
#[derive(Debug)]
pub struct KeyPlace {
    /// `None` is the certs directory itself.
    pub(super) dir: Option<Dir>,
    pub(super) name: OsString,
}

impl KeyPlace {
    /// Opens the path's directory.
    ///
    /// # Errors
    /// If it does not exist, or the path does not name a file in it.
    pub fn open(path: &Path, certs_dir: &CertsDir) -> Result<Self> {
        let name = path.file_name().with_context(|| format!("{} is not the path of a file", path.display()))?;
        let dir = match parent(path) {
            parent if parent == certs_dir.path() => None,
            parent => Some(open_dir(parent)?),
        };
        let is_here = dir.as_ref().map_or(Ok(true), |dir| certs_dir.is(dir))?;
        Ok(Self { dir: dir.filter(|_| !is_here), name: name.to_owned() })
    }

    /// Is the place free for a new key?
    ///
    /// # Errors
    /// If not, or the directory cannot be written to.
    pub fn check(&self) -> Result<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        check_writable(dir)?;
        check_free(dir, &self.name, &Existing::Refuse)
    }
}

/// Refuses a CA key with a name that the certs directory uses for other files.
pub(super) fn check_name(certs_dir: &CertsDir, ca_key: &Path, dir: Option<&Dir>) -> Result<()> {
    let Some(name) = ca_key.file_name() else { return Ok(()) };
    let taken = name.to_str().is_some_and(|name| {
        layout::is_key(name) || [".crt", ".pk8", ".csr", ".pending"].iter().any(|end| name.ends_with(end))
    });
    if name.as_encoded_bytes().starts_with(b"crdb-cert.") {
        let what =
            format!("--ca-key: {} has a name that this program gives to temporary files", ca_key.display());
        return Err(Advice::new(what, "choose another name, such as ca.key").into());
    }
    if !taken && !is_temporary(name) {
        return Ok(());
    }
    let is_here = match dir {
        Some(dir) => certs_dir.is(dir)?,
        None => parent(ca_key) == certs_dir.path(),
    };
    if !is_here {
        return Ok(());
    }
    let what = format!("--ca-key: in the certs directory {} is not the name of a CA key", ca_key.display());
    Err(Advice::new(what, "keep the CA key in a directory of its own, away from the nodes").into())
}
