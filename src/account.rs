//! The account that a database runs under, by the system's own databases of users and groups (REFERENCE.md section 4).

use anyhow::Result;

use crate::certs_dir::access::Account;
use crate::error::Advice;
use crate::go_bool;

/// Switches the checks of owner and mode off, as on the server.
const SKIP: &str = "COCKROACH_SKIP_KEY_PERMISSION_CHECK";

/// The account that keys are judged for: the named one, or that of this process; `None` where the checks are switched off.
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
    let by_number = || name.parse().ok().and_then(users::get_user_by_uid);
    let user = users::get_user_by_name(name).or_else(by_number).ok_or_else(|| {
        let hint = "name the account that the database runs under, as in: ps -o user= -C cockroach";
        Advice::new(format!("--server-user: there is no account {name:?} on this system"), hint)
    })?;
    let gid = user.primary_group_id();
    let groups = user.groups().unwrap_or_default();
    let supplementary = groups.iter().map(users::Group::gid).filter(|group| *group != gid).collect();
    Ok(Account { uid: user.uid(), gid, supplementary, any_owner: false })
}
