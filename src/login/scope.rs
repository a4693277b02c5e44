//! Who a certificate is valid for: `crdb:` URIs, or names passed through the principal map.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use super::{ServerSettings, ServerVersion, Tenant};
use crate::certificate::Certificate;
use crate::dn::quoted;

/// `--cert-principal-map`: names in certificates that stand for other users (REFERENCE.md section 6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrincipalMap {
    users: HashMap<String, String>,
}

/// A principal map that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalMapError {
    /// An entry without a colon, in the server's words.
    #[error("invalid <cert-principal>:<db-principal> mapping: {}", quoted(.0))]
    NoColon(String),
    /// A double quote: the server reads the list as a line of CSV.
    #[error("{} has a double quote, which the server may take for one around an entry", quoted(.0))]
    Quote(String),
}

impl PrincipalMap {
    /// The user that `principal` stands for: itself, unless mapped.
    pub fn user<'a>(&'a self, principal: &'a str) -> &'a str {
        self.users.get(principal).map_or(principal, String::as_str)
    }
}

impl FromStr for PrincipalMap {
    type Err = PrincipalMapError;

    /// Reads `from:to,...`. Empty entries are skipped, an entry is split at its last colon, and the last of
    /// equal `from` wins. Nothing is trimmed.
    fn from_str(list: &str) -> Result<Self, PrincipalMapError> {
        let entry = |entry: &str| match entry.rsplit_once(':') {
            _ if entry.contains('"') => Err(PrincipalMapError::Quote(entry.into())),
            Some((from, to)) => Ok((from.into(), to.into())),
            None => Err(PrincipalMapError::NoColon(entry.into())),
        };
        let users = list.split(',').filter(|entry| !entry.is_empty()).map(entry).collect::<Result<_, _>>()?;
        Ok(Self { users })
    }
}

/// On which tenants a certificate is valid for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeTenant {
    /// On every tenant.
    All,
    /// On the tenant with this number.
    Id(u64),
    /// On the tenant with this name.
    Name(String),
}

/// A user that a certificate is valid for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateScope {
    /// The user.
    pub user: String,
    /// The tenants.
    pub tenant: ScopeTenant,
}

impl CertificateScope {
    /// Whether the scope holds on this tenant.
    pub fn covers(&self, tenant: &Tenant) -> bool {
        match &self.tenant {
            ScopeTenant::All => true,
            ScopeTenant::Id(id) => *id == tenant.id,
            ScopeTenant::Name(name) => !name.is_empty() && Some(name) == tenant.name.as_ref(),
        }
    }
}

impl fmt::Display for CertificateScope {
    /// In the server's words: `"alice" on all tenants`, `"bob" on tenantID 2`, `"bob" on tenantName app`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words_of(ServerVersion::NEWEST))
    }
}

impl CertificateScope {
    /// As [`fmt::Display`], in the words of a certain version.
    pub(super) fn in_words_of(&self, version: ServerVersion) -> String {
        let id = if version < ServerVersion::TENANT_NAMES { "tenant" } else { "tenantID" };
        let tenant = match &self.tenant {
            ScopeTenant::All => "all tenants".to_owned(),
            ScopeTenant::Id(1) => format!("{id} system"),
            ScopeTenant::Id(number) => format!("{id} {number}"),
            ScopeTenant::Name(name) if name.is_empty() => String::new(),
            ScopeTenant::Name(name) => format!("tenantName {name}"),
        };
        format!("{} on {tenant}", quoted(&self.user))
    }
}

/// Several scopes, in the words of the server.
pub(super) fn listed(scopes: &[CertificateScope], version: ServerVersion) -> String {
    scopes.iter().map(|scope| scope.in_words_of(version)).collect::<Vec<_>>().join(", ")
}

/// A `crdb:` URI that is no scope, in the server's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedScope {
    /// Not `crdb://tenant/<id>/user/<user>`.
    #[error("invalid tenant URI SAN {0}")]
    Id(String),
    /// Not `crdb://tenant-name/<name>/user/<user>`.
    #[error("invalid tenant-name URI SAN {}", quoted(.0))]
    Name(String),
}

/// The scopes of a certificate, in the server's order: one for each `crdb:` URI; without any, one on all
/// tenants for `common_name` and for each DNS name.
///
/// # Errors
/// The first `crdb:` URI that the server cannot read. Other URIs are no matter.
pub fn certificate_scopes(
    certificate: &Certificate,
    common_name: &str,
    settings: &ServerSettings,
) -> Result<Vec<CertificateScope>, MalformedScope> {
    scopes_one_by_one(certificate, common_name, settings).collect()
}

/// As [`certificate_scopes`], without reading more than is asked for.
pub(super) fn scopes_one_by_one<'a>(
    certificate: &'a Certificate,
    common_name: &'a str,
    settings: &'a ServerSettings,
) -> impl Iterator<Item = Result<CertificateScope, MalformedScope>> + 'a {
    let scoped = certificate.uris().filter_map(|uri| read_uri(&uri, settings.version));
    let by_uri = certificate.uris().any(|uri| is_crdb(&uri));
    let names = std::iter::once(common_name.to_owned()).chain(certificate.dns_names());
    let everywhere = |name: &str| CertificateScope {
        user: settings.principal_map.user(name).into(),
        tenant: ScopeTenant::All,
    };
    scoped.chain(names.filter(move |_| !by_uri).map(move |name| Ok(everywhere(&name))))
}

/// What follows the scheme in a `crdb:` URI; none if the scheme is another.
fn after_scheme(uri: &str) -> Option<&str> {
    uri.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("crdb")).map(|(_, rest)| rest)
}

fn is_crdb(uri: &str) -> bool {
    after_scheme(uri).is_some()
}

/// The scope in a `crdb:` URI, or none if it has another scheme.
fn read_uri(uri: &str, version: ServerVersion) -> Option<Result<CertificateScope, MalformedScope>> {
    let rest = after_scheme(uri)?;
    let (host, path) = split_authority(rest);
    Some(if host == "tenant-name" && version >= ServerVersion::TENANT_NAMES {
        by_name(path).ok_or_else(|| MalformedScope::Name(format!("crdb:{rest}")))
    } else {
        by_id(rest).ok_or_else(|| MalformedScope::Id(format!("crdb:{rest}")))
    })
}

/// Host and path of what follows the scheme; no host if there is none (RFC 3986 section 3).
fn split_authority(rest: &str) -> (&str, &str) {
    let Some(rest) = rest.strip_prefix("//") else {
        return ("", "");
    };
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (authority.rsplit('@').next().unwrap_or(authority), path)
}

/// The server scans the whole URI, as encoded, for `//tenant/<number>/user/<word>`: a `%C3%B6` stays as it is.
fn by_id(rest: &str) -> Option<CertificateScope> {
    // Go drops an empty fragment.
    let rest = rest.strip_suffix('#').unwrap_or(rest);
    let (id, user) = rest.strip_prefix("//tenant/")?.split_once("/user/")?;
    let is_number = !id.is_empty() && id.bytes().all(|c| c.is_ascii_digit());
    let id = id.parse().ok().filter(|id| is_number && *id != 0)?;
    let user = Some(user.replace(' ', "%20")).filter(|user| !user.is_empty())?;
    Some(CertificateScope { user, tenant: ScopeTenant::Id(id) })
}

/// The server takes the second and the last of four parts of the decoded path, whatever the third is.
fn by_name(path: &str) -> Option<CertificateScope> {
    let path = percent_decoded(path)?;
    match path.split('/').collect::<Vec<_>>()[..] {
        [_, name, _, user] => {
            Some(CertificateScope { user: user.into(), tenant: ScopeTenant::Name(name.into()) })
        }
        _ => None,
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut octets = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) =
            part.split_at_checked(2).filter(|(hex, _)| hex.bytes().all(|c| c.is_ascii_hexdigit()))?;
        octets.push(u8::from_str_radix(digits, 16).ok()?);
        octets.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(octets).ok()
}
