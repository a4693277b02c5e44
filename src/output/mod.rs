//! Entries become text.

pub mod table;
