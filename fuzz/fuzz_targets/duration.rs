//! A lifetime that parses is printed as text that parses to the same lifetime.
#![no_main]

use crdb_cert::duration::Lifetime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(lifetime) = text.parse::<Lifetime>() {
        assert_eq!(lifetime.to_string().parse(), Ok(lifetime));
    }
});
