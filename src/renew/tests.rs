//! What a successor keeps, and what is refused.

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Extension, X509Name};

use super::*;
use crate::usage::Usage;

const DAY: i64 = 86_400;

fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).expect("a curve");
    PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key")
}

/// Object identifier, criticality and value of each.
type Extensions = &'static [(&'static str, bool, &'static [u8])];

struct Old {
    extensions: Extensions,
    key: PKey<Private>,
    subject: &'static [u8],
    validity: (i64, i64),
    version: i32,
}

impl Default for Old {
    fn default() -> Self {
        let key = ec(Nid::X9_62_PRIME256V1);
        Self { extensions: &[], key, subject: b"\x30\0", validity: (0, 31 * DAY), version: 2 }
    }
}

impl Old {
    fn certificate(&self) -> Certificate {
        let mut builder = X509::builder().expect("a builder");
        let time = |seconds| Asn1Time::from_unix(seconds).expect("a time");
        builder.set_version(self.version).and_then(|()| builder.set_pubkey(&self.key)).expect("a key");
        builder.set_not_before(&time(self.validity.0)).expect("a time");
        builder.set_not_after(&time(self.validity.1)).expect("a time");
        builder.set_subject_name(&X509Name::from_der(self.subject).expect("a name")).expect("a subject");
        for (oid, critical, value) in self.extensions {
            let (oid, value) = (Asn1Object::from_str(oid), Asn1OctetString::new_from_bytes(value));
            let (oid, value) = (oid.expect("an OID"), value.expect("octets"));
            let extension = X509Extension::new_from_der(&oid, *critical, &value).expect("an extension");
            builder.append_extension(extension).expect("an extension");
        }
        let digest = if self.key.id() == Id::ED25519 { MessageDigest::null() } else { MessageDigest::sha256() };
        builder.sign(&self.key, digest).expect("a signature");
        Certificate::from_der(builder.build().to_der().expect("DER")).expect("a certificate")
    }

    fn renewed(&self) -> Result<Request, Refusal> {
        request(CertificateName::of(Usage::Node), &self.certificate(), None, 1000 * DAY, None, false)
    }

    fn renewed_elsewhere(&self) -> Result<Request, Refusal> {
        request(CertificateName::of(Usage::Node), &self.certificate(), None, 1000 * DAY, None, true)
    }
}

fn refusal(old: &Old) -> String {
    old.renewed().err().expect("a refusal").to_string()
}

#[test]
fn extensions_are_kept_as_they_are() {
    // As OpenSSL's own tools write them: a critical subjectAltName, other orders, CA:FALSE in so many words or
    // not.
    const CASES: [Extensions; 5] = [
        &[],
        // Where to ask for its status: http://a
        &[(
            "1.3.6.1.5.5.7.1.1",
            false,
            b"\x30\x16\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01\x86\x08http://a",
        )],
        &[("2.5.29.17", true, b"\x30\x03\x82\x01a"), ("2.5.29.15", false, b"\x03\x02\x05\xa0")],
        &[
            ("2.5.29.37", true, b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"),
            ("2.5.29.19", true, b"\x30\0"),
        ],
        &[("2.5.29.19", false, b"\x30\x03\x01\x01\0"), ("2.5.29.15", true, b"\x03\x02\x03\xf8")],
    ];
    for extensions in CASES {
        let kept = Old { extensions, ..Old::default() }.renewed().expect("a request").kept.expect("them");
        let kept: Vec<_> = kept.iter().map(|kept| (&*kept.oid, kept.critical, &*kept.value)).collect();
        assert_eq!(kept, extensions);
    }
}

#[test]
fn key_identifiers_are_those_of_the_new_keys() {
    const IDENTIFIERS: Extensions =
        &[("2.5.29.14", false, b"\x04\x01\x07"), ("2.5.29.35", false, b"\x30\x03\x80\x01\x07")];
    let request = Old { extensions: IDENTIFIERS, ..Old::default() }.renewed();
    assert_eq!(request.expect("a request").kept, Some(Vec::new()));
}

#[test]
fn what_a_ca_elsewhere_says_about_itself_it_says_again() {
    const ITS: Extensions = &[
        ("1.3.6.1.5.5.7.1.1", false, b"\x30\0"),
        ("2.5.29.31", false, b"\x30\0"),
        ("2.5.29.32", false, b"\x30\0"),
        ("2.5.29.15", true, b"\x03\x02\x05\xa0"),
    ];
    let old = Old { extensions: ITS, ..Old::default() };
    let kept = old.renewed_elsewhere().expect("a request").kept.expect("them");
    assert_eq!(kept.iter().map(|kept| &*kept.oid).collect::<Vec<_>>(), ["2.5.29.15"]);
    assert_eq!(refusal(&old), "has the extension crlDistributionPoints, which would be lost");
    let odd = Old { extensions: &[("1.2.3.4", false, b"\x05\0")], ..Old::default() };
    assert!(odd.renewed_elsewhere().is_err());
    // Half a minute early, as others begin.
    let validity =
        |validity| Old { validity, ..Old::default() }.renewed_elsewhere().map(|request| request.validity);
    let renewed = validity((-30, 30 * DAY)).expect("a request");
    assert_eq!(renewed.not_after, 1030 * DAY);
}

#[test]
fn what_would_be_lost_or_is_not_ours_is_refused_by_name() {
    const PURPOSES: &[u8] =
        b"\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03";
    const CASES: [(Extensions, &str); 17] = [
        (&[("1.2.3.4", false, b"\x05\0")], "has the extension 1.2.3.4, which would be lost"),
        (
            &[("2.16.840.1.113730.1.13", false, b"\x16\x01x")],
            "has the extension nsComment, which would be lost",
        ),
        (
            &[("1.3.6.1.5.5.7.1.1", true, b"\x30\0")],
            "has the extension authorityInfoAccess, which would be lost",
        ),
        (&[("2.5.29.30", true, b"\x30\0")], "has the extension nameConstraints, which would be lost"),
        (
            &[("2.5.29.14", true, b"\x04\x01\x07")],
            "has the extension subjectKeyIdentifier, which would be lost",
        ),
        (&[("2.5.29.19", true, b"\x30\x03\x01\x01\xff")], "has a basicConstraints that"),
        (&[("2.5.29.19", true, b"\x30\x03\x01\x01\x01")], "has a basicConstraints that"),
        (&[("2.5.29.19", true, b"\x30\x03\x02\x01\0")], "has a basicConstraints that"),
        (&[("2.5.29.15", true, b"\x03\x02\x02\x84")], "has a keyUsage that"),
        (&[("2.5.29.15", true, b"\x03\x03\x07\x80\x80")], "has a keyUsage that"),
        (&[("2.5.29.15", true, b"\x03\x04\0\x80\0\x80")], "has an extension keyUsage that is malformed"),
        (&[("2.5.29.15", true, b"\x03\x01\0")], "has an extension keyUsage that is malformed"),
        (&[("2.5.29.37", false, PURPOSES)], "has the purpose codeSigning (extendedKeyUsage)"),
        (&[("2.5.29.37", false, b"\x30\x06\x06\x04\x55\x1d\x25\0")], "has the purpose anyExtendedKeyUsage"),
        (&[("2.5.29.37", false, b"\x30\x02\x05\0")], "has an extension extendedKeyUsage that is malformed"),
        (&[("2.5.29.17", false, b"\x30\0\0")], "has an extension subjectAltName that is malformed"),
        (
            &[("2.5.29.17", false, b"\x30\0"), ("2.5.29.17", false, b"\x30\0")],
            "has an extension subjectAltName that is malformed",
        ),
    ];
    for (extensions, why) in CASES {
        let refusal = refusal(&Old { extensions, ..Old::default() });
        assert!(refusal.starts_with(why), "{refusal}, not: {why}");
    }
    assert_eq!(
        refusal(&Old { version: 0, ..Old::default() }),
        "is of X.509 version 1, and only version 3 is made"
    );
}

#[test]
fn a_unique_identifier_would_be_lost() {
    let plain = Old::default().certificate();
    assert!(!has_unique_identifier(&plain));
    // What it says is what counts here, not its signature.
    let tbs = [der::only(plain.tbs(), SEQUENCE).expect("a sequence").contents, b"\x82\x02\0\x07"].concat();
    let parts = [
        &der::tlv(SEQUENCE, &tbs)[..],
        plain.signature_algorithm(),
        &der::tlv(BIT_STRING, &[&[0], plain.signature()].concat()),
    ];
    let other = Certificate::from_der(der::tlv(SEQUENCE, &parts.concat())).expect("a certificate");
    let refusal = request(CertificateName::of(Usage::Node), &other, None, 0, None, false).err();
    assert_eq!(refusal, Some(Refusal::UniqueIdentifier));
}

#[test]
fn the_new_key_is_of_the_same_kind() {
    let spec = |key| match (Old { key, ..Old::default() }).renewed().expect("a request").key {
        SubjectKey::New(spec) => spec,
        _ => panic!("not a new key"),
    };
    let exponent = BigNum::from_u32(3).expect("a number");
    let rsa = Rsa::generate_with_e(2048, &exponent).expect("a key");
    assert_eq!(spec(PKey::from_rsa(rsa).expect("a key")), KeySpec::Rsa(2048));
    assert_eq!(spec(ec(Nid::SECP384R1)), KeySpec::Ecdsa(Curve::P384));
    assert_eq!(spec(ec(Nid::SECP521R1)), KeySpec::Ecdsa(Curve::P521));
    assert_eq!(spec(PKey::generate_ed25519().expect("a key")), KeySpec::Ed25519);
}

#[test]
fn a_key_that_is_made_no_more_is_refused() {
    let rsa = |bits| PKey::from_rsa(Rsa::generate(bits).expect("a key")).expect("a key");
    for (key, why) in [
        (rsa(1024), "has a key that cannot be made again: an RSA key of 1024 bits is too weak"),
        (ec(Nid::SECP224R1), "has a key of a kind that crdb-cert does not make: ECDSA on the curve secp224r1"),
    ] {
        let refusal = refusal(&Old { key, ..Old::default() });
        assert!(refusal.starts_with(why), "{refusal}, not: {why}");
    }
}

#[test]
fn a_lifetime_does_not_grow_from_one_renewal_to_the_next() {
    // From the day before: 30 days, and so again.
    let renewed = |validity| Old { validity, ..Old::default() }.renewed().map(|request| request.validity);
    let first = renewed((0, 31 * DAY)).expect("a request");
    assert_eq!(first, Validity { not_before: 999 * DAY, not_after: 1030 * DAY });
    assert_eq!(renewed((first.not_before, first.not_after)), Ok(first));
    // Made elsewhere, for less than a day.
    let short = renewed((0, 3600)).expect("a request");
    assert_eq!(short, Validity { not_before: 999 * DAY, not_after: 1000 * DAY + 3600 });
    assert_eq!(renewed((short.not_before, short.not_after)), Ok(short));
    assert_eq!(renewed((DAY, DAY)), Err(Refusal::Validity));
    assert_eq!(renewed((0, 253_402_300_799)), Err(Refusal::TooLong));
}
