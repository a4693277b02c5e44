//! Which OpenSSL, and which of its providers.

use openssl::version;

use super::ffi;

/// The OpenSSL that was there when the tool was built, as `3.0.19`.
pub fn built_with() -> String {
    // OpenSSL's number format is 0xMNN00PP0.
    let number = u64::from_str_radix(env!("CRDB_CERT_BUILT_WITH_OPENSSL"), 16).unwrap_or_default();
    format!("{}.{}.{}", number >> 28, (number >> 20) & 0xff, (number >> 4) & 0xff)
}

/// The OpenSSL that is in use now, in its own words: `OpenSSL 3.0.19 27 Jan 2026`.
pub fn running_with() -> &'static str {
    version::version()
}

/// The names of the loaded providers.
pub fn loaded() -> Vec<String> {
    openssl::init();
    ffi::active_providers()
}
