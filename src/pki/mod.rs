//! What OpenSSL does for us: keys, certificates, names.

mod ffi;
pub mod inspect;
pub mod issue;
pub mod key;
pub mod name;
pub mod pem;
pub mod profile;
pub mod provider;
pub mod verify;

use openssl::error::ErrorStack;

/// OpenSSL's reasons without its library names, functions and source lines, for errors that say themselves what they are about.
pub fn reason(errors: &ErrorStack) -> String {
    // What led to the reason: each library that passes an error on adds one.
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
