//! What the parts of a certificate say. A part that is malformed says nothing; octets after the one element of
//! an extension are passed over, as in Go.

use super::{ANY_USAGE, AltName, BasicConstraints, Certificate, KeyIdentifier, PublicKey, extension};
use crate::der::{self, BIT_STRING, BOOLEAN, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE};
use crate::dn::{CertificateSubject, UnreadableSubject};

/// id-ad-ocsp (RFC 5280 section 4.2.2.1), as encoded.
const OCSP: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x30\x01";

/// A name in one line.
fn text(name: &Result<CertificateSubject, UnreadableSubject>) -> String {
    match name {
        Ok(subject) => subject.name.to_string(),
        Err(error) => error.to_string(),
    }
}

/// The last common name of a name; empty if there is none.
fn common_name(name: &Result<CertificateSubject, UnreadableSubject>) -> &str {
    match name {
        Ok(CertificateSubject { common_name, .. })
        | Err(UnreadableSubject::Text { common_name, .. } | UnreadableSubject::NotJudged { common_name, .. }) => {
            common_name
        }
        Err(UnreadableSubject::Encoding(_)) => "",
    }
}

impl Certificate {
    /// The kind and size of its key.
    pub fn public_key(&self) -> Option<PublicKey<'_>> {
        PublicKey::read(self.public_key_info()).ok()
    }

    /// The subject in one line, as the server reads it, or why it cannot.
    pub fn subject_text(&self) -> String {
        text(&self.subject)
    }

    /// The issuer, likewise.
    pub fn issuer_text(&self) -> String {
        text(&super::read_name(self.issuer_name()))
    }

    /// The subject's common name: the last one, as in Go; empty if there is none.
    pub fn common_name(&self) -> &str {
        common_name(&self.subject)
    }

    /// The issuer's common name, likewise.
    pub fn issuer_common_name(&self) -> String {
        common_name(&super::read_name(self.issuer_name())).to_owned()
    }

    /// The subject's organizational units.
    pub fn organizational_units(&self) -> &[String] {
        match &self.subject {
            Ok(CertificateSubject { organizational_units, .. })
            | Err(
                UnreadableSubject::Text { organizational_units, .. }
                | UnreadableSubject::NotJudged { organizational_units, .. },
            ) => organizational_units,
            Err(UnreadableSubject::Encoding(_)) => &[],
        }
    }

    /// The subject alternative names (RFC 5280 section 4.2.1.6), in order, read one by one: there can be a
    /// great many.
    pub fn alt_names(&self) -> impl Iterator<Item = AltName> + Clone {
        let names =
            self.extension(extension::SUBJECT_ALT_NAME).and_then(|value| der::first(value, SEQUENCE).ok());
        let mut names = names.map_or(Reader::new(&[]), |names| names.parts());
        std::iter::from_fn(move || names.element().ok().map(|name| AltName::read(&name)))
    }

    /// The dNSName entries of subjectAltName.
    pub fn dns_names(&self) -> impl Iterator<Item = String> + Clone {
        self.alt_names().filter_map(|name| match name {
            AltName::Dns(name) => Some(name),
            _ => None,
        })
    }

    /// The uniformResourceIdentifier entries of subjectAltName, as encoded.
    pub fn uris(&self) -> impl Iterator<Item = String> + Clone {
        self.alt_names().filter_map(|name| match name {
            AltName::Uri(uri) => Some(uri),
            _ => None,
        })
    }

    /// The identities that the certificate is for by its names: the common name, then the DNS names.
    pub fn principals(&self) -> impl Iterator<Item = String> + Clone {
        std::iter::once(self.common_name().to_owned()).chain(self.dns_names())
    }

    /// The bits of keyUsage (RFC 5280 section 4.2.1.3), digitalSignature being 1; `None` without that
    /// extension.
    pub fn key_usage(&self) -> Option<u16> {
        let bits = der::first(self.extension(extension::KEY_USAGE)?, BIT_STRING).ok()?.contents;
        let octets = bits.iter().skip(1).take(2).enumerate();
        Some(octets.fold(0, |sum, (at, octet)| sum | u16::from(octet.reverse_bits()) << (8 * at)))
    }

    /// The purposes of extendedKeyUsage (RFC 5280 section 4.2.1.12); `None` without that extension.
    pub fn extended_key_usage(&self) -> Option<impl Iterator<Item = String>> {
        let mut purposes = der::first(self.extension(extension::EXTENDED_KEY_USAGE)?, SEQUENCE)
            .map_or(Reader::new(&[]), |p| p.parts());
        Some(std::iter::from_fn(move || {
            der::object_identifier(purposes.expect(OBJECT_IDENTIFIER).ok()?.contents)
        }))
    }

    /// May it be used for this purpose? For any, where extendedKeyUsage is missing, empty, or says so.
    pub fn allows(&self, purpose: &str) -> bool {
        let Some(all) = self.extended_key_usage() else { return true };
        let mut all = all.peekable();
        all.peek().is_none() || all.any(|allowed| allowed == purpose || allowed == ANY_USAGE)
    }

    /// basicConstraints; `None` without that extension.
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        let mut fields = der::first(self.extension(extension::BASIC_CONSTRAINTS)?, SEQUENCE).ok()?.parts();
        let ca = fields.optional(BOOLEAN).ok()?.is_some_and(|element| element.contents == [0xff]);
        let path_length = fields.optional(INTEGER).ok()?;
        Some(BasicConstraints {
            ca,
            path_length: path_length.and_then(|length| der::unsigned(length.contents)),
        })
    }

    /// subjectKeyIdentifier (RFC 5280 section 4.2.1.2).
    pub fn subject_key_identifier(&self) -> Option<KeyIdentifier<'_>> {
        let value = self.extension(extension::SUBJECT_KEY_IDENTIFIER)?;
        der::first(value, OCTET_STRING).ok().map(|identifier| KeyIdentifier(identifier.contents))
    }

    /// The key identifier in authorityKeyIdentifier (RFC 5280 section 4.2.1.1).
    pub fn authority_key_identifier(&self) -> Option<KeyIdentifier<'_>> {
        let mut fields =
            der::first(self.extension(extension::AUTHORITY_KEY_IDENTIFIER)?, SEQUENCE).ok()?.parts();
        fields.optional(0x80).ok()?.map(|identifier| KeyIdentifier(identifier.contents))
    }

    /// The OCSP responders of authorityInfoAccess (RFC 5280 section 4.2.2.1).
    pub fn ocsp_responders(&self) -> impl Iterator<Item = String> + Clone {
        let value = self.extension(extension::AUTHORITY_INFO_ACCESS);
        let accesses = value.and_then(|value| der::first(value, SEQUENCE).ok());
        let mut accesses = accesses.map_or(Reader::new(&[]), |accesses| accesses.parts());
        let descriptions = std::iter::from_fn(move || accesses.expect(SEQUENCE).ok());
        descriptions.filter_map(|description| {
            let mut fields = description.parts();
            let method = fields.expect(OBJECT_IDENTIFIER).ok()?;
            match AltName::read(&fields.element().ok()?) {
                AltName::Uri(uri) if method.contents == OCSP => Some(uri),
                _ => None,
            }
        })
    }
}
