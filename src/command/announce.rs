//! What `create-*` tells the operator: on a terminal, a line a file; in the log, at INFO, what the reference says there.

use std::io::{IsTerminal, Write};
use std::path::Path;

use crate::certificate::Certificate;
use crate::error::printable;
use crate::finding::Finding;
use crate::host::Host;
use crate::login;
use crate::pki::issue::Validity;
use crate::time;

/// Says that a certificate was made, and when it expires.
pub fn certificate(path: &Path, validity: Validity) {
    line(&format!("created {} (expires {})", path.display(), time::utc(validity.not_after)));
}

/// Says that a key was made.
pub fn key(path: &Path) {
    line(&format!("created {} (keep it secret)", path.display()));
}

/// Says in the log what looking at a directory found.
pub fn findings(findings: &[Finding]) {
    findings.iter().for_each(|finding| log::warn!("{finding}"));
}

/// Says what will surprise: how far a wildcard goes.
pub fn wildcards(hosts: &[Host]) {
    for base in hosts.iter().filter_map(Host::wildcard_base) {
        line(&format!("note: *.{base} covers one level only: a.{base}, but neither {base} nor a.b.{base}"));
    }
}

/// Says what the server needs to know to let `user` in with a certificate of a subject of its own.
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

/// Says something on stderr that scripts should hear too. Who closed stderr needs no message.
pub fn stderr(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

/// Says something that only a person wants to know: nothing if stderr is no terminal.
pub fn line(text: &str) {
    if std::io::stderr().is_terminal() {
        stderr(text);
    }
}
