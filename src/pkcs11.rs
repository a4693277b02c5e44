//! PKCS#11 URIs (RFC 7512), which may contain a PIN that nobody should see.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// The start of such URIs, in upper or lower case (RFC 3986 section 3.1).
const SCHEME: &str = "pkcs11:";
/// The attribute that holds the PIN itself (RFC 7512 section 2.4).
const PIN: &str = "pin-value=";
/// Shown in place of a PIN. No URI contains these brackets.
const HIDDEN: &str = "<hidden>";

/// The location of an object in a token. Neither `Display` nor `Debug` shows the PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Pkcs11Uri(Zeroizing<String>);

/// Why a text with the scheme `pkcs11:` is not a URI (RFC 7512 section 2.3). The messages show none of its
/// values.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Pkcs11UriError {
    /// Attributes are `name=value`.
    #[error("an attribute of the PKCS#11 URI has no name or no value")]
    Attribute,
    /// `%` without two hex digits.
    #[error("a % in the PKCS#11 URI is not followed by two hex digits")]
    Escape,
}

impl Pkcs11Uri {
    /// Does the text claim to be such a URI?
    pub fn has_scheme(text: &[u8]) -> bool {
        text.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME.as_bytes()))
    }

    /// Parses a text with this scheme; `None` for any other text.
    ///
    /// # Errors
    /// If the scheme is followed by anything but attributes.
    pub fn parse(text: &str) -> Option<Result<Self, Pkcs11UriError>> {
        let rest = Self::has_scheme(text.as_bytes()).then(|| &text[SCHEME.len()..])?;
        // Providers know the scheme only in lower case.
        Some(check(rest).map(|()| Self(Zeroizing::new([SCHEME, rest].concat()))))
    }

    /// The URI with its PIN, for the provider.
    pub fn with_pin(&self) -> &str {
        &self.0
    }
}

fn check(rest: &str) -> Result<(), Pkcs11UriError> {
    let mut escapes = rest.split('%').skip(1).map(|after| after.as_bytes().get(..2));
    if !escapes.all(|digits| digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))) {
        return Err(Pkcs11UriError::Escape);
    }
    // Only the first question mark ends the path: the query may contain more.
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut attributes = path.split(';').chain(query.split('&')).filter(|attribute| !attribute.is_empty());
    let is_pair = |attribute: &str| attribute.split_once('=').is_some_and(|(name, _)| !name.is_empty());
    if attributes.all(is_pair) { Ok(()) } else { Err(Pkcs11UriError::Attribute) }
}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        without_pins(&self.0).fmt(f)
    }
}

impl fmt::Debug for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Does this text contain a URI with a PIN?
pub fn holds_pin(text: &str) -> bool {
    let at = text.to_ascii_lowercase().find(SCHEME);
    at.is_some_and(|at| find_pin(&text[at..]).is_some())
}

/// The text without the PINs of its URIs. This is the last resort for text that may hold a URI: only `&` ends a
/// PIN, so it also drops what follows the URI. An already hidden PIN ends at its closing bracket.
pub fn without_pins(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find_pin(rest) {
        let (before, pin) = rest.split_at(at);
        shown += before;
        shown += HIDDEN;
        rest = pin.strip_prefix(HIDDEN).unwrap_or_else(|| pin.find('&').map_or("", |end| &pin[end..]));
    }
    shown + rest
}

/// Where the next PIN begins.
fn find_pin(text: &str) -> Option<usize> {
    let mut windows = text.as_bytes().windows(PIN.len());
    windows.position(|window| window.eq_ignore_ascii_case(PIN.as_bytes())).map(|at| at + PIN.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        let uri = Pkcs11Uri::parse(text).expect("the scheme").expect("a URI");
        assert_eq!(format!("{uri}"), format!("{uri:?}"));
        uri.to_string()
    }

    #[test]
    fn a_uri_shows_all_but_its_pin() {
        for (text, expected) in [
            ("pkcs11:token=ca;object=k", "pkcs11:token=ca;object=k"),
            ("pkcs11:", "pkcs11:"),
            ("PKCS11:token=ca?pin-value=1234", "pkcs11:token=ca?pin-value=<hidden>"),
            ("pkcs11:a=b?pin-value=12]S3CRET", "pkcs11:a=b?pin-value=<hidden>"),
            ("pkcs11:a=b?pin-value=1?2[3;4'5 6&module-name=m", "pkcs11:a=b?pin-value=<hidden>&module-name=m"),
            (
                "pkcs11:a=b?pin-source=file:/x&PIN-VALUE=12%26",
                "pkcs11:a=b?pin-source=file:/x&PIN-VALUE=<hidden>",
            ),
            ("pkcs11:a=b?pin-value=1&pin-value=2", "pkcs11:a=b?pin-value=<hidden>&pin-value=<hidden>"),
            ("pkcs11:a=b;pin-value=12?34;c=d", "pkcs11:a=b;pin-value=<hidden>"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn the_provider_gets_the_pin_and_the_scheme_in_lower_case() {
        let uri = Pkcs11Uri::parse("PkCs11:a=B?pin-value=1%5D").expect("the scheme").expect("a URI");
        assert_eq!(uri.with_pin(), "pkcs11:a=B?pin-value=1%5D");
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in ["ca.key", "dir/pkcs11:a=b", "pkcs11", ""] {
            assert!(Pkcs11Uri::parse(text).is_none(), "{text}");
        }
        for (text, error) in [
            ("pkcs11:ca.key", Pkcs11UriError::Attribute),
            ("pkcs11:=x", Pkcs11UriError::Attribute),
            ("pkcs11:a=b?c", Pkcs11UriError::Attribute),
            ("pkcs11:a=%", Pkcs11UriError::Escape),
            ("pkcs11:a=%2", Pkcs11UriError::Escape),
            ("pkcs11:a=b?pin-value=%zz", Pkcs11UriError::Escape),
        ] {
            assert_eq!(Pkcs11Uri::parse(text), Some(Err(error)), "{text}");
        }
    }

    #[test]
    fn a_uri_with_a_pin_is_found_in_other_text() {
        assert!(holds_pin("--host=PKCS11:a=b?Pin-Value=1"));
        for text in ["pkcs11:a=b?pin-source=file:/x", "CN=pin-value=1", "pin-value=pkcs11:", ""] {
            assert!(!holds_pin(text), "{text}");
        }
    }

    #[test]
    fn in_other_text_all_up_to_the_next_attribute_goes() {
        assert_eq!(without_pins("host \"pkcs11:a?PIN-value=1 2\": no"), "host \"pkcs11:a?PIN-value=<hidden>");
        assert_eq!(without_pins("k?pin-value=<hidden>: no such key"), "k?pin-value=<hidden>: no such key");
        assert_eq!(without_pins("dir/ca.key"), "dir/ca.key");
    }

    proptest! {
        #[test]
        fn no_pin_is_ever_shown(pin in "[^&]{0,12}", rest in "(&[a-z-]{0,5}=[^&S]{0,5}){0,3}") {
            let text = format!("pkcs11:token=ca?pin-value=S{pin}S{rest}");
            prop_assert_eq!(without_pins(&text), format!("pkcs11:token=ca?pin-value=<hidden>{rest}"));
        }
    }
}
