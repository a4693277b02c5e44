//! Writes PKCS#12 (RFC 7292): a key and certificates under a passphrase. [`super::container`] reads it.
//!
//! Ours and not OpenSSL's, which cannot mark a certificate as trusted for Java, and before version 3.4 cannot
//! make a MAC without the key derivation that no FIPS provider has.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::rand::rand_bytes;
use openssl::sign::Signer;
use openssl::symm::{self, Cipher};
use zeroize::Zeroizing;

use super::key::PrivateKey;
use super::pbes2::{self, algorithm, integer, object};
use super::{CryptoError, sha256};
use crate::certificate::Certificate;
use crate::der::{NULL, OCTET_STRING, SEQUENCE, SET, tlv};
use crate::ffi;

/// How often each of the three keys (of the private key, the certificates and the MAC) is hashed. .NET refuses
/// a file with more than 600,000 in all.
const ITERATIONS: u32 = 100_000;

/// Context-specific tags.
const EXPLICIT: u8 = 0xa0;
const IMPLICIT: u8 = 0x80;
const BMP_STRING: u8 = 0x1e;

/// id-data (RFC 5652 section 4).
const DATA: &str = "1.2.840.113549.1.7.1";

/// How a file keeps its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// PBES2: AES-256-CBC, with a key by PBKDF2 and HMAC-SHA256.
    Aes,
    /// pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C), for programs that read nothing better.
    TripleDes,
}

/// How a file shows that nobody changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mac {
    /// As in RFC 7292, with SHA-256, or SHA-1 beside 3DES.
    Usual,
    /// PBMAC1 (RFC 9579), whose key derivation FIPS approves.
    Pbmac1,
    /// Not at all.
    None,
}

impl Mac {
    /// Do OpenSSL's providers have its key derivation? FIPS providers do not have the usual one.
    pub fn is_possible(self) -> bool {
        let mut key = [0; 20];
        self != Self::Usual || ffi::pkcs12_key("", &[0; 16], 3, 1, MessageDigest::sha256(), &mut key).is_ok()
    }
}

/// What goes into a file.
pub struct Bundle<'a> {
    /// What programs call the key: the alias of Java, the friendly name of Windows.
    pub name: &'a str,
    /// The key.
    pub key: &'a PrivateKey,
    /// Its certificate.
    pub leaf: &'a Certificate,
    /// The certificates between it and its root, and the root.
    pub chain: &'a [Certificate],
    /// The CAs that its owner trusts, which Java is told.
    pub trusted: &'a [Certificate],
}

impl Bundle<'_> {
    /// The file in DER.
    ///
    /// # Errors
    /// If the key cannot leave its provider, or the providers lack what protects the file.
    pub fn encode(&self, passphrase: &str, encryption: Encryption, mac: Mac) -> Result<Vec<u8>, CryptoError> {
        let id = &sha256(self.leaf.der())?[..20];
        let local_key = attribute("1.2.840.113549.1.9.21", &tlv(OCTET_STRING, id))?;
        let names = [friendly_name(self.name)?, local_key];
        let safe = encrypted_data(encryption.encrypt(&self.certificates(&names)?, passphrase)?)?;
        let safes = [safe, data(&tlv(SEQUENCE, &self.key_bag(&names, passphrase, encryption)?))?].concat();
        let safes = tlv(SEQUENCE, &safes);
        let mac = mac_data(&safes, passphrase, encryption, mac)?;
        Ok(tlv(SEQUENCE, &[integer(3), data(&safes)?, mac].concat()))
    }

    fn key_bag(
        &self,
        names: &[Vec<u8>],
        passphrase: &str,
        encryption: Encryption,
    ) -> Result<Vec<u8>, CryptoError> {
        let (scheme, encrypted) = encryption.encrypt(&self.key.to_pkcs8_der()?, passphrase)?;
        let shrouded = tlv(SEQUENCE, &[scheme, tlv(OCTET_STRING, &encrypted)].concat());
        Ok(bag("1.2.840.113549.1.12.10.1.2", &shrouded, names.to_vec())?)
    }

    /// The leaf comes first, then its chain: of two CAs with one name, a reader meets the one that signed
    /// first.
    fn certificates(&self, names: &[Vec<u8>]) -> Result<Vec<u8>, ErrorStack> {
        let mut bags = certificate_bag(self.leaf, names.to_vec())?;
        let others = self.trusted.iter().filter(|certificate| !self.chain.contains(certificate));
        for certificate in self.chain.iter().chain(others) {
            let attributes = match self.trusted.iter().position(|trusted| trusted == certificate) {
                Some(at) => trust(at)?,
                None => Vec::new(),
            };
            bags.extend(certificate_bag(certificate, attributes)?);
        }
        Ok(tlv(SEQUENCE, &bags))
    }
}

/// Trusted for any purpose, in the JDK's own way, and under a name of its own.
fn trust(at: usize) -> Result<Vec<Vec<u8>>, ErrorStack> {
    let name = if at == 0 { "ca".to_owned() } else { format!("ca-{}", at + 1) };
    let trust = attribute("2.16.840.1.113894.746875.1.1", &object("2.5.29.37.0")?)?;
    Ok(vec![friendly_name(&name)?, trust])
}

/// A `ContentInfo` of plain data.
fn data(contents: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let contents = tlv(EXPLICIT, &tlv(OCTET_STRING, contents));
    Ok(tlv(SEQUENCE, &[object(DATA)?, contents].concat()))
}

/// A `ContentInfo` of encrypted data.
fn encrypted_data((scheme, encrypted): (Vec<u8>, Vec<u8>)) -> Result<Vec<u8>, ErrorStack> {
    let info = tlv(SEQUENCE, &[object(DATA)?, scheme, tlv(IMPLICIT, &encrypted)].concat());
    let contents = tlv(EXPLICIT, &tlv(SEQUENCE, &[integer(0), info].concat()));
    Ok(tlv(SEQUENCE, &[object("1.2.840.113549.1.7.6")?, contents].concat()))
}

fn certificate_bag(certificate: &Certificate, attributes: Vec<Vec<u8>>) -> Result<Vec<u8>, ErrorStack> {
    let der = tlv(EXPLICIT, &tlv(OCTET_STRING, certificate.der()));
    let value = tlv(SEQUENCE, &[object("1.2.840.113549.1.9.22.1")?, der].concat());
    bag("1.2.840.113549.1.12.10.1.3", &value, attributes)
}

/// A `SafeBag`.
fn bag(oid: &str, value: &[u8], mut attributes: Vec<Vec<u8>>) -> Result<Vec<u8>, ErrorStack> {
    // The order of a SET OF in DER.
    attributes.sort();
    let attributes = if attributes.is_empty() { Vec::new() } else { tlv(SET, &attributes.concat()) };
    Ok(tlv(SEQUENCE, &[object(oid)?, tlv(EXPLICIT, value), attributes].concat()))
}

fn attribute(oid: &str, value: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    Ok(tlv(SEQUENCE, &[object(oid)?, tlv(SET, value)].concat()))
}

fn friendly_name(name: &str) -> Result<Vec<u8>, ErrorStack> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    attribute("1.2.840.113549.1.9.20", &tlv(BMP_STRING, &name))
}

impl Encryption {
    /// The `AlgorithmIdentifier`, and the ciphertext.
    fn encrypt(self, plaintext: &[u8], passphrase: &str) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
        if self == Self::Aes {
            return pbes2::encrypt(plaintext, passphrase.as_bytes(), ITERATIONS);
        }
        let (mut salt, mut key, mut iv) = ([0; 16], Zeroizing::new([0; 24]), [0; 8]);
        rand_bytes(&mut salt)?;
        let derive = |purpose, out: &mut [u8]| {
            ffi::pkcs12_key(passphrase, &salt, purpose, ITERATIONS, MessageDigest::sha1(), out)
        };
        derive(1, &mut *key)?;
        derive(2, &mut iv)?;
        let encrypted = symm::encrypt(Cipher::des_ede3_cbc(), &*key, Some(&iv), plaintext)?;
        let parameters = tlv(SEQUENCE, &[tlv(OCTET_STRING, &salt), integer(ITERATIONS)].concat());
        Ok((algorithm("1.2.840.113549.1.12.1.3", &parameters)?, encrypted))
    }

    /// The digest of the MAC, and its object identifier.
    fn digest(self) -> (MessageDigest, &'static str) {
        match self {
            Self::Aes => (MessageDigest::sha256(), "2.16.840.1.101.3.4.2.1"),
            Self::TripleDes => (MessageDigest::sha1(), "1.3.14.3.2.26"),
        }
    }
}

/// `MacData` over the safes; empty for none.
fn mac_data(safes: &[u8], passphrase: &str, encryption: Encryption, mac: Mac) -> Result<Vec<u8>, ErrorStack> {
    let (mut salt, mut key) = ([0; 16], Zeroizing::new(vec![0; 32]));
    rand_bytes(&mut salt)?;
    let (digest, scheme, rest) = match mac {
        Mac::None => return Ok(Vec::new()),
        Mac::Usual => {
            let (digest, oid) = encryption.digest();
            key.truncate(digest.size());
            ffi::pkcs12_key(passphrase, &salt, 3, ITERATIONS, digest, &mut key)?;
            let rest = [tlv(OCTET_STRING, &salt), integer(ITERATIONS)].concat();
            (digest, algorithm(oid, &tlv(NULL, &[]))?, rest)
        }
        Mac::Pbmac1 => {
            // The passphrase is UTF-8 here, as the errata of RFC 9579 say.
            let digest = MessageDigest::sha256();
            pbkdf2_hmac(passphrase.as_bytes(), &salt, ITERATIONS as usize, digest, &mut key)?;
            let parameters = [pbes2::pbkdf2(&salt, ITERATIONS, Some(32))?, pbes2::hmac_sha256()?].concat();
            let scheme = algorithm("1.2.840.113549.1.5.14", &tlv(SEQUENCE, &parameters))?;
            // Nobody reads this salt, but the syntax wants one; the count is 1 where there is none.
            (digest, scheme, tlv(OCTET_STRING, b"NOT USED"))
        }
    };
    let code = Signer::new(digest, &*PKey::hmac(&key)?)?.sign_oneshot_to_vec(safes)?;
    let info = tlv(SEQUENCE, &[scheme, tlv(OCTET_STRING, &code)].concat());
    Ok(tlv(SEQUENCE, &[info, rest].concat()))
}

#[cfg(test)]
mod tests {
    use openssl::pkcs12::Pkcs12;

    use super::*;
    use crate::pki::key::{Curve, KeySpec};

    /// A key with a certificate of its own.
    fn pair() -> (PrivateKey, Certificate) {
        let key = PrivateKey::generate(KeySpec::Ecdsa(Curve::P256)).expect("a key");
        let mut builder = openssl::x509::X509::builder().expect("a builder");
        let (start, end) = (openssl::asn1::Asn1Time::from_unix(0), openssl::asn1::Asn1Time::from_unix(60));
        builder.set_not_before(&start.expect("a time")).expect("set");
        builder.set_not_after(&end.expect("a time")).expect("set");
        builder.set_pubkey(key.as_pkey()).expect("set");
        builder.sign(key.as_pkey(), MessageDigest::sha256()).expect("signed");
        let der = builder.build().to_der().expect("DER");
        (key, Certificate::from_der(der).expect("a certificate"))
    }

    fn encoded(encryption: Encryption, mac: Mac) -> (PrivateKey, Certificate, Vec<u8>) {
        let (key, leaf) = pair();
        let others = [pair().1, pair().1];
        let (chain, trusted) = (&others[..1], &others[..]);
        let bundle = Bundle { name: "user \u{1f600}", key: &key, leaf: &leaf, chain, trusted };
        let der = bundle.encode("correct horse", encryption, mac).expect("PKCS#12");
        (key, leaf, der)
    }

    #[test]
    fn openssl_reads_what_is_written() {
        for encryption in [Encryption::Aes, Encryption::TripleDes] {
            let (key, leaf, der) = encoded(encryption, Mac::Usual);
            let parsed = Pkcs12::from_der(&der).expect("PKCS#12");
            let read = parsed.parse2("correct horse").expect("the passphrase");
            assert!(key.matches(&*read.pkey.expect("the key")), "{encryption:?}");
            assert_eq!(read.cert.expect("it").to_der().expect("DER"), leaf.der());
            assert_eq!(read.ca.map_or(0, |all| all.len()), 2);
            assert!(parsed.parse2("wrong horse").is_err());
        }
    }

    #[test]
    fn a_changed_file_is_noticed() {
        let (.., mut der) = encoded(Encryption::Aes, Mac::Usual);
        // In the ciphertext of the certificates.
        der[300] ^= 1;
        let parsed = Pkcs12::from_der(&der).expect("PKCS#12");
        assert!(parsed.parse2("correct horse").is_err());
    }

    #[test]
    fn nothing_of_the_key_is_readable_without_the_passphrase() {
        for encryption in [Encryption::Aes, Encryption::TripleDes] {
            let (key, _, der) = encoded(encryption, Mac::None);
            let plain = key.to_pkcs8_der().expect("PKCS#8");
            let secret = &plain[36..68];
            assert!(!der.windows(8).any(|window| secret.windows(8).any(|part| part == window)));
        }
    }
}
