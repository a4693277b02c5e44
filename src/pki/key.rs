//! Private keys: generated, loaded and encoded through EVP, so that OpenSSL's providers do the work.

mod spec;

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, KeyType, PKey, PKeyRef, Private, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::sign::{Signer, Verifier};
use thiserror::Error;
use zeroize::Zeroizing;

use super::stored_key;
pub use super::stored_key::StoredKeyError;
use super::{CryptoError, UNKNOWN_KIND, pbes2, pem, provider, reason};
use crate::certificate::{Certificate, PublicKey};
use crate::der::{SEQUENCE, UTF8_STRING, VISIBLE_STRING, tlv};

use spec::RSA_MIN;
pub use spec::{Curve, KeySizeError, KeySpec};

/// Servers refuse RSA keys below this size, in bits (REFERENCE.md section 6).
const RSA_REFUSED: u32 = 1024;

/// A private key. It has no `Debug`, and leaves only through the functions below, in buffers that wipe
/// themselves. A clone is the same key in the same place.
#[derive(Clone)]
pub struct PrivateKey(PKey<Private>);

/// What is wrong with a key as a CA key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weakness {
    /// Servers refuse what such a key signs; the text names the kind of key.
    Refused(String),
    /// Servers accept it, but others may not; the text says why.
    Weak(String),
}

/// Why a file's contents are not a private key.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LoadKeyError {
    /// Protected by a passphrase, and none was available.
    #[error("the key is protected by a passphrase")]
    Encrypted,
    /// Protected by another passphrase, or damaged; OpenSSL cannot tell.
    #[error("the passphrase is wrong, or the key is damaged")]
    WrongPassphrase,
    /// Anything else.
    #[error("not a private key in PEM form{}", because(.0))]
    Invalid(String),
}

/// What OpenSSL says, unless it only says that it does not know the kind.
fn because(reason: &str) -> String {
    if reason == UNKNOWN_KIND { " that OpenSSL can read".to_owned() } else { format!(": {reason}") }
}

impl PrivateKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// If OpenSSL's providers cannot make such keys; the text is OpenSSL's reason.
    pub fn generate(spec: KeySpec) -> Result<Self, CryptoError> {
        let generate = || {
            let mut context = match spec {
                KeySpec::Rsa(_) => PkeyCtx::new_id(Id::RSA)?,
                KeySpec::Ecdsa(_) => PkeyCtx::new_id(Id::EC)?,
                KeySpec::Ed25519 => PkeyCtx::new_id(Id::ED25519)?,
            };
            context.keygen_init()?;
            match spec {
                KeySpec::Rsa(bits) => context.set_rsa_keygen_bits(bits)?,
                KeySpec::Ecdsa(curve) => context.set_ec_paramgen_curve_nid(curve.nid())?,
                KeySpec::Ed25519 => {}
            }
            context.keygen()
        };
        // The reason is a lack of providers more often than not.
        let generated: Result<_, ErrorStack> = generate();
        generated
            .map(Self)
            .map_err(|errors| CryptoError(format!("{} (loaded: {})", reason(&errors), provider::loaded())))
    }

    /// Loads a key that anyone may have put there: RSA, ECDSA or Ed25519 in PEM form, without a passphrase.
    ///
    /// # Errors
    /// If there is none, or it is of another kind; see [`StoredKeyError`].
    pub fn from_pem(contents: &[u8]) -> Result<Self, StoredKeyError> {
        stored_key::load(contents).map(Self)
    }

    /// Loads a key that anyone may have put there, in PKCS#8 DER.
    ///
    /// # Errors
    /// As for [`PrivateKey::from_pem`].
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, StoredKeyError> {
        stored_key::load_pkcs8(der).map(Self)
    }

    /// Loads a key in any PEM form that OpenSSL's decoders know; `passphrase` is called if the key has one.
    ///
    /// # Errors
    /// If there is no key, or the passphrase is missing or wrong.
    pub fn from_pem_with(
        contents: &[u8],
        mut passphrase: impl FnMut() -> Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Self, LoadKeyError> {
        // By its type, if known: OpenSSL's decoders try them all, which is ten times the work.
        if let Ok(key) = stored_key::load(contents) {
            return Ok(Self(key));
        }
        let (mut asked, mut answered) = (false, false);
        // Without a callback, OpenSSL would ask on the terminal.
        let key = PKey::private_key_from_pem_callback(contents, |buffer| {
            asked = true;
            let passphrase = passphrase().filter(|passphrase| passphrase.len() <= buffer.len());
            answered = passphrase.is_some();
            let passphrase = passphrase.unwrap_or_default();
            buffer[..passphrase.len()].copy_from_slice(&passphrase);
            Ok(passphrase.len())
        });
        match key {
            Ok(key) => Ok(Self(key)),
            Err(_) if answered => Err(LoadKeyError::WrongPassphrase),
            Err(_) if asked => Err(LoadKeyError::Encrypted),
            Err(errors) => Err(LoadKeyError::Invalid(reason(&errors))),
        }
    }

    /// Loads a key from a hardware token by its PKCS#11 URI (RFC 7512); `pin` is called if the token wants one.
    ///
    /// pkcs11-provider reads such URIs from PEM files in its own format, so we make one here.
    ///
    /// # Errors
    /// If there is no such key, or no loaded provider knows PKCS#11.
    pub fn from_pkcs11_uri(
        uri: &str,
        pin: impl FnMut() -> Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Self, LoadKeyError> {
        // A URI may contain a PIN.
        let wiped = |tag, contents: &[u8]| Zeroizing::new(tlv(tag, contents));
        let version = wiped(VISIBLE_STRING, b"PKCS#11 Provider URI v1.0");
        let uri = wiped(UTF8_STRING, uri.as_bytes());
        let der = wiped(SEQUENCE, &Zeroizing::new([&**version, &uri].concat()));
        Self::from_pem_with(&pem::armor("PKCS#11 PROVIDER URI", &der), pin)
    }

    /// The key for a `.key` file: RSA as PKCS#1 (RFC 8017 appendix A.1.2), ECDSA as SEC 1 (RFC 5915), anything
    /// else as PKCS#8 (RFC 5958).
    ///
    /// # Errors
    /// If the key cannot leave its provider.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let label = if self.0.is_a(KeyType::RSA) {
            "RSA PRIVATE KEY"
        } else if self.0.is_a(KeyType::EC) {
            "EC PRIVATE KEY"
        } else {
            return Ok(pem::armor("PRIVATE KEY", &self.to_pkcs8_der()?));
        };
        Ok(pem::armor(label, &Zeroizing::new(self.0.private_key_to_der()?)))
    }

    /// The key as unencrypted PKCS#8 DER (RFC 5958), for a `.key.pk8` file.
    ///
    /// # Errors
    /// If the key cannot leave its provider.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Ok(Zeroizing::new(self.0.private_key_to_pkcs8()?))
    }

    /// The key for a `.key` file with a passphrase: encrypted PKCS#8 (RFC 5958 section 3).
    ///
    /// # Errors
    /// If the key cannot leave its provider, or the providers cannot encrypt it.
    pub fn to_encrypted_pem(&self, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let encrypted = pbes2::encrypt_key(&self.to_pkcs8_der()?, passphrase)?;
        Ok(pem::armor("ENCRYPTED PRIVATE KEY", &encrypted))
    }

    /// The SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7).
    ///
    /// # Errors
    /// If the provider does not tell it.
    pub fn public_key_info(&self) -> Result<Vec<u8>, CryptoError> {
        Ok(self.0.public_key_to_der()?)
    }

    /// The public half.
    ///
    /// # Errors
    /// If the provider does not tell it.
    pub fn public(&self) -> Result<PKey<Public>, CryptoError> {
        Ok(PKey::public_key_from_der(&self.public_key_info()?)?)
    }

    /// Does the certificate belong to this key?
    ///
    /// # Errors
    /// If OpenSSL's providers do not know such keys as the certificate's.
    pub fn is_of(&self, certificate: &Certificate) -> Result<bool, ErrorStack> {
        // OpenSSL takes ten times as long to decode a public key as to encode one, so it does that only where
        // octets do not tell.
        let own = self.0.public_key_to_der().ok();
        let own = own.as_ref().and_then(|own| PublicKey::read(own).ok());
        let told = own.zip(certificate.public_key()).and_then(|(own, other)| own.is(&other));
        told.map_or_else(|| Ok(self.matches(&*super::public_key(certificate)?)), Ok)
    }

    /// Does `public` belong to this key?
    pub fn matches<T: HasPublic>(&self, public: &PKeyRef<T>) -> bool {
        self.0.public_eq(public)
    }

    /// Is it the same key?
    pub fn is_same(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }

    /// What is wrong with the key as a CA key (REFERENCE.md section 6); `None` for any key we could have made.
    pub fn weakness(&self) -> Option<Weakness> {
        if self.0.is_a(KeyType::RSA) {
            let bits = Some(self.0.bits()).filter(|bits| *bits < RSA_MIN)?;
            return Some(match bits {
                ..RSA_REFUSED => Weakness::Refused(format!("an RSA key of {bits} bits")),
                _ => Weakness::Weak(KeySizeError::TooWeak(bits).to_string()),
            });
        }
        if self.0.is_a(KeyType::EC) {
            // A token does not report the curve, so its keys are accepted as they are.
            let curve = self.0.ec_key().ok()?.group().curve_name()?;
            let name = curve.short_name().unwrap_or("another curve");
            return match curve {
                Nid::SECP224R1 => Some(Weakness::Weak(format!(
                    "an ECDSA key on {name} is of little use: TLS libraries know P-256, P-384 and P-521"
                ))),
                _ if Curve::ALL.map(Curve::nid).contains(&curve) => None,
                _ => Some(Weakness::Refused(format!("an ECDSA key on the curve {name}"))),
            };
        }
        if self.0.is_a(KeyType::ED25519) {
            return None;
        }
        let kinds = [
            (KeyType::DSA, "a DSA key"),
            (KeyType::ED448, "an Ed448 key"),
            (KeyType::RSA_PSS, "an RSASSA-PSS key"),
        ];
        let kind = kinds.into_iter().find(|(kind, _)| self.0.is_a(*kind));
        Some(Weakness::Refused(kind.map_or("a key of another kind", |(_, name)| name).to_owned()))
    }

    /// Does it make signatures that `public` verifies? The public half in a key's file may be another key's:
    /// here that does not do.
    pub fn signs_for(&self, public: &PKeyRef<Public>) -> bool {
        let text = b"crdb-cert";
        let signs = || {
            if self.digest() == MessageDigest::null() {
                let signature = Signer::new_without_digest(&self.0)?.sign_oneshot_to_vec(text)?;
                return Verifier::new_without_digest(public)?.verify_oneshot(&signature, text);
            }
            let signature = Signer::new(self.digest(), &self.0)?.sign_oneshot_to_vec(text)?;
            Verifier::new(self.digest(), public)?.verify_oneshot(&signature, text)
        };
        // Whatever goes wrong: it does not. OpenSSL's reasons must not show up elsewhere.
        signs().unwrap_or(false)
    }

    /// The key for OpenSSL's own functions.
    pub(super) fn as_pkey(&self) -> &PKeyRef<Private> {
        &self.0
    }

    /// The digest of this key's signatures: as strong as the key, and none where the algorithm has its own.
    pub(super) fn digest(&self) -> MessageDigest {
        let is_a = |kind| self.0.is_a(kind);
        match self.0.bits() {
            _ if is_a(KeyType::ED25519) || is_a(KeyType::ED448) => MessageDigest::null(),
            384 if is_a(KeyType::EC) => MessageDigest::sha384(),
            385.. if is_a(KeyType::EC) => MessageDigest::sha512(),
            _ => MessageDigest::sha256(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_pem() {
        for (curve, label) in [(Curve::P256, "EC"), (Curve::P384, "EC"), (Curve::P521, "EC")] {
            let key = PrivateKey::generate(KeySpec::Ecdsa(curve)).expect("a key");
            let pem = key.to_pem().expect("PEM");
            assert!(pem.starts_with(format!("-----BEGIN {label} PRIVATE KEY-----\n").as_bytes()));
            let again = PrivateKey::from_pem(&pem);
            assert!(again.is_ok_and(|again| again.matches(key.as_pkey())));
        }
    }

    #[test]
    fn a_key_signs_for_its_own_public_half_only() {
        let make = |spec| PrivateKey::generate(spec).expect("a key");
        for spec in
            [KeySpec::Ecdsa(Curve::P256), KeySpec::Ecdsa(Curve::P521), KeySpec::Ed25519, KeySpec::Rsa(2048)]
        {
            let (key, other) = (make(spec), make(spec));
            let [own, others] = [&key, &other].map(|key| key.public().expect("a public key"));
            assert!(key.signs_for(&own) && !key.signs_for(&others), "{spec:?}");
        }
    }

    #[test]
    fn a_file_with_the_public_half_of_another_key_does_not_sign_for_it() {
        let make = || openssl::ec::EcKey::generate(&group()).expect("a key");
        let (victim, own) = (make(), make());
        let forged =
            openssl::ec::EcKey::from_private_components(&group(), own.private_key(), victim.public_key());
        let forged = PrivateKey(PKey::from_ec_key(forged.expect("a key")).expect("a key"));
        let public = PrivateKey(PKey::from_ec_key(victim).expect("a key")).public().expect("a public key");
        assert!(forged.matches(&public) && !forged.signs_for(&public));
    }

    fn group() -> openssl::ec::EcGroup {
        openssl::ec::EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve")
    }

    #[test]
    fn an_encrypted_key_is_told_from_a_broken_one() {
        let key = PrivateKey::generate(KeySpec::Ecdsa(Curve::P256)).expect("a key");
        let cipher = openssl::symm::Cipher::aes_256_cbc();
        let pem = key.0.private_key_to_pem_pkcs8_passphrase(cipher, b"secret").expect("PEM");
        assert_eq!(PrivateKey::from_pem(&pem).err(), Some(StoredKeyError::Encrypted));
        assert_eq!(PrivateKey::from_pem(b"junk").err(), Some(StoredKeyError::None));
    }
}
