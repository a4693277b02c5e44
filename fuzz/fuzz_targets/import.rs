//! Any bytes in a file that should be a CA's answer: its certificates are read and sorted, or it is refused.
#![no_main]

use crdb_cert::incoming::{Asked, compare, flaws, sort};
use crdb_cert::pki::container::{Container, ContainerError};
use crdb_cert::pki::verify::OpenSsl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = Container::read(bytes, || Ok::<_, ContainerError>(b"secret".to_vec().into())) else { return };
    let asked = Asked { subject: &[0x30, 0], alt_names: &[], purposes: &[] };
    for certificate in &read.certificates {
        let key = certificate.public_key_info();
        if let Ok(sorted) = sort(read.certificates.clone(), key, &OpenSsl) {
            let _ = (compare(&sorted.leaf, &asked), flaws(&sorted.leaf, &OpenSsl));
        }
    }
});
