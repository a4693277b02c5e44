//! The name a server reads from the subject of a certificate.
//!
//! A server does not compare the subject itself. It has Go print it as text (`pkix.RDNSequence`), lets its LDAP
//! library parse that text, and calls two object identifiers UID and DC. The same is done here, detour
//! included, because some values change on the way.

use std::fmt;

use super::value::{self, EncodedAttribute, ValueError};
use super::{AttributeType, AttributeValue, DistinguishedName, parse, text};
use crate::der::{self, Malformed, PRINTABLE_STRING, UTF8_STRING};

impl EncodedAttribute {
    /// The attributes of a `Name` in DER (RFC 5280 section 4.1.2.4), RDN by RDN, in encoded order.
    ///
    /// # Errors
    /// [`UnreadableSubject::Encoding`] if these octets are not a `Name`.
    pub fn read_name(der: &[u8]) -> Result<Vec<Vec<Self>>, UnreadableSubject> {
        value::read_name(der).map_err(|Malformed| UnreadableSubject::Encoding("not a Name in DER".into()))
    }
}

/// A subject as the server reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSubject {
    /// The name that the server compares.
    pub name: DistinguishedName,
    /// What it reads differently from what a person would expect, in encoded order.
    pub peculiarities: Vec<Peculiarity>,
    /// The common name the login rules use: the last CN that is a string, or empty (REFERENCE.md section 6).
    pub common_name: String,
    /// The organizational units that are strings: `Tenants` among them makes a tenant certificate.
    pub organizational_units: Vec<String>,
}

/// Something in a subject that the server reads in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peculiarity {
    /// The place of the attribute, counted from 1 over all RDNs.
    pub position: usize,
    /// Its type, as the server prints it.
    pub attribute_type: String,
    /// What is odd about it.
    pub oddity: Oddity,
}

/// What the server may read in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// The server knows no name for the type, and calls it by its object identifier. With it is the name people
    /// use.
    NamedByOid(Option<&'static str>),
    /// The server knows the name, but does not take it in a role's SUBJECT.
    NotForRoles,
    /// Octets of a TeletexString that are not UTF-8 turn into U+FFFD.
    NotUtf8,
}

impl fmt::Display for Peculiarity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, attribute_type, oddity } = self;
        write!(f, "attribute {position}: ")?;
        match oddity {
            Oddity::NamedByOid(known) => {
                if let Some(name) = known {
                    write!(f, "{name}: ")?;
                }
                write!(
                    f,
                    "the server knows this type as {attribute_type} only; a role's SUBJECT cannot hold it, \
                     a distinguished-name flag can"
                )
            }
            Oddity::NotForRoles => {
                write!(f, "a role's SUBJECT cannot hold {attribute_type}, a distinguished-name flag can")
            }
            Oddity::NotUtf8 => write!(
                f,
                "the value of {attribute_type} is a TeletexString that is not UTF-8; the server reads U+FFFD for \
                 each such octet"
            ),
        }
    }
}

/// A subject that no name can be read from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableSubject {
    /// The server refuses such a certificate in the TLS handshake, whoever logs in.
    #[error("x509: invalid RDNSequence: {0}")]
    Encoding(String),
    /// The handshake succeeds; the login fails where a subject has to match.
    #[error("could not parse certificate subject DN: {reason}")]
    Text {
        /// Why the LDAP library rejects what Go printed.
        reason: Box<parse::ParseError>,
        /// As in [`CertificateSubject`].
        common_name: String,
        /// As in [`CertificateSubject`].
        organizational_units: Vec<String>,
    },
    /// The handshake may succeed or fail, and the login, too: it depends on the server's version.
    #[error("the subject is not judged, as servers read it differently: {reason}")]
    NotJudged {
        /// What they read differently.
        reason: String,
        /// As in [`CertificateSubject`].
        common_name: String,
        /// As in [`CertificateSubject`].
        organizational_units: Vec<String>,
    },
}

impl DistinguishedName {
    /// The name that a server reads from a certificate's subject: RDNs, and the attributes of each, in encoded
    /// order.
    ///
    /// # Errors
    /// [`UnreadableSubject`], where the server fails as well.
    pub fn from_certificate_attributes(
        rdns: &[Vec<EncodedAttribute>],
    ) -> Result<CertificateSubject, UnreadableSubject> {
        let (mut text, mut peculiarities, mut position) = (String::new(), Vec::new(), 0);
        let (mut common_name, mut organizational_units) = (String::new(), Vec::new());
        let mut not_a_string = None;
        for (i, rdn) in rdns.iter().enumerate() {
            text.push_str(if i > 0 { "," } else { "" });
            for (j, attribute) in rdn.iter().enumerate() {
                position += 1;
                text.push_str(if j > 0 { "+" } else { "" });
                let oid = attribute.oid.as_str();
                let value = match value::decode(attribute) {
                    Ok(value) => value,
                    Err(ValueError::Invalid(why)) => {
                        return Err(UnreadableSubject::Encoding(format!("{why} in {oid}")));
                    }
                    Err(ValueError::NotAString) => {
                        not_a_string.get_or_insert((position, shown_type(oid)));
                        continue;
                    }
                };
                match oid {
                    "2.5.4.3" => common_name = String::from_utf8_lossy(&value).into(),
                    "2.5.4.11" => organizational_units.push(String::from_utf8_lossy(&value).into()),
                    _ => {}
                }
                text.push_str(&printed(oid, &value));
                let odd = |oddity| Peculiarity { position, attribute_type: shown_type(oid).into(), oddity };
                peculiarities.extend(oddities(oid, &value).map(odd));
            }
        }
        if let Some((position, kind)) = not_a_string {
            let reason = format!("attribute {position}: the value of {kind} is not a character string");
            return Err(UnreadableSubject::NotJudged { reason, common_name, organizational_units });
        }
        let name = match parse::name(&text) {
            Ok(name) => renamed(name),
            Err(reason) if reason.older.is_some() => {
                let reason = reason.to_string();
                return Err(UnreadableSubject::NotJudged { reason, common_name, organizational_units });
            }
            Err(reason) => {
                let reason = Box::new(reason);
                return Err(UnreadableSubject::Text { reason, common_name, organizational_units });
            }
        };
        Ok(CertificateSubject { name, peculiarities, common_name, organizational_units })
    }
}

/// The server calls two types by name that Go does not.
fn renamed(mut name: DistinguishedName) -> DistinguishedName {
    name.rdns.iter_mut().flat_map(|rdn| &mut rdn.attributes).for_each(|attribute| {
        if let "UID" | "DC" = shown_type(&attribute.attribute_type) {
            attribute.attribute_type = shown_type(&attribute.attribute_type).into();
            attribute.value = AttributeValue::text(attribute.value.contents());
        }
    });
    name
}

fn shown_type(oid: &str) -> &str {
    AttributeType::by_oid(oid).and_then(AttributeType::server_name).unwrap_or(oid)
}

fn oddities(oid: &str, value: &[u8]) -> impl Iterator<Item = Oddity> {
    let named = match AttributeType::by_oid(oid) {
        Some(known) if known.for_roles => None,
        Some(known) if known.named_by_go => Some(Oddity::NotForRoles),
        known => Some(Oddity::NamedByOid(known.map(|known| known.name))),
    };
    named.into_iter().chain(std::str::from_utf8(value).is_err().then_some(Oddity::NotUtf8))
}

/// The attribute as Go prints it.
fn printed(oid: &str, value: &[u8]) -> String {
    let name = AttributeType::by_oid(oid).filter(|known| known.named_by_go).map(|known| known.name);
    if let (None, Ok(text)) = (name, std::str::from_utf8(value)) {
        let printable = text.bytes().all(der::is_printable);
        let der = der::tlv(if printable { PRINTABLE_STRING } else { UTF8_STRING }, value);
        return format!("{oid}=#{}", der::hex(&der));
    }
    let text = text::lossy(value);
    let mut out = format!("{}=", name.unwrap_or(oid));
    let last = text.chars().count().saturating_sub(1);
    for (at, c) in text.chars().enumerate() {
        let special = matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';');
        let edge = c == ' ' && (at == 0 || at == last) || c == '#' && at == 0;
        out.extend((special || edge).then_some('\\').into_iter().chain([c]));
    }
    out
}
