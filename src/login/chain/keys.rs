//! Keys and signature algorithms (`parsePublicKey`, `checkSignature`, `getSignatureAlgorithmFromAI`).

use super::{Finding, Rule};
use crate::certificate::{Certificate, KeyKind, PublicKey, curve};
use crate::der::{self, INTEGER, NULL, OBJECT_IDENTIFIER, Reader, SEQUENCE, tlv};

/// The largest RSA key that a client may send, in bits.
const LARGEST_RSA: usize = 8192;
/// Smaller ones Go refuses from 1.24 on.
const SMALLEST_RSA: usize = 1024;

/// Object identifiers of keys that Go parses and does not verify with, as encoded.
const DSA: &[u8] = b"\x2a\x86\x48\xce\x38\x04\x01";
const X25519: &[u8] = b"\x2b\x65\x6e";
/// The beginning of id-ml-dsa-44, -65 and -87 (Go 1.27).
const ML_DSA: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x03";

/// Object identifiers of curves, and the length of a coordinate in octets.
const CURVES: [(&[u8], usize); 4] =
    [(curve::P224, 28), (curve::P256, 32), (curve::P384, 48), (curve::P521, 66)];

fn parse(why: impl Into<String>) -> Vec<Finding> {
    vec![Finding::refusal(Rule::Parse, why)]
}

fn is_ml_dsa(algorithm: &[u8]) -> bool {
    algorithm.strip_prefix(ML_DSA).is_some_and(|last| matches!(last, [17..=19]))
}

/// What Go says of the key as it parses the certificate.
pub(super) fn parsed(certificate: &Certificate) -> Vec<Finding> {
    let Some(key) = certificate.public_key() else {
        return vec![Finding::doubt(Rule::Parse, "its public key is not what its algorithm says")];
    };
    match key.kind {
        KeyKind::Rsa { .. } if key.parameters != [NULL, 0] => parse("x509: RSA key missing NULL parameters"),
        KeyKind::Rsa { modulus, exponent } => rsa(modulus, exponent),
        KeyKind::Ec(curve) => ec(curve, key.key),
        KeyKind::Ed25519 if !key.parameters.is_empty() => {
            parse("x509: Ed25519 key encoded with illegal parameters")
        }
        KeyKind::Ed25519 if key.key.len() != 32 => parse("x509: wrong Ed25519 public key size"),
        KeyKind::Other if key.algorithm == DSA && !is_dsa(&key) => parse("x509: invalid DSA parameters"),
        KeyKind::Other if key.algorithm == X25519 && (!key.parameters.is_empty() || key.key.len() != 32) => {
            parse("x509: X25519 key encoded with illegal parameters")
        }
        KeyKind::Other if is_ml_dsa(key.algorithm) => {
            vec![Finding::doubt(
                Rule::Key,
                "an ML-DSA key, which servers built with Go before 1.27 do not know",
            )]
        }
        KeyKind::Ed25519 | KeyKind::Other => Vec::new(),
    }
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<Finding> {
    let positive = |number: &[u8]| is_integer(number) && number[0] < 0x80 && number != [0];
    if !positive(modulus) {
        return parse("x509: RSA modulus is not a positive number");
    }
    if !positive(exponent) || der::unsigned(exponent).is_none_or(|value| value > i64::MAX as u64) {
        return parse("x509: invalid RSA public exponent");
    }
    Vec::new()
}

fn ec(curve: &[u8], point: &[u8]) -> Vec<Finding> {
    let Some((_, octets)) = CURVES.iter().find(|(known, _)| *known == curve) else {
        return parse("x509: unsupported elliptic curve");
    };
    if point.len() != 1 + 2 * octets || point[0] != 4 {
        return parse("x509: failed to unmarshal elliptic curve point");
    }
    Vec::new()
}

/// DSA parameters have to be there and positive.
fn is_dsa(key: &PublicKey<'_>) -> bool {
    let positive = |reader: &mut Reader<'_>| {
        let number = reader.expect(INTEGER).ok().map(|number| number.contents);
        number.is_some_and(|number| is_integer(number) && number[0] < 0x80 && number != [0])
    };
    let Ok(parameters) = der::first(key.parameters, SEQUENCE) else { return false };
    let mut parameters = parameters.parts();
    (0..3).all(|_| positive(&mut parameters)) && positive(&mut Reader::new(key.key))
}

/// Is it an INTEGER in the shortest form?
pub(super) fn is_integer(contents: &[u8]) -> bool {
    match contents {
        [] => false,
        [0, second, ..] => *second >= 0x80,
        [0xff, second, ..] => *second < 0x80,
        _ => true,
    }
}

/// RSA keys in what a client sends: all of it counts, used or not.
pub(super) fn too_large(certificate: &Certificate) -> Option<Finding> {
    let bits = certificate.public_key()?.rsa_bits()?;
    let why = format!("its RSA key has {bits} bits, more than {LARGEST_RSA}");
    (bits > LARGEST_RSA).then(|| Finding::refusal(Rule::Key, why))
}

/// Can the client sign with its key, and the server check that?
pub(super) fn of_client(certificate: &Certificate) -> Vec<Finding> {
    let Some(key) = certificate.public_key() else { return Vec::new() };
    match key.kind {
        KeyKind::Other if is_ml_dsa(key.algorithm) => Vec::new(),
        KeyKind::Other => {
            vec![Finding::refusal(Rule::Key, "its key is of a kind that servers do not take from clients")]
        }
        KeyKind::Ec(curve::P224) => {
            vec![Finding::doubt(Rule::Key, "its key is on the curve P-224, which works with TLS 1.2 only")]
        }
        _ => doubtful(&key).into_iter().collect(),
    }
}

/// An RSA key that not every server works with.
fn doubtful(key: &PublicKey<'_>) -> Option<Finding> {
    let KeyKind::Rsa { modulus, exponent } = key.kind else { return None };
    let bits = key.rsa_bits().filter(|bits| *bits < SMALLEST_RSA);
    if let Some(bits) = bits {
        let why = format!("its RSA key has {bits} bits, less than {SMALLEST_RSA}: newer servers refuse it");
        return Some(Finding::doubt(Rule::Key, why));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let usual = der::unsigned(exponent).is_some_and(|value| (3..=i32::MAX as u64).contains(&value));
    let sound = odd(modulus) && odd(exponent) && usual;
    (!sound)
        .then(|| Finding::doubt(Rule::Key, "its RSA key has a modulus or exponent that not all servers take"))
}

/// Can Go verify signatures with its key?
pub(super) fn is_usable(issuer: &Certificate) -> bool {
    issuer
        .public_key()
        .is_none_or(|key| key.kind != KeyKind::Other || key.algorithm == DSA || is_ml_dsa(key.algorithm))
}

/// The kinds of key that make signatures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Rsa,
    Ecdsa,
    Ed25519,
}

/// Object identifiers of signature algorithms that Go checks, as encoded.
const ALGORITHMS: [(&[u8], Scheme); 8] = [
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", Scheme::Rsa),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", Scheme::Rsa),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", Scheme::Rsa),
    (PSS, Scheme::Rsa),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", Scheme::Ecdsa),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x03", Scheme::Ecdsa),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x04", Scheme::Ecdsa),
    (ED25519, Scheme::Ed25519),
];
const PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const ED25519: &[u8] = b"\x2b\x65\x70";

/// Object identifiers of algorithms that people meet, and what they are called.
const REFUSED: [(&[u8], &str); 10] = [
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "MD5 with RSA"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "SHA-1 with RSA"),
    (b"\x2b\x0e\x03\x02\x1d", "SHA-1 with RSA"),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", "SHA-224 with RSA"),
    (b"\x2a\x86\x48\xce\x3d\x04\x01", "SHA-1 with ECDSA"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x01", "SHA-224 with ECDSA"),
    (b"\x2a\x86\x48\xce\x38\x04\x03", "SHA-1 with DSA"),
    (b"\x60\x86\x48\x01\x65\x03\x04\x03\x01", "SHA-224 with DSA"),
    (b"\x60\x86\x48\x01\x65\x03\x04\x03\x02", "SHA-256 with DSA"),
    (b"\x2b\x65\x71", "Ed448"),
];

/// Would Go check this signature at all?
pub(super) fn signature(child: &Certificate, issuer: &Certificate) -> Vec<Finding> {
    let refuse = |why: String| vec![Finding::refusal(Rule::Algorithm, why)];
    let Some((oid, parameters)) = algorithm(child) else { return refuse("malformed algorithm".into()) };
    let Some(key) = issuer.public_key() else { return Vec::new() };
    if is_ml_dsa(oid) || is_ml_dsa(key.algorithm) {
        return Vec::new();
    }
    let known = ALGORITHMS.iter().find(|(known, _)| *known == oid).map(|(_, scheme)| *scheme);
    let sound = match oid {
        ED25519 => parameters.is_empty(),
        PSS => is_pss(parameters),
        _ => true,
    };
    let Some(scheme) = known.filter(|_| sound) else {
        let name = REFUSED.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name);
        let name = name.map_or_else(|| der::object_identifier(oid).unwrap_or_default(), str::to_owned);
        return refuse(format!(
            "the certificate below it is signed with an algorithm that servers refuse ({name})"
        ));
    };
    let matches = match key.kind {
        KeyKind::Rsa { .. } => scheme == Scheme::Rsa,
        KeyKind::Ec(_) => scheme == Scheme::Ecdsa,
        KeyKind::Ed25519 => scheme == Scheme::Ed25519,
        KeyKind::Other => false,
    };
    if !matches {
        return refuse("its key cannot have made the signature of the certificate below it".into());
    }
    doubtful(&key).into_iter().collect()
}

/// The object identifier of an AlgorithmIdentifier, as encoded, and the parameters in DER.
fn algorithm(certificate: &Certificate) -> Option<(&[u8], &[u8])> {
    let mut fields = der::first(certificate.signature_algorithm(), SEQUENCE).ok()?.parts();
    let oid = fields.expect(OBJECT_IDENTIFIER).ok()?.contents;
    let parameters = if fields.is_empty() { &[] } else { fields.element().ok()?.encoded };
    Some((oid, parameters))
}

/// RSASSA-PSS as Go takes it: MGF1 with the same hash, a salt of the hash's length (RFC 4055 section 3.1).
fn is_pss(parameters: &[u8]) -> bool {
    let sha2 = |last: u8| b"\x60\x86\x48\x01\x65\x03\x04\x02".iter().copied().chain([last]).collect::<Vec<_>>();
    let identifier =
        |oid: &[u8], more: &[u8]| tlv(SEQUENCE, &[&tlv(OBJECT_IDENTIFIER, oid)[..], more].concat());
    [(1, 32), (2, 48), (3, 64)].into_iter().any(|(last, salt)| {
        // Both ways to write the hash's parameters; Go takes them where they are NULL or missing.
        [&[][..], &[NULL, 0][..]].into_iter().any(|outer| {
            [&[][..], &[NULL, 0][..]].into_iter().any(|inner| {
                let mask = identifier(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08", &identifier(&sha2(last), inner));
                let fields = [
                    tlv(0xa0, &identifier(&sha2(last), outer)),
                    tlv(0xa1, &mask),
                    tlv(0xa2, &tlv(INTEGER, &[salt])),
                ]
                .concat();
                let explicit = [&fields[..], &tlv(0xa3, &tlv(INTEGER, &[1]))].concat();
                parameters == tlv(SEQUENCE, &fields) || parameters == tlv(SEQUENCE, &explicit)
            })
        })
    })
}
