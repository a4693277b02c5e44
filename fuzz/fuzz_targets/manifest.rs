//! Any text in a file that should describe a cluster: it is read, or refused with places in it; and what was
//! read, written out in full, is read as the same.
#![no_main]

use std::collections::HashSet;

use crdb_cert::fleet::manifest::{Manifest, NodeSet, Settings, parse};
use crdb_cert::host::Host;
use crdb_cert::pki::key::{Curve, KeySpec};
use crdb_cert::tenant::TenantScope;
use libfuzzer_sys::fuzz_target;

/// Larger clusters are not written out.
const MOST: usize = 300;

/// A text in quotes, safe from YAML.
fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

fn list(texts: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", texts.into_iter().map(|text| quoted(&text)).collect::<Vec<_>>().join(", "))
}

fn hosts(hosts: &[Host]) -> String {
    list(hosts.iter().map(Host::to_string))
}

fn nodes(set: &NodeSet) -> String {
    match set {
        NodeSet::All => "all".to_owned(),
        NodeSet::Named(names) => list(names.iter().cloned()),
    }
}

fn settings(settings: &Settings) -> String {
    let (algorithm, size) = match settings.key {
        KeySpec::Rsa(bits) => ("rsa", bits),
        KeySpec::Ecdsa(Curve::P256) => ("ecdsa", 256),
        KeySpec::Ecdsa(Curve::P384) => ("ecdsa", 384),
        KeySpec::Ecdsa(Curve::P521) => ("ecdsa", 521),
        KeySpec::Ed25519 => unreachable!("no manifest asks for it"),
    };
    let url = settings.ocsp_url.as_ref().map(|url| format!(", ocsp-url: {}", quoted(url.as_str())));
    let (lifetime, subject) = (settings.lifetime, quoted(&settings.subject.to_string()));
    let key = format!("key-algorithm: {algorithm}, key-size: {size}");
    format!("lifetime: {lifetime}, {key}, subject: {subject}{}", url.unwrap_or_default())
}

fn section(name: &str, entries: impl Iterator<Item = String>) -> String {
    format!("{name}: [{}]\n", entries.map(|entry| format!("\n  {{{entry}}}")).collect::<Vec<_>>().join(","))
}

/// The same in full.
fn written(manifest: &Manifest) -> String {
    let all: HashSet<_> = manifest.nodes.iter().flat_map(|node| &node.hosts).collect();
    let shared = format!("shared-hosts: {}\n", list(all.into_iter().map(Host::to_string)));
    let all_nodes = manifest.nodes.iter().map(|node| {
        format!("name: {}, hosts: {}, {}", quoted(&node.name), hosts(&node.hosts), settings(&node.settings))
    });
    let clients = manifest.clients.iter().map(|client| {
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for scope in &client.scopes {
            match scope {
                TenantScope::Id(id) => ids.push(id.to_string()),
                TenantScope::Name(name) => names.push(name.to_string()),
            }
        }
        let scopes = format!("tenant-scope: [{}], tenant-name-scope: {}", ids.join(", "), list(names));
        let (user, pkcs8, nodes) = (quoted(client.user.as_str()), client.pkcs8, nodes(&client.nodes));
        format!("user: {user}, {scopes}, pkcs8: {pkcs8}, nodes: {nodes}, {}", settings(&client.settings))
    });
    let ui = manifest.ui.iter().map(|ui| {
        format!(
            "ui: {{hosts: {}, nodes: {}, {}}}\n",
            hosts(&ui.hosts),
            nodes(&ui.nodes),
            settings(&ui.settings)
        )
    });
    let tenants = manifest.tenants.iter().map(|tenant| {
        let (id, client, signing) = (tenant.id, tenant.client, tenant.signing);
        let (hosts, settings) = (hosts(&tenant.hosts), settings(&tenant.settings));
        format!("id: {id}, hosts: {hosts}, client: {client}, signing: {signing}, {settings}")
    });
    let sections = section("nodes", all_nodes) + &section("clients", clients) + &section("tenants", tenants);
    shared + &sections + &ui.collect::<String>()
}

fn check(manifest: &Manifest) {
    let mut names = HashSet::new();
    for node in &manifest.nodes {
        assert!(names.insert(node.name.as_str()), "{} is there twice", node.name);
        assert!(node.hosts.iter().any(|host| host.to_string() == node.name), "{node:?}");
        let different: HashSet<_> = node.hosts.iter().collect();
        assert_eq!(different.len(), node.hosts.len(), "{node:?}");
    }
    let sets = manifest.clients.iter().map(|client| &client.nodes);
    for set in sets.chain(manifest.ui.iter().map(|ui| &ui.nodes)) {
        match set {
            NodeSet::All => {}
            NodeSet::Named(set) => assert!(set.iter().all(|name| names.contains(name.as_str())), "{set:?}"),
        }
    }
}

/// May a range in it stand for more than a thousand names? They take time, and tests have some.
fn has_large_range(text: &str) -> bool {
    let inner = text.split('[').skip(1).filter_map(|rest| rest.split(']').next());
    inner.flat_map(|inner| inner.split(|c: char| !c.is_ascii_digit())).any(|digits| digits.len() > 3)
}

fuzz_target!(|text: &str| {
    if has_large_range(text) {
        return;
    }
    match parse("m", text, "node") {
        Err(problems) => assert!(!problems.all.is_empty()),
        Ok(manifest) => {
            check(&manifest);
            if manifest.nodes.len() <= MOST {
                let full = written(&manifest);
                assert_eq!(parse("full", &full, "node"), Ok(manifest), "{full}");
            }
        }
    }
});
