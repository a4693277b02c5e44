//! Who owns the directory and its new files.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rustix::fs::{FileType, Stat};

use super::access::Mode;
use super::batch::Holder;
use crate::error::Advice;
use crate::finding::{Finding, checks};
use crate::store::dir::{Dir, Owner, euid};
use crate::store::read::Regular;

/// Finds problems with a directory we write to: it should not be accessible to others, and belong to the
/// caller, root, or the account the files are for. `what` is the operator's name for it.
pub fn check_dir(what: &str, dir: &Dir, given: Option<Owner>) -> Vec<Finding> {
    let Ok(stat) = dir.stat() else { return Vec::new() };
    let path = dir.path().display();
    let mut findings: Vec<_> = writable(what, dir.path(), stat.st_mode).into_iter().collect();
    let is_known = [euid(), 0].contains(&stat.st_uid) || given.is_some_and(|owner| owner.uid == stat.st_uid);
    if !is_known {
        let account = users::get_user_by_uid(stat.st_uid);
        let account =
            account.map_or(stat.st_uid.to_string(), |user| Path::new(user.name()).display().to_string());
        let hint = match (what, euid()) {
            (CERTS, 0) => format!("--owner={account} to make files for that account"),
            (_, me) => format!("chown {me} {path}"),
        };
        let said = format!("the {what} {path} belongs to {account}, who can replace what is put there");
        findings.push(checks::DIR_OWNER.found(path, said).hint(hint));
    }
    findings
}

/// What [`check_dir`] calls the certs directory.
pub const CERTS: &str = "certs directory";

/// Finds a directory that group or others can write to, sticky or not: they can put their own files into it.
fn writable(what: &str, path: &Path, mode: u32) -> Option<Finding> {
    (mode & 0o022 != 0).then(|| {
        let (path, shown) = (path.display(), Mode(mode & 0o7777));
        let said = format!("the {what} {path} has permissions {shown}, so that others can write to it");
        checks::DIR_WRITABLE.found(&path, said).hint(format!("chmod go-w {path}"))
    })
}

/// Finds a certs directory that group or others can write to.
pub fn writable_certs_dir(dir: &Dir) -> Option<Finding> {
    writable(CERTS, dir.path(), dir.stat().ok()?.st_mode)
}

/// Can nobody but the caller and root change a file or directory with this owner and mode?
pub fn is_guarded(uid: u32, mode: u32) -> bool {
    [euid(), 0].contains(&uid) && mode & 0o022 == 0
}

/// Whose a file is, unless nobody but its owner, the caller and root can rename files in its directory; and in
/// `named`, if that has a link to it.
pub fn holder(file: &Regular, path: PathBuf, named: Option<&Dir>) -> Option<Holder> {
    let uid = file.metadata().uid();
    let alone = |stat: &Stat| [euid(), 0, uid].contains(&stat.st_uid) && stat.st_mode & 0o022 == 0;
    let is_alone =
        file.dir().is_none_or(alone) && named.is_none_or(|dir| dir.stat().is_ok_and(|stat| alone(&stat)));
    (!is_alone).then_some(Holder { uid, file: path })
}

/// Who will own a file that replaces this one, if not the caller: its owner, as if it were written in place.
///
/// # Errors
/// If that account could have planted the file in order to get the next one.
pub fn owner_of_replacement(dir: &Dir, name: &OsStr, old: &Stat) -> Result<Option<Owner>> {
    if FileType::from_raw_mode(old.st_mode) != FileType::RegularFile {
        return Ok(None);
    }
    let Ok(stat) = dir.stat() else { bail!("could not stat {}", dir.path().display()) };
    let is_the_directorys = old.st_uid == stat.st_uid && stat.st_mode & 0o022 == 0;
    if [euid(), 0].contains(&old.st_uid) || is_the_directorys {
        return Ok(Some(Owner { uid: old.st_uid, gid: Some(old.st_gid) }));
    }
    let (file, dir, uid) = (dir.path().join(name), dir.path().display(), old.st_uid);
    let why = if old.st_uid == stat.st_uid {
        format!("and others can write to {dir}")
    } else {
        format!("which does not own {dir}")
    };
    let what = format!("{} belongs to uid {uid}, {why}: the new file would be that account's", file.display());
    let hint = match euid() {
        0 => format!("name the account that it is for with --owner, or remove it first: rm {}", file.display()),
        _ => format!("remove it first: rm {}", file.display()),
    };
    Err(Advice::new(what, hint).into())
}
