//! Who may log in with a certificate, and why not (REFERENCE.md section 6).
//!
//! [`judge`] is a pure function: the certificate's facts, the server's settings and the clock come in, a verdict
//! goes out in the server's own words, with advice of ours.

mod advice;
pub mod chain;
mod compare;
mod facts;
mod scope;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::dn::{DistinguishedName, quoted};
use crate::error::printable;
use crate::time::utc;

pub use advice::{distinguished_name_flag, is_set_by_flag, server_setting, shell_quoted, sql_name, sql_string};
pub use compare::{Comparison, Position, Relation};
pub use scope::{
    CertificateScope, MalformedScope, PrincipalMap, PrincipalMapError, ScopeTenant, certificate_scopes,
};

/// The user whose subject is set by `--root-cert-distinguished-name`.
pub const ROOT_USER: &str = "root";
/// The user whose subject is set by `--node-cert-distinguished-name`.
pub const NODE_USER: &str = "node";
/// The organizational unit that marks a tenant client certificate.
pub const TENANTS_UNIT: &str = "Tenants";

/// What the TLS handshake looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// Why the server cannot even parse the certificate, if it cannot.
    pub unreadable: Option<String>,
    /// Whether a chain leads to a certificate in the CA file for clients, or why not.
    pub chain: Result<(), String>,
    /// Whether the extended key usage allows clientAuth; without that extension it does (RFC 5280 section 4.2.1.12).
    pub client_auth: bool,
    /// First second of validity, in seconds since 1970 UTC.
    pub not_before: i64,
    /// Last second of validity, in seconds since 1970 UTC.
    pub not_after: i64,
}

/// What a certificate says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// What the TLS handshake looks at.
    pub tls: TlsFacts,
    /// The subject as the server reads it, or why the server cannot.
    pub subject: Result<DistinguishedName, String>,
    /// All OU values of the subject.
    pub organizational_units: Vec<String>,
    /// The last CN of the subject, or empty: the server counts an absent CN as the user "".
    pub common_name: String,
    /// The DNS names among the subject alternative names, in order.
    pub dns_names: Vec<String>,
    /// The URIs among the subject alternative names, in order, as encoded.
    pub uris: Vec<String>,
}

/// What the server was told. A distinguished name given as empty text is not set: pass `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSettings {
    /// The SUBJECT of the user's role; `root` and `node` have none.
    pub role_subject: Option<DistinguishedName>,
    /// `--root-cert-distinguished-name`.
    pub root_subject: Option<DistinguishedName>,
    /// `--node-cert-distinguished-name`.
    pub node_subject: Option<DistinguishedName>,
    /// The cluster setting `security.client_cert.subject_required.enabled`.
    pub subject_required: bool,
    /// `--cert-principal-map`.
    pub principal_map: PrincipalMap,
}

impl ServerSettings {
    /// The subject that the certificate of `user` has to have, if any: rule 2.
    pub fn subject_for(&self, user: &str) -> Option<&DistinguishedName> {
        match user {
            ROOT_USER => self.root_subject.as_ref(),
            NODE_USER => self.node_subject.as_ref(),
            _ => self.role_subject.as_ref(),
        }
    }
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

/// The rule of REFERENCE.md section 6 that refused a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The TLS handshake fails.
    Tls,
    /// Rule 1: a tenant client certificate.
    TenantCertificate,
    /// Rule 2: a subject is required and not set.
    SubjectRequired,
    /// Rule 3: the server cannot read the certificate's subject.
    UnreadableSubject,
    /// Rule 3: the subject differs.
    SubjectMismatch,
    /// Rule 4: a `crdb:` URI that the server cannot read.
    MalformedScope,
    /// Rules 4 and 5: no scope of the certificate covers the user on the tenant.
    Scope,
}

impl Rule {
    /// The rule as a word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::MalformedScope => "malformed-scope",
            Self::TenantCertificate => "tenant-certificate",
            Self::SubjectRequired => "subject-required",
            Self::UnreadableSubject => "unreadable-subject",
            Self::SubjectMismatch => "subject-mismatch",
            Self::Scope => "scope",
        }
    }
}

/// A refused login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that refused it.
    pub rule: Rule,
    /// The server's own message; for [`Rule::Tls`] ours, as TLS tells a client next to nothing.
    pub message: String,
    /// The server's detail, where it gives one; for [`Rule::Tls`] what else would fail.
    pub detail: Option<String>,
    /// For [`Rule::SubjectMismatch`], the two subjects position by position.
    pub comparison: Option<Comparison>,
    /// What to do about it.
    pub advice: String,
}

/// What the server will say to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The login succeeds.
    Allowed {
        /// What about the certificate lets the user in.
        because: String,
    },
    /// The login fails.
    Refused(Refusal),
}

impl Verdict {
    /// Whether the login succeeds.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

impl fmt::Display for Verdict {
    /// The answer for a person, over several lines, without a newline at the end. What the certificate says cannot add lines
    /// of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { because } => write!(f, "allowed: {}", printable(because)),
            Self::Refused(refusal) => {
                write!(f, "refused: {}", printable(&refusal.message))?;
                refusal.detail.iter().try_for_each(|detail| write!(f, "\nDETAIL: {}", printable(detail)))?;
                refusal.comparison.iter().try_for_each(|comparison| write!(f, "\n{comparison}"))?;
                write!(f, "\nHINT: {}", printable(&refusal.advice))
            }
        }
    }
}

/// Says whether `user` may log in to `tenant` with this certificate at the time `at` (seconds since 1970 UTC).
///
/// The user name is the normalized one. The order of the checks is the server's: TLS, then the rules of REFERENCE.md
/// section 6 as numbered there.
pub fn judge(
    facts: &CertificateFacts,
    settings: &ServerSettings,
    user: &str,
    tenant: &Tenant,
    at: i64,
) -> Verdict {
    match try_judge(facts, settings, user, tenant, at) {
        Ok(because) => Verdict::Allowed { because },
        Err(refusal) => Verdict::Refused(*refusal),
    }
}

fn refuse(rule: Rule, message: String, advice: String) -> Box<Refusal> {
    Box::new(Refusal { rule, message, detail: None, comparison: None, advice })
}

fn try_judge(
    facts: &CertificateFacts,
    settings: &ServerSettings,
    user: &str,
    tenant: &Tenant,
    at: i64,
) -> Result<String, Box<Refusal>> {
    check_tls(&facts.tls, user, at)?;
    check_no_tenant(facts, user)?;
    let scopes = certificate_scopes(facts, &settings.principal_map);
    match settings.subject_for(user) {
        Some(wanted) => match_subject(facts, user, wanted, scopes.as_deref().unwrap_or_default()),
        None if settings.subject_required => Err(subject_missing(facts, user)),
        None => {
            let malformed = |error: MalformedScope| {
                refuse(Rule::MalformedScope, error.to_string(), advice::for_malformed_scope(user))
            };
            match_scopes(facts, user, tenant, &scopes.map_err(malformed)?)
        }
    }
}

/// Rule 1.
fn check_no_tenant(facts: &CertificateFacts, user: &str) -> Result<(), Box<Refusal>> {
    if facts.organizational_units.iter().all(|unit| unit != TENANTS_UNIT) {
        return Ok(());
    }
    let message = "using tenant client certificate as user certificate is not allowed".into();
    Err(refuse(Rule::TenantCertificate, message, advice::for_tenant_certificate(user)))
}

/// Rule 2, where a subject is required and there is none.
fn subject_missing(facts: &CertificateFacts, user: &str) -> Box<Refusal> {
    let message = format!(
        "user {} does not have a distinguished name set which subject_required cluster setting mandates",
        quoted(user)
    );
    let advice = advice::for_missing_subject(user, facts.subject.as_ref().ok());
    refuse(Rule::SubjectRequired, message, advice)
}

/// Rule 3.
fn match_subject(
    facts: &CertificateFacts,
    user: &str,
    wanted: &DistinguishedName,
    scopes: &[CertificateScope],
) -> Result<String, Box<Refusal>> {
    let found = facts.subject.as_ref().map_err(|reason| {
        refuse(Rule::UnreadableSubject, reason.clone(), advice::for_unreadable_subject(user, wanted))
    })?;
    if wanted == found {
        return Ok(format!("the certificate's subject equals {}", advice::where_set(user)));
    }
    let mut refusal =
        failed(Rule::SubjectMismatch, user, scopes, advice::for_other_subject(user, wanted, found));
    refusal.comparison = Some(Comparison::new(wanted, found));
    Err(refusal)
}

/// Rule 4.
fn match_scopes(
    facts: &CertificateFacts,
    user: &str,
    tenant: &Tenant,
    scopes: &[CertificateScope],
) -> Result<String, Box<Refusal>> {
    match scopes.iter().find(|scope| scope.user == user && scope.covers(tenant)) {
        Some(scope) => Ok(format!("the certificate is valid for {scope}")),
        None => {
            let advice = advice::for_other_scope(user, tenant, scopes, mappable(facts));
            Err(failed(Rule::Scope, user, scopes, advice))
        }
    }
}

/// Rule 5: for whom the certificate is valid is the detail, where the server can tell.
fn failed(rule: Rule, user: &str, scopes: &[CertificateScope], advice: String) -> Box<Refusal> {
    let mut refusal =
        refuse(rule, format!("certificate authentication failed for user {}", quoted(user)), advice);
    let valid_for: Vec<_> = scopes.iter().map(ToString::to_string).collect();
    refusal.detail =
        (!scopes.is_empty()).then(|| format!("The client certificate is valid for {}.", valid_for.join(", ")));
    refusal
}

/// The name that the principal map is asked about first; with `crdb:` URIs it is not asked at all.
fn mappable(facts: &CertificateFacts) -> Option<&str> {
    let scoped = facts.uris.iter().any(|uri| scope::is_crdb(uri));
    Some(facts.common_name.as_str()).filter(|name| !name.is_empty() && !scoped)
}

/// TLS reports one failure; the others come along as detail, so that one new certificate can mend them all.
fn check_tls(tls: &TlsFacts, user: &str, at: i64) -> Result<(), Box<Refusal>> {
    let mut problems: Vec<String> = Vec::new();
    if let Some(reason) = &tls.unreadable {
        problems.push(format!("the server cannot parse the certificate: {reason}"));
    }
    // The server looks at the times of the certificate before it looks for a chain.
    if at < tls.not_before {
        problems.push(format!("the certificate is not valid before {}", utc(tls.not_before)));
    }
    if at > tls.not_after {
        problems.push(format!("the certificate expired on {}", utc(tls.not_after)));
    }
    if let Err(reason) = &tls.chain {
        problems.push(format!("the certificate does not chain to the CA for clients: {reason}"));
    }
    if !tls.client_auth {
        problems.push(
            "the certificate does not allow client authentication (extended key usage clientAuth)".into(),
        );
    }
    let Some((first, others)) = problems.split_first() else {
        return Ok(());
    };
    let advice = match (&tls.unreadable, &tls.chain) {
        (None, Ok(())) if at < tls.not_before => "Check the clock of the server, or wait.".into(),
        (None, Err(_)) => advice::for_broken_chain(user),
        _ => advice::for_new_certificate(user),
    };
    let detail = (!others.is_empty()).then(|| others.join("; "));
    let message = format!("the TLS handshake fails: {first}");
    Err(Box::new(Refusal { rule: Rule::Tls, message, detail, comparison: None, advice }))
}
