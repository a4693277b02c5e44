//! Which keys a certificate is made for. Pure: OpenSSL sees none that is refused here.

use thiserror::Error;

use crate::certificate::{KeyKind, PublicKey, curve};
use crate::der::{self, NULL};
use crate::pki::key::{KeySizeError, KeySpec};
use crate::pki::oid_name;

/// The curves that we certify keys on, and the length of a point in octets.
const CURVES: [(&[u8], usize); 3] = [(curve::P256, 65), (curve::P384, 97), (curve::P521, 133)];

/// Why no certificate is made for a key.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyRefused {
    /// RSA of a size that we would not make.
    #[error("{0}")]
    Size(#[from] KeySizeError),
    /// RSA with an exponent that not all servers take.
    #[error("its RSA key has an unusual public exponent")]
    Exponent,
    /// On another curve.
    #[error("an ECDSA key on {0}: P-256, P-384 and P-521 are supported")]
    Curve(String),
    /// With explicit curve parameters.
    #[error("an ECDSA key on a curve of its own: P-256, P-384 and P-521 are supported")]
    ExplicitCurve,
    /// Of another algorithm.
    #[error("a key of the algorithm {0}: RSA, ECDSA and Ed25519 are supported")]
    Algorithm(String),
    /// Not what its algorithm says.
    #[error("its public key is not what its algorithm says")]
    Malformed,
}

/// What kind of key it is, in a few words.
///
/// # Errors
/// If no certificate is made for such a key.
pub fn check(key: &PublicKey<'_>) -> Result<String, KeyRefused> {
    match key.kind {
        KeyKind::Rsa { exponent, .. } => {
            let bits = key.rsa_bits().and_then(|bits| u32::try_from(bits).ok()).unwrap_or(u32::MAX);
            KeySpec::rsa(Some(bits))?;
            let usual = |value: &u64| value & 1 == 1 && (3..=i32::MAX as u64).contains(value);
            der::unsigned(exponent).filter(usual).ok_or(KeyRefused::Exponent)?;
            if key.parameters != [NULL, 0] {
                return Err(KeyRefused::Malformed);
            }
            Ok(format!("RSA, {bits} bits"))
        }
        KeyKind::Ec([]) => Err(KeyRefused::ExplicitCurve),
        KeyKind::Ec(curve) => {
            let known = CURVES.iter().find(|(known, _)| *known == curve);
            let (_, length) = known.ok_or_else(|| KeyRefused::Curve(oid_name(curve)))?;
            if key.key.len() != *length || key.key[0] != 4 {
                return Err(KeyRefused::Malformed);
            }
            Ok(format!("ECDSA, {}", oid_name(curve)))
        }
        KeyKind::Ed25519 if key.parameters.is_empty() && key.key.len() == 32 => Ok("Ed25519".to_owned()),
        KeyKind::Ed25519 => Err(KeyRefused::Malformed),
        KeyKind::Other => Err(KeyRefused::Algorithm(oid_name(key.algorithm))),
    }
}
