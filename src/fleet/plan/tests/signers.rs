//! Who signs, and for what.

use super::*;
use crate::error::Advice;

#[test]
fn beside_a_certificate_for_clients_that_of_a_node_is_for_servers_only() {
    let ca = Ca::new("CN=ca");
    let all = authorities([(Usage::Ca, ca.file())]);
    for (text, expected) in [
        ("nodes: [n]", &["n: lacks an extended key usage"][..]),
        ("nodes: [n]\nclients: [{user: a, nodes: all}]", &["n: lacks an extended key usage"]),
        ("nodes: [n]\nclients: [{user: node, nodes: all}]", &[]),
    ] {
        let folder = &desired(text)[0];
        let mut found = ca.fill(folder, &all);
        let node = &folder.certificates[0];
        found.certificates.insert(node.name.clone(), ca.sign(node, NOW, &profile::UI));
        assert_eq!(words(folder, &found, &all, NOW), expected, "{text}");
    }
}

#[test]
fn what_others_sign_is_asked_for() {
    let ca = Ca::new("CN=ca");
    let all = authorities([(Usage::Ca, ca.file())]);
    let context = Context { signed_by: SignedBy::Request, ..context(&all, NOW) };
    let folder = &desired("nodes: [{name: n, ocsp-url: 'http://a'}]")[0];
    let ids = |found: &Found| {
        let step = step(folder, found, &context);
        step.certificates.iter().map(|(_, action)| action.id()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&Found::default()), ["request"]);
    let key = Err(Advice::new("no key", ""));
    let waiting = Waiting { key, request: None };
    let waiting = [(folder.certificates[0].name.clone(), waiting)].into();
    assert_eq!(ids(&Found { waiting, ..Found::default() }), ["request"]);
    // Of the responder the CA decides.
    let before = &desired("nodes: [n]")[0];
    assert_eq!(ids(&ca.fill(before, &all)), ["keep"]);
    assert_eq!(step(folder, &Found::default(), &self::context(&all, NOW)).certificates[0].1.id(), "create");
    assert_eq!(step(folder, &ca.fill(before, &all), &self::context(&all, NOW)).certificates[0].1.id(), "renew");
}
