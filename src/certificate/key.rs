//! The key of a certificate: what is in its SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).

use super::algorithm::{EC, ED25519, RSA};
use crate::der::{self, BIT_STRING, INTEGER, Malformed, OBJECT_IDENTIFIER, SEQUENCE};

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey<'a> {
    /// What kind of key.
    pub kind: KeyKind<'a>,
    /// The object identifier of its algorithm, as encoded.
    pub algorithm: &'a [u8],
    /// The algorithm's parameters in DER; empty if there are none.
    pub parameters: &'a [u8],
    /// The key itself: the octets of the BIT STRING.
    pub key: &'a [u8],
}

/// What kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind<'a> {
    /// RSA (RFC 3279 section 2.3.1)
    Rsa {
        /// The contents octets of the modulus.
        modulus: &'a [u8],
        /// The contents octets of the public exponent.
        exponent: &'a [u8],
    },
    /// A point on a curve (RFC 5480), and the curve's object identifier, as encoded; empty where it has none.
    Ec(&'a [u8]),
    /// Ed25519 (RFC 8410)
    Ed25519,
    /// DSA, and everything else.
    Other,
}

impl<'a> PublicKey<'a> {
    /// Reads a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// If it is none in DER.
    pub fn read(info: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = der::only(info, SEQUENCE)?.parts();
        let mut identifier = fields.expect(SEQUENCE)?.parts();
        let algorithm = identifier.expect(OBJECT_IDENTIFIER)?.contents;
        let parameters = if identifier.is_empty() { &[] } else { identifier.element()?.encoded };
        identifier.end()?;
        let key = fields.expect(BIT_STRING)?.contents.strip_prefix(&[0]).ok_or(Malformed)?;
        fields.end()?;
        let kind = match algorithm {
            RSA => {
                let mut numbers = der::only(key, SEQUENCE)?.parts();
                let (modulus, exponent) =
                    (numbers.expect(INTEGER)?.contents, numbers.expect(INTEGER)?.contents);
                numbers.end()?;
                KeyKind::Rsa { modulus, exponent }
            }
            EC => KeyKind::Ec(der::only(parameters, OBJECT_IDENTIFIER).map_or(&[], |curve| curve.contents)),
            ED25519 => KeyKind::Ed25519,
            _ => KeyKind::Other,
        };
        Ok(Self { kind, algorithm, parameters, key })
    }

    /// Is it the same key? `None` if that takes arithmetic, such as for a compressed point.
    pub fn is(&self, other: &PublicKey<'_>) -> Option<bool> {
        let is_plain = |point: &[u8]| point.first() == Some(&4);
        match (self.kind, other.kind) {
            (KeyKind::Rsa { modulus, exponent }, KeyKind::Rsa { modulus: modulus_b, exponent: exponent_b }) => {
                let all = [modulus, exponent, modulus_b, exponent_b];
                all.iter().all(|number| is_positive(number)).then_some(all[..2] == all[2..])
            }
            (KeyKind::Ec(a), KeyKind::Ec(b)) => {
                let comparable = !a.is_empty() && !b.is_empty() && is_plain(self.key) && is_plain(other.key);
                comparable.then_some(a == b && self.key == other.key)
            }
            (KeyKind::Ed25519, KeyKind::Ed25519) => Some(self.key == other.key),
            (KeyKind::Other, _) | (_, KeyKind::Other) => None,
            _ => Some(false),
        }
    }

    /// The length of an RSA modulus in bits.
    pub fn rsa_bits(&self) -> Option<usize> {
        let KeyKind::Rsa { modulus, .. } = self.kind else { return None };
        Some(der::bits(modulus))
    }
}

/// The contents octets of a positive INTEGER in the shortest form?
fn is_positive(integer: &[u8]) -> bool {
    match integer {
        [0, second, ..] => *second >= 0x80,
        [first, ..] => *first < 0x80 && *first > 0,
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<'a>(kind: KeyKind<'a>, key: &'a [u8]) -> PublicKey<'a> {
        PublicKey { kind, algorithm: &[], parameters: &[], key }
    }

    #[test]
    fn keys_are_the_same_where_octets_tell() {
        let rsa = |modulus, exponent| key(KeyKind::Rsa { modulus, exponent }, &[]);
        let ec = |curve, point| key(KeyKind::Ec(curve), point);
        let ed25519 = |octets| key(KeyKind::Ed25519, octets);
        for (a, b, expected) in [
            (rsa(&[0, 0x81], &[3]), rsa(&[0, 0x81], &[3]), Some(true)),
            (rsa(&[0, 0x81], &[3]), rsa(&[0, 0x81], &[5]), Some(false)),
            (rsa(&[0, 0x81], &[3]), rsa(&[0, 0x83], &[3]), Some(false)),
            (rsa(&[0x71], &[3]), rsa(&[0, 0x71], &[3]), None),
            (ec(b"a", &[4, 1, 2]), ec(b"a", &[4, 1, 2]), Some(true)),
            (ec(b"a", &[4, 1, 2]), ec(b"b", &[4, 1, 2]), Some(false)),
            (ec(b"a", &[4, 1, 2]), ec(b"a", &[4, 1, 3]), Some(false)),
            (ec(b"a", &[4, 1, 2]), ec(b"a", &[2, 1]), None),
            (ec(&[], &[4, 1, 2]), ec(&[], &[4, 1, 2]), None),
            (ec(&[], &[4, 1, 2]), ec(b"a", &[4, 1, 2]), None),
            (ed25519(&[1]), ed25519(&[1]), Some(true)),
            (ed25519(&[1]), ed25519(&[2]), Some(false)),
            (ed25519(&[4]), ec(b"a", &[4]), Some(false)),
            (key(KeyKind::Other, &[1]), key(KeyKind::Other, &[1]), None),
        ] {
            assert_eq!((a.is(&b), b.is(&a)), (expected, expected), "{a:?} {b:?}");
        }
    }
}
