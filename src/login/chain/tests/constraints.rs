//! Name constraints: which names a CA may vouch for.

use super::*;
use crate::der::INTEGER;

const MAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const IP: u8 = 0x87;
/// A registered identifier.
const OTHER: u8 = 0x88;

const OK: &str = "ok";
const REFUSED: &str = "refused: trusted 1: name-constraints";
const OPEN: &str = "open: trusted 1: name-constraints";
const MALFORMED: &str = "refused: trusted 1: parse";

fn subtrees(tag: u8, kind: u8, values: &[&[u8]]) -> Vec<u8> {
    let all = values.iter().flat_map(|value| tlv(SEQUENCE, &tlv(kind, value)));
    tlv(tag, &all.collect::<Vec<_>>())
}

fn permitted(kind: u8, values: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &subtrees(0xa0, kind, values))
}

fn excluded(kind: u8, values: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &subtrees(0xa1, kind, values))
}

/// What comes of a name below a CA with such constraints.
fn below(constraints: &[u8], kind: u8, name: &[u8]) -> String {
    let ca = root().with(extension(extension::NAME_CONSTRAINTS, true, constraints));
    let names = extension(extension::SUBJECT_ALT_NAME, false, &tlv(SEQUENCE, &tlv(kind, name)));
    verdict(&leaf("root", 1).with(names), &[], &[ca])
}

#[test]
fn names_are_compared_with_constraints_of_their_kind() {
    let text = |kind, constraint: &'static str, name: &'static str, match_: bool| {
        (kind, constraint.as_bytes(), name.as_bytes(), match_)
    };
    let net = |network: &'static [u8], address: &'static [u8], match_| (IP, network, address, match_);
    for (kind, constraint, name, matched) in [
        text(DNS, "a.org", "a.org", true),
        text(DNS, "A.org", "b.a.ORG", true),
        text(DNS, "a.org", "ba.org", false),
        text(DNS, "a.org", "org", false),
        text(DNS, ".a.org", "a.org", false),
        text(DNS, ".a.org", "b.a.org", true),
        text(DNS, "", "a.org", true),
        text(MAIL, "a@b.org", "a@B.org", true),
        text(MAIL, "a@b.org", "A@b.org", false),
        text(MAIL, "a@b.org", "a@c.org", false),
        text(MAIL, "b.org", "a@b.org", true),
        text(MAIL, "b.org", "a@c.org", false),
        text(MAIL, ".b.org", "a@c.b.org", true),
        text(URI, "a.org", "x://a.org/y", true),
        text(URI, "a.org", "x://b.a.org:80/y", true),
        text(URI, "a.org", "x://b.org/a.org", false),
        net(&[10, 0, 0, 0, 255, 0, 0, 0], &[10, 1, 2, 3], true),
        net(&[10, 0, 0, 0, 255, 0, 0, 0], &[11, 0, 0, 0], false),
        net(&[10, 32, 0, 0, 255, 224, 0, 0], &[10, 63, 2, 3], true),
        net(&[10, 32, 0, 0, 255, 224, 0, 0], &[10, 64, 2, 3], false),
        net(&[0; 8], &[10, 0, 0, 1], true),
        net(&[0; 8], &[1; 16], false),
        net(&[0; 32], &[1; 16], true),
        net(&[0; 32], &[10, 0, 0, 1], false),
    ] {
        let shown = format!("{:?} {:?}", String::from_utf8_lossy(constraint), String::from_utf8_lossy(name));
        let (within, without) = if matched { (OK, REFUSED) } else { (REFUSED, OK) };
        assert_eq!(below(&permitted(kind, &[constraint]), kind, name), within, "permitted {shown}");
        assert_eq!(below(&excluded(kind, &[constraint]), kind, name), without, "excluded {shown}");
    }
}

#[test]
fn one_match_permits_and_one_excludes() {
    let both = [subtrees(0xa0, DNS, &[b"org"]), subtrees(0xa1, DNS, &[b"a.org"])].concat();
    let both = tlv(SEQUENCE, &both);
    for (constraints, kind, name, expected) in [
        (&both, DNS, &b"b.org"[..], OK),
        (&both, DNS, b"a.org", REFUSED),
        (&both, DNS, b"a.com", REFUSED),
        (&both, MAIL, b"a@a.org", OK),
        (&both, OTHER, PRIVATE, OK),
        (&permitted(DNS, &[b"com", b"org"]), DNS, b"b.org", OK),
        (&permitted(DNS, &[b"org", b"com"]), DNS, b"b.org", OK),
        (&excluded(DNS, &[b"org", b"com"]), DNS, b"b.org", REFUSED),
        (&excluded(DNS, &[b"org", b"com"]), DNS, b"b.net", OK),
        // Servers differ about what a wildcard stands for, where something is excluded.
        (&permitted(DNS, &[b"org"]), DNS, b"*.org", OK),
        (&excluded(DNS, &[b"com"]), DNS, b"*.org", OPEN),
        // And about constraints that are no DNS names.
        (&permitted(DNS, &[b"a!.org"]), DNS, b"b.org", OPEN),
        (&excluded(DNS, &[b"a!.org"]), DNS, b"b.org", OPEN),
    ] {
        assert_eq!(below(constraints, kind, name), expected, "{name:?} below {constraints:x?}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused_or_open() {
    let (dns, mail, uri) = (permitted(DNS, &[b""]), permitted(MAIL, &[b"a.org"]), permitted(URI, &[b"a.org"]));
    for (constraints, kind, name, expected) in [
        (&dns, DNS, &b"a b.org"[..], REFUSED),
        (&dns, DNS, b"a.org.", REFUSED),
        (&mail, DNS, b"a.org.", REFUSED),
        (&dns, DNS, b".", OPEN),
        (&dns, DNS, b"a..org", OPEN),
        (&dns, DNS, b"a!.org", OPEN),
        (&dns, DNS, b"a_b-c.org", OK),
        (&mail, MAIL, b"a.b+c@a.org", OK),
        (&mail, MAIL, b"a", OPEN),
        (&mail, MAIL, b"a..b@a.org", OPEN),
        (&mail, MAIL, b"\"a b\"@a.org", OPEN),
        (&mail, MAIL, b"a@a..org", OPEN),
        (&uri, URI, b"urn:a", REFUSED),
        (&uri, URI, b"x://10.0.0.1/", REFUSED),
        (&uri, URI, b"x://10.0.0.1:80/", REFUSED),
        // Where nothing is said about URIs, that does not matter to all servers.
        (&mail, URI, b"urn:a", OPEN),
        (&mail, URI, b"x://a.com", OK),
        (&mail, IP, &[10, 0, 0, 1], OK),
    ] {
        let shown = String::from_utf8_lossy(name);
        assert_eq!(below(constraints, kind, name), expected, "{shown:?} below {constraints:x?}");
    }
}

#[test]
fn constraints_parse_as_servers_parse_them() {
    let net = |mask: [u8; 4]| permitted(IP, &[&[&[10, 0, 0, 0], &mask[..]].concat()]);
    let mapped = [&[0; 10][..], &[0xff; 2], &[0; 4], &[0; 16]].concat();
    let mail = (MAIL, &b"a@b.org"[..]);
    let mine = (DNS, &b"a.org"[..]);
    for (what, constraints, (kind, name), expected) in [
        ("none", tlv(SEQUENCE, &[]), mine, MALFORMED),
        ("more", [permitted(DNS, &[b"org"]), vec![0]].concat(), mine, MALFORMED),
        ("more fields", tlv(SEQUENCE, &[permitted(DNS, &[b"org"]), vec![5, 0]].concat()), mine, MALFORMED),
        ("no sequence", tlv(SEQUENCE, &tlv(0xa0, &tlv(INTEGER, &[1]))), mine, MALFORMED),
        ("not ASCII", permitted(DNS, &[b"\xc3\xb6"]), mail, MALFORMED),
        ("mail not ASCII", permitted(MAIL, &[b"\xc3\xb6"]), mine, MALFORMED),
        ("URI not ASCII", permitted(URI, &[b"\xc3\xb6"]), mine, MALFORMED),
        ("a space", permitted(DNS, &[b"a b"]), mail, MALFORMED),
        ("a dot at the end", permitted(DNS, &[b"org."]), mail, MALFORMED),
        ("a dot", permitted(DNS, &[b"."]), mail, OPEN),
        ("an odd character", permitted(DNS, &[b"a!b"]), mail, OPEN),
        ("an odd character of that kind", permitted(DNS, &[b"a!b"]), mine, OPEN),
        ("a mailbox", permitted(MAIL, &[b"a@b.org"]), mine, OK),
        ("a domain with a space for mail", permitted(MAIL, &[b"a b"]), mine, MALFORMED),
        ("a mailbox with a space for names", permitted(DNS, &[b"a b@c.org"]), mail, MALFORMED),
        ("a mailbox with a space", permitted(MAIL, &[b"a b@c.org"]), mine, OPEN),
        ("an address as a URI's host", permitted(URI, &[b"10.0.0.1"]), mine, MALFORMED),
        ("an address as a domain", permitted(DNS, &[b"10.0.0.1"]), mail, OK),
        ("a network of 5 octets", permitted(IP, &[&[10; 5]]), mine, MALFORMED),
        ("a network", net([255, 128, 0, 0]), mine, OK),
        ("a whole network", net([255; 4]), mine, OK),
        ("a mask with a gap", net([255, 0, 255, 0]), mine, MALFORMED),
        ("a mask with a gap in an octet", net([255, 0xa0, 0, 0]), mine, MALFORMED),
        ("a mask that goes on", net([0xfe, 0x80, 0, 0]), mine, MALFORMED),
        ("IPv4 as IPv6", permitted(IP, &[&mapped]), mine, OPEN),
        ("another kind", permitted(OTHER, &[PRIVATE]), mine, "refused: trusted 1: critical-extension"),
    ] {
        assert_eq!(below(&constraints, kind, name), expected, "{what}");
    }
}

#[test]
fn comparisons_have_an_end() {
    let constraints = |count: usize| {
        let all = vec![&b"a@b.org"[..]; count];
        root().with(extension(extension::NAME_CONSTRAINTS, true, &excluded(MAIL, &all)))
    };
    let names: Vec<_> = tlv(DNS, b"a.org").repeat(500);
    let user = leaf("root", 1).with(extension(extension::SUBJECT_ALT_NAME, false, &tlv(SEQUENCE, &names)));
    assert_eq!(verdict(&user, &[], &[constraints(500)]), "ok");
    assert_eq!(verdict(&user, &[], &[constraints(501)]), "open: trusted 1: limit");
}
