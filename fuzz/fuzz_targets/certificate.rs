//! Any bytes in a certificate or key file: they are read, or refused.
#![no_main]

use crdb_cert::login::chain::{Presented, Side, judge};
use crdb_cert::pki::key::PrivateKey;
use crdb_cert::pki::pem;
use crdb_cert::pki::verify::OpenSsl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(certificates) = pem::certificates(bytes, "x.crt") {
        for certificate in &certificates {
            let _ = (certificate.principals().count(), certificate.subject_text(), certificate.alt_names().count());
            let _ = (certificate.public_key(), certificate.key_usage(), certificate.basic_constraints());
            let _ = (certificate.extended_key_usage().map(Iterator::count), certificate.ocsp_responders().count());
        }
        let presented = Presented { side: Side::Client, leaf: &certificates[0], intermediates: &[], trusted: &certificates[1..] };
        let _ = judge(presented, 0, &OpenSsl);
        let first = pem::certificate_blocks(bytes, |position| position == 0);
        assert_eq!(pem::certificates(&first, "x.crt").map(|kept| kept.len()), Ok(1));
        assert_eq!(pem::certificate_blocks(&first, |_| true), first);
    }
    let _ = PrivateKey::from_pem(bytes);
});
