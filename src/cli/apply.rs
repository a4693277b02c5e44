//! The arguments of `apply`.

use std::ffi::OsString;
use std::num::NonZeroUsize;

use clap::Args;

use super::{CaKeyArgs, CertsDirArgs, Format, SignWithArgs};

/// `apply`
#[derive(Debug, Args)]
pub struct Apply {
    /// The description of the cluster, in YAML or JSON; - for stdin
    #[arg(value_name = "MANIFEST")]
    pub manifest: OsString,
    /// Where the CA certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// The key of the CA in ca.crt.
    #[command(flatten)]
    pub ca_key: CaKeyArgs,
    /// Who signs instead.
    #[command(flatten)]
    pub sign_with: SignWithArgs,
    /// The key of the CA in ca-client.crt, if there is one
    #[arg(long, value_name = "FILE", conflicts_with = "sign_with")]
    pub client_ca_key: Option<OsString>,
    /// The key of the CA in ca-ui.crt, if there is one
    #[arg(long, value_name = "FILE", conflicts_with = "sign_with")]
    pub ui_ca_key: Option<OsString>,
    /// The key of the CA in ca-client-tenant.crt, if there is one
    #[arg(long, value_name = "FILE", conflicts_with = "sign_with")]
    pub tenant_client_ca_key: Option<OsString>,
    /// Instead of each certificate, make a key and a request for a CA elsewhere: node.key.pending and node.csr
    #[arg(long, conflicts_with_all = ["ca_key", "ca_key_passphrase_file", "ca_key_passphrase_fd", "client_ca_key",
          "ui_ca_key", "tenant_client_ca_key", "sign_with", "ca_only"])]
    pub csr: bool,
    /// The directory of the folders; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    pub out: OsString,
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Renew certificates that have no more than this left: a part of their lifetime, or a time such as 60d or
    /// 1440h
    #[arg(long, value_name = "1/3|60d", default_value = "1/3")]
    pub renew_within: String,
    /// Remove folders and certificates that the manifest does not name
    #[arg(long)]
    pub prune: bool,
    /// Bring the CA files in the folders up to date, and touch nothing else: the first step of a rotation
    #[arg(long, conflicts_with = "prune")]
    pub ca_only: bool,
    /// How many folders are made at the same time [default: four for each core, as they wait for the disk]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// How to print what was done
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}
