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

/// Read by the chart if `tls.certs.provided` and `tls.certs.tlsSecret` are true; the CA's, if `tls.certs.selfSigner.caProvided` is.
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

/// The first two have the names that the older operator looks for. The CA's is what an issuer of cert-manager reads.
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
mod tests {
    use super::*;

    const USERS: [&str; 1] = ["app"];

    fn plan(layout: Layout, ca_key: bool, has: &[&str]) -> String {
        let release = "db".parse().expect("a release");
        let asked = Asked { release: &release, users: &USERS.map(str::to_owned), ca_key };
        let planned = layout.plan(asked, |file| has.contains(&file)).expect("a plan");
        let line = |object: &Planned| {
            let data: Vec<_> = object.data.iter().map(|(key, file)| format!("{key}={file}")).collect();
            format!("{:?} {}: {}\n", object.kind, object.name, data.join(" "))
        };
        planned.iter().map(line).collect()
    }

    #[test]
    fn each_layout_has_its_objects_and_no_key_more() {
        let node = "ca.crt=ca.crt tls.crt=node.crt tls.key=node.key";
        let client = |user: &str| format!("ca.crt=ca.crt tls.crt=client.{user}.crt tls.key=client.{user}.key");
        let (root, app) = (client("root"), client("app"));
        let helm = format!(
            "Tls db-cockroachdb-node: {node}\nTls db-cockroachdb-root: {root}\nTls app-client-secret: {app}\n"
        );
        assert_eq!(plan(Layout::Helm, false, &[]), helm);
        let operator = format!("ConfigMap db-cockroachdb-ca: ca.crt=ca.crt\n{helm}");
        assert_eq!(plan(Layout::Operator, false, &[]), operator);
        let tls = format!("Tls db-node: {node}\nTls db-root: {root}\nTls db-client-app: {app}\n");
        assert_eq!(plan(Layout::Tls, false, &[]), tls);
        let statefulset = "\
Opaque db.node: ca.crt=ca.crt node.crt=node.crt node.key=node.key
Opaque db.client.root: ca.crt=ca.crt client.root.crt=client.root.crt client.root.key=client.root.key
Opaque db.client.app: ca.crt=ca.crt client.app.crt=client.app.crt client.app.key=client.app.key
";
        assert_eq!(plan(Layout::Statefulset, false, &[]), statefulset);
    }

    #[test]
    fn the_ca_key_is_there_only_if_asked_for() {
        for layout in Layout::ALL {
            assert!(!plan(layout, false, &OF_SERVERS).contains(CA_KEY), "{layout:?}");
            assert_eq!(plan(layout, true, &OF_SERVERS).contains(CA_KEY), layout.takes_ca_key(), "{layout:?}");
        }
        assert!(!Layout::Statefulset.takes_ca_key());
    }

    #[test]
    fn no_object_of_a_server_has_a_users_key() {
        for layout in Layout::ALL {
            for line in plan(layout, true, &OF_SERVERS).lines().filter(|line| line.contains("node.key")) {
                assert!(!line.contains("client.root") && !line.contains("client.app"), "{line}");
            }
        }
    }

    #[test]
    fn split_certificates_go_where_they_can() {
        let operator = plan(Layout::Operator, false, &OF_SERVERS);
        for line in [
            "ConfigMap db-cockroachdb-client-ca: ca.crt=ca-client.crt\n",
            "Tls db-cockroachdb-node-client: ca.crt=ca.crt tls.crt=client.node.crt tls.key=client.node.key\n",
            "Tls db-cockroachdb-ui: tls.crt=ui.crt tls.key=ui.key\n",
        ] {
            assert!(operator.contains(line), "{operator}");
        }
        let node = "Opaque db.node: ca.crt=ca.crt ca-client.crt=ca-client.crt ca-ui.crt=ca-ui.crt \
                    ca-client-tenant.crt=ca-client-tenant.crt node.crt=node.crt node.key=node.key \
                    client.node.crt=client.node.crt client.node.key=client.node.key ui.crt=ui.crt ui.key=ui.key\n";
        assert!(plan(Layout::Statefulset, false, &OF_SERVERS).starts_with(node));
    }

    #[test]
    fn what_a_layout_has_no_place_for_is_named() {
        let release = "db".parse().expect("a release");
        let asked = Asked { release: &release, users: &[], ca_key: false };
        for (layout, expected) in [
            (Layout::Helm, &OF_SERVERS[..]),
            (Layout::Operator, &[UI_CA, TENANT_CLIENT_CA]),
            (Layout::Statefulset, &[]),
            (Layout::Tls, &[CLIENT_CA, UI_CA, TENANT_CLIENT_CA]),
        ] {
            let planned = layout.plan(asked, |_| true).expect("a plan");
            assert!(left_out(&planned, |_| true).eq(expected.iter().copied()), "{layout:?}");
        }
    }

    #[test]
    fn a_user_whose_name_no_object_can_have_is_refused() {
        let release = "db".parse().expect("a release");
        for user in ["app_1", "ren\u{e9}", "a.", "_a"] {
            let users = [user.to_owned()];
            let asked = Asked { release: &release, users: &users, ca_key: false };
            for layout in Layout::ALL {
                let refused = layout.plan(asked, |_| false);
                assert!(
                    matches!(refused, Err(NameError::NotASubdomain(name)) if name.contains(user)),
                    "{layout:?}"
                );
            }
        }
    }
}
