//! Where two other parsers of RFC 4514 texts differ from the server's, and why.

use super::Name;

/// A reason to read a text differently.
pub struct Difference {
    /// What the rules are.
    pub reason: &'static str,
    /// Does it apply to this text, that is this name to us?
    pub applies: fn(&Text, &Name) -> bool,
}

/// A text, split where all parsers split it.
pub struct Text {
    attributes: Vec<Attribute>,
    has_semicolon: bool,
    is_blank: bool,
}

/// An attribute without escapes: `E` stands for what was escaped, but `\` for an escaped one of it.
#[derive(Default)]
struct Attribute {
    kind: String,
    value: String,
    has_value: bool,
    escapes_in_kind: bool,
    escaped_white_space: bool,
}

impl Text {
    /// Splits a text.
    pub fn read(text: &str) -> Self {
        let is_blank = !text.is_empty() && text.trim().is_empty();
        let mut read = Self { attributes: Vec::new(), has_semicolon: false, is_blank };
        let mut attribute = Attribute::default();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let stands_for = match c {
                ',' | '+' | ';' => {
                    read.has_semicolon |= c == ';';
                    read.attributes.push(std::mem::take(&mut attribute));
                    continue;
                }
                '=' if !attribute.has_value => {
                    attribute.has_value = true;
                    continue;
                }
                '\\' => {
                    attribute.escapes_in_kind |= !attribute.has_value;
                    let first = rest.next();
                    attribute.escaped_white_space |= first.is_some_and(|c| "\t\n\r".contains(c));
                    let second = rest.clone().next();
                    if [first, second].iter().all(|c| c.is_some_and(|c| c.is_ascii_hexdigit())) {
                        rest.next();
                    }
                    if first == Some('\\') { '\\' } else { 'E' }
                }
                c => c,
            };
            let part = if attribute.has_value { &mut attribute.value } else { &mut attribute.kind };
            part.push(stands_for);
        }
        read.attributes.push(attribute);
        read
    }

    fn any(&self, condition: impl Fn(&Attribute) -> bool) -> bool {
        self.attributes.iter().any(condition)
    }

    /// Does the condition hold for a type or a value?
    fn any_part(&self, condition: impl Fn(&str) -> bool) -> bool {
        self.any(|attribute| condition(&attribute.kind) || condition(&attribute.value))
    }

    /// Does the condition hold for a type, white space aside?
    fn any_type(&self, condition: impl Fn(&str) -> bool) -> bool {
        self.any(|attribute| condition(attribute.kind.trim()))
    }
}

fn white_but_no_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r')
}

fn any_attribute(name: &Name, condition: impl Fn(&(String, Vec<u8>)) -> bool) -> bool {
    name.iter().flatten().flatten().any(condition)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `keystring` of RFC 4512 section 1.4.
fn is_keyword(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// An object identifier as X.660 has them.
fn is_oid(text: &str) -> bool {
    let arcs: Vec<_> = text.split('.').collect();
    let canonical = |arc: &&str| is_number(arc) && (*arc == "0" || !arc.starts_with('0'));
    arcs.len() > 1 && ["0", "1", "2"].contains(&arcs[0]) && arcs.iter().all(canonical)
}

const TYPES: [&str; 9] = ["CN", "L", "ST", "O", "OU", "C", "STREET", "DC", "UID"];
const OIDS: [&str; 9] = [
    "2.5.4.3",
    "2.5.4.7",
    "2.5.4.8",
    "2.5.4.10",
    "2.5.4.11",
    "2.5.4.6",
    "2.5.4.9",
    "0.9.2342.19200300.100.1.25",
    "0.9.2342.19200300.100.1.1",
];

const SEMICOLON: Difference = Difference {
    reason: "`;` separates RDNs for the server, as in RFC 2253",
    applies: |text, _| text.has_semicolon,
};

const BLANK: Difference = Difference {
    reason: "white space alone is the empty name for the server",
    applies: |text, _| text.is_blank,
};

const ESCAPED_TYPE: Difference = Difference {
    reason: "a type may be escaped for the server",
    applies: |text, _| text.any(|attribute| attribute.escapes_in_kind),
};

/// Those of Python's `cryptography`.
pub const CRYPTOGRAPHY: [Difference; 10] = [
    SEMICOLON,
    BLANK,
    ESCAPED_TYPE,
    Difference {
        reason: "spaces around types and values are dropped by the server; RFC 4514 has none there",
        applies: |text, _| text.any_part(|part| part.starts_with(' ') || part.ends_with(' ')),
    },
    Difference {
        reason: "a type is any text for the server; here it is a known name, in capitals, or an object identifier",
        applies: |text, _| text.any_type(|kind| !TYPES.contains(&kind) && !is_oid(kind)),
    },
    Difference {
        reason: "2.5.4.3 is not CN for the server; here both are one type",
        applies: |text, _| text.any_type(|kind| OIDS.contains(&kind)),
    },
    Difference {
        reason: "#hex is a BER element for the server (RFC 4514 section 2.4); here it is the octets of a text",
        applies: |text, _| text.any(|attribute| attribute.value.starts_with('#')),
    },
    Difference {
        reason: "escapes may make octets that are not UTF-8 for the server",
        applies: |_, name| any_attribute(name, |(_, value)| std::str::from_utf8(value).is_err()),
    },
    Difference {
        reason: "C has two letters here, and CN 1 to 64; the server leaves that to the CA",
        applies: |_, name| {
            any_attribute(name, |(kind, value)| match kind.as_str() {
                "C" => value.len() != 2,
                "CN" => !(1..=64).contains(&String::from_utf8_lossy(value).chars().count()),
                _ => false,
            })
        },
    },
    Difference {
        reason: "an RDN may repeat an attribute for the server; here it is a set, as in X.501",
        applies: |_, name| {
            let repeats = |rdn: &Vec<_>| rdn.iter().enumerate().any(|(i, one)| rdn[..i].contains(one));
            name.iter().flatten().any(repeats)
        },
    },
];

/// Those of OpenLDAP's `ldap_str2dn`.
pub const OPENLDAP: [Difference; 8] = [
    SEMICOLON,
    BLANK,
    ESCAPED_TYPE,
    Difference {
        reason: "white space other than the space is kept by the server; here it is dropped around types and values",
        applies: |text, _| {
            text.any_part(|part| {
                let part = part.trim_matches(' ');
                part.starts_with(white_but_no_space) || part.ends_with(white_but_no_space)
            })
        },
    },
    Difference {
        reason: "a space after an escaped backslash is dropped by the server; here it stays",
        applies: |text, _| text.any_part(|part| part.trim_end() != part && part.trim_end().ends_with('\\')),
    },
    Difference {
        reason: "an escaped tab or newline is an error for the server, as in RFC 4514; here it is taken",
        applies: |text, _| text.any(|attribute| attribute.escaped_white_space),
    },
    Difference {
        reason: "a type is any text for the server; here it is a keyword or an object identifier (RFC 4512 section 1.4)",
        applies: |text, _| text.any_type(|kind| !is_keyword(kind) && !kind.split('.').all(is_number)),
    },
    Difference {
        reason: "#hex has to be one BER element for the server, which reads its contents; here it stays any octets",
        applies: |text, _| text.any(|attribute| attribute.value.trim_start().starts_with('#')),
    },
];
