//! Subject and issuer, as Go parses them (`parseName`).

use super::{Finding, Rule};
use crate::certificate::Certificate;
use crate::der::{
    self, Element, Malformed, OBJECT_IDENTIFIER, PRINTABLE_STRING, Reader, SEQUENCE, SET, UTF8_STRING,
};

const NUMERIC_STRING: u8 = 0x12;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const BMP_STRING: u8 = 0x1e;

pub(super) fn findings(certificate: &Certificate) -> Vec<Finding> {
    let both = [certificate.issuer_name(), certificate.subject_name()];
    both.into_iter().flat_map(|name| attributes(name).unwrap_or_else(|Malformed| vec![refuse("")])).collect()
}

fn refuse(why: &str) -> Finding {
    Finding::refusal(Rule::Parse, format!("x509: invalid RDNSequence{why}"))
}

fn attributes(name: &[u8]) -> Result<Vec<Finding>, Malformed> {
    let mut findings = Vec::new();
    let mut rdns = der::first(name, SEQUENCE)?.parts();
    while !rdns.is_empty() {
        let mut attributes = rdns.expect(SET)?.parts();
        while !attributes.is_empty() {
            findings.extend(attribute(attributes.expect(SEQUENCE)?.parts())?);
        }
    }
    Ok(findings)
}

fn attribute(mut fields: Reader<'_>) -> Result<Option<Finding>, Malformed> {
    let oid = fields.expect(OBJECT_IDENTIFIER)?;
    if der::object_identifier(oid.contents).is_none() {
        return Ok(Some(refuse(": invalid attribute type")));
    }
    Ok(value(&fields.element()?))
}

fn value(value: &Element<'_>) -> Option<Finding> {
    let contents = value.contents;
    let valid = match value.tag {
        PRINTABLE_STRING => contents.iter().all(|octet| der::is_printable(*octet) || b"*&".contains(octet)),
        UTF8_STRING => std::str::from_utf8(contents).is_ok(),
        IA5_STRING => contents.is_ascii(),
        NUMERIC_STRING => contents.iter().all(|octet| octet.is_ascii_digit() || *octet == b' '),
        BMP_STRING if contents.len() % 2 == 1 => false,
        BMP_STRING => return contents.chunks(2).any(is_no_character).then(|| read_differently("a BMPString")),
        TELETEX_STRING => {
            return (!contents.is_ascii()).then(|| read_differently("a TeletexString that is not ASCII"));
        }
        _ => {
            let why = "an attribute of its names is not a string, which only servers built with Go 1.27 take";
            return Some(Finding::doubt(Rule::Parse, why));
        }
    };
    (!valid).then(|| refuse(": invalid attribute value"))
}

/// Surrogates and noncharacters, which newer Go refuses.
fn is_no_character(unit: &[u8]) -> bool {
    let [high, low] = *unit else { return true };
    matches!(u16::from_be_bytes([high, low]), 0xd800..=0xdfff | 0xfdd0..=0xfdef | 0xfffe..)
}

fn read_differently(what: &str) -> Finding {
    Finding::doubt(Rule::Parse, format!("a name in it has {what}, which servers read differently"))
}
