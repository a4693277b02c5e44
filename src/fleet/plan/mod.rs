//! What to do: what should be, compared with what was found.

mod reason;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};

pub use reason::Reason;
pub use summary::Summary;

use super::desired::{Folder, FolderName, Wanted};
use crate::certificate::{AltName, Certificate, KeyKind};
use crate::certs_dir::layout::CertificateName;
use crate::due::Due;
use crate::login::chain::{Signatures, leads_to};
use crate::pki::key::KeySpec;
use crate::pki::name;
use crate::usage::Usage;

/// The CA files of the certs directory that the fleet is made from.
#[derive(Debug, Default)]
pub struct Authorities(pub BTreeMap<Usage, AuthorityFile>);

/// A CA file.
#[derive(Debug)]
pub struct AuthorityFile {
    /// What belongs into the file in each folder: its certificates, and nothing else.
    pub contents: Vec<u8>,
    /// The first one, which is in use.
    pub certificate: Certificate,
}

impl Authorities {
    /// The CA that signs certificates of this kind; none if they sign themselves, or there is no CA.
    pub fn signer(&self, usage: Usage) -> Option<&AuthorityFile> {
        usage.kind().signers.iter().find_map(|signer| self.0.get(signer))
    }
}

/// What is in a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// The contents of the CA files that could be read.
    pub authorities: BTreeMap<Usage, Vec<u8>>,
    /// The other certificates that are there, readable or not.
    pub certificates: BTreeMap<CertificateName, FoundCertificate>,
}

/// A certificate that is there.
#[derive(Debug)]
pub struct FoundCertificate {
    /// The first one in the file, or why there is none.
    pub certificate: Result<Certificate, String>,
    /// The others, which may lead from it to the CA.
    pub others: Vec<Certificate>,
    /// Its key.
    pub key: FoundKey,
    /// Its key as PKCS#8.
    pub pkcs8: FoundKey,
}

/// A key file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundKey {
    /// There is none.
    Missing,
    /// It cannot be used; the reason names the file.
    Broken(String),
    /// It is that of the certificate.
    Matches,
}

/// What the plan depends on beside the folders.
pub struct Context<'a> {
    /// The CAs in use.
    pub authorities: &'a Authorities,
    /// When certificates are due.
    pub due: Due,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// Checks signatures.
    pub signatures: &'a (dyn Signatures + Sync),
}

/// What to do about a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It stays, byte for byte.
    Keep,
    /// A new one is made, with a new key.
    Make(Reason),
}

/// What to do about a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'a> {
    /// Which.
    pub folder: &'a Folder,
    /// Its certificates, in order.
    pub certificates: Vec<(&'a Wanted, Action)>,
    /// The CA files that are to be written.
    pub authorities: Vec<Usage>,
    /// The files in it that do not follow from the manifest, certificates before their keys.
    pub strays: Vec<String>,
}

/// Compares a folder with what should be in it.
pub fn step<'a>(folder: &'a Folder, found: &Found, context: &Context<'_>) -> Step<'a> {
    let needed = folder.name.section.place().authorities.iter().copied();
    let outdated = |usage: &Usage| {
        context
            .authorities
            .0
            .get(usage)
            .is_some_and(|file| found.authorities.get(usage) != Some(&file.contents))
    };
    let action = |wanted: &'a Wanted| {
        let reason = why(wanted, found.certificates.get(&wanted.name), context);
        (wanted, reason.map_or(Action::Keep, Action::Make))
    };
    let strays = found.certificates.iter().flat_map(|(name, found)| stray_files(folder, name, found));
    // Servers go by them as long as they are there.
    let authorities = found.authorities.keys().filter(|usage| !context.authorities.0.contains_key(usage));
    let authorities = authorities.map(|usage| CertificateName::of(*usage).certificate_file());
    Step {
        folder,
        certificates: folder.certificates.iter().map(action).collect(),
        authorities: needed.filter(outdated).collect(),
        strays: strays.chain(authorities).collect(),
    }
}

/// The files of a certificate that are too many: all if it has no entry, or the key as PKCS#8 if nobody asked for it.
fn stray_files(folder: &Folder, name: &CertificateName, found: &FoundCertificate) -> Vec<String> {
    let wanted = folder.certificates.iter().find(|wanted| wanted.name == *name);
    let files = [
        (wanted.is_none(), name.certificate_file()),
        (wanted.is_none() && found.key != FoundKey::Missing, name.key_file()),
        (wanted.is_none_or(|wanted| !wanted.pkcs8) && found.pkcs8 != FoundKey::Missing, name.pkcs8_file()),
    ];
    files.into_iter().filter(|(stray, _)| *stray).map(|(_, file)| file).collect()
}

/// The folders that are there and that the manifest does not name.
pub fn strays(folders: &[Folder], found: impl IntoIterator<Item = FolderName>) -> Vec<FolderName> {
    let named: BTreeSet<_> = folders.iter().map(|folder| &folder.name).collect();
    let strays: BTreeSet<_> = found.into_iter().filter(|name| !named.contains(name)).collect();
    strays.into_iter().collect()
}

/// The first certificate that would be due as soon as it is made, so that no run would be the last.
pub fn always_due(folders: &[Folder], due: Due) -> Option<(&Folder, &Wanted)> {
    let mut all =
        folders.iter().flat_map(|folder| folder.certificates.iter().map(move |wanted| (folder, wanted)));
    all.find(|(_, wanted)| !due.leaves_time(wanted.lifetime))
}

/// Why a certificate cannot stay; none if it can.
fn why(wanted: &Wanted, found: Option<&FoundCertificate>, context: &Context<'_>) -> Option<Reason> {
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
        .or_else(|| changed_contents(wanted, certificate))
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

fn changed_contents(wanted: &Wanted, certificate: &Certificate) -> Option<Reason> {
    let profile = wanted.name.usage.kind().profile;
    // As encoded: what servers compare is what they read from that.
    let subject = name::encode(&wanted.subject).ok().and_then(|subject| subject.to_der().ok());
    if subject.as_deref() != Some(certificate.subject_name()) {
        return Some(Reason::Subject { was: certificate.subject_text() });
    }
    if !is_of_kind(certificate, wanted.key) {
        return Some(Reason::KeyKind);
    }
    let allowed = profile.extended_key_usage.iter().all(|purpose| certificate.allows(purpose.oid()));
    (!allowed).then_some(Reason::Usages)
}

fn is_of_kind(certificate: &Certificate, wanted: KeySpec) -> bool {
    let Some(key) = certificate.public_key() else { return false };
    match (wanted, key.kind) {
        (KeySpec::Rsa(bits), KeyKind::Rsa { .. }) => key.rsa_bits() == usize::try_from(bits).ok(),
        (KeySpec::Ecdsa(wanted), KeyKind::Ec(curve)) => curve == wanted.oid(),
        (KeySpec::Ed25519, KeyKind::Ed25519) => true,
        _ => false,
    }
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

impl Step<'_> {
    /// The same without anything but the CA files.
    #[must_use]
    pub fn authorities_only(self) -> Self {
        let certificates = self.certificates.into_iter().map(|(wanted, _)| (wanted, Action::Keep)).collect();
        Self { certificates, strays: Vec::new(), ..self }
    }

    /// Is there nothing to do?
    pub fn is_done(&self) -> bool {
        self.authorities.is_empty() && self.made().next().is_none()
    }

    /// Does it get a CA and a certificate of it at once? Hosts that do not trust that CA yet would refuse it.
    pub fn is_rash(&self) -> bool {
        !self.authorities.is_empty() && self.made().any(|(_, reason)| *reason == Reason::Signer)
    }

    /// The certificates that are to be made.
    pub fn made(&self) -> impl Iterator<Item = (&Wanted, &Reason)> {
        self.certificates.iter().filter_map(|(wanted, action)| match action {
            Action::Make(reason) => Some((*wanted, reason)),
            Action::Keep => None,
        })
    }

    /// What is made and why, in words: `node7: expires in 12 days`.
    pub fn reasons(&self) -> impl Iterator<Item = String> {
        self.made().map(|(wanted, reason)| format!("{}: {reason}", self.label(wanted)))
    }

    /// What people call the certificate: its folder's name, with the file if it is not what the folder is for.
    fn label(&self, wanted: &Wanted) -> String {
        let short = self.folder.name.short();
        let is_first = self.folder.certificates.first().is_some_and(|first| first.name == wanted.name);
        if is_first { short.to_owned() } else { format!("{short}/{}", wanted.name.certificate_file()) }
    }
}
