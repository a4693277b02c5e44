//! `export`: certificates and keys in the forms that others read.

mod kubernetes;

use anyhow::Result;

use crate::cli::Export;

/// Prints or writes them. The certs directory stays as it is.
pub fn run(what: &Export) -> Result<()> {
    match what {
        Export::Kubernetes(args) => kubernetes::run(args),
    }
}
