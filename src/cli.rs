//! Every command and flag, in one place.
//!
//! Values stay text here: the commands turn them into types that cannot be wrong (REFERENCE.md section 2), so that a bad
//! value is reported like any other failure. `build.rs` includes this file to make the man pages and completions;
//! it must therefore depend on nothing but clap.

// By its path, as `build.rs` looks for it from elsewhere.
#[path = "cli/logging.rs"]
pub mod logging;

use std::ffi::OsString;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};

use logging::LogArgs;

/// Create and inspect the certificates of a CockroachDB cluster, on the system's OpenSSL.
///
/// `crdb-cert` takes the commands and flags of `cockroach cert`. Keys, signatures and random numbers come from the
/// providers of the OpenSSL library it is linked with. A command puts all of its files in place, or none.
#[derive(Debug, Parser)]
#[command(name = "crdb-cert", version, max_term_width = 100, args_override_self = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Example: a new cluster's CA, and the certificates of its first node and of root:
  crdb-cert create-ca --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert create-node localhost 127.0.0.1 --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert create-client root --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert list --certs-dir=certs")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Let OpenSSL's FIPS provider do all cryptography, or fail; CRDB_CERT_FIPS=1 in the environment says the same
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true, value_parser = go_bool())]
    pub fips: Option<bool>,
    /// Logging, for every command.
    #[command(flatten)]
    pub log: LogArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the CA certificate and its key
    ///
    /// Makes the CA certificate `ca.crt` in the certs directory, and the CA key. The certs directory is created if it does not
    /// exist; the directory of the CA key must exist. Keep the CA key away from the nodes: whoever has it can log in as anybody.
    ///
    /// If the CA key exists, it is used with --allow-ca-key-reuse only. If the CA certificate exists, --overwrite puts the
    /// new certificate in front of it in the same file: certificates made with the old one stay valid.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert create-ca --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert create-ca --overwrite --certs-dir=certs --ca-key=my-safe-directory/ca-2027.key")]
    CreateCa(CreateCa),
    /// Create a CA certificate for client certificates, and its key
    ///
    /// Makes `ca-client.crt` in the certs directory, and its key. From then on create-client signs with it, and nodes accept
    /// client certificates of this CA only. One wants it where those who may create users must not be able to create nodes.
    ///
    /// Nodes log in to each other, so they need a client certificate of this CA too: make client.node.crt with
    /// `crdb-cert create-client node` for each of them.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-client-ca --certs-dir=certs --ca-key=my-safe-directory/ca-client.key
  crdb-cert create-client node --certs-dir=certs --ca-key=my-safe-directory/ca-client.key")]
    CreateClientCa(CreateCa),
    /// Create a CA certificate for the DB Console, and its key
    ///
    /// Makes `ca-ui.crt` in the certs directory, and its key. From then on create-ui signs with it. One wants it where browsers
    /// shall trust the DB Console without trusting the cluster's CA; a certificate of a public CA does the same.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-ui-ca --certs-dir=certs --ca-key=my-safe-directory/ca-ui.key")]
    CreateUiCa(CreateCa),
    /// Create a CA certificate for tenant client certificates, and its key
    ///
    /// Makes `ca-client-tenant.crt` in the certs directory, and its key. From then on create-tenant-client signs with it. One
    /// wants it where SQL servers run as processes of their own, and must not be able to pass for nodes or users.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-tenant-client-ca --certs-dir=certs --ca-key=my-safe-directory/ca-tenant.key")]
    CreateTenantClientCa(CreateCa),
    /// Create a node's certificate and key
    ///
    /// Makes `node.crt` and `node.key` in the certs directory, signed by the first certificate of ca.crt with the CA key. Name
    /// every host name and address by which clients and other nodes reach the node.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-node node1.example.com '*.dev.example.com' 10.0.0.1 ::1 \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
    CreateNode(CreateServer),
    /// Create the DB Console's certificate and key
    ///
    /// Makes `ui.crt` and `ui.key` in the certs directory, signed by the first certificate of ca-ui.crt, or of ca.crt where there
    /// is none. The first host is the common name.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-ui console.example.com --certs-dir=certs --ca-key=my-safe-directory/ca-ui.key")]
    CreateUi(CreateServer),
    /// Create a user's client certificate and key
    ///
    /// Makes `client.USER.crt` and `client.USER.key` in the certs directory, signed by the first certificate of ca-client.crt, or of
    /// ca.crt where there is none.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert create-client maxroach --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert create-client app --tenant-scope=2,3 --also-generate-pkcs8-key \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
    CreateClient(CreateClient),
    /// Create a tenant's client certificate and key
    ///
    /// Makes `client-tenant.ID.crt` and `client-tenant.ID.key` in the certs directory, for a SQL server that runs as a process of
    /// its own, signed by the first certificate of ca-client-tenant.crt, or of ca-client.crt, or of ca.crt, whichever is there
    /// first.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-tenant-client 2 sql2.example.com --certs-dir=certs --ca-key=my-safe-directory/ca-tenant.key")]
    CreateTenantClient(CreateTenantClient),
    /// Create a tenant's signing certificate and key
    ///
    /// Makes `tenant-signing.ID.crt` and `tenant-signing.ID.key` in the certs directory: an Ed25519 key that signs the tokens by which
    /// SQL sessions move from one SQL server to another, and a certificate that it signs itself.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-tenant-signing 2 --certs-dir=certs")]
    CreateTenantSigning(CreateTenantSigning),
    /// List the certificates of the certs directory, and what is wrong with them
    ///
    /// Lists the certificates of the certs directory, with what is wrong with them. CA keys are never looked for. Keys must be
    /// owned by the account that the database runs under, or by root, and be closed to others.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert list --certs-dir=certs
  crdb-cert list --certs-dir=certs --server-user=cockroach")]
    List(List),
    /// Remove expired certificates from the CA files
    ///
    /// Removes the CA certificates that have expired from ca.crt and the other CA files of the certs directory, and says which. The
    /// first certificate of a file, which is the one in use, stays in any case.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert remove-expired-ca --dry-run --certs-dir=certs")]
    RemoveExpiredCa(RemoveExpiredCa),
    /// Show how the server reads a subject, and how to tell it to expect one
    ///
    /// Shows a subject as the server reads it, in one line, in the order in which it is encoded: that of a certificate, or of
    /// a DN in RFC 4514 text. A DN is checked for what the server takes as the SUBJECT of a role.
    ///
    /// A CockroachDB server compares a certificate's subject with the SUBJECT of the user's role, or for root and node with
    /// the value of a start flag. They have to have the same attributes in the same order.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert subject certs/client.maxroach.crt
  crdb-cert subject certs/client.maxroach.crt --sql=maxroach
  crdb-cert subject 'O=Acme Inc,OU=movr-prod,UID=node' --flag=node")]
    Subject(Subject),
    /// Say whether the server would let a user log in with a certificate, and why not
    ///
    /// Says whether the server would let USER log in with a certificate, by the server's own rules and in its own words, and
    /// what to do about it if not. Tell it what the server was told: the flags it was started with, and the role's SUBJECT.
    ///
    /// The exit status is 0 if the login succeeds, 1 if it is refused, and 2 if that could not be judged.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert check-login maxroach --certs-dir=certs --role-subject='O=Acme Inc,OU=movr-prod,UID=maxroach'
  crdb-cert check-login root --certs-dir=certs --root-cert-distinguished-name='O=Acme Inc,OU=movr-prod,UID=root'
  crdb-cert check-login app --certs-dir=certs --tenant-id=2 --format=json")]
    CheckLogin(CheckLogin),
    /// Show the version of the tool and of OpenSSL
    ///
    /// Shows the version of the tool; with --verbose also the OpenSSL it was built with, the one it runs with, and the loaded
    /// providers.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert version --verbose")]
    Version(Version),
}

/// The arguments of the commands that create CAs.
#[derive(Debug, Args)]
pub struct CreateCa {
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// The CA key.
    #[command(flatten)]
    pub ca_key: CaKeyArgs,
    /// Make the certificate with the existing CA key
    #[arg(long)]
    pub allow_ca_key_reuse: bool,
    /// Put a new CA key under a passphrase (PKCS#8, AES-256), which every use of the key asks for
    #[arg(long)]
    pub encrypt_ca_key: bool,
    /// Keep an existing CA certificate behind the new one, instead of refusing
    #[arg(long)]
    pub overwrite: bool,
    /// How long the certificate is valid from now: a Go duration such as 87840h0m0s or 90m; d is 24 hours
    #[arg(long, value_name = "DURATION", default_value = "87840h0m0s", allow_hyphen_values = true)]
    pub lifetime: String,
    /// Whom the certificate names, instead of the usual subject: RFC 4514 text, encoded in the order written
    #[arg(long, value_name = "DN")]
    pub subject: Option<String>,
    /// Add a UID with a random UUID to the subject, which tells this CA from all others by name
    #[arg(long)]
    pub unique_subject: bool,
    /// The key to make.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// `create-node` and `create-ui`
#[derive(Debug, Args)]
pub struct CreateServer {
    /// Host names, wildcards (*.example.com) and IP addresses
    #[arg(value_name = "HOST")]
    pub hosts: Vec<OsString>,
    /// What every certificate below a CA needs.
    #[command(flatten)]
    pub leaf: LeafArgs,
}

/// `create-client`
#[derive(Debug, Args)]
pub struct CreateClient {
    /// The SQL user
    #[arg(value_name = "USER")]
    pub user: OsString,
    /// What every certificate below a CA needs.
    #[command(flatten)]
    pub leaf: LeafArgs,
    /// Write the key as unencrypted PKCS#8 DER too, to client.USER.key.pk8 (for Java)
    #[arg(long)]
    pub also_generate_pkcs8_key: bool,
    /// Tenant ids the certificate is valid on; repeats, and takes comma lists [default: every tenant]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub tenant_scope: Vec<String>,
    /// Tenant names the certificate is valid on; repeats, and takes comma lists [default: every tenant]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub tenant_name_scope: Vec<String>,
    /// Make a certificate for an identity that is not a valid SQL username
    #[arg(long)]
    pub disable_username_validation: bool,
}

/// `create-tenant-client`
#[derive(Debug, Args)]
pub struct CreateTenantClient {
    /// The tenant's number
    #[arg(value_name = "ID")]
    pub id: String,
    /// Host names, wildcards and IP addresses of the SQL server [default: 127.0.0.1, ::1, localhost, *.local]
    #[arg(value_name = "HOST")]
    pub hosts: Vec<OsString>,
    /// What every certificate below a CA needs.
    #[command(flatten)]
    pub leaf: LeafArgs,
}

/// `create-tenant-signing`
#[derive(Debug, Args)]
pub struct CreateTenantSigning {
    /// The tenant's number
    #[arg(value_name = "ID")]
    pub id: String,
    /// What every certificate needs.
    #[command(flatten)]
    pub new: NewArgs,
}

/// `list`
#[derive(Debug, Args)]
pub struct List {
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Judge owner and mode of the keys for the account that the database runs under [default: this account]
    #[arg(long, value_name = "NAME")]
    pub server_user: Option<String>,
}

/// `remove-expired-ca`
#[derive(Debug, Args)]
pub struct RemoveExpiredCa {
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Say what would be removed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `subject`
#[derive(Debug, Args)]
pub struct Subject {
    /// A certificate's file, or a DN
    #[arg(value_name = "FILE|DN")]
    pub subject: OsString,
    /// Print the SQL statement that makes the server expect this subject of USER
    #[arg(long, value_name = "USER", conflicts_with = "flag")]
    pub sql: Option<String>,
    /// Print the start flag that makes the server expect this subject of root or node
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
    #[arg(value_name = "USER")]
    pub user: OsString,
    /// The certificate [default: client.USER.crt in the certs directory; for node client.node.crt, or node.crt]
    #[arg(long, value_name = "FILE")]
    pub cert: Option<OsString>,
    /// Where the CA certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// The SUBJECT of the user's role
    #[arg(long, value_name = "DN")]
    pub role_subject: Option<String>,
    /// The server's flag of this name
    #[arg(long, value_name = "DN")]
    pub root_cert_distinguished_name: Option<String>,
    /// The server's flag of this name
    #[arg(long, value_name = "DN")]
    pub node_cert_distinguished_name: Option<String>,
    /// The cluster setting security.client_cert.subject_required.enabled is on
    #[arg(long)]
    pub subject_required: bool,
    /// The server's flag of this name: from:to,...; repeats
    #[arg(long, value_name = "LIST")]
    pub cert_principal_map: Vec<String>,
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
        default_value = "${HOME}/.cockroach-certs",
        hide_env_values = true
    )]
    pub certs_dir: OsString,
}

/// The CA key.
#[derive(Debug, Args)]
pub struct CaKeyArgs {
    /// The CA key's file, or a pkcs11: URI; required. $NAME and ${NAME} are expanded
    #[arg(
        long,
        env = "COCKROACH_CA_KEY",
        value_name = "FILE",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub ca_key: OsString,
    /// Read the passphrase of the CA key, or the PIN of its token, from the first line of FILE [default: the terminal]
    #[arg(long, value_name = "FILE", conflicts_with = "ca_key_passphrase_fd")]
    pub ca_key_passphrase_file: Option<OsString>,
    /// Read the passphrase of the CA key, or the PIN of its token, from this file descriptor
    #[arg(long, value_name = "NUMBER")]
    pub ca_key_passphrase_fd: Option<i32>,
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
    /// Replace existing files, instead of refusing
    #[arg(long)]
    pub overwrite: bool,
    /// How long the certificate is valid from now: a Go duration such as 43920h0m0s or 90m; d is 24 hours
    #[arg(long, value_name = "DURATION", default_value = "43920h0m0s", allow_hyphen_values = true)]
    pub lifetime: String,
    /// Whom the certificate names, instead of the usual subject: RFC 4514 text, encoded in the order written
    #[arg(long, value_name = "DN")]
    pub subject: Option<String>,
}

/// What every certificate below a CA needs.
#[derive(Debug, Args)]
pub struct LeafArgs {
    /// What every certificate needs.
    #[command(flatten)]
    pub new: NewArgs,
    /// The CA key.
    #[command(flatten)]
    pub ca_key: CaKeyArgs,
    /// The key to make.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// The parser: what the structs above say, with boolean flags that also take `--flag=true` and `--flag=false`.
pub fn command() -> clap::Command {
    let switch = |arg: clap::Arg| match arg.get_action() {
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .value_name("BOOL")
            .value_parser(go_bool())
            .hide_possible_values(true)
            .default_value("false")
            .default_missing_value("true")
            .hide_default_value(true),
        _ => arg,
    };
    Cli::command().mut_subcommands(|command| command.mut_args(switch))
}

/// Booleans as Go's `strconv.ParseBool` reads them.
fn go_bool() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"])
        .map(|text| matches!(text.as_bytes()[0], b'1' | b't' | b'T'))
}
