//! The work that OpenSSL does for us: keys, certificates, names.

pub mod container;
pub mod issue;
pub mod key;
pub mod name;
pub mod ocsp;
mod pbes2;
pub mod pem;
pub mod pkcs12;
pub mod profile;
pub mod provider;
mod readable;
pub mod request;
mod stored_key;
pub mod tls;
pub mod verify;

pub(crate) use stored_key::name as oid_name;

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Public};
use openssl::x509::X509;
use thiserror::Error;

use crate::certificate::Certificate;
use crate::der::hex;

/// OpenSSL's reasons without its library names, functions and source lines, for errors that have their own
/// context.
pub fn reason(errors: &ErrorStack) -> String {
    // Each library that passes an error on adds a reason like these.
    let says_nothing = |reason: &str| reason.ends_with(" lib") || reason == "nested asn1 error";
    let mut reasons: Vec<_> = errors.errors().iter().filter_map(|error| error.reason()).collect();
    reasons.retain(|reason| !says_nothing(reason));
    reasons.dedup();
    match reasons.as_slice() {
        [] => "OpenSSL gave no reason".to_owned(),
        ["unsupported"] => UNKNOWN_KIND.to_owned(),
        reasons => reasons.join(", "),
    }
}

/// The reason for whatever no provider of OpenSSL knows.
const UNKNOWN_KIND: &str = "OpenSSL's providers do not know this kind";

/// What OpenSSL could not do, by its own reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct CryptoError(pub(crate) String);

impl From<ErrorStack> for CryptoError {
    fn from(errors: ErrorStack) -> Self {
        Self(reason(&errors))
    }
}

/// The public key of a certificate, to work with.
///
/// # Errors
/// If OpenSSL's providers do not know such keys.
pub fn public_key(certificate: &Certificate) -> Result<PKey<Public>, ErrorStack> {
    X509::from_der(certificate.der())?.public_key()
}

/// The SHA-256 digest.
///
/// # Errors
/// If OpenSSL's providers have none.
pub fn sha256(bytes: &[u8]) -> Result<Vec<u8>, CryptoError> {
    Ok(openssl::hash::hash(openssl::hash::MessageDigest::sha256(), bytes)?.to_vec())
}

/// A random UUID, version 4 (RFC 9562 section 5.4).
///
/// # Errors
/// If OpenSSL's providers have no random numbers.
pub fn random_uuid() -> Result<String, CryptoError> {
    let mut bytes = [0; 16];
    openssl::rand::rand_bytes(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}
