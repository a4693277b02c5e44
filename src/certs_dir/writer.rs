//! Files come into the certs directory together or not at all; and beside them, in a directory of its own, a
//! new CA key.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use zeroize::Zeroizing;

use super::batch::{
    Contents, Existing, KEY_MODE, Target, certificates_behind, check_free, check_unchanged, check_writable,
    could_not_stat, with_certificates_behind,
};
use super::key_place::{self, KeyPlace};
use super::ownership::{self, owner_of_replacement};
use super::{CertsDir, is_ours, parent};
use crate::error::{Advice, reason};
use crate::finding::{Finding, checks};
use crate::interrupts::{Interrupted, Interrupts};
use crate::store::change::{self, Change, Failure, NewFile};
use crate::store::dir::{Dir, Owner};

/// Changes to a certs directory: who owns the files, and what is checked before a key is made.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    certs_dir: &'a CertsDir,
    owner: Option<Owner>,
}

impl CertsDir {
    /// For commands that write. New files belong to `owner`, or to the caller.
    pub fn writer(&self, owner: Option<Owner>) -> Writer<'_> {
        Writer { certs_dir: self, owner }
    }
}

impl Writer<'_> {
    /// Completes what an interrupted command left, and reports problems with the directory and the CA key's
    /// directory.
    ///
    /// # Errors
    /// As for [`CertsDir::recover`]; or if the CA key has a name that the certs directory uses for other files.
    pub fn prepare(&self, ca_key: Option<&Path>) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        if let Some(ca_key) = ca_key {
            let dir = Dir::open(parent(ca_key));
            key_place::check_name(self.certs_dir, ca_key, dir.as_ref().ok())?;
            findings.extend(match dir {
                Ok(dir) => self.check_key_dir(&dir)?,
                // Who needs it says so.
                Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                Err(error) => could_not_sweep(parent(ca_key), &error),
            });
        }
        findings.extend(self.certs_dir.recover()?);
        if let Some(dir) = self.certs_dir.dir() {
            findings.extend(sweep(dir));
            findings.extend(ownership::check_dir(ownership::CERTS, dir, self.owner));
        }
        Ok(findings)
    }

    /// Sweeps the directory of the CA key, and says what is wrong with it.
    fn check_key_dir(&self, dir: &Dir) -> Result<Vec<Finding>> {
        if self.certs_dir.is(dir)? {
            return Ok(Vec::new());
        }
        let mut findings = ownership::check_dir("CA key's directory", dir, None);
        findings.extend(sweep(dir));
        Ok(findings)
    }

    /// Refuses what can be refused before any key is made. The certs directory may be missing: the commit makes
    /// it.
    ///
    /// # Errors
    /// If a file is in the way, or a directory is missing or cannot be written to.
    pub fn check<'t>(&self, targets: impl IntoIterator<Item = &'t Target>) -> Result<()> {
        let Some(dir) = self.certs_dir.dir() else { return check_writable(&self.certs_dir.parent()?.0) };
        check_writable(dir)?;
        for Target { file, existing } in targets {
            check_free(dir, OsStr::new(file), existing)?;
            self.owner_of(dir, file)?;
            if *existing == Existing::KeepBehind {
                certificates_behind(dir, file)?;
            }
        }
        Ok(())
    }

    /// The same for files that are known already: nobody gets a key that is not theirs.
    ///
    /// # Errors
    /// As for [`Writer::check`]; or if a file would give a key to another account.
    pub fn check_batch(&self, batch: &[(Target, Contents)]) -> Result<()> {
        self.check(batch.iter().map(|(target, _)| target))?;
        let Some(dir) = self.certs_dir.dir() else { return Ok(()) };
        batch.iter().try_for_each(|(Target { file, .. }, contents)| {
            contents.check_owner(&dir.path().join(file), self.owner_of(dir, file)?)
        })
    }

    /// Puts all files in place, or none. A new CA key comes first; it is removed again if the rest fails.
    ///
    /// # Errors
    /// If anything fails. The directories are then as before; if restoring them fails too, the next command
    /// finishes the change.
    pub fn commit(
        &self,
        batch: Vec<(Target, Contents)>,
        ca_key: Option<(&KeyPlace, Zeroizing<Vec<u8>>)>,
    ) -> Result<Vec<Finding>> {
        let interrupts = Interrupts::defer();
        let created = self.create()?;
        let result = self.commit_in_dir(batch, ca_key, &|| interrupts.check().is_err());
        if let Some((parent, name)) = created.filter(|_| result.is_err()) {
            // Fails if the directory is not empty, as it should.
            let _ = parent.remove_dir(&name);
        }
        result
    }

    /// Creates the directory if it is missing, and returns where.
    fn create(&self) -> Result<Option<(Dir, OsString)>> {
        if self.certs_dir.dir().is_some() {
            return Ok(None);
        }
        let path = self.certs_dir.path();
        let (parent, name) = self.certs_dir.parent()?;
        let could_not =
            |error| anyhow!("could not create the certs directory {}: {}", path.display(), reason(&error));
        let dir = match parent.create_dir(&name) {
            Ok(dir) => dir,
            // Another command created it meanwhile.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                _ = self.certs_dir.dir.set(parent.open_dir(&name).map_err(could_not)?.named(path));
                return Ok(None);
            }
            Err(error) => return Err(could_not(error)),
        };
        let given = self.owner.map_or(Ok(()), |owner| dir.give_to(owner));
        if let Err(error) = given.and_then(|()| parent.sync()) {
            let _ = parent.remove_dir(&name);
            return Err(could_not(error));
        }
        _ = self.certs_dir.dir.set(dir.named(path));
        Ok(Some((parent, name)))
    }

    fn commit_in_dir(
        &self,
        batch: Vec<(Target, Contents)>,
        ca_key: Option<(&KeyPlace, Zeroizing<Vec<u8>>)>,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Vec<Finding>> {
        let dir = self.certs_dir.dir().context("there is no certs directory")?;
        let apart = ca_key.as_ref().and_then(|(place, _)| place.dir.as_ref());
        let (mut change, apart) = begin(dir, apart, interrupted)?;
        let recovered = change::recover(dir, is_ours, interrupted);
        let staged = recovered.and_then(|recovered| {
            for (target, contents) in batch {
                self.stage(dir, &mut change, &target, contents)?;
            }
            if interrupted() {
                return Err(Interrupted.into());
            }
            Ok(recovered)
        });
        let findings = match staged {
            Ok(recovered) => recovered.map(|recovered| self.certs_dir.recovered(&recovered)),
            Err(error) => return Err(end(apart, change.call_off(error).error)),
        };
        if let Err(error) = place(&mut change, apart.as_ref(), ca_key) {
            return Err(end(apart, error));
        }
        if let Some(apart) = apart {
            apart.end()?;
        }
        Ok(findings.into_iter().collect())
    }

    fn stage(&self, dir: &Dir, change: &mut Change<'_>, target: &Target, contents: Contents) -> Result<()> {
        let Target { file, existing } = target;
        check_free(dir, OsStr::new(file), existing)?;
        if let Contents::Gone(old) = &contents {
            check_unchanged(dir, file, old)?;
            return change.stage_removal(file, old);
        }
        let contents = match existing {
            Existing::ReplaceUnchanged(old) => {
                check_unchanged(dir, file, old)?;
                contents
            }
            Existing::KeepBehind => with_certificates_behind(contents, dir, file)?,
            Existing::Refuse | Existing::Replace => contents,
        };
        let new = NewFile {
            name: file,
            contents: contents.bytes(),
            mode: contents.mode(),
            owner: self.owner,
            replace: *existing != Existing::Refuse,
        };
        let path = dir.path().join(file);
        contents.check_owner(&path, self.owner)?;
        change.stage(&new, &|old| {
            let owner = owner_of_replacement(dir, OsStr::new(file), old)?;
            contents.check_owner(&path, owner).map(|()| owner)
        })
    }

    /// Who will own a file, if not the caller.
    pub(crate) fn owner_of(&self, dir: &Dir, file: &str) -> Result<Option<Owner>> {
        if self.owner.is_some() {
            return Ok(self.owner);
        }
        let name = OsStr::new(file);
        let old = dir.lookup(name).map_err(|error| could_not_stat(dir, name, &error))?;
        old.map_or(Ok(None), |old| owner_of_replacement(dir, name, &old))
    }
}

/// Removes what a process that died left in a directory; a note if that fails.
fn sweep(dir: &Dir) -> Vec<Finding> {
    change::sweep(dir, is_ours).map_or_else(|error| could_not_sweep(dir.path(), &error), |()| Vec::new())
}

/// A note that temporary files may be left in a directory, unless it is not for the caller to remove them.
fn could_not_sweep(dir: &Path, error: &io::Error) -> Vec<Finding> {
    // Not everybody who can read the CA key can look around or write beside it.
    if error.kind() == ErrorKind::PermissionDenied {
        return Vec::new();
    }
    let (dir, why) = (dir.display(), reason(error));
    vec![checks::LITTER.found(&dir, format!("could not look for temporary files in {dir}: {why}"))]
}

/// Locks both directories, in the same order in every process, so that no two wait for each other.
fn begin<'a>(
    dir: &'a Dir,
    apart: Option<&'a Dir>,
    interrupted: &dyn Fn() -> bool,
) -> Result<(Change<'a>, Option<Change<'a>>)> {
    let Some(apart) = apart else { return Ok((Change::begin(dir, is_ours, interrupted)?, None)) };
    let (first, second) = if apart.identity()? < dir.identity()? { (apart, dir) } else { (dir, apart) };
    let first = Change::begin(first, is_ours, interrupted)?;
    let second = match Change::begin(second, is_ours, interrupted) {
        Ok(second) => second,
        Err(error) => return Err(end(Some(first), error)),
    };
    let (change, other) = if first.is_in(dir) { (first, second) } else { (second, first) };
    // The certs directory's owner may have given our name to the directory of the CA key, if that is in it.
    let renamed = change.stages_in(apart).and_then(|renamed| Ok(renamed || other.stages_in(dir)?));
    let error = match renamed {
        Ok(false) => return Ok((change, Some(other))),
        Ok(true) => {
            let what = format!("somebody renamed {} while it was in use", apart.path().display());
            Advice::new(what, "keep the CA key in a directory that nobody else can rename").into()
        }
        Err(error) => anyhow!("could not stat {}: {}", apart.path().display(), reason(&error)),
    };
    Err(end(Some(other), change.call_off(error).error))
}

/// Unlocks a directory in which nothing was changed, because of this error.
fn end(change: Option<Change<'_>>, error: anyhow::Error) -> anyhow::Error {
    match change {
        Some(change) => change.call_off(error).error,
        None => error,
    }
}

/// The CA key first, so that a certificate never exists without its key; then the rest.
fn place(
    change: &mut Change<'_>,
    apart: Option<&Change<'_>>,
    ca_key: Option<(&KeyPlace, Zeroizing<Vec<u8>>)>,
) -> Result<()> {
    let mut placed = None;
    if let Some((place, contents)) = &ca_key {
        let key = apart.unwrap_or(change).place_alone(&place.name, contents, KEY_MODE);
        placed = Some((&place.name, key.map_err(|error| change.call_off(error).error)?));
    }
    let Err(Failure { error, pending }) = change.commit() else { return Ok(()) };
    match placed {
        // The certificate may be in place, or get there later.
        Some((name, key)) if !pending => Err(match apart.unwrap_or(change).take_back(name, key) {
            Ok(()) => error,
            Err(again) => Advice::new(
                format!("{error:#}; the new CA key stays: {again:#}"),
                "mend the cause, and pass --allow-ca-key-reuse to use that key, or remove it",
            )
            .into(),
        }),
        _ => Err(error),
    }
}
