//! Hosts as written in a manifest, and which node has which.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::fields::Report;
use crate::fleet::range::Pattern;
use crate::host::{Host, HostError};
use crate::yaml::tree::{At, Node};

/// A host as written, perhaps with a range, and where.
pub type Written = (At, Pattern);

/// The most hosts of all certificates together.
const MAX_HOSTS: usize = 2_000_000;

/// What stands for a name.
pub const PLACEHOLDER: &str = "{}";

/// The texts of a list, with their ranges.
pub fn patterns(key: &str, nodes: &[Node], report: &mut Report) -> Vec<Written> {
    let pattern = |node: &Node| Some((node.at, report.parsed(key, node, Pattern::parse)?));
    nodes.iter().filter_map(pattern).collect()
}

/// A host, or a note of what is wrong with it.
pub fn host(key: &str, at: At, text: &str, report: &mut Report) -> Option<Host> {
    let host = text.parse().map_err(|error: HostError| {
        let hint = if text.contains('[') { "; ranges are written [1:9] or [a:c]" } else { "" };
        format!("{key}: {error}{hint}")
    });
    report.ok(at, host)
}

/// In order, without those that are there already.
pub fn unique<T: Clone + Eq + Hash>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.into_iter().filter(|one| seen.insert(one.clone())).collect()
}

/// Counts hosts: ranges make many of few.
pub struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_HOSTS)
    }
}

impl Budget {
    /// Notes it if these are too many.
    pub fn spend(&mut self, at: At, hosts: usize, report: &mut Report) -> bool {
        let left = self.0.checked_sub(hosts);
        if left.is_none() {
            report.add(at, format_args!("more than {MAX_HOSTS} hosts in all"));
        }
        self.0 = left.unwrap_or(0);
        left.is_some()
    }

    /// All the hosts that are written, without duplicates. Of a range, the first that is wrong speaks for all.
    pub fn all(&mut self, key: &str, written: &[Written], report: &mut Report) -> Vec<Host> {
        let mut hosts = Vec::new();
        for (at, pattern) in written {
            if self.spend(*at, pattern.count(), report) {
                hosts.extend(pattern.texts().map_while(|text| host(key, *at, &text, report)));
            }
        }
        unique(hosts)
    }
}

/// The hosts of all nodes.
#[derive(Default)]
pub struct Common {
    /// The same for each.
    pub fixed: Vec<Host>,
    /// Those with the node's name in them.
    templates: Vec<(At, String)>,
}

impl Common {
    /// Reads them; what is wrong with them is so even where there are no nodes.
    pub fn read(written: &[Written], budget: &mut Budget, report: &mut Report) -> Self {
        let (mut fixed, mut templates) = (Vec::new(), Vec::new());
        for (at, pattern) in written {
            if !budget.spend(*at, pattern.count(), report) {
                continue;
            }
            for text in pattern.texts() {
                let Some(parsed) = host("hosts", *at, &text.replace(PLACEHOLDER, "name"), report) else {
                    break;
                };
                if text.contains(PLACEHOLDER) {
                    templates.push((*at, text));
                } else {
                    fixed.push(parsed);
                }
            }
        }
        Self { fixed: unique(fixed), templates }
    }

    /// Those of the node with this name.
    pub fn of(&self, name: &str, report: &mut Report) -> Vec<Host> {
        let own = |(at, text): &(At, String)| host("hosts", *at, &text.replace(PLACEHOLDER, name), report);
        let own: Vec<_> = self.templates.iter().filter_map(own).collect();
        self.fixed.iter().cloned().chain(own).collect()
    }

    /// How many each node has.
    pub fn count(&self) -> usize {
        self.fixed.len() + self.templates.len()
    }
}

/// Which node has which host: no two the same, unless something says they may.
#[derive(Default)]
pub struct Taken {
    shared: HashSet<Host>,
    owners: HashMap<Host, (String, usize)>,
}

impl Taken {
    /// These hosts may belong to several nodes.
    pub fn shared(hosts: impl IntoIterator<Item = Host>) -> Self {
        Self { shared: hosts.into_iter().collect(), owners: HashMap::new() }
    }

    /// Notes it if another node has the host.
    pub fn take(&mut self, host: &Host, node: &str, at: At, report: &mut Report) {
        if self.shared.contains(host) {
            return;
        }
        match self.owners.get(host) {
            None => _ = self.owners.insert(host.clone(), (node.to_owned(), at.line)),
            Some((owner, _)) if owner == node => {}
            Some((owner, line)) => report.add(
                at,
                format_args!(
                    "hosts: {host} is a host of {owner} too (line {line}): if both should have it, put it into shared-hosts"
                ),
            ),
        }
    }
}
