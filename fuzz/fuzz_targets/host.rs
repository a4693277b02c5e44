//! A host or server that is read is printed as text that is read as the same.
#![no_main]

use crdb_cert::host::Host;
use crdb_cert::probe::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(host) = text.parse::<Host>() {
        assert_eq!(host.to_string().parse(), Ok(host));
    }
    if let Ok(server) = Target::parse(text, 26257) {
        assert_eq!(Target::parse(&server.to_string(), 1), Ok(server));
    }
});
