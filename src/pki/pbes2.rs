//! Private keys with a passphrase: PKCS#8 `EncryptedPrivateKeyInfo` (RFC 5958 section 3) with PBES2 (RFC 8018
//! section 6.2).
//!
//! OpenSSL writes this form too, but with only 2,048 iterations, and the `openssl` crate cannot change that.

use openssl::asn1::Asn1Object;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::rand::rand_bytes;
use openssl::symm::{Cipher, encrypt};
use zeroize::Zeroizing;

use crate::der::{INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, tlv};

/// Iterations of PBKDF2-HMAC-SHA256, as OWASP's Password Storage Cheat Sheet recommends.
const ITERATIONS: u32 = 600_000;

/// Encrypts a PKCS#8 `PrivateKeyInfo` with AES-256-CBC, with a key that PBKDF2-HMAC-SHA256 derives from the
/// passphrase.
///
/// # Errors
/// OpenSSL's, if its providers fail.
pub fn encrypt_key(private_key_info: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let (mut salt, mut iv, mut key) = ([0; 16], [0; 16], Zeroizing::new([0; 32]));
    rand_bytes(&mut salt)?;
    rand_bytes(&mut iv)?;
    pbkdf2_hmac(passphrase, &salt, ITERATIONS as usize, MessageDigest::sha256(), &mut *key)?;
    let encrypted = encrypt(Cipher::aes_256_cbc(), &*key, Some(&iv), private_key_info)?;
    let prf = algorithm("1.2.840.113549.2.9", &tlv(NULL, &[]))?;
    let kdf = [tlv(OCTET_STRING, &salt), tlv(INTEGER, &ITERATIONS.to_be_bytes()[1..]), prf].concat();
    let kdf = algorithm("1.2.840.113549.1.5.12", &tlv(SEQUENCE, &kdf))?;
    let cipher = algorithm("2.16.840.1.101.3.4.1.42", &tlv(OCTET_STRING, &iv))?;
    let scheme = algorithm("1.2.840.113549.1.5.13", &tlv(SEQUENCE, &[kdf, cipher].concat()))?;
    Ok(tlv(SEQUENCE, &[scheme, tlv(OCTET_STRING, &encrypted)].concat()))
}

/// `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2).
fn algorithm(oid: &str, parameters: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let oid = tlv(OBJECT_IDENTIFIER, Asn1Object::from_str(oid)?.as_slice());
    Ok(tlv(SEQUENCE, &[&oid, parameters].concat()))
}

#[cfg(test)]
mod tests {
    use openssl::pkey::PKey;

    use super::*;

    #[test]
    fn openssl_reads_what_is_written() {
        let key = PKey::ec_gen("prime256v1").expect("a key");
        let der =
            encrypt_key(&key.private_key_to_pkcs8().expect("PKCS#8"), b"correct horse").expect("encrypted");
        let again = PKey::private_key_from_pkcs8_passphrase(&der, b"correct horse").expect("the key");
        assert!(again.public_eq(&key));
        assert!(PKey::private_key_from_pkcs8_passphrase(&der, b"wrong horse").is_err());
    }

    #[test]
    fn three_bytes_hold_the_iterations_and_their_sign() {
        let [zero, first, ..] = ITERATIONS.to_be_bytes();
        assert!(zero == 0 && (1..0x80).contains(&first));
    }
}
