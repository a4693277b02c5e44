//! What holds for every name, text and certificate.

use crate::der;
use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{encoded, from_certificate, parts};
use super::*;

/// Octets that meet the marks of the syntax often.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let special = proptest::sample::select(br##" "#+,;<=>\"##.as_slice()).prop_map(|c| vec![c]);
    let letter = any::<char>().prop_map(|c| c.to_string().into_bytes());
    vec(prop_oneof![special, letter, any::<u8>().prop_map(|c| vec![c])], 0..6).prop_map(|parts| parts.concat())
}

fn values() -> impl Strategy<Value = AttributeValue> {
    let ber = |octets: Vec<u8>| AttributeValue::from_ber(der::tlv(0x04, &octets)).expect("an octet string");
    prop_oneof![3 => octets().prop_map(AttributeValue::text), 1 => octets().prop_map(ber)]
}

fn types() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(AttributeType::for_roles().collect::<Vec<_>>());
    let known = known.prop_map(|known| known.name.to_lowercase());
    prop_oneof![known, r##"[A-Za-z0-9. =,#+\\"ſßKöΣς-]{1,6}"##, any::<char>().prop_map(String::from)]
}

fn attributes() -> impl Strategy<Value = Attribute> {
    (types(), values()).prop_map(|(kind, value)| Attribute::new(kind, value).expect("a type"))
}

fn names() -> impl Strategy<Value = DistinguishedName> {
    let rdn = vec(attributes(), 1..4).prop_map(|attributes| Rdn::new(attributes).expect("attributes"));
    // An empty value at the end has no text that all servers read alike.
    let last =
        |name: &DistinguishedName| name.attributes().last().is_none_or(|a| !a.value().contents().is_empty());
    vec(rdn, 0..5).prop_map(DistinguishedName::new).prop_filter("an empty value at the end", last)
}

/// Names that are likely to be equal: other case, other order within the RDNs, BER instead of text.
fn relatives() -> impl Strategy<Value = [DistinguishedName; 3]> {
    let changes = || any::<[bool; 4]>();
    (names(), changes(), changes())
        .prop_map(|(name, b, c)| [name.clone(), relative(&name, b), relative(&name, c)])
}

fn relative(name: &DistinguishedName, [case, order, ber, cut]: [bool; 4]) -> DistinguishedName {
    let mut other = name.clone();
    for rdn in &mut other.rdns {
        for a in rdn.attributes.iter_mut().filter(|_| case) {
            a.attribute_type = a.attribute_type.to_ascii_uppercase();
        }
        for a in rdn.attributes.iter_mut().filter(|_| ber) {
            let element = der::tlv(0x04, a.value.contents());
            a.value = AttributeValue::from_ber(element).expect("an octet string");
        }
        if order {
            rdn.attributes.reverse();
        }
    }
    if cut {
        other.rdns.pop();
    }
    other
}

fn hash(name: &DistinguishedName) -> u64 {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    BuildHasherDefault::<DefaultHasher>::default().hash_one(name)
}

proptest! {
    #[test]
    fn parsing_what_was_formatted_is_the_identity(name in names()) {
        let text = name.to_string();
        let again: DistinguishedName = text.parse().unwrap();
        prop_assert_eq!(&again, &name);
        prop_assert_eq!(again.to_string(), text.clone());
        prop_assert!(!text.contains(char::is_control));
        for (a, b) in again.attributes().zip(name.attributes()) {
            prop_assert_eq!(a.value().ber_element(), b.value().ber_element());
            prop_assert_eq!(a.value().contents(), b.value().contents());
        }
    }

    #[test]
    fn equality_is_an_equivalence([a, b, c] in relatives()) {
        prop_assert_eq!(&a, &a.clone());
        prop_assert_eq!(a == b, b == a);
        if a == b {
            prop_assert_eq!(a == c, b == c);
            prop_assert_eq!(hash(&a), hash(&b));
        }
    }

    #[test]
    fn case_of_types_and_order_within_an_rdn_do_not_matter([a, b, c] in relatives()) {
        prop_assert_eq!(a == b, a.rdns().len() == b.rdns().len());
        prop_assert_eq!(b == c, b.rdns().len() == c.rdns().len());
    }

    #[test]
    fn attributes_count_as_often_as_they_are_there(attribute in attributes(), times in 1_usize..4, others in 1_usize..4) {
        let rdn = |times| Rdn::new(vec![attribute.clone(); times]).unwrap();
        prop_assert_eq!(rdn(times) == rdn(others), times == others);
    }

    #[test]
    fn no_text_panics(text in any::<String>(), marks in r##"[ABC01f#\\ ,;+="<>]{0,40}"##) {
        for text in [text, marks] {
            match text.parse::<DistinguishedName>() {
                Ok(name) => prop_assert_eq!(&name.to_string().parse::<DistinguishedName>().unwrap(), &name),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn no_element_panics(octets in vec(any::<u8>(), 0..40)) {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let parsed = format!("CN=#{hex},O=a").parse::<DistinguishedName>();
        prop_assert_eq!(parsed.is_ok(), AttributeValue::from_ber(octets).is_ok());
    }

    #[test]
    fn no_certificate_panics(tag in any::<u8>(), contents in vec(any::<u8>(), 0..20), oid in r"[0-2]\.[0-9]{1,3}(\.[0-9]{1,3}){0,3}") {
        if let Ok(subject) = from_certificate(&[encoded(&oid, tag, &contents), encoded("2.5.4.3", tag, &contents)]) {
            prop_assert_eq!(&subject.name.to_string().parse::<DistinguishedName>().unwrap(), &subject.name);
        }
        let _ = EncodedAttribute::read_name(&contents);
    }

    #[test]
    fn a_string_in_a_certificate_is_read_as_it_is(text in r#"[^\x00]{1,8}"#) {
        for oid in ["2.5.4.3", "0.9.2342.19200300.100.1.1", "1.2.840.113549.1.9.1"] {
            let subject = from_certificate(&[encoded(oid, 0x0c, text.as_bytes())]).unwrap();
            prop_assert_eq!(parts(&subject.name)[0][0].1, text.as_bytes());
        }
    }
}

#[test]
fn parsing_takes_time_in_proportion_to_the_text() {
    let texts = [
        "CN=a,".repeat(40_000) + "CN=a",
        "CN=a+".repeat(40_000) + "CN=a",
        "\\".repeat(200_001),
        "CN=".to_string() + &"\\ ".repeat(100_000),
    ];
    let start = std::time::Instant::now();
    for text in texts {
        if let Ok(name) = text.parse::<DistinguishedName>() {
            assert_eq!(name, name.clone());
        }
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
