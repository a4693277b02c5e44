//! Turns entries into text.

pub mod fleet;
pub mod json;
pub mod logins;
pub mod progress;
pub mod table;

use std::io::{self, BufWriter, StdoutLock, Write};

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
