//! Other people's programs, `make` first, run in the project's directory or in another.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use crate::support::project;
use crate::support::{Run, named_program};

/// What `cargo test` and `make` set for their children, and no child should take for its own.
const SET_BY_OUR_PARENTS: [&str; 7] = [
    "CARGO",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "LD_LIBRARY_PATH",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
];

/// The program that `make` built; it says which one.
pub fn program() -> PathBuf {
    named_program().unwrap_or_else(|| project().join("target/release/crdb-cert"))
}

/// A program of what tests/packaging/install-tools puts there: cargo's directory for tests is `tmp` in the
/// target directory.
pub fn installed(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).ancestors().skip(1).take(2);
    let mut places = target.map(|target| target.join("ansible/bin").join(name));
    places.find(|path| path.exists()).unwrap_or_else(|| panic!("{name}: run tests/packaging/install-tools"))
}

/// A command in a directory.
pub fn command(directory: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory);
    for name in SET_BY_OUR_PARENTS {
        command.env_remove(name);
    }
    command
}

/// A shell script in the project's directory, with its arguments `$1` and so on; it has to succeed. What it
/// wrote to stdout.
pub fn script(script: &str, args: &[&OsStr]) -> String {
    succeeds(command(project(), "sh").args(["-euc", script, "sh"]).args(args))
}

/// Runs a command that has to succeed. What it wrote to stdout.
pub fn succeeds(command: &mut Command) -> String {
    let run = Run::of(command);
    assert!(run.success(), "{command:?}: {:?}\n{}\n{}", run.status, run.stdout, run.stderr);
    run.stdout
}
