//! A parsed certificate (RFC 5280 section 4): the only model of one, for what is read and for what was just
//! made.
//!
//! Read from DER once, strictly, as Go reads it. Pure: OpenSSL makes keys and checks signatures, [`crate::pki`]
//! has them.

mod content;
mod key;
mod names;
mod oid;

use std::fmt;
use std::ops::Range;

use crate::der::{
    self, BIT_STRING, BOOLEAN, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE,
};
use crate::dn::{CertificateSubject, DistinguishedName, EncodedAttribute, UnreadableSubject};
use crate::time;

pub use key::{KeyKind, PublicKey};
pub use names::AltName;
pub use oid::{algorithm, curve, extension};

/// keyCertSign in [`Certificate::key_usage`].
pub const KEY_CERT_SIGN: u16 = 1 << 5;

/// anyExtendedKeyUsage (RFC 5280 section 4.2.1.12).
pub const ANY_USAGE: &str = "2.5.29.37.0";
/// id-kp-serverAuth.
pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// id-kp-clientAuth.
pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// Where something is in the certificate.
type Span = Range<usize>;

/// A certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Span,
    serial: Span,
    inner_algorithm: Span,
    algorithm: Span,
    signature: Span,
    issuer: Span,
    validity: Span,
    subject_name: Span,
    public_key: Span,
    extensions: Vec<ExtensionSpan>,
    /// As encoded: 2 for version 3. Beyond 64 bits, [`u64::MAX`].
    pub version: u64,
    /// The subject, as the server reads it.
    pub subject: Result<CertificateSubject, UnreadableSubject>,
    /// The first second of its validity, since 1970-01-01T00:00:00Z; `None` if it is no valid time.
    pub not_before: Option<i64>,
    /// The last second of its validity.
    pub not_after: Option<i64>,
}

#[derive(Clone, PartialEq, Eq)]
struct ExtensionSpan {
    oid: Span,
    critical: bool,
    value: Span,
}

/// An extension (RFC 5280 section 4.2).
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// Its object identifier, as encoded.
    pub oid: &'a [u8],
    /// Must who does not know it refuse the certificate?
    pub critical: bool,
    /// What is in its OCTET STRING.
    pub value: &'a [u8],
}

/// basicConstraints (RFC 5280 section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// May it sign certificates?
    pub ca: bool,
    /// How many CAs may be below it; `None` for any number.
    pub path_length: Option<u64>,
}

/// A key identifier; `A5:55:F2` as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyIdentifier<'a>(pub &'a [u8]);

impl fmt::Display for KeyIdentifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = |at| if at == 0 { "" } else { ":" };
        self.0.iter().enumerate().try_for_each(|(at, octet)| write!(f, "{}{octet:02X}", separator(at)))
    }
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// If these octets are not one in DER, whole. What its extensions hold is read when asked for.
    pub fn from_der(der: Vec<u8>) -> Result<Self, Malformed> {
        let start = der.as_ptr() as usize;
        let span = |part: &[u8]| {
            let from = part.as_ptr() as usize - start;
            from..from + part.len()
        };
        let mut outer = der::only(&der, SEQUENCE)?.parts();
        let tbs = outer.expect(SEQUENCE)?;
        let algorithm = outer.expect(SEQUENCE)?;
        let signature = outer.expect(BIT_STRING)?;
        outer.end()?;
        let mut fields = tbs.parts();
        let version = match fields.optional(0xa0)? {
            Some(explicit) => der::only(explicit.contents, INTEGER)?.contents,
            None => &[0],
        };
        let version = der::unsigned(version).unwrap_or(u64::MAX);
        let serial = fields.expect(INTEGER)?;
        let inner_algorithm = fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?;
        let validity = fields.expect(SEQUENCE)?;
        let mut times = validity.parts();
        let (not_before, not_after) = (times.element()?, times.element()?);
        let subject_name = fields.expect(SEQUENCE)?;
        let public_key = fields.expect(SEQUENCE)?;
        let mut extensions = Vec::new();
        // Only version 3 has any (RFC 5280 section 4.1.2.1): what stands there otherwise nobody reads.
        if version == 2 {
            fields.optional(0x81)?;
            fields.optional(0x82)?;
            if let Some(explicit) = fields.optional(0xa3)? {
                let mut all = der::only(explicit.contents, SEQUENCE)?.parts();
                while !all.is_empty() {
                    let Extension { oid, critical, value } = read_extension(all.expect(SEQUENCE)?.parts())?;
                    extensions.push(ExtensionSpan { oid: span(oid), critical, value: span(value) });
                }
            }
        }
        let subject = read_name(subject_name.encoded);
        Ok(Self {
            tbs: span(tbs.encoded),
            serial: span(serial.contents),
            inner_algorithm: span(inner_algorithm.encoded),
            algorithm: span(algorithm.encoded),
            signature: span(signature.contents),
            issuer: span(issuer.encoded),
            validity: span(validity.contents),
            subject_name: span(subject_name.encoded),
            public_key: span(public_key.encoded),
            extensions,
            version,
            subject,
            not_before: time::from_asn1(not_before.tag, not_before.contents),
            not_after: time::from_asn1(not_after.tag, not_after.contents),
            der,
        })
    }
}

/// Reads a name (RFC 5280 section 4.1.2.4).
pub(crate) fn read_name(encoded: &[u8]) -> Result<CertificateSubject, UnreadableSubject> {
    EncodedAttribute::read_name(encoded).and_then(|rdns| DistinguishedName::from_certificate_attributes(&rdns))
}

pub(crate) fn read_extension(mut fields: Reader<'_>) -> Result<Extension<'_>, Malformed> {
    let oid = fields.expect(OBJECT_IDENTIFIER)?.contents;
    let critical = match fields.optional(BOOLEAN)?.map(|element| element.contents) {
        None | Some([0]) => false,
        Some([0xff]) => true,
        Some(_) => return Err(Malformed),
    };
    let value = fields.expect(OCTET_STRING)?.contents;
    fields.end().map(|()| Extension { oid, critical, value })
}

/// The parts as encoded.
impl Certificate {
    /// The whole certificate.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// What is signed.
    pub fn tbs(&self) -> &[u8] {
        &self.der[self.tbs.clone()]
    }

    /// The contents octets of the serial number.
    pub fn serial(&self) -> &[u8] {
        &self.der[self.serial.clone()]
    }

    /// The AlgorithmIdentifier around the signature.
    pub fn signature_algorithm(&self) -> &[u8] {
        &self.der[self.algorithm.clone()]
    }

    /// The AlgorithmIdentifier in what is signed: the same (RFC 5280 section 4.1.1.2).
    pub fn inner_signature_algorithm(&self) -> &[u8] {
        &self.der[self.inner_algorithm.clone()]
    }

    /// The contents octets of the signature's BIT STRING.
    pub fn signature(&self) -> &[u8] {
        &self.der[self.signature.clone()]
    }

    /// The issuer's name.
    pub fn issuer_name(&self) -> &[u8] {
        &self.der[self.issuer.clone()]
    }

    /// The two times of the validity.
    pub fn validity(&self) -> &[u8] {
        &self.der[self.validity.clone()]
    }

    /// The subject's name.
    pub fn subject_name(&self) -> &[u8] {
        &self.der[self.subject_name.clone()]
    }

    /// The SubjectPublicKeyInfo.
    pub fn public_key_info(&self) -> &[u8] {
        &self.der[self.public_key.clone()]
    }

    /// The extensions, in order.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        self.extensions.iter().map(|ExtensionSpan { oid, critical, value }| Extension {
            oid: &self.der[oid.clone()],
            critical: *critical,
            value: &self.der[value.clone()],
        })
    }

    /// The value of the extension with this identifier, of [`extension`].
    pub fn extension(&self, oid: &[u8]) -> Option<&[u8]> {
        self.extensions().find(|extension| extension.oid == oid).map(|extension| extension.value)
    }
}

impl fmt::Debug for Certificate {
    /// Not a page of octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?}, serial {})", self.subject_text(), der::hex(self.serial()))
    }
}

#[cfg(test)]
mod tests {
    use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::x509::{X509, X509Extension};

    use super::*;

    fn with(extensions: &[(&str, &[u8])]) -> Certificate {
        let key = PKey::ec_gen("P-256").expect("a key");
        let mut builder = X509::builder().expect("a builder");
        let (start, end) = (Asn1Time::from_unix(0).expect("a time"), Asn1Time::from_unix(60).expect("a time"));
        builder.set_version(2).and_then(|()| builder.set_pubkey(&key)).expect("a key");
        builder.set_not_before(&start).and_then(|()| builder.set_not_after(&end)).expect("times");
        for (oid, value) in extensions {
            let (oid, value) = (Asn1Object::from_str(oid), Asn1OctetString::new_from_bytes(value));
            let extension = X509Extension::new_from_der(&oid.expect("an OID"), false, &value.expect("octets"));
            builder.append_extension(extension.expect("an extension")).expect("an extension");
        }
        builder.sign(&key, MessageDigest::sha256()).expect("a signature");
        Certificate::from_der(builder.build().to_der().expect("DER")).expect("a certificate")
    }

    #[test]
    fn what_the_extensions_say_is_read() {
        let access = b"\x30\x24\x30\x22\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01\x86\x16http://ocsp.example.io";
        let certificate = with(&[
            ("2.5.29.15", b"\x03\x02\x02\x84"),
            ("2.5.29.37", b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"),
            ("2.5.29.19", b"\x30\x06\x01\x01\xff\x02\x01\x03"),
            ("2.5.29.14", b"\x04\x02\xa5\x5f"),
            ("2.5.29.35", b"\x30\x04\x80\x02\x0b\xf2"),
            ("2.5.29.17", b"\x30\x0a\x82\x01a\x87\x01b\x86\x02c:"),
            ("1.3.6.1.5.5.7.1.1", access),
        ]);
        assert_eq!(certificate.key_usage(), Some(1 | 1 << 5));
        assert!(certificate.allows(CLIENT_AUTH) && !certificate.allows("1.3.6.1.5.5.7.3.1"));
        assert_eq!(certificate.basic_constraints(), Some(BasicConstraints { ca: true, path_length: Some(3) }));
        assert_eq!(certificate.subject_key_identifier().map(|id| id.to_string()).as_deref(), Some("A5:5F"));
        assert_eq!(certificate.authority_key_identifier().map(|id| id.to_string()).as_deref(), Some("0B:F2"));
        let ip = AltName::Other { tag: 0x87, contents: b"b".to_vec() };
        let names = [AltName::Dns("a".into()), ip, AltName::Uri("c:".into())];
        assert_eq!(certificate.alt_names().collect::<Vec<_>>(), names);
        assert_eq!(certificate.ocsp_responders().collect::<Vec<_>>(), ["http://ocsp.example.io"]);
        let issuers = b"\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x00";
        let other = with(&[("2.5.29.15", b"\x03\x03\x07\x80\x80"), ("1.3.6.1.5.5.7.1.1", issuers)]);
        assert_eq!(other.key_usage(), Some(1 | 1 << 8));
        assert_eq!(other.ocsp_responders().count(), 0, "where the CA is, it does not answer");
        assert_eq!((certificate.not_before, certificate.not_after), (Some(0), Some(60)));
        assert!(matches!(certificate.public_key().map(|key| key.kind), Some(KeyKind::Ec([0x2a, ..]))));
    }

    #[test]
    fn without_purposes_every_purpose_is_allowed() {
        for extensions in
            [&[][..], &[("2.5.29.37", &b"\x30\x00"[..])], &[("2.5.29.37", b"\x30\x06\x06\x04\x55\x1d\x25\x00")]]
        {
            assert!(with(extensions).allows(CLIENT_AUTH), "{extensions:?}");
        }
    }
}
