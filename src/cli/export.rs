//! The arguments and flags of `export`.

mod kubernetes;

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};

use super::args::{CertsDirArgs, OwnerArgs};
use super::lazy::Lazy;

pub use kubernetes::{IssuerKind, Kubernetes, KubernetesLayout, ManifestFormat, NodeLayout};

/// `export`
#[derive(Debug, Subcommand)]
pub enum Export {
    /// Write a key and its certificates as PKCS#12, for browsers, DBeaver and Java
    ///
    /// Writes one file with the key, the certificate, its CA certificates up to the root, and those of ca.crt,
    /// which Java then trusts. A passphrase of at least 8 characters encrypts it all: AES-256, with PBKDF2
    /// (HMAC-SHA-256, 100,000 rounds). With --fips, the file has a MAC that only new programs can check: see
    /// docs/export.md.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert export pkcs12 maxroach --out=maxroach.p12 --certs-dir=certs
  crdb-cert export pkcs12 node --passphrase-file=secret --certs-dir=certs \\
    >node.p12")]
    Pkcs12(Lazy<Pkcs12>),
    /// Write a key as PKCS#8, for Java
    ///
    /// Writes the key in DER, which PostgreSQL's JDBC driver reads, or in PEM. It has no passphrase.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert export pkcs8 maxroach --out=certs/client.maxroach.key.pk8 \\
    --certs-dir=certs")]
    Pkcs8(Lazy<Pkcs8>),
    /// Write a key and its certificate chain as one PEM file, for pgbouncer and HAProxy
    ///
    /// Writes the key, then the certificate, then the CA certificates between it and its root.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert export pem ui --out=/etc/haproxy/ui.pem --certs-dir=certs")]
    Pem(Lazy<Pem>),
    /// Print the URL or the variables with which a driver uses a user's certificate
    ///
    /// Prints a URL, or environment variables, with the absolute paths of the certificate, the key and ca.crt.
    /// They make the client check the server's certificate and name (sslmode=verify-full), and contain no
    /// secret.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert export connection maxroach --host=node1.example.com \\
    --database=movr --format=jdbc --certs-dir=certs
  psql \"$(crdb-cert export connection maxroach --host=node1:26257)\"")]
    Connection(Lazy<Connection>),
    /// Print the secrets and ConfigMaps that CockroachDB reads in Kubernetes
    ///
    /// Turns the files of the certs directory into the secrets and ConfigMaps that the Helm chart, the operator
    /// or the StatefulSet of CockroachDB's documents reads. Each has exactly the keys that are read there. The
    /// nodes' secret contains no user's key. The CA key is left out unless you add --with-ca-key.
    /// --layout=cert-manager prints Certificate resources instead, which ask cert-manager for the same
    /// certificates.
    ///
    /// Private keys go to a pipe or to a file with mode 0600, never to a terminal. --sans-for prints only the
    /// names that the nodes' certificate needs, one per line.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert export kubernetes --namespace=prod --certs-dir=certs | \\
    kubectl apply -f -
  crdb-cert export kubernetes --layout=statefulset --user=maxroach \\
    --certs-dir=certs --out=secrets.yaml
  crdb-cert export kubernetes --sans-for=operator --release=crdb
  crdb-cert export kubernetes --layout=cert-manager --issuer=cockroachdb \\
    --certs-dir=certs")]
    Kubernetes(Lazy<Box<Kubernetes>>),
}

/// Whose certificate.
#[derive(Debug, Args)]
pub struct WhoseArgs {
    /// The SQL user, node or ui; or a file's name, such as client.ui for the user called ui
    #[arg(value_name = "USER|node|ui")]
    pub who: OsString,
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
}

/// Where a secret goes.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// Write to FILE, whole or not at all, with mode 0600 [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub out: Option<OsString>,
    /// Replace an existing file instead of failing
    #[arg(long)]
    pub overwrite: bool,
    /// Who owns the file.
    #[command(flatten)]
    pub owner: OwnerArgs,
}

/// `export pkcs12`
#[derive(Debug, Args)]
pub struct Pkcs12 {
    /// Whose certificate.
    #[command(flatten)]
    pub whose: WhoseArgs,
    /// Where it goes.
    #[command(flatten)]
    pub out: OutArgs,
    /// Read the passphrase for the file from the first line of FILE [default: ask on the terminal, twice]
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<OsString>,
    /// Read the passphrase for the file from this file descriptor
    #[arg(long, value_name = "NUMBER")]
    pub passphrase_fd: Option<i32>,
    /// The key's name in the file, Java's alias [default: user, which PostgreSQL's JDBC driver expects; or
    /// node, ui]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Encrypt with 3DES and SHA-1, for Windows Server 2016, Java before 8u301 and other old programs; not with
    /// --fips
    #[arg(long, conflicts_with = "pbmac1")]
    pub legacy: bool,
    /// Protect the file with PBMAC1 (RFC 9579), for programs under FIPS [default: with --fips]
    #[arg(long, conflicts_with = "no_mac")]
    pub pbmac1: bool,
    /// Leave the MAC out: a program that reads the file cannot tell whether somebody changed it
    #[arg(long)]
    pub no_mac: bool,
}

/// `export pkcs8`
#[derive(Debug, Args)]
pub struct Pkcs8 {
    /// Whose certificate.
    #[command(flatten)]
    pub whose: WhoseArgs,
    /// Where it goes.
    #[command(flatten)]
    pub out: OutArgs,
    /// The form of the key
    #[arg(long, value_name = "FORMAT", default_value = "der")]
    pub format: KeyForm,
}

/// The forms of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyForm {
    /// Octets.
    Der,
    /// Text.
    Pem,
}

/// `export pem`
#[derive(Debug, Args)]
pub struct Pem {
    /// Whose certificate.
    #[command(flatten)]
    pub whose: WhoseArgs,
    /// Where it goes.
    #[command(flatten)]
    pub out: OutArgs,
}

/// `export connection`
#[derive(Debug, Args)]
pub struct Connection {
    /// The SQL user
    #[arg(value_name = "USER")]
    pub user: OsString,
    /// The server: a name or address that its certificate covers, and the port [default port: 26257]
    #[arg(long, value_name = "HOST[:PORT]")]
    pub host: String,
    /// The database
    #[arg(long, value_name = "NAME", default_value = "defaultdb")]
    pub database: String,
    /// What to print: a URL for psql and most drivers, a URL for Java, or variables for a shell
    #[arg(long, value_name = "FORMAT", default_value = "url")]
    pub format: ConnectionForm,
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
}

/// The forms of a connection's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConnectionForm {
    /// `postgresql://`
    Url,
    /// `jdbc:postgresql://`
    Jdbc,
    /// `export PGHOST=...`
    Env,
}
