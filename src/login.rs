//! Who may log in with a certificate, and why not (REFERENCE.md section 6).
//!
//! [`judge`] and [`judge_rpc`] are pure functions: the certificate, its handshake and the server's settings
//! come in, a verdict goes out in the server's own words, with advice of ours. What cannot be known is not
//! judged.

mod advice;
pub mod chain;
mod compare;
mod identity;
mod names;
mod pattern;
mod rpc;
mod san;
mod scope;
mod settings;
mod sql;
#[cfg(test)]
mod tests;
mod tls;
mod verdict;
mod version;

use std::collections::BTreeSet;

use crate::certificate::Certificate;
use crate::dn::{Attribute, AttributeType, DistinguishedName};

pub use advice::{distinguished_name_flag, is_set_by_flag, server_setting, sql_name, sql_string};
pub use compare::{Comparison, Position, Relation};
pub use identity::{IdentityMap, IdentityMapError};
pub use san::{SanList, SanListError};
pub use scope::{
    CertificateScope, MalformedScope, PrincipalMap, PrincipalMapError, ScopeTenant, certificate_scopes,
};
pub use settings::ServerSettings;
pub use tls::Client;
pub use verdict::{Doubt, Refusal, Rule, Verdict};
pub use version::{ServerVersion, UnknownVersion};

/// The user whose subject is set by `--root-cert-distinguished-name`.
pub const ROOT_USER: &str = "root";
/// The user whose subject is set by `--node-cert-distinguished-name`.
pub const NODE_USER: &str = "node";
/// The user who may log in only where the server says so.
pub const DEBUG_USER: &str = "debug_user";
/// The organizational unit that marks a tenant client certificate.
pub const TENANTS_UNIT: &str = "Tenants";

/// Does the subject mark a tenant client certificate? Servers let no user in with one (REFERENCE.md section 6,
/// rule 3).
pub fn is_tenants(subject: &DistinguishedName) -> bool {
    let marks = |a: &Attribute| {
        let (kind, value) = (a.attribute_type(), a.value());
        let known = AttributeType::by_name(kind).or_else(|| AttributeType::by_oid(kind));
        // As text, or as `#hex`: type, length, text.
        let text = value.as_str().map(str::as_bytes).or_else(|| value.ber_element()?.get(2..));
        known.is_some_and(|known| known.name == "OU") && text == Some(TENANTS_UNIT.as_bytes())
    };
    subject.attributes().any(marks)
}

/// The tenant (virtual cluster) that the user connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its number.
    pub id: u64,
    /// Its name, where known. Scopes by name match no tenant without one.
    pub name: Option<String>,
}

impl Default for Tenant {
    /// The system tenant, number 1.
    fn default() -> Self {
        Self { id: 1, name: None }
    }
}

/// Says whether `user` may log in to `tenant` with this certificate.
///
/// The user name is the normalized one. The order of the checks is the server's: TLS, the identity map, then
/// the rules of REFERENCE.md section 6 as numbered there.
pub fn judge(client: Client<'_>, settings: &ServerSettings, user: &str, tenant: &Tenant) -> Verdict {
    tls::around(client, settings, user, || sql::judge(client.certificate, settings, user, tenant)).into()
}

/// Says whether a node takes this certificate for that of another node of `tenant`.
pub fn judge_rpc(client: Client<'_>, settings: &ServerSettings, tenant: &Tenant) -> Verdict {
    tls::around(client, settings, NODE_USER, || rpc::judge(client.certificate, settings, tenant)).into()
}

/// The users that the certificate names, by its `crdb:` URIs or its names, as the server reads them.
pub fn users_named(certificate: &Certificate, settings: &ServerSettings) -> BTreeSet<String> {
    let common_name = names::normalized(certificate);
    let scopes = certificate_scopes(certificate, &common_name, settings).unwrap_or_default();
    scopes.into_iter().map(|scope| scope.user).filter(|user| !user.is_empty()).collect()
}

/// The users that the certificate may work for: those it names, those the identity map turns it into, root and
/// node.
pub fn users_to_try(certificate: &Certificate, settings: &ServerSettings) -> BTreeSet<String> {
    let scopes = certificate_scopes(certificate, &names::normalized(certificate), settings).unwrap_or_default();
    let named = scopes.into_iter().map(|scope| scope.user);
    let special = [ROOT_USER, NODE_USER].map(str::to_owned);
    named.chain(identity::mapped_users(certificate, settings)).chain(special).collect()
}
