//! All or nothing, and durable: how files come into a directory that somebody else may own.
//!
//! A writer locks the directory with a directory of its own in it, [`NEW`], which is closed to everybody else. There it writes the
//! new files, and beside them a list of what they are. Renaming the directory to [`COMMIT`] is the commit: from there on whoever
//! finds it puts the files into their places. Nothing in it is a path, so nothing that somebody plants there leads elsewhere.

pub mod change;
pub mod dir;
pub mod lock;
mod manifest;
pub mod read;

/// How the names of our own directories begin.
pub const PREFIX: &str = ".crdb-cert.";
/// The writer's directory: the lock, and the files that are not committed yet.
pub const NEW: &str = ".crdb-cert.new";
/// The files of a change that has happened, on the way to their places.
pub const COMMIT: &str = ".crdb-cert.commit";
