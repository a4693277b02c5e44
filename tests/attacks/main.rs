//! Another account of the host attacks while root works in a directory that this account can write to: no key
//! is lost or read, and nothing outside the directory changes.
//!
//! The attacker is a thread with the credentials of another user: for the kernel, a second account. Needs root,
//! and strace.

#[path = "../support/mod.rs"]
mod support;

mod attacker;
mod directories;
mod fleet;
mod keys;
mod links;
mod locks;
mod output;
mod place;
mod planted;
mod race;
mod requests;
mod swaps;
mod waiting;
