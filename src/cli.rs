//! Every command, as its manual page has it; the flags are in [`args`] and [`logging`].
//!
//! Values stay text here: the commands turn them into types that cannot be wrong (REFERENCE.md section 2), so that a bad
//! value is reported like any other failure. The man pages and completions come from here too: [`Generate`].

pub mod args;
pub mod generate;
pub mod logging;
pub mod server;

use clap::{ArgAction, CommandFactory, Parser, Subcommand};

use crate::go_bool::parser as go_bool;
pub use args::*;
pub use generate::Generate;
use logging::LogArgs;
pub use server::{ServerArgs, StartArgs};

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
  crdb-cert create-node localhost 127.0.0.1 \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert create-client root \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
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
    /// exist, the directory it is in must exist, and so must that of the CA key. Keep the CA key away from the nodes: whoever has it can log in as anybody.
    ///
    /// If the CA key exists, it is used with --allow-ca-key-reuse only. If the CA certificate exists, --overwrite puts the
    /// new certificate in front of it in the same file: certificates made with the old one stay valid.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert create-ca --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert create-ca --overwrite \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-2027.key")]
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
  crdb-cert create-client-ca \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-client.key
  crdb-cert create-client node \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-client.key")]
    CreateClientCa(CreateCa),
    /// Create a CA certificate for the DB Console, and its key
    ///
    /// Makes `ca-ui.crt` in the certs directory, and its key. From then on create-ui signs with it. One wants it where browsers
    /// shall trust the DB Console without trusting the cluster's CA; a certificate of a public CA does the same.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-ui-ca \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-ui.key")]
    CreateUiCa(CreateCa),
    /// Create a CA certificate for tenant client certificates, and its key
    ///
    /// Makes `ca-client-tenant.crt` in the certs directory, and its key. From then on create-tenant-client signs with it. One
    /// wants it where SQL servers run as processes of their own, and must not be able to pass for nodes or users.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-tenant-client-ca \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-tenant.key")]
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
  crdb-cert create-ui console.example.com \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
    CreateUi(CreateServer),
    /// Create a user's client certificate and key
    ///
    /// Makes `client.USER.crt` and `client.USER.key` in the certs directory, signed by the first certificate of ca-client.crt, or of
    /// ca.crt where there is none.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert create-client maxroach \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
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
  crdb-cert create-tenant-client 2 sql2.example.com \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
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
    /// With --all it says so of every client certificate in the certs directory, with --rpc of a node's certificate for
    /// connections between nodes.
    ///
    /// The exit status is 0 if the login succeeds, 1 if it is refused, and 2 if that cannot be judged.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert check-login maxroach --certs-dir=certs \\
    --role-subject='O=Acme Inc,OU=movr-prod,UID=maxroach'
  crdb-cert check-login root --certs-dir=certs \\
    --root-cert-distinguished-name='O=Acme Inc,OU=movr-prod,UID=root'
  crdb-cert check-login app --certs-dir=certs --tenant-id=2 --format=json
  crdb-cert check-login --all \\
    --server-flags-from=/etc/systemd/system/securecockroachdb.service
  crdb-cert check-login --rpc --certs-dir=certs --server-version=25.4")]
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
    /// Write the man pages, or a shell's completions
    ///
    /// For packagers: the pages and completions are those of this program.
    #[command(hide = true, subcommand_required = true, arg_required_else_help = true)]
    #[command(after_help = "\
Examples:
  crdb-cert generate man target/man
  crdb-cert generate completions bash >crdb-cert.bash")]
    #[command(subcommand)]
    Generate(Generate),
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
