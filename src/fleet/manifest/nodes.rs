//! The nodes of a manifest.

use std::collections::{BTreeSet, HashMap};

use super::Node;
use super::fields::Fields;
use super::hosts::{PLACEHOLDER, Taken, Written, host, patterns, unique};
use super::read::{Reader, tables};
use crate::fleet::range::{self, Pattern};
use crate::host::Host;
use crate::usage::Usage;
use crate::yaml::tree::{self, At};

/// The nodes so far.
struct Nodes {
    all: Vec<Node>,
    /// The lines of their names.
    lines: HashMap<String, usize>,
    hosts: Taken,
}

impl<'a> Reader<'a> {
    /// The nodes, and their names.
    pub fn nodes(&mut self, manifest: &Fields<'a>) -> (Vec<Node>, BTreeSet<String>) {
        let shared = patterns("shared-hosts", manifest.list("shared-hosts", self.report), self.report);
        let shared = self.budget.all("shared-hosts", &shared, self.report);
        let hosts = Taken::shared(shared.into_iter().chain(self.common.fixed.iter().cloned()));
        let mut nodes = Nodes { all: Vec::new(), lines: HashMap::new(), hosts };
        for entry in manifest.list("nodes", self.report) {
            self.node(entry, &mut nodes);
        }
        (nodes.all, nodes.lines.into_keys().collect())
    }

    /// One entry, which can stand for several nodes.
    fn node(&mut self, entry: &'a tree::Node, nodes: &mut Nodes) {
        let Some((name, fields)) = self.entry("nodes", entry, "name", tables::NODE) else { return };
        let own = self.list(fields.as_ref(), "hosts");
        let own = patterns("hosts", own, self.report);
        let said = self.said(fields.as_ref());
        let settings = said.settings(&self.defaults, Usage::Node, self.node_user, self.report);
        let Some(names) = self.report.parsed("name", name, Pattern::parse) else { return };
        if nodes.all.len() + names.count() > range::MAX {
            return self.report.add(name.at, format_args!("more than {} nodes", range::MAX));
        }
        for (at, hosts) in own.iter().filter(|(_, hosts)| names.is_range() && hosts.is_range()) {
            if hosts.count() != names.count() {
                let (names, hosts) = (names.count(), hosts.count());
                let what =
                    format!("runs along with the one in the name, which has {names} values, but has {hosts}");
                return self.report.add(*at, format_args!("hosts: a range in the hosts {what}"));
            }
        }
        for index in 0..names.count() {
            // One of a range speaks for all.
            let Some(host) = self.node_name(name.at, &names.text(index)) else { break };
            let called = host.to_string();
            if let Some(line) = nodes.lines.insert(called.clone(), name.at.line) {
                self.report
                    .add(name.at, format_args!("node {called} is there twice: the first is in line {line}"));
                continue;
            }
            let index = names.is_range().then_some(index);
            let mut hosts = vec![(name.at, host)];
            hosts.extend(self.hosts_of(&own, index, &called));
            for (at, host) in &hosts {
                nodes.hosts.take(host, &called, *at, self.report);
            }
            let common = self.budget.spend(name.at, self.common.count(), self.report);
            let common = if common { self.common.of(&called, self.report) } else { Vec::new() };
            let hosts = unique(hosts.into_iter().map(|(_, host)| host).chain(common));
            nodes.all.push(Node { name: called, hosts, settings: settings.clone() });
        }
    }

    /// The name of a node is the name of its folder, and one of its hosts.
    fn node_name(&mut self, at: At, text: &str) -> Option<Host> {
        let host = host("name", at, text, self.report)?;
        if host.wildcard_base().is_some() {
            let what = "is no name of one node: give the node a name, and put the wildcard into its hosts";
            self.report.add(at, format_args!("name: {text:?} {what}"));
            return None;
        }
        Some(host)
    }

    /// The own hosts of a node: the one at `index` of each range, or all.
    fn hosts_of(&mut self, written: &[Written], index: Option<usize>, name: &str) -> Vec<(At, Host)> {
        let mut hosts = Vec::new();
        for (at, pattern) in written {
            let indices = match index.filter(|_| pattern.is_range()) {
                Some(index) => index..index + 1,
                None => 0..pattern.count(),
            };
            if !self.budget.spend(*at, indices.len(), self.report) {
                break;
            }
            for index in indices {
                let text = pattern.text(index).replace(PLACEHOLDER, name);
                let Some(host) = host("hosts", *at, &text, self.report) else { break };
                hosts.push((*at, host));
            }
        }
        hosts
    }
}
