//! `--root-cert-san` and `--node-cert-san`: the subject alternative names that a certificate of root or node
//! must have.

use std::str::FromStr;

use crate::dn::quoted;

/// The entries of a flag, as `SAN:TYPE:value`. Empty if the flag is not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SanList(Vec<String>);

/// A value that the server refuses, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SanListError {
    /// No `=` in an entry.
    #[error("invalid SAN entry format: {} (expected format: attribute-type=attribute-value)", quoted(.0))]
    NoEquals(String),
    /// Nothing before the `=`.
    #[error("invalid SAN entry format: {} (attribute type cannot be empty)", quoted(.0))]
    EmptyType(String),
    /// Nothing behind the `=`.
    #[error("invalid SAN entry format: {} (attribute value cannot be empty)", quoted(.0))]
    EmptyValue(String),
    /// Another type than the three.
    #[error("invalid SAN attribute type: {} (only DNS, URI, and IP are allowed)", quoted(.0))]
    Type(String),
    /// Commas and spaces only.
    #[error("invalid SAN string: {} (no valid entries found)", quoted(.0))]
    Nothing(String),
}

impl SanList {
    /// Whether nothing is configured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries that are not among the names of a certificate.
    pub(super) fn missing_from(&self, sans: &[String]) -> Vec<&str> {
        self.0.iter().filter(|entry| !sans.contains(entry)).map(String::as_str).collect()
    }
}

impl FromStr for SanList {
    type Err = SanListError;

    /// Reads `TYPE=value,...`: types in any case, spaces around everything dropped, blank entries skipped. The
    /// empty text configures nothing.
    fn from_str(list: &str) -> Result<Self, SanListError> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let entries = entries.map(read).collect::<Result<Vec<_>, _>>()?;
        match list {
            "" => Ok(Self::default()),
            _ if entries.is_empty() => Err(SanListError::Nothing(list.into())),
            _ => Ok(Self(entries)),
        }
    }
}

fn read(entry: &str) -> Result<String, SanListError> {
    let (kind, value) = entry.split_once('=').ok_or_else(|| SanListError::NoEquals(entry.into()))?;
    let (kind, value) = (kind.trim(), value.trim());
    match kind.to_uppercase().as_str() {
        "" => Err(SanListError::EmptyType(entry.into())),
        _ if value.is_empty() => Err(SanListError::EmptyValue(entry.into())),
        upper @ ("DNS" | "URI" | "IP") => Ok(format!("SAN:{upper}:{value}")),
        _ => Err(SanListError::Type(kind.into())),
    }
}
