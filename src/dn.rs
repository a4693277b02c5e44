//! Distinguished names: RFC 4514 text, equality, and what a CockroachDB server makes of a certificate's
//! subject.
//!
//! RFC 4514 writes a name backwards. CockroachDB does not: here, as in its flags and SQL options, the first RDN
//! written is the first one encoded (REFERENCE.md section 5). What parses and what is equal follows the
//! server's LDAP library. Nothing in this module touches a file or OpenSSL.

mod ber;
mod certificate;
mod older;
mod parse;
mod printed;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod text;
mod types;
mod value;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

pub use ber::BerError;
pub use certificate::{CertificateSubject, Oddity, Peculiarity, UnreadableSubject};
pub use parse::{ParseError, ParseErrorKind};
pub use printed::Equality;
pub(crate) use text::quoted;
use text::{fold, upper, write_escaped, write_joined};
pub(crate) use types::Syntax;
pub use types::{AttributeType, TYPES};
pub use value::EncodedAttribute;

/// The value of an attribute: text, or a BER element that was given in hex (RFC 4514 section 2.4).
///
/// Two values are equal when their contents are, octet by octet: `#04024869` equals `Hi`, as it does for the
/// server.
#[derive(Clone, Debug)]
pub struct AttributeValue {
    contents: Vec<u8>,
    element: Option<Vec<u8>>,
}

impl AttributeValue {
    /// A text value. Escapes like `\ff` can make octets that are not UTF-8, so any octets are a text to the
    /// server.
    pub fn text(contents: impl Into<Vec<u8>>) -> Self {
        Self { contents: contents.into(), element: None }
    }

    /// A value from one complete BER element, which is kept for encoding into a certificate unchanged.
    ///
    /// # Errors
    /// Where the server's BER library would not read exactly one element: see [`BerError`].
    pub fn from_ber(element: impl Into<Vec<u8>>) -> Result<Self, BerError> {
        let element = element.into();
        Ok(Self { contents: ber::contents(&element)?, element: Some(element) })
    }

    /// What the server compares: the text, or the contents octets of the BER element.
    pub fn contents(&self) -> &[u8] {
        &self.contents
    }

    /// The contents as text, unless they are not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.contents).ok()
    }

    /// The BER element, identifier and length included, where the value was given as one.
    pub fn ber_element(&self) -> Option<&[u8]> {
        self.element.as_deref()
    }
}

impl PartialEq for AttributeValue {
    fn eq(&self, other: &Self) -> bool {
        self.contents == other.contents
    }
}

impl Eq for AttributeValue {}

impl Hash for AttributeValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.contents.hash(state);
    }
}

/// An attribute without a type cannot be written or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an attribute needs a type")]
pub struct EmptyType;

/// One attribute: a type, as written, and a value. Types compare without case, values exactly.
#[derive(Clone, Debug)]
pub struct Attribute {
    attribute_type: String,
    value: AttributeValue,
}

impl Attribute {
    /// An attribute of this type, which is a name (`CN`) or a dotted object identifier.
    ///
    /// # Errors
    /// [`EmptyType`] if the type is empty. Any other type is one to the server; whether it can be encoded is not
    /// decided here.
    pub fn new(attribute_type: impl Into<String>, value: AttributeValue) -> Result<Self, EmptyType> {
        let attribute_type = attribute_type.into();
        if attribute_type.is_empty() {
            return Err(EmptyType);
        }
        Ok(Self { attribute_type, value })
    }

    /// The type, as it was written.
    pub fn attribute_type(&self) -> &str {
        &self.attribute_type
    }

    /// The value.
    pub fn value(&self) -> &AttributeValue {
        &self.value
    }

    fn folded_type(&self) -> impl Iterator<Item = char> + '_ {
        self.attribute_type.chars().map(fold)
    }
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value && self.folded_type().eq(other.folded_type())
    }
}

impl Eq for Attribute {}

impl fmt::Display for Attribute {
    /// `TYPE=value`, escaped as RFC 4514 section 2.4 asks; a known type in upper case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = AttributeType::by_name(&self.attribute_type)
            .map_or(self.attribute_type.as_str(), |known| known.name);
        write_escaped(f, name.as_bytes(), true)?;
        f.write_str("=")?;
        match self.value.ber_element() {
            Some(element) => {
                f.write_str("#")?;
                element.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            None => write_escaped(f, self.value.contents(), false),
        }
    }
}

/// A relative distinguished name without attributes has no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a relative distinguished name needs an attribute")]
pub struct EmptyRdn;

/// A relative distinguished name: one attribute or more, in no order that matters, each as often as it is
/// there.
#[derive(Clone, Debug)]
pub struct Rdn {
    attributes: Vec<Attribute>,
}

impl Rdn {
    /// An RDN of these attributes.
    ///
    /// # Errors
    /// [`EmptyRdn`] if there are none.
    pub fn new(attributes: Vec<Attribute>) -> Result<Self, EmptyRdn> {
        if attributes.is_empty() {
            return Err(EmptyRdn);
        }
        Ok(Self { attributes })
    }

    /// The attributes, as written. Never empty.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    // A multiset has one sorted form, so that comparing and hashing stay near linear.
    fn sorted(&self) -> Vec<(String, &[u8])> {
        let mut keys: Vec<_> =
            self.attributes.iter().map(|a| (a.folded_type().collect(), a.value.contents())).collect();
        keys.sort_unstable();
        keys
    }
}

impl From<Attribute> for Rdn {
    fn from(attribute: Attribute) -> Self {
        Self { attributes: vec![attribute] }
    }
}

impl PartialEq for Rdn {
    fn eq(&self, other: &Self) -> bool {
        match (self.attributes.as_slice(), other.attributes.as_slice()) {
            ([one], [other]) => one == other,
            (these, those) => these.len() == those.len() && self.sorted() == other.sorted(),
        }
    }
}

impl Eq for Rdn {}

impl Hash for Rdn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sorted().hash(state);
    }
}

impl fmt::Display for Rdn {
    /// The attributes in the order written, joined by `+`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_joined(f, &self.attributes, "+")
    }
}

/// A distinguished name: RDNs in encoded order, which is the order written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DistinguishedName {
    rdns: Vec<Rdn>,
}

/// The server's refusal of a role's SUBJECT, word for word (REFERENCE.md section 5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SUBJECT contains illegal field type {}, should be one of [{}]", quoted(.attribute_type), known_names())]
pub struct IllegalFieldType {
    /// The type that no SUBJECT may use, as written.
    pub attribute_type: String,
}

impl DistinguishedName {
    /// A name of these RDNs, the first one encoded first. None at all is the empty name.
    pub fn new(rdns: Vec<Rdn>) -> Self {
        Self { rdns }
    }

    /// Adds an RDN of one known type at the end.
    pub fn add(&mut self, known: &'static str, value: &str) {
        let attribute = Attribute { attribute_type: known.to_owned(), value: AttributeValue::text(value) };
        self.rdns.push(attribute.into());
    }

    /// The RDNs in encoded order.
    pub fn rdns(&self) -> &[Rdn] {
        &self.rdns
    }

    /// Whether this is the empty name.
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// All attributes, RDN after RDN.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.rdns.iter().flat_map(Rdn::attributes)
    }

    /// Whether the server takes this name as the SUBJECT of a role. Flags are not checked so.
    ///
    /// # Errors
    /// The server's own: the first type that no SUBJECT may use, such as an object identifier, even that of a known
    /// type.
    pub fn check_role_subject(&self) -> Result<(), IllegalFieldType> {
        let legal = |a: &Attribute| {
            AttributeType::for_roles().any(|known| a.attribute_type.chars().map(upper).eq(known.name.chars()))
        };
        match self.attributes().find(|a| !legal(a)) {
            Some(a) => Err(IllegalFieldType { attribute_type: a.attribute_type.clone() }),
            None => Ok(()),
        }
    }
}

impl FromStr for DistinguishedName {
    type Err = ParseError;

    /// Reads RFC 4514 text the way the server does (REFERENCE.md section 5). Spaces alone are the empty name; a
    /// text that servers read differently is an error.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse::name(text)
    }
}

impl fmt::Display for DistinguishedName {
    /// One line, RDNs in encoded order joined by `,`, that parses back to an equal name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_joined(f, &self.rdns, ",")
    }
}

fn known_names() -> String {
    AttributeType::for_roles().map(|known| quoted(known.name)).collect::<Vec<_>>().join(" ")
}
