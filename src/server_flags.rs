//! The server's start flags, as they stand in a systemd unit or in a shell line. Pure text in, flags out.
//!
//! What cannot be read for sure is an error that names line and flag: a guess could turn a verdict over.

mod flags;
mod shell;
mod systemd;
#[cfg(test)]
mod tests;
mod words;

use std::path::PathBuf;

/// What the server takes for `--certs-dir` where that is not given.
const CERTS_DIR: &str = "COCKROACH_CERTS_DIR";

/// The start flags that matter to a login. What is not given is `None`, or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFlags {
    /// `--certs-dir`, or `COCKROACH_CERTS_DIR` in the server's environment, with the working directory of a
    /// unit in front of it if it is relative.
    pub certs_dir: Option<PathBuf>,
    /// `--cert-principal-map`, once for each time it is given.
    pub cert_principal_map: Vec<String>,
    /// `--root-cert-distinguished-name`.
    pub root_cert_distinguished_name: Option<String>,
    /// `--node-cert-distinguished-name`.
    pub node_cert_distinguished_name: Option<String>,
    /// `--root-cert-san`.
    pub root_cert_san: Option<String>,
    /// `--node-cert-san`.
    pub node_cert_san: Option<String>,
    /// `--disallow-root-login`.
    pub disallow_root_login: Option<bool>,
    /// `--allow-debug-user`.
    pub allow_debug_user: Option<bool>,
}

/// What cannot be read for sure, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct FlagsError {
    /// The line, from 1, on which the command starts or the trouble is.
    pub line: usize,
    /// What is wrong, with the flag it is about.
    pub why: String,
}

impl FlagsError {
    fn new(line: usize, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

impl ServerFlags {
    /// Reads a systemd unit, which has a `[Service]` section, or the line of a shell script that starts the
    /// server.
    ///
    /// # Errors
    /// [`FlagsError`], where something of importance cannot be read for sure.
    pub fn read(text: &str) -> Result<Self, FlagsError> {
        if text.lines().any(|line| line.trim() == "[Service]") {
            systemd::read(text)
        } else {
            shell::read(text)
        }
    }
}
