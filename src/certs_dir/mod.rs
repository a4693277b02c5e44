//! The certs directory: its naming conventions, what is in it, and how files come into it.

pub mod access;
pub mod certificate;
mod change;
pub mod commit;
mod dir;
pub mod expired;
mod journal;
pub mod layout;
mod lock;
mod paths;
mod pending;
pub mod read;
pub mod scan;
