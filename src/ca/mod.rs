//! The CA: its key (a file, with or without a passphrase, or in a token), and its certificate in the certs
//! directory.

pub mod authority;
pub mod key;
pub mod location;
pub mod origin;
pub mod passphrase;
mod secret_file;
