//! Why a certificate that is there cannot stay.

use std::collections::HashSet;

use super::{Context, FoundCertificate, FoundKey, Reason, SignedBy};
use crate::certificate::{AltName, Certificate, KeyKind, PublicKey};
use crate::certs_dir::layout::CertificateName;
use crate::fleet::desired::{Folder, Wanted};
use crate::login::chain::leads_to;
use crate::pki::key::KeySpec;
use crate::pki::name;
use crate::pki::profile::ExtendedKeyUsage;
use crate::usage::Usage;

/// Why a certificate cannot stay; none if it can.
pub fn why(
    folder: &Folder,
    wanted: &Wanted,
    found: Option<&FoundCertificate>,
    context: &Context<'_>,
) -> Option<Reason> {
    let Some(FoundCertificate { certificate, others, key, pkcs8 }) = found else {
        return Some(Reason::Missing);
    };
    let certificate = match certificate {
        Ok(certificate) => certificate,
        Err(why) => return Some(Reason::Broken(why.clone())),
    };
    let keys = [(key, true, wanted.name.key_file()), (pkcs8, wanted.pkcs8, wanted.name.pkcs8_file())];
    broken_key(keys)
        .or_else(|| changed_names(wanted, certificate))
        .or_else(|| changed_contents(folder, wanted, certificate))
        .or_else(|| other_responder(wanted, certificate, context))
        .or_else(|| other_signer(wanted, certificate, others, context))
        .or_else(|| due(certificate, context))
}

fn broken_key(keys: [(&FoundKey, bool, String); 2]) -> Option<Reason> {
    keys.into_iter().filter(|(_, needed, _)| *needed).find_map(|(key, _, file)| match key {
        FoundKey::Missing => Some(Reason::Broken(format!("{file} is missing"))),
        FoundKey::Broken(why) => Some(Reason::Broken(why.clone())),
        FoundKey::Matches => None,
    })
}

/// The order of names does not matter: it may change in the manifest without consequence.
fn changed_names(wanted: &Wanted, certificate: &Certificate) -> Option<Reason> {
    let (scopes, names): (Vec<_>, Vec<_>) = certificate.alt_names().partition(is_scope);
    let (wanted_scopes, wanted_names): (Vec<_>, Vec<_>) = wanted.alt_names.iter().cloned().partition(is_scope);
    let lacks = |from: &[AltName], of: &[AltName]| -> Vec<String> {
        let from: HashSet<_> = from.iter().map(AltName::to_der).collect();
        of.iter().filter(|name| !from.contains(&name.to_der())).map(shown).collect()
    };
    let (added, removed) = (lacks(&names, &wanted_names), lacks(&wanted_names, &names));
    if !added.is_empty() || !removed.is_empty() {
        return Some(Reason::Names { added, removed });
    }
    let same = lacks(&scopes, &wanted_scopes).is_empty() && lacks(&wanted_scopes, &scopes).is_empty();
    (!same).then_some(Reason::Scopes)
}

/// Does it limit a certificate to tenants? Other URIs are names.
fn is_scope(name: &AltName) -> bool {
    matches!(name, AltName::Uri(uri) if uri.starts_with("crdb:"))
}

fn shown(name: &AltName) -> String {
    match name {
        AltName::Dns(text) | AltName::Uri(text) | AltName::Email(text) => text.clone(),
        AltName::Ip(_) | AltName::Other { .. } => name.address().unwrap_or_else(|| "another name".to_owned()),
    }
}

fn changed_contents(folder: &Folder, wanted: &Wanted, certificate: &Certificate) -> Option<Reason> {
    // As encoded: what servers compare is what they read from that.
    let subject = name::encode(&wanted.subject).ok().and_then(|subject| subject.to_der().ok());
    if subject.as_deref() != Some(certificate.subject_name()) {
        return Some(Reason::Subject { was: certificate.subject_text() });
    }
    if !certificate.public_key().is_some_and(|key| is_of_kind(&key, wanted.key)) {
        return Some(Reason::KeyKind);
    }
    let allowed = purposes(folder, wanted).iter().all(|purpose| certificate.allows(purpose.oid()));
    (!allowed).then_some(Reason::Usages)
}

/// Beside a `client.node.crt`, a node's certificate is for servers only, as `import` has it.
fn purposes(folder: &Folder, wanted: &Wanted) -> &'static [ExtendedKeyUsage] {
    let split = || folder.certificates.iter().any(|other| other.name == CertificateName::client_of_nodes());
    match wanted.name.usage {
        Usage::Node if split() => &[ExtendedKeyUsage::ServerAuth],
        usage => usage.kind().profile.extended_key_usage,
    }
}

/// Is the key of this kind and size?
pub fn is_of_kind(key: &PublicKey<'_>, wanted: KeySpec) -> bool {
    match (wanted, key.kind) {
        (KeySpec::Rsa(bits), KeyKind::Rsa { .. }) => key.rsa_bits() == usize::try_from(bits).ok(),
        (KeySpec::Ecdsa(wanted), KeyKind::Ec(curve)) => curve == wanted.oid(),
        (KeySpec::Ed25519, KeyKind::Ed25519) => true,
        _ => false,
    }
}

/// A CA elsewhere decides on its responder itself.
fn other_responder(wanted: &Wanted, certificate: &Certificate, context: &Context<'_>) -> Option<Reason> {
    let url = wanted.ocsp_url.as_ref().filter(|_| context.signed_by == SignedBy::Key)?;
    let is_there = certificate.ocsp_responders().any(|responder| responder == url.as_str());
    (!is_there).then_some(Reason::Responder)
}

fn other_signer(
    wanted: &Wanted,
    certificate: &Certificate,
    others: &[Certificate],
    context: &Context<'_>,
) -> Option<Reason> {
    let ca = &context.authorities.signer(wanted.name.usage)?.certificate;
    (!leads_to(certificate, others, ca, context.signatures)).then_some(Reason::Signer)
}

fn due(certificate: &Certificate, context: &Context<'_>) -> Option<Reason> {
    let (Some(not_before), Some(not_after)) = (certificate.not_before, certificate.not_after) else {
        return Some(Reason::Broken("its times cannot be read".to_owned()));
    };
    let due = context.due.is_due(not_before, not_after, context.now);
    due.then(|| Reason::Due { left: not_after.saturating_sub(context.now) })
}
