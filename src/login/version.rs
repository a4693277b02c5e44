//! The versions of the server, and from which of them on a rule applies.

use std::fmt;
use std::str::FromStr;

use crate::dn::quoted;

/// A release of the server that is known here, such as 25.4. Patch releases are not told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion {
    year: u16,
    release: u16,
}

const fn version(year: u16, release: u16) -> ServerVersion {
    ServerVersion { year, release }
}

/// From the first one with a SUBJECT for roles to the newest one known.
const KNOWN: [ServerVersion; 10] = [
    version(24, 1),
    version(24, 2),
    version(24, 3),
    version(25, 1),
    version(25, 2),
    version(25, 3),
    version(25, 4),
    version(26, 1),
    version(26, 2),
    ServerVersion::NEWEST,
];

impl ServerVersion {
    /// The newest one known.
    pub const NEWEST: Self = version(26, 3);
    /// Scopes by the name of a tenant.
    pub(super) const TENANT_NAMES: Self = version(25, 2);
    /// `--disallow-root-login` and `--allow-debug-user`.
    pub(super) const LOGIN_BANS: Self = version(26, 1);
    /// `--root-cert-san`, `--node-cert-san` and the cluster setting that makes them count.
    pub(super) const SAN_RULES: Self = version(26, 2);
    /// The stricter LDAP library.
    pub(super) const STRICT_NAMES: Self = version(26, 3);
}

impl Default for ServerVersion {
    /// The newest one known.
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.year, self.release)
    }
}

/// A text that is no version, or one whose rules are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rules of server version {} are not known; known are {}", quoted(.text), known())]
pub struct UnknownVersion {
    /// The text.
    pub text: String,
}

fn known() -> String {
    KNOWN.map(|known| known.to_string()).join(", ")
}

impl FromStr for ServerVersion {
    type Err = UnknownVersion;

    /// Reads `25.4`, `v25.4` or `v25.4.2`.
    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let numbers: Option<Vec<u16>> = text
            .strip_prefix('v')
            .unwrap_or(text)
            .split('.')
            .map(|number| number.bytes().all(|c| c.is_ascii_digit()).then_some(number)?.parse::<u16>().ok())
            .collect();
        let found = match numbers.as_deref() {
            Some([year, release] | [year, release, _]) => Some(version(*year, *release)),
            _ => None,
        };
        found.filter(|found| KNOWN.contains(found)).ok_or_else(|| UnknownVersion { text: text.into() })
    }
}
