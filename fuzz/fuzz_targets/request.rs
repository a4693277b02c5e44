//! Any bytes in a file that should be a certificate request: they are read, or refused.
#![no_main]

use crdb_cert::approval::judge;
use crdb_cert::pki::request::SigningRequest;
use crdb_cert::usage::Usage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = SigningRequest::read(bytes) {
        for usage in [Usage::Node, Usage::Ui, Usage::Client, Usage::TenantClient] {
            let _ = judge(&request, usage, &[]);
        }
    }
});
