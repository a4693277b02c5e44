//! What every suite has: the program under test, a directory of its own for each test, a clean environment to
//! run a program in, and what a run left, on the screen and on disk.
//!
//! A suite says `#[path = "../support/mod.rs"] mod support;` and adds what is its own.

#![allow(dead_code, unused_imports, reason = "each suite uses a part")]

mod dir;
mod run;
mod sandbox;
mod snapshot;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub use dir::Dir;
pub use run::Run;
pub use sandbox::{DIRS, Sandbox};
pub use snapshot::{Item, Snapshot};

/// The program under test: the one that cargo built with the tests, or the one that `CRDB_CERT_PROGRAM` names.
pub fn program() -> &'static str {
    static PROGRAM: LazyLock<String> = LazyLock::new(|| match named_program() {
        Some(path) => path.into_os_string().into_string().expect("CRDB_CERT_PROGRAM is UTF-8"),
        None => env!("CARGO_BIN_EXE_crdb-cert").to_owned(),
    });
    &PROGRAM
}

/// What `CRDB_CERT_PROGRAM` names, relative to the project's directory.
pub fn named_program() -> Option<PathBuf> {
    Some(project().join(std::env::var_os("CRDB_CERT_PROGRAM")?))
}

/// The project's directory.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
