//! An open directory, and operations on the names in it. They all go through the open directory, so a path that
//! changes its meaning in the meantime does no harm.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{self, Access, AtFlags, FileType, Gid, Mode, OFlags, RenameFlags, Stat, Uid};
use rustix::io::Errno;

use super::PREFIX;
use crate::umask::umask;

/// The kind of file that a name stands for, without following symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing has this name.
    Absent,
    /// A regular file or a symbolic link: both can be replaced.
    Replaceable,
    /// A directory, device, FIFO or socket.
    Other,
}

impl Entry {
    /// The kind of a name that exists.
    pub fn of(stat: &Stat) -> Self {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile | FileType::Symlink => Self::Replaceable,
            _ => Self::Other,
        }
    }
}

/// The owner of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub uid: u32,
    /// The group; `None` keeps the new file's own.
    pub gid: Option<u32>,
}

/// An open directory.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// Opens a directory by the caller's path.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let fd = fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// One that is open for reading.
    pub fn of(fd: OwnedFd, path: &Path) -> Self {
        Self { fd, path: path.to_owned() }
    }

    /// Opens a directory in this one; refuses a link.
    ///
    /// # Errors
    /// The system's.
    pub fn open_dir(&self, name: &OsStr) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = fs::openat(&self.fd, name, flags, Mode::empty())?;
        Ok(Self { fd, path: self.path.join(name) })
    }

    /// Creates a directory for the caller alone, and opens it.
    ///
    /// # Errors
    /// The system's; or if the name then stands for another directory, someone else's or one in use.
    pub fn create_dir(&self, name: &OsStr) -> io::Result<Self> {
        self.make_dir(name)?;
        let open = || {
            let dir = self.open_dir(name)?;
            let (stat, names) = (dir.stat()?, dir.names()?);
            // Another command may have started to use it.
            let is_new = names.iter().all(|name| name.as_bytes().starts_with(PREFIX.as_bytes()));
            Ok((dir, stat.st_uid == euid() && stat.st_mode & 0o777 == 0o700 && is_new))
        };
        match open() {
            Ok((dir, true)) => Ok(dir),
            Ok((_, false)) => Err(io::Error::other("somebody put another directory in its place")),
            Err(error) => {
                let _ = self.remove_dir(name);
                Err(error)
            }
        }
    }

    /// Creates a directory for the caller alone.
    ///
    /// # Errors
    /// The system's.
    pub fn make_dir(&self, name: &OsStr) -> io::Result<()> {
        umask();
        Ok(fs::mkdirat(&self.fd, name, Mode::RWXU)?)
    }

    /// The same directory with another path for messages.
    #[must_use]
    pub fn named(self, path: &Path) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// Changes the owner of the directory itself.
    ///
    /// # Errors
    /// The system's.
    pub fn give_to(&self, owner: Owner) -> io::Result<()> {
        Ok(fs::fchown(&self.fd, Some(Uid::from_raw(owner.uid)), owner.gid.map(Gid::from_raw))?)
    }

    /// For calls that take an open directory.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The path as the caller gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The metadata of the directory itself.
    ///
    /// # Errors
    /// The system's.
    pub fn stat(&self) -> io::Result<Stat> {
        Ok(fs::fstat(&self.fd)?)
    }

    /// Device and inode: the same for two paths to one directory.
    ///
    /// # Errors
    /// The system's.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        self.stat().map(|stat| identity(&stat))
    }

    /// May the caller create and remove names here?
    ///
    /// # Errors
    /// The system's, if not.
    pub fn check_writable(&self) -> io::Result<()> {
        Ok(fs::accessat(&self.fd, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?)
    }

    /// The metadata of a name, without following links; `None` if it does not exist.
    ///
    /// # Errors
    /// The system's.
    pub fn lookup(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The kind of file that a name stands for.
    ///
    /// # Errors
    /// The system's.
    pub fn entry(&self, name: &OsStr) -> io::Result<Entry> {
        Ok(self.lookup(name)?.map_or(Entry::Absent, |stat| Entry::of(&stat)))
    }

    /// Writes a new file, durably. Only the caller can access it until it is complete; then `owner` gets it, as
    /// far as the caller may do that.
    ///
    /// # Errors
    /// The system's; an incomplete file may remain.
    pub fn create(&self, name: &OsStr, contents: &[u8], mode: Mode, owner: Option<Owner>) -> io::Result<Stat> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR)?);
        file.write_all(contents)?;
        if let Some(Owner { uid, gid }) = owner {
            match fs::fchown(&file, Some(Uid::from_raw(uid)), gid.map(Gid::from_raw)) {
                // Only root may change a file's owner.
                Ok(()) | Err(Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
        fs::fchmod(&file, mode)?;
        file.sync_all()?;
        Ok(fs::fstat(&file)?)
    }

    /// Gives a file in this directory a second name, which must be free. Returns whether the file system can do
    /// that.
    ///
    /// # Errors
    /// The system's.
    pub fn link(&self, from: &OsStr, to: &Self, name: &OsStr) -> io::Result<bool> {
        match fs::linkat(&self.fd, from, &to.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            // PERM: no hard links here, or the caller may not link this file (protected_hardlinks).
            Err(Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP | Errno::MLINK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Renames a file in this directory to a name that must be free.
    ///
    /// # Errors
    /// The system's; `AlreadyExists` if the name is not free.
    pub fn move_new(&self, from: &OsStr, to: &Self, name: &OsStr) -> io::Result<()> {
        match fs::renameat_with(&self.fd, from, &to.fd, name, RenameFlags::NOREPLACE) {
            // Not all file systems can. A hard link also never takes a name in use.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                fs::linkat(&self.fd, from, &to.fd, name, AtFlags::empty())?;
                let result = self.remove(from);
                if result.is_err() {
                    to.remove(name)?;
                }
                result
            }
            result => Ok(result?),
        }
    }

    /// Renames a file in this directory, whether or not the new name is free.
    ///
    /// # Errors
    /// The system's.
    pub fn move_over(&self, from: &OsStr, to: &Self, name: &OsStr) -> io::Result<()> {
        Ok(fs::renameat(&self.fd, from, &to.fd, name)?)
    }

    /// Removes a name, if it exists.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        self.unlink(name, AtFlags::empty())
    }

    /// Removes an empty directory, if it exists.
    ///
    /// # Errors
    /// The system's.
    pub fn remove_dir(&self, name: &OsStr) -> io::Result<()> {
        self.unlink(name, AtFlags::REMOVEDIR)
    }

    fn unlink(&self, name: &OsStr, flags: AtFlags) -> io::Result<()> {
        match fs::unlinkat(&self.fd, name, flags) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes changes to the names durable.
    ///
    /// # Errors
    /// The system's.
    pub fn sync(&self) -> io::Result<()> {
        match fs::fsync(&self.fd) {
            // Some file systems have nothing to sync.
            Err(Errno::INVAL) => Ok(()),
            result => Ok(result?),
        }
    }

    /// All names.
    ///
    /// # Errors
    /// The system's.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let entries = fs::Dir::read_from(&self.fd)?;
        let names = entries.map(|entry| Ok(OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned()));
        let names = names.collect::<io::Result<Vec<_>>>()?;
        Ok(names.into_iter().filter(|name| name != "." && name != "..").collect())
    }
}

/// Device and inode.
pub fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// The caller's user, as the owner of files.
pub fn euid() -> u32 {
    rustix::process::geteuid().as_raw()
}
