//! `probe`

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::CertsDirArgs;

/// `probe`
#[derive(Debug, Args)]
pub struct Probe {
    /// A server: a name or address, with the port behind a colon if it is not the usual one
    #[arg(value_name = "HOST[:PORT]", required_unless_present = "manifest")]
    pub servers: Vec<OsString>,
    /// Where ca.crt is, and the node.crt that should be served.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Probe all nodes of this description of a cluster, as for apply; - for stdin
    #[arg(long, visible_alias = "from", value_name = "MANIFEST", conflicts_with = "servers")]
    pub manifest: Option<OsString>,
    /// With --manifest, compare each node with its folder in DIR, the --out of apply
    #[arg(long, value_name = "DIR", requires = "manifest", conflicts_with = "servers")]
    pub out: Option<OsString>,
    /// The port of servers that are named without one [default: 26257; with --http 8080]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Probe the DB Console: TLS from the start, and ui.crt if there is one
    #[arg(long, conflicts_with = "rpc")]
    pub http: bool,
    /// Connect as another node does: TLS from the start, with client.node.crt, or else node.crt
    #[arg(long)]
    pub rpc: bool,
    /// Present this user's certificate, and report whether the server accepts it
    #[arg(long, value_name = "USER", conflicts_with_all = ["http", "rpc"])]
    pub user: Option<OsString>,
    /// Give up on an address after this time, from connecting to the end of the handshake: a Go duration
    #[arg(long, value_name = "DURATION", default_value = "5s", allow_hyphen_values = true)]
    pub timeout: String,
    /// Warn of certificates that expire within this time: a Go duration; d means 24 hours
    #[arg(long, value_name = "DURATION", default_value = "30d", allow_hyphen_values = true)]
    pub expires_within: String,
    /// How to print what is found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ProbeFormat,
    /// Write to FILE, whole or not at all, with mode 0644 [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub output: Option<OsString>,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProbeFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Metrics for Prometheus.
    Prometheus,
}
