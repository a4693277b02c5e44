//! The sections of a manifest.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr as _;

use super::fields::{Fields, Report, unknown};
use super::hosts::{Budget, Common, patterns, unique};
use super::settings::Said;
use super::{Client, Manifest, NodeSet, Tenant, Ui};
use crate::host::Host;
use crate::tenant::{DEFAULT_HOSTS, TenantId, TenantScope};
use crate::usage::Usage;
use crate::username::{self, Username};
use crate::yaml::tree::{self, At, Value};

/// The keys of each mapping. The JSON Schema has the same: a test compares them.
pub mod tables {
    /// Of the whole manifest.
    pub const MANIFEST: &[&str] = &["defaults", "shared-hosts", "nodes", "clients", "ui", "tenants"];
    /// Of `defaults`.
    pub const DEFAULTS: &[&str] = &["hosts", "lifetime", "key-algorithm", "key-size", "subject", "ocsp-url"];
    /// Of an entry in `nodes`.
    pub const NODE: &[&str] =
        &["name", "hosts", "lifetime", "key-algorithm", "key-size", "subject", "ocsp-url"];
    /// Of an entry in `clients`.
    pub const CLIENT: &[&str] = &[
        "user",
        "tenant-scope",
        "tenant-name-scope",
        "pkcs8",
        "nodes",
        "lifetime",
        "key-algorithm",
        "key-size",
        "subject",
        "ocsp-url",
    ];
    /// Of `ui`.
    pub const UI: &[&str] = &["hosts", "nodes", "lifetime", "key-algorithm", "key-size", "subject", "ocsp-url"];
    /// Of an entry in `tenants`.
    pub const TENANT: &[&str] =
        &["id", "hosts", "client", "signing", "lifetime", "key-algorithm", "key-size", "subject", "ocsp-url"];
}

/// Reads the whole manifest.
pub fn manifest(root: &tree::Node, node_user: &str, report: &mut Report) -> Manifest {
    let fields = Fields::read("the manifest", root, tables::MANIFEST, report);
    let nothing = tree::Node { at: root.at, value: Value::Map(Vec::new()) };
    let defaults = fields.get("defaults").unwrap_or(&nothing);
    let defaults = Fields::read("defaults", defaults, tables::DEFAULTS, report);
    let mut budget = Budget::default();
    let common = patterns("hosts", defaults.list("hosts", report), report);
    let common = Common::read(&common, &mut budget, report);
    let defaults = Said::read(&defaults, report);
    // What is wrong with the defaults is so even where nothing uses them.
    defaults.settings(&Said::default(), Usage::Node, node_user, report);
    let mut reader = Reader { defaults, common, node_user, budget, report };
    let (nodes, names) = reader.nodes(&fields);
    let clients = reader.clients(&fields, &names);
    let ui = fields.get("ui").map(|node| reader.ui(node, &names));
    let tenants = reader.tenants(&fields);
    let empty = nodes.is_empty() && clients.is_empty() && ui.is_none() && tenants.is_empty();
    if empty && report.problems.is_empty() {
        report.add(root.at, "nothing to make: name nodes, clients, ui or tenants");
    }
    Manifest { nodes, clients, ui, tenants }
}

/// Reads section after section.
pub struct Reader<'a> {
    pub defaults: Said<'a>,
    pub common: Common,
    pub node_user: &'a str,
    pub budget: Budget,
    pub report: &'a mut Report,
}

impl<'a> Reader<'a> {
    fn clients(&mut self, manifest: &Fields<'a>, nodes: &BTreeSet<String>) -> Vec<Client> {
        let mut clients: Vec<(At, Client)> = Vec::new();
        for entry in manifest.list("clients", self.report) {
            let Some((user, fields)) = self.entry("clients", entry, "user", tables::CLIENT) else { continue };
            let said = self.said(fields.as_ref());
            let read = |text: &str| {
                Username::from_str(text).map_err(|why| format!("{text:?}: {why}. {}", username::HINT))
            };
            let Some(name) = self.report.parsed("user", user, read) else { continue };
            let client = Client {
                scopes: self.scopes(fields.as_ref()),
                pkcs8: self.boolean(fields.as_ref(), "pkcs8", false),
                nodes: self.node_set(fields.as_ref(), nodes),
                settings: said.settings(&self.defaults, Usage::Client, name.as_str(), self.report),
                user: name,
            };
            clients.push((user.at, client));
        }
        self.unique("client", clients, |client| client.user.to_string())
    }

    fn scopes(&mut self, fields: Option<&Fields<'a>>) -> Vec<TenantScope> {
        let Some(fields) = fields else { return Vec::new() };
        let mut scopes = Vec::new();
        for node in fields.list("tenant-scope", self.report) {
            let id = self.report.digits("tenant-scope", node).map(|digits| digits.parse().map(TenantScope::Id));
            scopes.extend(id.and_then(|id| self.report.ok(node.at, id)));
        }
        for node in fields.list("tenant-name-scope", self.report) {
            let name = |text: &str| text.parse().map(TenantScope::Name);
            scopes.extend(self.report.parsed("tenant-name-scope", node, name));
        }
        unique(scopes)
    }

    /// The word `all`, or a list of names of nodes.
    fn node_set(&mut self, fields: Option<&Fields<'a>>, known: &BTreeSet<String>) -> NodeSet {
        let none = NodeSet::Named(HashSet::new());
        let Some(node) = fields.and_then(|fields| fields.get("nodes")) else { return none };
        match &node.value {
            Value::Scalar { text, .. } if text == "all" => return NodeSet::All,
            Value::List(_) => {}
            _ => {
                self.report.add(node.at, "nodes: expected all, or a list of names of nodes");
                return none;
            }
        }
        let mut named = HashSet::new();
        for (at, pattern) in patterns("nodes", self.report.list("nodes", node), self.report) {
            if self.report.is_full() || !self.budget.spend(at, pattern.count(), self.report) {
                break;
            }
            for text in pattern.texts() {
                let name = text.parse().map_or(text, |host: Host| host.to_string());
                if !known.contains(&name) {
                    self.report.add(at, unknown("node", &name, known.iter().map(String::as_str)));
                    break;
                }
                named.insert(name);
            }
        }
        NodeSet::Named(named)
    }

    fn ui(&mut self, entry: &'a tree::Node, nodes: &BTreeSet<String>) -> Ui {
        let fields = Fields::read("ui", entry, tables::UI, self.report);
        let hosts = patterns("hosts", fields.list("hosts", self.report), self.report);
        let hosts = self.budget.all("hosts", &hosts, self.report);
        if hosts.is_empty() {
            self.report.add(entry.at, "ui: hosts is missing: name what the DB Console is reached at");
        }
        let called = hosts.first().map(Host::to_string).unwrap_or_default();
        let settings =
            Said::read(&fields, self.report).settings(&self.defaults, Usage::Ui, &called, self.report);
        Ui { hosts, nodes: self.node_set(Some(&fields), nodes), settings }
    }

    fn tenants(&mut self, manifest: &Fields<'a>) -> Vec<Tenant> {
        let mut tenants: Vec<(At, Tenant)> = Vec::new();
        for entry in manifest.list("tenants", self.report) {
            let Some((node, fields)) = self.entry("tenants", entry, "id", tables::TENANT) else { continue };
            let said = self.said(fields.as_ref());
            let id = self.report.digits("id", node).map(str::parse);
            let Some(id) = id.and_then(|id| self.report.ok(node.at, id)) else { continue };
            let hosts = patterns("hosts", self.list(fields.as_ref(), "hosts"), self.report);
            let mut hosts = self.budget.all("hosts", &hosts, self.report);
            if hosts.is_empty() {
                hosts.extend(DEFAULT_HOSTS.iter().filter_map(|host| host.parse().ok()));
            }
            let client = self.boolean(fields.as_ref(), "client", true);
            let signing = self.boolean(fields.as_ref(), "signing", false);
            if !client && !signing {
                self.report.add(node.at, "nothing to make for this tenant: say client: true or signing: true");
            }
            let called = TenantId::to_string(&id);
            let settings = said.settings(&self.defaults, Usage::TenantClient, &called, self.report);
            tenants.push((node.at, Tenant { id, hosts, client, signing, settings }));
        }
        self.unique("tenant", tenants, |tenant| tenant.id.to_string())
    }

    /// An entry is a mapping, or only the value of its first key.
    pub fn entry(
        &mut self,
        section: &str,
        entry: &'a tree::Node,
        key: &str,
        keys: &'static [&'static str],
    ) -> Option<(&'a tree::Node, Option<Fields<'a>>)> {
        match &entry.value {
            Value::Scalar { .. } => Some((entry, None)),
            _ => {
                let fields = Fields::read(section, entry, keys, self.report);
                let name = fields.get(key);
                if name.is_none() && matches!(entry.value, Value::Map(_)) {
                    self.report.add(entry.at, format_args!("{section}: {key} is missing"));
                }
                Some((name?, Some(fields)))
            }
        }
    }

    /// What the entry says itself.
    pub fn said(&mut self, fields: Option<&Fields<'a>>) -> Said<'a> {
        fields.map_or(Said::default(), |fields| Said::read(fields, self.report))
    }

    /// The values of a list of the entry.
    pub fn list(&mut self, fields: Option<&Fields<'a>>, key: &str) -> &'a [tree::Node] {
        fields.map_or(&[], |fields| fields.list(key, self.report))
    }

    fn boolean(&mut self, fields: Option<&Fields<'a>>, key: &str, usual: bool) -> bool {
        fields.map_or(usual, |fields| fields.boolean(key, usual, self.report))
    }

    /// Notes entries that are there twice.
    fn unique<T>(&mut self, what: &str, entries: Vec<(At, T)>, name: impl Fn(&T) -> String) -> Vec<T> {
        let mut lines = HashMap::new();
        for (at, entry) in &entries {
            let name = name(entry);
            if let Some(line) = lines.get(&name) {
                self.report.add(*at, format_args!("{what} {name} is there twice: the first is in line {line}"));
            }
            lines.entry(name).or_insert(at.line);
        }
        entries.into_iter().map(|(_, entry)| entry).collect()
    }
}
