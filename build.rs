//! Refuses a libcrypto that has no providers.

use std::{env, process};

#[path = "build/openssl_version.rs"]
mod openssl_version;

fn main() {
    for path in ["build.rs", "build/openssl_version.rs"] {
        println!("cargo:rerun-if-changed={path}");
    }

    let version = env::var("DEP_OPENSSL_VERSION_NUMBER").ok();
    let found = openssl_version::Found {
        libressl: env::var_os("DEP_OPENSSL_LIBRESSL_VERSION_NUMBER").is_some(),
        boringssl: env::var_os("DEP_OPENSSL_BORINGSSL").is_some() || env::var_os("DEP_OPENSSL_AWSLC").is_some(),
        version: version.as_deref().and_then(|v| u64::from_str_radix(v, 16).ok()),
    };
    if let Err(sentence) = openssl_version::check(found) {
        eprintln!("error: {sentence}");
        process::exit(1);
    }
    println!("cargo:rustc-env=CRDB_CERT_BUILT_WITH_OPENSSL={}", version.unwrap_or_default());
}
