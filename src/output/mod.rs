//! Entries become text.

pub mod json;
pub mod table;
