//! Checks a private key file that anyone may have put there before OpenSSL sees it. A hostile file can keep
//! OpenSSL busy for hours, for example computing the public half of a million-bit DSA key.
//!
//! A key that passes is loaded by its type, which computes nothing private if the file has the public half;
//! OpenSSL's decoders would try all the types they know.

use openssl::asn1::Asn1Object;
use openssl::ec::EcKey;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{pem, reason};
use crate::certificate::algorithm::{EC, ED25519, RSA};
use crate::certificate::curve::{P224, P256, P384, P521};
use crate::der::{
    self, BIT_STRING, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, bits, tlv,
};

/// The largest RSA key that OpenSSL verifies, in bits.
pub const RSA_MAX: u32 = 16384;

/// Context-specific tags of SEC 1's parameters and public key (RFC 5915 section 3).
const PARAMETERS: u8 = 0xa0;
const PUBLIC_KEY: u8 = 0xa1;

/// The curves of keys that we load.
const CURVES: [&[u8]; 4] = [P224, P256, P384, P521];
/// The length in bytes of the longest scalar, and of its point in uncompressed form (P-521).
const SCALAR_MAX: usize = 66;
const POINT_MAX: usize = 1 + 2 * SCALAR_MAX;

/// Why a key file is not loaded.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum StoredKeyError {
    /// Encrypted: we have no passphrase for such keys, and a hostile file may ask for billions of iterations.
    #[error("the key is protected by a passphrase")]
    Encrypted,
    /// No private key block.
    #[error("no private key in PEM form in it")]
    None,
    /// Not base64, or OpenSSL refuses it.
    #[error("not a private key in PEM form: {0}")]
    Invalid(String),
    /// RSA with a modulus of so many bits.
    #[error("an RSA key of {0} bits: at most {RSA_MAX} are supported")]
    TooLarge(usize),
    /// RSA with more than two primes (RFC 8017 section 3.2).
    #[error("an RSA key of more than two primes: two are supported")]
    MultiPrime,
    /// Of another algorithm.
    #[error("a key of the algorithm {0}: RSA, ECDSA and Ed25519 are supported")]
    Algorithm(String),
    /// On another curve.
    #[error("an ECDSA key on {0}: P-224, P-256, P-384 and P-521 are supported")]
    Curve(String),
    /// With explicit curve parameters.
    #[error("an ECDSA key on a curve of its own: P-224, P-256, P-384 and P-521 are supported")]
    ExplicitCurve,
    /// A block of another type.
    #[error("a block of type {0}: RSA PRIVATE KEY, EC PRIVATE KEY and PRIVATE KEY are supported")]
    Label(String),
    /// The contents do not match the label.
    #[error("labelled {label}, but {inside}")]
    Mislabelled {
        /// The label.
        label: &'static str,
        /// What is inside.
        inside: String,
    },
}

/// Loads the first private key in a file.
///
/// # Errors
/// If there is none, or it is of a kind that we do not make and servers cannot use.
pub fn load(contents: &[u8]) -> Result<PKey<Private>, StoredKeyError> {
    let block = pem::private_key(contents).ok_or(StoredKeyError::None)?;
    if block.label == "ENCRYPTED PRIVATE KEY" || block.has_encryption_header() {
        return Err(StoredKeyError::Encrypted);
    }
    let invalid = |errors: ErrorStack| StoredKeyError::Invalid(reason(&errors));
    let der = block.der().map_err(invalid)?;
    StoredKey::read(block.label, &der)?.load().map_err(invalid)
}

/// Loads a private key in PKCS#8 DER (RFC 5958).
///
/// # Errors
/// As for [`load`].
pub fn load_pkcs8(der: &[u8]) -> Result<PKey<Private>, StoredKeyError> {
    let key = StoredKey::read("PRIVATE KEY", der)?;
    key.load().map_err(|errors| StoredKeyError::Invalid(reason(&errors)))
}

/// A kind of key that OpenSSL may load, within limits that keep it quick.
enum StoredKey<'a> {
    /// PKCS#1 (RFC 8017 appendix A.1.2) with two primes.
    Rsa(&'a [u8]),
    /// SEC 1 (RFC 5915) that names its curve.
    Ec(&'a [u8]),
    /// SEC 1 from PKCS#8, with the curve that is named there.
    EcPkcs8(Zeroizing<Vec<u8>>),
    /// The seed (RFC 8410 section 7).
    Ed25519(&'a [u8]),
}

impl<'a> StoredKey<'a> {
    fn read(label: &str, der: &'a [u8]) -> Result<Self, StoredKeyError> {
        let otherwise = |label| move || StoredKeyError::Mislabelled { label, inside: describe(der) };
        match label {
            "RSA PRIVATE KEY" => rsa(der)?.ok_or_else(otherwise("RSA PRIVATE KEY")),
            "EC PRIVATE KEY" => ec(der, None)?.map(|()| Self::Ec(der)).ok_or_else(otherwise("EC PRIVATE KEY")),
            "PRIVATE KEY" => Self::in_pkcs8(der)?.ok_or_else(otherwise("PRIVATE KEY")),
            label => Err(StoredKeyError::Label(label.to_owned())),
        }
    }

    /// PKCS#8 (RFC 5958); `None` if it is not.
    fn in_pkcs8(der: &'a [u8]) -> Result<Option<Self>, StoredKeyError> {
        let Ok((algorithm, mut parameters, key)) = pkcs8(der) else { return Ok(None) };
        match algorithm {
            RSA => rsa(key),
            EC => {
                let curve = curve(&mut parameters)?;
                Ok(ec(key, Some(curve))?.and_then(|()| with_curve(key, curve).ok()).map(Self::EcPkcs8))
            }
            ED25519 => {
                let seed = der::only(key, OCTET_STRING).map(|seed| seed.contents);
                Ok(seed.ok().filter(|seed| seed.len() == 32).map(Self::Ed25519))
            }
            other => Err(StoredKeyError::Algorithm(name(other))),
        }
    }

    fn load(&self) -> Result<PKey<Private>, ErrorStack> {
        match self {
            Self::Rsa(der) => Rsa::private_key_from_der(der).and_then(PKey::from_rsa),
            Self::Ec(der) => EcKey::private_key_from_der(der).and_then(PKey::from_ec_key),
            Self::EcPkcs8(der) => EcKey::private_key_from_der(der).and_then(PKey::from_ec_key),
            Self::Ed25519(seed) => PKey::private_key_from_raw_bytes(seed, Id::ED25519),
        }
    }
}

/// The algorithm of a PKCS#8 key, its parameters, and the key itself.
fn pkcs8(der: &[u8]) -> Result<(&[u8], Reader<'_>, &[u8]), Malformed> {
    let mut info = der::only(der, SEQUENCE)?.parts();
    let (version, mut algorithm) = (info.expect(INTEGER)?, info.expect(SEQUENCE)?.parts());
    let oid = algorithm.expect(OBJECT_IDENTIFIER)?;
    let key = info.expect(OCTET_STRING)?;
    if !matches!(version.contents, [0 | 1]) {
        return Err(Malformed);
    }
    Ok((oid.contents, algorithm, key.contents))
}

/// A key in PKCS#1; `None` if it is not.
fn rsa(der: &[u8]) -> Result<Option<StoredKey<'_>>, StoredKeyError> {
    let Ok(mut numbers) = der::only(der, SEQUENCE).map(|key| key.parts()) else { return Ok(None) };
    let mut number = || numbers.expect(INTEGER).map(|number| number.contents);
    let (Ok(version), Ok(modulus)) = (number(), number()) else { return Ok(None) };
    if bits(modulus) > RSA_MAX as usize {
        return Err(StoredKeyError::TooLarge(bits(modulus)));
    }
    if version == [1] {
        return Err(StoredKeyError::MultiPrime);
    }
    // The public exponent, the private one, two primes, and the values precomputed from them.
    let others = (0..7).all(|_| number().is_ok_and(|number| bits(number) <= bits(modulus)));
    Ok((version == [0] && others && numbers.is_empty()).then_some(StoredKey::Rsa(der)))
}

/// The curve that parameters name.
fn curve<'a>(parameters: &mut Reader<'a>) -> Result<&'a [u8], StoredKeyError> {
    let named = parameters.expect(OBJECT_IDENTIFIER);
    named.map(|curve| curve.contents).map_err(|Malformed| StoredKeyError::ExplicitCurve)
}

/// Is it a key in SEC 1? Its curve is inside, or `named` by what is around it.
fn ec(der: &[u8], named: Option<&[u8]>) -> Result<Option<()>, StoredKeyError> {
    let parameters = || {
        let mut parts = der::only(der, SEQUENCE)?.parts();
        let (version, scalar) = (parts.expect(INTEGER)?, parts.expect(OCTET_STRING)?);
        let (parameters, public) = (parts.optional(PARAMETERS)?, parts.optional(PUBLIC_KEY)?);
        let point = public.map(|public| der::only(public.contents, BIT_STRING)).transpose()?;
        parts.end()?;
        let fits = scalar.contents.len() <= SCALAR_MAX
            && point.is_none_or(|point| point.contents.len() <= 1 + POINT_MAX);
        if version.contents == [1] && fits { Ok(parameters) } else { Err(Malformed) }
    };
    let Ok(parameters) = parameters() else { return Ok(None) };
    let inside = parameters.map(|parameters| curve(&mut parameters.parts())).transpose()?;
    let Some(curve) = inside.or(named) else { return Ok(None) };
    if !CURVES.contains(&curve) {
        return Err(StoredKeyError::Curve(name(curve)));
    }
    Ok(named.is_none_or(|named| named == curve).then_some(()))
}

/// A key in SEC 1 that says by itself which curve it is on.
fn with_curve(der: &[u8], curve: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    let mut parts = der::only(der, SEQUENCE)?.parts();
    let (version, scalar) = (parts.expect(INTEGER)?, parts.expect(OCTET_STRING)?);
    parts.optional(PARAMETERS)?;
    let public = parts.optional(PUBLIC_KEY)?;
    let parameters = tlv(PARAMETERS, &tlv(OBJECT_IDENTIFIER, curve));
    let public = public.map_or(&[][..], |public| public.encoded);
    let fields = Zeroizing::new([version.encoded, scalar.encoded, &parameters, public].concat());
    Ok(Zeroizing::new(tlv(SEQUENCE, &fields)))
}

/// What an object identifier stands for, if OpenSSL knows; otherwise itself.
pub fn name(oid: &[u8]) -> String {
    let known = |dotted: &str| Asn1Object::from_str(dotted).ok()?.nid().short_name().ok().map(str::to_owned);
    match der::object_identifier(oid).filter(|_| oid.len() <= 32) {
        Some(dotted) => known(&dotted).filter(|name| name != "UNDEF").unwrap_or(dotted),
        None => "unknown".to_owned(),
    }
}

fn describe(der: &[u8]) -> String {
    match pkcs8(der) {
        Ok((algorithm, ..)) => format!("a PKCS#8 key of the algorithm {} is inside", name(algorithm)),
        Err(Malformed) => "no such key is inside".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use openssl::nid::Nid;

    use super::*;

    /// PKCS#8 around SEC 1 with these fields.
    fn in_pkcs8(curve: &[u8], fields: &[&[u8]]) -> Vec<u8> {
        let algorithm = [tlv(OBJECT_IDENTIFIER, EC), tlv(OBJECT_IDENTIFIER, curve)].concat();
        let key = tlv(OCTET_STRING, &tlv(SEQUENCE, &fields.concat()));
        tlv(SEQUENCE, &[tlv(INTEGER, &[0]), tlv(SEQUENCE, &algorithm), key].concat())
    }

    #[test]
    fn a_key_in_pkcs8_is_loaded_with_and_without_its_curve_and_public_half() {
        for (curve, nid) in [(P256, Nid::X9_62_PRIME256V1), (P384, Nid::SECP384R1), (P521, Nid::SECP521R1)] {
            let group = openssl::ec::EcGroup::from_curve_name(nid).expect("a curve");
            let key = EcKey::generate(&group).and_then(PKey::from_ec_key).expect("a key");
            let sec1 = key.private_key_to_der().expect("SEC 1");
            let mut parts = der::only(&sec1, SEQUENCE).expect("SEC 1").parts();
            let mut part = || parts.element().expect("a field").encoded;
            let (version, scalar, parameters, public) = (part(), part(), part(), part());
            let all = [version, scalar, parameters, public];
            for fields in
                [&all[..], &[version, scalar, public], &[version, scalar, parameters], &[version, scalar]]
            {
                let loaded = load_pkcs8(&in_pkcs8(curve, fields)).expect("a key");
                assert!(loaded.public_eq(&key));
                let scalar = |key: &PKey<Private>| key.ec_key().map(|key| key.private_key().to_vec());
                assert_eq!(scalar(&loaded).expect("a scalar"), scalar(&key).expect("a scalar"));
            }
            let other = if curve == P256 { P384 } else { P256 };
            assert!(load_pkcs8(&in_pkcs8(other, &all)).is_err(), "two curves");
        }
    }
}
