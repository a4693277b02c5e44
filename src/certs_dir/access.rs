//! Which owners and modes a key may have (REFERENCE.md section 4).

use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use thiserror::Error;

use crate::finding::{Finding, checks};
use crate::store::dir::euid;

/// What a key owned by the server's account may allow.
const OWNER_ONLY: u32 = 0o700;
/// The most permissive mode for a key owned by root and the server's group.
const OWNER_AND_GROUP: u32 = 0o740;
/// Permissions, set-uid, set-gid and sticky bits.
const MODE_BITS: u32 = 0o7777;

/// The account the database runs under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its user id.
    pub uid: u32,
    /// Its primary group.
    pub gid: u32,
    /// Its other groups, which the server ignores.
    pub supplementary: Vec<u32>,
    /// Accept any owner? Root cannot know which account the server uses unless told.
    pub any_owner: bool,
}

/// Owner, group and mode of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// The owner's user id.
    pub uid: u32,
    /// The group's id.
    pub gid: u32,
    /// Permission bits, with set-uid, set-gid and sticky.
    pub mode: u32,
}

/// Why the server refuses a key file. The first line is the server's own.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AccessError {
    /// More permissions than allowed.
    #[error("key file {path} has permissions {mode}, exceeds {limit}{}", if *.supplementary { SUPPLEMENTARY } else { "" })]
    Exceeds {
        /// The file.
        path: String,
        /// Its permissions.
        mode: Mode,
        /// The most that is allowed.
        limit: Mode,
        /// Would it be allowed if the group were the account's primary one?
        supplementary: bool,
    },
    /// An owner who is neither root nor the server's account.
    #[error("key file {path} is owned by uid {owner}, not by the server's account (uid {expected}) or root")]
    Owner {
        /// The file.
        path: String,
        /// The file's owner.
        owner: u32,
        /// The owner it should have.
        expected: u32,
    },
}

const SUPPLEMENTARY: &str =
    " (its group is a supplementary group of the server's account: the server looks at the primary group only)";

/// Permissions as Go prints them: `-rw-r-----`, with `u`, `g` and `t` in front for set-uid, set-gid and sticky.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(pub u32);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(mode) = *self;
        let letter = |bit: u32, c: char| if mode & bit != 0 { Some(c) } else { None };
        let special: String =
            [letter(0o4000, 'u'), letter(0o2000, 'g'), letter(0o1000, 't')].into_iter().flatten().collect();
        let permissions: String =
            (0..9).map(|i| letter(0o400 >> i, ['r', 'w', 'x'][i % 3]).unwrap_or('-')).collect();
        write!(f, "{}{permissions}", if special.is_empty() { "-" } else { &special })
    }
}

impl From<&Metadata> for Ownership {
    fn from(metadata: &Metadata) -> Self {
        Self { uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() & MODE_BITS }
    }
}

/// Would a server running under `account` accept a key file with this owner and mode? `path` is for the
/// message.
///
/// # Errors
/// If it would not.
pub fn check_key(key: Ownership, account: &Account, path: &str) -> Result<(), AccessError> {
    let exceeds = |limit: u32| key.mode & !limit != 0;
    let limit = if key.uid == 0 && key.gid == account.gid { OWNER_AND_GROUP } else { OWNER_ONLY };
    if exceeds(limit) {
        return Err(AccessError::Exceeds {
            path: path.to_owned(),
            mode: Mode(key.mode),
            limit: Mode(limit),
            supplementary: key.uid == 0
                && account.supplementary.contains(&key.gid)
                && !exceeds(OWNER_AND_GROUP),
        });
    }
    if !account.any_owner && key.uid != 0 && key.uid != account.uid {
        return Err(AccessError::Owner { path: path.to_owned(), owner: key.uid, expected: account.uid });
    }
    Ok(())
}

/// Can this account read a file with this owner and mode? As far as the file itself decides.
pub fn can_read(file: Ownership, account: &Account) -> bool {
    may(0o4, file, account)
}

/// Can this account list a directory with this owner and mode, and open what is in it? As far as the directory
/// itself decides.
pub fn can_enter(dir: Ownership, account: &Account) -> bool {
    may(0o5, dir, account)
}

/// Has the account all of these permissions?
fn may(wanted: u32, file: Ownership, account: &Account) -> bool {
    let is_in_group = file.gid == account.gid || account.supplementary.contains(&file.gid);
    let granted = match account.uid {
        0 => return true,
        uid if uid == file.uid => file.mode >> 6,
        _ if is_in_group => file.mode >> 3,
        _ => file.mode,
    };
    granted & wanted == wanted
}

/// What is wrong with a CA key's file: whoever can read it can log in as anybody.
pub fn check_ca_key(path: &Path, metadata: &Metadata) -> Vec<Finding> {
    let mut findings = check_secret("CA key", path, metadata);
    let me = euid();
    if ![me, 0].contains(&metadata.uid()) {
        let (path, owner) = (path.display(), metadata.uid());
        let what = format!("the CA key {path} belongs to uid {owner}, who can use it");
        findings.push(checks::CA_KEY_OWNER.found(&path, what).hint(format!("chown {me} {path}")));
    }
    findings
}

/// What is wrong with a passphrase's file.
pub fn check_passphrase(path: &Path, metadata: &Metadata) -> Vec<Finding> {
    check_secret("passphrase file", path, metadata)
}

fn check_secret(what: &str, path: &Path, metadata: &Metadata) -> Vec<Finding> {
    let mode = metadata.mode() & MODE_BITS;
    let is_open = mode & 0o077 != 0;
    let finding = is_open.then(|| {
        let (path, mode) = (path.display(), Mode(mode));
        let what = format!("the {what} {path} has permissions {mode}, so that others can use it");
        checks::SECRET_READABLE.found(&path, what).hint(format!("chmod 600 {path}"))
    });
    finding.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: u32 = 1000;
    const GROUP: u32 = 2000;

    fn account() -> Account {
        Account { uid: SERVER, gid: GROUP, supplementary: vec![3000], any_owner: false }
    }

    fn verdict(uid: u32, gid: u32, mode: u32) -> String {
        let key = Ownership { uid, gid, mode };
        check_key(key, &account(), "k").map_or_else(|error| error.to_string(), |()| "ok".to_owned())
    }

    #[test]
    fn the_owner_and_roots_group_decide() {
        let supplementary = format!("key file k has permissions -rw-r-----, exceeds -rwx------{SUPPLEMENTARY}");
        for (uid, gid, mode, expected) in [
            // Rule 1: root and the server's primary group.
            (0, GROUP, 0o740, "ok"),
            (0, GROUP, 0o640, "ok"),
            (0, GROUP, 0o000, "ok"),
            (0, GROUP, 0o750, "key file k has permissions -rwxr-x---, exceeds -rwxr-----"),
            (0, GROUP, 0o644, "key file k has permissions -rw-r--r--, exceeds -rwxr-----"),
            (0, GROUP, 0o4700, "key file k has permissions urwx------, exceeds -rwxr-----"),
            // Rule 2: anything else.
            (SERVER, GROUP, 0o700, "ok"),
            (SERVER, GROUP, 0o600, "ok"),
            (SERVER, GROUP, 0o740, "key file k has permissions -rwxr-----, exceeds -rwx------"),
            (SERVER, GROUP, 0o777, "key file k has permissions -rwxrwxrwx, exceeds -rwx------"),
            (SERVER, GROUP, 0o1600, "key file k has permissions trw-------, exceeds -rwx------"),
            (SERVER, GROUP, 0o2600, "key file k has permissions grw-------, exceeds -rwx------"),
            (0, 0, 0o600, "ok"),
            (0, 0, 0o640, "key file k has permissions -rw-r-----, exceeds -rwx------"),
            (0, 3000, 0o640, supplementary.as_str()),
            (0, 3000, 0o644, "key file k has permissions -rw-r--r--, exceeds -rwx------"),
            // Rule 3: the owner.
            (
                4000,
                GROUP,
                0o600,
                "key file k is owned by uid 4000, not by the server's account (uid 1000) or root",
            ),
            (4000, GROUP, 0o644, "key file k has permissions -rw-r--r--, exceeds -rwx------"),
        ] {
            assert_eq!(verdict(uid, gid, mode), expected, "{uid}:{gid} {mode:o}");
        }
    }

    #[test]
    fn root_without_an_account_takes_any_owner_but_not_any_mode() {
        let account = Account { uid: 0, gid: 0, supplementary: Vec::new(), any_owner: true };
        let key = Ownership { uid: 4000, gid: 4000, mode: 0o600 };
        assert_eq!(check_key(key, &account, "k"), Ok(()));
        let key = Ownership { mode: 0o640, ..key };
        assert!(matches!(check_key(key, &account, "k"), Err(AccessError::Exceeds { .. })));
    }
}
