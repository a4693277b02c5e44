//! The rules for a connection between nodes (RPC). The common name is not normalized there, and no identity map
//! applies.

use super::scope::{self, CertificateScope, ScopeTenant};
use super::sql::banned;
use super::verdict::{No, Rule, refuse};
use super::{
    DEBUG_USER, NODE_USER, ROOT_USER, ServerSettings, ServerVersion, TENANTS_UNIT, Tenant, advice, names,
};
use crate::certificate::Certificate;
use crate::dn::{Equality, UnreadableSubject};

const NEEDED: &str = "need root or node client cert to perform RPCs on this server";

/// The rules. TLS has been looked at.
pub(super) fn judge(
    certificate: &Certificate,
    settings: &ServerSettings,
    tenant: &Tenant,
) -> Result<String, No> {
    if certificate.organizational_units().iter().any(|unit| unit == TENANTS_UNIT) {
        let message =
            "the server takes the certificate for that of a tenant's SQL server, not of a node".into();
        return Err(refuse(
            Rule::TenantCertificate,
            message,
            advice::for_tenant_certificate(settings, NODE_USER),
        ));
    }
    if settings.goes_by_san() {
        return by_san(certificate, settings, tenant);
    }
    match by_subject(certificate, settings)? {
        Some(because) => valid_here(certificate, settings, tenant, because),
        None if settings.subject_required => Err(no_subjects()),
        None => by_scopes(certificate, settings, tenant),
    }
}

/// By name, or by subject where a flag is set, but never by scopes.
fn by_san(certificate: &Certificate, settings: &ServerSettings, tenant: &Tenant) -> Result<String, No> {
    let sans = names::exact_sans(certificate);
    let flags = [(ROOT_USER, &settings.root_sans), (NODE_USER, &settings.node_sans)];
    let set = || flags.iter().filter(|(_, wanted)| !wanted.is_empty());
    if let Some((user, _)) = set().find(|(_, wanted)| wanted.missing_from(&sans).is_empty()) {
        let because = format!("the certificate has all names of --{user}-cert-san");
        return valid_here(certificate, settings, tenant, because);
    }
    if set().next().is_some() && names::has_odd_uri(certificate) {
        return Err(super::identity::odd_uri(settings, NODE_USER));
    }
    match by_subject(certificate, settings)? {
        Some(because) => valid_here(certificate, settings, tenant, because),
        None if settings.subject_required => Err(no_subjects()),
        None => {
            let message = format!(
                "{NEEDED}: the certificate has the names of neither --root-cert-san nor --node-cert-san"
            );
            Err(refuse(
                Rule::San,
                message,
                advice::for_other_sans(NODE_USER, &settings.node_sans.missing_from(&sans)),
            ))
        }
    }
}

/// The subject has to be one of those that flags set; none if no flag does.
fn by_subject(certificate: &Certificate, settings: &ServerSettings) -> Result<Option<String>, No> {
    let flags = [(ROOT_USER, &settings.root_subject), (NODE_USER, &settings.node_subject)];
    let set: Vec<_> = flags.into_iter().filter_map(|(user, wanted)| Some((user, wanted.as_ref()?))).collect();
    if set.is_empty() {
        return Ok(None);
    }
    // No node gets a certificate with root's subject.
    let advice = match &settings.node_subject {
        Some(wanted) => advice::for_unreadable_subject(settings, NODE_USER, wanted),
        None => advice::for_missing_subject(NODE_USER, None),
    };
    let mismatch = refuse(
        Rule::SubjectMismatch,
        format!("{NEEDED}: cert dn did not match set root or node dn"),
        advice.clone(),
    );
    let found = match &certificate.subject {
        Ok(found) => &found.name,
        Err(error @ UnreadableSubject::NotJudged { .. }) => {
            return Err(No::not_judged(error.to_string(), &advice));
        }
        Err(_) => return Err(mismatch),
    };
    let compared: Vec<_> = set.iter().map(|(user, wanted)| (user, wanted.compare(found))).collect();
    if let Some((user, _)) = compared.iter().find(|(_, equality)| *equality == Equality::Equal) {
        return Ok(Some(format!("the certificate's subject equals {}", advice::where_set(user))));
    }
    if compared.iter().any(|(_, equality)| *equality == Equality::Disputed) {
        let why = "servers differ on whether the certificate's subject equals the one they expect";
        return Err(No::not_judged(why.into(), &advice));
    }
    Err(mismatch)
}

/// From the version with SAN rules on, a certificate whose URIs are all for other tenants may be refused
/// nevertheless.
fn valid_here(
    certificate: &Certificate,
    settings: &ServerSettings,
    tenant: &Tenant,
    because: String,
) -> Result<String, No> {
    if settings.version < ServerVersion::SAN_RULES
        || scope::scopes_one_by_one(certificate, certificate.common_name(), settings)
            .any(|scope| scope.is_ok_and(|scope| covers(&scope, tenant)))
    {
        return Ok(because);
    }
    let why = format!(
        "{because}, but none of its crdb: URIs is for this tenant, which releases of the server look at"
    );
    Err(No::not_judged(why, &advice::for_new_certificate(settings, NODE_USER)))
}

fn no_subjects() -> No {
    let message =
        "root and node roles do not have valid DNs set which subject_required cluster setting mandates";
    refuse(Rule::SubjectRequired, message.into(), advice::for_missing_subject(NODE_USER, None))
}

/// A scope by a tenant's name is none here.
fn covers(scope: &CertificateScope, tenant: &Tenant) -> bool {
    !matches!(scope.tenant, ScopeTenant::Name(_)) && scope.covers(tenant)
}

/// The scopes in their order, up to the first that settles it: the server does not read on.
fn by_scopes(certificate: &Certificate, settings: &ServerSettings, tenant: &Tenant) -> Result<String, No> {
    let mut scopes = Vec::new();
    for scope in scope::scopes_one_by_one(certificate, certificate.common_name(), settings) {
        let scope = scope.map_err(|error| {
            refuse(Rule::MalformedScope, error.to_string(), advice::for_malformed_scope(settings, NODE_USER))
        })?;
        if let Some(rule) = banned(&scope.user, settings) {
            let message = match rule {
                Rule::RootBanned => "failed to perform RPC, as root login has been disallowed",
                _ => "failed to perform RPC, as debug_user login is not allowed",
            };
            return Err(refuse(rule, message.into(), advice::for_banned(settings, rule, NODE_USER)));
        }
        if matches!(scope.user.as_str(), NODE_USER | ROOT_USER) && covers(&scope, tenant) {
            return Ok(format!("the certificate is valid for {}", scope.in_words_of(settings.version)));
        }
        scopes.push(scope);
    }
    let valid_for = scope::listed(&scopes, settings.version);
    let here = if tenant.id == 1 { "system".to_owned() } else { tenant.id.to_string() };
    if scopes.iter().any(|scope| scope.user == DEBUG_USER) && settings.version >= ServerVersion::LOGIN_BANS {
        let why =
            "servers take debug_user for what `debug zip` calls, which is not all that nodes call".to_owned();
        return Err(No::not_judged(why, &advice::for_new_certificate(settings, NODE_USER)));
    }
    let message = format!("{NEEDED} (this is tenant {here}; cert is valid for {valid_for})");
    Err(refuse(Rule::Scope, message, advice::for_other_node(settings, &scopes)))
}
