//! Makes a certificate from a profile, names, validity and keys (RFC 5280 section 4).

use std::net::IpAddr;

use openssl::asn1::{Asn1Integer, Asn1Time, Asn1TimeRef};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::rand::rand_bytes;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage as ExtendedKeyUsageBuilder,
    KeyUsage as KeyUsageBuilder, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509NameRef, X509Ref};

use super::inspect::Facts;
use super::key::PrivateKey;
use super::name::EncodedName;
use super::profile::{ExtendedKeyUsage, KeyUsage, Profile};
use super::reason;
use crate::duration::Lifetime;
use crate::host::Host;

/// Certificates are valid from a day before they are made, for hosts whose clock is slow (as in the reference).
const BACKDATED_SECONDS: i64 = 24 * 3600;

/// The last second a certificate can name, 9999-12-31T23:59:59Z (RFC 5280 section 4.1.2.5).
const END_OF_TIME: i64 = 253_402_300_799;

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
}

/// One of the names in subjectAltName (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AltName {
    /// dNSName
    Dns(String),
    /// iPAddress
    Ip(IpAddr),
    /// uniformResourceIdentifier
    Uri(String),
}

impl AltName {
    /// The names of a node: DNS names, then IP addresses.
    pub fn of_hosts(hosts: &[Host]) -> Vec<Self> {
        let mut names: Vec<_> = hosts
            .iter()
            .map(|host| match host {
                Host::Dns(name) => Self::Dns(name.clone()),
                Host::Ip(ip) => Self::Ip(*ip),
            })
            .collect();
        names.sort_by_key(|name| matches!(name, Self::Ip(_)));
        names
    }
}

/// What the caller decides about a certificate.
pub struct Request<'a> {
    /// The contents of this kind of certificate.
    pub profile: &'a Profile,
    /// Its subject.
    pub subject: &'a EncodedName,
    /// Its subject alternative names.
    pub alt_names: &'a [AltName],
    /// When it is valid.
    pub validity: Validity,
    /// The subject's key.
    pub key: &'a PrivateKey,
}

/// A CA: its certificate and the matching key.
#[derive(Clone, Copy)]
pub struct Authority<'a> {
    /// The CA's certificate.
    pub certificate: &'a X509Ref,
    /// The CA's key.
    pub key: &'a PrivateKey,
}

/// A new certificate.
pub struct Issued {
    /// The certificate in PEM form.
    pub pem: Vec<u8>,
    /// Its contents, read back from it.
    pub facts: Facts,
}

/// Makes the certificate, signed by `authority`, or by its own key if there is none.
///
/// # Errors
/// OpenSSL's reason, if its providers fail.
pub fn issue(request: &Request<'_>, authority: Option<Authority<'_>>) -> Result<Issued, String> {
    let issued = build(request, authority)
        .and_then(|certificate| Ok(Issued { pem: certificate.to_pem()?, facts: Facts::of(&certificate) }));
    issued.map_err(|errors| reason(&errors))
}

fn build(request: &Request<'_>, authority: Option<Authority<'_>>) -> Result<X509, ErrorStack> {
    match authority {
        Some(ca) => sign(request, ca.key, ca.certificate.subject_name(), Some(ca.certificate)),
        None => {
            let own = sign(request, request.key, &request.subject.0, None)?;
            if request.profile.path_length.is_some() {
                return Ok(own);
            }
            // Only a CA's own certificate may omit the authority key identifier (RFC 5280 section 4.2.1.1).
            sign(request, request.key, &request.subject.0, Some(&own))
        }
    }
}

/// `authority` is the certificate whose key identifier becomes the authority key identifier.
fn sign(
    request: &Request<'_>,
    signer: &PrivateKey,
    issuer: &X509NameRef,
    authority: Option<&X509Ref>,
) -> Result<X509, ErrorStack> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*random_serial()?)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::from_unix(request.validity.not_before)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(request.validity.not_after)?)?;
    builder.set_subject_name(&request.subject.0)?;
    builder.set_pubkey(request.key.as_pkey())?;
    add_extensions(&mut builder, request, authority)?;
    builder.sign(signer.as_pkey(), signer.digest())?;
    Ok(builder.build())
}

/// A certificate's time in seconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// If the certificate holds no valid time.
pub fn unix_seconds(time: &Asn1TimeRef) -> Result<i64, ErrorStack> {
    let epoch = Asn1Time::from_unix(0)?;
    let since = epoch.diff(time)?;
    Ok(i64::from(since.days) * 86400 + i64::from(since.secs))
}

fn random_serial() -> Result<Asn1Integer, ErrorStack> {
    let mut bytes = [0; SERIAL_BYTES];
    rand_bytes(&mut bytes)?;
    bytes[0] |= 0x40;
    Asn1Integer::from_bn(&*BigNum::from_slice(&bytes)?)
}

fn add_extensions(
    builder: &mut X509Builder,
    request: &Request<'_>,
    authority: Option<&X509Ref>,
) -> Result<(), ErrorStack> {
    let profile = request.profile;
    builder.append_extension(key_usage(request)?)?;
    if !profile.extended_key_usage.is_empty() {
        builder.append_extension(extended_key_usage(profile.extended_key_usage)?)?;
    }
    if let Some(path_length) = profile.path_length {
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(path_length).build()?)?;
    } else if profile.not_a_ca {
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
    }
    let context = builder.x509v3_context(None, None);
    let identifier = SubjectKeyIdentifier::new().build(&context)?;
    builder.append_extension(identifier)?;
    // A CA made elsewhere may have no identifier to refer to.
    if let Some(ca) = authority.filter(|ca| ca.subject_key_id().is_some()) {
        let context = builder.x509v3_context(Some(ca), None);
        let identifier = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(identifier)?;
    }
    if !request.alt_names.is_empty() {
        let names = alt_names(request.alt_names, builder, &request.subject.0)?;
        builder.append_extension(names)?;
    }
    Ok(())
}

fn key_usage(request: &Request<'_>) -> Result<openssl::x509::X509Extension, ErrorStack> {
    let mut bits = KeyUsageBuilder::new();
    bits.critical();
    for usage in request.profile.key_usage {
        match usage {
            KeyUsage::DigitalSignature => bits.digital_signature(),
            KeyUsage::NonRepudiation => bits.non_repudiation(),
            KeyUsage::KeyEncipherment if !request.key.encrypts() => &mut bits,
            KeyUsage::KeyEncipherment => bits.key_encipherment(),
            KeyUsage::KeyCertSign => bits.key_cert_sign(),
        };
    }
    bits.build()
}

fn extended_key_usage(purposes: &[ExtendedKeyUsage]) -> Result<openssl::x509::X509Extension, ErrorStack> {
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
fn alt_names(
    names: &[AltName],
    builder: &X509Builder,
    subject: &X509NameRef,
) -> Result<openssl::x509::X509Extension, ErrorStack> {
    let mut extension = SubjectAlternativeName::new();
    if subject.entries().next().is_none() {
        extension.critical();
    }
    for name in names {
        match name {
            AltName::Dns(name) => extension.dns(name),
            AltName::Ip(ip) => extension.ip(&ip.to_string()),
            AltName::Uri(uri) => extension.uri(uri),
        };
    }
    extension.build(&builder.x509v3_context(None, None))
}
