//! Reading files that anybody may have put there: only regular files, only up to a limit, and never waiting for one.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::error::reason;

/// The most that is read of a certificate or key file, in bytes: a thousand certificates fit.
pub const LIMIT: u64 = 1 << 20;

/// Why a file is not read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not there.
    #[error("no such file or directory")]
    NotFound,
    /// A directory, FIFO, socket or device.
    #[error("not a regular file")]
    NotRegular,
    /// Over [`LIMIT`].
    #[error("the file has {0} bytes, more than the limit of {LIMIT}")]
    TooLarge(u64),
    /// Anything else.
    #[error("{}", reason(.0))]
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            _ => Self::Io(error),
        }
    }
}

/// An open regular file of bounded size, and what was true of it when it was opened.
pub struct Regular {
    file: File,
    metadata: Metadata,
}

impl Regular {
    /// Opens a file once, following symbolic links (Kubernetes mounts secrets as links).
    ///
    /// # Errors
    /// If it is not there, not a regular file or too large. Nothing else is opened: to open a device may have effects.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        if !path.metadata()?.is_file() {
            return Err(ReadError::NotRegular);
        }
        // What was a file may be a FIFO by now: that must not block.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(ReadError::NotRegular);
        }
        Ok(Self { file, metadata })
    }

    /// Owner, mode and so on of the open file.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The contents, in a buffer that wipes itself.
    ///
    /// # Errors
    /// If the file has more than [`LIMIT`] bytes, or cannot be read.
    pub fn read(self) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let size = self.metadata.len();
        if size > LIMIT {
            return Err(ReadError::TooLarge(size));
        }
        // Room for all of it at once, so that growing leaves no copy of a key behind; one more tells a file that grew.
        let room = usize::try_from(size).unwrap_or_default() + 1;
        let mut contents = Zeroizing::new(Vec::with_capacity(room));
        let mut file = self.file.take(room as u64);
        loop {
            let mut chunk = Zeroizing::new([0; 4096]);
            match file.read(&mut *chunk)? {
                0 => return Ok(contents),
                n if contents.len() + n >= room => {
                    return Err(ReadError::Io(io::Error::other("it grew while it was read")));
                }
                n => contents.extend_from_slice(&chunk[..n]),
            }
        }
    }
}

/// The contents of a file, under the conditions of [`Regular`].
///
/// # Errors
/// See [`Regular::open`] and [`Regular::read`].
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    Regular::open(path)?.read()
}
