//! Certificates that an operator asks for less often: other names, other lifetimes, keys of different kinds,
//! many of them.

use std::collections::BTreeSet;

use crate::expected::{self, Leaf, bits};
use crate::fields::read;
use crate::peers::{Peer, READERS};
use crate::sandbox::Sandbox;
use crate::sets::{Key, now};

const CLUSTER: &str = "certs";

/// A sandbox with a CA that has a key of this kind.
fn cluster(key: Key) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.create(CLUSTER, &[&["create-ca"], key.flags()].concat());
    sandbox
}

#[test]
fn the_signature_goes_with_the_key_of_the_ca_and_the_usage_with_the_key_of_the_certificate() {
    for (signer, key) in [(Key::P384, Key::Rsa2048), (Key::Rsa2048, Key::P256), (Key::P521, Key::P384)] {
        let start = now();
        let sandbox = cluster(signer);
        let create = ["create-node", "localhost"];
        sandbox.create(CLUSTER, &[create.as_slice(), key.flags()].concat());
        let made = start..=now();
        let files = ["certs/ca.crt".to_owned(), "certs/node.crt".to_owned()];
        let read = read(&sandbox, Peer::Go, &files);
        let (ca, node) = (&read[&files[0]], &read[&files[1]]);
        let expected = Leaf {
            signer,
            key,
            unit: None,
            common_name: "PrintableString node",
            alternative_names: Some("DNS:localhost"),
            purposes: expected::NODE,
        };
        assert_eq!(node.0, expected.text(&made, node, ca));
        sandbox.tell(Peer::Openssl, ["verify", "-x509_strict", "-CAfile", "certs/ca.crt", "certs/node.crt"]);
    }
}

#[test]
fn a_name_is_a_printable_string_where_it_fits_and_utf8_where_not() {
    let start = now();
    let sandbox = cluster(Key::P256);
    let longest = "é".repeat(31);
    let longest_utf8 = format!("UTF8String {longest}");
    let users = [
        ("root", "PrintableString root"),
        ("a-b.c", "PrintableString a-b.c"),
        ("max_roach", "UTF8String max_roach"),
        ("Ren\u{c9}", "UTF8String ren\u{e9}"),
        // Decomposed on the command line, composed in the certificate.
        ("rose\u{301}", "UTF8String ros\u{e9}"),
        (",foo", "PrintableString ,foo"),
        ("a@b.c", "UTF8String a@b.c"),
        ("a b", "PrintableString a b"),
        (&longest, &longest_utf8),
    ];
    for (user, _) in users {
        let create = ["create-client", user, "--disable-username-validation", "--key-algorithm=ecdsa"];
        sandbox.create(CLUSTER, &create);
    }
    let made = start..=now();
    let file = |name: &str| {
        let (_, user) = name.split_once(' ').expect("a type and a value");
        format!("certs/client.{user}.crt")
    };
    let mut files = vec!["certs/ca.crt".to_owned()];
    files.extend(users.iter().map(|(_, name)| file(name)));
    for peer in READERS {
        let read = read(&sandbox, peer, &files);
        for (_, common_name) in users {
            let client = &read[&file(common_name)];
            let expected = Leaf {
                signer: Key::P256,
                key: Key::P256,
                unit: None,
                common_name,
                alternative_names: None,
                purposes: expected::CLIENT,
            };
            let expected = expected.text(&made, client, &read["certs/ca.crt"]);
            assert_eq!(client.0, expected, "{peer:?}");
        }
    }
}

#[test]
fn the_user_of_a_node_can_be_another() {
    let sandbox = cluster(Key::P256);
    let create = ["create-node", "localhost", "--key-algorithm=ecdsa", "--ca-key=certs.ca.key"];
    sandbox.create_in(&[("COCKROACH_CERT_NODE_USER", "other_node")], CLUSTER, &create);
    let file = "certs/node.crt".to_owned();
    let read = read(&sandbox, Peer::Python, std::slice::from_ref(&file));
    let subject: Vec<_> = read[&file].values("subject").collect();
    assert_eq!(subject, ["2.5.4.10 PrintableString Cockroach", "2.5.4.3 UTF8String other_node"]);
}

#[test]
fn a_scope_names_the_user_as_a_uri_can_and_comes_in_the_order_of_ids_then_names() {
    let sandbox = cluster(Key::P256);
    let create = [
        "create-client",
        "é",
        "--tenant-name-scope=b,a",
        "--tenant-scope=10",
        "--tenant-scope=2",
        "--key-algorithm=ecdsa",
    ];
    sandbox.create(CLUSTER, &create);
    let file = "certs/client.é.crt".to_owned();
    for peer in READERS {
        let read = read(&sandbox, peer, std::slice::from_ref(&file));
        let names = read[&file].values("extension").find_map(|line| line.strip_prefix("2.5.29.17 "));
        let expected = "non-critical URI:crdb://tenant/10/user/%C3%A9, URI:crdb://tenant/2/user/%C3%A9, \
                        URI:crdb://tenant-name/b/user/%C3%A9, URI:crdb://tenant-name/a/user/%C3%A9";
        assert_eq!(names, Some(expected), "{peer:?}");
    }
}

#[test]
fn a_subject_of_the_operators_own_is_read_by_everyone_as_it_was_written() {
    let sandbox = Sandbox::new();
    let ecdsa = "--key-algorithm=ecdsa";
    sandbox.create(CLUSTER, &["create-ca", "--subject=DC=com,DC=example,CN=Example CA", ecdsa]);
    let subject = "--subject=C=DE,O=Büro,OU=movr-prod+UID=root,CN=a@b";
    sandbox.create(CLUSTER, &["create-client", "root", subject, ecdsa]);
    let files = ["certs/ca.crt", "certs/client.root.crt"].map(str::to_owned);
    for peer in READERS {
        let read = read(&sandbox, peer, &files);
        let (ca, client) = (&read[&files[0]], &read[&files[1]]);
        let authority = [
            "0.9.2342.19200300.100.1.25 IA5String com",
            "0.9.2342.19200300.100.1.25 IA5String example",
            "2.5.4.3 PrintableString Example CA",
        ];
        for (fields, field) in [(ca, "issuer"), (ca, "subject"), (client, "issuer")] {
            assert_eq!(fields.values(field).collect::<Vec<_>>(), authority, "{peer:?}: {field}");
        }
        assert_eq!(client.value("issuerBytes"), ca.value("subjectBytes"), "{peer:?}");
        assert_eq!(
            client.values("subject").collect::<Vec<_>>(),
            [
                "2.5.4.6 PrintableString DE",
                "2.5.4.10 UTF8String Büro",
                "2.5.4.11 PrintableString movr-prod + 0.9.2342.19200300.100.1.1 PrintableString root",
                "2.5.4.3 UTF8String a@b",
            ],
            "{peer:?}"
        );
        let verdict = sandbox.tell(peer, ["verify", "client", "", &files[0], &files[1]]);
        assert_eq!(verdict, "accepted\n", "{peer:?}");
    }
}

/// The ASN.1 types of notBefore and notAfter.
fn types_of_times(sandbox: &Sandbox, file: &str) -> Vec<String> {
    let text = sandbox.tell(Peer::Openssl, ["asn1parse", "-in", file]);
    let types = text.lines().filter_map(|line| {
        let (_, kind) = line.split_once("prim: ")?;
        let kind = kind.split_whitespace().next()?;
        kind.ends_with("TIME").then(|| kind.to_owned())
    });
    types.collect()
}

#[test]
fn a_time_after_2049_is_a_generalized_time() {
    let start = now();
    let sandbox = Sandbox::new();
    let century = ["create-ca", "--lifetime=876000h", "--key-algorithm=ecdsa"];
    sandbox.create(CLUSTER, &century);
    let decade = ["create-client", "root", "--key-algorithm=ecdsa"];
    sandbox.create(CLUSTER, &decade);
    let end = now();
    let utc = "UTCTIME";
    assert_eq!(types_of_times(&sandbox, "certs/ca.crt"), [utc, "GENERALIZEDTIME"]);
    assert_eq!(types_of_times(&sandbox, "certs/client.root.crt"), [utc, utc]);
    let files = ["certs/ca.crt".to_owned()];
    for peer in READERS {
        let ca = &read(&sandbox, peer, &files)[&files[0]];
        let not_after = ca.number("notAfter") - 876_000 * 3600;
        assert!((start..=end).contains(&not_after), "{peer:?}: {not_after}");
    }
    let chain = ["verify", "-x509_strict", "-CAfile", "certs/ca.crt", "certs/client.root.crt"];
    sandbox.tell(Peer::Openssl, chain);
}

#[test]
fn fifty_serial_numbers_are_random_and_all_different() {
    let sandbox = cluster(Key::P256);
    let mut files = vec!["certs/ca.crt".to_owned()];
    for user in 0..50 {
        let name = format!("u{user}");
        sandbox.create(CLUSTER, &["create-client", &name, "--key-algorithm=ecdsa"]);
        files.push(format!("certs/client.{name}.crt"));
    }
    let read = read(&sandbox, Peer::Python, &files);
    let serials: BTreeSet<_> = read.values().map(|fields| fields.value("serial")).collect();
    assert_eq!(serials.len(), 51);
    for serial in &serials {
        // 127 or 128 bits are 16 or 17 octets, of the 20 that RFC 5280 allows.
        assert!((127..=128).contains(&bits(serial)), "{serial}");
    }
    // The first byte alone tells a counter or a clock from random bits: 51 of them fall on about 42 of 128
    // values.
    let first: BTreeSet<_> = serials.iter().map(|serial| &serial[..2]).collect();
    assert!(first.len() > 10, "{serials:?}");
}
