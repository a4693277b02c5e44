//! The arguments and flags of `csr` and `sign`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::args::{CaKeyArgs, CertsDirArgs, KeyArgs, NewArgs, OwnerArgs, ScopeArgs};
use crate::usage::Usage;

/// The kinds of certificate that a CA elsewhere can sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LeafKind {
    /// A node
    Node,
    /// The DB Console
    Ui,
    /// A SQL user
    Client,
    /// A tenant's SQL server
    TenantClient,
}

impl LeafKind {
    /// The kind in the table of usages.
    pub fn usage(self) -> Usage {
        match self {
            Self::Node => Usage::Node,
            Self::Ui => Usage::Ui,
            Self::Client => Usage::Client,
            Self::TenantClient => Usage::TenantClient,
        }
    }
}

/// `csr`
#[derive(Debug, Args)]
pub struct Csr {
    /// What the certificate is for
    #[arg(value_name = "KIND", required_unless_present = "from")]
    pub kind: Option<LeafKind>,
    /// The hosts of a node or the DB Console; the SQL user; the tenant's ID and the hosts of its SQL server
    #[arg(value_name = "NAME")]
    pub names: Vec<OsString>,
    /// Ask for the names and the subject of this certificate, for a renewal
    #[arg(long, value_name = "FILE", conflicts_with = "subject")]
    pub from: Option<OsString>,
    /// Use the key that is there, such as node.key, instead of making one
    #[arg(long, conflicts_with_all = ["key_algorithm", "key_size"])]
    pub keep_key: bool,
    /// The tenants that a client certificate is for.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Replace an existing request and the key that waits for its certificate
    #[arg(long)]
    pub overwrite: bool,
    /// The certificate's subject, instead of the default: RFC 4514 text, encoded in the order written
    #[arg(long, value_name = "DN")]
    pub subject: Option<String>,
    /// The key to make.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Who owns the new files.
    #[command(flatten)]
    pub owner: OwnerArgs,
}

/// `sign`
#[derive(Debug, Args)]
pub struct Sign {
    /// The requests
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<OsString>,
    /// What the certificates are for
    #[arg(long = "as", value_name = "KIND")]
    pub kind: LeafKind,
    /// Host names and addresses that may be in the certificates, separated by commas; repeatable
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub host: Vec<OsString>,
    /// A SQL user that may get a client certificate; repeatable
    #[arg(long, value_name = "USER")]
    pub user: Vec<OsString>,
    /// A tenant that may get a tenant client certificate; repeatable
    #[arg(long, value_name = "ID")]
    pub tenant_id: Vec<String>,
    /// Allow what this description of the cluster says, as for apply; - for stdin
    #[arg(long, value_name = "MANIFEST")]
    pub manifest: Option<OsString>,
    /// Write into the certificates where servers ask whether they are revoked: the URL of an OCSP responder
    #[arg(long, value_name = "URL")]
    pub ocsp_url: Option<String>,
    /// The tenants that a client certificate is for.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Print the certificates to stdout (-), and write no files
    #[arg(long, value_name = "-", hide_possible_values = true)]
    pub out: Option<Output>,
    /// What every certificate needs.
    #[command(flatten)]
    pub new: NewArgs,
    /// The CA key.
    #[command(flatten)]
    pub ca_key: CaKeyArgs,
}

/// Where certificates go, if not into files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Standard output
    #[value(name = "-")]
    Stdout,
}
