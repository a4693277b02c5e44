//! What a request gets of what it asks for: the profile of its kind, and the names that somebody allows. Pure.

use crate::certificate::AltName;
use crate::dn::DistinguishedName;
use crate::host::Host;
use crate::login::TENANTS_UNIT;
use crate::pki::profile::{ExtendedKeyUsage, KeyUsage, Profile};
use crate::pki::request::SigningRequest;
use crate::usage::Usage;

/// What may be in a certificate: flags say so, or a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its subject.
    pub subject: DistinguishedName,
    /// Its names may be among these.
    pub names: Vec<AltName>,
}

/// What a request gets once `open` is settled.
#[derive(Debug)]
pub struct Approval {
    /// The names in the certificate, as `create-*` would write them.
    pub alt_names: Vec<AltName>,
    /// What nobody has allowed yet.
    pub open: Open,
}

/// What nobody has allowed yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// The request's subject?
    pub subject: bool,
    /// Names that it asks for.
    pub names: Vec<AltName>,
}

impl Open {
    /// Is everything allowed?
    pub fn is_empty(&self) -> bool {
        !self.subject && self.names.is_empty()
    }
}

/// Judges a request for a certificate of this kind. It is measured by one of the grants for its subject, the
/// one that allows most of it: one user's tenants are not another's, nor one node's names.
///
/// # Errors
/// Everything it asks for, by name, that no certificate of this kind has.
pub fn judge(request: &SigningRequest, usage: Usage, grants: &[Grant]) -> Result<Approval, Vec<String>> {
    let asked = &request.asked;
    let mut refused = beyond(request, usage.kind().profile);
    let mut alt_names = Vec::new();
    for name in &asked.alt_names {
        match usual_form(name, usage) {
            Some(name) if alt_names.contains(&name) => {}
            Some(name) => alt_names.push(name),
            None => refused.push(name.to_string()),
        }
    }
    alt_names.sort_by_key(|name| matches!(name, AltName::Ip(_)));
    let excess = |grant: &&Grant| {
        let names = alt_names.iter().filter(|name| !grant.names.contains(name)).count();
        (names, too_few(&alt_names, usage, &[*grant]).is_some())
    };
    let for_subject = grants.iter().filter(|grant| grant.subject == request.subject.name).min_by_key(excess);
    let subject = for_subject.is_none();
    // If somebody allows another subject, only what goes with every grant is allowed too.
    let grants = for_subject.map_or_else(|| grants.iter().collect(), |grant| vec![grant]);
    let is_allowed =
        |name: &AltName| !grants.is_empty() && grants.iter().all(|grant| grant.names.contains(name));
    refused.extend(too_few(&alt_names, usage, &grants));
    if !refused.is_empty() {
        return Err(refused);
    }
    let names = alt_names.iter().filter(|name| !is_allowed(name)).cloned().collect();
    Ok(Approval { alt_names, open: Open { subject, names } })
}

/// What is not in the profile.
fn beyond(request: &SigningRequest, profile: &Profile) -> Vec<String> {
    let asked = &request.asked;
    let ca = asked.ca.then(|| "CA:TRUE".to_owned());
    let usages =
        asked.key_usage.iter().filter(|usage| !profile.key_usage.iter().any(|own| own.name() == **usage));
    let purposes = asked
        .purposes
        .iter()
        .filter(|purpose| !profile.extended_key_usage.iter().any(|own| own.name() == *purpose));
    let usages = usages.map(|usage| format!("the key usage {usage}"));
    let purposes = purposes.map(|purpose| format!("the extended key usage {purpose}"));
    ca.into_iter().chain(usages).chain(purposes).chain(asked.others.iter().cloned()).collect()
}

/// The name as `create-*` would write it, where a certificate of this kind can have it.
fn usual_form(name: &AltName, usage: Usage) -> Option<AltName> {
    match (usage, name) {
        (Usage::Client, AltName::Uri(uri)) => uri.starts_with("crdb://").then(|| name.clone()),
        (Usage::Client, _) => None,
        // An address as text is no DNS name.
        (_, AltName::Dns(text)) => match text.parse() {
            Ok(Host::Dns(name)) => Some(AltName::Dns(name)),
            Ok(Host::Ip(_)) | Err(_) => None,
        },
        (_, AltName::Ip(ip)) => Some(AltName::Ip(ip.to_canonical())),
        _ => None,
    }
}

/// Some certificates are for more with fewer names, or for nothing without any.
fn too_few(names: &[AltName], usage: Usage, grants: &[&Grant]) -> Option<String> {
    match usage {
        Usage::Client if names.is_empty() && grants.iter().any(|grant| !grant.names.is_empty()) => {
            Some("a certificate for every tenant (it names none)".to_owned())
        }
        Usage::Node | Usage::Ui | Usage::TenantClient if names.is_empty() => {
            Some("no host name or address (such a certificate needs one)".to_owned())
        }
        _ => None,
    }
}

/// Why no server takes a certificate of this kind with the request's subject.
pub fn unusable_subject(request: &SigningRequest, usage: Usage) -> Option<&'static str> {
    let is_tenants = request.subject.organizational_units.iter().any(|unit| unit == TENANTS_UNIT);
    (usage == Usage::Client && is_tenants)
        .then_some("servers refuse it as a tenant client certificate (OU=Tenants)")
}

impl KeyUsage {
    /// What RFC 5280 section 4.2.1.3 calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DigitalSignature => "digitalSignature",
            Self::NonRepudiation => "nonRepudiation",
            Self::KeyEncipherment => "keyEncipherment",
            Self::KeyCertSign => "keyCertSign",
        }
    }
}

impl ExtendedKeyUsage {
    /// What RFC 5280 section 4.2.1.12 calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
        }
    }
}
