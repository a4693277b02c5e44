//! A name that parses is printed as text that parses to the same name, and can be encoded or is refused.
#![no_main]

use crdb_cert::dn::{DistinguishedName, EncodedAttribute};
use crdb_cert::pki::name;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(parsed) =
        std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<DistinguishedName>().ok())
    {
        let printed = parsed.to_string();
        assert_eq!(printed.parse::<DistinguishedName>().as_ref(), Ok(&parsed), "{printed}");
        let _ = name::encode(&parsed);
        let _ = parsed.check_role_subject();
    }
    // The same bytes as a certificate's subject.
    if let Ok(attributes) = EncodedAttribute::read_name(bytes) {
        let _ = DistinguishedName::from_certificate_attributes(&attributes);
    }
});
