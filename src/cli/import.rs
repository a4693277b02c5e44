//! The arguments and flags of `import`.

use std::ffi::OsString;

use clap::Args;

use super::args::{CertsDirArgs, OwnerArgs};
use super::csr::LeafKind;

/// `import`
#[derive(Debug, Args)]
pub struct Import {
    /// What the CA sent: certificates in PEM, DER, PKCS#7 or PKCS#12, or the JSON of Vault or OpenBao; - for
    /// stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<OsString>,
    /// What the certificate is for [default: what the waiting key that fits is for]
    #[arg(long = "as", value_name = "KIND")]
    pub kind: Option<LeafKind>,
    /// With --as=client, the SQL user
    #[arg(long, value_name = "USER")]
    pub user: Option<OsString>,
    /// With --as=tenant-client, the tenant's ID
    #[arg(long, value_name = "ID")]
    pub tenant_id: Option<String>,
    /// Trust the root certificates that came along: add them to ca.crt, or to the CA file of this kind
    #[arg(long)]
    pub add_root: bool,
    /// Show what would be put in place, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Replace an existing certificate and key
    #[arg(long)]
    pub overwrite: bool,
    /// Also write a client's key as unencrypted PKCS#8 DER, to client.USER.key.pk8 (for Java)
    #[arg(long)]
    pub also_generate_pkcs8_key: bool,
    /// Read the passphrase of PKCS#12 from the first line of FILE [default: ask on the terminal]
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<OsString>,
    /// Read the passphrase of PKCS#12 from this file descriptor
    #[arg(long, value_name = "NUMBER")]
    pub passphrase_fd: Option<i32>,
    /// The SUBJECT of the user's role, to check that the user can log in
    #[arg(long, value_name = "DN")]
    pub role_subject: Option<String>,
    /// Where the certificates go.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Who owns the new files.
    #[command(flatten)]
    pub owner: OwnerArgs,
}
