//! Makes a certificate from a profile, names, validity and keys (RFC 5280 section 4).

use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::pkey::{KeyType, PKeyRef, Public};
use openssl::rand::rand_bytes;
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage as ExtendedKeyUsageBuilder, KeyUsage as KeyUsageBuilder,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509Builder, X509Extension, X509Name, X509NameRef};

use super::CryptoError;
use super::key::PrivateKey;
use super::name::EncodedName;
use super::profile::{ExtendedKeyUsage, KeyUsage, Profile};
use crate::certificate::{AltName, Certificate, KeyIdentifier};
use crate::der::{SEQUENCE, tlv};
use crate::duration::Lifetime;

/// Certificates are valid from a day before they are made, for hosts whose clock is slow (as in the reference).
pub const BACKDATED_SECONDS: i64 = 24 * 3600;

/// The last second a certificate can name, 9999-12-31T23:59:59Z (RFC 5280 section 4.1.2.5).
const END_OF_TIME: i64 = 253_402_300_799;

/// The object identifier of subjectAltName, which comes last.
pub(super) const SUBJECT_ALT_NAME: &str = "2.5.29.17";

/// The object identifier of authorityKeyIdentifier, and the tag of the key identifier in it (RFC 5280 section
/// 4.2.1.1).
const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
const KEY_IDENTIFIER: u8 = 0x80;

/// The length of a serial number in bytes. We set its first two bits so that it is positive and has 127 or 128
/// bits.
const SERIAL_BYTES: usize = 16;

/// When a certificate is valid, in seconds since 1970-01-01T00:00:00Z; both ends are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The start.
    pub not_before: i64,
    /// The end.
    pub not_after: i64,
}

impl Validity {
    /// A day before `now` until `lifetime` after it; `None` if that is after the year 9999.
    pub fn starting(now: i64, lifetime: Lifetime) -> Option<Self> {
        let not_after = now.checked_add(lifetime.as_seconds()).filter(|end| *end <= END_OF_TIME)?;
        Some(Self { not_before: now - BACKDATED_SECONDS, not_after })
    }

    /// The `now` of [`Validity::starting`].
    pub fn now(self) -> i64 {
        self.not_before + BACKDATED_SECONDS
    }

    /// The `lifetime` of [`Validity::starting`], in seconds, so that a certificate that is made again has the
    /// same. A validity of a day or less does not begin a day early: it counts as a whole.
    pub fn lifetime(self) -> i64 {
        let whole = self.not_after.saturating_sub(self.not_before);
        if whole > BACKDATED_SECONDS { whole - BACKDATED_SECONDS } else { whole }
    }
}

/// What is to be signed.
pub struct Template<'a> {
    /// What this kind of certificate contains.
    pub profile: &'a Profile,
    /// The certificate's subject.
    pub subject: &'a EncodedName,
    /// Its subject alternative names.
    pub alt_names: &'a [AltName],
    /// Extensions that stand for those of the profile and the subject alternative names.
    pub kept: Option<&'a [KeptExtension]>,
    /// More extensions.
    pub added: &'a [KeptExtension],
    /// When it is valid.
    pub validity: Validity,
    /// The subject's key.
    pub key: SubjectKey<'a>,
}

/// The key that a certificate is for. OpenSSL can take the public half out of a whole key by itself; that
/// spares an encoder and a decoder.
#[derive(Clone, Copy)]
pub enum SubjectKey<'a> {
    /// Ours.
    Own(&'a PrivateKey),
    /// Somebody else's.
    Public(&'a PKeyRef<Public>),
}

impl SubjectKey<'_> {
    fn is_rsa(self) -> bool {
        match self {
            Self::Own(key) => key.as_pkey().is_a(KeyType::RSA),
            Self::Public(key) => key.is_a(KeyType::RSA),
        }
    }
}

/// An extension as it was in an older certificate. Never a key identifier: those are of the new keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptExtension {
    /// Its object identifier in dotted form.
    pub oid: String,
    /// Must who does not know it refuse the certificate?
    pub critical: bool,
    /// What is in its OCTET STRING.
    pub value: Vec<u8>,
}

/// A CA: its certificate and the matching key.
#[derive(Clone, Copy)]
pub struct Issuer<'a> {
    /// The key that signs.
    pub key: &'a PrivateKey,
    /// The CA's certificate.
    pub certificate: Option<&'a Certificate>,
}

/// A new certificate.
pub struct Issued {
    /// The certificate in PEM form.
    pub pem: Vec<u8>,
    /// The same, read back.
    pub certificate: Certificate,
}

/// Makes the certificate.
///
/// # Errors
/// OpenSSL's reason, if its providers fail.
pub fn issue(template: &Template<'_>, issuer: Issuer<'_>) -> Result<Issued, CryptoError> {
    if let Some(ca) = issuer.certificate {
        let name = X509Name::from_der(ca.subject_name())?;
        return sign(template, issuer.key, &name, ca.subject_key_identifier());
    }
    let own = sign(template, issuer.key, &template.subject.0, None)?;
    if template.profile.path_length.is_some() {
        return Ok(own);
    }
    // Only a CA's own certificate may do without an authority key identifier (RFC 5280 section 4.2.1.1).
    sign(template, issuer.key, &template.subject.0, own.certificate.subject_key_identifier())
}

fn sign(
    template: &Template<'_>,
    signer: &PrivateKey,
    issuer: &X509NameRef,
    authority: Option<KeyIdentifier<'_>>,
) -> Result<Issued, CryptoError> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*random_serial()?)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::from_unix(template.validity.not_before)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(template.validity.not_after)?)?;
    builder.set_subject_name(&template.subject.0)?;
    match template.key {
        SubjectKey::Own(key) => builder.set_pubkey(key.as_pkey())?,
        SubjectKey::Public(key) => builder.set_pubkey(key)?,
    }
    add_extensions(&mut builder, template, authority)?;
    builder.sign(signer.as_pkey(), signer.digest())?;
    let issued = builder.build();
    let (pem, der) = (issued.to_pem()?, issued.to_der()?);
    let certificate = Certificate::from_der(der).map_err(|error| CryptoError(error.to_string()))?;
    Ok(Issued { pem, certificate })
}

fn random_serial() -> Result<Asn1Integer, ErrorStack> {
    let mut bytes = [0; SERIAL_BYTES];
    rand_bytes(&mut bytes)?;
    bytes[0] |= 0x40;
    Asn1Integer::from_bn(&*BigNum::from_slice(&bytes)?)
}

fn add_extensions(
    builder: &mut X509Builder,
    template: &Template<'_>,
    authority: Option<KeyIdentifier<'_>>,
) -> Result<(), ErrorStack> {
    match template.kept {
        Some(kept) => add_kept(builder, kept, |oid| oid != SUBJECT_ALT_NAME)?,
        None => add_usages(builder, template)?,
    }
    add_kept(builder, template.added, |_| true)?;
    let context = builder.x509v3_context(None, None);
    let identifier = SubjectKeyIdentifier::new().build(&context)?;
    builder.append_extension(identifier)?;
    // A CA made elsewhere may have no identifier to refer to.
    if let Some(KeyIdentifier(identifier)) = authority {
        let value = tlv(SEQUENCE, &tlv(KEY_IDENTIFIER, identifier));
        builder.append_extension(raw(AUTHORITY_KEY_IDENTIFIER, false, &value)?)?;
    }
    match template.kept {
        Some(kept) => add_kept(builder, kept, |oid| oid == SUBJECT_ALT_NAME),
        None if template.alt_names.is_empty() => Ok(()),
        None => builder.append_extension(alt_names(template.alt_names, &template.subject.0)?),
    }
}

fn add_kept(
    builder: &mut X509Builder,
    kept: &[KeptExtension],
    which: impl Fn(&str) -> bool,
) -> Result<(), ErrorStack> {
    kept.iter().filter(|extension| which(&extension.oid)).try_for_each(|extension| {
        builder.append_extension(raw(&extension.oid, extension.critical, &extension.value)?)
    })
}

/// What a certificate of this profile is for.
fn add_usages(builder: &mut X509Builder, template: &Template<'_>) -> Result<(), ErrorStack> {
    let profile = template.profile;
    builder.append_extension(key_usage(profile, template.key.is_rsa())?)?;
    if !profile.extended_key_usage.is_empty() {
        builder.append_extension(extended_key_usage(profile.extended_key_usage)?)?;
    }
    if let Some(path_length) = profile.path_length {
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(path_length).build()?)?;
    } else if profile.not_a_ca {
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
    }
    Ok(())
}

pub(super) fn key_usage(profile: &Profile, is_rsa: bool) -> Result<X509Extension, ErrorStack> {
    let mut bits = KeyUsageBuilder::new();
    bits.critical();
    for usage in profile.key_usage {
        match usage {
            KeyUsage::DigitalSignature => bits.digital_signature(),
            KeyUsage::NonRepudiation => bits.non_repudiation(),
            KeyUsage::KeyEncipherment if !is_rsa => &mut bits,
            KeyUsage::KeyEncipherment => bits.key_encipherment(),
            KeyUsage::KeyCertSign => bits.key_cert_sign(),
        };
    }
    bits.build()
}

pub(super) fn extended_key_usage(purposes: &[ExtendedKeyUsage]) -> Result<X509Extension, ErrorStack> {
    let mut usage = ExtendedKeyUsageBuilder::new();
    for purpose in purposes {
        match purpose {
            ExtendedKeyUsage::ServerAuth => usage.server_auth(),
            ExtendedKeyUsage::ClientAuth => usage.client_auth(),
        };
    }
    usage.build()
}

/// Critical if the subject is empty (RFC 5280 section 4.2.1.6).
pub(super) fn alt_names(names: &[AltName], subject: &X509NameRef) -> Result<X509Extension, ErrorStack> {
    let critical = subject.entries().next().is_none();
    raw(SUBJECT_ALT_NAME, critical, &AltName::extension(names))
}

pub(super) fn raw(oid: &str, critical: bool, value: &[u8]) -> Result<X509Extension, ErrorStack> {
    let value = Asn1OctetString::new_from_bytes(value)?;
    X509Extension::new_from_der(&*Asn1Object::from_str(oid)?, critical, &value)
}
