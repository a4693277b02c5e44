//! The subject and names of a leaf certificate, as the command line gives them.

mod client;

use std::ffi::OsString;

use anyhow::{Result, bail};

use super::values;
use crate::certificate::AltName;
use crate::certs_dir::layout::CertificateName;
use crate::cli::ScopeArgs;
use crate::host::Host;
use crate::tenant::DEFAULT_HOSTS;
use crate::usage::Usage;

/// The subject and names of a certificate.
pub struct Named {
    /// The certificate.
    pub name: CertificateName,
    /// What stands for `{}` in the usual subject of its kind.
    pub called: String,
    /// More names of the subject.
    pub alt_names: Vec<AltName>,
    /// The hosts among them.
    pub hosts: Vec<Host>,
}

impl Named {
    /// The certificate of a kind of which each directory has one, for these hosts.
    pub fn server(usage: Usage, hosts: &[OsString]) -> Result<Self> {
        let hosts = values::hosts(hosts)?;
        let called = match usage {
            Usage::Node => values::node_user()?,
            // The DB Console is no SQL user: it is called what it is reached at.
            _ => hosts.first().map(Host::to_string).unwrap_or_default(),
        };
        let alt_names = AltName::of_hosts(&hosts);
        Ok(Self { name: CertificateName::of(usage), called, alt_names, hosts })
    }

    /// A user's certificate.
    pub fn client(user: &OsString, scope: &ScopeArgs) -> Result<Self> {
        let user = client::user(user, scope.disable_username_validation)?;
        let alt_names = client::scopes(scope)?.iter().map(|scope| AltName::Uri(scope.uri(&user))).collect();
        let name = CertificateName::named(Usage::Client, user.as_str());
        Ok(Self { name, called: user.as_str().to_owned(), alt_names, hosts: Vec::new() })
    }

    /// A tenant's certificate; without hosts, for the usual ones.
    pub fn tenant_client(id: &str, hosts: &[OsString]) -> Result<Self> {
        let called = values::tenant_id(id)?.to_string();
        let hosts = tenant_hosts(hosts)?;
        let name = CertificateName::named(Usage::TenantClient, &called);
        Ok(Self { name, called, alt_names: AltName::of_hosts(&hosts), hosts })
    }

    /// The certificate that a kind and the words after it name.
    pub fn of_words(usage: Usage, words: &[OsString], scope: &ScopeArgs) -> Result<Self> {
        match (usage, words) {
            (Usage::Client, [user]) => Self::client(user, scope),
            (Usage::Client, []) => bail!("a client certificate is for a user: name one"),
            (Usage::Client, [_, second, ..]) => {
                bail!("a client certificate is for one user, and {second:?} is another")
            }
            (Usage::TenantClient, [id, hosts @ ..]) => {
                Self::tenant_client(values::text("tenant ID", id)?, hosts)
            }
            (Usage::TenantClient, []) => bail!("a tenant client certificate is for a tenant: name its ID"),
            (_, []) => bail!("a {} certificate requires at least one host name or address", usage.kind().noun),
            _ => Self::server(usage, words),
        }
    }
}

/// Flags that mean nothing for this kind of certificate are mistakes.
pub fn check_flags(usage: Usage, flags: &[(&str, bool, &[Usage])]) -> Result<()> {
    let wrong = flags.iter().find(|(_, given, usages)| *given && !usages.contains(&usage));
    wrong.map_or(Ok(()), |(flag, ..)| bail!("{flag} means nothing for a {} certificate", usage.kind().noun))
}

/// The flags of [`ScopeArgs`].
pub fn check_scope(usage: Usage, scope: &ScopeArgs) -> Result<()> {
    check_flags(
        usage,
        &[
            ("--tenant-scope", !scope.tenant_scope.is_empty(), &[Usage::Client]),
            ("--tenant-name-scope", !scope.tenant_name_scope.is_empty(), &[Usage::Client]),
            ("--disable-username-validation", scope.disable_username_validation, &[Usage::Client]),
        ],
    )
}

/// Where a tenant's SQL server is reached.
fn tenant_hosts(arguments: &[OsString]) -> Result<Vec<Host>> {
    if arguments.is_empty() {
        log::warn!("no server address(es) specified, defaulting to {}", DEFAULT_HOSTS.join(", "));
        return values::hosts(&DEFAULT_HOSTS.map(OsString::from));
    }
    values::hosts(arguments)
}
