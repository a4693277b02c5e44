//! Any bytes in a private key file: they are a key that is written and read back as the same, or are refused
//! quickly.
#![no_main]

use crdb_cert::pki::key::PrivateKey;
use crdb_cert::pki::pem::armor;
use libfuzzer_sys::fuzz_target;
use openssl::error::ErrorStack;

const LABELS: [&str; 4] = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];

fn load(bytes: &[u8]) {
    let Some((kind, der)) = bytes.split_first() else { return };
    // The first octet tells in which armor the others are; if it is none of these, in none.
    let read = match LABELS.get(usize::from(*kind)) {
        Some(label) => PrivateKey::from_pem(&armor(label, der)),
        None => PrivateKey::from_pem(bytes),
    };
    if *kind == 0 {
        let as_pkcs8 = PrivateKey::from_pkcs8_der(der);
        assert_eq!(as_pkcs8.as_ref().err(), read.as_ref().err());
    }
    let Ok(key) = read else { return };
    let _ = key.weakness();
    if let Ok(pem) = key.to_pem() {
        let again = PrivateKey::from_pem(&pem).map(|again| again.is_same(&key));
        assert_eq!(again, Ok(true));
    }
    if let Ok(der) = key.to_pkcs8_der() {
        let again = PrivateKey::from_pkcs8_der(&der).map(|again| again.is_same(&key));
        assert_eq!(again, Ok(true));
    }
    if let Ok(public) = key.public() {
        assert!(key.matches(&*public));
        let _ = key.signs_for(&public);
    }
}

fuzz_target!(|bytes: &[u8]| {
    load(bytes);
    // What OpenSSL has against one file says nothing about the next.
    assert!(ErrorStack::get().errors().is_empty());
});
