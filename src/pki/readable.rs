//! Can OpenSSL read a certificate? Its own reader answers, but also decodes the public key, which takes nine
//! tenths of the time. Certificates as everybody makes them need not be asked about.

use openssl::x509::X509Name;

use crate::certificate::{Certificate, KeyKind};
use crate::der::{self, BIT_STRING, INTEGER, Malformed, NULL, Reader, SEQUENCE};

/// The longest serial number, in octets (RFC 5280 section 4.1.2.2), and a sign.
const SERIAL_MAX: usize = 21;

/// AlgorithmIdentifiers of signatures (RFC 4055 section 5, RFC 5758 section 3.2, RFC 8410 section 3).
const SIGNATURES: [&[u8]; 7] = [
    b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
    b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00",
    b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00",
    b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
    b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
    b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04",
    b"\x30\x05\x06\x03\x2b\x65\x70",
];

/// Will OpenSSL read it for sure? If not, ask OpenSSL.
pub fn surely(certificate: &Certificate) -> bool {
    let algorithm = certificate.signature_algorithm();
    certificate.version == 2
        && has_known_fields(certificate).is_ok()
        && is_positive(certificate.serial())
        && SIGNATURES.contains(&algorithm)
        && certificate.inner_signature_algorithm() == algorithm
        && certificate.signature().first() == Some(&0)
        && certificate.not_before.and(certificate.not_after).is_some()
        && certificate.extensions().all(|extension| is_oid(extension.oid))
        && is_known_key(certificate)
        && [certificate.issuer_name(), certificate.subject_name()]
            .into_iter()
            .all(|name| X509Name::from_der(name).is_ok())
}

/// What is signed has the usual fields and nothing else.
fn has_known_fields(certificate: &Certificate) -> Result<(), Malformed> {
    let mut fields = der::only(certificate.tbs(), SEQUENCE)?.parts();
    let version = der::only(fields.expect(0xa0)?.contents, INTEGER)?.contents;
    fields.expect(INTEGER)?;
    for _ in 0..3 {
        // The algorithm, the issuer and the validity, of two times.
        fields.expect(SEQUENCE)?;
    }
    let mut validity = Reader::new(certificate.validity());
    validity.element().and(validity.element()).and(validity.end())?;
    fields.expect(SEQUENCE)?;
    let mut key = fields.expect(SEQUENCE)?.parts();
    key.expect(SEQUENCE)?;
    key.expect(BIT_STRING)?;
    key.end()?;
    fields.optional(0xa3)?;
    fields.end()?;
    if version == [2] { Ok(()) } else { Err(Malformed) }
}

fn is_known_key(certificate: &Certificate) -> bool {
    certificate.public_key().is_some_and(|key| match key.kind {
        KeyKind::Rsa { .. } => key.parameters == [NULL, 0],
        KeyKind::Ec(curve) => is_oid(curve),
        KeyKind::Ed25519 => key.parameters.is_empty(),
        KeyKind::Other => false,
    })
}

/// In the shortest form, and not negative.
fn is_positive(integer: &[u8]) -> bool {
    match integer {
        [0, second, ..] => *second >= 0x80 && integer.len() <= SERIAL_MAX,
        [first, ..] => *first < 0x80 && integer.len() < SERIAL_MAX,
        [] => false,
    }
}

/// Contents octets of an OBJECT IDENTIFIER in the shortest form (X.690 section 8.19).
fn is_oid(contents: &[u8]) -> bool {
    let begins = |at: usize| at == 0 || contents[at - 1] < 0x80;
    contents.last().is_some_and(|last| *last < 0x80)
        && contents.iter().enumerate().all(|(at, octet)| *octet != 0x80 || !begins(at))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
    use openssl::x509::{X509, X509NameBuilder};
    use proptest::prelude::*;

    use super::*;

    /// With keys of ECDSA, Ed25519 and RSA.
    static BASES: LazyLock<[Vec<u8>; 3]> =
        LazyLock::new(|| [0, 1, 2].map(|kind| base(kind).expect("a certificate")));

    fn base(kind: usize) -> Result<Vec<u8>, openssl::error::ErrorStack> {
        let (key, digest) = match kind {
            0 => (PKey::ec_gen("P-256")?, MessageDigest::sha256()),
            1 => (PKey::generate_ed25519()?, MessageDigest::null()),
            _ => (PKey::from_rsa(Rsa::generate(2048)?)?, MessageDigest::sha256()),
        };
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_nid(Nid::COMMONNAME, "M\u{fc}ller")?;
        name.append_entry_by_nid(Nid::COUNTRYNAME, "DE")?;
        let name = name.build();
        let mut builder = X509::builder()?;
        builder.set_version(2)?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(&name)?;
        builder.set_not_before(&*Asn1Time::from_unix(0)?)?;
        builder.set_not_after(&*Asn1Time::from_unix(3_000_000_000)?)?;
        builder.set_pubkey(&key)?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
        let context = builder.x509v3_context(None, None);
        let names = SubjectAlternativeName::new().dns("localhost").ip("::1").build(&context)?;
        builder.append_extension(names)?;
        builder.sign(&key, digest)?;
        builder.build().to_der()
    }

    #[test]
    fn usual_certificates_are_surely_readable() {
        for base in &*BASES {
            assert!(surely(&Certificate::from_der(base.clone()).expect("a certificate")));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is said to be readable, OpenSSL does read.
        #[test]
        fn openssl_agrees(
            kind in 0..BASES.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4),
        ) {
            let mut der = BASES[kind].clone();
            for (at, octet, small) in changes {
                let at = at.index(der.len());
                der[at] = if small { der[at].wrapping_add(octet % 4) } else { octet };
            }
            if let Ok(certificate) = Certificate::from_der(der.clone()) {
                prop_assert!(!surely(&certificate) || X509::from_der(&der).is_ok());
            }
        }
    }
}
