use std::sync::LazyLock;

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkcs7::{Pkcs7, Pkcs7Flags};
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::stack::Stack;
use openssl::x509::X509;
use proptest::prelude::*;

use super::*;
use crate::der::{OCTET_STRING, tlv};

fn certificate() -> (X509, PKey<Private>) {
    let key = PKey::ec_gen("P-256").expect("a key");
    let mut builder = X509::builder().expect("a builder");
    let (start, end) = (Asn1Time::from_unix(0).expect("a time"), Asn1Time::from_unix(60).expect("a time"));
    builder.set_version(2).and_then(|()| builder.set_pubkey(&key)).expect("a key");
    builder.set_not_before(&start).and_then(|()| builder.set_not_after(&end)).expect("times");
    builder.sign(&key, MessageDigest::sha256()).expect("a signature");
    (builder.build(), key)
}

fn read(contents: &[u8]) -> Result<Container, ContainerError> {
    Container::read(contents, || Ok(Zeroizing::new(b"secret".to_vec())))
}

fn pkcs12(iterations: u32) -> Vec<u8> {
    let (certificate, key) = certificate();
    let mut builder = Pkcs12::builder();
    builder.pkey(&key).cert(&certificate).key_iter(2).mac_iter(iterations);
    builder.build2("secret").and_then(|pkcs12| pkcs12.to_der()).expect("PKCS#12")
}

fn all_forms() -> Vec<Vec<u8>> {
    let (certificate, key) = certificate();
    let pem = String::from_utf8(certificate.to_pem().expect("PEM")).expect("text");
    let flags = Pkcs7Flags::BINARY;
    let none = Stack::new().expect("a stack");
    let pkcs7 = Pkcs7::sign(&certificate, &key, &none, b"", flags).expect("PKCS#7").to_der().expect("DER");
    let json = serde_json::json!({ "data": { "certificate": pem, "ca_chain": [], "serial_number": "1" } });
    vec![
        format!("before\n{pem}after\n").into_bytes(),
        certificate.to_der().expect("DER"),
        pem::armor("PKCS7", &pkcs7).to_vec(),
        pkcs7,
        json.to_string().into_bytes(),
        json["data"].to_string().into_bytes(),
        pkcs12(2),
    ]
}

#[test]
fn every_form_is_read() {
    for form in all_forms() {
        let read = read(&form).expect("a container");
        assert_eq!(read.certificates.len(), 1);
    }
    assert!(read(&pkcs12(2)).is_ok_and(|container| container.key.is_some()));
}

#[test]
fn what_is_no_container_says_so() {
    for (contents, expected) in [
        (&b""[..], ContainerError::Empty),
        (b"\n", ContainerError::Empty),
        (b"hello", ContainerError::Unknown),
        (b"-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----\n", ContainerError::None),
        (b"-----BEGIN X-----\nAA==\n-----END X-----\n", ContainerError::Label("X".to_owned())),
        (b"{}", ContainerError::Json("it has no data.certificate".to_owned())),
    ] {
        assert_eq!(read(contents).err(), Some(expected));
    }
    assert!(matches!(read(b"\x30\x03\x02\x01\x03").err(), Some(ContainerError::Pkcs12(_))));
    assert!(matches!(read(b"\x30\x80\x02\x01\x03").err(), Some(ContainerError::Pkcs12(_))));
    assert!(matches!(read(b"\x30\x03\x06\x01\x03").err(), Some(ContainerError::Pkcs7(_))));
    assert!(matches!(read(b"\x30").err(), Some(ContainerError::Certificate(1, _))));
    let many = all_forms()[0].repeat(CERTIFICATES + 1);
    assert_eq!(read(&many).err(), Some(ContainerError::TooMany));
}

#[test]
fn the_passphrase_is_not_hashed_for_hours() {
    let file = |rounds: &[u8]| {
        let mac = [tlv(SEQUENCE, &[]), tlv(OCTET_STRING, b"salt"), tlv(INTEGER, rounds)].concat();
        tlv(SEQUENCE, &[tlv(INTEGER, &[3]), tlv(OCTET_STRING, &tlv(SEQUENCE, &mac))].concat())
    };
    assert_eq!(read(&file(&[0x7f; 4])).err(), Some(ContainerError::Iterations(0x7f7f_7f7f)));
    assert_eq!(read(&file(&[0x7f; 9])).err(), Some(ContainerError::Iterations(u64::MAX)));
    assert_eq!(read(&file(&[0xff; 4])).err(), Some(ContainerError::Iterations(u64::MAX)));
    assert!(matches!(read(&file(&[0x7f])).err(), Some(ContainerError::Pkcs12(_))));
}

proptest! {
    #[test]
    fn no_octets_panic(bytes: Vec<u8>) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_damage_panics(form in 0..7_usize, at: prop::sample::Index, octet: u8) {
        static FORMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(all_forms);
        let mut contents = FORMS[form].clone();
        let at = at.index(contents.len());
        contents[at] = octet;
        let _ = read(&contents);
    }
}

#[test]
fn no_pkcs12_hashes_for_hours() {
    // BER: the salt of the MAC comes in parts, and the count is 2^31 - 1.
    let sha256 = b"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00";
    let digest = tlv(SEQUENCE, &[&sha256[..], &tlv(OCTET_STRING, &[0; 32])].concat());
    let salt = tlv(OCTET_STRING | 0x20, &tlv(OCTET_STRING, b"saltsalt"));
    let mac = tlv(SEQUENCE, &[digest, salt, tlv(INTEGER, &[0x7f, 0xff, 0xff, 0xff])].concat());
    let data = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    let safes = tlv(0xa0, &tlv(OCTET_STRING, &tlv(SEQUENCE, b"")));
    let safes = tlv(SEQUENCE, &[&data[..], &safes].concat());
    let whole = tlv(SEQUENCE, &[tlv(INTEGER, &[3]), safes, mac].concat());
    assert_eq!(read(&whole).err(), Some(ContainerError::Iterations(0x7fff_ffff)));
    // What cannot be counted, as it is encrypted, has a deadline.
    let slow = Zeroizing::new(pkcs12(1_000_000));
    let late = super::pkcs12::within(std::time::Duration::ZERO, slow, b"secret".to_vec().into());
    assert_eq!(late.err(), Some(ContainerError::TooSlow(0)));
}
