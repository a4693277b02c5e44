//! The account the database runs under, from the system's user and group databases (REFERENCE.md section 4).

use anyhow::Result;

use crate::certs_dir::access::Account;
use crate::error::Advice;
use crate::go_bool;
use crate::store::dir::{Owner, euid};

/// Turns off the checks of owner and mode, as on the server.
const SKIP: &str = "COCKROACH_SKIP_KEY_PERMISSION_CHECK";

/// The account that keys are checked for: the named one, or this process's; `None` if the checks are off.
///
/// # Errors
/// If there is no account of this name.
pub fn judged(name: Option<&str>) -> Result<Option<Account>> {
    let account = name.map_or_else(|| Ok(own()), named)?;
    let skip = std::env::var(SKIP).ok().and_then(|value| go_bool::parse(&value)).unwrap_or(false);
    Ok((!skip).then_some(account))
}

/// The account of this process.
fn own() -> Account {
    let uid = users::get_current_uid();
    let groups = rustix::process::getgroups().unwrap_or_default();
    Account {
        uid,
        gid: users::get_current_gid(),
        supplementary: groups.into_iter().map(rustix::process::Gid::as_raw).collect(),
        any_owner: uid == 0,
    }
}

fn named(name: &str) -> Result<Account> {
    let user = user("--server-user", name)?;
    let gid = user.primary_group_id();
    let groups = user.groups().unwrap_or_default();
    let supplementary = groups.iter().map(users::Group::gid).filter(|group| *group != gid).collect();
    Ok(Account { uid: user.uid(), gid, supplementary, any_owner: false })
}

/// An account by its name or number.
fn user(flag: &str, name: &str) -> Result<users::User> {
    let by_number = || name.parse().ok().and_then(users::get_user_by_uid);
    users::get_user_by_name(name).or_else(by_number).ok_or_else(|| {
        let hint = "name the account that the database runs under, as in: ps -o user= -C cockroach";
        Advice::new(format!("{flag}: there is no account {name:?} on this system"), hint).into()
    })
}

/// The account that will own new files, from `USER` or `USER:GROUP`; the group defaults to the user's primary
/// one.
///
/// # Errors
/// If there is no such account or group, or the caller may not change the owner of files.
pub fn owner(text: &str) -> Result<Owner> {
    let (name, group) = text.split_once(':').map_or((text, None), |(name, group)| (name, Some(group)));
    // Containers have accounts that no database knows.
    let (uid, primary) = match name.parse() {
        Ok(uid) => (uid, users::get_user_by_uid(uid).map(|user| user.primary_group_id())),
        Err(_) => user("--owner", name).map(|user| (user.uid(), Some(user.primary_group_id())))?,
    };
    let gid = match group {
        None => primary,
        Some(group) => {
            let by_number = || group.parse().ok().and_then(users::get_group_by_gid);
            let found = users::get_group_by_name(group).or_else(by_number);
            let hint = "leave it out for the primary group of the account";
            let what = || Advice::new(format!("--owner: there is no group {group:?} on this system"), hint);
            let by_number = group.parse().ok();
            Some(found.map(|group| group.gid()).or(by_number).ok_or_else(what)?)
        }
    };
    if uid == euid() && group.is_none() {
        return Ok(Owner { uid, gid: None });
    }
    if euid() != 0 {
        let what = format!("--owner={text}: only root can give files to another account");
        return Err(Advice::new(what, "run the command as root, or as that account without --owner").into());
    }
    Ok(Owner { uid, gid })
}
