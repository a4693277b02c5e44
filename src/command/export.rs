//! `export`: certificates and keys in the forms that other programs read.

mod connection;
mod kubernetes;
mod out;
mod pair;
mod pem;
mod pkcs12;
mod pkcs8;

use anyhow::{Context, Result};

use crate::cli::Export;

/// Writes or prints what is asked for; the certs directory stays as it is.
pub fn run(what: &Export) -> Result<()> {
    let done = match what {
        Export::Pkcs12(args) => pkcs12::run(args),
        Export::Pkcs8(args) => pkcs8::run(args),
        Export::Pem(args) => pem::run(args),
        Export::Connection(args) => connection::run(args),
        Export::Kubernetes(args) => kubernetes::run(args),
    };
    done.context("failed to export")
}
