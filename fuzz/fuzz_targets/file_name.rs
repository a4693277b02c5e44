//! A file name that is a certificate's is the name of the file that this certificate would have.
#![no_main]

use crdb_cert::certs_dir::layout::CertificateName;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &str| {
    if let Some(Ok(name)) = CertificateName::from_file(file) {
        assert_eq!(name.certificate_file(), file);
    }
});
