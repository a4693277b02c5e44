//! `$NAME` and `${NAME}` in the values of flags (REFERENCE.md section 2), as in `--certs-dir='$HOME/certs'`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use thiserror::Error;

/// A variable without a value.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the environment variable {0} is not set")]
pub struct Unset(pub String);

/// Substitutes the variables' values; a `$` that does not begin a name stays as it is.
///
/// # Errors
/// For a variable that `lookup` does not know or that is empty: `$X/certs` would become `/certs`.
pub fn expand(text: &OsStr, lookup: impl Fn(&str) -> Option<OsString>) -> Result<OsString, Unset> {
    let mut rest = text.as_bytes();
    let mut expanded = Vec::new();
    while let Some(dollar) = rest.iter().position(|b| *b == b'$') {
        expanded.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        match variable(rest) {
            Some((name, after)) => {
                let value = lookup(name).filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| Unset(name.to_owned()))?;
                expanded.extend_from_slice(value.as_bytes());
                rest = after;
            }
            None => expanded.push(b'$'),
        }
    }
    expanded.extend_from_slice(rest);
    Ok(OsString::from_vec(expanded))
}

/// The name at the start of the text after a `$`, and what follows it.
fn variable(text: &[u8]) -> Option<(&str, &[u8])> {
    let in_braces = text.strip_prefix(b"{");
    let text = in_braces.unwrap_or(text);
    let end = text.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let after = if in_braces.is_some() { after.strip_prefix(b"}")? } else { after };
    let begins_a_name = name.first().is_some_and(|b| !b.is_ascii_digit());
    begins_a_name.then_some((std::str::from_utf8(name).ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, Unset> {
        let lookup = |name: &str| match name {
            "HOME" => Some(OsString::from("/home/x")),
            "A_1" => Some(OsString::from("$HOME")),
            "EMPTY" => Some(OsString::new()),
            _ => None,
        };
        expand(OsStr::new(text), lookup).map(|text| text.into_string().expect("UTF-8"))
    }

    #[test]
    fn variables_get_their_values_once() {
        for (text, expected) in [
            ("certs", "certs"),
            ("$HOME/certs", "/home/x/certs"),
            ("${HOME}certs", "/home/xcerts"),
            ("a$A_1-b", "a$HOME-b"),
            ("$HOME$HOME", "/home/x/home/x"),
            ("100$", "100$"),
            ("$/x", "$/x"),
            ("$1", "$1"),
            ("${HOME", "${HOME"),
            ("${}", "${}"),
        ] {
            assert_eq!(expanded(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_variable_without_value_is_an_error() {
        assert_eq!(expanded("$NONE/certs"), Err(Unset("NONE".to_owned())));
        assert_eq!(expanded("${EMPTY}/certs"), Err(Unset("EMPTY".to_owned())));
    }
}
