//! All commands, as in their manual pages; the flags are in [`args`] and [`logging`].
//!
//! Values stay text here. The commands parse them into types that cannot be wrong (REFERENCE.md section 2), so
//! a bad value is reported like any other failure. The man pages and completions come from here too:
//! [`Generate`].

mod apply;
pub mod args;
mod common;
pub mod csr;
pub mod export;
pub mod generate;
mod import;
pub mod lazy;
pub mod list;
pub mod logging;
mod probe;
pub mod server;
mod status;
pub mod verify;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use apply::Apply;
pub use args::*;
pub use common::CommonArgs;
pub use csr::{Csr, LeafKind, Output, Sign};
pub use export::Export;
pub use generate::Generate;
pub use import::Import;
use lazy::Lazy;
pub use list::{List, ListFormat};
pub use probe::{Probe, ProbeFormat};
pub use server::{ServerArgs, StartArgs};
pub use status::Status;
pub use verify::{MetricNames, ReportFormat, Verify};

/// Create and inspect the certificates of a CockroachDB cluster, on the system's OpenSSL.
///
/// `crdb-cert` takes the commands and flags of `cockroach cert`. Keys, signatures and random numbers come from
/// the providers of the OpenSSL library it is linked with. Each command puts all of its files in place, or none
/// of them; a new CA key comes first.
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
    /// The flags of every command.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the CA certificate and its key
    ///
    /// Creates the CA certificate, `ca.crt`, in the certs directory, and the CA key. The certs directory is
    /// created if it does not exist; its parent and the CA key's directory must exist. Keep the CA key off the
    /// nodes: anyone who has it can log in as any user.
    ///
    /// An existing CA key is used only with --allow-ca-key-reuse. If the CA certificate exists, --overwrite
    /// puts the new certificate before it in the same file, so certificates signed with the old one stay valid.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert create-ca --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert create-ca --overwrite \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-2027.key")]
    CreateCa(Lazy<CreateCa>),
    /// Create a CA certificate for client certificates, and its key
    ///
    /// Creates `ca-client.crt` in the certs directory, and its key. From then on, create-client signs with it,
    /// and nodes accept client certificates only from this CA. Use it when the people who create users must not
    /// be able to create nodes.
    ///
    /// Nodes log in to each other, so each node needs a client certificate from this CA too: run `crdb-cert
    /// create-client node` to make its client.node.crt.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-client-ca \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-client.key
  crdb-cert create-client node \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-client.key")]
    CreateClientCa(Lazy<CreateCa>),
    /// Create a CA certificate for the DB Console, and its key
    ///
    /// Creates `ca-ui.crt` in the certs directory, and its key. From then on, create-ui signs with it. Use it
    /// when browsers should trust the DB Console without trusting the cluster's CA. A certificate from a public
    /// CA works too.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-ui-ca \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-ui.key")]
    CreateUiCa(Lazy<CreateCa>),
    /// Create a CA certificate for tenant client certificates, and its key
    ///
    /// Creates `ca-client-tenant.crt` in the certs directory, and its key. From then on, create-tenant-client
    /// signs with it. Use it when SQL servers run as separate processes and must not be able to pass for nodes
    /// or users.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-tenant-client-ca \\
    --certs-dir=certs --ca-key=my-safe-directory/ca-tenant.key")]
    CreateTenantClientCa(Lazy<CreateCa>),
    /// Create a node's certificate and key
    ///
    /// Creates `node.crt` and `node.key` in the certs directory, signed by the first certificate in ca.crt with
    /// the CA key. List every host name and address that clients and other nodes use to reach the node.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-node node1.example.com '*.dev.example.com' 10.0.0.1 ::1 \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
    CreateNode(Lazy<CreateServer>),
    /// Create the DB Console's certificate and key
    ///
    /// Creates `ui.crt` and `ui.key` in the certs directory, signed by the first certificate in ca-ui.crt, or
    /// in ca.crt if there is no ca-ui.crt. The first host becomes the common name.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-ui console.example.com \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
    CreateUi(Lazy<CreateServer>),
    /// Create a user's client certificate and key
    ///
    /// Creates `client.USER.crt` and `client.USER.key` in the certs directory, signed by the first certificate
    /// in ca-client.crt, or in ca.crt if there is no ca-client.crt.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert create-client maxroach \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert create-client app --tenant-scope=2,3 --also-generate-pkcs8-key \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
    CreateClient(Lazy<CreateClient>),
    /// Create a tenant's client certificate and key
    ///
    /// Creates `client-tenant.ID.crt` and `client-tenant.ID.key` in the certs directory, for a SQL server that
    /// runs as a separate process. The first certificate in ca-client-tenant.crt signs; if there is no such
    /// file, ca-client.crt is used, and then ca.crt.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-tenant-client 2 sql2.example.com \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
    CreateTenantClient(Lazy<CreateTenantClient>),
    /// Create a tenant's signing certificate and key
    ///
    /// Creates `tenant-signing.ID.crt` and `tenant-signing.ID.key` in the certs directory: an Ed25519 key and
    /// its self-signed certificate. The key signs the tokens that move SQL sessions from one SQL server to
    /// another.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert create-tenant-signing 2 --certs-dir=certs")]
    CreateTenantSigning(Lazy<CreateTenantSigning>),
    /// Make the certificates of a whole cluster from its description, and keep them fresh
    ///
    /// Reads MANIFEST, which names nodes, users, the DB Console and tenants, and makes a folder for each of
    /// them below --out: a certs directory, ready to be copied to its host. What is there and as it should be
    /// stays, byte for byte. What is missing, changed in the manifest, broken, due, or signed by another CA
    /// than the first in ca.crt is made anew, and the reason printed. Run it again at any time, such as once a
    /// day: it does what is left to do.
    ///
    /// With --csr, a CA elsewhere signs: instead of each certificate, apply makes a key and a request in its
    /// folder, as csr does. Have sign or another CA sign the requests, then import the certificates. Keys that
    /// already wait stay.
    ///
    /// Each folder is changed as a whole, or not at all. If one fails, the others are still done, and the exit
    /// status is 1. No CA key is ever put into a folder.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert apply cluster.yml --out=fleet --dry-run \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert apply cluster.yml --out=fleet --renew-within=60d \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert apply cluster.yml --out=fleet --csr --certs-dir=certs
  crdb-cert apply cluster.yml --out=fleet --ca-only --certs-dir=certs")]
    Apply(Lazy<Apply>),
    /// Create a key, and a request for its certificate
    ///
    /// Creates a key and a certificate request (PKCS#10) in the certs directory, for a CA elsewhere. The
    /// request asks for exactly what create-node, create-ui, create-client or create-tenant-client would have
    /// made: `csr node HOST...`, `csr ui HOST...`, `csr client USER`, `csr tenant-client ID [HOST...]`. With
    /// --from, it asks for the names and the subject of an existing certificate.
    ///
    /// The key waits as `node.key.pending` until its certificate arrives. A `node.crt` and `node.key` that are
    /// in use stay as they are. Send `node.csr` to the CA. For a whole cluster there is `apply --csr`.
    #[command(
        override_usage = "crdb-cert csr [OPTIONS] <KIND> [NAME]...\n       crdb-cert csr [OPTIONS] --from <FILE>"
    )]
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert csr node node1.example.com 10.0.0.1 --certs-dir=certs \\
    --subject='O=Acme Inc,OU=movr-prod,UID=node'
  crdb-cert csr client maxroach --certs-dir=certs
  crdb-cert csr --from=certs/node.crt --certs-dir=certs")]
    Csr(Lazy<Csr>),
    /// Sign certificate requests
    ///
    /// Checks certificate requests (PKCS#10, PEM or DER), shows what they ask for, and signs them with the CA
    /// key. The certificate of `node.csr` is `node.crt` in the same directory.
    ///
    /// The certificate has the key, the subject and the names of the request; all else is as create-node,
    /// create-ui, create-client or create-tenant-client would make it. Name everything that the request may ask
    /// for: hosts with --host, users with --user, tenants with --tenant-id, a subject that is not the usual one
    /// with --subject. With --manifest, it may ask for what a cluster's description says. On a terminal, sign
    /// asks you about the rest. A request for anything else, such as CA:TRUE, is refused.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert sign node1.csr --as=node --host=node1.example.com,10.0.0.1 \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert sign client.maxroach.csr --as=client --user=maxroach \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert sign fleet/nodes/*/node.csr --as=node --manifest=cluster.yml \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert sign node1.csr --as=node --host=node1.example.com \\
    --subject='O=Acme Inc,OU=movr-prod,UID=node' --out=- \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key >node1.crt")]
    Sign(Lazy<Sign>),
    /// Put certificates from a CA elsewhere in place
    ///
    /// Reads what the CA sent, finds the key that it is for (`node.key.pending` of csr), and puts certificate
    /// and key in place together: `node.crt`, with the CA certificates between it and the root behind it, and
    /// `node.key`. Root certificates are trusted only with --add-root.
    ///
    /// First it checks all that verify and check-login know, and that the certificate has the subject, the
    /// names and the usages that `node.csr` asked for. If anything is wrong, nothing is changed.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert import answer.pem --certs-dir=certs --dry-run
  crdb-cert import node1.p7b --certs-dir=certs --overwrite
  crdb-cert import node1.pem root.pem --certs-dir=certs --add-root
  crdb-cert import node1.pfx --as=node --passphrase-file=secret --certs-dir=certs")]
    Import(Lazy<Import>),
    /// Export certificates and keys for other programs
    ///
    /// Reads a certificate, its key and the CA certificates from the certs directory, and writes them in the
    /// form that browsers, Java, proxies, drivers or Kubernetes read. A key goes to a file that only its owner
    /// can read, or to stdout, but never to a terminal. First, export checks that the key belongs to the
    /// certificate. The certs directory does not change.
    #[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert export pkcs12 maxroach --out=maxroach.p12 --certs-dir=certs
  crdb-cert export pkcs8 maxroach --out=certs/client.maxroach.key.pk8 \\
    --certs-dir=certs
  crdb-cert export pem ui --out=/etc/haproxy/ui.pem --certs-dir=certs
  crdb-cert export connection maxroach --host=node1.example.com \\
    --format=jdbc --certs-dir=certs
  crdb-cert export kubernetes --namespace=prod --certs-dir=certs | \\
    kubectl apply -f -")]
    #[command(subcommand)]
    Export(Export),
    /// List the certificates in the certs directory, and what is wrong with them
    ///
    /// Prints a table: what each certificate is for, when it expires, and the first problem with it or its key.
    /// It never looks for CA keys. Other keys must belong to root or to the account the database runs under,
    /// and must not be accessible to others.
    ///
    /// For programs, --format prints the same columns as tsv, csv, json or ndjson, with times in RFC 3339.
    /// --timeline shows what is valid when, in the width of the terminal.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert list --certs-dir=certs
  crdb-cert list --certs-dir=certs --server-user=cockroach
  crdb-cert list --certs-dir=certs --format=ndjson
  crdb-cert list --certs-dir=certs --timeline")]
    List(Lazy<List>),
    /// Check that everything in a certs directory will work
    ///
    /// Checks every file of the certs directory as the server and its clients will use it: names, contents,
    /// keys, chains, validity, usages, and a TLS handshake with each certificate. Each problem comes with the
    /// next command to type. All checks are described in docs/verify.md.
    ///
    /// The exit status is 0 if all is good, 1 if there are warnings, 2 if there are errors, and 3 if the
    /// directory cannot be read, as monitoring plug-ins expect.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert verify --certs-dir=certs --host=node1.example.com
  crdb-cert verify --certs-dir=/var/lib/cockroach/certs --server-user=cockroach
  crdb-cert verify --recursive --certs-dir=fleet --expires-within=90d --format=json
  crdb-cert verify --certs-dir=certs --format=prometheus \\
    --output=/var/lib/prometheus/node-exporter/crdb-cert.prom")]
    Verify(Lazy<Verify>),
    /// Check the certificates that running servers really serve
    ///
    /// Connects to each HOST as a SQL client does, sets up TLS, and reports what the server serves: the TLS
    /// version, the certificates and when they expire, whether ca.crt trusts them, whether they cover HOST, and
    /// whether the server has loaded the node.crt that is on disk. With --http, it probes the DB Console; with
    /// --rpc, it connects as another node. With --user, it presents that user's certificate, and reports
    /// whether the server accepts it. It never logs in.
    ///
    /// The exit status is 0 if all is good, 1 if there are warnings, 2 if there are errors, and 3 if a server
    /// cannot be reached, as monitoring plug-ins expect. docs/probe.md describes all findings.
    #[command(
        override_usage = "crdb-cert probe [OPTIONS] <HOST[:PORT]>...\n       crdb-cert probe [OPTIONS] --manifest <MANIFEST>"
    )]
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert probe node1.example.com --certs-dir=certs
  crdb-cert probe localhost:26257 --user=root --certs-dir=certs
  crdb-cert probe console.example.com:443 --http --certs-dir=certs
  crdb-cert probe --manifest=cluster.yml --out=fleet --certs-dir=certs \\
    --format=json")]
    Probe(Lazy<Probe>),
    /// Show where a CA rotation stands, what is due, and what to do next
    ///
    /// Shows which CA certificates there are, who trusts them and which certificates they signed, what expires
    /// first, and the next step as a command: of a rotation that is under way, or to renew what is due. With
    /// --out, of all folders of a fleet, compared with the CA directory, --certs-dir; otherwise of one certs
    /// directory.
    ///
    /// It sees the folders, not the hosts that they are copied to. It changes nothing, and needs no key. The
    /// exit status is 0, whatever there is to do.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert status --certs-dir=certs
  crdb-cert status --out=fleet --certs-dir=certs --renew-within=60d
  crdb-cert status --out=fleet --certs-dir=certs --format=json")]
    Status(Lazy<Status>),
    /// Renew certificates, as they are
    ///
    /// Makes certificates in the certs directory anew, all of them or none: with the same subject, names,
    /// usages and kind of key, for as long as before, and with a new key, also in an existing .key.pk8 file.
    /// The first certificate of its CA file signs each. What would lose anything, such as an unknown extension,
    /// is refused.
    ///
    /// With --if-due, the exit status is 0 whether or not anything was due. In a directory that other accounts
    /// can write to, a certificate is renewed only if its key is beside it and the CA in use signed it.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert renew --dry-run --if-due=1/3 --certs-dir=certs
  crdb-cert renew node client.root \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key
  crdb-cert renew --if-due=30d --exec='systemctl kill -s HUP cockroach' \\
    --certs-dir=certs --ca-key=my-safe-directory/ca.key")]
    Renew(Lazy<Renew>),
    /// Remove CA certificates that are no longer needed
    ///
    /// Removes CA certificates from ca.crt and the other CA files in the certs directory, and prints which: the
    /// expired ones, or with --old all but the one in use. The first certificate in each file is the one in
    /// use: it always stays.
    ///
    /// With --old, nothing is removed while a certificate in the directory, or below the directory given by
    /// --fleet, was signed by an old CA. Renew it first. This command was called remove-expired-ca, which still
    /// works.
    #[command(alias = "remove-expired-ca", args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert remove-ca --expired --dry-run --certs-dir=certs
  crdb-cert remove-ca --old --certs-dir=certs")]
    RemoveCa(Lazy<RemoveCa>),
    /// Show how the server reads a subject, and how to make it expect one
    ///
    /// Shows a subject as the server reads it, on one line and in encoded order. The subject is that of a
    /// certificate, or a DN in RFC 4514 text. For a DN, it also checks whether the server accepts it as a
    /// role's SUBJECT.
    ///
    /// A CockroachDB server compares a certificate's subject with the SUBJECT of the user's role, or for root
    /// and node with the value of a start flag. Both must have the same attributes in the same order.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Examples:
  crdb-cert subject certs/client.maxroach.crt
  crdb-cert subject certs/client.maxroach.crt --sql=maxroach
  crdb-cert subject 'O=Acme Inc,OU=movr-prod,UID=node' --flag=node")]
    Subject(Lazy<Subject>),
    /// Say whether the server would let a user log in with a certificate, and why not
    ///
    /// Says whether the server would let USER log in with a certificate, by the server's own rules and in its
    /// own words, and what to do about it if not. Tell it what the server was told: the flags it was started
    /// with, and the role's SUBJECT. With --all, checks every client certificate in the certs directory; with
    /// --rpc, a node's certificate for connections between nodes.
    ///
    /// The exit status is 0 if the login succeeds, 1 if it is refused, and 2 if that cannot be judged.
    #[command(override_usage = "crdb-cert check-login [OPTIONS] <USER|--all|--rpc>")]
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
    CheckLogin(Lazy<CheckLogin>),
    /// Show the version of the tool and of OpenSSL
    ///
    /// Shows the version of the tool. With --verbose, it also shows the OpenSSL it was built with, the one it
    /// runs with, and the loaded providers.
    #[command(args_override_self = true)]
    #[command(after_help = "\
Example:
  crdb-cert version --verbose")]
    Version(Lazy<Version>),
    /// Write the man pages, or a shell's completions
    ///
    /// For packagers. The pages and completions match this program.
    #[command(hide = true, subcommand_required = true, arg_required_else_help = true)]
    #[command(after_help = "\
Examples:
  crdb-cert generate man target/man
  crdb-cert generate completions bash >crdb-cert.bash")]
    #[command(subcommand)]
    Generate(Generate),
}

/// The parser. clap makes the arguments of a command only when a command line names it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The parser with the arguments of all commands.
pub fn complete() -> clap::Command {
    let mut all = command();
    all.build();
    all
}

/// Parses a command line that [`argv::normalize`](crate::argv::normalize) has put in order: all flags stand
/// behind the command.
///
/// # Errors
/// clap's, which may be the answer to `--help`.
pub fn parse(root: clap::Command, args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let matches = root.try_get_matches_from(args)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let mut innermost = &matches;
    while let Some((_, nested)) = innermost.subcommand() {
        innermost = nested;
    }
    cli.common = CommonArgs::from_arg_matches(innermost)?;
    Ok(cli)
}
