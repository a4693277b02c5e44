//! Which OpenSSL the build accepts. Shared by `build.rs` and its test.

/// The oldest accepted version: 3.0.0, the first with providers. OpenSSL's own number format, `0xMNN00PP0`.
const OLDEST: u64 = 0x3000_0000;

/// What `openssl-sys` found out about the library, from the `DEP_OPENSSL_*` variables it hands to build scripts.
#[derive(Debug, Default, Clone, Copy)]
pub struct Found {
    /// LibreSSL's version number is set.
    pub libressl: bool,
    /// BoringSSL or its descendant AWS-LC.
    pub boringssl: bool,
    /// OpenSSL's version number, in hex as OpenSSL writes it.
    pub version: Option<u64>,
}

/// Says in one sentence why this library will not do.
///
/// # Errors
/// For LibreSSL, BoringSSL, AWS-LC, and OpenSSL before 3.0: none of them has providers, which is how a validated
/// module does the work.
pub fn check(found: Found) -> Result<(), String> {
    let what = match found {
        Found { libressl: true, .. } => "LibreSSL".to_owned(),
        Found { boringssl: true, .. } => "BoringSSL or AWS-LC".to_owned(),
        Found { version: Some(v), .. } if v >= OLDEST => return Ok(()),
        // Before 3.0 the number's form was 0xMNNFFPPS.
        Found { version: Some(v), .. } => {
            format!("OpenSSL {}.{}.{}", v >> 28, (v >> 20) & 0xff, (v >> 12) & 0xff)
        }
        Found { version: None, .. } => "a library of unknown version".to_owned(),
    };
    Err(format!(
        "crdb-cert needs OpenSSL 3.0 or newer and found {what}: install OpenSSL's development files \
         (Debian: libssl-dev, Fedora: openssl-devel, Alpine: openssl-dev) or point OPENSSL_DIR at an OpenSSL 3."
    ))
}
