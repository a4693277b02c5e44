//! The objects that each way to run CockroachDB in Kubernetes reads: one table.

use super::name::{NameError, Release, Subdomain};

/// A way to run CockroachDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The Helm chart `cockroachdb`, which runs a StatefulSet.
    Helm,
    /// The CockroachDB operator, and the Helm chart for it.
    Operator,
    /// The StatefulSet of CockroachDB's documents, which mounts a secret as the certs directory.
    Statefulset,
    /// Nothing but secrets of the type for TLS: for anything else, such as the older operator.
    Tls,
}

/// What kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A secret with keys of any name.
    Opaque,
    /// A secret of type `kubernetes.io/tls`.
    Tls,
    /// A ConfigMap: nothing secret.
    ConfigMap,
}

/// When there is such an object, or such a key in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Always.
    Always,
    /// If the certs directory has this file.
    Has(&'static str),
    /// Once for each user asked for.
    User,
    /// If the CA key is asked for.
    CaKey,
}

/// The file that stands for the CA key, which is in no certs directory.
pub const CA_KEY: &str = "ca.key";

/// A key of an object, and the file of the certs directory that it holds. `{}` is the user.
type Entry = (When, &'static str, &'static str);

/// An object of a layout. `{release}` and `{}`, the user, stand in its name.
struct Row {
    when: When,
    name: &'static str,
    kind: Kind,
    data: &'static [Entry],
}

use Kind::{ConfigMap, Opaque, Tls};
use When::{Always, CaKey, Has, User};

const fn row(when: When, name: &'static str, kind: Kind, data: &'static [Entry]) -> Row {
    Row { when, name, kind, data }
}

/// What a secret for TLS has in it.
macro_rules! tls {
    ($ca:literal, $stem:literal) => {
        &[
            (Always, "ca.crt", $ca),
            (Always, "tls.crt", concat!($stem, ".crt")),
            (Always, "tls.key", concat!($stem, ".key")),
        ]
    };
}

/// The same file under its own name.
macro_rules! own {
    ($when:expr, $file:literal) => {
        ($when, $file, $file)
    };
}

const NODE: &[Entry] = tls!("ca.crt", "node");
const ROOT: &[Entry] = tls!("ca.crt", "client.root");
const USER: &[Entry] = tls!("ca.crt", "client.{}");
const CA: &[Entry] = &[own!(Always, "ca.crt"), own!(Always, "ca.key")];

const CLIENT_CA: &str = "ca-client.crt";
const UI_CA: &str = "ca-ui.crt";
const TENANT_CLIENT_CA: &str = "ca-client-tenant.crt";
const UI: &str = "ui.crt";
const CLIENT_OF_NODES: &str = "client.node.crt";

/// Read by the chart if `tls.certs.provided` and `tls.certs.tlsSecret` are true; the CA's, if
/// `tls.certs.selfSigner.caProvided` is.
const HELM: &[Row] = &[
    row(Always, "{release}-node", Tls, NODE),
    row(Always, "{release}-root", Tls, ROOT),
    row(User, "{}-client-secret", Tls, USER),
    row(CaKey, "{release}-ca-secret", Opaque, CA),
];

/// Named in the values of the operator's chart, below `tls.externalCertificates.certificates`.
const OPERATOR: &[Row] = &[
    row(Always, "{release}-ca", ConfigMap, &[own!(Always, "ca.crt")]),
    row(Has(CLIENT_CA), "{release}-client-ca", ConfigMap, &[(Always, "ca.crt", "ca-client.crt")]),
    row(Always, "{release}-node", Tls, NODE),
    row(Has(CLIENT_OF_NODES), "{release}-node-client", Tls, tls!("ca.crt", "client.node")),
    row(Always, "{release}-root", Tls, ROOT),
    row(Has(UI), "{release}-ui", Tls, &[(Always, "tls.crt", "ui.crt"), (Always, "tls.key", "ui.key")]),
    row(User, "{}-client-secret", Tls, USER),
    row(CaKey, "{release}-ca-secret", Opaque, CA),
];

/// The node's secret is its certs directory. What is there, the server needs, but for the keys of users.
const STATEFULSET: &[Row] = &[
    row(
        Always,
        "{release}.node",
        Opaque,
        &[
            own!(Always, "ca.crt"),
            own!(Has(CLIENT_CA), "ca-client.crt"),
            own!(Has(UI_CA), "ca-ui.crt"),
            own!(Has(TENANT_CLIENT_CA), "ca-client-tenant.crt"),
            own!(Always, "node.crt"),
            own!(Always, "node.key"),
            own!(Has(CLIENT_OF_NODES), "client.node.crt"),
            own!(Has(CLIENT_OF_NODES), "client.node.key"),
            own!(Has(UI), "ui.crt"),
            own!(Has(UI), "ui.key"),
        ],
    ),
    row(
        Always,
        "{release}.client.root",
        Opaque,
        &[own!(Always, "ca.crt"), own!(Always, "client.root.crt"), own!(Always, "client.root.key")],
    ),
    row(
        User,
        "{release}.client.{}",
        Opaque,
        &[own!(Always, "ca.crt"), own!(Always, "client.{}.crt"), own!(Always, "client.{}.key")],
    ),
];

/// The first two have the names that the older operator looks for. The CA's is what an issuer of cert-manager
/// reads.
const TLS: &[Row] = &[
    row(Always, "{release}-node", Tls, NODE),
    row(Always, "{release}-root", Tls, ROOT),
    row(Has(CLIENT_OF_NODES), "{release}-node-client", Tls, tls!("ca.crt", "client.node")),
    row(Has(UI), "{release}-ui", Tls, &[(Always, "tls.crt", "ui.crt"), (Always, "tls.key", "ui.key")]),
    row(User, "{release}-client-{}", Tls, USER),
    row(CaKey, "{release}-ca", Tls, &[(Always, "tls.crt", "ca.crt"), (Always, "tls.key", "ca.key")]),
];

/// What servers may need, where it is.
const OF_SERVERS: [&str; 5] = [CLIENT_CA, UI_CA, TENANT_CLIENT_CA, CLIENT_OF_NODES, UI];

/// An object to make.
#[derive(Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its name.
    pub name: Subdomain,
    /// What kind it is.
    pub kind: Kind,
    /// Its keys, and the file that each holds.
    pub data: Vec<(String, String)>,
}

/// Whose certificates are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The name that the cluster is installed under.
    pub release: &'a Release,
    /// The users besides root.
    pub users: &'a [String],
    /// Is the CA key asked for?
    pub ca_key: bool,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Helm, Self::Operator, Self::Statefulset, Self::Tls];

    fn rows(self) -> &'static [Row] {
        match self {
            Self::Helm => HELM,
            Self::Operator => OPERATOR,
            Self::Statefulset => STATEFULSET,
            Self::Tls => TLS,
        }
    }

    /// What the names of its objects and services begin with.
    pub fn base(self, release: &Release) -> String {
        match self {
            Self::Helm | Self::Operator => release.full_name(),
            Self::Statefulset | Self::Tls => release.to_string(),
        }
    }

    /// Does anything read the CA key?
    pub fn takes_ca_key(self) -> bool {
        self.rows().iter().any(|row| row.when == CaKey)
    }

    /// The objects to make; `has` says which files the certs directory has.
    ///
    /// # Errors
    /// If the name of a user cannot be part of the name of an object.
    pub fn plan(self, asked: Asked<'_>, has: impl Fn(&str) -> bool) -> Result<Vec<Planned>, NameError> {
        let base = self.base(asked.release);
        let users: Vec<_> = asked.users.iter().map(String::as_str).collect();
        let mut planned = Vec::new();
        for row in self.rows() {
            let of: &[&str] = match row.when {
                Always => &[""],
                Has(file) if has(file) => &[""],
                CaKey if asked.ca_key => &[""],
                User => &users,
                Has(_) | CaKey => &[],
            };
            for user in of {
                let name = row.name.replace("{release}", &base).replace("{}", user).parse()?;
                let there = row.data.iter().filter(|(when, _, _)| !matches!(when, Has(file) if !has(file)));
                let data = there.map(|(_, key, file)| (key.replace("{}", user), file.replace("{}", user)));
                planned.push(Planned { name, kind: row.kind, data: data.collect() });
            }
        }
        Ok(planned)
    }
}

/// Files that the certs directory has for servers, and no object of these.
pub fn left_out(planned: &[Planned], has: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static str> {
    let is_in = |file: &str| planned.iter().flat_map(|object| &object.data).any(|(_, held)| held == file);
    OF_SERVERS.into_iter().filter(move |file| has(file) && !is_in(file))
}

#[cfg(test)]
mod tests;
