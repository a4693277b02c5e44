//! The answer of `check-login --all`: user by certificate.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{json, table};
use crate::error::{clipped, printable};
use crate::login::{ServerVersion, Tenant, Verdict};

/// The most bytes of a cell: a certificate can have as many names as it likes, and every row is as wide as the
/// widest one.
const WIDEST: usize = 2000;

/// A certificate tried for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The user.
    pub user: String,
    /// What the server will say.
    pub verdict: Verdict,
}

/// As a table, in the manner of `list`.
pub fn table(dir: &Path, rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| {
        let file = row.certificate.file_name().unwrap_or_default().to_string_lossy();
        [&*file, &row.user, row.verdict.name(), row.verdict.reason()].map(|cell| clipped(cell, WIDEST))
    });
    let table = table::framed(&["Certificate File", "User", "Login", "Why"], cells);
    format!("Certificate directory: {}\n{table}", printable(&dir.display().to_string()))
}

/// As one JSON object with a list of logins.
pub fn json(rows: &[Row], tenant: &Tenant, version: ServerVersion, notes: &[String]) -> String {
    let login = |row: &Row| {
        let (user, certificate) = (Some(row.user.as_str()), row.certificate.as_path());
        json::object(&json::Login { user, tenant, certificate, version, notes: &[] }, &row.verdict)
    };
    let logins: Vec<_> = rows.iter().map(login).collect();
    json::harmless(
        &json!({ "server_version": version.to_string(), "notes": notes, "logins": logins }).to_string(),
    )
}
