//! Names as text: escaping, quoting, and folding of case.

use crate::error::misleads;
use std::fmt;

pub(super) fn write_joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[impl fmt::Display],
    separator: &str,
) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}

pub(super) fn write_escaped(f: &mut fmt::Formatter<'_>, text: &[u8], is_type: bool) -> fmt::Result {
    let mut at = 0;
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            let (first, last) = (at == 0, at + c.len_utf8() == text.len());
            at += c.len_utf8();
            match c {
                ' ' if first || last => f.write_str("\\ ")?,
                '#' if first => f.write_str("\\#")?,
                '=' if is_type => f.write_str("\\=")?,
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{c}")?,
                c if misleads(c) => write_hex(f, c.encode_utf8(&mut [0; 4]).as_bytes())?,
                c => write!(f, "{c}")?,
            }
        }
        write_hex(f, chunk.invalid())?;
        at += chunk.invalid().len();
    }
    Ok(())
}

fn write_hex(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "\\{octet:02x}"))
}

/// Text in double quotes, escaped like Go's `%q`, with which the server prints names into its messages.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            ' '..='~' => out.push(c),
            '\0'..='\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if misleads(c) || c.is_whitespace() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

/// Simple case folding, as the server's `strings.EqualFold` does it: one character stays one character.
pub(super) fn fold(c: char) -> char {
    // Upper-casing would bring the dotless i to "I", which folding keeps apart.
    if c == 'ı' { c } else { single(upper(c).to_lowercase(), upper(c)) }
}

pub(super) fn upper(c: char) -> char {
    single(c.to_uppercase(), c)
}

fn single(mut mapped: impl ExactSizeIterator<Item = char>, otherwise: char) -> char {
    if mapped.len() == 1 { mapped.next().unwrap_or(otherwise) } else { otherwise }
}

/// One U+FFFD for each octet that is not UTF-8: folding takes all such octets for equal, so nothing is lost.
pub(super) fn lossy(octets: &[u8]) -> String {
    let mut out = String::new();
    for chunk in octets.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}
