//! The attribute types: one table for their names, who knows them, and how their values are encoded.

/// How the values of a type are encoded (RFC 5280 section 4.1.2.4 and appendix A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// PrintableString where the value fits it, UTF8String otherwise.
    Directory,
    /// PrintableString only.
    Printable,
    /// Two letters.
    Country,
    /// IA5String: ASCII.
    Ia5,
}

use Syntax::{Country, Directory, Ia5, Printable};

/// An attribute type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeType {
    /// The short name, in upper case where the server knows it.
    pub name: &'static str,
    /// The object identifier, dotted.
    pub oid: &'static str,
    /// Whether a role's SUBJECT may use it (REFERENCE.md section 5).
    pub for_roles: bool,
    /// Whether Go prints it by name, and not as its object identifier with the value in hex.
    pub named_by_go: bool,
    pub(crate) syntax: Syntax,
    /// The upper bound of RFC 5280 appendix A, in characters.
    pub(crate) longest: usize,
}

const ANY: usize = usize::MAX;

const fn row(
    oid: &'static str,
    name: &'static str,
    for_roles: bool,
    named_by_go: bool,
    syntax: Syntax,
    longest: usize,
) -> AttributeType {
    AttributeType { name, oid, for_roles, named_by_go, syntax, longest }
}

/// The types a role's SUBJECT may use come first, in the order the server lists them.
pub const TYPES: [AttributeType; 22] = [
    //  object identifier             name                              roles  Go     syntax     longest
    row("2.5.4.3", "CN", true, true, Directory, 64),
    row("2.5.4.7", "L", true, true, Directory, 128),
    row("2.5.4.8", "ST", true, true, Directory, 128),
    row("2.5.4.10", "O", true, true, Directory, 64),
    row("2.5.4.11", "OU", true, true, Directory, 64),
    row("2.5.4.6", "C", true, true, Country, 2),
    row("2.5.4.9", "STREET", true, true, Directory, ANY),
    row("0.9.2342.19200300.100.1.25", "DC", true, false, Ia5, 63),
    row("0.9.2342.19200300.100.1.1", "UID", true, false, Directory, ANY),
    row("2.5.4.5", "SERIALNUMBER", false, true, Printable, 64),
    row("2.5.4.17", "POSTALCODE", false, true, Directory, ANY),
    row("1.2.840.113549.1.9.1", "emailAddress", false, false, Ia5, 255),
    row("2.5.4.4", "SN (surname)", false, false, Directory, ANY),
    row("2.5.4.12", "title", false, false, Directory, 64),
    row("2.5.4.42", "GN (given name)", false, false, Directory, ANY),
    row("2.5.4.43", "initials", false, false, Directory, ANY),
    row("2.5.4.46", "dnQualifier", false, false, Printable, ANY),
    row("2.5.4.65", "pseudonym", false, false, Directory, 128),
    row("2.5.4.97", "organizationIdentifier", false, false, Directory, ANY),
    row("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionCountryName", false, false, Country, 2),
    row("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionStateOrProvinceName", false, false, Directory, 128),
    row("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionLocalityName", false, false, Directory, 128),
];

impl AttributeType {
    /// The types a role's SUBJECT may use, in the order the server lists them.
    pub fn for_roles() -> impl Iterator<Item = Self> {
        TYPES.into_iter().filter(|known| known.for_roles)
    }

    /// The type for roles with this name, whatever its case.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::for_roles().find(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// The type with this dotted object identifier.
    pub fn by_oid(oid: &str) -> Option<Self> {
        TYPES.into_iter().find(|known| known.oid == oid)
    }

    /// The name under which the server knows the type, if it knows one.
    pub(super) fn server_name(self) -> Option<&'static str> {
        (self.for_roles || self.named_by_go).then_some(self.name)
    }
}
