//! What to do: what should be, compared with what was found.

mod compare;
mod reason;
mod summary;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

pub use reason::Reason;
pub use summary::Summary;
pub use waiting::{AskedKey, Waiting};

use super::desired::{Folder, FolderName, Wanted};
use crate::certificate::Certificate;
use crate::certs_dir::layout::CertificateName;
use crate::due::Due;
use crate::login::chain::Signatures;
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
    /// The keys that wait for certificates, if requests are to be made.
    pub waiting: BTreeMap<CertificateName, Waiting>,
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

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// A CA whose key is used here.
    Key,
    /// A CA elsewhere, by a command.
    Command,
    /// A CA elsewhere, some time later: requests are made for it.
    Request,
}

/// What the plan depends on beside the folders.
pub struct Context<'a> {
    /// Who signs.
    pub signed_by: SignedBy,
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
    /// A request for a new one is made.
    Ask(Reason, AskedKey),
    /// What the manifest wants was asked for already, and the key waits.
    Wait(Reason),
}

impl Action {
    /// Why it does not stay; none if it does.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Keep => None,
            Self::Make(reason) | Self::Ask(reason, _) | Self::Wait(reason) => Some(reason),
        }
    }

    /// A stable name for programs.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Make(Reason::Missing) => "create",
            Self::Make(_) => "renew",
            Self::Ask(..) => "request",
            Self::Wait(_) => "wait",
        }
    }
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
        let reason = compare::why(folder, wanted, found.certificates.get(&wanted.name), context);
        (wanted, reason.map_or(Action::Keep, |reason| new(wanted, found, context, reason)))
    };
    let strays = found.certificates.iter().flat_map(|(name, found)| stray_files(folder, name, found));
    // Servers go by them as long as they are there. Where there is no CA file yet, the CA's came with `import`.
    let authorities = found
        .authorities
        .keys()
        .filter(|usage| !context.authorities.0.is_empty() && !context.authorities.0.contains_key(usage));
    let authorities = authorities.map(|usage| CertificateName::of(*usage).certificate_file());
    Step {
        folder,
        certificates: folder.certificates.iter().map(action).collect(),
        authorities: needed.filter(outdated).collect(),
        strays: strays.chain(authorities).collect(),
    }
}

/// How a certificate is made anew. One that signs itself needs no CA.
fn new(wanted: &Wanted, found: &Found, context: &Context<'_>, reason: Reason) -> Action {
    if context.signed_by != SignedBy::Request || wanted.name.usage.kind().signers.is_empty() {
        return Action::Make(reason);
    }
    match found.waiting.get(&wanted.name) {
        None => Action::Ask(reason, AskedKey::New),
        Some(waiting) if waiting.asks_for(wanted) => Action::Wait(reason),
        Some(_) => Action::Ask(reason, AskedKey::Waiting),
    }
}

/// The files of a certificate that are too many: all if it has no entry, or the key as PKCS#8 if nobody asked
/// for it.
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

impl Step<'_> {
    /// The same without anything but the CA files.
    #[must_use]
    pub fn authorities_only(self) -> Self {
        let certificates = self.certificates.into_iter().map(|(wanted, _)| (wanted, Action::Keep)).collect();
        Self { certificates, strays: Vec::new(), ..self }
    }

    /// Is there nothing to do?
    pub fn is_done(&self) -> bool {
        self.authorities.is_empty() && self.made().next().is_none() && self.asked().next().is_none()
    }

    /// Does it get a CA and a certificate of it at once? Hosts that do not trust that CA yet would refuse it.
    pub fn is_rash(&self) -> bool {
        !self.authorities.is_empty() && self.made().any(|(_, reason)| *reason == Reason::Signer)
    }

    /// The certificates that are to be made here.
    pub fn made(&self) -> impl Iterator<Item = (&Wanted, &Reason)> {
        self.that(|action| matches!(action, Action::Make(_)))
    }

    /// Those that requests are to be made for.
    pub fn asked(&self) -> impl Iterator<Item = (&Wanted, &Reason)> {
        self.that(|action| matches!(action, Action::Ask(..)))
    }

    /// Those that were asked for already.
    pub fn awaited(&self) -> impl Iterator<Item = (&Wanted, &Reason)> {
        self.that(|action| matches!(action, Action::Wait(_)))
    }

    fn that(&self, is: impl Fn(&Action) -> bool) -> impl Iterator<Item = (&Wanted, &Reason)> {
        let chosen = self.certificates.iter().filter(move |(_, action)| is(action));
        chosen.filter_map(|(wanted, action)| Some((*wanted, action.reason()?)))
    }

    /// What is made or asked for and why, in words: `node7: expires in 12 days`.
    pub fn reasons(&self) -> impl Iterator<Item = String> {
        self.made().chain(self.asked()).map(|(wanted, reason)| format!("{}: {reason}", self.label(wanted)))
    }

    /// What people call the certificate: its folder's name, with the file if it is not what the folder is for.
    fn label(&self, wanted: &Wanted) -> String {
        let short = self.folder.name.short();
        let is_first = self.folder.certificates.first().is_some_and(|first| first.name == wanted.name);
        if is_first { short.to_owned() } else { format!("{short}/{}", wanted.name.certificate_file()) }
    }
}
