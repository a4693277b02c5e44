//! The certs directory: its naming conventions, what it holds, and how files get into it.

pub mod access;
pub mod batch;
pub mod certificate;
pub mod inspect;
pub mod key_place;
pub mod layout;
pub mod ownership;
mod planned;
pub mod removal;
pub mod scan;
pub mod writer;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use rustix::time::{ClockId, Timespec, clock_gettime};

use self::batch::{Contents, Holder, Target};
use self::planned::Planned;
use crate::error::{Advice, reason};
use crate::finding::{Finding, checks};
use crate::interrupts::Interrupts;
use crate::store::PREFIX;
use crate::store::change::{self, Pending, Recovered};
use crate::store::dir::Dir;
use crate::store::read::{ReadError, Regular};

/// A certs directory, which may not exist yet. It is opened once, and all access goes through the open
/// directory.
#[derive(Debug)]
pub struct CertsDir {
    path: PathBuf,
    dir: OnceLock<Dir>,
}

impl CertsDir {
    /// Opens the directory, if it exists.
    ///
    /// # Errors
    /// If the path is not a directory, or cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let certs_dir = Self { path: path.to_owned(), dir: OnceLock::new() };
        let shown = path.display();
        match Dir::open(path) {
            Ok(dir) => _ = certs_dir.dir.set(dir),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory && !path.is_dir() => {
                bail!("the certs directory {shown} exists but is not a directory")
            }
            Err(error) => {
                let what = format!("could not open the certs directory {shown}: {}", reason(&error));
                let hint = "run this as an account that can read it, or name another: --certs-dir=<directory>";
                return Err(Advice::new(what, hint).into());
            }
        }
        Ok(certs_dir)
    }

    /// A directory that is open already; `None` if it is missing, which is then only read.
    pub(crate) fn of(path: &Path, dir: Option<Dir>) -> Self {
        Self { path: path.to_owned(), dir: dir.map_or_else(OnceLock::new, OnceLock::from) }
    }

    /// The path as the operator gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does it exist?
    pub fn exists(&self) -> bool {
        self.dir.get().is_some()
    }

    /// The open directory, if it exists.
    pub(crate) fn dir(&self) -> Option<&Dir> {
        self.dir.get()
    }

    /// The directory as it will be once any change that another process left unfinished is completed. Waits for
    /// a writer that is in the middle of a change.
    pub fn read(&self) -> Reading<'_> {
        let since = clock_gettime(ClockId::RealtimeCoarse);
        let began = self.dir().and_then(modified);
        let (pending, planned) = (None, Planned::default());
        let mut reading = Reading { certs_dir: self, pending, planned, findings: Vec::new(), since, began };
        let Some(dir) = self.dir() else { return reading };
        let path = self.path.display();
        match Pending::find(dir, is_ours) {
            Ok(None) => {}
            Ok(pending) => {
                reading.pending = pending;
                let what = format!(
                    "a change of {path} is not finished: it is read as it will be; the next command that writes to {path} completes it"
                );
                reading.findings.push(checks::UNFINISHED_CHANGE.found(&path, what));
            }
            Err(error) => {
                let what = format!("{error:#}: it is not looked at");
                reading.findings.push(checks::UNFINISHED_CHANGE.found(&path, what));
            }
        }
        reading
    }

    /// Refuses to go on without the directory.
    ///
    /// # Errors
    /// If there is none.
    pub fn must_exist(&self) -> Result<()> {
        if self.exists() {
            return Ok(());
        }
        let what = format!("there is no certs directory {}", self.path.display());
        Err(Advice::new(what, "name the directory that holds ca.crt: --certs-dir=<directory>").into())
    }

    /// Completes what an interrupted command left. Every command that writes does this first, so that it reads
    /// the directory as it should be.
    ///
    /// # Errors
    /// If that fails, or if what was left is not ours.
    pub fn recover(&self) -> Result<Vec<Finding>> {
        let Some(dir) = self.dir() else { return Ok(Vec::new()) };
        let interrupts = Interrupts::defer();
        let recovered = change::recover(dir, is_ours, &|| interrupts.check().is_err())?;
        Ok(recovered.map(|recovered| self.recovered(&recovered)).into_iter().collect())
    }

    /// Is this the directory, by whatever path?
    ///
    /// # Errors
    /// If the system does not tell.
    pub(crate) fn is(&self, dir: &Dir) -> Result<bool> {
        let Some(own) = self.dir() else { return Ok(false) };
        let same = own.identity().and_then(|own| Ok(own == dir.identity()?));
        same.map_err(|error| anyhow!("could not stat {}: {}", dir.path().display(), reason(&error)))
    }

    fn recovered(&self, recovered: &Recovered) -> Finding {
        let path = self.path.display();
        let what = match recovered {
            Recovered::Completed => format!("completed an interrupted change of {path}"),
            Recovered::Undone(why) => format!("undid an interrupted change of {path}, as {why}"),
        };
        checks::INTERRUPTED_CHANGE.found(path, what)
    }

    /// The parent of the certs directory, and its name there.
    fn parent(&self) -> Result<(Dir, OsString)> {
        let path = self.path.display();
        let name = self.path.file_name().ok_or_else(|| anyhow!("{path} is not the path of a directory"))?;
        Ok((open_dir(parent(&self.path))?, name.to_owned()))
    }
}

/// The certs directory as a reader sees it.
pub struct Reading<'a> {
    certs_dir: &'a CertsDir,
    pending: Option<Pending>,
    planned: Planned,
    since: Timespec,
    began: Option<Timespec>,
    /// Findings about it.
    pub findings: Vec<Finding>,
}

impl Reading<'_> {
    /// The path of the directory, for messages.
    pub fn dir_path(&self) -> &Path {
        &self.certs_dir.path
    }

    /// The path of a file, for messages.
    pub fn path(&self, file: &str) -> PathBuf {
        self.certs_dir.path.join(file)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// As for [`Regular::open_in`].
    pub fn open(&self, file: &str) -> Result<Regular, ReadError> {
        if let Some(planned) = self.planned.open(file) {
            return planned;
        }
        if let Some(regular) = self.pending.as_ref().and_then(|pending| pending.open(file)) {
            return regular;
        }
        Regular::open_in(self.certs_dir.dir().ok_or(ReadError::NotFound)?, OsStr::new(file))
    }

    /// Can nobody but the caller and root change this open file, or put another into the directory?
    pub fn is_guarded(&self, file: &Regular) -> bool {
        let stat = self.certs_dir.dir().and_then(|dir| dir.stat().ok());
        let metadata = file.metadata();
        stat.is_some_and(|stat| ownership::is_guarded(stat.st_uid, stat.st_mode))
            && ownership::is_guarded(metadata.uid(), metadata.mode())
    }

    /// Whose a key file is, unless nobody but its owner, the caller and root could have given it its name.
    pub fn holder(&self, name: &str, file: &Regular) -> Option<Holder> {
        ownership::holder(file, self.path(name), self.certs_dir.dir())
    }

    /// The directory as it would be after this change.
    ///
    /// # Errors
    /// If the system has no memory for the files.
    pub fn with(mut self, batch: &[(Target, Contents)]) -> io::Result<Self> {
        self.planned = Planned::of(batch)?;
        Ok(self)
    }

    /// Is this the directory, by whatever path?
    pub(crate) fn is_of(&self, dir: &Dir) -> bool {
        self.certs_dir.is(dir).unwrap_or(false)
    }

    /// Is there anything with this name?
    pub fn has(&self, file: &str) -> bool {
        let is_there = |dir: &Dir| !matches!(dir.lookup(OsStr::new(file)), Ok(None));
        if let Some(planned) = self.planned.has(file) {
            return planned;
        }
        let is_removed = self.pending.as_ref().is_some_and(|pending| pending.removes(file));
        !is_removed
            && (self.pending_names().any(|name| name == file) || self.certs_dir.dir().is_some_and(is_there))
    }

    /// The files of an unfinished change.
    pub fn pending_names(&self) -> impl Iterator<Item = &str> {
        self.pending.iter().flat_map(Pending::names)
    }

    /// May a writer have changed the directory since this reading began? If so, waits a moment.
    pub fn is_disturbed(&self) -> bool {
        let now = self.certs_dir.dir().and_then(modified);
        // The clock of a directory ticks slowly: it may have been changed twice in the tick in which this
        // reading began.
        let may_have_changed =
            now.is_some_and(|now| now >= self.since && now <= clock_gettime(ClockId::Realtime));
        let disturbed = now != self.began || may_have_changed;
        if disturbed {
            std::thread::sleep(Duration::from_millis(5));
        }
        disturbed
    }
}

/// When names in the directory last changed.
fn modified(dir: &Dir) -> Option<Timespec> {
    let stat = dir.stat().ok()?;
    Some(Timespec { tv_sec: stat.st_mtime, tv_nsec: stat.st_mtime_nsec.try_into().ok()? })
}

/// Is this a name that our commands write in a certs directory?
fn is_ours(file: &str) -> bool {
    // `sign` puts a certificate beside a request, whatever that is called.
    let is_signed = file.ends_with(".crt") && !is_temporary(OsStr::new(file));
    is_signed || layout::is_key(file) || layout::is_request(file) || layout::is_pending_key(file)
}

/// Opens a directory that must exist.
///
/// # Errors
/// If it does not, or cannot be opened.
pub fn open_dir(path: &Path) -> Result<Dir> {
    let shown = path.display();
    Dir::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Advice::new(
            format!("the directory {shown} does not exist"),
            format!("make it first: mkdir -p -m 700 {shown}"),
        )
        .into(),
        _ => anyhow!("could not open the directory {shown}: {}", reason(&error)),
    })
}

/// The directory of a file; `.` if the path is a bare name.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(if path.has_root() {
        "/"
    } else {
        "."
    }))
}

/// Is this the name of one of our directories, or of a file of the store?
pub fn is_temporary(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}
