//! Crashes, faults, signals and rivals: whatever happens to a `create-*` command on the way, every pair of
//! files is wholly the old one or wholly the new one, nothing is lost, and the next command leaves no trace of
//! it.
//!
//! `strace` kills the program, or makes a system call fail, at each call in turn. It has to be installed and
//! allowed to trace.

#[path = "../support/mod.rs"]
mod support;

mod concurrency;
mod crash;
mod disk;
mod disk_full;
mod fault;
mod fleet;
mod inspect;
mod litter;
mod meddling;
mod network;
mod points;
mod power_cut;
mod scenario;
mod signal;
mod signer;
mod strace;
mod trace;
mod world;
