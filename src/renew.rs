//! A certificate becomes the request for its successor, which says the same for another while; or it is
//! refused, because something in it would be lost. Pure.

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::certificate::extension::{
    AUTHORITY_INFO_ACCESS, AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE,
    SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER,
};
use crate::certificate::{Certificate, Extension, KeyKind};
use crate::certs_dir::layout::CertificateName;
use crate::der::{self, BIT_STRING, Element, Malformed, OBJECT_IDENTIFIER, SEQUENCE};
use crate::duration::Lifetime;
use crate::pki::issue::{KeptExtension, Validity};
use crate::pki::key::{Curve, KeySizeError, KeySpec, PrivateKey};
use crate::pki::name;
use crate::pki::oid_name;
use crate::request::{Request, SubjectKey};

/// The version field of X.509 version 3, the only one with extensions.
const V3: u64 = 2;

/// The bits of keyUsage that a leaf may have: digitalSignature, nonRepudiation, keyEncipherment,
/// dataEncipherment, keyAgreement.
const LEAF_USAGES: u16 = 0b1_1111;
/// The purposes that a leaf may have, as encoded: serverAuth and clientAuth.
const LEAF_PURPOSES: [&[u8]; 2] = [b"\x2b\x06\x01\x05\x05\x07\x03\x01", b"\x2b\x06\x01\x05\x05\x07\x03\x02"];
/// basicConstraints that say CA:FALSE, by default or in so many words.
const NOT_A_CA: [&[u8]; 2] = [b"\x30\x00", b"\x30\x03\x01\x01\x00"];

/// What a CA says about itself in what it signs: authorityInfoAccess, cRLDistributionPoints, freshestCRL,
/// certificatePolicies, and the time stamps of public logs (RFC 6962).
const OF_THE_CA: [&[u8]; 5] = [
    AUTHORITY_INFO_ACCESS,
    b"\x55\x1d\x1f",
    b"\x55\x1d\x2e",
    b"\x55\x1d\x20",
    b"\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02",
];

/// Why a certificate is not renewed. Each goes on after `it`.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing can be said in it.
    #[error("is of X.509 version {0}, and only version 3 is made")]
    Version(u64),
    /// issuerUniqueID or subjectUniqueID (RFC 5280 section 4.1.2.8).
    #[error("has a unique identifier of its subject or issuer, which would be lost")]
    UniqueIdentifier,
    /// An extension that we do not know.
    #[error("has the extension {0}, which would be lost")]
    Extension(String),
    /// An extension that is there twice, or is not encoded as it has to be.
    #[error("has an extension {0} that is malformed")]
    Malformed(String),
    /// basicConstraints or keyUsage of a CA, or usages that no kind has.
    #[error("has a {0} that crdb-cert gives to no leaf certificate")]
    Usage(&'static str),
    /// A purpose that no kind has.
    #[error("has the purpose {0} (extendedKeyUsage), which crdb-cert gives to no certificate")]
    Purpose(String),
    /// A key that we do not make.
    #[error("has a key of a kind that crdb-cert does not make: {0}")]
    Key(String),
    /// A key that we make no more.
    #[error("has a key that cannot be made again: {0}")]
    KeySize(#[from] KeySizeError),
    /// A subject that OpenSSL does not read.
    #[error("has a subject that cannot be read: {0}")]
    Subject(String),
    /// No valid times.
    #[error("has a validity that cannot be read")]
    Validity,
    /// Beyond the year 9999.
    #[error("would be valid beyond the year 9999")]
    TooLong,
}

/// What the successor of `old` is: the same subject, extensions and kind of key; valid from `now` for
/// `lifetime`, or for as long as the old one was made for. Without `key` a new one is made. A CA `elsewhere`
/// has extensions of its own, which the new certificate gets from it.
///
/// # Errors
/// If anything that the certificate says would be lost, or is nothing we issue.
pub fn request(
    name: CertificateName,
    old: &Certificate,
    key: Option<PrivateKey>,
    now: i64,
    lifetime: Option<Lifetime>,
    elsewhere: bool,
) -> Result<Request, Refusal> {
    if old.version != V3 {
        return Err(Refusal::Version(old.version.saturating_add(1)));
    }
    if has_unique_identifier(old) {
        return Err(Refusal::UniqueIdentifier);
    }
    let kept = kept_extensions(old, elsewhere)?;
    let spec = key_spec(old)?;
    let subject = name::decode(old.subject_name()).map_err(|why| Refusal::Subject(why.to_string()))?;
    let lifetime = lifetime.or_else(|| own_lifetime(old, elsewhere)).ok_or(Refusal::Validity)?;
    let validity = Validity::starting(now, lifetime).ok_or(Refusal::TooLong)?;
    let key = key.map_or(SubjectKey::New(spec), SubjectKey::Existing);
    Ok(Request { name, subject, alt_names: Vec::new(), kept: Some(kept), added: Vec::new(), validity, key })
}

fn own_lifetime(old: &Certificate, elsewhere: bool) -> Option<Lifetime> {
    let (not_before, not_after) = (old.not_before?, old.not_after?);
    if elsewhere {
        // Others begin some seconds early, not a day as we do: those must not add up.
        let whole = not_after.saturating_sub(not_before);
        return Lifetime::of_seconds(whole - whole % 60);
    }
    Lifetime::of_seconds(Validity { not_before, not_after }.lifetime())
}

/// They come after the key, where [`Certificate`] passes them over.
fn has_unique_identifier(old: &Certificate) -> bool {
    let Ok(tbs) = der::only(old.tbs(), SEQUENCE) else { return true };
    let mut fields = tbs.parts();
    std::iter::from_fn(|| fields.element().ok()).any(|field| matches!(field.tag, 0x81 | 0x82))
}

/// All extensions but the key identifiers, as they are.
fn kept_extensions(old: &Certificate, elsewhere: bool) -> Result<Vec<KeptExtension>, Refusal> {
    let (mut kept, mut seen) = (Vec::new(), Vec::new());
    for Extension { oid, critical, value } in old.extensions() {
        let malformed = || Refusal::Malformed(oid_name(oid));
        if seen.contains(&oid) {
            return Err(malformed());
        }
        seen.push(oid);
        match oid {
            // Those of the new key and of the CA that signs come in their place.
            SUBJECT_KEY_IDENTIFIER | AUTHORITY_KEY_IDENTIFIER if !critical => continue,
            KEY_USAGE => check_usage(old, value)?,
            EXTENDED_KEY_USAGE => check_purposes(value)?,
            BASIC_CONSTRAINTS if NOT_A_CA.contains(&value) => {}
            BASIC_CONSTRAINTS => return Err(Refusal::Usage("basicConstraints")),
            SUBJECT_ALT_NAME => _ = der::only(value, SEQUENCE).map_err(|Malformed| malformed())?,
            _ if elsewhere && !critical && OF_THE_CA.contains(&oid) => continue,
            AUTHORITY_INFO_ACCESS if !critical => {
                _ = der::only(value, SEQUENCE).map_err(|Malformed| malformed())?;
            }
            _ => return Err(Refusal::Extension(oid_name(oid))),
        }
        let oid = der::object_identifier(oid).ok_or_else(malformed)?;
        kept.push(KeptExtension { oid, critical, value: value.to_vec() });
    }
    Ok(kept)
}

fn check_usage(old: &Certificate, value: &[u8]) -> Result<(), Refusal> {
    // The number of unused bits, and nine bits at most (RFC 5280 section 4.2.1.3).
    let is_short = |bits: &Element<'_>| (2..=3).contains(&bits.contents.len());
    let bits = der::only(value, BIT_STRING).ok().filter(is_short).and_then(|_| old.key_usage());
    match bits.ok_or_else(|| Refusal::Malformed("keyUsage".to_owned()))? & !LEAF_USAGES {
        0 => Ok(()),
        _ => Err(Refusal::Usage("keyUsage")),
    }
}

fn check_purposes(value: &[u8]) -> Result<(), Refusal> {
    let malformed = |_: Malformed| Refusal::Malformed("extendedKeyUsage".to_owned());
    let mut purposes = der::only(value, SEQUENCE).map_err(malformed)?.parts();
    while !purposes.is_empty() {
        let purpose = purposes.expect(OBJECT_IDENTIFIER).map_err(malformed)?.contents;
        if !LEAF_PURPOSES.contains(&purpose) {
            return Err(Refusal::Purpose(oid_name(purpose)));
        }
    }
    Ok(())
}

/// The kind of its key.
fn key_spec(old: &Certificate) -> Result<KeySpec, Refusal> {
    let unknown = || Refusal::Key("its algorithm cannot be read".to_owned());
    let key = old.public_key().ok_or_else(unknown)?;
    match key.kind {
        KeyKind::Rsa { .. } => {
            let bits = key.rsa_bits().and_then(|bits| u32::try_from(bits).ok()).ok_or_else(unknown)?;
            Ok(KeySpec::rsa(Some(bits))?)
        }
        KeyKind::Ec(curve) => {
            let known = Curve::by_oid(curve).map(KeySpec::Ecdsa);
            known.ok_or_else(|| Refusal::Key(format!("ECDSA on the curve {}", oid_name(curve))))
        }
        KeyKind::Ed25519 => Ok(KeySpec::Ed25519),
        KeyKind::Other => Err(Refusal::Key(oid_name(key.algorithm))),
    }
}
