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

use std::fs::File;
use std::io::{self, BufWriter, StdoutLock, Write};
use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Result;

use crate::error::reason;
use crate::interrupts::Interrupts;
use crate::store::whole::{Placement, Whole, could_not_write};

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
    unless_closed(print(&mut out).and_then(|()| out.flush()))
}

/// Nobody has to read to the end. Other reasons are put as everywhere.
fn unless_closed(printed: io::Result<()>) -> io::Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|error| io::Error::new(error.kind(), reason(&error))),
    }
}

/// Prints to a file, which is then there whole, with mode 0644, or as it was.
///
/// # Errors
/// If it cannot be written, or `print` fails.
pub fn print_to(path: &Path, print: impl FnOnce(&mut BufWriter<Whole>) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(Whole::create(path, Placement::REPORT)?);
    print(&mut out).map_err(|error| could_not_write(path, &error))?;
    out.into_inner().map_err(|error| could_not_write(path, error.error()))?.finish()
}

/// Prints a secret to stdout, past its buffer, which nobody wipes. A reader that closes the pipe early is not
/// an error.
///
/// # Errors
/// If stdout cannot be written to.
pub fn print_secret(secret: &[u8]) -> io::Result<()> {
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    unless_closed(stdout.write_all(secret))
}

/// Writes a file, which is then there whole, or as it was. No buffer of ours keeps a copy, and no signal leaves
/// half of a key behind.
///
/// # Errors
/// If it cannot be written.
pub fn write_file(path: &Path, contents: &[u8], placement: Placement) -> Result<()> {
    let _interrupts = Interrupts::defer();
    let mut file = Whole::create(path, placement)?;
    file.write_all(contents).map_err(|error| could_not_write(path, &error))?;
    file.finish()
}
