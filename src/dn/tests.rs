//! Names in the words of an operator.

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
        ("CN=,O= ,C=x", &[&[("CN", b"")], &[("O", b"")], &[("C", b"x")]]),
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
        ("  ", &[]),
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
        ("CN=a,=b", r#"attribute 2 ("=b"): has no type before the "=""#),
        ("CN=a,,O=b", r#"attribute 2 (""): is empty: there is a separator too many"#),
        (",CN=a", r#"attribute 1 (""): is empty: there is a separator too many"#),
        (" = x", r#"attribute 1 ("= x"): has no type before the "=""#),
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
            "CN=#0c01ff",
            r##"attribute 1 ("CN=#0c01ff"): is not the hex of one BER element: not a valid UTF8String"##,
        ),
    ] {
        assert_eq!(problem(text), expected, "{text:?}");
    }
    let long = problem(&format!("O=a,{}", "x".repeat(1 << 20)));
    assert!(long.len() < 120, "{long}");
}

/// What servers up to 26.2 make of a text, and later ones: a name, or nothing where they refuse it.
#[test]
fn a_text_that_servers_read_differently_is_not_judged() {
    for (text, older, newer) in [
        // They take a separator too many at the end, and drop an empty value there.
        ("CN=a,", Some("CN=a"), None),
        ("CN=a;", Some("CN=a"), None),
        ("CN=a, ", Some("CN=a"), None),
        ("CN=a+", Some(""), None),
        ("O=b,CN=a+", Some("O=b"), None),
        ("CN=", Some(""), Some("CN=")),
        ("CN=zz,OU=", Some("CN=zz"), Some("CN=zz,OU=")),
        ("CN=zz,OU=  ", Some("CN=zz"), Some("CN=zz,OU=")),
        ("CN=zz+OU=", Some(""), Some("CN=zz+OU=")),
        ("CN=zz,OU=#0400", Some("CN=zz"), Some("CN=zz,OU=#0400")),
        // Characters that are to be escaped.
        (r#"CN="a""#, Some(r#"CN=\"a\""#), None),
        ("CN=a<b", Some(r"CN=a\<b"), None),
        ("C>N=a", Some(r"C\>N=a"), None),
        ("CN=a\0", Some(r"CN=a\00"), None),
        // A backslash at the end.
        (r"CN=a\", Some("CN=a"), None),
        (r"CN=\", Some(""), None),
        (r"CN=a,\", Some("CN=a"), None),
        // What follows a BER element.
        ("CN=#0402486900", Some("CN=Hi"), None),
        ("CN=#04024869;O=b", None, Some("CN=#04024869,O=b")),
        // A type without anything before it.
        ("=CN=x", Some("CN=x"), None),
        // White space that is no space.
        ("\t", None, Some("")),
        (" \n\u{a0}", None, Some("")),
    ] {
        let read = older::name(text).map(|name| name.to_string());
        assert_eq!(read.as_deref(), older, "{text:?} up to 26.2");
        let error = text.parse::<DistinguishedName>().expect_err(text);
        let taken = error.kind == ParseErrorKind::ReadDifferently;
        assert_eq!(taken, newer.is_some(), "{text:?} later: {error}");
        assert!(error.to_string().contains("; not judged: servers up to 26.2 read the name as \""), "{error}");
    }
    assert_eq!(
        problem("CN=a<b"),
        r#"attribute 1 ("CN=a<b"): has an unescaped "<", to be written as \<; not judged: servers up to 26.2 read the name as "CN=a\\<b"; later ones refuse it; if that is meant, write it so, and all servers agree"#
    );
    assert_eq!(
        problem("CN=zz,OU="),
        r#"attribute 2 ("OU="): servers read it differently; an empty value at the end is to be left out, or moved to the front; not judged: servers up to 26.2 read the name as "CN=zz"; if that is meant, write it so, and all servers agree"#
    );
}

#[test]
fn a_text_that_all_servers_refuse_is_an_error() {
    for text in
        ["=x", " = x", "CN", "O=a,CN", "CN=a,,O=b", ",CN=a", "+", "1.2.3=#04024", "CN=#0g", r"CN=\zz", "CN=#"]
    {
        assert_eq!(older::name(text), None, "{text:?}");
        assert_eq!(text.parse::<DistinguishedName>().expect_err(text).older, None, "{text:?}");
    }
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
        ("3080300205000000", b"\x30\x02\x05\x00"),
        ("30041f1f0141", b"\x1f\x1f\x01A"),
        ("060180", b"\x80"),
        ("130141", b"A"),
        ("16017e", b"~"),
        // The rules for strings are those of universal tags.
        ("8c01ff", b"\xff"),
        ("93012a", b"*"),
        ("96017f", b"\x7f"),
    ];
    for (hex, expected) in reads {
        assert_eq!(parts(&name(&format!("CN=#{hex},O=x")))[0][0].1, *expected, "{hex}");
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
fn servers_dispute_whether_repeated_attributes_count() {
    for (a, b, expected) in [
        ("CN=a+CN=a+CN=b", "CN=a+CN=b+CN=b", Equality::Disputed),
        ("O=x,CN=a+CN=a+CN=b", "O=x,cn=b+CN=a+CN=b", Equality::Disputed),
        ("CN=a+CN=a+CN=b", "CN=a+CN=b+CN=a", Equality::Equal),
        ("CN=a+CN=a", "CN=a", Equality::Different),
        ("CN=a+CN=a", "CN=a+CN=b", Equality::Different),
        ("CN=a+CN=b", "CN=a+CN=a", Equality::Different),
        ("O=x,CN=a+CN=a+CN=b", "O=y,CN=a+CN=b+CN=b", Equality::Different),
        ("CN=a+CN=a+CN=b,O=x", "CN=a+CN=b+CN=b", Equality::Different),
    ] {
        assert_eq!(name(a).compare(&name(b)), expected, "{a} {b}");
    }
}

#[test]
fn a_name_is_printed_into_messages_as_the_server_does_it() {
    for (text, older, newer) in [
        ("O=Acme Inc,OU=movr-prod,UID=node", "o=Acme Inc,ou=movr-prod,uid=node", None),
        ("UID=b+CN=a", "cn=a+uid=b", None),
        (r#"CN=\ a\,b\+\"\\\<\>\;= "#, r#"cn=\ a\,b\+\"\\\<\>\;="#, None),
        ("CN=a\\20", "cn=a\\ ", None),
        ("CN=ö\\0a~", "cn=\\c3\\b6\\0a~", None),
        (r"CN=\#a#b", r"cn=\#a\#b", Some(r"cn=\#a#b")),
        (r"A\=B=1", "a=b=1", Some(r"a\=b=1")),
        ("", "", None),
    ] {
        assert_eq!(name(text).as_printed(true), older, "{text}");
        assert_eq!(name(text).as_printed(false), newer.unwrap_or(older), "{text}");
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
    for known in TYPES {
        assert_eq!(
            AttributeType::by_name(&known.name.to_lowercase()),
            Some(known).filter(|known| known.for_roles)
        );
        assert_eq!(AttributeType::by_oid(known.oid), Some(known));
    }
    assert_eq!(AttributeType::by_oid("1.2.3"), None);
}

#[test]
fn names_are_quoted_as_go_quotes_them() {
    for (text, quoted) in [
        ("a", r#""a""#),
        ("\"\\", r#""\"\\""#),
        ("\0\n\x7f", r#""\x00\n\x7f""#),
        ("ö", r#""ö""#),
        ("\u{a0}\u{202e}", r#""\u00a0\u202e""#),
    ] {
        assert_eq!(text::quoted(text), quoted);
    }
}

#[test]
fn what_has_no_text_cannot_be_made() {
    assert_eq!(Attribute::new("", AttributeValue::text("a")), Err(EmptyType));
    assert_eq!(Rdn::new(vec![]), Err(EmptyRdn));
    assert_eq!(AttributeValue::from_ber(b"\x04\x02H"), Err(BerError::Truncated));
}

pub(super) fn encoded(oid: &str, tag: u8, contents: &[u8]) -> EncodedAttribute {
    EncodedAttribute { oid: oid.into(), tag, contents: contents.into() }
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
        encoded("2.5.4.7", 0x13, b"x"),
    ])
    .unwrap();
    assert_eq!(subject.name.to_string(), "O=Acme Inc,OU=Tenants,DC=com,UID=nö de,CN=ač,CN=,L=x");
    assert_eq!(subject.peculiarities, []);
    assert_eq!(subject.common_name, "");
    assert_eq!(subject.organizational_units, ["Tenants"]);
}

#[test]
fn an_awkward_string_in_a_certificate_survives() {
    for text in [" a ", " ", "  ", "#a", "a,b+c\"d\\e<f>g;h=i", "a\nb", "ö"] {
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
    let other = from_certificate(&[encoded("2.5.4.5", 0x13, b"1")]).unwrap();
    assert_eq!(other.name.to_string(), "SERIALNUMBER=1");
    assert_eq!(other.peculiarities[0].oddity, Oddity::NotForRoles);
}

#[test]
fn a_value_that_is_no_string_or_an_empty_one_at_the_end_is_not_judged() {
    for (attribute, why) in [
        (encoded("2.5.4.3", 0x01, b"\xff"), "attribute 2: the value of CN is not a character string"),
        (encoded("2.5.4.3", 0x03, b"\x04\xf0"), "attribute 2: the value of CN is not a character string"),
        (encoded("1.2.3", 0x17, b"490228000000Z"), "attribute 2: the value of 1.2.3 is not a character string"),
        (
            encoded("0.9.2342.19200300.100.1.1", 0x30, b""),
            "attribute 2: the value of UID is not a character string",
        ),
        (encoded("2.5.4.3", 0x13, b""), "attribute 2 (\"CN=\"): servers read it differently"),
        (encoded("2.5.4.3", 0x0c, b"a\0"), r#"attribute 2 ("CN=a\x00"): has an unescaped "\x00""#),
    ] {
        let error = from_certificate(&[encoded("2.5.4.11", 0x0c, b"Tenants"), attribute]).unwrap_err();
        let expected = format!("the subject is not judged, as servers read it differently: {why}");
        assert!(error.to_string().starts_with(&expected), "{error}");
        // The rules that look at single attributes still can.
        assert!(matches!(error, UnreadableSubject::NotJudged { organizational_units, .. }
                if organizational_units == ["Tenants"]));
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
            encoded("2.5.4.3", 0x12, b"1a"),
            "x509: invalid RDNSequence: invalid attribute value: invalid NumericString in 2.5.4.3",
        ),
        (
            encoded("2.5.4.3", 0x1e, b"\x00"),
            "x509: invalid RDNSequence: invalid attribute value: invalid BMPString in 2.5.4.3",
        ),
        (
            encoded("2.25.2147483648", 0x0c, b"a"),
            "x509: invalid RDNSequence: invalid attribute type in 2.25.2147483648",
        ),
    ] {
        assert_eq!(from_certificate(&[attribute]).unwrap_err().to_string(), expected);
    }
    let digits = from_certificate(&[encoded("2.5.4.3", 0x12, b"1 2")]).unwrap();
    assert_eq!(digits.name.to_string(), "CN=1 2");
    let pair = [encoded("2.5.4.3", 0x0c, b"a"), encoded("2.5.4.11", 0x0c, b"b")];
    let pair = DistinguishedName::from_certificate_attributes(&[pair.to_vec()]).unwrap();
    assert_eq!(pair.name.to_string(), "CN=a+OU=b");
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
