use proptest::prelude::*;

use super::*;
use crate::der::tlv;
use crate::pki::key::{Curve, KeySpec, PrivateKey};
use crate::pki::name;
use crate::pki::request::{Wanted, make};
use crate::usage::Usage;

fn made(subject: &str, names: &[AltName], usage: Usage) -> Vec<u8> {
    let key = PrivateKey::generate(KeySpec::Ecdsa(Curve::P256)).expect("a key");
    let subject = name::encode(&subject.parse().expect("a name")).expect("a name");
    let wanted = Wanted { profile: usage.kind().profile, subject: &subject, alt_names: names, kept: None };
    make(&wanted, &key).expect("a request")
}

#[test]
fn what_is_made_is_read() {
    let names = [AltName::Dns("a".into()), AltName::Ip([10, 0, 0, 1].into()), AltName::Uri("crdb://x".into())];
    let request = SigningRequest::read(&made("O=Acme Inc,UID=node", &names, Usage::Node)).expect("a request");
    assert_eq!(request.subject.name.to_string(), "O=Acme Inc,UID=node");
    let asked = Asked {
        alt_names: names.to_vec(),
        key_usage: vec!["digitalSignature"],
        purposes: vec!["serverAuth".to_owned(), "clientAuth".to_owned()],
        ..Asked::default()
    };
    assert_eq!((request.asked, &*request.key_kind), (asked, "ECDSA, prime256v1"));
}

#[test]
fn bits_that_no_key_usage_has_are_malformed() {
    assert_eq!(key_usage(b"\x03\x03\x07\x80\x80"), Ok(vec!["digitalSignature", "decipherOnly"]));
    assert_eq!(key_usage(b"\x03\x01\x00"), Ok(Vec::new()));
    for bad in [&b"\x03\x03\x06\x80\x40"[..], b"\x03\x04\x00\x80\x00\x00", b"\x03\x00", b"\x04\x01\x00"] {
        assert_eq!(key_usage(bad), Err(Malformed), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = SigningRequest::read(&bytes);
        let _ = Asked::read(Reader::new(&bytes));
        let _ = SigningRequest::read(&tlv(SEQUENCE, &bytes));
    }

    #[test]
    fn no_change_of_a_request_is_signed(at in 0_usize..2000, octet in any::<u8>()) {
        static DER: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            der(&made("O=Cockroach,CN=node", &[AltName::Dns("localhost".into())], Usage::Node)).expect("DER")
        });
        let mut changed = DER.clone();
        let at = at % changed.len();
        prop_assume!(changed[at] != octet);
        changed[at] = octet;
        prop_assert!(SigningRequest::read(&changed).is_err());
    }
}
