//! `export kubernetes`

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::OutArgs;
use crate::cli::CertsDirArgs;
use crate::kubernetes::layout::Layout;

/// `export kubernetes`
#[derive(Debug, Args)]
pub struct Kubernetes {
    /// What reads the manifests
    #[arg(long, value_name = "LAYOUT", default_value = "helm")]
    pub layout: KubernetesLayout,
    /// The name that the cluster is installed under
    #[arg(long, value_name = "NAME", default_value = "cockroachdb")]
    pub release: String,
    /// The namespace of the objects [default: none in manifests, `default` with --sans-for]
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// The domain of the Kubernetes cluster
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub domain: String,
    /// Add the certificate of this SQL user, besides root; repeatable
    #[arg(long, value_name = "USER", value_delimiter = ',')]
    pub user: Vec<OsString>,
    /// Add the CA key, without its passphrase, for a chart or issuer that signs certificates in the Kubernetes
    /// cluster; needs --ca-key
    #[arg(long)]
    pub with_ca_key: bool,
    /// The CA key file, for --with-ca-key. $NAME and ${NAME} are expanded
    #[arg(
        long,
        env = "COCKROACH_CA_KEY",
        value_name = "FILE",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub ca_key: OsString,
    /// Read the CA key's passphrase from the first line of FILE [default: ask on the terminal]
    #[arg(long, value_name = "FILE", conflicts_with = "ca_key_passphrase_fd")]
    pub ca_key_passphrase_file: Option<OsString>,
    /// Read the CA key's passphrase from this file descriptor
    #[arg(long, value_name = "NUMBER")]
    pub ca_key_passphrase_fd: Option<i32>,
    /// How to print the manifests
    #[arg(long, value_name = "FORMAT", default_value = "yaml")]
    pub format: ManifestFormat,
    /// Where they go.
    #[command(flatten)]
    pub out: OutArgs,
    /// Print only the names that the nodes' certificate needs with this layout
    #[arg(long, value_name = "LAYOUT", conflicts_with_all = ["layout", "user", "with_ca_key", "format", "out", "issuer", "host"])]
    pub sans_for: Option<NodeLayout>,
    /// With --layout=cert-manager, the issuer that signs
    #[arg(long, value_name = "NAME")]
    pub issuer: Option<String>,
    /// With --layout=cert-manager, what kind of issuer that is
    #[arg(long, value_name = "KIND", default_value = "issuer", ignore_case = true)]
    pub issuer_kind: IssuerKind,
    /// With --layout=cert-manager, the names in the nodes' certificate, separated by commas; repeatable. All
    /// else is as create-* would make it, and no certs directory is read [default: the certificates in the
    /// certs directory]
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub host: Vec<OsString>,
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
}

/// What reads the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KubernetesLayout {
    /// The Helm chart cockroachdb
    Helm,
    /// The CockroachDB operator
    Operator,
    /// The StatefulSet of CockroachDB's documents
    Statefulset,
    /// Anything that reads secrets of type kubernetes.io/tls
    Tls,
    /// cert-manager, which makes the secrets
    CertManager,
}

impl KubernetesLayout {
    /// The row of the table; `None` for cert-manager, which makes the secrets itself.
    pub fn layout(self) -> Option<Layout> {
        match self {
            Self::Helm => Some(Layout::Helm),
            Self::Operator => Some(Layout::Operator),
            Self::Statefulset => Some(Layout::Statefulset),
            Self::Tls => Some(Layout::Tls),
            Self::CertManager => None,
        }
    }
}

/// What runs the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NodeLayout {
    /// The Helm chart cockroachdb
    Helm,
    /// The CockroachDB operator
    Operator,
    /// The StatefulSet of CockroachDB's documents
    Statefulset,
}

impl NodeLayout {
    /// The row of the table.
    pub fn layout(self) -> Layout {
        match self {
            Self::Helm => Layout::Helm,
            Self::Operator => Layout::Operator,
            Self::Statefulset => Layout::Statefulset,
        }
    }
}

/// The forms of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ManifestFormat {
    /// A document for each object
    Yaml,
    /// One object, or a List of several
    Json,
}

/// The kinds of issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IssuerKind {
    /// One of the namespace
    Issuer,
    /// One of the whole cluster
    #[value(name = "clusterissuer", alias = "cluster-issuer")]
    ClusterIssuer,
}
