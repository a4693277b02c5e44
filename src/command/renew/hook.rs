//! The command of `--exec`, which makes servers read their new certificates.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::error::{Advice, reason};

/// Runs it in a shell, with the program's own environment, input and output.
pub fn run(command: &OsStr) -> Result<()> {
    let why = match Command::new("/bin/sh").arg("-c").arg(command).status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status.to_string(),
        Err(error) => format!("could not run /bin/sh: {}", reason(&error)),
    };
    let what = format!("the certificates are renewed, but the command of --exec failed: {why}");
    Err(Advice::new(what, format!("run it again: {}", Path::new(command).display())).into())
}
