//! Turns entries into text.

pub mod fleet;
pub mod json;
pub mod logins;
pub mod probe;
pub mod progress;
pub mod report;
pub mod rows;
pub mod status;
pub mod table;
pub mod terminal;
pub mod timeline;

use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::Path;

use anyhow::Result;

use crate::store::whole::{Whole, could_not_write};

/// Prints to stdout. A reader that closes the pipe early is not an error, and does not change the exit status.
///
/// # Errors
/// If stdout cannot be written to.
pub fn print(text: &str) -> io::Result<()> {
    print_with(|out| out.write_all(text.as_bytes()))
}

/// The same for output printed in parts.
///
/// # Errors
/// If stdout cannot be written to.
pub fn print_with(print: impl FnOnce(&mut BufWriter<StdoutLock<'_>>) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match print(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints to a file, which is then there whole, with mode 0644, or as it was.
///
/// # Errors
/// If it cannot be written, or `print` fails.
pub fn print_to(path: &Path, print: impl FnOnce(&mut BufWriter<Whole>) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(Whole::create(path)?);
    print(&mut out).map_err(|error| could_not_write(path, &error))?;
    out.into_inner().map_err(|error| could_not_write(path, error.error()))?.finish()
}
