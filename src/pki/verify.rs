//! Signatures on certificates.

use std::cell::RefCell;

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{KeyType, PKey, Public};
use openssl::sign::Verifier;
use openssl::x509::X509;

use crate::certificate::Certificate;
use crate::login::chain::Signatures;

/// Has OpenSSL check them.
#[derive(Debug, Clone, Copy)]
pub struct OpenSsl;

impl Signatures for OpenSsl {
    fn verify(&self, child: &Certificate, issuer: &Certificate) -> Option<bool> {
        let key = key_of(issuer)?;
        verify_with(child, &key).ok()
    }
}

/// An AlgorithmIdentifier as encoded, the keys that it is for, and its digest.
type Algorithm = (&'static [u8], KeyType, fn() -> MessageDigest);

/// The signature algorithms of REFERENCE.md section 1. For others OpenSSL parses the whole certificate, and
/// decodes its public key.
const ALGORITHMS: [Algorithm; 6] = [
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00", KeyType::RSA, MessageDigest::sha256),
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00", KeyType::RSA, MessageDigest::sha384),
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00", KeyType::RSA, MessageDigest::sha512),
    (b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", KeyType::EC, MessageDigest::sha256),
    (b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", KeyType::EC, MessageDigest::sha384),
    (b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", KeyType::EC, MessageDigest::sha512),
];

fn verify_with(child: &Certificate, key: &PKey<Public>) -> Result<bool, ErrorStack> {
    let algorithm = child.signature_algorithm();
    let known = ALGORITHMS.iter().find(|(encoded, kind, _)| *encoded == algorithm && key.is_a(*kind));
    match (known, child.signature()) {
        (Some((_, _, digest)), [0, signature @ ..]) if child.inner_signature_algorithm() == algorithm => {
            Verifier::new(digest(), key)?.verify_oneshot(signature, child.tbs())
        }
        _ => X509::from_der(child.der())?.verify(key),
    }
}

/// The CA of one certificate is that of the next, more often than not.
fn key_of(issuer: &Certificate) -> Option<PKey<Public>> {
    thread_local!(static LAST: RefCell<Option<(Vec<u8>, PKey<Public>)>> = const { RefCell::new(None) });
    let info = issuer.public_key_info();
    LAST.with_borrow_mut(|last| match last {
        Some((known, key)) if known == info => Some(key.clone()),
        _ => {
            let key = super::public_key(issuer).ok()?;
            *last = Some((info.to_vec(), key.clone()));
            Some(key)
        }
    })
}

#[cfg(test)]
mod tests {
    use openssl::pkey::Private;
    use openssl::rsa::Rsa;

    use super::*;

    fn signed(key: &PKey<Private>, digest: MessageDigest) -> Result<Vec<u8>, ErrorStack> {
        let mut builder = X509::builder()?;
        builder.set_version(2)?;
        builder.set_not_before(&*openssl::asn1::Asn1Time::from_unix(0)?)?;
        builder.set_not_after(&*openssl::asn1::Asn1Time::from_unix(60)?)?;
        builder.set_pubkey(key)?;
        builder.sign(key, digest)?;
        builder.build().to_der()
    }

    #[test]
    fn signatures_are_as_openssl_says_of_the_whole_certificate() {
        let rsa = Rsa::generate(2048).and_then(PKey::from_rsa).expect("a key");
        let keys = ["P-256", "P-384", "P-521"].map(|curve| PKey::ec_gen(curve).expect("a key"));
        let keys = [&keys[..], &[rsa, PKey::generate_ed25519().expect("a key")]].concat();
        let digests = [MessageDigest::sha256(), MessageDigest::sha384(), MessageDigest::sha512()];
        let mut all = Vec::new();
        for key in &keys {
            let own = [MessageDigest::null()];
            let digests = if key.is_a(KeyType::ED25519) { &own[..] } else { &digests };
            all.extend(digests.iter().map(|digest| signed(key, *digest).expect("a certificate")));
        }
        let certificate = |der: &[u8]| Certificate::from_der(der.to_vec()).expect("a certificate");
        let mut outcomes = std::collections::BTreeMap::new();
        for der in &all {
            for (at, issuer) in all.iter().enumerate() {
                // In what is signed, in the signature, and as it is.
                for changed in [der.len() / 3, der.len() - 1, usize::MAX] {
                    let mut der = der.clone();
                    der.get_mut(changed).into_iter().for_each(|octet| *octet ^= u8::from(at % 2 == 0));
                    let Ok(child) = Certificate::from_der(der) else { continue };
                    let issuer = certificate(issuer);
                    let key = super::super::public_key(&issuer).expect("a key");
                    let expected = X509::from_der(child.der()).and_then(|child| child.verify(&key)).ok();
                    assert_eq!(OpenSsl.verify(&child, &issuer), expected, "{child:?} {issuer:?}");
                    *outcomes.entry(expected).or_insert(0) += 1;
                }
            }
        }
        assert!(outcomes.keys().any(|outcome| *outcome == Some(true)) && outcomes.len() > 1, "{outcomes:?}");
    }
}
