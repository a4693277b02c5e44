//! Which OpenSSL `build.rs` takes.

#[path = "../../build/openssl_version.rs"]
mod openssl_version;

use openssl_version::{Found, check};

fn openssl(version: u64) -> Found {
    Found { version: Some(version), ..Found::default() }
}

#[test]
fn openssl_3_and_later_is_taken() {
    for version in [0x3000_0000, 0x3000_0130, 0x3050_0070, 0x4000_0000] {
        assert_eq!(check(openssl(version)), Ok(()), "{version:x}");
    }
}

#[test]
fn anything_else_is_refused_in_one_sentence() {
    let libressl = Found { libressl: true, ..openssl(0x2000_0000) };
    let boringssl = Found { boringssl: true, ..openssl(0x1010_107f) };
    for (found, name) in [
        (libressl, "found LibreSSL:"),
        (boringssl, "found BoringSSL or AWS-LC:"),
        (openssl(0x1010_107f), "found OpenSSL 1.1.1:"),
        (Found::default(), "found a library of unknown version:"),
    ] {
        let sentence = check(found).expect_err(name);
        assert!(sentence.contains(name) && sentence.lines().count() == 1, "{sentence}");
    }
}
