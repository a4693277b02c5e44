//! RFC 4514 text to a name.

use std::fmt;

use super::{Attribute, AttributeValue, BerError, DistinguishedName, Rdn, older, quoted, text::lossy};

/// What is wrong in a name, and in which of its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The place of the attribute, counted from 1 over all RDNs.
    pub position: usize,
    /// The text of the attribute, spaces around it left out.
    pub attribute: String,
    /// What is wrong with it.
    pub kind: ParseErrorKind,
    /// The name that servers up to 26.2 read nevertheless: what they say to it is not what later ones say.
    pub older: Option<DistinguishedName>,
}

impl std::error::Error for ParseError {}

impl fmt::Display for ParseError {
    /// One line. Of a text that servers read differently it says how to write it so that all agree.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, attribute, kind, older } = self;
        write!(f, "attribute {position} ({}): {kind}", quoted(&shortened(attribute)))?;
        let Some(older) = older.as_ref().map(ToString::to_string) else { return Ok(()) };
        let refused = if *kind == ParseErrorKind::ReadDifferently { "" } else { "; later ones refuse it" };
        write!(f, "; not judged: servers up to 26.2 read the name as {}{refused}", quoted(&shortened(&older)))?;
        match name(&older) {
            Ok(_) => write!(f, "; if that is meant, write it so, and all servers agree"),
            Err(_) => Ok(()),
        }
    }
}

/// What can be wrong with an attribute (REFERENCE.md section 5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// Later servers read the text, too, but as another name.
    #[error("servers read it differently; an empty value at the end is to be left out, or moved to the front")]
    ReadDifferently,
    /// Nothing between two separators, or after the last one.
    #[error("is empty: there is a separator too many")]
    Empty,
    /// No unescaped `=`.
    #[error("has no \"=\"")]
    NoEquals,
    /// Nothing before the `=`.
    #[error("has no type before the \"=\"")]
    EmptyType,
    /// A character that has to be escaped.
    #[error("has an unescaped {}, to be written as {}", quoted(&.0.to_string()), if *.0 == '\0' { "\\00".into() } else { format!("\\{}", .0) })]
    Unescaped(char),
    /// A backslash with nothing to escape.
    #[error("ends with a lone backslash, to be written as \\\\")]
    LoneBackslash,
    /// A backslash before something else than a special character or two hex digits.
    #[error("{} is no escape: after a backslash comes one of  \"#+,;<=>\\ or two hex digits", .0)]
    BadEscape(String),
    /// A `#` value with something else than hex digits.
    #[error("{} is no hex digit, and a value that starts with \"#\" is hex; a text is written with \\# first", quoted(&.0.to_string()))]
    NotHex(char),
    /// A `#` value whose last octet lacks a digit.
    #[error("has an odd number of hex digits")]
    OddHex,
    /// A `#` value that is not one BER element.
    #[error("is not the hex of one BER element: {0}")]
    Ber(#[from] BerError),
}

/// Long attributes are cut here in messages.
const SHOWN: usize = 64;

fn shortened(attribute: &str) -> String {
    match attribute.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &attribute[..end]),
        None => attribute.into(),
    }
}

/// The name in the text, if all servers read the same one.
pub(super) fn name(text: &str) -> Result<DistinguishedName, ParseError> {
    match (newer(text), older::name(text)) {
        (Ok(name), Some(older)) if same(&name, &older) => Ok(name),
        (Ok(name), older) => Err(read_differently(text, &name, older.unwrap_or_default())),
        (Err(error), older) => Err(ParseError { older, ..error }),
    }
}

/// The same attributes in the same order, those of an RDN, too.
fn same(name: &DistinguishedName, other: &DistinguishedName) -> bool {
    name.rdns.len() == other.rdns.len()
        && name.rdns.iter().zip(&other.rdns).all(|(rdn, other)| rdn.attributes == other.attributes)
}

fn read_differently(text: &str, name: &DistinguishedName, older: DistinguishedName) -> ParseError {
    let alike = name.attributes().zip(older.attributes()).take_while(|(one, other)| one == other).count();
    let attribute = name.attributes().nth(alike).map_or_else(|| text.to_owned(), ToString::to_string);
    ParseError { position: alike + 1, attribute, kind: ParseErrorKind::ReadDifferently, older: Some(older) }
}

/// The name as servers after 26.2 read it (go-ldap 3.4.14).
fn newer(text: &str) -> Result<DistinguishedName, ParseError> {
    if text.trim().is_empty() {
        return Ok(DistinguishedName::default());
    }
    let (mut rdns, mut attributes, mut start, mut position) = (Vec::new(), Vec::new(), 0, 0);
    loop {
        position += 1;
        let end = find_unescaped(&text[start..], b",;+").map_or(text.len(), |at| start + at);
        let part = &text[start..end];
        let parsed = attribute(part);
        attributes.push(parsed.map_err(|kind| ParseError {
            position,
            attribute: part.trim_matches(' ').into(),
            kind,
            older: None,
        })?);
        let separator = text.as_bytes().get(end);
        if separator != Some(&b'+') {
            rdns.push(Rdn { attributes: std::mem::take(&mut attributes) });
        }
        if separator.is_none() {
            return Ok(DistinguishedName { rdns });
        }
        start = end + 1;
    }
}

/// The place of the first of these ASCII characters that no backslash precedes.
fn find_unescaped(text: &str, wanted: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|octet| {
        let found = !escaped && wanted.contains(&octet);
        escaped = !escaped && octet == b'\\';
        found
    })
}

fn attribute(text: &str) -> Result<Attribute, ParseErrorKind> {
    let Some(equals) = find_unescaped(text, b"=") else {
        let empty = text.trim_matches(' ').is_empty();
        return Err(if empty { ParseErrorKind::Empty } else { ParseErrorKind::NoEquals });
    };
    let attribute_type = lossy(&unescape(&text[..equals])?);
    // The server looks for the "#" before it drops spaces: "CN= #04" is text.
    let value = match text[equals + 1..].strip_prefix('#') {
        Some(hex) => AttributeValue::from_ber(decode_hex(hex)?)?,
        None => AttributeValue::text(unescape(&text[equals + 1..])?),
    };
    Attribute::new(attribute_type, value).map_err(|_| ParseErrorKind::EmptyType)
}

fn without_spaces(text: &str) -> &str {
    let text = text.trim_start_matches(' ');
    let trimmed = text.trim_end_matches(' ');
    let backslashes = trimmed.bytes().rev().take_while(|octet| *octet == b'\\').count();
    // After an odd number of backslashes the first space that was cut off is an escaped one.
    let escaped = backslashes % 2 == 1 && trimmed.len() < text.len();
    &text[..trimmed.len() + usize::from(escaped)]
}

fn unescape(text: &str) -> Result<Vec<u8>, ParseErrorKind> {
    let text = without_spaces(text);
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(escape(&mut chars)?),
            '"' | ';' | '<' | '>' | '\0' => return Err(ParseErrorKind::Unescaped(c)),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Ok(out)
}

/// The octet that stands after a backslash.
fn escape(chars: &mut std::str::Chars<'_>) -> Result<u8, ParseErrorKind> {
    let first = chars.next().ok_or(ParseErrorKind::LoneBackslash)?;
    if r##" "#+,;<=>\"##.contains(first) {
        return Ok(first as u8);
    }
    let second = chars.next();
    let digits = (first.to_digit(16), second.and_then(|c| c.to_digit(16)));
    let (Some(high), Some(low)) = digits else {
        let shown: String = ['\\', first].into_iter().chain(second).collect();
        return Err(ParseErrorKind::BadEscape(quoted(&shown).replace("\\\\", "\\")));
    };
    Ok((high << 4 | low) as u8)
}

fn decode_hex(hex: &str) -> Result<Vec<u8>, ParseErrorKind> {
    if let Some(other) = hex.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Err(ParseErrorKind::NotHex(other));
    }
    if hex.len() % 2 == 1 {
        return Err(ParseErrorKind::OddHex);
    }
    let digit = |octet: u8| char::from(octet).to_digit(16).unwrap_or(0) as u8;
    Ok(hex.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect())
}
