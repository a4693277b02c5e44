//! Where the status of a certificate is asked for: authorityInfoAccess with id-ad-ocsp (RFC 5280 section
//! 4.2.2.1).

use std::str::FromStr;

use thiserror::Error;

use super::issue::KeptExtension;
use crate::der::{OBJECT_IDENTIFIER, SEQUENCE, tlv};

/// The object identifier of authorityInfoAccess.
const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
/// id-ad-ocsp, as encoded.
const OCSP: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x30\x01";
/// The tag of a uniformResourceIdentifier in a GeneralName.
const URI: u8 = 0x86;
/// The longest URL.
const LONGEST: usize = 1000;

/// The URL of an OCSP responder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspUrl(String);

/// Why it cannot be one.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OcspUrlError {
    /// Servers ask by HTTP.
    #[error("{0:?} does not begin with http:// or https://, and go on with a host")]
    Scheme(String),
    /// No URI (RFC 3986).
    #[error("{0:?} has a character in it that no URL has")]
    Character(String),
    /// Too long.
    #[error("it has more than {LONGEST} characters")]
    Length,
}

impl FromStr for OcspUrl {
    type Err = OcspUrlError;

    fn from_str(text: &str) -> Result<Self, OcspUrlError> {
        if text.len() > LONGEST {
            return Err(OcspUrlError::Length);
        }
        let rest = ["http://", "https://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
        if !rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')) {
            return Err(OcspUrlError::Scheme(text.to_owned()));
        }
        if !text.bytes().all(|octet| octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet)) {
            return Err(OcspUrlError::Character(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl OcspUrl {
    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The extension that says so; it is never critical.
    pub fn extension(&self) -> KeptExtension {
        let description = [tlv(OBJECT_IDENTIFIER, OCSP), tlv(URI, self.0.as_bytes())].concat();
        let value = tlv(SEQUENCE, &tlv(SEQUENCE, &description));
        KeptExtension { oid: AUTHORITY_INFO_ACCESS.to_owned(), critical: false, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_are_taken() {
        for text in ["http://ocsp.example.com", "https://[::1]:8080/a?b=%20", "http://a/b"] {
            assert!(text.parse::<OcspUrl>().is_ok(), "{text}");
        }
        for text in [
            "",
            "ocsp.example.com",
            "ldap://a",
            "http://",
            "http:///a",
            "http://a b",
            "http://a\n",
            "http://\u{e9}",
        ] {
            assert!(text.parse::<OcspUrl>().is_err(), "{text}");
        }
        assert_eq!(format!("http://a/{}", "x".repeat(LONGEST)).parse::<OcspUrl>(), Err(OcspUrlError::Length));
    }
}
