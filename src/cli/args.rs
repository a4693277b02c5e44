//! The arguments and flags of the commands, all but those for logging.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::server::{ServerArgs, StartArgs};

/// The default of `--certs-dir`.
pub const CERTS_DIR: &str = "${HOME}/.cockroach-certs";

/// The arguments of the commands that create CAs.
#[derive(Debug, Args)]
pub struct CreateCa {
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// The CA key.
    #[command(flatten)]
    pub ca_key: CaKeyArgs,
    /// Use the existing CA key for the certificate
    #[arg(long)]
    pub allow_ca_key_reuse: bool,
    /// Encrypt the new CA key with a passphrase (PKCS#8, AES-256); every use of the key asks for it
    #[arg(long)]
    pub encrypt_ca_key: bool,
    /// If a CA certificate exists, add the new one before it instead of failing
    #[arg(long)]
    pub overwrite: bool,
    /// How long the certificate is valid, from now: a Go duration such as 87840h0m0s or 90m; d means 24 hours
    #[arg(long, value_name = "DURATION", default_value = "87840h0m0s", allow_hyphen_values = true)]
    pub lifetime: String,
    /// The certificate's subject, instead of the default: RFC 4514 text, encoded in the order written
    #[arg(long, value_name = "DN")]
    pub subject: Option<String>,
    /// Add a UID attribute with a random UUID to the subject, so that no other CA has the same name
    #[arg(long)]
    pub unique_subject: bool,
    /// The key to make.
    #[command(flatten)]
    pub key: KeyArgs,
    /// Who owns the new files.
    #[command(flatten)]
    pub owner: OwnerArgs,
}

/// `create-node` and `create-ui`
#[derive(Debug, Args)]
pub struct CreateServer {
    /// Host names, wildcards (*.example.com) and IP addresses
    #[arg(value_name = "HOST")]
    pub hosts: Vec<OsString>,
    /// What every certificate signed by a CA needs.
    #[command(flatten)]
    pub leaf: LeafArgs,
}

/// `create-client`
#[derive(Debug, Args)]
pub struct CreateClient {
    /// The SQL user
    #[arg(value_name = "USER")]
    pub user: OsString,
    /// What every certificate signed by a CA needs.
    #[command(flatten)]
    pub leaf: LeafArgs,
    /// Also write the key as unencrypted PKCS#8 DER, to client.USER.key.pk8 (for Java)
    #[arg(long)]
    pub also_generate_pkcs8_key: bool,
    /// The tenants that the certificate is for.
    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// The tenants that a client certificate is for.
#[derive(Debug, Args)]
pub struct ScopeArgs {
    /// IDs of the tenants the certificate is valid for, separated by commas; repeatable [default: all tenants]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub tenant_scope: Vec<String>,
    /// Names of the tenants the certificate is valid for, separated by commas; repeatable [default: all
    /// tenants]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub tenant_name_scope: Vec<String>,
    /// Make a certificate for an identity that is not a valid SQL username
    #[arg(long)]
    pub disable_username_validation: bool,
}

/// `create-tenant-client`
#[derive(Debug, Args)]
pub struct CreateTenantClient {
    /// The tenant's ID, a number
    #[arg(value_name = "ID")]
    pub id: String,
    /// Host names, wildcards and IP addresses of the SQL server [default: 127.0.0.1, ::1, localhost, *.local]
    #[arg(value_name = "HOST")]
    pub hosts: Vec<OsString>,
    /// What every certificate signed by a CA needs.
    #[command(flatten)]
    pub leaf: LeafArgs,
}

/// `create-tenant-signing`
#[derive(Debug, Args)]
pub struct CreateTenantSigning {
    /// The tenant's ID, a number
    #[arg(value_name = "ID")]
    pub id: String,
    /// What every certificate needs.
    #[command(flatten)]
    pub new: NewArgs,
    /// Has no effect: the certificate is self-signed
    #[arg(long, value_name = "FILE", hide = true)]
    pub ca_key: Option<OsString>,
    /// Has no effect: the key is always Ed25519
    #[arg(long, value_name = "BITS", hide = true, allow_negative_numbers = true)]
    pub key_size: Option<i64>,
}

/// `renew`
#[derive(Debug, Args)]
pub struct Renew {
    /// The certificates to renew: a file in the certs directory, with or without .crt, or the user or tenant it
    /// is for [default: all but those of CAs]
    #[arg(value_name = "NAME|FILE")]
    pub names: Vec<OsString>,
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// The CA key.
    #[command(flatten)]
    pub ca_key: CaKeyArgs,
    /// Who signs instead.
    #[command(flatten)]
    pub sign_with: SignWithArgs,
    /// Renew only what has at most this much of its lifetime left, as a part (1/3) or as a duration (30d, 720h)
    #[arg(long, value_name = "1/3|30d", allow_hyphen_values = true)]
    pub if_due: Option<String>,
    /// How long the new certificates are valid, from now: a Go duration; d means 24 hours [default: as long as
    /// the old ones]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub lifetime: Option<String>,
    /// Keep the keys instead of making new ones
    #[arg(long)]
    pub keep_key: bool,
    /// Afterwards, if anything was renewed, run this with /bin/sh; if it fails, so does renew
    #[arg(long, value_name = "COMMAND")]
    pub exec: Option<OsString>,
    /// Show what would be renewed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Who owns the new files.
    #[command(flatten)]
    pub owner: OwnerArgs,
}

/// `remove-ca`
#[derive(Debug, Args)]
pub struct RemoveCa {
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Remove the CA certificates that have expired; this is the default
    #[arg(long)]
    pub expired: bool,
    /// Remove all CA certificates but the one in use, the first in each file
    #[arg(long, conflicts_with = "expired")]
    pub old: bool,
    /// With --old, look for certificates that still need an old CA in the certs directories below DIR, too
    #[arg(long, value_name = "DIR", requires = "old")]
    pub fleet: Option<OsString>,
    /// Show what would be removed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Who owns the new files.
    #[command(flatten)]
    pub owner: OwnerArgs,
}

/// `subject`
#[derive(Debug, Args)]
pub struct Subject {
    /// A certificate file, or a DN
    #[arg(value_name = "FILE|DN")]
    pub subject: OsString,
    /// Print the SQL statement that makes the server expect this subject for USER
    #[arg(long, value_name = "USER", conflicts_with = "flag")]
    pub sql: Option<String>,
    /// Print the start flag that makes the server expect this subject for root or node
    #[arg(long, value_name = "root|node")]
    pub flag: Option<SubjectFlag>,
}

/// The users whose subject is set by a start flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SubjectFlag {
    /// --root-cert-distinguished-name
    Root,
    /// --node-cert-distinguished-name
    Node,
}

/// `check-login`
#[derive(Debug, Args)]
pub struct CheckLogin {
    /// The SQL user
    #[arg(value_name = "USER", required_unless_present_any = ["all", "rpc"])]
    pub user: Option<OsString>,
    /// Say which users each client certificate in the certs directory works for
    #[arg(long, conflicts_with_all = ["user", "cert", "rpc", "role_subject"])]
    pub all: bool,
    /// Say whether the certificate works for connections between nodes
    #[arg(long, conflicts_with_all = ["user", "role_subject", "hba_map"])]
    pub rpc: bool,
    /// The certificate [default: client.USER.crt in the certs directory; for node client.node.crt, or node.crt]
    #[arg(long, value_name = "FILE")]
    pub cert: Option<OsString>,
    /// Where the CA certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// What else the server was started with.
    #[command(flatten)]
    pub start: StartArgs,
    /// The SUBJECT of the user's role
    #[arg(long, value_name = "DN")]
    pub role_subject: Option<String>,
    /// The cluster setting security.client_cert.subject_required.enabled is on
    #[arg(long)]
    pub subject_required: bool,
    /// The cluster setting security.client_cert.san_required.enabled is on
    #[arg(long)]
    pub san_required: bool,
    /// The map that the cert line of the HBA configuration names
    #[arg(long, value_name = "NAME", requires = "ident_map")]
    pub hba_map: Option<String>,
    /// The text of the cluster setting server.identity_map.configuration
    #[arg(long, value_name = "FILE", requires = "hba_map")]
    pub ident_map: Option<OsString>,
    /// The number of the tenant that the user connects to; 1 is the system tenant
    #[arg(long, value_name = "ID", default_value = "1")]
    pub tenant_id: String,
    /// The name of the tenant that the user connects to
    #[arg(long, value_name = "NAME")]
    pub tenant_name: Option<String>,
    /// Judge as of this time, in RFC 3339, such as 2031-11-25T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// How to print the answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// The forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `version`
#[derive(Debug, Args)]
pub struct Version {
    /// Show OpenSSL and its providers too
    #[arg(long)]
    pub verbose: bool,
}

/// The certs directory.
#[derive(Debug, Args)]
pub struct CertsDirArgs {
    /// The certs directory; $NAME and ${NAME} are expanded
    #[arg(
        long,
        env = "COCKROACH_CERTS_DIR",
        value_name = "DIR",
        default_value = CERTS_DIR,
        hide_env_values = true
    )]
    pub certs_dir: OsString,
    /// The server's own flags.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// The CA key.
#[derive(Debug, Clone, Args)]
pub struct CaKeyArgs {
    /// The CA key file, or a pkcs11: URI; required. $NAME and ${NAME} are expanded
    #[arg(
        long,
        env = "COCKROACH_CA_KEY",
        value_name = "FILE",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub ca_key: OsString,
    /// Read the CA key's passphrase, or its token's PIN, from the first line of FILE [default: ask on the
    /// terminal]
    #[arg(long, value_name = "FILE", conflicts_with = "ca_key_passphrase_fd")]
    pub ca_key_passphrase_file: Option<OsString>,
    /// Read the CA key's passphrase, or its token's PIN, from this file descriptor
    #[arg(long, value_name = "NUMBER")]
    pub ca_key_passphrase_fd: Option<i32>,
}

/// A command that signs.
#[derive(Debug, Clone, Args)]
pub struct SignWithArgs {
    /// Instead of a CA key, run this with /bin/sh to sign: it gets a request (PKCS#10, PEM) on stdin, and
    /// prints the certificate and its chain (docs/signing-engine.md)
    #[arg(long, value_name = "COMMAND",
          conflicts_with_all = ["ca_key", "ca_key_passphrase_file", "ca_key_passphrase_fd"])]
    pub sign_with: Option<OsString>,
    /// Kill the command of --sign-with if it takes longer than this
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "60s",
        requires = "sign_with",
        allow_hyphen_values = true
    )]
    pub sign_timeout: String,
}

/// The key to make.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The kind of key to make
    #[arg(long, value_name = "ALGORITHM", default_value = "rsa", ignore_case = true)]
    pub key_algorithm: Algorithm,
    /// The size of the key in bits: RSA 2048 to 16384, ECDSA 256, 384 or 521 [default: RSA 2048, ECDSA 256]
    #[arg(long, value_name = "BITS")]
    pub key_size: Option<u32>,
}

/// The kinds of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// RSA
    Rsa,
    /// ECDSA on a NIST curve
    Ecdsa,
}

/// What every certificate needs.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Replace existing files instead of failing
    #[arg(long)]
    pub overwrite: bool,
    /// How long the certificate is valid, from now: a Go duration such as 43920h0m0s or 90m; d means 24 hours
    #[arg(long, value_name = "DURATION", default_value = "43920h0m0s", allow_hyphen_values = true)]
    pub lifetime: String,
    /// The certificate's subject, instead of the default: RFC 4514 text, encoded in the order written
    #[arg(long, value_name = "DN")]
    pub subject: Option<String>,
    /// Who owns the new files.
    #[command(flatten)]
    pub owner: OwnerArgs,
}

/// Who owns the new files.
#[derive(Debug, Args)]
pub struct OwnerArgs {
    /// Give new files to this account, such as the database's; needs root
    #[arg(long, env = "COCKROACH_CERTS_OWNER", value_name = "USER[:GROUP]", hide_env_values = true)]
    pub owner: Option<String>,
}

/// What every certificate signed by a CA needs.
#[derive(Debug, Args)]
pub struct LeafArgs {
    /// What every certificate needs.
    #[command(flatten)]
    pub new: NewArgs,
    /// The CA key.
    #[command(flatten)]
    pub ca_key: CaKeyArgs,
    /// Who signs instead.
    #[command(flatten)]
    pub sign_with: SignWithArgs,
    /// Write into the certificate where servers ask whether it is revoked: the URL of an OCSP responder
    #[arg(long, value_name = "URL", conflicts_with = "sign_with")]
    pub ocsp_url: Option<String>,
    /// The key to make.
    #[command(flatten)]
    pub key: KeyArgs,
}
