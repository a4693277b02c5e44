//! The description of a cluster, in YAML or JSON (`docs/cluster.schema.json`): parsed, complete, and without
//! contradictions.
//!
//! Names and hosts may have ranges ([`super::range`]). Where the name of a node has one, the entry stands for
//! several nodes; a range in its hosts runs along and has to have as many values. Where the name has none, a
//! range in its hosts stands for all its values, as it does everywhere else. In the hosts of nodes, `{}` is the
//! node's name. In subjects, `{}` is what the usual subject calls the certificate: the user, the tenant, the
//! first host of the DB Console, and `node` for nodes, which all are that one user.

mod fields;
mod hosts;
mod nodes;
mod read;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;

pub use fields::Problem;
use fields::Report;
pub use read::tables;

use crate::dn::DistinguishedName;
use crate::duration::Lifetime;
use crate::host::Host;
use crate::pki::key::KeySpec;
use crate::pki::ocsp::OcspUrl;
use crate::tenant::{TenantId, TenantScope};
use crate::username::Username;
use crate::yaml::tree;

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The nodes, in the order written.
    pub nodes: Vec<Node>,
    /// The SQL users.
    pub clients: Vec<Client>,
    /// The DB Console, if it has a certificate of its own.
    pub ui: Option<Ui>,
    /// The tenants (virtual clusters).
    pub tenants: Vec<Tenant>,
}

/// What all certificates have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long it is valid.
    pub lifetime: Lifetime,
    /// The key to make.
    pub key: KeySpec,
    /// The subject.
    pub subject: DistinguishedName,
    /// Where servers ask whether it is revoked.
    pub ocsp_url: Option<OcspUrl>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is called: a host name or address, in the form of a certificate.
    pub name: String,
    /// Its name, its own hosts, then those of all nodes.
    pub hosts: Vec<Host>,
    /// What all certificates have.
    pub settings: Settings,
}

/// A SQL user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The user.
    pub user: Username,
    /// The tenants that the certificate is valid on; all if there are none.
    pub scopes: Vec<TenantScope>,
    /// Write the key as PKCS#8 too?
    pub pkcs8: bool,
    /// The nodes that get a certificate for this user too.
    pub nodes: NodeSet,
    /// What all certificates have.
    pub settings: Settings,
}

/// The certificate of the DB Console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// What it is reached at; at least one.
    pub hosts: Vec<Host>,
    /// The nodes that get one too.
    pub nodes: NodeSet,
    /// What all certificates have.
    pub settings: Settings,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its number.
    pub id: TenantId,
    /// The hosts of its SQL servers.
    pub hosts: Vec<Host>,
    /// Make a tenant client certificate?
    pub client: bool,
    /// Make a certificate that signs the tokens of sessions?
    pub signing: bool,
    /// What all certificates have; the subject and the key are those of the tenant client certificate.
    pub settings: Settings,
}

/// Some nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeSet {
    /// All of them.
    All,
    /// Those with these names; perhaps none.
    Named(HashSet<String>),
}

impl NodeSet {
    /// Is this node one of them?
    pub fn contains(&self, node: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(node),
        }
    }

    /// Is no node named?
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Named(names) if names.is_empty())
    }
}

/// What is wrong with a manifest, all of it if it can be listed: never empty, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The manifest, as the operator named it.
    pub file: String,
    /// What is wrong.
    pub all: Vec<Problem>,
}

impl fmt::Display for Problems {
    /// `cluster.yml:3:5: unknown key "host"; did you mean "hosts"?`, each on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, all } = self;
        let mut separator = "";
        all.iter().try_for_each(|Problem { at, what }| {
            let before = std::mem::replace(&mut separator, "\n");
            write!(f, "{before}{file}:{at}: {what}")
        })
    }
}

impl std::error::Error for Problems {}

/// Reads a manifest. `file` is for the messages; `node_user` is the user that the nodes log in as.
///
/// # Errors
/// With all that is wrong, and where.
pub fn parse(file: &str, text: &str, node_user: &str) -> Result<Manifest, Problems> {
    let mut report = Report::default();
    let manifest = match tree::read(text) {
        Ok(root) => Some(read::manifest(&root, node_user, &mut report)),
        Err(error) => {
            report.add(error.at, error.what);
            None
        }
    };
    let mut all = report.problems;
    all.sort();
    all.dedup();
    match manifest.filter(|_| all.is_empty()) {
        Some(manifest) => Ok(manifest),
        None => Err(Problems { file: file.to_owned(), all }),
    }
}
