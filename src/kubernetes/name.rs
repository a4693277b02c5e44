//! Names of Kubernetes objects (RFC 1123 section 2.1).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest label, in characters.
const LABEL: usize = 63;
/// The longest subdomain name, in characters.
const SUBDOMAIN: usize = 253;
/// The longest name of a release, in characters: what Helm allows.
const RELEASE: usize = 53;
/// The longest name that the charts make of a release, in characters.
const FULL_NAME: usize = 56;
/// What the charts are called.
const CHART: &str = "cockroachdb";

/// Why a text is not a name.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing there.
    #[error("the name is empty")]
    Empty,
    /// More characters than this.
    #[error("{name:?} has more than {most} characters")]
    TooLong {
        /// The text.
        name: String,
        /// The most there may be.
        most: usize,
    },
    /// A character that no label has.
    #[error(
        "{0:?} is not a name in Kubernetes: only a-z, 0-9 and - may be in it, with a letter or a digit at both ends"
    )]
    NotALabel(String),
    /// A character that no subdomain name has.
    #[error(
        "{0:?} is not a name in Kubernetes: only a-z, 0-9, - and . may be in it, with a letter or a digit at both ends of each part"
    )]
    NotASubdomain(String),
}

fn is_label(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LABEL).contains(&text.len())
        && text.bytes().all(known)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn check_length(text: &str, most: usize) -> Result<(), NameError> {
    match text.len() {
        0 => Err(NameError::Empty),
        length if length > most => Err(NameError::TooLong { name: text.to_owned(), most }),
        _ => Ok(()),
    }
}

/// A namespace: a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace(String);

impl FromStr for Namespace {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_length(text, LABEL)?;
        if is_label(text) { Ok(Self(text.to_owned())) } else { Err(NameError::NotALabel(text.to_owned())) }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of an object, or a domain: labels with dots between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subdomain(String);

impl FromStr for Subdomain {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_length(text, SUBDOMAIN)?;
        // Kubernetes limits the whole name only, but a part that is longer is no label of a domain.
        if text.split('.').all(is_label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::NotASubdomain(text.to_owned()))
        }
    }
}

impl fmt::Display for Subdomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name that a cluster was installed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release(String);

impl Release {
    /// The name that the charts give to what they make: the release's, with the chart's behind it if that is no
    /// part of it, cut to 56 characters.
    pub fn full_name(&self) -> String {
        let mut name = self.0.clone();
        if !name.contains(CHART) {
            name = format!("{name}-{CHART}");
        }
        name.truncate(FULL_NAME);
        name.strip_suffix('-').map_or(name.clone(), str::to_owned)
    }
}

impl FromStr for Release {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_length(text, RELEASE)?;
        if is_label(text) { Ok(Self(text.to_owned())) } else { Err(NameError::NotALabel(text.to_owned())) }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_labels_and_objects_are_subdomains() {
        let longest = "a".repeat(63);
        for name in ["a", "0", "my-ns", "a--b", &longest] {
            assert_eq!(name.parse::<Namespace>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        for name in ["A", "a_b", "-a", "a-", "a.b", "a b", "\u{e9}", "a\n"] {
            assert_eq!(name.parse::<Namespace>(), Err(NameError::NotALabel(name.to_owned())));
            assert_eq!(name.parse::<Release>(), Err(NameError::NotALabel(name.to_owned())));
        }
        for name in ["cockroachdb.client.root", "a.b-c"] {
            assert_eq!(name.parse::<Subdomain>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        for name in [".", "a..b", "a.", ".a", "a_b", "a.-b", "A"] {
            assert_eq!(name.parse::<Subdomain>(), Err(NameError::NotASubdomain(name.to_owned())));
        }
        assert_eq!("".parse::<Release>(), Err(NameError::Empty));
        for (length, most) in [(54, 53), (64, 53)] {
            let name = "a".repeat(length);
            assert_eq!(name.parse::<Release>(), Err(NameError::TooLong { name, most }));
        }
        let name = "a".repeat(64);
        assert_eq!(name.parse::<Namespace>(), Err(NameError::TooLong { name, most: 63 }));
    }

    #[test]
    fn the_full_name_is_that_of_the_charts() {
        for (release, full_name) in [
            ("cockroachdb", "cockroachdb"),
            ("my-release", "my-release-cockroachdb"),
            ("my-cockroachdb-1", "my-cockroachdb-1"),
            ("crdb", "crdb-cockroachdb"),
        ] {
            assert_eq!(release.parse::<Release>().expect(release).full_name(), full_name);
        }
        // Cut within the chart's name, and just behind the dash.
        let full_name = |length: usize| "a".repeat(length).parse::<Release>().expect("a release").full_name();
        assert_eq!(full_name(50), "a".repeat(50) + "-cockr");
        assert_eq!(full_name(53), "a".repeat(53) + "-co");
    }

    proptest! {
        #[test]
        fn what_the_charts_make_of_a_release_is_a_label(text in "[a-z0-9-]{1,53}") {
            if let Ok(release) = text.parse::<Release>() {
                let service = format!("{}-public", release.full_name());
                prop_assert!(service.parse::<Namespace>().is_ok(), "{service}");
            }
        }
    }
}
