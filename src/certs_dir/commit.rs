//! All or nothing, and durable: how new files come into the certs directory, and the CA key beside it.
//!
//! A [`Plan`] refuses what can be refused before any key is made. Its [`Plan::commit`] stages all files, records what it is
//! about to do in the journal, and puts each file in its place. A failure on the way takes everything back; a process that
//! dies on the way leaves the journal, and the next command that writes finishes the change ([`recover`]).

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use rustix::fs::{Access, Mode};
use zeroize::Zeroizing;

use super::dir::{Dir, Entry, Placed};
use super::journal::{self, Policy, Record};
use super::read::LIMIT;
use super::{lock, read};
use crate::error::{Advice, reason};
use crate::pki::pem;

/// What to do about a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Refuse,
    /// Replace it.
    Replace,
    /// Replace it by the new certificate followed by all that it has now (rotation of a CA).
    KeepBehind,
}

/// Where a new file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its path.
    pub path: PathBuf,
    /// What to do about a file that is already there.
    pub existing: Existing,
}

/// What a new file holds, which decides its mode.
pub enum Contents {
    /// A private key: mode 0600, whatever the umask.
    Key(Zeroizing<Vec<u8>>),
    /// Certificates: mode 0644 less the umask.
    Certificates(Vec<u8>),
}

impl Contents {
    fn mode(&self) -> Mode {
        match self {
            Self::Key(_) => Mode::RUSR | Mode::WUSR,
            Self::Certificates(_) => Mode::from_raw_mode(0o644).difference(umask()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Key(bytes) => bytes,
            Self::Certificates(bytes) => bytes,
        }
    }
}

/// The files a command is going to write, none of which is refused as things stand.
pub struct Plan {
    certs_dir: PathBuf,
    targets: Vec<Target>,
}

impl Plan {
    /// Finishes what an interrupted command left, and checks that each target may be written.
    ///
    /// The certs directory may be missing: the commit creates it, with mode 0700.
    ///
    /// # Errors
    /// If a file is in the way, or a directory is missing or cannot be written to.
    pub fn new(certs_dir: &Path, targets: Vec<Target>) -> Result<Self> {
        recover(certs_dir)?;
        for target in &targets {
            let dir = parent(&target.path)?;
            if dir == certs_dir && !exists(certs_dir)? {
                check_writable(parent(certs_dir)?)?;
            } else {
                check_writable(dir)?;
                check_free(&open(dir)?, file_name(&target.path)?, target.existing)?;
            }
        }
        Ok(Self { certs_dir: certs_dir.to_owned(), targets })
    }

    /// Puts all files in place, or none; `contents` are in the order of the targets.
    ///
    /// # Errors
    /// If anything fails, and then the directories are as they were, or, where that fails too, the journal is left for
    /// the next command.
    pub fn commit(self, contents: Vec<Contents>) -> Result<()> {
        let interrupts = Interrupts::defer();
        let created = create_dir(&self.certs_dir)?;
        let result = self.commit_in_dir(contents, &interrupts);
        if created && result.is_err() {
            // Fails where the directory is not empty, which is what is wanted.
            let _ = std::fs::remove_dir(&self.certs_dir);
        }
        result
    }

    fn commit_in_dir(&self, contents: Vec<Contents>, interrupts: &Interrupts) -> Result<()> {
        let dirs = Dirs::lock(&self.certs_dir, &self.targets, interrupts)?;
        finish_interrupted(&dirs.certs)?;
        for dir in dirs.all() {
            sweep(dir)?;
        }
        let mut change = Change { certs_dir: Rc::clone(&dirs.certs), steps: Vec::new() };
        let staged = self
            .targets
            .iter()
            .zip(contents)
            .try_for_each(|(target, contents)| change.stage(&dirs, target, contents));
        let recorded = staged.and_then(|()| interrupts.check()).and_then(|()| change.record());
        if let Err(error) = recorded {
            change.discard();
            return Err(error);
        }
        change.apply()
    }
}

/// Finishes what an interrupted command left in the directory, if anything.
///
/// # Errors
/// If that fails, or the journal is somebody else's.
pub fn recover(certs_dir: &Path) -> Result<()> {
    if journal::read(certs_dir)?.is_none() {
        return Ok(());
    }
    let interrupts = Interrupts::defer();
    let dirs = Dirs::lock(certs_dir, &[], &interrupts)?;
    finish_interrupted(&dirs.certs)
}

/// The directories of a change, each once, however many paths lead to it, and locked.
struct Dirs {
    certs: Rc<Dir>,
    others: Vec<(PathBuf, Rc<Dir>)>,
}

impl Dirs {
    fn lock(certs_dir: &Path, targets: &[Target], interrupts: &Interrupts) -> Result<Self> {
        let mut dirs = Self { certs: Rc::new(open(certs_dir)?), others: Vec::new() };
        for target in targets {
            dirs.add(parent(&target.path)?)?;
        }
        // In the same order in every process, so that no two wait for each other.
        let mut order = dirs.all().map(|dir| Ok((dir.identity()?, dir))).collect::<io::Result<Vec<_>>>()?;
        order.sort_by_key(|(identity, _)| *identity);
        for (_, dir) in order {
            lock::acquire(dir, &|| interrupts.check().is_err())?;
        }
        Ok(dirs)
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        if self.find(path).is_none() {
            let dir = Rc::new(open(path)?);
            let identity = dir.identity()?;
            if self.certs.identity()? != identity {
                self.others.push((path.to_owned(), dir));
            }
        }
        Ok(())
    }

    fn find(&self, path: &Path) -> Option<&Rc<Dir>> {
        self.others.iter().find(|(known, _)| known == path).map(|(_, dir)| dir)
    }

    /// The directory of a path; the certs directory's other paths are not in the list.
    fn get(&self, path: &Path) -> Rc<Dir> {
        Rc::clone(self.find(path).unwrap_or(&self.certs))
    }

    fn all(&self) -> impl Iterator<Item = &Rc<Dir>> {
        std::iter::once(&self.certs).chain(self.others.iter().map(|(_, dir)| dir))
    }
}

/// One file of a change, in its directory.
struct Step {
    dir: Rc<Dir>,
    record: Record,
}

impl Step {
    fn place(&self) -> io::Result<Placed> {
        let Record { staged, target, .. } = &self.record;
        match self.record.policy {
            Policy::New => self.dir.rename_new(staged, target).map(|()| Placed::Moved),
            Policy::Replace => self.dir.replace(staged, target),
        }
    }

    fn take_back(&self, placed: Placed) -> io::Result<()> {
        let Record { staged, target, .. } = &self.record;
        match placed {
            Placed::Moved => self.dir.rename_new(target, staged),
            Placed::Exchanged => self.dir.replace(staged, target).map(drop),
            Placed::Overwrote => Err(io::Error::other("the file system cannot exchange files")),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(&self.record.target)
    }

    /// Is the new file still under its staged name?
    fn is_staged(&self) -> Result<bool> {
        journal::holds(&self.dir, &self.record.staged, &self.record.digest)
    }

    /// Is the new file in its place?
    fn is_placed(&self) -> Result<bool> {
        journal::holds(&self.dir, &self.record.target, &self.record.digest)
    }
}

/// A change under way.
struct Change {
    certs_dir: Rc<Dir>,
    steps: Vec<Step>,
}

impl Change {
    /// Writes a new file beside its target.
    fn stage(&mut self, dirs: &Dirs, target: &Target, contents: Contents) -> Result<()> {
        let dir = dirs.get(parent(&target.path)?);
        let name = file_name(&target.path)?;
        check_free(&dir, name, target.existing)?;
        let contents = match target.existing {
            Existing::KeepBehind => with_existing_behind(contents, &target.path)?,
            Existing::Refuse | Existing::Replace => contents,
        };
        let path = if Rc::ptr_eq(&dir, &self.certs_dir) {
            PathBuf::new()
        } else {
            std::path::absolute(dir.path())
                .with_context(|| format!("could not resolve {}", dir.path().display()))?
        };
        let record = Record {
            policy: if target.existing == Existing::Refuse { Policy::New } else { Policy::Replace },
            digest: journal::digest(contents.bytes())?,
            dir: path,
            staged: staged_name(self.steps.len()),
            target: name.to_owned(),
        };
        let result = dir.create(&record.staged, contents.bytes(), contents.mode());
        self.steps.push(Step { dir, record });
        result.map_err(|error| anyhow!("could not write {}: {}", target.path.display(), reason(&error)))
    }

    /// Makes the change happen, as far as the disk is concerned: from here on it is finished by whoever finds it.
    fn record(&self) -> Result<()> {
        let records: Vec<_> = self.steps.iter().map(|step| step.record.clone()).collect();
        let name = staged_name(self.steps.len());
        let write = || {
            self.sync()?;
            self.certs_dir.create(&name, &journal::encode(&records), Mode::RUSR | Mode::WUSR)?;
            self.certs_dir.rename_new(&name, OsStr::new(journal::FILE))?;
            self.certs_dir.sync()
        };
        let result = write().map_err(|error| {
            anyhow!("could not record the change in {}: {}", self.certs_dir.path().display(), reason(&error))
        });
        if result.is_err() {
            let _ = self.certs_dir.remove(&name);
        }
        result
    }

    /// Puts each file in its place; on failure takes all of them back.
    fn apply(&self) -> Result<()> {
        let mut placed = Vec::new();
        let mut result = Ok(());
        for step in &self.steps {
            match step.place() {
                Ok(how) => placed.push((step, how)),
                Err(error) => {
                    result = Err(could_not_place(&step.path(), &error));
                    break;
                }
            }
        }
        let result = result.and_then(|()| self.sync().map_err(|error| self.could_not_sync(&error)));
        let Err(error) = result else {
            return self.clean_up();
        };
        for (step, how) in placed.into_iter().rev() {
            if let Err(again) = step.take_back(how) {
                let dir = self.certs_dir.path().display();
                return Err(error.context(Advice::new(
                    format!("the change of {dir} is half done, and taking it back failed ({})", reason(&again)),
                    format!("mend the cause; the next command that writes to {dir} completes the change first"),
                )));
            }
        }
        self.discard();
        Err(error)
    }

    /// Removes what the change does not need any more: the old files under staged names, then the journal.
    fn clean_up(&self) -> Result<()> {
        self.remove_all().map_err(|error| {
            let dir = self.certs_dir.path().display();
            let hint = format!("mend the cause; the next command that writes to {dir} removes them");
            Advice::new(
                format!(
                    "the new files are in place, but temporary ones in {dir} could not be removed: {}",
                    reason(&error)
                ),
                hint,
            )
            .into()
        })
    }

    /// Gives the change up. What cannot be removed now is swept away by the next command.
    fn discard(&self) {
        if let Err(error) = self.remove_all() {
            log::warn!(
                "could not remove temporary files in {}: {}",
                self.certs_dir.path().display(),
                reason(&error)
            );
        }
    }

    /// The staged files first: as long as the journal is there, somebody will come back for them.
    fn remove_all(&self) -> io::Result<()> {
        for step in &self.steps {
            step.dir.remove(&step.record.staged)?;
        }
        self.sync()?;
        self.certs_dir.remove(OsStr::new(journal::FILE))?;
        self.certs_dir.sync()
    }

    fn sync(&self) -> io::Result<()> {
        let mut synced: Vec<&Rc<Dir>> = Vec::new();
        for step in &self.steps {
            if !synced.iter().any(|dir| Rc::ptr_eq(dir, &step.dir)) {
                step.dir.sync()?;
                synced.push(&step.dir);
            }
        }
        Ok(())
    }

    fn could_not_sync(&self, error: &io::Error) -> anyhow::Error {
        anyhow!("could not make the change of {} durable: {}", self.certs_dir.path().display(), reason(error))
    }
}

/// Completes the change in the journal; or undoes it, if somebody has put another file in its way since.
fn finish_interrupted(certs_dir: &Rc<Dir>) -> Result<()> {
    let Some(records) = journal::read(certs_dir.path())? else {
        return Ok(());
    };
    let mut steps = Vec::new();
    for record in records {
        let dir =
            if record.dir.as_os_str().is_empty() { Rc::clone(certs_dir) } else { Rc::new(open(&record.dir)?) };
        steps.push(Step { dir, record });
    }
    let change = Change { certs_dir: Rc::clone(certs_dir), steps };
    let path = certs_dir.path().display();
    for step in &change.steps {
        if !step.is_staged()? {
            continue;
        }
        match step.place() {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                undo_interrupted(&change)?;
                log::warn!("undid an interrupted change of {path}, as {} exists now", step.path().display());
                return change.clean_up();
            }
            Err(error) => {
                return Err(could_not_place(&step.path(), &error))
                    .with_context(|| format!("could not complete an interrupted change of {path}"));
            }
        }
    }
    change.sync().map_err(|error| change.could_not_sync(&error))?;
    change.clean_up()?;
    log::warn!("completed an interrupted change of {path}");
    Ok(())
}

fn undo_interrupted(change: &Change) -> Result<()> {
    for step in &change.steps {
        if !step.is_placed()? {
            continue;
        }
        let old_is_staged = step.dir.entry(&step.record.staged)? != Entry::Absent;
        step.take_back(if old_is_staged { Placed::Exchanged } else { Placed::Moved })
            .map_err(|error| could_not_place(&step.path(), &error))?;
    }
    Ok(())
}

/// Removes files that a process left which died before it wrote its journal. Only under the lock: nobody else's are there.
fn sweep(dir: &Dir) -> Result<()> {
    let sweep = || {
        for name in dir.names_with(journal::PREFIX)? {
            if name != journal::FILE && dir.entry(&name)? == Entry::Replaceable {
                dir.remove(&name)?;
            }
        }
        Ok(())
    };
    sweep().map_err(|error: io::Error| {
        anyhow!("could not remove temporary files in {}: {}", dir.path().display(), reason(&error))
    })
}

fn could_not_place(path: &Path, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => file_exists(path),
        _ => anyhow!("could not write {}: {}", path.display(), reason(error)),
    }
}

fn file_exists(path: &Path) -> anyhow::Error {
    let hint = "pass --overwrite to replace existing files, or name another directory";
    Advice::new(format!("could not write {}: file exists", path.display()), hint).into()
}

/// Refuses a target that may not be written.
fn check_free(dir: &Dir, name: &OsStr, existing: Existing) -> Result<()> {
    let path = dir.path().join(name);
    let entry =
        dir.entry(name).map_err(|error| anyhow!("could not stat {}: {}", path.display(), reason(&error)))?;
    match (entry, existing) {
        (Entry::Absent, _) | (Entry::Replaceable, Existing::Replace | Existing::KeepBehind) => Ok(()),
        (Entry::Replaceable, Existing::Refuse) => Err(file_exists(&path)),
        (Entry::Other, _) => Err(Advice::new(
            format!("could not write {}: what has this name is not a file", path.display()),
            "move it away, or name another directory",
        )
        .into()),
    }
}

/// The new certificate, and all of the file's own behind it.
fn with_existing_behind(contents: Contents, path: &Path) -> Result<Contents> {
    let about = || format!("could not read the existing CA certificates in {}", path.display());
    let existing = match read::read(path) {
        Err(read::ReadError::NotFound) => return Ok(contents),
        result => result.with_context(about)?,
    };
    pem::certificates(&existing, &path.display().to_string()).with_context(about)?;
    let all = [contents.bytes(), &existing].concat();
    if all.len() as u64 > LIMIT {
        bail!("{} would have {} bytes, more than the limit of {LIMIT}", path.display(), all.len());
    }
    Ok(Contents::Certificates(all))
}

fn open(path: &Path) -> Result<Dir> {
    Dir::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Advice::new(
            format!("the directory {} does not exist", path.display()),
            format!("make it first: mkdir -m 700 {}", path.display()),
        )
        .into(),
        _ => anyhow!("could not open the directory {}: {}", path.display(), reason(&error)),
    })
}

fn exists(path: &Path) -> Result<bool> {
    path.try_exists().map_err(|error| anyhow!("could not stat {}: {}", path.display(), reason(&error)))
}

fn check_writable(dir: &Path) -> Result<()> {
    open(dir)?;
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        anyhow!("could not write to the directory {}: {}", dir.display(), reason(&error.into()))
    })
}

/// Makes the certs directory if it is missing, for its owner alone; says whether it did.
fn create_dir(path: &Path) -> Result<bool> {
    let create = || match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) => {
            // Whatever the umask.
            rustix::fs::chmod(path, Mode::RWXU)?;
            Dir::open(parent(path).map_err(io::Error::other)?)?.sync()?;
            Ok(true)
        }
        Err(rustix::io::Errno::EXIST) => Ok(false),
        Err(error) => Err(error.into()),
    };
    create().map_err(|error: io::Error| {
        anyhow!("could not create the certs directory {}: {}", path.display(), reason(&error))
    })
}

/// The directory of a file, `.` where the path is a bare name.
fn parent(path: &Path) -> Result<&Path> {
    match path.parent() {
        Some(dir) if dir.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(dir) => Ok(dir),
        None => bail!("{} is not the path of a file", path.display()),
    }
}

fn file_name(path: &Path) -> Result<&OsStr> {
    path.file_name().with_context(|| format!("{} is not the path of a file", path.display()))
}

/// A name nobody else uses: only one process at a time stages files in a directory.
fn staged_name(index: usize) -> OsString {
    format!("{}{}.{index}", journal::PREFIX, std::process::id()).into()
}

fn umask() -> Mode {
    let umask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::umask(umask);
    umask
}

/// Keeps Ctrl-C and its like from ending the process between two steps, until it is dropped.
struct Interrupts {
    seen: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

impl Interrupts {
    fn defer() -> Self {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        let interrupts = Self { seen: Arc::default(), over: Arc::default() };
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            // Where a handler cannot be set, the signal ends the process, which the journal is for.
            let _ = signal_hook::flag::register(signal, Arc::clone(&interrupts.seen));
            let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&interrupts.over));
        }
        interrupts
    }

    fn check(&self) -> Result<()> {
        if self.seen.load(Ordering::Relaxed) {
            bail!("interrupted; nothing was changed");
        }
        Ok(())
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
