//! Fields, names and extensions, as the server parses them.

use super::*;
use crate::der::{
    BOOLEAN, IA5_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, PRINTABLE_STRING, UTF8_STRING,
};

const POINTS: &[u8] = b"\x55\x1d\x1f";
const POLICIES: &[u8] = b"\x55\x1d\x20";
const INHIBIT_ANY_POLICY: &[u8] = b"\x55\x1d\x36";

const REFUSED: &str = "refused: leaf: parse";
const OPEN: &str = "open: leaf: parse";

fn check(what: &str, user: &Make, expected: &str) {
    assert_eq!(verdict(user, &[], &[root()]), expected, "{what}");
}

#[test]
fn fields_are_as_the_standard_has_them() {
    let user = || leaf("root", 1);
    for (what, user, expected) in [
        ("version 4", Make { version: 3, extensions: Some(Vec::new()), ..user() }, REFUSED),
        ("serial 0", Make { serial: &[0], ..user() }, "ok"),
        ("serial 128", Make { serial: &[0, 0x80], ..user() }, "ok"),
        ("serial with a zero more", Make { serial: &[0, 0x7f], ..user() }, REFUSED),
        ("serial -129", Make { serial: &[0xff, 0x7f], ..user() }, OPEN),
        ("serial with ones more", Make { serial: &[0xff, 0x80], ..user() }, REFUSED),
        ("signature of 9 unused bits", Make { signature: Some(&[9, 0, 1]), ..user() }, REFUSED),
        ("signature with an unused bit set", Make { signature: Some(&[1, 1]), ..user() }, REFUSED),
        ("signature of no octets", Make { signature: Some(&[]), ..user() }, REFUSED),
        ("no seconds", user().times("2901010000Z", "310101000000Z"), OPEN),
        ("an offset", user().times("290101000000Z", "310101000000+0000"), OPEN),
        ("four digits for the year", user().times("20290101000000Z", "20310101000000Z"), "ok"),
        ("no time", user().times("290101000000Z", "311301000000Z"), REFUSED),
    ] {
        check(what, &user, expected);
    }
    let odd_bits = Make { signature: Some(&[1, 2]), ..user() };
    assert_eq!(verdict(&odd_bits, &[], &[ca("root", 2, "root", 2)]), OPEN);
}

#[test]
fn names_are_strings_that_all_servers_read_alike() {
    const TELETEX: u8 = 0x14;
    const NUMERIC: u8 = 0x12;
    const BMP: u8 = 0x1e;
    for (tag, value, expected) in [
        (PRINTABLE_STRING, &b"A z'()+,-./:=?*&9"[..], "ok"),
        (PRINTABLE_STRING, b"a@b", REFUSED),
        (UTF8_STRING, b"\xc3\xb6", "ok"),
        (UTF8_STRING, b"\xc3", REFUSED),
        (IA5_STRING, b"a@b", "ok"),
        (IA5_STRING, b"\x80", REFUSED),
        (NUMERIC, b"1 2", "ok"),
        (NUMERIC, b"1a", REFUSED),
        (TELETEX, b"a", "ok"),
        (TELETEX, b"\xe4", OPEN),
        (BMP, b"\0a\0b", "ok"),
        (BMP, b"\0a\0", REFUSED),
        (BMP, b"\0a\xd8\0", OPEN),
        (BMP, b"\xdf\xff", OPEN),
        (BMP, b"\xe0\0\xfd\xcf\xfd\xf0\xff\xfd", "ok"),
        (BMP, b"\xfd\xd0", OPEN),
        (BMP, b"\xff\xfe", OPEN),
        (INTEGER, b"\x01", OPEN),
    ] {
        let user = Make { attribute: Some(attribute(COMMON_NAME, tag, value)), ..leaf("root", 1) };
        check(&format!("{tag:x} {value:x?}"), &user, expected);
    }
    for (what, attribute) in [
        ("a malformed type", attribute(&[0x80], UTF8_STRING, b"a")),
        ("no type", tlv(UTF8_STRING, b"a")),
        ("no value", oid(COMMON_NAME)),
    ] {
        check(what, &Make { attribute: Some(attribute), ..leaf("root", 1) }, REFUSED);
    }
}

#[test]
fn extensions_that_servers_know_parse() {
    use extension::*;
    let seq = |parts: &[&[u8]]| tlv(SEQUENCE, &parts.concat());
    let bits = |contents: &[u8]| tlv(BIT_STRING, contents);
    let length = |length: &[u8]| seq(&[&tlv(BOOLEAN, &[0xff]), &tlv(INTEGER, length)]);
    let name = |tag, contents: &[u8]| seq(&[&tlv(tag, contents)]);
    let policy = |oid: &[u8]| seq(&[&tlv(OBJECT_IDENTIFIER, oid)]);
    let access = |method: &[u8]| seq(&[&seq(&[&oid(method), &tlv(0x86, b"a:b")])]);
    let point = |name: Vec<u8>| seq(&[&seq(&[&tlv(0xa0, &name)])]);
    let mapped = [&[0; 10][..], &[0xff, 0xff, 10, 0, 0, 1]].concat();
    for (what, of, value, expected) in [
        ("key usage", KEY_USAGE, bits(&[5, 0xa0]), "ok"),
        ("no key usage", KEY_USAGE, bits(&[0]), "ok"),
        ("key usage, an unused bit set", KEY_USAGE, bits(&[6, 0xa0]), REFUSED),
        ("key usage, unused bits of nothing", KEY_USAGE, bits(&[1]), REFUSED),
        ("key usage, 8 unused bits", KEY_USAGE, bits(&[8, 0]), REFUSED),
        ("key usage of another type", KEY_USAGE, tlv(INTEGER, &[0]), REFUSED),
        ("a boolean of 1", BASIC_CONSTRAINTS, name(BOOLEAN, &[1]), REFUSED),
        ("a boolean of two octets", BASIC_CONSTRAINTS, name(BOOLEAN, &[0, 0]), REFUSED),
        ("a path length", BASIC_CONSTRAINTS, length(&[3]), "ok"),
        ("a path length with a zero more", BASIC_CONSTRAINTS, length(&[0, 3]), REFUSED),
        ("a path length below 0", BASIC_CONSTRAINTS, length(&[0xff]), OPEN),
        (
            "a path length of 2^63 - 1",
            BASIC_CONSTRAINTS,
            length(&[0x7f, 255, 255, 255, 255, 255, 255, 255]),
            "ok",
        ),
        ("a path length of 2^63", BASIC_CONSTRAINTS, length(&[0, 0x80, 0, 0, 0, 0, 0, 0, 0]), REFUSED),
        ("a mail address", SUBJECT_ALT_NAME, name(0x81, b"a@b.org"), "ok"),
        ("a mail address not in ASCII", SUBJECT_ALT_NAME, name(0x81, b"\xc3\xb6@b.org"), REFUSED),
        ("a URI", SUBJECT_ALT_NAME, name(0x86, b"a://b"), "ok"),
        ("a URI not in ASCII", SUBJECT_ALT_NAME, name(0x86, b"a://\xc3\xb6"), REFUSED),
        ("a URI that is none", SUBJECT_ALT_NAME, name(0x86, b":a"), REFUSED),
        ("a URI that servers differ about", SUBJECT_ALT_NAME, name(0x86, b"a://b@c"), OPEN),
        ("an address", SUBJECT_ALT_NAME, name(0x87, &[10, 0, 0, 1]), "ok"),
        ("an address of 5 octets", SUBJECT_ALT_NAME, name(0x87, &[10, 0, 0, 1, 2]), REFUSED),
        ("an address of IPv6", SUBJECT_ALT_NAME, name(0x87, &[1; 16]), "ok"),
        ("an address of IPv4 as one of IPv6", SUBJECT_ALT_NAME, name(0x87, &mapped), OPEN),
        ("a name of another kind", SUBJECT_ALT_NAME, name(0x88, b"\xff"), "ok"),
        ("an identifier", SUBJECT_KEY_IDENTIFIER, tlv(OCTET_STRING, &[7]), "ok"),
        ("an identifier of another type", SUBJECT_KEY_IDENTIFIER, tlv(INTEGER, &[7]), REFUSED),
        ("an issuer's identifier", AUTHORITY_KEY_IDENTIFIER, name(0x80, &[7]), "ok"),
        ("an issuer's identifier cut off", AUTHORITY_KEY_IDENTIFIER, tlv(SEQUENCE, &[0x80, 2, 7]), REFUSED),
        ("an access", AUTHORITY_INFO_ACCESS, access(PRIVATE), "ok"),
        ("an access without a method", AUTHORITY_INFO_ACCESS, access(&[]), REFUSED),
        ("a point", POINTS, point(tlv(0xa0, &tlv(0x86, b"a:b"))), "ok"),
        ("a point without a name", POINTS, seq(&[&seq(&[])]), "ok"),
        ("a point with a relative name", POINTS, point(tlv(0xa1, b"")), REFUSED),
        ("policies", POLICIES, seq(&[&policy(PRIVATE), &policy(CLIENT)]), "ok"),
        ("a policy twice", POLICIES, seq(&[&policy(PRIVATE), &policy(CLIENT), &policy(PRIVATE)]), OPEN),
        ("a policy without an identifier", POLICIES, seq(&[&policy(b"")]), REFUSED),
        ("a policy cut off", POLICIES, seq(&[&policy(b"\x2a\x80")]), REFUSED),
        ("a policy that is large", POLICIES, seq(&[&policy(b"\x2a\x9f\xff\xff\xff\xff\x7f")]), OPEN),
        ("a restriction of policies", INHIBIT_ANY_POLICY, tlv(INTEGER, &[0]), "open: leaf: policies"),
    ] {
        check(what, &leaf("root", 1).with(extension(of, false, &value)), expected);
    }
    let malformed = tlv(SEQUENCE, &tlv(OBJECT_IDENTIFIER, &[0x80]));
    check(
        "a malformed purpose",
        &leaf("root", 1).only(extension(EXTENDED_KEY_USAGE, false, &malformed)),
        REFUSED,
    );
    check("a malformed extension", &leaf("root", 1).with(extension(&[0x80], false, b"")), REFUSED);
}

#[test]
fn what_is_critical_is_understood_in_full() {
    use extension::*;
    let refused = "refused: leaf: critical-extension";
    let names = |tag, contents: &[u8]| tlv(SEQUENCE, &tlv(tag, contents));
    let point = tlv(SEQUENCE, &tlv(SEQUENCE, &[]));
    for (what, of, value, expected) in [
        ("a mail address", SUBJECT_ALT_NAME, names(0x81, b"a@b.org"), "ok"),
        ("a DNS name", SUBJECT_ALT_NAME, names(0x82, b"a.org"), "ok"),
        ("a URI", SUBJECT_ALT_NAME, names(0x86, b"a://b"), "ok"),
        ("an address", SUBJECT_ALT_NAME, names(0x87, &[10, 0, 0, 1]), "ok"),
        ("a name of another kind", SUBJECT_ALT_NAME, names(0x88, PRIVATE), refused),
        ("no name", SUBJECT_ALT_NAME, tlv(SEQUENCE, b""), refused),
        ("key usage", KEY_USAGE, tlv(BIT_STRING, &[5, 0xa0]), "ok"),
        ("basic constraints", BASIC_CONSTRAINTS, tlv(SEQUENCE, b""), "ok"),
        ("a point", POINTS, point, "ok"),
        ("no policies", POLICIES, tlv(SEQUENCE, b""), "ok"),
        ("a restriction of policies", INHIBIT_ANY_POLICY, tlv(INTEGER, &[0]), "open: leaf: policies"),
        ("an identifier", SUBJECT_KEY_IDENTIFIER, tlv(OCTET_STRING, &[7]), OPEN),
        ("an issuer's identifier", AUTHORITY_KEY_IDENTIFIER, names(0x80, &[7]), OPEN),
        ("an access", AUTHORITY_INFO_ACCESS, tlv(SEQUENCE, b""), OPEN),
    ] {
        check(what, &leaf("root", 1).with(extension(of, true, &value)), expected);
    }
}
