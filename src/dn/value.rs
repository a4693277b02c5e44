//! Attribute values of a certificate's subject, decoded like Go's `encoding/asn1` does an `any`.

use super::certificate::EncodedAttribute;
use super::types::dotted;
use crate::der::{self, IA5_STRING, OBJECT_IDENTIFIER, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING};

/// Why a value has no text.
pub(super) enum ValueError {
    /// Go refuses the certificate.
    Invalid(String),
    /// Not a character string: releases of Go differ on what they make of it.
    NotAString,
}

/// The octets of a character string, in UTF-8 but for a TeletexString.
pub(super) fn decode(attribute: &EncodedAttribute) -> Result<Vec<u8>, ValueError> {
    let EncodedAttribute { oid, tag, contents, .. } = attribute;
    let invalid = |what: &str| ValueError::Invalid(format!("invalid attribute value: invalid {what}"));
    let checked = |valid: bool, what| if valid { Ok(contents.clone()) } else { Err(invalid(what)) };
    if oid.split('.').any(|arc| arc.parse::<i32>().is_err()) {
        return Err(ValueError::Invalid("invalid attribute type".into()));
    }
    match *tag {
        UTF8_STRING => checked(std::str::from_utf8(contents).is_ok(), "UTF-8 string"),
        // Go lets "*" and "&" pass here, but does not write them so itself.
        PRINTABLE_STRING => {
            checked(contents.iter().all(|c| der::is_printable(*c) || b"*&".contains(c)), "PrintableString")
        }
        0x12 => checked(contents.iter().all(|c| c.is_ascii_digit() || *c == b' '), "NumericString"),
        0x14 => Ok(contents.clone()),
        IA5_STRING => checked(contents.is_ascii(), "IA5String"),
        0x1e => bmp_string(contents).map(String::into_bytes).ok_or_else(|| invalid("BMPString")),
        _ => Err(ValueError::NotAString),
    }
}

fn bmp_string(contents: &[u8]) -> Option<String> {
    let mut units: Vec<_> = contents
        .chunks(2)
        .map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)))
        .collect::<Option<_>>()?;
    // Go drops a terminator.
    if units.last() == Some(&0) {
        units.pop();
    }
    Some(String::from_utf16_lossy(&units))
}

/// One definite-length element at the start of `der`: identifier, contents, and what follows.
fn split(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (identifier, after) = der.split_first()?;
    let (first, after) = after.split_first()?;
    let count = usize::from(first.checked_sub(0x80).unwrap_or(0));
    let (length, after) = after.split_at_checked(count).filter(|_| count <= 4 && *first != 0x80)?;
    let long = length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
    let (contents, rest) = after.split_at_checked(if count > 0 { long } else { usize::from(*first) })?;
    Some((*identifier, contents, rest))
}

/// The contents of the elements with this identifier that make up `der`.
fn elements(mut der: &[u8], wanted: u8) -> Option<Vec<&[u8]>> {
    let mut out = Vec::new();
    while !der.is_empty() {
        let (identifier, contents, rest) = split(der)?;
        out.push(Some(contents).filter(|_| identifier == wanted)?);
        der = rest;
    }
    Some(out)
}

pub(super) fn read_name(der: &[u8]) -> Option<Vec<Vec<EncodedAttribute>>> {
    let attribute = |der| {
        let (identifier, oid, value) = split(der)?;
        let (tag, contents, rest) = split(value).filter(|_| identifier == OBJECT_IDENTIFIER)?;
        rest.is_empty().then_some(EncodedAttribute { oid: dotted(oid)?, tag, contents: contents.to_vec() })
    };
    let name = elements(der, SEQUENCE).filter(|names| names.len() == 1)?;
    let rdn = |set| elements(set, SEQUENCE)?.into_iter().map(attribute).collect();
    elements(name[0], SET)?.into_iter().map(rdn).collect()
}
