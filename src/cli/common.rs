//! The flags that every command has.

use clap::Args;

use super::logging::LogArgs;
use crate::go_bool::parser as go_bool;

/// The flags that every command has.
#[derive(Debug, Args)]
pub struct CommonArgs {
    /// Use OpenSSL's FIPS provider for all cryptography, or fail; CRDB_CERT_FIPS=1 in the environment does the
    /// same
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true, value_parser = go_bool())]
    pub fips: Option<bool>,
    /// Logging.
    #[command(flatten)]
    pub log: LogArgs,
}
