//! SQL user names (REFERENCE.md section 2).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The longest user name, in bytes.
const MAX_LENGTH: usize = 63;

/// The server's own hint about user names.
pub const HINT: &str = "Usernames are case insensitive, must start with a letter, digit or underscore, may contain letters, \
     digits, dashes, periods, or underscores, and must not exceed 63 characters.";

/// A user name as the server stores it: lower case, NFC, and safe in a file name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

/// Why the text is not a valid user name.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum UsernameError {
    /// Nothing there.
    #[error("username is empty")]
    Empty,
    /// More than 63 bytes.
    #[error("username is too long")]
    TooLong,
    /// A character that is not allowed.
    #[error("username is invalid")]
    Invalid,
}

impl Username {
    /// Accepts any identity that is safe in a file name, and returns whether it is a valid SQL user name
    /// (`--disable-username-validation`).
    ///
    /// # Errors
    /// If the name is empty, or has a slash or a NUL.
    pub fn unvalidated(text: &str) -> Result<(Self, bool), UsernameError> {
        let name = normalize(text);
        match validate(&name) {
            Ok(()) => Ok((Self(name), true)),
            Err(UsernameError::Empty) => Err(UsernameError::Empty),
            Err(_) if name.contains(['/', '\0']) => Err(UsernameError::Invalid),
            Err(_) => Ok((Self(name), false)),
        }
    }

    /// The normalized name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = UsernameError;

    /// Folds case, normalizes and validates.
    fn from_str(text: &str) -> Result<Self, UsernameError> {
        let name = normalize(text);
        validate(&name).map(|()| Self(name))
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Lower case character by character, as Go does (no final sigma, and the dotted capital I becomes a plain i),
/// then NFC.
pub(crate) fn normalize(text: &str) -> String {
    text.chars().filter_map(|c| c.to_lowercase().next()).nfc().collect()
}

fn validate(name: &str) -> Result<(), UsernameError> {
    let word =
        |c: char| c.is_ascii_digit() || c == '_' || c.general_category() == GeneralCategory::LowercaseLetter;
    if name.is_empty() {
        Err(UsernameError::Empty)
    } else if name.len() > MAX_LENGTH {
        Err(UsernameError::TooLong)
    } else if name.starts_with(word) && name.chars().all(|c| word(c) || c == '-' || c == '.') {
        Ok(())
    } else {
        Err(UsernameError::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, UsernameError> {
        text.parse().map(|Username(name)| name)
    }

    #[test]
    fn names_are_folded_and_normalized() {
        for (text, name) in [
            ("maxroach", "maxroach"),
            ("MaxRoach", "maxroach"),
            ("_x", "_x"),
            ("0x", "0x"),
            ("a-b.c_d9", "a-b.c_d9"),
            ("Ren\u{c9}", "ren\u{e9}"),
            ("Rene\u{301}", "ren\u{e9}"),
            ("\u{3a3}\u{391}\u{3a3}", "\u{3c3}\u{3b1}\u{3c3}"),
            ("\u{130}", "i"),
        ] {
            assert_eq!(read(text), Ok(name.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_names_are_refused_with_the_reason() {
        let longest = "\u{e9}".repeat(31) + "a";
        assert_eq!(read(&longest), Ok(longest.clone()));
        assert_eq!(read(&(longest + "a")), Err(UsernameError::TooLong));
        assert_eq!(read(""), Err(UsernameError::Empty));
        // A feminine ordinal is lower case, but not a letter of category Ll; neither is an ideograph.
        for text in ["-a", ".a", ",foo", "a b", "a/b", "a\0", "a@b", "\u{aa}", "\u{4e2d}", "../x"] {
            assert_eq!(read(text), Err(UsernameError::Invalid), "{text}");
        }
    }

    #[test]
    fn without_validation_only_the_file_name_counts() {
        let unvalidated = |text| Username::unvalidated(text).map(|(Username(name), valid)| (name, valid));
        assert_eq!(unvalidated("Max"), Ok(("max".to_owned(), true)));
        assert_eq!(unvalidated(",foo"), Ok((",foo".to_owned(), false)));
        assert_eq!(unvalidated(".."), Ok(("..".to_owned(), false)));
        assert_eq!(unvalidated(""), Err(UsernameError::Empty));
        assert_eq!(unvalidated("a/b"), Err(UsernameError::Invalid));
        assert_eq!(unvalidated("a\0b"), Err(UsernameError::Invalid));
    }

    proptest! {
        #[test]
        fn a_name_is_its_own_normal_form(text in "\\PC*") {
            if let Ok(name) = read(&text) {
                prop_assert_eq!(read(&name), Ok(name));
            }
        }
    }
}
