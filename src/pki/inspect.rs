//! What a certificate says, in plain types.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use openssl::x509::{X509ExtendedKeyUsage, X509Ref};

use super::issue::unix_seconds;
use crate::der::hex;
use crate::dn::{CertificateSubject, DistinguishedName, EncodedAttribute, UnreadableSubject};

/// What the certs directory and the server look at in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The subject, as the server reads it.
    pub subject: Result<CertificateSubject, UnreadableSubject>,
    /// dNSName entries of subjectAltName.
    pub dns_names: Vec<String>,
    /// iPAddress entries of subjectAltName.
    pub ip_addresses: Vec<String>,
    /// uniformResourceIdentifier entries of subjectAltName, as encoded.
    pub uris: Vec<String>,
    /// Are all of these names ASCII, as RFC 5280 section 4.2.1.6 asks? Go refuses certificates where they are not.
    pub names_are_ascii: bool,
    /// subjectKeyIdentifier, in hex with colons (RFC 5280 section 4.2.1.2).
    pub subject_key_identifier: Option<String>,
    /// The key identifier in authorityKeyIdentifier (RFC 5280 section 4.2.1.1).
    pub authority_key_identifier: Option<String>,
    /// May it be used by a TLS client? Yes where it has no extended key usage (RFC 5280 section 4.2.1.12).
    pub client_auth: bool,
    /// The first second of its validity, since 1970-01-01T00:00:00Z; `None` if it is no valid time.
    pub not_before: Option<i64>,
    /// The last second of its validity.
    pub not_after: Option<i64>,
}

impl Facts {
    /// Reads them.
    pub fn of(certificate: &X509Ref) -> Self {
        let names = certificate.subject_alt_names();
        let names = || names.iter().flatten();
        let client = X509ExtendedKeyUsage::SSL_CLIENT | X509ExtendedKeyUsage::ANYEKU;
        Self {
            subject: subject(certificate),
            dns_names: names().filter_map(|name| name.dnsname()).map(str::to_owned).collect(),
            ip_addresses: names().filter_map(|name| name.ipaddress()).map(ip_address).collect(),
            uris: names().filter_map(|name| name.uri()).map(str::to_owned).collect(),
            names_are_ascii: names().all(|name| {
                let text = name.dnsname().or(name.uri()).or(name.email());
                // A name that is none of these, and no address or directory name, may be text that is not UTF-8.
                text.map_or(name.ipaddress().is_some() || name.directory_name().is_some(), str::is_ascii)
            }),
            subject_key_identifier: certificate.subject_key_id().map(|id| colons(id.as_slice())),
            authority_key_identifier: certificate.authority_key_id().map(|id| colons(id.as_slice())),
            client_auth: certificate.extended_key_usage().is_none_or(|usage| usage.intersects(client)),
            not_before: unix_seconds(certificate.not_before()).ok(),
            not_after: unix_seconds(certificate.not_after()).ok(),
        }
    }

    /// The subject in one line, as the server reads it, or why it cannot.
    pub fn subject_text(&self) -> String {
        match &self.subject {
            Ok(subject) => subject.name.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// The subject's common name: the last one, as in Go; empty if there is none.
    pub fn common_name(&self) -> &str {
        match &self.subject {
            Ok(CertificateSubject { common_name, .. })
            | Err(
                UnreadableSubject::Text { common_name, .. } | UnreadableSubject::NotJudged { common_name, .. },
            ) => common_name,
            Err(UnreadableSubject::Encoding(_)) => "",
        }
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

    /// The identities that the certificate is for by its names: the common name, then the DNS names.
    pub fn principals(&self) -> Vec<&str> {
        std::iter::once(self.common_name()).chain(self.dns_names.iter().map(String::as_str)).collect()
    }
}

fn subject(certificate: &X509Ref) -> Result<CertificateSubject, UnreadableSubject> {
    let der = certificate.subject_name().to_der();
    let der = der.map_err(|errors| UnreadableSubject::Encoding(super::reason(&errors)))?;
    DistinguishedName::from_certificate_attributes(&EncodedAttribute::read_name(&der)?)
}

/// `A5:55:F2`
fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// As text; in hex where it has the length of no IP address.
fn ip_address(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        IpAddr::from(Ipv4Addr::from(v4)).to_string()
    } else if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        // As Go prints it, an IPv4 address in IPv6 form is one.
        IpAddr::from(Ipv6Addr::from(v6)).to_canonical().to_string()
    } else {
        hex(bytes)
    }
}
