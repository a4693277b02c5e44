//! A whole cluster: what a manifest says should be, what is there, and what to do about the difference.
//!
//! [`manifest`] reads the description, [`desired`] says which folders with which certificates follow from it,
//! and [`plan`] compares these with what was found. None of them touches a file or the clock: [`look`] and
//! [`apply`] do.

pub mod apply;
pub mod desired;
pub mod look;
pub mod manifest;
pub mod out;
pub mod plan;
mod prune;
pub mod range;
pub mod status;
