//! Reads files that anyone may have put there: only regular files, only up to a limit, and without ever
//! blocking.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

use rustix::fs::{self, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use thiserror::Error;
use zeroize::Zeroizing;

use super::dir::{Dir, euid};
use crate::error::reason;

/// The most bytes read from a certificate or key file: enough for a thousand certificates.
pub const LIMIT: u64 = 1 << 20;

/// The most links in a row, as in the kernel.
const MAX_LINKS: usize = 40;

/// Why a file is not read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not there.
    #[error("no such file or directory")]
    NotFound,
    /// A directory, FIFO, socket or device.
    #[error("not a regular file")]
    NotRegular,
    /// A symbolic link that another account made to a file it does not own.
    #[error("a symbolic link of uid {link} to a file of uid {file} is not followed")]
    Link {
        /// The owner of the link.
        link: u32,
        /// The owner of the file.
        file: u32,
    },
    /// Over the limit.
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

impl From<Errno> for ReadError {
    fn from(error: Errno) -> Self {
        io::Error::from(error).into()
    }
}

/// An open regular file of bounded size, with its metadata from when it was opened.
#[derive(Debug)]
pub struct Regular {
    file: File,
    metadata: Metadata,
    /// The directory that it is in; none in memory.
    dir: Option<Stat>,
}

impl Regular {
    /// Opens a file by its path, once.
    ///
    /// # Errors
    /// As for [`Regular::open_in`], for links in place of the directories, too.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        follow(fs::open(".", STEP, Mode::empty())?, steps(path))
    }

    /// Opens a file in a directory, once. Follows symbolic links (Kubernetes mounts secrets as links) only if
    /// they belong to the caller, to root, or to the owner of the file they lead to: another account's link can
    /// lead only to its own files.
    ///
    /// # Errors
    /// If it does not exist, is not a regular file, or is behind a link that is not followed. Opens nothing
    /// else: opening a device can have side effects.
    pub fn open_in(dir: &Dir, name: &OsStr) -> Result<Self, ReadError> {
        match dir.lookup(name)?.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            Some(FileType::Symlink) => {
                follow(fs::openat(dir.fd(), ".", STEP, Mode::empty())?, vec![name.to_owned()])
            }
            _ => Self::open_unlinked(dir, name),
        }
    }

    /// Opens a file in a directory; refuses a link.
    ///
    /// # Errors
    /// If it does not exist, or is not a regular file.
    pub fn open_unlinked(dir: &Dir, name: &OsStr) -> Result<Self, ReadError> {
        match dir.lookup(name)?.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            None => Err(ReadError::NotFound),
            Some(FileType::RegularFile) => Self::of_dir(dir.fd(), name),
            Some(_) => Err(ReadError::NotRegular),
        }
    }

    /// A file in memory, to be read from its beginning.
    ///
    /// # Errors
    /// The system's.
    pub fn in_memory(file: &File) -> Result<Self, ReadError> {
        // The copy shares its offset with the original.
        let mut file = file.try_clone()?;
        file.rewind()?;
        Self::of(file.into(), None)
    }

    fn of_dir(dir: BorrowedFd<'_>, name: &OsStr) -> Result<Self, ReadError> {
        Self::of(fs::openat(dir, name, FLAGS, Mode::empty())?, Some(fs::fstat(dir)?))
    }

    fn of(fd: OwnedFd, dir: Option<Stat>) -> Result<Self, ReadError> {
        let file = File::from(fd);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(ReadError::NotRegular);
        }
        Ok(Self { file, metadata, dir })
    }

    /// The open file's metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The metadata of the directory that it was in when it was opened, behind all links; none in memory.
    pub fn dir(&self) -> Option<&Stat> {
        self.dir.as_ref()
    }

    /// The contents, in a buffer that wipes itself.
    ///
    /// # Errors
    /// If the file has more than [`LIMIT`] bytes, or cannot be read.
    pub fn read(self) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        self.read_at_most(LIMIT)
    }

    /// The same, with another limit, in bytes.
    ///
    /// # Errors
    /// As for [`Regular::read`].
    pub fn read_at_most(self, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let size = self.metadata.len();
        if size > limit {
            return Err(ReadError::TooLarge(size));
        }
        // Allocated at once, so that growing leaves no copy of a key behind. One extra byte reveals a file that
        // grew.
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

/// For the file itself. A file may have become a FIFO by now: opening it must not block.
const FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
/// For the directories and links on the way.
const STEP: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a directory by its path, once. Links on the way are followed as for files.
///
/// # Errors
/// If it does not exist, or is behind a link that is not followed.
pub fn open_dir(path: &Path) -> Result<Dir, ReadError> {
    let (at, file, links) = walk(fs::open(".", STEP, Mode::empty())?, steps(path))?;
    if file.is_some() {
        return Err(Errno::NOTDIR.into());
    }
    let flags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
    let dir = Dir::of(fs::openat(&at, ".", flags, Mode::empty())?, path);
    check_links(links, dir.stat()?.st_uid).map(|()| dir)
}

/// Opens the file behind links.
fn follow(at: OwnedFd, way: Vec<OsString>) -> Result<Regular, ReadError> {
    let (at, Some(name), links) = walk(at, way)? else { return Err(ReadError::NotRegular) };
    let file = Regular::of_dir(at.as_fd(), &name)?;
    check_links(links, file.metadata.uid()).map(|()| file)
}

/// May these links lead to what this account owns?
fn check_links(links: Vec<u32>, owner: u32) -> Result<(), ReadError> {
    let is_trusted = |link: &u32| [euid(), 0, owner].contains(link);
    match links.into_iter().find(|link| !is_trusted(link)) {
        Some(link) => Err(ReadError::Link { link, file: owner }),
        None => Ok(()),
    }
}

/// Follows each link as the kernel does. Returns the last directory, the name of a file in it, and who owns the
/// links.
fn walk(mut at: OwnedFd, way: Vec<OsString>) -> Result<(OwnedFd, Option<OsString>, Vec<u32>), ReadError> {
    let mut rest = VecDeque::from(way);
    let mut links = Vec::new();
    while let Some(step) = rest.pop_front() {
        let fd = fs::openat(&at, &step, STEP, Mode::empty())?;
        let stat = fs::fstat(&fd)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink if links.len() == MAX_LINKS => return Err(Errno::LOOP.into()),
            FileType::Symlink => {
                links.push(stat.st_uid);
                let target = OsString::from_vec(fs::readlinkat(&fd, "", Vec::new())?.into_bytes());
                for step in steps(Path::new(&target)).into_iter().rev() {
                    rest.push_front(step);
                }
            }
            FileType::Directory => at = fd,
            FileType::RegularFile if rest.is_empty() => return Ok((at, Some(step), links)),
            FileType::RegularFile => return Err(Errno::NOTDIR.into()),
            _ => return Err(ReadError::NotRegular),
        }
    }
    Ok((at, None, links))
}

/// The components of a path; `/` comes first in an absolute one.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().filter(|step| *step != Component::CurDir);
    steps.map(|step| step.as_os_str().to_owned()).collect()
}

/// The contents of a file, under the conditions of [`Regular`].
///
/// # Errors
/// See [`Regular::open`] and [`Regular::read`].
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    Regular::open(path)?.read()
}
