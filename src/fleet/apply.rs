//! Makes what a plan says, folder by folder; each is one change, all or nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use super::desired::{Folder, FolderName};
use super::look;
use super::plan::{self, Context, Step};
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::ownership;
use crate::certs_dir::{CertsDir, open_dir, parent};
use crate::error::reason;
use crate::finding::Finding;
use crate::interrupts::Interrupts;
use crate::mint::{Signer, mint};
use crate::store::dir::Dir;
use crate::store::{PREFIX, lock};
use crate::usage::Usage;

/// How long to wait for another `apply` of the same fleet: it may be making thousands of keys.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The directory of a fleet.
pub struct Fleet {
    path: PathBuf,
    dir: Option<Dir>,
    lock: Option<Dir>,
    /// Was it made just now?
    made: bool,
}

impl Fleet {
    /// Opens the directory to look at it.
    ///
    /// # Errors
    /// If it is there and cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let dir = match Dir::open(path) {
            Ok(dir) => Some(dir),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(anyhow!("could not open {}: {}", path.display(), reason(&error))),
        };
        Ok(Self { path: path.to_owned(), dir, lock: None, made: false })
    }

    /// Opens the directory to change it; makes it if it is missing, and waits for another process that does the same.
    ///
    /// # Errors
    /// If it cannot be made or written to.
    pub fn open_for_writing(path: &Path) -> Result<Self> {
        let mut fleet = Self::open(path)?;
        if fleet.dir.is_none() {
            let made = make_dir(path)?;
            fleet = Self::open(path)?;
            fleet.made = made;
        }
        let dir = fleet.dir.as_ref().with_context(|| format!("somebody removed {}", path.display()))?;
        let interrupts = Interrupts::defer();
        let lock = lock::make(dir, &lock_name(), PATIENCE, &|| interrupts.check().is_err())?;
        fleet.lock = Some(lock);
        Ok(fleet)
    }

    /// The folders that are there.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn folders(&self) -> Result<Vec<FolderName>> {
        self.dir.as_ref().map_or(Ok(Vec::new()), look::folders)
    }

    /// What is worth knowing about the directory.
    pub fn findings(&self) -> Vec<Finding> {
        self.dir.as_ref().map_or(Vec::new(), |dir| ownership::check_dir("fleet's directory", dir, None))
    }

    /// Is the folder there?
    pub fn has(&self, name: &FolderName) -> bool {
        self.open_folder(name).is_ok_and(|dir| dir.is_some())
    }

    /// Where a folder is, for messages.
    pub fn path(&self, name: &FolderName) -> PathBuf {
        self.path.join(name.path())
    }

    /// Opens a folder, if it is there. Never follows a link: whoever can write to the directory may have put it there.
    pub(super) fn open_folder(&self, name: &FolderName) -> Result<Option<Dir>> {
        let mut dir = None;
        for step in &name.path() {
            let parent = dir.as_ref().or(self.dir.as_ref());
            let Some(parent) = parent else { return Ok(None) };
            match parent.open_dir(step) {
                Ok(open) => dir = Some(open),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => {
                    bail!("could not open {}: {}", parent.path().join(step).display(), reason(&error))
                }
            }
        }
        Ok(dir)
    }

    /// Removes an empty folder.
    pub(super) fn remove_dir(&self, name: &FolderName) -> io::Result<()> {
        let Some(out) = &self.dir else { return Ok(()) };
        let place = OsStr::new(name.section.place().dir);
        match &name.name {
            None => out.remove_dir(place),
            Some(name) => out.open_dir(place)?.remove_dir(OsStr::new(name)),
        }
    }

    /// Opens a folder, made for the caller alone if it is missing; says whether it was.
    fn make_folder(&self, name: &FolderName) -> Result<(Dir, bool)> {
        let mut dir: Option<(Dir, bool)> = None;
        for step in &name.path() {
            let parent =
                dir.as_ref().map(|(dir, _)| dir).or(self.dir.as_ref()).context("there is no directory")?;
            let made = match parent.make_dir(step) {
                Ok(()) => true,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
                Err(error) => {
                    bail!("could not create {}: {}", parent.path().join(step).display(), reason(&error))
                }
            };
            let sync = || if made { parent.sync() } else { Ok(()) };
            let open = parent.open_dir(step).and_then(|open| sync().map(|()| open));
            let open = open.map_err(|error| {
                anyhow!("could not open {}: {}", parent.path().join(step).display(), reason(&error))
            });
            dir = Some((open?, made));
        }
        dir.context("the folder has no name")
    }

    /// Compares a folder with what should be in it. Unless it is to be only looked at, an interrupted change of it is
    /// completed first.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn plan<'a>(
        &self,
        folder: &'a Folder,
        context: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Step<'a>> {
        let certs_dir = CertsDir::of(&self.path(&folder.name), self.open_folder(&folder.name)?);
        if self.lock.is_some() && certs_dir.exists() {
            findings.extend(certs_dir.writer(None).prepare(None)?);
        }
        Ok(plan::step(folder, &look::found(&certs_dir, findings)?, context))
    }

    /// Makes what the plan says.
    ///
    /// # Errors
    /// If anything fails; the folder is as it was then.
    pub fn make(&self, step: &Step<'_>, making: &Making<'_>, findings: &mut Vec<Finding>) -> Result<()> {
        let name = &step.folder.name;
        let batch = making.batch(step)?;
        let (dir, made) = self.make_folder(name)?;
        let result = self.commit(name, dir, batch, findings);
        if result.is_err() && made {
            // Fails if the folder is not empty, as it should.
            let _ = self.remove_dir(name);
        }
        result
    }

    fn commit(
        &self,
        name: &FolderName,
        dir: Dir,
        batch: Vec<(Target, Contents)>,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let certs_dir = CertsDir::of(&self.path(name), Some(dir));
        let writer = certs_dir.writer(None);
        writer.check(batch.iter().map(|(target, _)| target))?;
        findings.extend(writer.commit(batch, None)?);
        Ok(())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if let (Some(dir), Some(_)) = (&self.dir, &self.lock) {
            // Who waits for it makes it again.
            let _ = dir.remove_dir(OsStr::new(&lock_name()));
            if let (true, Some(name)) = (self.made, self.path.file_name()) {
                // Fails if anything was made in it, as it should.
                let _ = Dir::open(parent(&self.path)).and_then(|parent| parent.remove_dir(name));
            }
        }
    }
}

fn lock_name() -> String {
    format!("{PREFIX}fleet")
}

/// Makes a directory for the caller alone, if it is missing; says whether it was.
fn make_dir(path: &Path) -> Result<bool> {
    let parent = open_dir(parent(path))?;
    let name =
        path.file_name().with_context(|| format!("{} is not the path of a directory", path.display()))?;
    match parent.make_dir(name) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(anyhow!("could not create {}: {}", path.display(), reason(&error))),
    }
}

/// What the folders are made with.
pub struct Making<'a> {
    /// What the plan depends on.
    pub context: &'a Context<'a>,
    /// The CAs that sign, by their kind.
    pub signers: BTreeMap<Usage, Signer>,
}

impl Making<'_> {
    /// The files of a folder: CA files first, and never a certificate before its key.
    fn batch(&self, step: &Step<'_>) -> Result<Vec<(Target, Contents)>> {
        let mut batch = Vec::new();
        let replace = |file| Target { file, existing: Existing::Replace };
        for usage in &step.authorities {
            let file = self.context.authorities.0.get(usage).context("there is no such CA")?;
            let target = replace(CertificateName::of(*usage).certificate_file());
            batch.push((target, Contents::Certificates(file.contents.clone())));
        }
        for (wanted, _) in step.made() {
            let minted = mint(wanted.request(self.context.now)?, self.signer(wanted.name.usage)?)?;
            let name = &wanted.name;
            let files = [name.key_file(), name.certificate_file(), name.pkcs8_file()];
            batch.extend(files.into_iter().map(replace).zip(minted.contents(wanted.pkcs8)?));
        }
        Ok(batch)
    }

    fn signer(&self, usage: Usage) -> Result<&Signer> {
        let signers = usage.kind().signers;
        if signers.is_empty() {
            return Ok(&Signer::Itself);
        }
        let used = signers.iter().find(|signer| self.context.authorities.0.contains_key(signer));
        let signer = used.and_then(|used| self.signers.get(used));
        signer.with_context(|| format!("there is no CA for {} certificates", usage.kind().noun))
    }
}

/// Does something for each item on several threads, and hands the results to `take` in the order of the items. Stops
/// early if it is interrupted; returns how many were done.
///
/// # Errors
/// Those of `take`.
pub fn each<'t, T: Sync, R: Send>(
    items: &'t [T],
    jobs: usize,
    work: impl Fn(&'t T) -> R + Sync,
    mut take: impl FnMut(usize, R) -> Result<()>,
) -> Result<usize> {
    let next = AtomicUsize::new(0);
    // Until all have heard of it.
    let _interrupts = Interrupts::defer();
    std::thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    if Interrupts::defer().check().is_err() || sender.send((at, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let (mut waiting, mut due, mut done) = (BTreeMap::new(), 0, 0);
        for (at, result) in results {
            done += 1;
            waiting.insert(at, result);
            while let Some(result) = waiting.remove(&due) {
                take(due, result)?;
                due += 1;
            }
        }
        // After an interruption there are gaps.
        waiting.into_iter().try_for_each(|(at, result)| take(at, result))?;
        Ok(done)
    })
}
