//! Made-up chains: a certificate is signed by another if the names say so.

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509Extension, X509Name, X509NameBuilder};

use super::*;
use crate::pki::profile::ExtendedKeyUsage::{ClientAuth, ServerAuth};
use crate::pki::verify::OpenSsl;

struct Ca {
    key: PKey<Private>,
    name: &'static str,
}

fn ca(name: &'static str) -> Ca {
    Ca { key: PKey::ec_gen("P-256").expect("a key"), name }
}

fn name(attributes: &[(&str, &str)]) -> X509Name {
    let mut name = X509NameBuilder::new().expect("a name");
    for (kind, value) in attributes {
        name.append_entry_by_text(kind, value).expect("an attribute");
    }
    name.build()
}

fn certificate(subject: &[(&str, &str)], of: &Ca, by: &Ca, extensions: &[(&str, Vec<u8>)]) -> Certificate {
    let mut builder = X509::builder().expect("a builder");
    let (start, end) = (Asn1Time::from_unix(0).expect("a time"), Asn1Time::from_unix(60).expect("a time"));
    builder.set_version(2).and_then(|()| builder.set_pubkey(&of.key)).expect("a key");
    builder.set_not_before(&start).and_then(|()| builder.set_not_after(&end)).expect("times");
    builder.set_subject_name(&name(subject)).expect("a subject");
    builder.set_issuer_name(&name(&[("CN", by.name)])).expect("an issuer");
    for (oid, value) in extensions {
        let (oid, value) = (Asn1Object::from_str(oid), Asn1OctetString::new_from_bytes(value));
        let extension = X509Extension::new_from_der(&oid.expect("an OID"), false, &value.expect("octets"));
        builder.append_extension(extension.expect("an extension")).expect("an extension");
    }
    builder.sign(&by.key, MessageDigest::sha256()).expect("a signature");
    Certificate::from_der(builder.build().to_der().expect("DER")).expect("a certificate")
}

fn signed(of: &Ca, by: &Ca) -> Certificate {
    certificate(&[("CN", of.name)], of, by, &[])
}

fn key(of: &Ca) -> Vec<u8> {
    of.key.public_key_to_der().expect("DER")
}

#[test]
fn a_chain_is_found_in_any_order() {
    let (root, middle, last, own, other) = (ca("root"), ca("middle"), ca("last"), ca("node"), ca("other"));
    let all = [signed(&own, &last), signed(&last, &middle), signed(&middle, &root), signed(&root, &root)];
    let stranger = signed(&other, &other);
    for turn in 0..5 {
        let mut given = vec![all[3].clone(), all[1].clone(), stranger.clone(), all[0].clone(), all[2].clone()];
        given.push(all[1].clone());
        given.rotate_left(turn);
        let sorted = sort(given, &key(&own), &OpenSsl).expect("a chain");
        assert_eq!(sorted.leaf, all[0]);
        assert_eq!(sorted.intermediates, all[1..3]);
        assert_eq!(sorted.roots, all[3..]);
        assert_eq!(sorted.others, std::slice::from_ref(&stranger));
        assert_eq!(sorted.chain().cloned().collect::<Vec<_>>(), all[..3]);
    }
}

#[test]
fn a_name_alone_makes_no_issuer() {
    let (root, false_root, own) = (ca("root"), ca("root"), ca("node"));
    let leaf = signed(&own, &root);
    let sorted = sort(vec![leaf.clone(), signed(&false_root, &false_root)], &key(&own), &OpenSsl);
    let sorted = sorted.expect("a leaf");
    assert_eq!((sorted.leaf, sorted.roots.len(), sorted.others.len()), (leaf, 0, 1));
}

#[test]
fn exactly_one_certificate_is_for_the_key() {
    let (root, own, other) = (ca("root"), ca("node"), ca("other"));
    let sort = |given| sort(given, &key(&own), &OpenSsl).expect_err("not one");
    assert_eq!(sort(vec![]), Difference::Nothing);
    let other_key = Difference::OtherKey(vec!["CN=other".to_owned()]);
    assert_eq!(sort(vec![signed(&other, &root)]), other_key);
    assert_eq!(sort(vec![signed(&own, &root), signed(&own, &other)]), Difference::Several(2));
}

fn purposes_of(dotted: &[&str]) -> (&'static str, Vec<u8>) {
    let oids =
        dotted.iter().flat_map(|last| [&b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03"[..], last.as_bytes()].concat());
    ("2.5.29.37", crate::der::tlv(crate::der::SEQUENCE, &oids.collect::<Vec<_>>()))
}

#[test]
fn what_was_asked_for_is_no_difference() {
    let (root, own) = (ca("root"), ca("node"));
    let names = [AltName::Dns("A.example.com".into()), AltName::Uri("crdb://tenant/2/user/a".into())];
    let turned = [names[1].clone(), AltName::Dns("a.example.com".into())];
    let extensions = [("2.5.29.17", AltName::extension(&turned)), purposes_of(&["\x01", "\x02", "\x03"])];
    let subject = [("O", "Acme"), ("CN", "node")];
    let leaf = certificate(&subject, &own, &root, &extensions);
    let asked_subject = name(&subject).to_der().expect("DER");
    let asked = Asked { subject: &asked_subject, alt_names: &names, purposes: &[ServerAuth, ClientAuth] };
    assert_eq!(compare(&leaf, &asked), []);
    assert_eq!(flaws(&leaf, &OpenSsl), []);
    assert_eq!(more_purposes(&leaf, asked.purposes), ["1.3.6.1.5.5.7.3.3"]);
}

#[test]
fn every_difference_is_told() {
    let own = ca("node");
    let names = AltName::extension(&[AltName::Dns("b".into())]);
    let extensions =
        [("2.5.29.17", names), purposes_of(&["\x01"]), ("2.5.29.19", b"\x30\x03\x01\x01\xff".to_vec())];
    let leaf = certificate(&[("CN", "node")], &own, &own, &extensions);
    let subject = name(&[("O", "Acme Inc"), ("CN", "node")]).to_der().expect("DER");
    let alt_names = [AltName::Uri("crdb://tenant/2/user/a".into())];
    let asked = Asked { subject: &subject, alt_names: &alt_names, purposes: &[ServerAuth, ClientAuth] };
    let told: Vec<_> =
        compare(&leaf, &asked).into_iter().chain(flaws(&leaf, &OpenSsl)).map(|d| d.to_string()).collect();
    assert_eq!(
        told,
        [
            "asked O=Acme Inc,CN=node, got CN=node",
            "asked URI:crdb://tenant/2/user/a, which the certificate does not have",
            "got DNS:b, which nobody asked for",
            "asked the extended key usage clientAuth, got serverAuth",
            "it is the certificate of a CA (CA:TRUE)",
            "it is signed by its own key, not by a CA",
        ]
    );
}

#[test]
fn who_may_sign_certificates_is_a_ca() {
    let (root, own) = (ca("root"), ca("node"));
    for (usage, expected) in [(b"\x03\x02\x07\x80", &[][..]), (b"\x03\x02\x02\x84", &[Difference::Ca])] {
        let leaf = certificate(&[("CN", "node")], &own, &root, &[("2.5.29.15", usage.to_vec())]);
        assert_eq!(flaws(&leaf, &OpenSsl), expected);
    }
}

#[test]
fn keys_of_unknown_kinds_are_compared_as_they_stand() {
    let of = |key: PKey<Private>| Ca { key, name: "node" };
    let [own, other] = [(); 2].map(|()| of(PKey::generate_ed448().expect("a key")));
    let leaf = signed(&own, &ca("root"));
    assert!(is_for(&leaf, &key(&own)) && !is_for(&leaf, &key(&other)));
}

#[test]
fn the_order_of_a_subject_counts() {
    let (root, own) = (ca("root"), ca("node"));
    let leaf = certificate(&[("CN", "node"), ("O", "Acme")], &own, &root, &[]);
    let subject = name(&[("O", "Acme"), ("CN", "node")]).to_der().expect("DER");
    let asked = Asked { subject: &subject, alt_names: &[], purposes: &[] };
    assert!(matches!(compare(&leaf, &asked)[..], [Difference::Subject { .. }]));
}
