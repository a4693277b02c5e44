//! Keys and signature algorithms.

use super::*;
use crate::certificate::algorithm::ED25519;
use crate::certificate::curve::{P224, P384, P521};
use crate::der::{INTEGER, NULL};

const DSA: &[u8] = b"\x2a\x86\x48\xce\x38\x04\x01";
const X25519: &[u8] = b"\x2b\x65\x6e";
const NO_PARAMETERS: &[u8] = &[];
const NULLS: &[u8] = &[NULL, 0];

fn ml_dsa(last: u8) -> Vec<u8> {
    [b"\x60\x86\x48\x01\x65\x03\x04\x03", &[last][..]].concat()
}

fn integers(numbers: &[&[u8]]) -> Vec<u8> {
    numbers.iter().flat_map(|number| tlv(INTEGER, number)).collect()
}

/// A modulus of so many octets that begins and ends so.
fn modulus(first: u8, octets: usize, last: u8) -> Vec<u8> {
    [&[first][..], &vec![0xff; octets - 2], &[last]].concat()
}

#[test]
fn the_key_of_the_client_is_of_a_kind_that_servers_take() {
    const E: &[u8] = &[1, 0, 1];
    let usual = modulus(0x7f, 256, 0xff);
    let dsa = |numbers: &[&[u8]]| info(DSA, &tlv(SEQUENCE, &integers(numbers)), &tlv(INTEGER, &[7]));
    let dsa_key = |key: &[u8]| info(DSA, &tlv(SEQUENCE, &integers(&[&[1], &[2], &[3]])), &tlv(INTEGER, key));
    let on = |curve: &[u8], point: &[u8]| info(EC, &oid(curve), point);
    let point = |first: u8, octets: usize| modulus(first, 1 + 2 * octets, 1);
    for (what, key, expected) in [
        ("RSA", rsa(&usual, E), "ok"),
        ("RSA without NULL", info(RSA, &[], &tlv(SEQUENCE, &integers(&[&usual, E]))), "refused: leaf: parse"),
        ("modulus 0", rsa(&[0], E), "refused: leaf: parse"),
        ("modulus below 0", rsa(&modulus(0x80, 256, 1), E), "refused: leaf: parse"),
        ("modulus of no octets", rsa(&[], E), "refused: leaf: parse"),
        ("modulus with a zero more", rsa(&[&[0][..], &usual].concat(), E), "refused: leaf: parse"),
        ("exponent 0", rsa(&usual, &[0]), "refused: leaf: parse"),
        ("exponent below 0", rsa(&usual, &[0x81]), "refused: leaf: parse"),
        ("exponent with a zero more", rsa(&usual, &[0, 3]), "refused: leaf: parse"),
        ("exponent 2^63", rsa(&usual, &[0, 0x80, 0, 0, 0, 0, 0, 0, 0]), "refused: leaf: parse"),
        ("exponent 2^64", rsa(&usual, &[1, 0, 0, 0, 0, 0, 0, 0, 0]), "refused: leaf: parse"),
        (
            "exponent 2^63 - 1",
            rsa(&usual, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            "open: leaf: key",
        ),
        ("exponent 2^31 + 1", rsa(&usual, &[0, 0x80, 0, 0, 1]), "open: leaf: key"),
        ("exponent 2^31 - 1", rsa(&usual, &[0x7f, 0xff, 0xff, 0xff]), "ok"),
        ("exponent 1", rsa(&usual, &[1]), "open: leaf: key"),
        ("exponent 3", rsa(&usual, &[3]), "ok"),
        ("exponent 4", rsa(&usual, &[4]), "open: leaf: key"),
        ("an even modulus", rsa(&modulus(0x7f, 256, 0xfe), E), "open: leaf: key"),
        ("1023 bits", rsa(&modulus(0x7f, 128, 1), E), "open: leaf: key"),
        ("1024 bits", rsa(&[&[0][..], &modulus(0xff, 128, 1)].concat(), E), "ok"),
        ("P-224", on(P224, &point(4, 28)), "open: leaf: key"),
        ("P-256", on(P256, &point(4, 32)), "ok"),
        ("P-384", on(P384, &point(4, 48)), "ok"),
        ("P-521", on(P521, &point(4, 66)), "ok"),
        ("a compressed point", on(P256, &point(2, 16)), "refused: leaf: parse"),
        ("a point that begins wrong", on(P256, &point(2, 32)), "refused: leaf: parse"),
        ("a point too long", on(P256, &point(4, 33)), "refused: leaf: parse"),
        ("Ed25519", info(ED25519, NO_PARAMETERS, &[7; 32]), "ok"),
        ("Ed25519 with parameters", info(ED25519, NULLS, &[7; 32]), "refused: leaf: parse"),
        ("Ed25519 of 31 octets", info(ED25519, NO_PARAMETERS, &[7; 31]), "refused: leaf: parse"),
        // Parsed, and of no use to a client.
        ("DSA", dsa(&[&[1], &[2], &[3]]), "refused: leaf: key"),
        ("DSA of two numbers", dsa(&[&[1], &[2]]), "refused: leaf: parse"),
        ("DSA with 0", dsa(&[&[1], &[0], &[3]]), "refused: leaf: parse"),
        ("DSA below 0", dsa(&[&[1], &[2], &[0x80]]), "refused: leaf: parse"),
        ("DSA with a zero more", dsa(&[&[0, 1], &[2], &[3]]), "refused: leaf: parse"),
        ("DSA with the key 0", dsa_key(&[0]), "refused: leaf: parse"),
        ("DSA with the key 1", dsa_key(&[1]), "refused: leaf: key"),
        ("DSA without parameters", info(DSA, NULLS, &tlv(INTEGER, &[7])), "refused: leaf: parse"),
        ("X25519", info(X25519, NO_PARAMETERS, &[7; 32]), "refused: leaf: key"),
        ("X25519 with parameters", info(X25519, NULLS, &[7; 32]), "refused: leaf: parse"),
        ("X25519 of 33 octets", info(X25519, NO_PARAMETERS, &[7; 33]), "refused: leaf: parse"),
        ("Ed448", info(b"\x2b\x65\x71", NO_PARAMETERS, &[7; 57]), "refused: leaf: key"),
        ("ML-DSA-44", info(&ml_dsa(17), NO_PARAMETERS, &[7; 99]), "open: leaf: key"),
        ("ML-DSA-87", info(&ml_dsa(19), NO_PARAMETERS, &[7; 99]), "open: leaf: key"),
        ("SLH-DSA", info(&ml_dsa(20), NO_PARAMETERS, &[7; 99]), "refused: leaf: key"),
        ("no octets", tlv(SEQUENCE, &oid(RSA)), "open: leaf: parse"),
    ] {
        let user = Make { info: Some(key), ..leaf("root", 1) };
        assert_eq!(verdict(&user, &[], &[root()]), expected, "{what}");
    }
    // Only a client has to be able to sign.
    let ed448 = Make { info: Some(info(b"\x2b\x65\x71", NO_PARAMETERS, &[7; 57])), ..middle() };
    assert_eq!(verdict(&leaf("root", 1), &[ed448], &[root()]), "ok");
}

/// RSA with SHA-2, ECDSA with SHA-2, Ed25519.
const ALGORITHMS: [&[u8]; 7] = [
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d",
    ECDSA_SHA256,
    b"\x2a\x86\x48\xce\x3d\x04\x03\x03",
    b"\x2a\x86\x48\xce\x3d\x04\x03\x04",
    ED25519,
];
const PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";

fn rsa_ca(octets: usize) -> Make {
    Make { info: Some(rsa(&modulus(0x7f, octets, 1), &[1, 0, 1])), ..root() }
}

#[test]
fn a_signature_is_of_the_kind_of_its_key() {
    let with = |key| Make { info: Some(key), ..root() };
    let dsa = info(DSA, &tlv(SEQUENCE, &integers(&[&[1], &[2], &[3]])), &tlv(INTEGER, &[1]));
    let (refused, no_issuer) = ("refused: trusted 1: algorithm", "refused: leaf: issuer");
    for (ca, takes, how, otherwise) in [
        (rsa_ca(256), 0..3, "ok", refused),
        (rsa_ca(127), 0..3, "open: trusted 1: key", refused),
        (root(), 3..6, "ok", refused),
        (with(info(ED25519, NO_PARAMETERS, &[1; 32])), 6..7, "ok", refused),
        (with(dsa), 0..0, "ok", refused),
        // Keys that make no signatures are passed over.
        (with(info(X25519, NO_PARAMETERS, &[1; 32])), 0..0, "ok", no_issuer),
        (with(info(&ml_dsa(18), NO_PARAMETERS, &[1; 99])), 0..7, "open: trusted 1: key", no_issuer),
    ] {
        for (at, algorithm) in ALGORITHMS.into_iter().enumerate() {
            let user = Make { algorithm, ..leaf("root", 1) };
            let expected = if takes.contains(&at) { how } else { otherwise };
            assert_eq!(
                verdict(&user, &[], std::slice::from_ref(&ca)),
                expected,
                "{algorithm:x?} {:x?}",
                ca.info
            );
        }
    }
}

#[test]
fn parameters_of_algorithms_are_those_that_servers_know() {
    let sha2 = |last: u8| oid(&[b"\x60\x86\x48\x01\x65\x03\x04\x02", &[last][..]].concat());
    let pss = |hash: u8, nulls: [&[u8]; 2], salt: u8, trailer: &[u8]| {
        let identifier = |nulls: &[u8]| tlv(SEQUENCE, &[&sha2(hash), nulls].concat());
        let mask = [oid(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"), identifier(nulls[1])].concat();
        let salt = tlv(0xa2, &tlv(INTEGER, &[salt]));
        let fields = [tlv(0xa0, &identifier(nulls[0])), tlv(0xa1, &tlv(SEQUENCE, &mask)), salt];
        tlv(SEQUENCE, &[&fields.concat(), trailer].concat())
    };
    let (refused, nothing) = ("refused: trusted 1: algorithm", Vec::new());
    let trailer = tlv(0xa3, &tlv(INTEGER, &[1]));
    let rsa_ca = || rsa_ca(256);
    let ed25519 = || Make { info: Some(info(ED25519, NO_PARAMETERS, &[1; 32])), ..root() };
    for (what, algorithm, parameters, ca, expected) in [
        ("SHA-256", PSS, pss(1, [NULLS, NULLS], 32, &[]), rsa_ca(), "ok"),
        ("SHA-384", PSS, pss(2, [&[], NULLS], 48, &[]), rsa_ca(), "ok"),
        ("SHA-512", PSS, pss(3, [NULLS, &[]], 64, &trailer), rsa_ca(), "ok"),
        ("a short salt", PSS, pss(1, [NULLS, NULLS], 20, &[]), rsa_ca(), refused),
        ("SHA-224", PSS, pss(4, [NULLS, NULLS], 28, &[]), rsa_ca(), refused),
        ("SHA-1 by default", PSS, tlv(SEQUENCE, &[]), rsa_ca(), refused),
        ("with the key of ECDSA", PSS, pss(1, [NULLS, NULLS], 32, &[]), root(), refused),
        ("Ed25519", ED25519, nothing.clone(), ed25519(), "ok"),
        ("Ed25519 with parameters", ED25519, NULLS.to_vec(), ed25519(), refused),
        ("RSA with any", ALGORITHMS[0], tlv(INTEGER, &[7]), rsa_ca(), "ok"),
        ("no algorithm", &[0x80], nothing, rsa_ca(), "refused: leaf: parse"),
    ] {
        let user = Make { algorithm, parameters, ..leaf("root", 1) };
        assert_eq!(verdict(&user, &[], &[ca]), expected, "{what}");
    }
}

#[test]
fn refused_algorithms_have_a_name() {
    for (algorithm, named) in [
        (&b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"[..], "(SHA-1 with RSA)"),
        (b"\x2b\x65\x71", "(Ed448)"),
        (PRIVATE, "(1.2.3.4)"),
    ] {
        let user = Make { algorithm, ..leaf("root", 1) };
        let Outcome::Refused(objections) = outcome(&user, &[], &[root()]) else { panic!("{named} is taken") };
        assert!(objections[0].why.ends_with(named), "{named}: {}", objections[0].why);
    }
}
