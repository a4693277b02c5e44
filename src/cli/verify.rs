//! `verify`

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::{CertsDirArgs, StartArgs};

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Verify each directory in the certs directory that has certificates in it, at any depth
    #[arg(long)]
    pub recursive: bool,
    /// Check the owner and mode of keys for this account, the one the database runs under [default: your own]
    #[arg(long, value_name = "NAME")]
    pub server_user: Option<String>,
    /// A name or address that the node's certificate has to cover; repeatable
    #[arg(long, value_name = "HOST")]
    pub host: Vec<OsString>,
    /// The server's flag of the same name: the node's certificate has to cover it; a port is ignored
    #[arg(long, value_name = "HOST")]
    pub advertise_addr: Option<String>,
    /// The CA key, to check that it belongs to the CA and is out of the server's reach; $NAME and ${NAME} are
    /// expanded
    #[arg(long, value_name = "FILE")]
    pub ca_key: Option<OsString>,
    /// Warn of certificates that expire within this time: a Go duration; d means 24 hours
    #[arg(long, value_name = "DURATION", default_value = "30d", allow_hyphen_values = true)]
    pub expires_within: String,
    /// Skip the TLS handshakes
    #[arg(long)]
    pub no_handshake: bool,
    /// What else the server was started with.
    #[command(flatten)]
    pub start: StartArgs,
    /// How to print what is found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ReportFormat,
    /// What metrics for Prometheus are called: as the server's own, or as x509-certificate-exporter's
    #[arg(long, value_name = "WHOSE", default_value = "cockroach")]
    pub metric_names: MetricNames,
    /// Write to FILE, whole or not at all, with mode 0644 [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub output: Option<OsString>,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// The Test Anything Protocol.
    Tap,
    /// Metrics for Prometheus; no key is read.
    Prometheus,
}

/// Whose names the metrics have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MetricNames {
    /// The server's own.
    Cockroach,
    /// Those of x509-certificate-exporter.
    #[value(name = "x509-certificate-exporter")]
    X509CertificateExporter,
}
