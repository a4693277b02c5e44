//! Any bytes in a file that should be a CA's answer, in PEM, DER, PKCS#7, PKCS#12 or JSON: its certificates are
//! read and sorted, or it is refused. What was read is the same in PEM.
#![no_main]

use crdb_cert::incoming::{Asked, compare, flaws, sort};
use crdb_cert::pki::container::{Container, ContainerError};
use crdb_cert::pki::pem;
use crdb_cert::pki::verify::OpenSsl;
use libfuzzer_sys::fuzz_target;
use openssl::error::ErrorStack;

/// Rounds of hashing that take no time. Up to 10,000,000 are supported, which take seconds.
const ROUNDS: u64 = 10_000;
/// The public exponent of RSA keys.
const F4: u64 = 65_537;

/// May some number in it ask PKCS#12 for many rounds? Longer numbers are refused.
fn is_slow(bytes: &[u8]) -> bool {
    let number = |at: usize| {
        let length = usize::from(*bytes.get(at + 1)?);
        let octets = bytes.get(at + 2..at + 2 + length).filter(|_| length <= 8)?;
        Some(octets.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
    };
    let mut integers = (0..bytes.len()).filter(|at| bytes[*at] == 2);
    integers.any(|at| number(at).is_some_and(|number| number > ROUNDS && number != F4))
}

fn import(bytes: &[u8]) {
    let read = || Container::read(bytes, || Ok::<_, ContainerError>(b"secret".to_vec().into()));
    // PKCS#12 begins with its version.
    if bytes.first() == Some(&0x30)
        && bytes.windows(3).take(6).any(|start| start == [2, 1, 3])
        && is_slow(bytes)
    {
        return;
    }
    let Ok(found) = read() else { return };
    let bundle = pem::bundle(&found.certificates);
    let again = Container::read(&bundle, || Err(ContainerError::Unknown));
    assert_eq!(again.map(|again| again.certificates).as_ref(), Ok(&found.certificates));
    if let Some(key) = &found.key {
        let again = read().ok().and_then(|again| again.key);
        assert!(again.is_some_and(|again| again.is_same(key)));
    }
    let asked = Asked { subject: &[0x30, 0], alt_names: &[], purposes: &[] };
    for certificate in found.certificates.iter().take(4) {
        let key = certificate.public_key_info();
        if let Ok(sorted) = sort(found.certificates.clone(), key, &OpenSsl) {
            assert_eq!(sorted.leaf.public_key_info(), key);
            let _ = (compare(&sorted.leaf, &asked), flaws(&sorted.leaf, &OpenSsl));
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    import(bytes);
    // What OpenSSL has against one file says nothing about the next.
    assert!(ErrorStack::get().errors().is_empty());
});
