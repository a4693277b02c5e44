//! An open directory, and what can be done to the names in it. Names are created, moved and removed by the open
//! directory, so that a path that comes to mean something else in between does no harm.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, RenameFlags, Uid};
use rustix::io::Errno;

/// What a name in a directory is, without following symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing has this name.
    Absent,
    /// A regular file or a symbolic link: both can be replaced.
    Replaceable,
    /// A directory, device, FIFO or socket.
    Other,
}

/// How a staged file came to its place, which says how it is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// The name was free.
    Moved,
    /// The old file has the staged name now.
    Exchanged,
    /// The old file is gone: this file system cannot exchange.
    Overwrote,
}

/// An open directory.
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    pub fn open(path: &Path) -> io::Result<Self> {
        let fd = fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { fd, path: path.to_owned() })
    }

    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Device and inode: the same for two paths to one directory.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        let stat = fs::fstat(&self.fd)?;
        Ok((stat.st_dev, stat.st_ino))
    }

    pub fn entry(&self, name: &OsStr) -> io::Result<Entry> {
        match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile | FileType::Symlink => Ok(Entry::Replaceable),
                _ => Ok(Entry::Other),
            },
            Err(Errno::NOENT) => Ok(Entry::Absent),
            Err(error) => Err(error.into()),
        }
    }

    /// Owner and group of a regular file; `None` if there is none of this name.
    pub fn owner(&self, name: &OsStr) -> io::Result<Option<(Uid, Gid)>> {
        match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                Ok(Some((Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid))))
            }
            Ok(_) | Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a new file, durably. It is for its owner alone from the first byte, until it has all of them; then it is
    /// given to `owner`, where that is possible.
    pub fn create(
        &self,
        name: &OsStr,
        contents: &[u8],
        mode: Mode,
        owner: Option<(Uid, Gid)>,
    ) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR)?);
        file.write_all(contents)?;
        if let Some((user, group)) = owner {
            match fs::fchown(&file, Some(user), Some(group)) {
                // Only root gives files away.
                Ok(()) | Err(Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
        fs::fchmod(&file, mode)?;
        file.sync_all()
    }

    /// Gives a file a name that must be free.
    pub fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match fs::renameat_with(&self.fd, from, &self.fd, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                // File systems that cannot: a hard link takes no name that is in use either.
                fs::linkat(&self.fd, from, &self.fd, to, AtFlags::empty())?;
                let result = fs::unlinkat(&self.fd, from, AtFlags::empty());
                if result.is_err() {
                    self.remove(to)?;
                }
                Ok(result?)
            }
            result => Ok(result?),
        }
    }

    /// Gives a file a name, whether it is free or not.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Puts a file in the place of another, which keeps the staged name where the file system can do that.
    pub fn replace(&self, from: &OsStr, to: &OsStr) -> io::Result<Placed> {
        match fs::renameat_with(&self.fd, from, &self.fd, to, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(Placed::Exchanged),
            Err(Errno::NOENT) => self.rename_new(from, to).map(|()| Placed::Moved),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                self.rename(from, to).map(|()| Placed::Overwrote)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a name; that there is none is fine.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        match fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes what was done to the names durable.
    pub fn sync(&self) -> io::Result<()> {
        match fs::fsync(&self.fd) {
            // File systems without anything to sync.
            Err(Errno::INVAL) => Ok(()),
            result => Ok(result?),
        }
    }

    /// The names that begin with `prefix`.
    pub fn names_with(&self, prefix: &str) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.fd)? {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name.as_bytes().starts_with(prefix.as_bytes()) {
                names.push(name);
            }
        }
        Ok(names)
    }
}
