//! Paths and directories as operators name them, with errors that name them.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use rustix::fs::{Access, Mode};

use super::dir::Dir;
use crate::error::{Advice, reason};

pub fn open(path: &Path) -> Result<Dir> {
    Dir::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Advice::new(
            format!("the directory {} does not exist", path.display()),
            format!("make it first: mkdir -p -m 700 {}", path.display()),
        )
        .into(),
        _ => anyhow!("could not open the directory {}: {}", path.display(), reason(&error)),
    })
}

/// Is there no certs directory yet?
///
/// # Errors
/// If what is there is no directory.
pub fn is_missing(certs_dir: &Path) -> Result<bool> {
    match certs_dir.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(false),
        Ok(_) => bail!("the certs directory {} exists but is not a directory", certs_dir.display()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => bail!("could not stat the certs directory {}: {}", certs_dir.display(), reason(&error)),
    }
}

pub fn check_writable(dir: &Path) -> Result<()> {
    open(dir)?;
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        anyhow!("could not write to the directory {}: {}", dir.display(), reason(&error.into()))
    })
}

/// Makes the certs directory if it is missing, for its owner alone; says whether it did.
pub fn create_dir(path: &Path) -> Result<bool> {
    let create = || match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) => {
            // Whatever the umask.
            let result = rustix::fs::chmod(path, Mode::RWXU).map_err(io::Error::from);
            let result = result.and_then(|()| Dir::open(parent(path).map_err(io::Error::other)?)?.sync());
            if result.is_err() {
                let _ = rustix::fs::rmdir(path);
            }
            result.map(|()| true)
        }
        Err(rustix::io::Errno::EXIST) => Ok(false),
        Err(error) => Err(error.into()),
    };
    create().map_err(|error: io::Error| {
        anyhow!("could not create the certs directory {}: {}", path.display(), reason(&error))
    })
}

/// The directory of a file, `.` where the path is a bare name.
pub fn parent(path: &Path) -> Result<&Path> {
    match path.parent() {
        Some(dir) if dir.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(dir) => Ok(dir),
        None => bail!("{} is not the path of a file", path.display()),
    }
}

pub fn file_name(path: &Path) -> Result<&OsStr> {
    path.file_name().with_context(|| format!("{} is not the path of a file", path.display()))
}
