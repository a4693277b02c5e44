//! What OpenSSL does for us: keys, certificates, names.

mod ffi;
pub mod inspect;
pub mod issue;
pub mod key;
pub mod name;
pub mod pem;
pub mod profile;
pub mod provider;

use openssl::error::ErrorStack;

/// OpenSSL's reasons without its library names, functions and source lines, for errors that say themselves what they are about.
pub fn reason(errors: &ErrorStack) -> String {
    let reasons: Vec<_> = errors.errors().iter().filter_map(|error| error.reason()).collect();
    match reasons.as_slice() {
        [] => "OpenSSL gave no reason".to_owned(),
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
