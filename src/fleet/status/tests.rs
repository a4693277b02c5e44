//! What the next step is, case by case.

use super::step::{Asked, Next, next};
use super::*;
use crate::due::Due;
use crate::pki::issue::BACKDATED_SECONDS;

const DAY: i64 = 86_400;
const NOW: i64 = 20_000 * DAY;

/// Valid from the day before it was made.
fn ca(role: Role, id: &str, made: i64, end: i64) -> Ca {
    Ca {
        usage: Usage::Ca,
        role,
        id: id.to_owned(),
        subject: "CN=CA".to_owned(),
        not_before: NOW + made * DAY - BACKDATED_SECONDS,
        not_after: NOW + end * DAY,
        trusted: 0,
        signed: 0,
    }
}

fn new() -> Ca {
    ca(Role::InUse, "NEW", 0, 3660)
}

fn old() -> Ca {
    ca(Role::Old, "OLD", -1000, 2000)
}

fn held(file: &str, signer: Signer, made: i64, end: i64) -> Held {
    let (not_before, not_after) = (NOW + made * DAY - BACKDATED_SECONDS, NOW + end * DAY);
    let usage = if file.starts_with("client") { Usage::Client } else { Usage::Node };
    Held { usage, file: file.to_owned(), leaf: Ok(Leaf { signer, not_before, not_after }) }
}

/// A node that trusts these, and has one certificate.
fn node(name: &str, trusts: &[usize], certificate: Held) -> Folder {
    Folder {
        path: format!("fleet/nodes/{name}").into(),
        trusts: BTreeMap::from([(Usage::Ca, trusts.to_vec())]),
        outdated: Vec::new(),
        certificates: vec![certificate],
        awaited: Vec::new(),
    }
}

fn outdated(folder: Folder) -> Folder {
    Folder { outdated: vec![Usage::Ca], ..folder }
}

/// Its certificate was asked for.
fn awaiting(folder: Folder) -> Folder {
    Folder { awaited: vec!["node.crt".to_owned()], ..folder }
}

/// Made just now, for 90 days.
fn fresh(signer: usize) -> Held {
    held("node.crt", Signer::Ca(signer), 0, 90)
}

fn asked(out: Option<&str>) -> Asked {
    let due = Due::parse("1/3").expect("a rule");
    Asked { certs_dir: "certs".into(), out: out.map(PathBuf::from), due, renew_within: None, now: NOW }
}

fn in_fleet(cas: &[Ca], folders: Vec<Folder>) -> Next {
    next(&Cluster { cas: cas.to_vec(), folders }, &asked(Some("fleet")))
}

fn alone(cas: &[Ca], certificates: Vec<Held>) -> Next {
    let trusts = BTreeMap::from([(Usage::Ca, (0..cas.len()).collect())]);
    let folder =
        Folder { path: "certs".into(), trusts, outdated: Vec::new(), certificates, awaited: Vec::new() };
    next(&Cluster { cas: cas.to_vec(), folders: vec![folder] }, &asked(None))
}

const APPLY: &str = "crdb-cert apply <manifest> --out=fleet --certs-dir=certs --ca-key=<key of the CA in use>";
const CA_ONLY: &str = "crdb-cert apply --ca-only <manifest> --out=fleet --certs-dir=certs";
const CREATE: &str = "crdb-cert create-ca --overwrite --certs-dir=certs --ca-key=<new file>";
const RENEW: &str = "crdb-cert renew --certs-dir=certs --ca-key=<key of the CA in use>";

fn is(case: &str, next: &Next, step: &str, command: Option<&str>, words: &str) {
    assert_eq!((next.step, next.command.as_deref()), (step, command), "{case}: {}", next.why);
    assert!(next.why.contains(words), "{case}: {}", next.why);
    let page = include_str!("../../../docs/rotation.md");
    assert!(page.contains(&format!("\n| `{step}` | ")), "{step} is not described");
}

#[test]
fn a_fleet_goes_through_a_rotation_step_by_step() {
    let both = [new(), old()];
    let gone = [new(), Ca { role: Role::Elsewhere, ..old() }];
    let broken = Held { leaf: Err("no".to_owned()), ..fresh(0) };
    let ends = |from, to| held("node.crt", Signer::Ca(0), from, to);
    for (case, cas, folders, step, command, words) in [
        ("all is fine", &both[..1], vec![node("a", &[0], fresh(0))], "nothing", None, "nothing to do"),
        (
            "a new CA",
            &both,
            vec![outdated(node("a", &[1], fresh(1))), node("b", &[0, 1], fresh(1))],
            "trust-new-ca",
            Some(CA_ONLY),
            "Not all trust the CA in use yet: fleet/nodes/a lacks it.",
        ),
        (
            "one cannot be renewed before all trust the CA",
            &both,
            vec![outdated(node("a", &[1], ends(-89, 1))), node("b", &[0, 1], fresh(0))],
            "trust-new-ca",
            Some(CA_ONLY),
            "",
        ),
        (
            "all trust both",
            &both,
            vec![node("a", &[0, 1], fresh(1)), node("b", &[0, 1], fresh(0))],
            "renew-older",
            Some(APPLY),
            "The CA in use did not sign fleet/nodes/a/node.crt. Once every host has its folder",
        ),
        (
            "all is signed by the new CA",
            &both,
            vec![node("a", &[0, 1], fresh(0))],
            "remove-old-ca",
            Some("crdb-cert remove-ca --old --fleet=fleet --certs-dir=certs"),
            "nothing here needs OLD. Once every host",
        ),
        (
            "what is asked for is not made here, and the old CA is needed until then",
            &both,
            vec![awaiting(node("a", &[0, 1], fresh(1))), node("b", &[0, 1], fresh(0))],
            "import",
            Some("crdb-cert import <answer> --overwrite --certs-dir=fleet/nodes/a"),
            "fleet/nodes/a/node.crt was asked for: have the requests signed",
        ),
        (
            "what nobody asked for comes first",
            &both,
            vec![awaiting(node("a", &[0, 1], ends(-89, 1))), node("b", &[0, 1], ends(-89, 1))],
            "renew-due",
            Some(APPLY),
            "fleet/nodes/b/node.crt is due",
        ),
        (
            "the CA directory has forgotten the old one",
            &gone,
            vec![outdated(node("a", &[0, 1], fresh(0)))],
            "update-ca-files",
            Some(CA_ONLY),
            "fleet/nodes/a has other CA files than certs.",
        ),
        (
            "the CA directory has forgotten it too early",
            &gone,
            vec![outdated(node("a", &[1], fresh(1)))],
            "lost-ca",
            None,
            "A CA that is not in certs/ca.crt signed fleet/nodes/a/node.crt.",
        ),
        (
            "something is due",
            &both[..1],
            vec![node("a", &[0], ends(-70, 20)), node("b", &[0], fresh(0))],
            "renew-due",
            Some(APPLY),
            "fleet/nodes/a/node.crt is due: the first expires in 20 days.",
        ),
        (
            "something is in its last second",
            &both[..1],
            vec![node("a", &[0], ends(-90, 0))],
            "renew-due",
            Some(APPLY),
            "the first expires in less than a minute.",
        ),
        (
            "something has expired, in the middle of a rotation",
            &both,
            vec![node("a", &[0, 1], ends(-95, -5)), node("b", &[0, 1], ends(-70, 20))],
            "renew-due",
            Some(APPLY),
            "fleet/nodes/a/node.crt, fleet/nodes/b/node.crt are due: the first expired 5 days ago.",
        ),
        (
            "something cannot be read",
            &both,
            vec![node("a", &[0, 1], broken)],
            "unreadable",
            Some(APPLY),
            "node.crt cannot",
        ),
        (
            "nobody knows who signed it",
            &both[..1],
            vec![node("a", &[0], held("node.crt", Signer::Unknown, 0, 90))],
            "renew-older",
            Some(APPLY),
            "",
        ),
    ] {
        is(case, &in_fleet(cas, folders), step, command, words);
    }
}

#[test]
fn a_ca_is_replaced_in_time() {
    let leaf = |made, end| held("node.crt", Signer::Ca(0), made, end);
    for (case, made, end, certificate, step, words) in [
        (
            "expired",
            -3660,
            -1,
            leaf(-89, 1),
            "new-ca",
            "Nobody accepts the first certificate in certs/ca.crt, which expired 2024-10-03 00:00:00 UTC.",
        ),
        ("in its last second", -3660, 0, leaf(0, 90), "new-ca", "which expires 2024-10-04 00:00:00 UTC"),
        (
            "due",
            -2500,
            1160,
            leaf(0, 90),
            "new-ca",
            "It is time to replace the first certificate in certs/ca.crt",
        ),
        ("not due, but too short for what is", -50, 80, leaf(-80, 10), "new-ca", "valid longer than their CA"),
        ("not due, and long enough for what is", -50, 90, leaf(-80, 10), "renew-due", ""),
        ("not due, and nothing else is", -50, 80, leaf(0, 90), "nothing", ""),
    ] {
        let next = in_fleet(&[ca(Role::InUse, "CA", made, end)], vec![node("a", &[0], certificate)]);
        let command = match step {
            "new-ca" => Some(CREATE),
            "renew-due" => Some(APPLY),
            _ => None,
        };
        is(case, &next, step, command, words);
    }
    for (usage, command) in [
        (Usage::ClientCa, "crdb-cert create-client-ca --overwrite "),
        (Usage::UiCa, "crdb-cert create-ui-ca --overwrite "),
        (Usage::TenantClientCa, "crdb-cert create-tenant-client-ca --overwrite "),
    ] {
        let expired = Ca { usage, ..ca(Role::InUse, "OTHER", -3660, -1) };
        let next = in_fleet(&[new(), expired], vec![node("a", &[0], fresh(0))]);
        assert!(next.command.is_some_and(|shown| shown.starts_with(command)), "{command}");
    }
}

#[test]
fn a_directory_alone_has_the_same_steps() {
    let both = [new(), old()];
    let foreign = |made, end| held("client.a.crt", Signer::Unknown, made, end);
    let renew_due = "crdb-cert renew --if-due=1/3 --certs-dir=certs --ca-key=<key of the CA in use>";
    let remove = "crdb-cert remove-ca --old --certs-dir=certs";
    for (case, cas, certificates, step, command) in [
        ("all is fine", &both[..1], vec![fresh(0), foreign(0, 90)], "nothing", None),
        ("two CAs", &both, vec![fresh(1), fresh(0)], "renew-older", Some(RENEW)),
        ("renewed", &both, vec![fresh(0), foreign(0, 90)], "remove-old-ca", Some(remove)),
        ("due", &both[..1], vec![held("node.crt", Signer::Ca(0), -70, 20)], "renew-due", Some(renew_due)),
        ("somebody else's is due", &both[..1], vec![foreign(-70, 20)], "renew-elsewhere", None),
        (
            "broken",
            &both,
            vec![Held { leaf: Err("no".to_owned()), ..fresh(0) }],
            "unreadable",
            Some("crdb-cert verify --certs-dir=certs"),
        ),
    ] {
        is(case, &alone(cas, certificates), step, command, "");
    }
}

#[test]
fn a_new_kind_of_ca_signs_its_kind_again() {
    let clients = Ca { usage: Usage::ClientCa, ..ca(Role::InUse, "CLIENTS", 0, 3660) };
    let root = held("client.root.crt", Signer::Ca(0), 0, 90);
    is(
        "by ca.crt",
        &alone(&[new(), clients], vec![fresh(0), root]),
        "renew-older",
        Some(RENEW),
        "client.root.crt",
    );
}

#[test]
fn commands_can_be_pasted_and_pass_the_rule_on() {
    let asked = Asked {
        certs_dir: "my certs".into(),
        renew_within: Some("60d".to_owned()),
        due: Due::parse("60d").expect("a rule"),
        ..asked(Some("the fleet"))
    };
    let folders = vec![node("a", &[0], held("node.crt", Signer::Ca(0), -40, 50))];
    let next = next(&Cluster { cas: vec![new()], folders }, &asked);
    let command = "crdb-cert apply <manifest> --out='the fleet' --certs-dir='my certs' --ca-key=<key of the CA in use> --renew-within=60d";
    is("quoted", &next, "renew-due", Some(command), "");
}

#[test]
fn many_are_counted_and_not_named() {
    let folders = (0..1000).map(|at| outdated(node(&at.to_string(), &[], fresh(0)))).collect();
    let next = in_fleet(&[new()], folders);
    is(
        "many",
        &next,
        "trust-new-ca",
        Some(CA_ONLY),
        "fleet/nodes/0, fleet/nodes/1, fleet/nodes/2 and 997 more lack it.",
    );
}
