mod schema;
mod wrong;

use proptest::prelude::*;

use super::*;
use crate::fleet::manifest::read::tables;
use wrong::{Refused::ByParser, WRONG};

const EXAMPLE: &str = include_str!("../../../../examples/cluster.yml");

fn read(text: &str) -> Result<Manifest, String> {
    parse("m", text, "node").map_err(|problems| problems.to_string())
}

fn hosts(hosts: &[Host]) -> String {
    hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(" ")
}

/// The nodes and their hosts.
fn nodes(text: &str) -> Vec<String> {
    let manifest = read(text).unwrap_or_else(|problems| panic!("{text}: {problems}"));
    manifest.nodes.iter().map(|node| format!("{}: {}", node.name, hosts(&node.hosts))).collect()
}

#[test]
fn the_example_is_read() {
    let manifest = read(EXAMPLE).expect("a manifest");
    let Manifest { nodes, clients, ui, tenants } = &manifest;
    assert_eq!(nodes.len(), 11);
    let all = "localhost 127.0.0.1 ::1 db.example.com";
    assert_eq!(hosts(&nodes[8].hosts), format!("node9.example.com 10.0.0.19 node9 {all}"));
    let staging = "staging.example.com *.dc1.example.com internal-staging.example.com";
    assert_eq!(hosts(&nodes[9].hosts), format!("{staging} {all}"));
    assert_eq!(nodes[9].settings.lifetime.to_string(), "2160h");
    assert_eq!(nodes[9].settings.key, KeySpec::ecdsa(None).expect("a key"));
    assert_eq!(nodes[10].settings.subject.to_string(), "O=Cockroach,CN=node");
    assert_eq!(
        clients.iter().map(|client| client.user.as_str()).collect::<Vec<_>>(),
        ["root", "app", "reports", "backup"]
    );
    assert_eq!((clients[0].pkcs8, clients[1].pkcs8), (false, true));
    assert_eq!(clients[2].settings.subject.to_string(), "O=Acme Inc,OU=reports,CN=reports");
    assert_eq!(clients[2].scopes.len(), 1);
    assert!(clients[3].nodes.contains("node2.example.com") && !clients[3].nodes.contains("node4.example.com"));
    let ui = ui.as_ref().expect("a console");
    assert_eq!((hosts(&ui.hosts).as_str(), &ui.nodes), ("console.example.com", &NodeSet::All));
    assert_eq!(ui.settings.subject.to_string(), "O=Cockroach,CN=console.example.com");
    assert!(tenants[0].client && tenants[0].signing);
    assert_eq!(tenants[0].settings.subject.to_string(), "O=Cockroach,OU=Tenants,CN=2");
}

#[test]
fn json_is_read_like_yaml() {
    let json =
        "{\n\t\"nodes\": [\n\t\t\"a\",\n\t\t{\"name\": \"b[1:2]\", \"hosts\": [\"10.0.0.[1:2]\"]}\n\t]\n}\n";
    let yaml = "nodes:\n  - a\n  - name: b[1:2]\n    hosts: [\"10.0.0.[1:2]\"]\n";
    assert_eq!(read(json), read(yaml));
    assert_eq!(nodes(json), ["a: a", "b1: b1 10.0.0.1", "b2: b2 10.0.0.2"]);
}

#[test]
fn ranges_run_along_with_the_name() {
    for (text, expected) in [
        (
            "nodes: [{name: 'n[1:2]', hosts: ['10.0.0.[11:12]', '{}.internal']}]",
            &["n1: n1 10.0.0.11 n1.internal", "n2: n2 10.0.0.12 n2.internal"][..],
        ),
        (
            "nodes: [{name: 'r[a:b]n[1:2]', hosts: ['10.0.[0:1].[1:2]']}]",
            &["ran1: ran1 10.0.0.1", "ran2: ran2 10.0.0.2", "rbn1: rbn1 10.0.1.1", "rbn2: rbn2 10.0.1.2"],
        ),
        ("nodes: [{name: n, hosts: ['10.0.0.[1:3]']}]", &["n: n 10.0.0.1 10.0.0.2 10.0.0.3"]),
        (
            "{defaults: {hosts: ['{}.x', 'lb[1:2]']}, nodes: ['n[1:2]']}",
            &["n1: n1 lb1 lb2 n1.x", "n2: n2 lb1 lb2 n2.x"],
        ),
        ("nodes: [N1, 10.0.0.1, '::1']", &["n1: n1", "10.0.0.1: 10.0.0.1", "::1: ::1"]),
        (
            "{defaults: {hosts: [lb]}, nodes: [{name: a, hosts: [lb, a]}, {name: b, hosts: [LB]}]}",
            &["a: a lb", "b: b lb"],
        ),
        (
            "{shared-hosts: ['*.x'], nodes: [{name: a, hosts: ['*.x']}, {name: b, hosts: ['*.x']}]}",
            &["a: a *.x", "b: b *.x"],
        ),
    ] {
        assert_eq!(nodes(text), expected, "{text}");
    }
}

#[test]
fn entries_have_what_they_say_else_the_defaults() {
    let defaults = "defaults: {lifetime: 30d, key-algorithm: rsa, key-size: 4096, subject: 'O=Acme,CN={}'}";
    let of = |entry: &str| {
        let manifest = read(&format!("{defaults}\nclients: [{entry}]")).expect(entry);
        let Settings { lifetime, key, subject, .. } = manifest.clients[0].settings.clone();
        (lifetime.to_string(), key, subject.to_string())
    };
    let ecdsa = |bits| KeySpec::ecdsa(bits).expect("a key");
    for (entry, lifetime, key, subject) in [
        ("a", "720h", KeySpec::Rsa(4096), "O=Acme,CN=a"),
        ("{user: a, key-size: 3072}", "720h", KeySpec::Rsa(3072), "O=Acme,CN=a"),
        ("{user: a, key-algorithm: ecdsa}", "720h", ecdsa(None), "O=Acme,CN=a"),
        ("{user: a, key-algorithm: ecdsa, key-size: 384}", "720h", ecdsa(Some(384)), "O=Acme,CN=a"),
        ("{user: a, lifetime: 1h, subject: 'CN=b'}", "1h", KeySpec::Rsa(4096), "CN=b"),
    ] {
        assert_eq!(of(entry), (lifetime.to_owned(), key, subject.to_owned()), "{entry}");
    }
    let text = "{defaults: {ocsp-url: 'http://a'}, clients: [a, {user: b, ocsp-url: 'http://b'}]}";
    let urls = read(text).expect(text).clients.into_iter().map(|client| client.settings.ocsp_url);
    let urls: Vec<_> = urls.map(|url| url.map(|url| url.as_str().to_owned())).collect();
    assert_eq!(urls, [Some("http://a".to_owned()), Some("http://b".to_owned())]);
    let manifest =
        read(&format!("{defaults}\nnodes: [n]\nui: {{hosts: [c]}}\ntenants: [7]")).expect("a manifest");
    assert_eq!(manifest.nodes[0].settings.subject.to_string(), "O=Acme,CN=node");
    assert_eq!(manifest.ui.map(|ui| ui.settings.subject.to_string()).as_deref(), Some("O=Acme,CN=c"));
    assert_eq!(manifest.tenants[0].settings.subject.to_string(), "O=Cockroach,OU=Tenants,CN=7");
    assert_eq!(hosts(&manifest.tenants[0].hosts), "127.0.0.1 ::1 localhost *.local");
}

#[test]
fn all_that_is_wrong_is_said_with_its_place() {
    for (text, _, expected) in WRONG {
        let problems = read(text).expect_err(text);
        let problems: Vec<_> = problems.lines().map(|line| line.strip_prefix("m:").unwrap_or(line)).collect();
        assert_eq!(problems.len(), expected.len(), "{text}: {problems:#?}");
        for (problem, expected) in problems.iter().zip(*expected) {
            assert!(problem.starts_with(expected), "{text}: {problem}");
        }
    }
}

#[test]
fn no_more_is_listed_than_anybody_reads() {
    let many = |item: &str| vec![item; 3000].join(", ");
    let names: Vec<_> = (0..3000).map(|n| format!("b{n}")).collect();
    for text in [
        format!("clients: [{}]", many("x y")),
        format!("{{nodes: [a], clients: [{{user: u, nodes: [{}]}}]}}", names.join(", ")),
    ] {
        let problems = read(&text).expect_err("problems");
        assert_eq!(problems.lines().count(), 101, "{problems}");
        assert!(problems.contains(": more is wrong, which is not listed"), "{problems}");
    }
}

#[test]
fn a_subject_is_short_enough_for_any_number_of_certificates() {
    let text = |length| format!("clients: [{{user: a, subject: 'CN=a,O={}'}}]", "b,O=".repeat(length) + "b");
    assert!(read(&text(240)).is_ok());
    let problems = read(&text(300)).expect_err("a problem");
    assert_eq!(problems, "m:1:30: subject: it has more than 1000 bytes");
}

#[test]
fn the_schema_and_the_parser_agree() {
    let good = [
        EXAMPLE,
        "nodes: [a]",
        "clients: [a]",
        "tenants: [2, {id: 3, client: false, signing: true}]",
        "ui: {hosts: [c]}",
        "{nodes: [a], clients: [], defaults: {}}",
        "{nodes: [a], clients: [{user: b, nodes: all}, {user: c, nodes: []}]}",
        "clients: [{user: a, tenant-scope: [1, 18446744073709551615], tenant-name-scope: [app]}]",
        "{shared-hosts: [x], nodes: [{name: a, lifetime: 1h, key-algorithm: rsa, key-size: 2048, subject: CN=node}]}",
    ];
    let wrong = WRONG.iter().map(|(text, refused, _)| (*text, *refused == ByParser));
    let all: Vec<_> = good.map(|text| (text, true)).into_iter().chain(wrong).collect();
    let trees = all.iter().filter_map(|(text, accepted)| Some((text, accepted, tree::read(text).ok()?)));
    let (texts, values): (Vec<_>, Vec<_>) =
        trees.map(|(text, accepted, tree)| ((text, *accepted), schema::to_json(&tree))).unzip();
    for ((text, expected), accepted) in texts.into_iter().zip(schema::accepts(&values)) {
        assert_eq!(accepted, expected, "{text}");
    }
    for text in good {
        assert!(read(text).is_ok(), "{text}: {:?}", read(text));
    }
}

#[test]
fn the_schema_has_the_keys_of_the_parser() {
    let schema = schema::schema();
    let sorted = |mut keys: Vec<String>| {
        keys.sort();
        keys
    };
    for (of, table) in [
        ("", tables::MANIFEST),
        ("/$defs/defaults", tables::DEFAULTS),
        ("/$defs/node", tables::NODE),
        ("/$defs/client", tables::CLIENT),
        ("/$defs/ui", tables::UI),
        ("/$defs/tenant", tables::TENANT),
    ] {
        let properties = schema.pointer(&format!("{of}/properties")).and_then(|keys| keys.as_object());
        let keys = properties.expect("properties").keys().cloned().collect();
        assert_eq!(sorted(keys), sorted(table.iter().map(ToString::to_string).collect()), "{of}");
    }
}

#[test]
fn large_manifests_are_read_and_larger_ones_refused() {
    let many = "nodes:\n".to_owned()
        + &(0..3000).map(|n| format!("- {{name: n{n}, hosts: [h{n}]}}\n")).collect::<String>();
    assert_eq!(read(&many).map(|manifest| manifest.nodes.len()), Ok(3000));
}

#[test]
fn ranges_cannot_exhaust_memory() {
    let (mut budget, mut report) = (hosts::Budget::default(), Report::default());
    let at = tree::At { line: 1, column: 1 };
    let spent = (0..30).filter(|_| budget.spend(at, crate::fleet::range::MAX, &mut report)).count();
    assert_eq!((spent, report.problems[0].what.as_str()), (20, "more than 2000000 hosts in all"));
    // Those that all nodes have count for each.
    let hosts = |count| format!("{{defaults: {{hosts: ['h[1:{count}]']}}, nodes: ['n[1:2000]']}}");
    let objection = read(&hosts(1000)).expect_err("too many");
    assert!(objection.contains("more than 2000000 hosts in all"), "{objection}");
}

proptest! {
    #[test]
    fn any_text_is_understood_or_refused(text in r#"(nodes|clients|ui|tenants|defaults|hosts|name|user|id|[-\[\]{}:,'"\n ]|[a-z0-9]){0,40}"#) {
        let _ = read(&text);
    }

    #[test]
    fn problems_are_in_the_order_of_the_text(entries in proptest::collection::vec("[a-c ]{1,2}|7|\\[\\]", 0..20)) {
        let text = format!("nodes:\n{}", entries.iter().map(|entry| format!("- {entry}\n")).collect::<String>());
        if let Err(Problems { all, .. }) = parse("m", &text, "node") {
            prop_assert!(all.is_sorted() && !all.is_empty());
        }
    }
}
