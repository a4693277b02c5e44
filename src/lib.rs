//! `crdb-cert`: what `cockroach cert` does, on the system's OpenSSL.
//!
//! How data flows: [`argv`] and [`cli`] read the command line; a [`command`] turns it into a request; [`pki`]
//! makes keys and certificates in memory, signed by a [`ca`]; [`certs_dir`] puts them on disk, all or none.
//! [`approval`] says what somebody else's request gets of what it asks for, [`incoming`] whether what
//! somebody else issued is what was asked for. In the other direction,
//! [`certs_dir::scan`] reads the directory and [`output`] prints it.
//!
//! A [`fleet`] is a whole cluster: from its description follow folders, each of them a certs directory.
//!
//! [`probe`] is the only one that talks to a server: it says what one really serves.
//!
//! [`usage`] is the table of all certificate kinds. [`dn`], [`host`], [`username`], [`duration`] and [`tenant`]
//! turn text into types that cannot be wrong; [`login`] says who may log in with a certificate; [`error`] says
//! what failed and what to type next.

pub mod account;
pub mod approval;
pub mod argv;
mod asking;
pub mod ca;
pub mod certificate;
pub mod certs_dir;
pub mod cli;
pub mod command;
mod connection;
mod der;
pub mod dn;
pub mod due;
pub mod duration;
pub mod error;
pub mod expand;
mod ffi;
pub mod finding;
pub mod fleet;
mod go_bool;
pub mod host;
pub mod incoming;
pub mod interrupts;
pub mod kubernetes;
pub mod logging;
pub mod login;
mod mint;
pub mod output;
mod pkcs11;
pub mod pki;
pub mod probe;
mod renew;
mod request;
pub mod server_flags;
pub mod signing;
pub mod store;
pub mod tenant;
mod threads;
pub mod time;
mod umask;
pub mod usage;
pub mod username;
pub mod verify;
mod yaml;
