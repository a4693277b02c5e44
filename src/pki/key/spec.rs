//! Which keys we make.

use openssl::nid::Nid;
use thiserror::Error;

use crate::certificate::curve;
use crate::pki::stored_key::RSA_MAX;

/// The smallest RSA key we make, in bits: NIST SP 800-131A disallows smaller ones, and TLS libraries refuse
/// them.
pub(super) const RSA_MIN: u32 = 2048;

/// Which key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySpec {
    /// An RSA key of so many bits, with the public exponent 65537.
    Rsa(u32),
    /// An ECDSA key on a NIST curve.
    Ecdsa(Curve),
    /// An Ed25519 key (RFC 8032).
    Ed25519,
}

/// The NIST curves (FIPS 186-5, RFC 5480).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256
    P256,
    /// NIST P-384
    P384,
    /// NIST P-521
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// Its object identifier (RFC 5480 section 2.1.1.1), as encoded.
    pub fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => curve::P256,
            Self::P384 => curve::P384,
            Self::P521 => curve::P521,
        }
    }

    /// What OpenSSL calls it.
    pub(super) fn nid(self) -> Nid {
        match self {
            Self::P256 => Nid::X9_62_PRIME256V1,
            Self::P384 => Nid::SECP384R1,
            Self::P521 => Nid::SECP521R1,
        }
    }

    /// The curve with this object identifier, as encoded.
    pub fn by_oid(oid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid)
    }
}

/// An unsupported key size.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeySizeError {
    /// RSA below 2048.
    #[error("an RSA key of {0} bits is too weak: NIST SP 800-131A and TLS libraries refuse less than 2048")]
    TooWeak(u32),
    /// RSA above 16384.
    #[error("an RSA key of {0} bits is too large: OpenSSL verifies at most 16384")]
    TooLarge(u32),
    /// RSA with a size that providers round or refuse.
    #[error("an RSA key of {0} bits is not possible: the size has to be even")]
    Odd(u32),
    /// Not the size of a NIST curve.
    #[error("there is no NIST curve of {0} bits for ECDSA: choose 256, 384 or 521")]
    NoCurve(u32),
}

impl KeySpec {
    /// The RSA key of this size, 2048 if `None`.
    ///
    /// # Errors
    /// For sizes below 2048 and above 16384.
    pub fn rsa(bits: Option<u32>) -> Result<Self, KeySizeError> {
        match bits.unwrap_or(RSA_MIN) {
            bits if bits < RSA_MIN => Err(KeySizeError::TooWeak(bits)),
            bits if bits > RSA_MAX => Err(KeySizeError::TooLarge(bits)),
            bits if bits % 2 != 0 => Err(KeySizeError::Odd(bits)),
            bits => Ok(Self::Rsa(bits)),
        }
    }

    /// The ECDSA key of this size, 256 if `None`.
    ///
    /// # Errors
    /// For anything but 256, 384 and 521.
    pub fn ecdsa(bits: Option<u32>) -> Result<Self, KeySizeError> {
        match bits.unwrap_or(256) {
            256 => Ok(Self::Ecdsa(Curve::P256)),
            384 => Ok(Self::Ecdsa(Curve::P384)),
            521 => Ok(Self::Ecdsa(Curve::P521)),
            bits => Err(KeySizeError::NoCurve(bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_and_impossible_sizes_are_refused_with_the_reason() {
        assert_eq!(KeySpec::rsa(None), Ok(KeySpec::Rsa(2048)));
        assert_eq!(KeySpec::rsa(Some(16384)), Ok(KeySpec::Rsa(16384)));
        assert_eq!(KeySpec::rsa(Some(2047)), Err(KeySizeError::TooWeak(2047)));
        assert_eq!(KeySpec::rsa(Some(16385)), Err(KeySizeError::TooLarge(16385)));
        assert_eq!(KeySpec::rsa(Some(2049)), Err(KeySizeError::Odd(2049)));
        assert_eq!(KeySpec::ecdsa(None), Ok(KeySpec::Ecdsa(Curve::P256)));
        assert_eq!(KeySpec::ecdsa(Some(521)), Ok(KeySpec::Ecdsa(Curve::P521)));
        assert_eq!(KeySpec::ecdsa(Some(2048)), Err(KeySizeError::NoCurve(2048)));
    }
}
