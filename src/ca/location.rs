//! Where a CA key is.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use anyhow::{Result, anyhow};

use crate::error::Advice;
use crate::pkcs11::{Pkcs11Uri, holds_pin};

/// A file, or a token. Neither `Display` nor `Debug` shows a PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file's path.
    File(PathBuf),
    /// An object in a token.
    Token(Pkcs11Uri),
}

impl Location {
    /// Parses the value of `--ca-key`. A value with the scheme `pkcs11:` is never a file: its name could
    /// contain a PIN.
    ///
    /// # Errors
    /// For a malformed URI, and for a directory.
    pub fn parse(text: OsString) -> Result<Self> {
        if Pkcs11Uri::has_scheme(text.as_bytes()) {
            let uri = text.to_str().and_then(Pkcs11Uri::parse);
            let uri = uri.ok_or_else(|| anyhow!("the PKCS#11 URI is not UTF-8"))?;
            let hint = "write it as in pkcs11:token=ca;object=ca-key;type=private, and any % as %25";
            return uri.map(Self::Token).map_err(|error| Advice::new(error.to_string(), hint).into());
        }
        if holds_pin(&text.to_string_lossy()) {
            let hint = "write the URI alone: --ca-key=pkcs11:...";
            return Err(Advice::new("a PIN is in what would be the name of a file", hint).into());
        }
        let is_directory = [&b"/"[..], b"/."].iter().any(|end| text.as_bytes().ends_with(end));
        let path = PathBuf::from(text);
        if is_directory || path.file_name().is_none() || path.is_dir() {
            let hint = format!("name a file in it: --ca-key={}", path.join("ca.key").display());
            return Err(Advice::new(format!("a directory was named: {}", path.display()), hint).into());
        }
        Ok(Self::File(path))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Token(uri) => uri.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_in_any_case_and_a_file_anything_else() {
        let parse = |text: &str| Location::parse(text.into()).expect(text);
        assert_eq!(parse("PKCS11:token=ca?pin-value=12").to_string(), "pkcs11:token=ca?pin-value=<hidden>");
        assert_eq!(parse("./pkcs11:x"), Location::File("./pkcs11:x".into()));
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_without_its_pin() {
        use std::os::unix::ffi::OsStringExt;
        for text in [
            &b"PKCS11:a?pin-value=S3CRET"[..],
            b"pkcs11:a=%?pin-value=S3CRET",
            b"Pkcs11:a?pin-value=S3CRET\xff",
        ] {
            let error = Location::parse(OsString::from_vec(text.to_vec())).expect_err("no URI");
            assert!(!format!("{error:?}").contains("S3CRET"), "{error:?}");
        }
        let error = Location::parse(" pkcs11:a=b?pin-value=S3CRET".into()).expect_err("no URI");
        assert_eq!(error.to_string(), "a PIN is in what would be the name of a file");
        for text in ["nope/", "nope/.", "/", ".", "..", "a/.."] {
            let error = Location::parse(text.into()).expect_err(text);
            assert!(error.to_string().starts_with("a directory was named: "), "{text}: {error}");
        }
    }
}
