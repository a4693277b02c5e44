//! What `create-*` tells the operator: on a terminal, one line per file; in the log, at INFO, the reference's
//! messages.

use std::io::{IsTerminal, Write};
use std::path::Path;

use crate::certificate::Certificate;
use crate::error::printable;
use crate::finding::Finding;
use crate::host::Host;
use crate::login;
use crate::time;
use crate::username::Username;

/// Announces a new certificate and when it expires.
pub fn certificate(path: &Path, not_after: Option<i64>) {
    let expires = not_after.map(time::utc).unwrap_or_default();
    line(&format!("created {} (expires {expires})", path.display()));
}

/// Announces a new key.
pub fn key(path: &Path) {
    line(&format!("created {} (keep it secret)", path.display()));
}

/// Logs the findings about a directory.
pub fn findings(findings: &[Finding]) {
    findings.iter().for_each(|finding| log::warn!("{finding}"));
}

/// Warns of a surprise: how far a wildcard reaches.
pub fn wildcards(hosts: &[Host]) {
    for base in hosts.iter().filter_map(Host::wildcard_base) {
        line(&format!("note: *.{base} covers one level only: a.{base}, but neither {base} nor a.b.{base}"));
    }
}

/// Says which server setting lets `user` log in with a custom subject.
pub fn server_setting(user: &str, certificate: &Certificate) {
    let Ok(subject) = &certificate.subject else { return };
    let setting = login::server_setting(user, &subject.name);
    match subject.name.check_role_subject() {
        Err(error) if !login::is_set_by_flag(user) => {
            line(&format!("note: no role can have this subject: {error}"))
        }
        _ => line(&format!("the server needs: {setting}")),
    }
}

/// Warns of other users that servers would accept the new certificate for: those that its common name gives.
pub fn other_users(user: &str, certificate: &Certificate) {
    let is_other = |other: &&String| *other != user && other.parse::<Username>().is_ok();
    for other in login::users_named(certificate, &Default::default()).iter().filter(is_other) {
        stderr(&format!(
            "warning: this certificate also lets its holder log in as \"{other}\" where the server has no subject for that user"
        ));
    }
}

/// Prints a line on stderr that scripts should see too. If stderr is closed, nobody needs it.
pub fn stderr(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

/// Prints a line for people only: nothing if stderr is not a terminal.
pub fn line(text: &str) {
    if std::io::stderr().is_terminal() {
        stderr(text);
    }
}
