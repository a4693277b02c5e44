//! The server's own start flags, and where to read them.

use std::ffi::OsString;

use clap::Args;

use crate::go_bool::parser as go_bool;

/// The heading of these flags in a help text. Each names it: `next_help_heading` would reach the flags after
/// them too.
const HEADING: &str = "The server's start flags";

/// The server's own flags, accepted by every command that has a certs directory.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// The server's flag of the same name: maps names in client certificates to users, as from:to,...;
    /// repeatable
    #[arg(long, help_heading = HEADING, value_name = "LIST")]
    pub cert_principal_map: Vec<String>,
    /// The server's flag of the same name: the subject of root's certificates
    #[arg(long, help_heading = HEADING, value_name = "DN")]
    pub root_cert_distinguished_name: Option<String>,
    /// The server's flag of the same name: the subject of the nodes' certificates
    #[arg(long, help_heading = HEADING, value_name = "DN")]
    pub node_cert_distinguished_name: Option<String>,
}

/// The server's other start flags, and its version.
#[derive(Debug, Args)]
pub struct StartArgs {
    /// Read the server's start flags from a systemd unit or a shell script; a flag given here overrides the
    /// file's
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    pub server_flags_from: Option<OsString>,
    /// The server's version, such as 25.4: later rules do not apply [default: the newest known]
    #[arg(long, help_heading = HEADING, value_name = "VERSION")]
    pub server_version: Option<String>,
    /// The server's flag of the same name: TYPE=value,..., TYPE one of DNS, URI and IP
    #[arg(long, help_heading = HEADING, value_name = "LIST")]
    pub root_cert_san: Option<String>,
    /// The server's flag of the same name: TYPE=value,..., TYPE one of DNS, URI and IP
    #[arg(long, help_heading = HEADING, value_name = "LIST")]
    pub node_cert_san: Option<String>,
    /// The server's flag of the same name
    #[arg(long, help_heading = HEADING, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true, value_parser = go_bool())]
    pub disallow_root_login: Option<bool>,
    /// The server's flag of the same name
    #[arg(long, help_heading = HEADING, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_possible_values = true, value_parser = go_bool())]
    pub allow_debug_user: Option<bool>,
}
