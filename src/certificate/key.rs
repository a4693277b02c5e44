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
    pub(crate) fn read(info: &'a [u8]) -> Result<Self, Malformed> {
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

    /// The length of an RSA modulus in bits.
    pub fn rsa_bits(&self) -> Option<usize> {
        let KeyKind::Rsa { modulus, .. } = self.kind else { return None };
        Some(der::bits(modulus))
    }
}
