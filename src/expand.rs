//! `$NAME` and `${NAME}` in the values of flags (REFERENCE.md section 2), as in `--certs-dir='$HOME/certs'`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use thiserror::Error;

/// Why the variables are not substituted.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ExpandError {
    /// A variable without a value.
    #[error("the environment variable {0} is not set")]
    Unset(String),
    /// A name that nothing ends.
    #[error("${{{0} has no closing brace")]
    Unclosed(String),
}

/// Substitutes the variables' values; a `$` that does not begin a name stays as it is.
///
/// # Errors
/// For a variable that `lookup` does not know or that is empty: `$X/certs` would become `/certs`. For a name
/// without its closing brace.
pub fn expand(text: &OsStr, lookup: impl Fn(&str) -> Option<OsString>) -> Result<OsString, ExpandError> {
    let mut rest = text.as_bytes();
    let mut expanded = Vec::new();
    while let Some(dollar) = rest.iter().position(|b| *b == b'$') {
        expanded.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        match variable(rest)? {
            Some((name, after)) => {
                let value = lookup(name).filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| ExpandError::Unset(name.to_owned()))?;
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
fn variable(text: &[u8]) -> Result<Option<(&str, &[u8])>, ExpandError> {
    let in_braces = text.strip_prefix(b"{");
    let text = in_braces.unwrap_or(text);
    let end = text.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let name = std::str::from_utf8(name).unwrap_or_default();
    if name.bytes().next().is_none_or(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    Ok(match in_braces {
        None => Some((name, after)),
        Some(_) if !after.contains(&b'}') => return Err(ExpandError::Unclosed(name.to_owned())),
        Some(_) => after.strip_prefix(b"}").map(|after| (name, after)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, ExpandError> {
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
            ("${}", "${}"),
            ("${A-1}", "${A-1}"),
        ] {
            assert_eq!(expanded(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_name_without_its_closing_brace_is_an_error() {
        for (text, name) in [("${HOME", "HOME"), ("${HOME/certs", "HOME"), ("$HOME/${NONE", "NONE")] {
            let error = expanded(text).expect_err(text);
            assert_eq!(error, ExpandError::Unclosed(name.to_owned()), "{text}");
            assert_eq!(error.to_string(), format!("${{{name} has no closing brace"));
        }
    }

    #[test]
    fn a_variable_without_value_is_an_error() {
        assert_eq!(expanded("$NONE/certs"), Err(ExpandError::Unset("NONE".to_owned())));
        assert_eq!(expanded("${EMPTY}/certs"), Err(ExpandError::Unset("EMPTY".to_owned())));
    }
}
