//! Entries become text.

pub mod json;
pub mod logins;
pub mod table;

use std::io::{self, Write};

/// Prints to stdout. Whoever reads it may have had enough of it: that is no error, and changes no exit status.
///
/// # Errors
/// If stdout cannot be written to.
pub fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
