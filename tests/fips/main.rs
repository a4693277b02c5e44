//! FIPS, and CA keys in a hardware token, on real modules: `tests/fips/install-modules` puts them in place.

#[path = "../support/mod.rs"]
mod support;

mod enforced;
mod modules;
mod probe;
mod token;
