//! What a request gets of what it asks for: the profile of its kind, and the names that somebody allows. Pure.

use std::collections::HashSet;

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
    // Looked up, not searched for: a request may ask for thousands of names.
    let (mut alt_names, mut seen) = (Vec::new(), HashSet::new());
    for name in &asked.alt_names {
        match usual_form(name, usage) {
            Some(name) if seen.insert(name.clone()) => alt_names.push(name),
            Some(_) => {}
            None => refused.push(name.to_string()),
        }
    }
    alt_names.sort_by_key(|name| matches!(name, AltName::Ip(_)));
    let allowed = |grant: &Grant| grant.names.iter().cloned().collect::<HashSet<_>>();
    let excess = |grant: &&Grant| {
        let allowed = allowed(grant);
        let names = alt_names.iter().filter(|name| !allowed.contains(name)).count();
        (names, too_few(&alt_names, usage, &[*grant]).is_some())
    };
    let for_subject = grants.iter().filter(|grant| grant.subject == request.subject.name).min_by_key(excess);
    let subject = for_subject.is_none();
    // If somebody allows another subject, only what goes with every grant is allowed too.
    let grants = for_subject.map_or_else(|| grants.iter().collect(), |grant| vec![grant]);
    let all_allowed: Vec<_> = grants.iter().map(|grant| allowed(grant)).collect();
    let is_allowed =
        |name: &AltName| !grants.is_empty() && all_allowed.iter().all(|allowed| allowed.contains(name));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::key::{Curve, KeySpec, PrivateKey};
    use crate::pki::name;
    use crate::pki::request::{Wanted, make};

    fn request(usage: Usage, subject: &DistinguishedName, alt_names: &[AltName]) -> SigningRequest {
        let key = PrivateKey::generate(KeySpec::Ecdsa(Curve::P256)).expect("a key");
        let subject = name::encode(subject).expect("a name");
        let wanted = Wanted { profile: usage.kind().profile, subject: &subject, alt_names, kept: None };
        SigningRequest::read(&make(&wanted, &key).expect("a request")).expect("a request")
    }

    /// Compared each with each, they would take minutes.
    #[test]
    fn thousands_of_names_are_judged() {
        let mut names: Vec<_> = (0..14_000).map(|n| AltName::Dns(format!("n{n}"))).collect();
        let subject: DistinguishedName = "CN=node".parse().expect("a name");
        let request = request(Usage::Node, &subject, &names);
        let last = names.pop();
        let approval = judge(&request, Usage::Node, &[Grant { subject, names }]).expect("an approval");
        assert_eq!(approval.alt_names, request.asked.alt_names);
        assert_eq!(approval.open, Open { subject: false, names: last.into_iter().collect() });
    }

    #[test]
    fn names_are_judged_once_and_only_where_a_certificate_can_have_them() {
        let dns = |text: &str| AltName::Dns(text.to_owned());
        let uri = |text: &str| AltName::Uri(text.to_owned());
        let subject: DistinguishedName = "CN=ann".parse().expect("a name");
        for (usage, asked, expected) in [
            (Usage::Node, vec![dns("a"), dns("b"), dns("a")], Ok(vec![dns("a"), dns("b")])),
            (Usage::Node, vec![uri("crdb://tenant/2/user/ann")], Err(())),
            (Usage::Node, vec![dns("10.0.0.1")], Err(())),
            (Usage::Client, vec![uri("crdb://tenant/2/user/ann")], Ok(vec![uri("crdb://tenant/2/user/ann")])),
            (Usage::Client, vec![uri("https://a/")], Err(())),
            (Usage::Client, vec![dns("a")], Err(())),
        ] {
            let request = request(usage, &subject, &asked);
            let grant = Grant { subject: subject.clone(), names: asked.clone() };
            let judged = judge(&request, usage, &[grant]).map(|approval| approval.alt_names);
            assert_eq!(judged.map_err(|_| ()), expected, "{usage:?}: {asked:?}");
        }
    }
}
