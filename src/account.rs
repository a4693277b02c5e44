//! The account that a database runs under, by the system's own databases of users and groups.

use crate::certs_dir::access::Account;

/// Switches the checks of owner and mode off, as on the server.
const SKIP: &str = "COCKROACH_SKIP_KEY_PERMISSION_CHECK";

/// The account that keys are judged for; `None` where the checks are switched off.
pub fn judged() -> Option<Account> {
    let skip = std::env::var(SKIP)
        .is_ok_and(|value| matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"));
    (!skip).then(own)
}

/// The account of this process.
fn own() -> Account {
    let uid = users::get_current_uid();
    Account { uid, gid: users::get_current_gid(), supplementary: Vec::new(), any_owner: uid == 0 }
}
