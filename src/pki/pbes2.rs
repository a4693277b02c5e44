//! Private keys with a passphrase: PKCS#8 `EncryptedPrivateKeyInfo` (RFC 5958 section 3) with PBES2 (RFC 8018
//! section 6.2).
//!
//! OpenSSL writes this form too, but with only 2,048 iterations, and the `openssl` crate cannot change that.

use openssl::asn1::Asn1Object;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::rand::rand_bytes;
use openssl::symm::{self, Cipher};
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
    let (scheme, encrypted) = encrypt(private_key_info, passphrase, ITERATIONS)?;
    Ok(tlv(SEQUENCE, &[scheme, tlv(OCTET_STRING, &encrypted)].concat()))
}

/// Encrypts anything in the same way; the `AlgorithmIdentifier` of PBES2, and the ciphertext.
///
/// # Errors
/// OpenSSL's, if its providers fail.
pub fn encrypt(plaintext: &[u8], passphrase: &[u8], iterations: u32) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    let (mut salt, mut iv, mut key) = ([0; 16], [0; 16], Zeroizing::new([0; 32]));
    rand_bytes(&mut salt)?;
    rand_bytes(&mut iv)?;
    pbkdf2_hmac(passphrase, &salt, iterations as usize, MessageDigest::sha256(), &mut *key)?;
    let encrypted = symm::encrypt(Cipher::aes_256_cbc(), &*key, Some(&iv), plaintext)?;
    let cipher = algorithm("2.16.840.1.101.3.4.1.42", &tlv(OCTET_STRING, &iv))?;
    let parameters = [pbkdf2(&salt, iterations, None)?, cipher].concat();
    Ok((algorithm("1.2.840.113549.1.5.13", &tlv(SEQUENCE, &parameters))?, encrypted))
}

/// The `AlgorithmIdentifier` of PBKDF2 with HMAC-SHA256 (RFC 8018 appendix A.2), for a key of so many bytes.
///
/// # Errors
/// OpenSSL's, if it has no memory.
pub fn pbkdf2(salt: &[u8], iterations: u32, length: Option<u32>) -> Result<Vec<u8>, ErrorStack> {
    let length = length.map(integer).unwrap_or_default();
    let parts = [tlv(OCTET_STRING, salt), integer(iterations), length, hmac_sha256()?].concat();
    algorithm("1.2.840.113549.1.5.12", &tlv(SEQUENCE, &parts))
}

/// The `AlgorithmIdentifier` of HMAC-SHA256.
///
/// # Errors
/// OpenSSL's, if it has no memory.
pub fn hmac_sha256() -> Result<Vec<u8>, ErrorStack> {
    algorithm("1.2.840.113549.2.9", &tlv(NULL, &[]))
}

/// `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2).
///
/// # Errors
/// OpenSSL's, if it has no memory.
pub fn algorithm(oid: &str, parameters: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    Ok(tlv(SEQUENCE, &[&object(oid)?, parameters].concat()))
}

/// An OBJECT IDENTIFIER.
///
/// # Errors
/// OpenSSL's, if it has no memory.
pub fn object(oid: &str) -> Result<Vec<u8>, ErrorStack> {
    Ok(tlv(OBJECT_IDENTIFIER, Asn1Object::from_str(oid)?.as_slice()))
}

/// An INTEGER.
pub fn integer(number: u32) -> Vec<u8> {
    // In the shortest form that is not negative.
    let octets = [&[0][..], &number.to_be_bytes()].concat();
    let is_spare = |at: usize| octets[at] == 0 && octets[at + 1] < 0x80;
    let start = (0..octets.len() - 1).take_while(|at| is_spare(*at)).count();
    tlv(INTEGER, &octets[start..])
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
    fn numbers_are_in_the_shortest_form() {
        for (number, octets) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (600_000, &[2, 3, 9, 0x27, 0xc0]),
            (u32::MAX, &[2, 5, 0, 255, 255, 255, 255]),
        ] {
            assert_eq!(integer(number), octets);
        }
    }
}
