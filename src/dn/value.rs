//! Attribute values of a certificate's subject, decoded like Go's `encoding/asn1` does an `any`.

use super::certificate::EncodedAttribute;
use crate::der::{
    self, Element, Malformed, OBJECT_IDENTIFIER, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING,
    object_identifier,
};

/// A value after decoding: a character string, or the text Go prints for anything else and its DER, if Go can write it.
pub(super) enum Value {
    Text(Vec<u8>),
    Other { text: String, der: Option<Vec<u8>> },
}

/// Decodes a value like Go's `encoding/asn1` does an `any`.
pub(super) fn decode(attribute: &EncodedAttribute) -> Result<Value, String> {
    let EncodedAttribute { oid, tag, contents, element } = attribute;
    let invalid = |what: &str| format!("invalid attribute value: invalid {what}");
    let checked = |valid: bool, what| {
        if valid { Ok(Value::Text(contents.clone())) } else { Err(invalid(what)) }
    };
    let other = |text: String| Value::Other { text, der: Some(element.clone()) };
    if oid.split('.').any(|arc| arc.parse::<i32>().is_err()) {
        return Err("invalid attribute type".into());
    }
    match *tag {
        UTF8_STRING => checked(std::str::from_utf8(contents).is_ok(), "UTF-8 string"),
        // Go lets "*" and "&" pass here, but does not write them so itself.
        PRINTABLE_STRING => {
            checked(contents.iter().all(|c| der::is_printable(*c) || b"*&".contains(c)), "PrintableString")
        }
        0x12 => checked(contents.iter().all(|c| c.is_ascii_digit() || *c == b' '), "NumericString"),
        0x14 => Ok(Value::Text(contents.clone())),
        0x16 => checked(contents.is_ascii(), "IA5String"),
        0x1e => bmp_string(contents).map(|text| Value::Text(text.into())).ok_or_else(|| invalid("BMPString")),
        0x01 => boolean(contents).map(|b| other(b.to_string())).ok_or_else(|| invalid("BOOLEAN")),
        0x02 => integer(contents).map(|i| other(i.to_string())).ok_or_else(|| invalid("INTEGER")),
        0x03 => bit_string(contents).map(other).ok_or_else(|| invalid("BIT STRING")),
        0x04 => Ok(other(go_octets(contents))),
        0x06 => object_identifier(contents).map(other).ok_or_else(|| invalid("OBJECT IDENTIFIER")),
        0x17 | 0x18 => time(*tag, contents).ok_or_else(|| invalid("time")),
        // Go leaves any other value nil, which it can print but not encode.
        _ => Ok(Value::Other { text: "<nil>".into(), der: None }),
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

fn boolean(contents: &[u8]) -> Option<bool> {
    match contents {
        [0] => Some(false),
        [0xff] => Some(true),
        _ => None,
    }
}

fn integer(contents: &[u8]) -> Option<i64> {
    let minimal = !matches!(contents, [0, second, ..] if *second < 0x80)
        && !matches!(contents, [0xff, second, ..] if *second >= 0x80);
    let first = *contents.first().filter(|_| minimal && contents.len() <= 8)?;
    let start = if first >= 0x80 { -1 } else { 0 };
    Some(contents.iter().fold(start, |sum: i64, octet| sum << 8 | i64::from(*octet)))
}

fn bit_string(contents: &[u8]) -> Option<String> {
    let (unused, octets) = contents.split_first()?;
    let last = octets.last().copied().unwrap_or(0);
    let valid =
        *unused < 8 && (!octets.is_empty() || *unused == 0) && last & ((1_u16 << *unused) - 1) as u8 == 0;
    valid.then(|| format!("{{{} {}}}", go_octets(octets), octets.len() * 8 - usize::from(*unused)))
}

fn go_octets(octets: &[u8]) -> String {
    format!("[{}]", octets.iter().map(u8::to_string).collect::<Vec<_>>().join(" "))
}

/// A UTCTime or GeneralizedTime in the forms DER allows (RFC 5280 section 4.1.2.5). Go writes back a GeneralizedTime of
/// the years 1950 to 2049 as UTCTime.
fn time(tag: u8, contents: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(contents).ok()?.strip_suffix('Z')?;
    let digits = if tag == 0x17 { 12 } else { 14 };
    if text.len() != digits || !text.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = text.split_at(digits - 10);
    let year: u32 = match (tag, year.parse().ok()?) {
        (0x17, short @ ..50) => 2000 + short,
        (0x17, short) => 1900 + short,
        (_, full) => full,
    };
    let field = |at: usize| rest[at..at + 2].parse::<u32>().unwrap_or(u32::MAX);
    let (month, day, hour, minute, second) = (field(0), field(2), field(4), field(6), field(8));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let der = match year {
        1950..=2049 => der::tlv(0x17, &contents[contents.len() - 13..]),
        _ => der::tlv(tag, contents),
    };
    let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} +0000 UTC");
    Some(Value::Other { text, der: Some(der) })
}

/// The elements inside, which all have this tag.
fn parts<'a>(element: &Element<'a>, tag: u8) -> Result<Vec<Element<'a>>, Malformed> {
    let (mut reader, mut out) = (element.parts(), Vec::new());
    while !reader.is_empty() {
        out.push(reader.expect(tag)?);
    }
    Ok(out)
}

pub(super) fn read_name(der: &[u8]) -> Result<Vec<Vec<EncodedAttribute>>, Malformed> {
    let attribute = |attribute: Element<'_>| {
        let mut fields = attribute.parts();
        let oid = object_identifier(fields.expect(OBJECT_IDENTIFIER)?.contents).ok_or(Malformed)?;
        let Element { tag, contents, encoded } = fields.element()?;
        fields.end()?;
        Ok(EncodedAttribute { oid, tag, contents: contents.to_vec(), element: encoded.to_vec() })
    };
    let rdn = |set| parts(&set, SEQUENCE)?.into_iter().map(attribute).collect();
    parts(&der::only(der, SEQUENCE)?, SET)?.into_iter().map(rdn).collect()
}
