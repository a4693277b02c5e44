//! A host that is read is printed as text that is read as the same host.
#![no_main]

use crdb_cert::host::Host;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(host) = text.parse::<Host>() {
        assert_eq!(host.to_string().parse(), Ok(host));
    }
});
