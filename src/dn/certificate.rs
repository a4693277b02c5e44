//! The name a server reads from the subject of a certificate.
//!
//! A server does not compare the subject itself. It has Go print it as text (`pkix.RDNSequence`), lets its LDAP library
//! parse that text, and calls two object identifiers UID and DC. The same is done here, detour included, because some
//! values change on the way.

use crate::der::{self, Malformed, PRINTABLE_STRING, UTF8_STRING};
use std::fmt;

use super::value::Value;
use super::{AttributeType, AttributeValue, DistinguishedName, ber, parse, quoted, value};

/// One attribute of a certificate's subject, as encoded (RFC 5280 section 4.1.2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedAttribute {
    /// The type: an object identifier, dotted.
    pub oid: String,
    /// The identifier octet of the value; for a string type that is its ASN.1 tag number.
    pub tag: u8,
    /// The contents octets of the value.
    pub contents: Vec<u8>,
    /// The whole value in DER: identifier, length and contents.
    pub element: Vec<u8>,
}

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
    /// The server knows no name for the type, and calls it by its object identifier. With it is the name people use.
    NamedByOid(Option<&'static str>),
    /// The server knows the name, but does not take it in a role's SUBJECT.
    NotForRoles,
    /// The value is not a character string. With it is what the server takes for its text.
    NotAString(String),
    /// Octets of a TeletexString that are not UTF-8 turn into U+FFFD.
    NotUtf8,
}

impl Peculiarity {
    /// Whether servers built with an older Go refuse the certificate for this in the TLS handshake
    /// ("unsupported string type"), whoever logs in; newer ones read on.
    pub fn may_fail_handshake(&self) -> bool {
        matches!(self.oddity, Oddity::NotAString(_))
    }
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
            Oddity::NotAString(text) => write!(
                f,
                "the value of {attribute_type} is not a string; the server reads {}, and older servers refuse the \
                 certificate in the TLS handshake",
                quoted(text)
            ),
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
        reason: parse::ParseError,
        /// As in [`CertificateSubject`].
        common_name: String,
        /// As in [`CertificateSubject`].
        organizational_units: Vec<String>,
    },
}

/// The types that Go prints by name; it prints the others as object identifiers with the value in hex.
const NAMED_BY_GO: [(&str, &str); 9] = [
    ("2.5.4.6", "C"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.17", "POSTALCODE"),
];

/// Names that people, OpenSSL and other CAs use for types the server has no name for.
const UNNAMED: [(&str, &str); 8] = [
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("2.5.4.4", "SN (surname)"),
    ("2.5.4.12", "title"),
    ("2.5.4.42", "GN (given name)"),
    ("2.5.4.43", "initials"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.97", "organizationIdentifier"),
];

fn look_up(table: &[(&str, &'static str)], oid: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name)
}

impl DistinguishedName {
    /// The name that a server reads from a certificate's subject: RDNs, and the attributes of each, in encoded order.
    ///
    /// # Errors
    /// [`UnreadableSubject`], where the server fails as well.
    pub fn from_certificate_attributes(
        rdns: &[Vec<EncodedAttribute>],
    ) -> Result<CertificateSubject, UnreadableSubject> {
        let (mut text, mut peculiarities, mut position) = (String::new(), Vec::new(), 0);
        let (mut common_name, mut organizational_units) = (String::new(), Vec::new());
        for (i, rdn) in rdns.iter().enumerate() {
            text.push_str(if i > 0 { "," } else { "" });
            for (j, attribute) in rdn.iter().enumerate() {
                position += 1;
                text.push_str(if j > 0 { "+" } else { "" });
                let value = value::decode(attribute).map_err(|problem| {
                    UnreadableSubject::Encoding(format!("{problem} in {}", attribute.oid))
                })?;
                match (attribute.oid.as_str(), &value) {
                    ("2.5.4.3", Value::Text(octets)) => common_name = String::from_utf8_lossy(octets).into(),
                    ("2.5.4.11", Value::Text(octets)) => {
                        organizational_units.push(String::from_utf8_lossy(octets).into())
                    }
                    _ => {}
                }
                text.push_str(&printed(&attribute.oid, &value));
                let attribute_type = shown_type(&attribute.oid);
                let odd = |oddity| Peculiarity { position, attribute_type: attribute_type.into(), oddity };
                peculiarities.extend(oddities(&attribute.oid, &value).map(odd));
            }
        }
        let mut name: Self = match text.parse() {
            Ok(name) => name,
            Err(reason) => {
                return Err(UnreadableSubject::Text { reason, common_name, organizational_units });
            }
        };
        name.rdns.iter_mut().flat_map(|rdn| &mut rdn.attributes).for_each(|attribute| {
            if let "UID" | "DC" = shown_type(&attribute.attribute_type) {
                attribute.attribute_type = shown_type(&attribute.attribute_type).into();
                attribute.value = AttributeValue::text(attribute.value.contents());
            }
        });
        Ok(CertificateSubject { name, peculiarities, common_name, organizational_units })
    }
}

fn shown_type(oid: &str) -> &str {
    let known = AttributeType::by_oid(oid).map(|known| known.name);
    known.or_else(|| look_up(&NAMED_BY_GO, oid)).unwrap_or(oid)
}

fn oddities(oid: &str, value: &Value) -> impl Iterator<Item = Oddity> {
    let named = match (AttributeType::by_oid(oid), look_up(&NAMED_BY_GO, oid)) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(Oddity::NotForRoles),
        (None, None) => Some(Oddity::NamedByOid(look_up(&UNNAMED, oid))),
    };
    let odd_value = match value {
        Value::Text(octets) => std::str::from_utf8(octets).is_err().then_some(Oddity::NotUtf8),
        Value::Other { text, der } => {
            let by_name = look_up(&NAMED_BY_GO, oid).is_some();
            let contents = der.as_deref().filter(|_| !by_name).and_then(|der| ber::contents(der).ok());
            Some(Oddity::NotAString(
                contents.map_or_else(|| text.clone(), |c| String::from_utf8_lossy(&c).into()),
            ))
        }
    };
    named.into_iter().chain(odd_value)
}

/// The attribute as Go prints it.
fn printed(oid: &str, value: &Value) -> String {
    let name = look_up(&NAMED_BY_GO, oid);
    let der = match value {
        Value::Text(octets) => std::str::from_utf8(octets).ok().map(|text| {
            let printable = text.bytes().all(der::is_printable);
            der::tlv(if printable { PRINTABLE_STRING } else { UTF8_STRING }, octets)
        }),
        Value::Other { der, .. } => der.clone(),
    };
    if let (None, Some(der)) = (name, der) {
        return format!("{oid}=#{}", der::hex(&der));
    }
    let text = match value {
        Value::Text(octets) => parse::lossy(octets),
        Value::Other { text, .. } => text.clone(),
    };
    let mut out = format!("{}=", name.unwrap_or(oid));
    let last = text.chars().count().saturating_sub(1);
    for (at, c) in text.chars().enumerate() {
        let special = matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';');
        let edge = c == ' ' && (at == 0 || at == last) || c == '#' && at == 0;
        out.extend((special || edge).then_some('\\').into_iter().chain([c]));
    }
    out
}
