//! The certs directory: its naming conventions, what is in it, and how files come into it.

pub mod access;
pub mod authority;
pub mod commit;
mod dir;
mod journal;
pub mod layout;
mod lock;
mod pending;
pub mod read;
pub mod scan;
