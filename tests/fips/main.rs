//! FIPS, and CA keys in a hardware token, on real modules: `tests/fips/install-modules` puts them in place.

#[path = "../cli/sandbox.rs"]
#[allow(dead_code)]
mod sandbox;

mod enforced;
mod modules;
mod token;
