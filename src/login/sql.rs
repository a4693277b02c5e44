//! The rules for a SQL connection, in the order of REFERENCE.md section 6.

use super::identity::{self, Identity};
use super::scope::{self, CertificateScope};
use super::verdict::{No, Rule, refuse};
use super::{
    Comparison, DEBUG_USER, ROOT_USER, ServerSettings, ServerVersion, TENANTS_UNIT, Tenant, advice,
    certificate_scopes, names,
};
use crate::certificate::Certificate;
use crate::dn::{DistinguishedName, Equality, UnreadableSubject, quoted};

/// A login and what is known of it once the certificate's scopes are.
pub(super) struct Login<'a> {
    pub certificate: &'a Certificate,
    pub settings: &'a ServerSettings,
    pub user: &'a str,
    pub tenant: &'a Tenant,
    identity: Identity,
    scopes: Vec<CertificateScope>,
}

/// Rules 1 to 7. TLS has been looked at.
pub(super) fn judge(
    certificate: &Certificate,
    settings: &ServerSettings,
    user: &str,
    tenant: &Tenant,
) -> Result<String, No> {
    let identity = identity::resolve(certificate, settings, user)?;
    let name = names::normalized(certificate);
    let scopes = certificate_scopes(certificate, &name, settings).map_err(|error| {
        refuse(Rule::MalformedScope, error.to_string(), advice::for_malformed_scope(settings, user))
    })?;
    let login = Login { certificate, settings, user, tenant, identity, scopes };
    login.check_no_tenant()?;
    if settings.goes_by_san() { login.by_san() } else { login.by_subject_or_scopes() }
}

impl Login<'_> {
    /// Rule 3.
    fn check_no_tenant(&self) -> Result<(), No> {
        if !self.certificate.organizational_units().iter().any(|unit| unit == TENANTS_UNIT) {
            return Ok(());
        }
        let message = "using tenant client certificate as user certificate is not allowed".into();
        Err(refuse(Rule::TenantCertificate, message, advice::for_tenant_certificate(self.settings, self.user)))
    }

    /// The subject to match: rule 4. It is that of the identity where that is root or node.
    fn wanted(&self) -> Option<&DistinguishedName> {
        self.settings.subject_for(self.identity.as_str())
    }

    /// Rules 4, 6 and 7.
    fn by_subject_or_scopes(&self) -> Result<String, No> {
        match self.wanted() {
            Some(wanted) => self.match_subject(wanted),
            None if self.settings.subject_required => Err(self.subject_missing()),
            None => self.match_scopes(),
        }
    }

    /// Rule 4, where a subject is required and there is none.
    fn subject_missing(&self) -> No {
        let message = format!(
            "user {} does not have a distinguished name set which subject_required cluster setting mandates",
            quoted(self.identity.as_str())
        );
        let advice = advice::for_missing_subject(
            self.user,
            self.certificate.subject.as_ref().ok().map(|found| (&found.name, &self.scopes[..])),
        );
        refuse(Rule::SubjectRequired, message, advice)
    }

    /// Rule 5, where subject alternative names are required. What its releases do where they are known to
    /// differ, or not known, is not judged.
    fn by_san(&self) -> Result<String, No> {
        match (self.settings.sans_for(self.identity.as_str()), &self.identity) {
            (Some(sans), _) => {
                let missing = sans.missing_from(&names::exact_sans(self.certificate));
                match missing[..] {
                    [] if !sans.is_empty() => self.by_matching_san(),
                    _ if !sans.is_empty() && names::has_odd_uri(self.certificate) => {
                        Err(identity::odd_uri(self.settings, self.user))
                    }
                    _ => match self.wanted() {
                        Some(wanted) => self.match_subject(wanted),
                        None => Err(self.san_refused(Rule::San, advice::for_other_sans(self.user, &missing))),
                    },
                }
            }
            (None, Identity::San(identity)) if self.user != DEBUG_USER => {
                Ok(format!("the identity map takes {} for {}", quoted(identity), quoted(self.user)))
            }
            _ => self.by_name_beside_san(),
        }
    }

    /// The names are all there; the scopes have to let the user in as well.
    fn by_matching_san(&self) -> Result<String, No> {
        match self.match_scopes() {
            Ok(_) => Ok(format!("the certificate has all names of --{}-cert-san", self.identity.as_str())),
            Err(No::Refused(refusal)) if refusal.rule != Rule::Scope && self.wanted().is_none() => {
                Err(self.san_refused(refusal.rule, refusal.advice))
            }
            Err(_) => {
                let why = "the certificate has all names of the flag, but its scopes do not let the user in; releases \
                           of the server differ on whether that suffices";
                Err(No::not_judged(why.into(), &advice::for_new_certificate(self.settings, self.user)))
            }
        }
    }

    /// Users that no SAN is configured for pass rule 5; some releases let them in there, whatever the
    /// certificate says.
    fn by_name_beside_san(&self) -> Result<String, No> {
        self.by_subject_or_scopes().map_err(|no| {
            let No::Refused(refusal) = no else { return no };
            let why = format!(
                "with security.client_cert.san_required.enabled, releases of the server let every user but root and \
                 node in with any client certificate; by the certificate itself the login is refused: {}",
                refusal.message
            );
            let advice = format!(
                "Name a map for such users in the HBA configuration, and give it with --hba-map and --ident-map. {}",
                refusal.advice
            );
            No::not_judged(why, &advice)
        })
    }

    fn san_refused(&self, rule: Rule, advice: String) -> No {
        let identity = quoted(self.identity.as_str());
        refuse(
            rule,
            format!("certificate authentication failed for user {identity} based on SAN entries"),
            advice,
        )
    }

    /// Rule 6.
    fn match_subject(&self, wanted: &DistinguishedName) -> Result<String, No> {
        let found = match &self.certificate.subject {
            Ok(found) => &found.name,
            Err(error) => {
                let advice = self.with_subject(wanted);
                return Err(match error {
                    UnreadableSubject::NotJudged { .. } => No::not_judged(error.to_string(), &advice),
                    _ => refuse(Rule::UnreadableSubject, error.to_string(), advice),
                });
            }
        };
        match wanted.compare(found) {
            Equality::Equal => {
                Ok(format!("the certificate's subject equals {}", advice::where_set(self.identity.as_str())))
            }
            Equality::Disputed => {
                let why = "the certificate's subject repeats an attribute within an RDN, and servers differ on whether \
                           it equals the one they expect";
                Err(No::not_judged(why.into(), &self.with_subject(wanted)))
            }
            Equality::Different => {
                let found_for = (found, &self.scopes[..]);
                let advice = match self.is_mapped_from_reserved() {
                    true => advice::for_unmapped(self.user),
                    false => advice::for_other_subject(self.settings, self.user, wanted, found_for),
                };
                let mut no = self.failed(Rule::SubjectMismatch, Some((wanted, found)), advice);
                if let No::Refused(refusal) = &mut no {
                    refusal.comparison = Some(Box::new(Comparison::new(wanted, found)));
                }
                Err(no)
            }
        }
    }

    fn with_subject(&self, wanted: &DistinguishedName) -> String {
        match self.is_mapped_from_reserved() {
            true => advice::for_unmapped(self.user),
            false => advice::for_unreadable_subject(self.settings, self.user, wanted),
        }
    }

    /// Does the certificate pass for root's or the node's, with a map that makes it another user's? Nobody else
    /// gets one with their subject.
    fn is_mapped_from_reserved(&self) -> bool {
        self.identity.as_str() != self.user && advice::is_set_by_flag(self.identity.as_str())
    }

    /// Rule 7: the scopes in their order, and those that are for a user who may not log in.
    fn match_scopes(&self) -> Result<String, No> {
        for scope in &self.scopes {
            if let Some(rule) = banned(&scope.user, self.settings) {
                return Err(self.failed(rule, None, advice::for_banned(self.settings, rule, self.user)));
            }
            if scope.user == self.identity.as_str() && scope.covers(self.tenant) {
                return Ok(format!(
                    "the certificate is valid for {}",
                    scope.in_words_of(self.settings.version)
                ));
            }
        }
        let advice = advice::for_other_scope(self.settings, self.user, self.tenant, &self.scopes);
        Err(self.failed(Rule::Scope, None, advice))
    }

    /// Rule 8: the subject that the server expects is in the message, the certificate's in the detail. Both are
    /// missing where it expects none.
    fn failed(
        &self,
        rule: Rule,
        subjects: Option<(&DistinguishedName, &DistinguishedName)>,
        advice: String,
    ) -> No {
        let version = self.settings.version;
        let print = |name: &DistinguishedName| name.as_printed(version < ServerVersion::STRICT_NAMES);
        let nil = || "<nil>".to_owned();
        let (wanted, found) =
            subjects.map_or_else(|| (nil(), nil()), |(wanted, found)| (print(wanted), print(found)));
        let message = format!(
            "certificate authentication failed for user {} (DN: {wanted})",
            quoted(self.identity.as_str())
        );
        let mut no = refuse(rule, message, advice);
        if let No::Refused(refusal) = &mut no {
            let valid_for = scope::listed(&self.scopes, version);
            refusal.detail = Some(format!("The client certificate (DN: {found}) is valid for {valid_for}."));
        }
        no
    }
}

/// The rule that keeps the user of a scope out.
pub(super) fn banned(user: &str, settings: &ServerSettings) -> Option<Rule> {
    match user {
        ROOT_USER if settings.bans_root() => Some(Rule::RootBanned),
        DEBUG_USER if settings.bans_debug_user() => Some(Rule::DebugUserBanned),
        _ => None,
    }
}
