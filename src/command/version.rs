//! `version`: which tool, which OpenSSL, which providers.

use anyhow::{Context, Result};

use crate::cli::Version;
use crate::output;
use crate::pki::provider::{self, Fips};

/// Prints the versions.
pub fn run(args: &Version, fips: Fips) -> Result<()> {
    let mut text = format!("crdb-cert {}\n", env!("CARGO_PKG_VERSION"));
    if args.verbose {
        text += &format!("built with:  OpenSSL {}\n", provider::built_with());
        text += &format!("running on:  {}\n", provider::running_with());
        text += &format!("FIPS:        {}\n", fips.text());
        text += &format!("providers:   {}\n", provider::loaded());
    }
    output::print(&text).context("could not print the version")
}
