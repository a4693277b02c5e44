//! What Go's parser says of a certificate (crypto/x509 `parser.go`), beyond being DER.

use super::keys::{self, is_integer};
use super::{Finding, Rule, constraints, names, uri};
use crate::certificate::{AltName, Certificate, Extension, extension};
use crate::der::{
    self, BIT_STRING, BOOLEAN, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE,
};
use crate::time;

/// Extensions of id-ce (2.5.29) that have no name in [`extension`], by their last arc.
const CRL_DISTRIBUTION_POINTS: &[u8] = b"\x55\x1d\x1f";
const CERTIFICATE_POLICIES: &[u8] = b"\x55\x1d\x20";
const POLICY_MAPPINGS: &[u8] = b"\x55\x1d\x21";
const POLICY_CONSTRAINTS: &[u8] = b"\x55\x1d\x24";
const INHIBIT_ANY_POLICY: &[u8] = b"\x55\x1d\x36";

/// All that Go objects to as it parses.
pub(super) fn findings(certificate: &Certificate) -> Vec<Finding> {
    let mut findings = fields(certificate);
    findings.extend(names::findings(certificate));
    findings.extend(times(certificate));
    findings.extend(keys::parsed(certificate));
    findings.extend(duplicates(certificate));
    for extension in certificate.extensions() {
        if der::object_identifier(extension.oid).is_none() {
            findings.push(refuse("x509: malformed extension OID field"));
        }
        match value(&extension) {
            Ok(found) => findings.extend(found),
            Err(why) => findings.push(refuse(why)),
        }
    }
    findings
}

fn refuse(why: impl Into<String>) -> Finding {
    Finding::refusal(Rule::Parse, why)
}

fn doubt(why: &str) -> Finding {
    Finding::doubt(Rule::Parse, why)
}

fn fields(certificate: &Certificate) -> Vec<Finding> {
    let mut findings = Vec::new();
    if certificate.version > 2 {
        findings.push(refuse("x509: invalid version"));
    }
    match certificate.serial() {
        serial if !is_integer(serial) => findings.push(refuse("x509: malformed serial number")),
        [first, ..] if *first >= 0x80 => {
            findings.push(doubt("x509: negative serial number (servers built with Go before 1.23 take it)"))
        }
        _ => {}
    }
    if certificate.signature_algorithm() != certificate.inner_signature_algorithm() {
        findings.push(refuse("x509: inner and outer signature algorithm identifiers don't match"));
    }
    let algorithm =
        der::first(certificate.signature_algorithm(), SEQUENCE).map(|identifier| identifier.parts());
    let oid = algorithm.and_then(|mut parts| parts.expect(OBJECT_IDENTIFIER));
    if oid.ok().and_then(|oid| der::object_identifier(oid.contents)).is_none() {
        findings.push(refuse("x509: malformed OID"));
    }
    match certificate.signature() {
        [0, _, ..] => {}
        bits if bit_string(bits).is_none() => findings.push(refuse("x509: malformed signature")),
        _ => findings.push(doubt("its signature is not a whole number of octets")),
    }
    findings
}

/// RFC 5280 section 4.1.2.5 has one form for each kind of time. Go takes more, and not always the same.
fn times(certificate: &Certificate) -> Vec<Finding> {
    let mut fields = Reader::new(certificate.validity());
    let mut findings = Vec::new();
    for _ in 0..2 {
        let Ok(time) = fields.element() else { return vec![refuse("x509: malformed validity")] };
        let length = if time.tag == 0x17 { 13 } else { 15 };
        if time::from_asn1(time.tag, time.contents).is_none() {
            findings.push(refuse("x509: malformed time"));
        } else if time.contents.len() != length || !time.contents.ends_with(b"Z") {
            findings.push(doubt("a time of its validity is not in the form of RFC 5280"));
        }
    }
    findings
}

fn duplicates(certificate: &Certificate) -> Option<Finding> {
    let mut oids: Vec<_> = certificate.extensions().map(|extension| extension.oid).collect();
    oids.sort_unstable();
    let twice = oids.windows(2).find(|pair| pair[0] == pair[1])?;
    let oid = der::object_identifier(twice[0]).unwrap_or_default();
    Some(refuse(format!("x509: certificate contains duplicate extension with OID {oid:?}")))
}

/// Critical extensions that Go does not understand: fine until the certificate is in a chain.
pub(super) fn unhandled(certificate: &Certificate) -> Vec<Finding> {
    let critical = certificate.extensions().filter(|extension| extension.critical);
    let unknown = critical.filter(|extension| !is_handled(extension));
    let why = |extension: Extension<'_>| {
        let oid = der::object_identifier(extension.oid).unwrap_or_default();
        Finding::refusal(
            Rule::CriticalExtension,
            format!("has a critical extension that servers do not understand ({oid})"),
        )
    };
    unknown.map(why).collect()
}

/// Does Go understand what is in the extension?
fn is_handled(extension: &Extension<'_>) -> bool {
    match extension.oid {
        extension::SUBJECT_ALT_NAME => {
            let mut names =
                der::first(extension.value, SEQUENCE).map_or(Reader::new(&[]), |names| names.parts());
            let mut all = std::iter::from_fn(|| names.element().ok());
            all.any(|name| matches!(name.tag ^ 0x80, 1 | 2 | 6 | 7))
        }
        extension::NAME_CONSTRAINTS => constraints::all_understood(extension.value),
        // There is a doubt already.
        POLICY_MAPPINGS | POLICY_CONSTRAINTS | INHIBIT_ANY_POLICY => true,
        extension::SUBJECT_KEY_IDENTIFIER
        | extension::KEY_USAGE
        | extension::BASIC_CONSTRAINTS
        | extension::AUTHORITY_KEY_IDENTIFIER
        | extension::EXTENDED_KEY_USAGE
        | extension::AUTHORITY_INFO_ACCESS
        | CRL_DISTRIBUTION_POINTS
        | CERTIFICATE_POLICIES => true,
        _ => false,
    }
}

/// What Go says of an extension's value: doubts, or its error.
fn value(extension: &Extension<'_>) -> Result<Vec<Finding>, String> {
    let Extension { oid, critical, value } = *extension;
    let named = |result: Result<(), Malformed>, what: &str| {
        result.map(|()| Vec::new()).map_err(|Malformed| format!("x509: invalid {what}"))
    };
    let not_critical = |what: &str| {
        let why = format!("x509: {what} incorrectly marked critical (servers built with older Go take it)");
        if critical { vec![Finding::doubt(Rule::Parse, why)] } else { Vec::new() }
    };
    match oid {
        extension::KEY_USAGE => {
            let bits = der::first(value, BIT_STRING).ok().and_then(|bits| bit_string(bits.contents));
            named(bits.ok_or(Malformed), "key usage")
        }
        extension::BASIC_CONSTRAINTS => basic_constraints(value),
        extension::SUBJECT_ALT_NAME => alt_names(value),
        extension::NAME_CONSTRAINTS => constraints::parsed(value),
        extension::EXTENDED_KEY_USAGE => named(purposes(value), "extended key usages"),
        extension::SUBJECT_KEY_IDENTIFIER => {
            named(der::first(value, OCTET_STRING).map(drop), "subject key identifier")?;
            Ok(not_critical("subject key identifier"))
        }
        extension::AUTHORITY_KEY_IDENTIFIER => {
            let identifier = der::first(value, SEQUENCE).and_then(|parts| parts.parts().optional(0x80));
            named(identifier.map(drop), "authority key identifier")?;
            Ok(not_critical("authority key identifier"))
        }
        extension::AUTHORITY_INFO_ACCESS => {
            named(information_access(value), "authority info access")?;
            Ok(not_critical("authority info access"))
        }
        CRL_DISTRIBUTION_POINTS => named(distribution_points(value), "CRL distribution point"),
        CERTIFICATE_POLICIES => policies(value),
        POLICY_MAPPINGS | POLICY_CONSTRAINTS | INHIBIT_ANY_POLICY => Ok(vec![Finding::doubt(
            Rule::Policies,
            "it restricts certificate policies, which servers built with older Go do not understand",
        )]),
        _ => Ok(Vec::new()),
    }
}

/// A BIT STRING's contents: the unused bits are less than an octet, and zero.
fn bit_string(contents: &[u8]) -> Option<()> {
    let (unused, octets) = contents.split_first()?;
    let last = octets.last().copied().unwrap_or(0);
    let valid = *unused < 8 && (!octets.is_empty() || *unused == 0);
    (valid && last & ((1_u16 << *unused) - 1) as u8 == 0).then_some(())
}

fn basic_constraints(value: &[u8]) -> Result<Vec<Finding>, String> {
    let invalid = || "x509: invalid basic constraints".to_owned();
    let mut fields = der::first(value, SEQUENCE).map_err(|_| invalid())?.parts();
    let ca = fields.optional(BOOLEAN).map_err(|_| invalid())?;
    if ca.is_some_and(|ca| !matches!(ca.contents, [0] | [0xff])) {
        return Err(invalid());
    }
    match fields.optional(INTEGER).map_err(|_| invalid())?.map(|length| length.contents) {
        None => Ok(Vec::new()),
        Some(length) if !is_integer(length) => Err(invalid()),
        Some([first, ..]) if *first >= 0x80 => {
            Ok(vec![doubt("its path length is negative, which servers built with older Go take for none")])
        }
        Some(length) => match der::unsigned(length) {
            Some(length) if length <= i64::MAX as u64 => Ok(Vec::new()),
            _ => Err(invalid()),
        },
    }
}

fn alt_names(value: &[u8]) -> Result<Vec<Finding>, String> {
    let invalid = |_| "x509: invalid subject alternative names".to_owned();
    let mut names = der::first(value, SEQUENCE).map_err(invalid)?.parts();
    let mut doubts = Vec::new();
    while !names.is_empty() {
        let name = names.element().map_err(invalid)?;
        let read = AltName::read(&name);
        match name.tag {
            0x81 | 0x82 | 0x86 if !read.is_ascii() => {
                return Err("x509: a subject alternative name is malformed (not ASCII)".into());
            }
            0x87 if !matches!(read, AltName::Ip(_)) => {
                return Err(format!("x509: cannot parse IP address of length {}", name.contents.len()));
            }
            _ => {}
        }
        match &read {
            AltName::Uri(text) => match uri::read(text) {
                uri::Reading::Fine(_) => {}
                uri::Reading::Bad(why) => return Err(format!("x509: cannot parse URI {text:?}: {why}")),
                uri::Reading::Unsure => doubts.push(doubt("a URI of its names is read differently by servers")),
            },
            AltName::Ip(std::net::IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_some() => {
                doubts.push(doubt("x509: SAN iPAddress contains IPv4-mapped IPv6 address (servers built with older Go take it)"));
            }
            _ => {}
        }
        doubts.truncate(1);
    }
    Ok(doubts)
}

fn purposes(value: &[u8]) -> Result<(), Malformed> {
    let mut purposes = der::first(value, SEQUENCE)?.parts();
    while !purposes.is_empty() {
        let oid = purposes.expect(OBJECT_IDENTIFIER)?;
        der::object_identifier(oid.contents).ok_or(Malformed)?;
    }
    Ok(())
}

fn information_access(value: &[u8]) -> Result<(), Malformed> {
    let mut all = der::first(value, SEQUENCE)?.parts();
    while !all.is_empty() {
        let mut access = all.expect(SEQUENCE)?.parts();
        let method = access.expect(OBJECT_IDENTIFIER)?;
        der::object_identifier(method.contents).ok_or(Malformed)?;
        access.optional(0x86)?;
    }
    Ok(())
}

fn distribution_points(value: &[u8]) -> Result<(), Malformed> {
    let mut points = der::first(value, SEQUENCE)?.parts();
    while !points.is_empty() {
        let Some(name) = points.expect(SEQUENCE)?.parts().optional(0xa0)? else { continue };
        let mut names = name.parts().expect(0xa0)?.parts();
        while names.optional(0x86)?.is_some() {}
    }
    Ok(())
}

fn policies(value: &[u8]) -> Result<Vec<Finding>, String> {
    let invalid = || "x509: invalid certificate policies".to_owned();
    let mut all = der::first(value, SEQUENCE).map_err(|_| invalid())?.parts();
    let mut oids = Vec::new();
    while !all.is_empty() {
        let mut policy = all.expect(SEQUENCE).map_err(|_| invalid())?.parts();
        let oid = policy.expect(OBJECT_IDENTIFIER).map_err(|_| invalid())?.contents;
        if oid.is_empty() || oid.ends_with(&[0x80]) {
            return Err(invalid());
        }
        oids.push(oid);
    }
    let mut doubts = Vec::new();
    if oids.iter().any(|oid| der::object_identifier(oid).is_none()) {
        doubts.push(doubt("a certificate policy has a large or malformed identifier"));
    }
    oids.sort_unstable();
    if oids.windows(2).any(|pair| pair[0] == pair[1]) {
        doubts.push(doubt("a certificate policy stands there twice, which newer servers refuse"));
    }
    Ok(doubts)
}
