//! Names in the words of an operator.

use crate::der;
use std::collections::HashSet;

use super::*;

fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn problem(text: &str) -> String {
    match text.parse::<DistinguishedName>() {
        Ok(name) => panic!("{text:?} is {name}"),
        Err(error) => error.to_string(),
    }
}

/// A type and its contents.
type Part<'a> = (&'a str, &'a [u8]);

/// Types and contents, RDN by RDN.
pub(super) fn parts(name: &DistinguishedName) -> Vec<Vec<Part<'_>>> {
    name.rdns()
        .iter()
        .map(|rdn| rdn.attributes().iter().map(|a| (a.attribute_type(), a.value().contents())).collect())
        .collect()
}

#[test]
fn every_row_of_the_case_table_holds() {
    let table = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/dn-cases.tsv"));
    let mut rows = 0;
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [kind, a, b, expected, ..] = fields[..] else { panic!("a row of {} fields: {row}", fields.len()) };
        rows += 1;
        match kind {
            "parse" => assert_eq!(a.parse::<DistinguishedName>().is_ok(), expected == "ok", "{row}"),
            "equal" => assert_eq!(name(a) == name(b), expected == "true", "{row}"),
            other => panic!("unknown kind {other}"),
        }
    }
    assert_eq!(rows, 23);
}

#[test]
fn text_is_split_and_unescaped_as_the_server_does_it() {
    let cases: &[(&str, &[&[Part]])] = &[
        ("UID=jsmith,DC=example", &[&[("UID", b"jsmith")], &[("DC", b"example")]]),
        ("o=a;c=b", &[&[("o", b"a")], &[("c", b"b")]]),
        ("o=a+c=b,d=e", &[&[("o", b"a"), ("c", b"b")], &[("d", b"e")]]),
        ("CN=a=b==", &[&[("CN", b"a=b==")]]),
        ("CN=", &[&[("CN", b"")]]),
        ("CN=,O= ,C=", &[&[("CN", b"")], &[("O", b"")], &[("C", b"")]]),
        ("  A  =  1  ,  B  =  2  ", &[&[("A", b"1")], &[("B", b"2")]]),
        (r"A=\ \ 1\ \ ", &[&[("A", b"  1  ")]]),
        (r"A=1\\ ", &[&[("A", br"1\")]]),
        (r"A=1\\\  ", &[&[("A", br"1\ ")]]),
        (r"A=\20 1 \20", &[&[("A", b"  1  ")]]),
        ("A=1 \t", &[&[("A", b"1 \t")]]),
        ("A=\n1", &[&[("A", b"\n1")]]),
        ("A=1\u{a0}", &[&[("A", "1\u{a0}".as_bytes())]]),
        (r#"A=\"\#\+\,\;\<\=\>\\\ "#, &[&[("A", br##""#+,;<=>\ "##)]]),
        (r"A=a#b", &[&[("A", b"a#b")]]),
        (r"A=\00", &[&[("A", b"\0")]]),
        (r"A=\c4\8D\C4\87", &[&[("A", "čć".as_bytes())]]),
        (r"A=\ff", &[&[("A", b"\xff")]]),
        ("ö=漢", &[&[("ö", "漢".as_bytes())]]),
        (r"A\=B\,=1", &[&[("A=B,", b"1")]]),
        (r"\41\20=1", &[&[("A ", b"1")]]),
        ("1.2.3=x", &[&[("1.2.3", b"x")]]),
        ("1.3.6.1.4.1.1466.0=#04024869", &[&[("1.3.6.1.4.1.1466.0", b"Hi")]]),
        ("CN=#0C02c3B6", &[&[("CN", "ö".as_bytes())]]),
        ("CN= #04024869", &[&[("CN", b"#04024869")]]),
        (r"CN=\#04024869", &[&[("CN", b"#04024869")]]),
        (" \t\n\u{a0}", &[]),
    ];
    for (text, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|rdn| rdn.to_vec()).collect();
        assert_eq!(parts(&name(text)), expected, "{text:?}");
    }
}

#[test]
fn an_error_names_the_attribute_and_the_reason() {
    for (text, expected) in [
        ("CN", r#"attribute 1 ("CN"): has no "=""#),
        ("O=a,OU=b+CN,C=d", r#"attribute 3 ("CN"): has no "=""#),
        (r"CN\=a", r#"attribute 1 ("CN\\=a"): has no "=""#),
        ("CN=a, ", r#"attribute 2 (""): is empty: there is a separator too many"#),
        ("CN=a,,O=b", r#"attribute 2 (""): is empty: there is a separator too many"#),
        ("CN=a+", r#"attribute 2 (""): is empty: there is a separator too many"#),
        (",CN=a", r#"attribute 1 (""): is empty: there is a separator too many"#),
        (" = x", r#"attribute 1 ("= x"): has no type before the "=""#),
        ("=CN=x", r#"attribute 1 ("=CN=x"): has no type before the "=""#),
        (r#"CN="a""#, r#"attribute 1 ("CN=\"a\""): has an unescaped "\"", to be written as \""#),
        ("CN=a<b", r#"attribute 1 ("CN=a<b"): has an unescaped "<", to be written as \<"#),
        ("C>N=a", r#"attribute 1 ("C>N=a"): has an unescaped ">", to be written as \>"#),
        ("CN=a\0", r#"attribute 1 ("CN=a\x00"): has an unescaped "\x00", to be written as \00"#),
        (r"CN=a\", r#"attribute 1 ("CN=a\\"): ends with a lone backslash, to be written as \\"#),
        (
            r"CN=a\zz",
            "attribute 1 (\"CN=a\\\\zz\"): \"\\zz\" is no escape: after a backslash comes one of  \"#+,;<=>\\ or two hex digits",
        ),
        ("1.2.3=#04024", r#"attribute 1 ("1.2.3=#04024"): has an odd number of hex digits"#),
        (
            "CN=#1 bridge",
            r##"attribute 1 ("CN=#1 bridge"): " " is no hex digit, and a value that starts with "#" is hex; a text is written with \# first"##,
        ),
        ("CN=#", r##"attribute 1 ("CN=#"): is not the hex of one BER element: the element is cut off"##),
        (
            "CN=#0402486900",
            r##"attribute 1 ("CN=#0402486900"): is not the hex of one BER element: 1 octets after the element"##,
        ),
        (
            "CN=#0c01ff",
            r##"attribute 1 ("CN=#0c01ff"): is not the hex of one BER element: not a valid UTF8String"##,
        ),
    ] {
        assert_eq!(problem(text), expected, "{text:?}");
    }
    let long = problem(&format!("O=a,{}", "x".repeat(1 << 20)));
    assert!(long.len() < 120, "{long}");
}

#[test]
fn a_bad_escape_is_an_error_wherever_it_is() {
    for text in [
        r"CN=\0",
        r"CN=\0T",
        r"CN=\a,O=b",
        r"CN=\é1",
        r"CN=\1é",
        r"C\zN=a",
        "CN=\\\n",
        "CN=#04024869 ",
        "CN=#0g",
    ] {
        assert!(text.parse::<DistinguishedName>().is_err(), "{text:?}");
    }
}

#[test]
fn a_ber_element_is_read_as_the_server_reads_it() {
    let reads: &[(&str, &[u8])] = &[
        ("0400", b""),
        ("0000", b""),
        ("0201ff", b"\xff"),
        ("0481024869", b"Hi"),
        ("048800000000000000024869", b"Hi"),
        ("1f1f0141", b"A"),
        ("9f8101024869", b"Hi"),
        ("30050403414243", b"\x04\x03ABC"),
        ("3006048103414243", b"\x04\x03ABC"),
        ("30800401410000", b"\x04\x01A"),
        ("24800401410401420000", b"\x04\x01A\x04\x01B"),
        ("a0043f810100", b"\x3f\x81\x01\x00"),
        ("060180", b"\x80"),
        ("130141", b"A"),
        ("16017e", b"~"),
    ];
    for (hex, expected) in reads {
        assert_eq!(parts(&name(&format!("CN=#{hex}")))[0][0].1, *expected, "{hex}");
    }
    for (hex, expected) in [
        ("04", BerError::Truncated),
        ("04034142", BerError::Truncated),
        ("0480", BerError::Length),
        ("04ff", BerError::Length),
        ("0489000000000000000001", BerError::Length),
        ("0488ffffffffffffffff", BerError::Length),
        ("048400ffffff41", BerError::Truncated),
        ("1f80010141", BerError::Tag),
        ("1f000141", BerError::Tag),
        ("1fffffffffffffffffff010141", BerError::Tag),
        ("30020000", BerError::Nesting),
        ("3002040141", BerError::Nesting),
        ("3080040141", BerError::Truncated),
        ("0402486901", BerError::TrailingOctets(1)),
        ("13012a", BerError::Contents("PrintableString")),
        ("16017f", BerError::Contents("IA5String")),
        ("30030c01ff", BerError::Contents("UTF8String")),
    ] {
        let error = format!("CN=#{hex}").parse::<DistinguishedName>().unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::Ber(expected), "{hex}");
    }
    let nested = |depth: usize| format!("CN=#{}{}", "3080".repeat(depth), "0000".repeat(depth));
    assert!(nested(999).parse::<DistinguishedName>().is_ok());
    assert_eq!(
        nested(1001).parse::<DistinguishedName>().unwrap_err().kind,
        ParseErrorKind::Ber(BerError::TooDeep)
    );
}

#[test]
fn a_ber_element_is_kept_for_the_certificate_and_equals_its_text() {
    let hex = name("1.3.6.1.4.1.1466.0=#0481024869");
    assert_eq!(hex, name("1.3.6.1.4.1.1466.0=Hi"));
    let value = hex.rdns()[0].attributes()[0].value();
    assert_eq!(value.ber_element(), Some(&b"\x04\x81\x02Hi"[..]));
    assert_eq!(hex.to_string(), "1.3.6.1.4.1.1466.0=#0481024869");
    assert_eq!(value.as_str(), Some("Hi"));
    assert_ne!(name("2.5.4.3=a"), name("CN=a"));
}

#[test]
fn a_name_is_printed_on_one_line_in_the_order_written() {
    for (text, expected) in [
        ("O=Acme Inc,OU=movr-prod,UID=node", "O=Acme Inc,OU=movr-prod,UID=node"),
        ("o = a ; uid = b + Cn = c", "O=a,UID=b+CN=c"),
        ("emailAddress=a@b,Foo=c", "emailAddress=a@b,Foo=c"),
        (r"CN=\ a\20", r"CN=\ a\ "),
        (r"CN=\20", r"CN=\ "),
        (r"CN=\23a#b", r"CN=\#a#b"),
        (r#"CN=\22\2b\2c\3b\3c\3d\3e\5c"#, r#"CN=\"\+\,\;\<=\>\\"#),
        ("CN=a\nb\u{1b}[31m", r"CN=a\0ab\1b[31m"),
        (r"CN=\00\7f\c2\85", r"CN=\00\7f\c2\85"),
        ("CN=a\u{202e}b", r"CN=a\e2\80\aeb"),
        (r"CN=Lu\C4\8Di\C4\87", "CN=Lučić"),
        (r"CN=\ff\c4", r"CN=\ff\c4"),
        (r"A\=B\ =1", r"A\=B\ =1"),
        ("", ""),
    ] {
        assert_eq!(name(text).to_string(), expected);
        assert_eq!(name(expected), name(text));
    }
}

#[test]
fn equality_is_the_servers() {
    for (a, b, equal) in [
        ("o=A+o=B", "O=B+O=A", true),
        ("o=A+o=A+o=B", "o=A+o=B+o=B", false),
        ("o=A+o=B", "o=A", false),
        ("o=A+o=B", "o=A,o=B", false),
        ("o=A", "o=A,o=B", false),
        ("CN=J  S", "CN=J S", false),
        ("CN=ö", "CN=o\u{308}", false),
        ("ö=1", "Ö=1", true),
        ("ſt=1", "ST=1", true),
        ("\u{212a}=1", "k=1", true),
        ("uıd=1", "UID=1", false),
        ("ß=1", "ẞ=1", true),
        ("ß=1", "ss=1", false),
        (r"\ff=1", r"\fe=1", true),
    ] {
        assert_eq!(name(a) == name(b), equal, "{a} {b}");
        if equal {
            assert_eq!(HashSet::from([name(a), name(b)]).len(), 1, "{a} {b}");
        }
    }
}

#[test]
fn a_role_subject_has_the_nine_types_only() {
    for text in ["", "CN=a,L=b,ST=c,O=d,OU=e,C=f,STREET=g,DC=h,UID=i", "cn=a+uId=b", "ſt=a", "uıd=a"] {
        assert_eq!(name(text).check_role_subject(), Ok(()), "{text}");
    }
    let list = r#"should be one of ["CN" "L" "ST" "O" "OU" "C" "STREET" "DC" "UID"]"#;
    for (text, shown) in [
        ("CN=a,emailAddress=b,x=c", r#""emailAddress""#),
        ("2.5.4.3=a", r#""2.5.4.3""#),
        ("SERIALNUMBER=1", r#""SERIALNUMBER""#),
        (r#"a\"\0a\07=1"#, r#""a\"\n\a""#),
    ] {
        let error = name(text).check_role_subject().unwrap_err().to_string();
        assert_eq!(error, format!("SUBJECT contains illegal field type {shown}, {list}"));
    }
}

#[test]
fn the_type_table_goes_both_ways() {
    for known in KNOWN_TYPES {
        assert_eq!(AttributeType::by_name(&known.name.to_lowercase()), Some(known));
        assert_eq!(AttributeType::by_oid(known.oid), Some(known));
    }
    assert_eq!(AttributeType::by_name("emailAddress"), None);
    assert_eq!(AttributeType::by_oid("2.5.4.5"), None);
}

#[test]
fn what_has_no_text_cannot_be_made() {
    assert_eq!(Attribute::new("", AttributeValue::text("a")), Err(EmptyType));
    assert_eq!(Rdn::new(vec![]), Err(EmptyRdn));
    assert_eq!(AttributeValue::from_ber(b"\x04\x02H"), Err(BerError::Truncated));
}

pub(super) fn encoded(oid: &str, tag: u8, contents: &[u8]) -> EncodedAttribute {
    let element = der::tlv(tag, contents);
    EncodedAttribute { oid: oid.into(), tag, contents: contents.into(), element }
}

pub(super) fn from_certificate(rdns: &[EncodedAttribute]) -> Result<CertificateSubject, UnreadableSubject> {
    DistinguishedName::from_certificate_attributes(
        &rdns.iter().map(|one| vec![one.clone()]).collect::<Vec<_>>(),
    )
}

#[test]
fn a_certificate_subject_keeps_its_order_and_knows_uid_and_dc() {
    let subject = from_certificate(&[
        encoded("2.5.4.10", 0x13, b"Acme Inc"),
        encoded("2.5.4.11", 0x0c, b"Tenants"),
        encoded("0.9.2342.19200300.100.1.25", 0x16, b"com"),
        encoded("0.9.2342.19200300.100.1.1", 0x0c, "nö de".as_bytes()),
        encoded("2.5.4.3", 0x1e, b"\x00a\x01\x0d"),
        encoded("2.5.4.3", 0x13, b""),
    ])
    .unwrap();
    assert_eq!(subject.name.to_string(), "O=Acme Inc,OU=Tenants,DC=com,UID=nö de,CN=ač,CN=");
    assert_eq!(subject.peculiarities, []);
    assert_eq!(subject.common_name, "");
    assert_eq!(subject.organizational_units, ["Tenants"]);
}

#[test]
fn an_awkward_string_in_a_certificate_survives() {
    for text in [" a ", " ", "  ", "#a", "a,b+c\"d\\e<f>g;h=i", "a\nb", "ö", ""] {
        let subject = from_certificate(&[encoded("2.5.4.3", 0x0c, text.as_bytes())]).unwrap();
        assert_eq!(parts(&subject.name), [[("CN", text.as_bytes())]], "{text:?}");
    }
}

#[test]
fn an_e_mail_address_in_a_certificate_is_explained() {
    let subject = from_certificate(&[encoded("1.2.840.113549.1.9.1", 0x16, b"a@b")]).unwrap();
    // Go writes the IA5String back as an UTF8String.
    assert_eq!(subject.name.to_string(), "1.2.840.113549.1.9.1=#0c03614062");
    assert_eq!(subject.name, name("1.2.840.113549.1.9.1=a@b"));
    assert_eq!(
        subject.peculiarities[0].to_string(),
        "attribute 1: emailAddress: the server knows this type as 1.2.840.113549.1.9.1 only; a role's SUBJECT cannot \
         hold it, a distinguished-name flag can"
    );
    assert!(!subject.peculiarities[0].may_fail_handshake());
    let other = from_certificate(&[encoded("2.5.4.5", 0x13, b"1")]).unwrap();
    assert_eq!(other.name.to_string(), "SERIALNUMBER=1");
    assert_eq!(other.peculiarities[0].oddity, Oddity::NotForRoles);
}

#[test]
fn a_value_that_is_not_a_string_is_explained() {
    let cases: &[(&str, u8, &[u8], &str, &str)] = &[
        ("2.5.4.3", 0x02, b"\xff\x01", "CN=-255", "-255"),
        ("2.5.4.3", 0x04, b"\x01\x02", "CN=[1 2]", "[1 2]"),
        ("2.5.4.3", 0x03, b"\x04\xf0", "CN={[240] 4}", "{[240] 4}"),
        ("2.5.4.3", 0x06, b"\x2a\x86\x48", "CN=1.2.840", "1.2.840"),
        ("2.5.4.3", 0x05, b"", r"CN=\<nil\>", "<nil>"),
        (
            "2.5.4.3",
            0x17,
            b"490228000000Z",
            r"CN=2049-02-28 00:00:00 \+0000 UTC",
            "2049-02-28 00:00:00 +0000 UTC",
        ),
        (
            "1.3.6.1.5.5.7.9.1",
            0x18,
            b"19800102030405Z",
            "1.3.6.1.5.5.7.9.1=#170d3830303130323033303430355a",
            "800102030405Z",
        ),
        (
            "1.3.6.1.5.5.7.9.1",
            0x18,
            b"19300102030405Z",
            "1.3.6.1.5.5.7.9.1=#180f31393330303130323033303430355a",
            "19300102030405Z",
        ),
        ("0.9.2342.19200300.100.1.1", 0x30, b"", r"UID=\<nil\>", "<nil>"),
        ("0.9.2342.19200300.100.1.1", 0x04, b"Hi", "UID=Hi", "Hi"),
    ];
    for (oid, tag, contents, expected, read) in cases {
        let subject = from_certificate(&[encoded(oid, *tag, contents)]).unwrap();
        assert_eq!(subject.name.to_string(), *expected);
        let odd = subject.peculiarities.last().unwrap();
        assert_eq!(odd.oddity, Oddity::NotAString((*read).into()), "{expected}");
        assert!(odd.may_fail_handshake());
        assert_eq!(subject.common_name, "");
    }
}

#[test]
fn a_teletex_string_that_is_not_utf8_is_explained() {
    let subject = from_certificate(&[encoded("2.5.4.10", 0x14, b" \xe4\xff ")]).unwrap();
    assert_eq!(subject.name, name("O=\\ \u{fffd}\u{fffd}\\ "));
    assert_eq!(subject.peculiarities[0].oddity, Oddity::NotUtf8);
}

#[test]
fn a_subject_the_server_cannot_read_is_an_error() {
    for (attribute, expected) in [
        (
            encoded("2.5.4.3", 0x13, b"a@b"),
            "x509: invalid RDNSequence: invalid attribute value: invalid PrintableString in 2.5.4.3",
        ),
        (
            encoded("2.5.4.3", 0x0c, b"\xff"),
            "x509: invalid RDNSequence: invalid attribute value: invalid UTF-8 string in 2.5.4.3",
        ),
        (
            encoded("2.5.4.3", 0x1e, b"\x00"),
            "x509: invalid RDNSequence: invalid attribute value: invalid BMPString in 2.5.4.3",
        ),
        (
            encoded("2.5.4.3", 0x17, b"500229000000Z"),
            "x509: invalid RDNSequence: invalid attribute value: invalid time in 2.5.4.3",
        ),
        (
            encoded("2.25.2147483648", 0x0c, b"a"),
            "x509: invalid RDNSequence: invalid attribute type in 2.25.2147483648",
        ),
        (
            encoded("2.5.4.3", 0x0c, b"a\0"),
            r#"could not parse certificate subject DN: attribute 1 ("CN=a\x00"): has an unescaped "\x00", to be written as \00"#,
        ),
    ] {
        assert_eq!(from_certificate(&[attribute]).unwrap_err().to_string(), expected);
    }
    let hole = DistinguishedName::from_certificate_attributes(&[vec![], vec![encoded("2.5.4.3", 0x0c, b"a")]]);
    assert!(matches!(hole, Err(UnreadableSubject::Text { common_name, .. }) if common_name == "a"));
}

#[test]
fn a_name_in_der_is_taken_apart() {
    let der = b"\x30\x26\x31\x0b\x30\x09\x06\x03\x55\x04\x0a\x0c\x02Hi\x31\x17\x30\x08\x06\x03\x55\x04\x03\x13\x01a\x30\x0b\x06\x03\x55\x04\x05\x04\x04\x01\x02\x03\x04";
    let rdns = EncodedAttribute::read_name(der).unwrap();
    assert_eq!(rdns[0], [encoded("2.5.4.10", 0x0c, b"Hi")]);
    assert_eq!(rdns[1], [encoded("2.5.4.3", 0x13, b"a"), encoded("2.5.4.5", 0x04, b"\x01\x02\x03\x04")]);
    assert_eq!(EncodedAttribute::read_name(b"\x30\x00"), Ok(vec![]));
    for end in 0..der.len() {
        assert!(EncodedAttribute::read_name(&der[..end]).is_err(), "{end}");
    }
    assert!(EncodedAttribute::read_name(&[der, &b"\0"[..]].concat()).is_err());
}
