//! The work that OpenSSL does for us: keys, certificates, names.

pub mod inspect;
pub mod issue;
pub mod key;
pub mod name;
mod pbes2;
pub mod pem;
pub mod profile;
pub mod provider;
mod stored_key;
pub mod verify;

use openssl::error::ErrorStack;

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
        ["unsupported"] => "of no kind that OpenSSL's providers know".to_owned(),
        reasons => reasons.join(", "),
    }
}

/// The SHA-256 digest.
///
/// # Errors
/// If OpenSSL's providers have none; the text is OpenSSL's reason.
pub fn sha256(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let digest = openssl::hash::hash(openssl::hash::MessageDigest::sha256(), bytes);
    digest.map(|digest| digest.to_vec()).map_err(|errors| reason(&errors))
}

/// A random UUID, version 4 (RFC 9562 section 5.4).
///
/// # Errors
/// If OpenSSL's providers have no random numbers; the text is OpenSSL's reason.
pub fn random_uuid() -> Result<String, String> {
    let mut bytes = [0; 16];
    openssl::rand::rand_bytes(&mut bytes).map_err(|errors| reason(&errors))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}
