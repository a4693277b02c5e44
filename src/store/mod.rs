//! All or nothing, and durable: how files get into a directory that someone else may own.
//!
//! A writer locks the directory by creating its own directory in it, [`NEW`], which is closed to everyone else.
//! It writes the new files there, with a list of them. Renaming the directory to [`COMMIT`] is the commit: from
//! then on, whoever finds it puts the files in place. Nothing in it is a path, so nothing planted there can
//! lead elsewhere.

pub mod change;
pub mod dir;
pub mod lock;
pub mod manifest;
pub mod read;
pub mod whole;

/// The prefix of our own directories' names.
pub const PREFIX: &str = ".crdb-cert.";
/// The writer's directory: the lock, and the uncommitted files.
pub const NEW: &str = ".crdb-cert.new";
/// The files of a committed change that are not all in place yet.
pub const COMMIT: &str = ".crdb-cert.commit";
