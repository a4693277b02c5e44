//! Any bytes in a certificate or key file, in PEM or DER: they are read, or refused. What was read is written
//! and read as the same, and OpenSSL reads it, too. No reasons of OpenSSL are left behind.
#![no_main]

use crdb_cert::certificate::Certificate;
use crdb_cert::kubernetes::cert_manager::Asked;
use crdb_cert::login::chain::{Presented, Side, judge};
use crdb_cert::pki::key::PrivateKey;
use crdb_cert::pki::pem;
use crdb_cert::pki::verify::OpenSsl;
use libfuzzer_sys::fuzz_target;
use openssl::error::ErrorStack;
use openssl::x509::X509;

fn look_at(certificates: &[Certificate]) {
    for certificate in certificates {
        let _ = (certificate.principals().count(), certificate.subject_text(), certificate.alt_names().count());
        let _ = (certificate.public_key(), certificate.key_usage(), certificate.basic_constraints());
        let _ = (certificate.extended_key_usage().map(Iterator::count), certificate.ocsp_responders().count());
        let _ = Asked::of(certificate);
    }
    let [leaf, trusted @ ..] = certificates else { return };
    let presented = Presented { side: Side::Client, leaf, intermediates: &[], trusted };
    let _ = judge(presented, 0, &OpenSsl);
    assert!(X509::from_der(leaf.der()).is_ok());
    let bundle = pem::bundle(certificates);
    assert_eq!(pem::certificates(&bundle, "x.crt").as_deref(), Ok(certificates));
    assert_eq!(pem::certificate_blocks(&bundle, |_| true), bundle);
}

fn read(bytes: &[u8]) {
    if bytes.first() == Some(&0x30) {
        if let Ok(certificate) = pem::certificate_from_der(bytes) {
            assert_eq!(certificate.der(), bytes);
            look_at(&[certificate]);
        }
        return;
    }
    if let Ok(certificates) = pem::certificates(bytes, "x.crt") {
        look_at(&certificates);
        let first = pem::certificate_blocks(bytes, |position| position == 0);
        assert_eq!(pem::certificates(&first, "x.crt").map(|kept| kept.len()), Ok(1));
        assert_eq!(pem::certificate_blocks(&first, |_| true), first);
    }
    let _ = PrivateKey::from_pem(bytes);
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // What OpenSSL has against one file says nothing about the next.
    assert!(ErrorStack::get().errors().is_empty());
});
