//! What a packager relies on: `make install` and `make uninstall`, `make -C dev dist` and a build of what it
//! wrote, how the program is built, what of it Prometheus and Kubernetes see, and the examples.
//!
//! Run by `make -C dev packaging`, which installs what these tests need and builds the program first.

#[path = "../support/mod.rs"]
mod support;

mod binary;
mod dist;
mod examples;
mod install;
mod kubernetes;
mod monitoring;
mod prerequisites;
mod shell;
mod signers;
