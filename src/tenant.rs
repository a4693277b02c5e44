//! Tenants (virtual clusters), and the URIs that limit a client certificate to them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::username::Username;

/// The longest name of a tenant, in bytes; CockroachDB's own limit.
const MAX_NAME_LENGTH: usize = 100;

/// Where a tenant's SQL server on this host is reached: the names of its certificate where no others are given.
pub const DEFAULT_HOSTS: [&str; 4] = ["127.0.0.1", "::1", "localhost", "*.local"];

/// A tenant's ID; never 0. The system tenant is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(u64);

/// A tenant's name: lower-case letters, digits and dashes, with no dash at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TenantName(String);

/// Where a client certificate is valid (REFERENCE.md section 2, tenant-scope URIs).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TenantScope {
    /// On the tenant with this ID.
    Id(TenantId),
    /// On the tenant with this name.
    Name(TenantName),
}

/// Why the text is not a valid tenant.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TenantError {
    /// Not a number, or too large.
    #[error("invalid tenant id {0:?}: not a number between 1 and 18446744073709551615")]
    Id(String),
    /// The number 0.
    #[error("invalid tenant id 0: tenant ids start at 1")]
    Zero,
    /// Not a name.
    #[error(
        "invalid tenant name {0:?}: a tenant name may contain only lower-case letters, digits and dashes, neither begins \
         nor ends with a dash, and has at most 100 characters"
    )]
    Name(String),
}

impl TenantId {
    /// The number.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl FromStr for TenantId {
    type Err = TenantError;

    fn from_str(text: &str) -> Result<Self, TenantError> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(0) if digits => Err(TenantError::Zero),
            Ok(id) if digits => Ok(Self(id)),
            _ => Err(TenantError::Id(text.to_owned())),
        }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TenantName {
    type Err = TenantError;

    fn from_str(text: &str) -> Result<Self, TenantError> {
        let valid = (1..=MAX_NAME_LENGTH).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !text.starts_with('-')
            && !text.ends_with('-');
        valid.then(|| Self(text.to_owned())).ok_or_else(|| TenantError::Name(text.to_owned()))
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TenantScope {
    /// The URI for this scope in a certificate for `user`: `crdb://tenant/<id>/user/<user>` or
    /// `crdb://tenant-name/<name>/user/<user>`, percent-encoded where RFC 3986 requires it.
    pub fn uri(&self, user: &Username) -> String {
        let user = percent_encode(user.as_str());
        match self {
            Self::Id(id) => format!("crdb://tenant/{id}/user/{user}"),
            Self::Name(name) => format!("crdb://tenant-name/{name}/user/{user}"),
        }
    }
}

/// Encodes everything but the unreserved characters of RFC 3986 section 2.3.
fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_ids_start_at_one() {
        assert_eq!("1".parse(), Ok(TenantId(1)));
        assert_eq!("18446744073709551615".parse(), Ok(TenantId(u64::MAX)));
        assert_eq!("0".parse::<TenantId>(), Err(TenantError::Zero));
        for text in ["", "-1", "+1", "1.0", "x", " 1", "18446744073709551616"] {
            assert_eq!(text.parse::<TenantId>(), Err(TenantError::Id(text.to_owned())));
        }
    }

    #[test]
    fn tenant_names_are_like_dns_labels() {
        let longest = "a".repeat(100);
        for text in ["a", "app", "app-1", "1", &longest] {
            assert_eq!(text.parse::<TenantName>().map(|name| name.to_string()), Ok(text.to_owned()));
        }
        let too_long = "a".repeat(101);
        for text in ["", "-a", "a-", "App", "a.b", "a_b", "a b", "\u{e9}", &too_long] {
            assert_eq!(text.parse::<TenantName>(), Err(TenantError::Name(text.to_owned())));
        }
    }

    #[test]
    fn a_scope_is_a_uri_that_a_server_decodes_to_the_user() {
        let user: Username = "d\u{e9}v".parse().expect("a user name");
        let id = TenantScope::Id(TenantId(2));
        let name = TenantScope::Name(TenantName("app".to_owned()));
        assert_eq!(id.uri(&user), "crdb://tenant/2/user/d%C3%A9v");
        assert_eq!(name.uri(&user), "crdb://tenant-name/app/user/d%C3%A9v");
    }
}
