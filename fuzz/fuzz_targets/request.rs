//! Any bytes in a file that should be a certificate request: they are read, or refused. One that is granted all
//! it asks for has nothing left open.
#![no_main]

use crdb_cert::approval::{Grant, judge};
use crdb_cert::pki::request::SigningRequest;
use crdb_cert::usage::Usage;
use libfuzzer_sys::fuzz_target;
use openssl::error::ErrorStack;

fn read(bytes: &[u8]) {
    let Ok(request) = SigningRequest::read(bytes) else { return };
    for usage in [Usage::Node, Usage::Ui, Usage::Client, Usage::TenantClient] {
        let Ok(approval) = judge(&request, usage, &[]) else { continue };
        let grant = Grant { subject: request.subject.name.clone(), names: approval.alt_names };
        let granted = judge(&request, usage, &[grant]).expect("granted");
        assert!(granted.open.is_empty());
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // What OpenSSL has against one file says nothing about the next.
    assert!(ErrorStack::get().errors().is_empty());
});
