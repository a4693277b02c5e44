//! What `create-*` tells the operator: on a terminal, a line a file; in the log, at INFO, what the reference says there.

use std::io::{IsTerminal, Write};
use std::path::Path;

use chrono::DateTime;

use crate::error::printable;
use crate::pki::issue::Validity;

/// Says that a certificate was made, and when it expires.
pub fn certificate(path: &Path, validity: Validity) {
    let expires = DateTime::from_timestamp(validity.not_after, 0)
        .map(|time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    line(&format!("created {} (expires {})", path.display(), expires.unwrap_or_default()));
}

/// Says that a key was made.
pub fn key(path: &Path) {
    line(&format!("created {} (keep it secret)", path.display()));
}

/// Says something that only a person wants to know: nothing if stderr is no terminal.
pub fn line(text: &str) {
    let stderr = std::io::stderr();
    if stderr.is_terminal() {
        // A terminal that went away needs no message.
        let _ = writeln!(&stderr, "{}", printable(text));
    }
}
