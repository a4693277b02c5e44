//! Reads a request that anyone may have made. Strict: what is read here goes into a certificate.

#[cfg(test)]
mod tests;

use std::fmt;

use openssl::pkey::{PKey, Public};
use openssl::x509::X509Req;
use thiserror::Error;

use super::key::{KeyRefused, check};
use crate::certificate::extension::{
    BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE, SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER,
};
use crate::certificate::{AltName, Extension, KeyKind, PublicKey, read_extension};
use crate::der::{
    self, BIT_STRING, BOOLEAN, INTEGER, Malformed, OBJECT_IDENTIFIER, Reader, SEQUENCE, SET, has_more_elements,
};
use crate::dn::{CertificateSubject, DistinguishedName, EncodedAttribute, UnreadableSubject};
use crate::pki::{oid_name, pem, reason};

/// The most octets of a request: a thousand names are 30,000.
const LONGEST: usize = 1 << 17;
/// The most ASN.1 elements in a request that we pass to OpenSSL.
const ELEMENTS: usize = 20_000;

/// The labels of a request in PEM form (RFC 7468 section 7).
const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/// Object identifiers of attributes (RFC 2985), as encoded.
const EXTENSION_REQUEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e";
const CHALLENGE_PASSWORD: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07";

/// The signatures that are accepted: those of RSA (PKCS#1 v1.5) and ECDSA with SHA-256, SHA-384, SHA-512, and
/// of Ed25519.
const RSA_SIGNATURE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01";
const ECDSA_SIGNATURE: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03";
const ED25519: &[u8] = b"\x2b\x65\x70";

/// The bits of keyUsage (RFC 5280 section 4.2.1.3).
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// Why a file is not a request that can be signed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RequestError {
    /// Nothing there.
    #[error("the file is empty")]
    Empty,
    /// More than a request can be.
    #[error("the request is too large")]
    TooLarge,
    /// More than one: which is meant?
    #[error("there are {0} requests in the file")]
    Several(usize),
    /// Another thing in PEM form.
    #[error("a block of type {0} is in the file, not CERTIFICATE REQUEST")]
    Label(String),
    /// Neither PEM nor DER.
    #[error("it is not a certificate request: {0}")]
    Malformed(String),
    /// A version that nobody has defined.
    #[error("it is not a certificate request of version 1 (RFC 2986)")]
    Version,
    /// A subject that servers cannot read, or not all alike.
    #[error("its subject cannot be used: {0}")]
    Subject(String),
    /// An extension or attribute whose contents are not what it should have.
    #[error("the {0} in the request is malformed, or there twice")]
    Contents(String),
    /// A key that we would not make.
    #[error("the request's key is refused: {0}")]
    Key(#[from] KeyRefused),
    /// Signed by an algorithm that is broken, unknown, or not the key's.
    #[error(
        "the request is signed with {0}: SHA-256, SHA-384 or SHA-512 with its own key, or Ed25519, is needed"
    )]
    Algorithm(String),
    /// Not made by who has the key, or changed since.
    #[error("the request's own signature does not match: it was changed, or made without its key")]
    Signature,
}

/// A request whose signature shows that whoever made it has the private key.
pub struct SigningRequest {
    /// The subject's name in DER, to be kept byte for byte.
    pub subject_name: Vec<u8>,
    /// The subject, as the server reads it.
    pub subject: CertificateSubject,
    /// The public key.
    pub key: PKey<Public>,
    /// The same as encoded: its SubjectPublicKeyInfo.
    pub key_info: Vec<u8>,
    /// What kind of key, in a few words.
    pub key_kind: String,
    /// What else it asks for.
    pub asked: Asked,
}

/// What a request asks for in its attributes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// subjectAltName, in order.
    pub alt_names: Vec<AltName>,
    /// The names of the bits of keyUsage.
    pub key_usage: Vec<&'static str>,
    /// The purposes of extendedKeyUsage: `serverAuth`, or dotted where they have no name.
    pub purposes: Vec<String>,
    /// CA:TRUE in basicConstraints?
    pub ca: bool,
    /// Everything else, by name: extensions and attributes that no profile has.
    pub others: Vec<String>,
}

/// The parts of a request.
struct Parts<'a> {
    subject: &'a [u8],
    public_key: &'a [u8],
    attributes: Reader<'a>,
    algorithm: &'a [u8],
}

impl SigningRequest {
    /// Reads a file, in PEM or DER, and checks the signature.
    ///
    /// # Errors
    /// If it is not one request, if anything in it is malformed, or if its key or signature is refused.
    pub fn read(contents: &[u8]) -> Result<Self, RequestError> {
        let der = der(contents)?;
        let malformed = |Malformed| RequestError::Malformed("malformed DER".to_owned());
        let parts = parts(&der).map_err(malformed)?.ok_or(RequestError::Version)?;
        let key = PublicKey::read(parts.public_key).map_err(|Malformed| KeyRefused::Malformed)?;
        let key_kind = check(&key)?;
        check_algorithm(parts.algorithm, key.kind)?;
        let subject = EncodedAttribute::read_name(parts.subject)
            .and_then(|rdns| DistinguishedName::from_certificate_attributes(&rdns))
            .map_err(|why: UnreadableSubject| RequestError::Subject(why.to_string()))?;
        let asked = Asked::read(parts.attributes)?;
        let invalid = |errors| RequestError::Malformed(reason(&errors));
        let request = X509Req::from_der(&der).map_err(invalid)?;
        let key = request.public_key().map_err(|_| KeyRefused::Malformed)?;
        // Octets that are no signature at all are an error in OpenSSL, and leave a reason behind.
        if !request.verify(&key).unwrap_or(false) {
            _ = openssl::error::ErrorStack::get();
            return Err(RequestError::Signature);
        }
        let (subject_name, key_info) = (parts.subject.to_vec(), parts.public_key.to_vec());
        Ok(Self { subject_name, subject, key, key_info, key_kind, asked })
    }
}

/// The DER of the one request in a file. Text around a PEM block is passed over: `openssl req -text` writes it.
fn der(contents: &[u8]) -> Result<Vec<u8>, RequestError> {
    let mut blocks: Vec<_> = pem::blocks(contents).collect();
    let der = if blocks.is_empty() && contents.first() == Some(&SEQUENCE) {
        contents.to_vec()
    } else {
        if let Some(other) = blocks.iter().find(|block| !LABELS.contains(&block.label)) {
            return Err(RequestError::Label(other.label.to_owned()));
        }
        let block = match (blocks.len(), blocks.pop()) {
            (1, Some(block)) => block,
            (0, _) if contents.is_empty() => return Err(RequestError::Empty),
            (0, _) => return Err(RequestError::Malformed("neither PEM nor DER".to_owned())),
            (several, _) => return Err(RequestError::Several(several)),
        };
        block.der().map_err(|errors| RequestError::Malformed(reason(&errors)))?.to_vec()
    };
    if der.len() > LONGEST || has_more_elements(&der, ELEMENTS) { Err(RequestError::TooLarge) } else { Ok(der) }
}

/// RFC 2986 section 4; `None` for another version.
fn parts(der: &[u8]) -> Result<Option<Parts<'_>>, Malformed> {
    let mut outer = der::only(der, SEQUENCE)?.parts();
    let mut info = outer.expect(SEQUENCE)?.parts();
    let algorithm = outer.expect(SEQUENCE)?.encoded;
    outer.expect(BIT_STRING)?;
    outer.end()?;
    let version = info.expect(INTEGER)?.contents;
    let (subject, public_key) = (info.expect(SEQUENCE)?.encoded, info.expect(SEQUENCE)?.encoded);
    // Some programs leave out attributes of which there are none.
    let attributes = info.optional(0xa0)?.map_or(Reader::new(&[]), |attributes| attributes.parts());
    info.end()?;
    Ok((version == [0]).then_some(Parts { subject, public_key, attributes, algorithm }))
}

/// Broken digests prove nothing.
fn check_algorithm(identifier: &[u8], key: KeyKind<'_>) -> Result<(), RequestError> {
    let oid = der::only(identifier, SEQUENCE).and_then(|fields| fields.parts().expect(OBJECT_IDENTIFIER));
    let oid = oid.map_err(|Malformed| RequestError::Malformed("malformed algorithm".to_owned()))?.contents;
    let after = |prefix: &[u8]| oid.strip_prefix(prefix).and_then(|rest| <[u8; 1]>::try_from(rest).ok());
    let is_good = match key {
        KeyKind::Rsa { .. } => matches!(after(RSA_SIGNATURE), Some([11..=13])),
        KeyKind::Ec(_) => matches!(after(ECDSA_SIGNATURE), Some([2..=4])),
        KeyKind::Ed25519 => oid == ED25519,
        KeyKind::Other => false,
    };
    if is_good { Ok(()) } else { Err(RequestError::Algorithm(oid_name(oid))) }
}

impl Asked {
    fn read(mut attributes: Reader<'_>) -> Result<Self, RequestError> {
        let mut asked = Self::default();
        let mut extensions = None;
        while !attributes.is_empty() {
            let (oid, mut values) = attribute(&mut attributes)
                .map_err(|Malformed| RequestError::Contents("list of attributes".to_owned()))?;
            match oid {
                EXTENSION_REQUEST => {
                    let one =
                        values.expect(SEQUENCE).ok().filter(|_| values.is_empty() && extensions.is_none());
                    let twice = || RequestError::Contents("extensionRequest".to_owned());
                    extensions = Some(one.ok_or_else(twice)?.parts());
                }
                CHALLENGE_PASSWORD => asked.others.push("a challenge password".to_owned()),
                _ => asked.others.push(format!("the attribute {}", oid_name(oid))),
            }
        }
        let mut extensions = extensions.unwrap_or(Reader::new(&[]));
        let mut seen = Vec::new();
        while !extensions.is_empty() {
            let extension = extensions.expect(SEQUENCE).and_then(|fields| read_extension(fields.parts()));
            let extension =
                extension.map_err(|Malformed| RequestError::Contents("list of extensions".to_owned()))?;
            let is_new = !seen.contains(&extension.oid);
            let added = if is_new { asked.add(extension) } else { Err(Malformed) };
            added.map_err(|Malformed| {
                RequestError::Contents(format!("extension {}", oid_name(extension.oid)))
            })?;
            seen.push(extension.oid);
        }
        Ok(asked)
    }

    fn add(&mut self, extension: Extension<'_>) -> Result<(), Malformed> {
        let Extension { oid, critical, value } = extension;
        match oid {
            SUBJECT_ALT_NAME => self.alt_names = each(value, |names| Ok(AltName::read(&names.element()?)))?,
            KEY_USAGE => self.key_usage = key_usage(value)?,
            EXTENDED_KEY_USAGE => {
                let purpose = |all: &mut Reader<'_>| Ok(oid_name(all.expect(OBJECT_IDENTIFIER)?.contents));
                self.purposes = each(value, purpose)?;
            }
            BASIC_CONSTRAINTS => {
                let mut fields = der::only(value, SEQUENCE)?.parts();
                self.ca = fields.optional(BOOLEAN)?.is_some_and(|ca| ca.contents != [0]);
                fields.optional(INTEGER)?;
                fields.end()?;
            }
            // The CA computes its own.
            SUBJECT_KEY_IDENTIFIER if !critical => {}
            _ => {
                let critical = if critical { "critical " } else { "" };
                self.others.push(format!("the {critical}extension {}", oid_name(oid)));
            }
        }
        Ok(())
    }
}

fn attribute<'a>(attributes: &mut Reader<'a>) -> Result<(&'a [u8], Reader<'a>), Malformed> {
    let mut fields = attributes.expect(SEQUENCE)?.parts();
    let (oid, values) = (fields.expect(OBJECT_IDENTIFIER)?, fields.expect(SET)?);
    fields.end().map(|()| (oid.contents, values.parts()))
}

/// The elements of a SEQUENCE, of which there is at least one (RFC 5280 section 4.2.1).
fn each<'a, T>(
    value: &'a [u8],
    read: impl Fn(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut elements = der::only(value, SEQUENCE)?.parts();
    let mut all = vec![read(&mut elements)?];
    while !elements.is_empty() {
        all.push(read(&mut elements)?);
    }
    Ok(all)
}

fn key_usage(value: &[u8]) -> Result<Vec<&'static str>, Malformed> {
    let (_, octets) = der::only(value, BIT_STRING)?.contents.split_first().ok_or(Malformed)?;
    let is_set = |bit: usize| octets.get(bit / 8).is_some_and(|octet| octet & (0x80 >> (bit % 8)) != 0);
    if octets.len() > 2 || (KEY_USAGES.len()..16).any(is_set) {
        return Err(Malformed);
    }
    Ok(KEY_USAGES.into_iter().enumerate().filter(|(bit, _)| is_set(*bit)).map(|(_, name)| name).collect())
}

/// The names of the bits of [`crate::certificate::Certificate::key_usage`].
pub fn key_usages(bits: u16) -> Vec<&'static str> {
    KEY_USAGES.into_iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, name)| name).collect()
}

impl fmt::Debug for SigningRequest {
    /// Not a page of octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningRequest({}, {}, {:?})", self.subject.name, self.key_kind, self.asked)
    }
}
