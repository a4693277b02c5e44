//! A name as the server prints it into its messages, and the comparison on which releases differ.

use super::text::fold;
use super::{Attribute, DistinguishedName, Rdn};

/// Whether servers take two names for equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equality {
    /// All do.
    Equal,
    /// None does.
    Different,
    /// Those up to 26.2 do, as an RDN that repeats an attribute is a set to them; later ones do not.
    Disputed,
}

impl DistinguishedName {
    /// Compares as all servers do, or says that they differ.
    pub fn compare(&self, other: &Self) -> Equality {
        let as_sets = |(one, other): (&Rdn, &Rdn)| one.equals_as_set(other);
        if self == other {
            Equality::Equal
        } else if self.rdns.len() == other.rdns.len() && self.rdns.iter().zip(&other.rdns).all(as_sets) {
            Equality::Disputed
        } else {
            Equality::Different
        }
    }

    /// The name as in the server's messages: types in lower case, the attributes of an RDN sorted, what is not
    /// ASCII in hex. Servers up to 26.2, the `older` ones, escape every `#`, later ones the first one only.
    pub fn as_printed(&self, older: bool) -> String {
        let rdn = |rdn: &Rdn| {
            let mut attributes: Vec<_> = rdn.attributes.iter().map(|a| a.as_printed(older)).collect();
            attributes.sort();
            attributes.join("+")
        };
        self.rdns.iter().map(rdn).collect::<Vec<_>>().join(",")
    }
}

impl Rdn {
    fn equals_as_set(&self, other: &Self) -> bool {
        let within = |one: &Self, other: &Self| one.attributes.iter().all(|a| other.attributes.contains(a));
        self.attributes.len() == other.attributes.len() && within(self, other) && within(other, self)
    }
}

impl Attribute {
    fn as_printed(&self, older: bool) -> String {
        let kind: String = self.attribute_type.chars().map(fold).collect();
        let kind = if older { kind } else { escaped(kind.as_bytes(), older, true) };
        format!("{kind}={}", escaped(self.value.contents(), older, false))
    }
}

fn escaped(octets: &[u8], older: bool, is_type: bool) -> String {
    let mut out = String::new();
    for (at, octet) in octets.iter().enumerate() {
        let edge =
            *octet == b' ' && (at == 0 || at + 1 == octets.len()) || *octet == b'#' && (at == 0 || older);
        match octet {
            _ if edge => out.extend(['\\', char::from(*octet)]),
            b'=' if is_type => out.push_str("\\="),
            b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' => out.extend(['\\', char::from(*octet)]),
            b' '..=b'~' => out.push(char::from(*octet)),
            octet => out.push_str(&format!("\\{octet:02x}")),
        }
    }
    out
}
