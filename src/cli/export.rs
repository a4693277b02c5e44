//! `export`

mod kubernetes;

use clap::Subcommand;

pub use kubernetes::{IssuerKind, Kubernetes, KubernetesLayout, ManifestFormat, NodeLayout};

/// `export`
#[derive(Debug, Subcommand)]
pub enum Export {
    /// Print the secrets and ConfigMaps that CockroachDB reads in Kubernetes
    ///
    /// Prints manifests of the secrets and ConfigMaps that a Helm chart, the operator or the StatefulSet of
    /// CockroachDB's documents reads, made from the files of the certs directory: exactly the keys that are
    /// read there, and nothing else. The nodes' secret has no user's key in it. The CA key is left out unless
    /// --with-ca-key asks for it. With --layout=cert-manager, prints Certificate resources instead, which ask
    /// cert-manager for the same certificates.
    ///
    /// Private keys go to a pipe or to a file with mode 0600, and never to a terminal. With --sans-for, prints
    /// the names that the nodes' certificate needs, one a line, and nothing else.
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
    Kubernetes(Box<Kubernetes>),
}
