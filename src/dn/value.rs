//! Attribute values of a certificate's subject, decoded like Go's `encoding/asn1` does an `any`.

use crate::der::{
    self, Element, IA5_STRING, Malformed, OBJECT_IDENTIFIER, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING,
    object_identifier,
};

/// One attribute of a certificate's subject, as encoded (RFC 5280 section 4.1.2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedAttribute {
    /// The type: an object identifier, dotted.
    pub oid: String,
    /// The identifier octet of the value; for a string type that is its ASN.1 tag number.
    pub tag: u8,
    /// The contents octets of the value.
    pub contents: Vec<u8>,
}

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
        let Element { tag, contents, .. } = fields.element()?;
        fields.end()?;
        Ok(EncodedAttribute { oid, tag, contents: contents.to_vec() })
    };
    let rdn = |set| parts(&set, SEQUENCE)?.into_iter().map(attribute).collect();
    parts(&der::only(der, SEQUENCE)?, SET)?.into_iter().map(rdn).collect()
}
