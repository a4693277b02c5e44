//! Names mean to `dn.rs` what they mean to others: RFC 4514 texts to Python's `cryptography` and OpenLDAP, and
//! encoded subjects to Go, which prints them for the server. The names are generated, always the same ones.

mod differences;
mod encoded;
mod random;
mod texts;

use std::collections::BTreeMap;

use crdb_cert::dn::{AttributeType, DistinguishedName, EncodedAttribute, UnreadableSubject};

use crate::peers::Peer;
use crate::sandbox::Sandbox;
use differences::{CRYPTOGRAPHY, Difference, OPENLDAP, Text};
use random::Random;

/// How many names are compared.
const COUNT: usize = 5_000;

/// RDNs in the order written, each its attributes, each its type in capitals and its value; `None` was
/// rejected.
type Name = Option<Vec<Vec<(String, Vec<u8>)>>>;

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(octet).collect()
}

fn ours(name: &DistinguishedName) -> Name {
    let rdns = name.rdns().iter().map(|rdn| {
        let attributes = rdn.attributes().iter();
        attributes.map(|a| (a.attribute_type().to_uppercase(), a.value().contents().to_owned())).collect()
    });
    Some(rdns.collect())
}

/// A name in the form of `peers/names.py`.
fn theirs(answer: &str) -> Name {
    if answer == "rejected" {
        return None;
    }
    let attribute = |text: &str| {
        let (kind, value) = text.split_once(':').expect("a type and a value");
        (String::from_utf8(unhex(kind)).expect("UTF-8"), unhex(value))
    };
    let rdns = answer.split(',').filter(|rdn| !rdn.is_empty());
    Some(rdns.map(|rdn| rdn.split('+').map(attribute).collect()).collect())
}

/// Fails unless every difference has a reason in the list, and every reason in the list a difference.
fn compare(peer: &str, texts: &[String], answers: &[&str], differences: &[Difference]) {
    let mut agreed = [0, 0];
    let mut seen: BTreeMap<_, usize> = differences.iter().map(|difference| (difference.reason, 0)).collect();
    for (text, answer) in texts.iter().zip(answers).filter(|(_, answer)| **answer != "unknown") {
        let parsed = text.parse::<DistinguishedName>();
        // What servers read differently has no reading to compare.
        if parsed.as_ref().is_err_and(|error| error.older.is_some()) {
            continue;
        }
        let (ours, theirs) = (parsed.as_ref().map_or(None, ours), theirs(answer));
        if ours == theirs {
            agreed[usize::from(ours.is_some())] += 1;
            continue;
        }
        let read = Text::read(text);
        let reasons: Vec<_> = differences.iter().filter(|d| (d.applies)(&read, &ours)).collect();
        assert!(!reasons.is_empty(), "{text:?}\nours: {ours:?} {:?}\n{peer}: {theirs:?}", parsed.err());
        for difference in reasons {
            *seen.entry(difference.reason).or_default() += 1;
        }
    }
    let [rejected, read] = agreed;
    let told = format!("{peer}: both reject {rejected} and read {read} alike; they differ: {seen:#?}");
    assert!(seen.values().all(|count| *count > 0), "a reason that never occurs; {told}");
    // What is compared is worth it: most texts are names, and some are none.
    // Most of the odd ones are not judged.
    assert!(read > COUNT / 10 && rejected > COUNT / 50, "{told}");
}

#[test]
fn cryptography_and_openldap_read_a_text_as_we_do_but_for_the_listed_differences() {
    let mut random = Random::new();
    let texts: Vec<_> = (0..COUNT).map(|_| texts::generate(&mut random)).collect();
    let lines: Vec<_> = texts.iter().map(|text| hex(text.as_bytes())).collect();
    let answers = Sandbox::new().translate(Peer::PythonNames, &lines);
    let (cryptography, openldap): (Vec<_>, Vec<_>) =
        answers.iter().map(|answer| answer.split_once('\t').expect("two answers")).unzip();
    compare("cryptography", &texts, &cryptography, &CRYPTOGRAPHY);
    compare("OpenLDAP", &texts, &openldap, &OPENLDAP);
}

#[test]
fn what_we_print_is_the_same_name_to_us_again() {
    let mut random = Random::new();
    for _ in 0..COUNT {
        let text = texts::generate(&mut random);
        let Ok(name) = text.parse::<DistinguishedName>() else { continue };
        let again: DistinguishedName = name.to_string().parse().expect("what we print is a name");
        assert_eq!((&again, again.to_string()), (&name, name.to_string()), "{text:?}");
    }
}

/// The name that a server reads from the text that Go has printed: it renames two types.
fn read_from_go(text: &str) -> Name {
    let mut name = ours(&text.parse().ok()?)?;
    for (kind, _) in name.iter_mut().flatten() {
        if let Some(renamed @ ("UID" | "DC")) = AttributeType::by_oid(kind).map(|known| known.name) {
            *kind = renamed.to_owned();
        }
    }
    Some(name)
}

#[test]
fn a_server_reads_an_encoded_subject_from_the_text_of_go_as_we_do_from_the_encoding() {
    let mut random = Random::new();
    let names: Vec<_> = (0..COUNT).map(|_| encoded::generate(&mut random)).collect();
    let lines: Vec<_> = names.iter().map(|name| hex(name)).collect();
    let answers = Sandbox::new().translate(Peer::GoNames, &lines);
    let mut agreed = [0, 0];
    for (der, answer) in names.iter().zip(&answers) {
        let read = EncodedAttribute::read_name(der);
        let read = read.and_then(|attributes| DistinguishedName::from_certificate_attributes(&attributes));
        if matches!(read, Err(UnreadableSubject::NotJudged { .. })) {
            continue;
        }
        let ours = read.as_ref().map_or(None, |subject| ours(&subject.name));
        let text = (answer != "rejected").then(|| String::from_utf8_lossy(&unhex(answer)).into_owned());
        let go = text.as_ref().and_then(|text| read_from_go(text));
        assert_eq!(ours, go, "{}\nGo: {text:?}\nours: {read:?}", hex(der));
        agreed[usize::from(ours.is_some())] += 1;
    }
    let [rejected, read] = agreed;
    // Most of the odd ones are not judged.
    assert!(read > COUNT / 10 && rejected > COUNT / 50, "both reject {rejected} and read {read}");
}
