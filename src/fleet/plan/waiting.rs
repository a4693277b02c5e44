//! Keys that wait for certificates from a CA elsewhere, and what was asked for with them.

use super::compare::is_of_kind;
use super::{Found, Step};
use crate::approval::{self, Grant};
use crate::certificate::PublicKey;
use crate::certs_dir::layout::CertificateName;
use crate::error::Advice;
use crate::fleet::desired::Wanted;
use crate::pki::key::KeySpec;
use crate::pki::request::SigningRequest;

/// The key that a request is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedKey {
    /// A new one.
    New,
    /// The one that waits already.
    Waiting,
}

/// A key that waits for its certificate.
#[derive(Debug)]
pub struct Waiting {
    /// Its SubjectPublicKeyInfo, or why it cannot be used.
    pub key: Result<Vec<u8>, Advice>,
    /// The request beside it, if it is for this key.
    pub request: Option<SigningRequest>,
}

impl Waiting {
    /// Would a certificate as requested be the one that is wanted?
    pub fn asks_for(&self, wanted: &Wanted) -> bool {
        let Some(request) = &self.request else { return false };
        let (usage, grant) = (wanted.name.usage, wanted.grant());
        let names = grant.names.clone();
        // As a CA of ours would judge it, and with nothing left out.
        let approval = approval::judge(request, usage, &[grant]);
        let is_allowed = approval.is_ok_and(|approval| {
            approval.open.is_empty() && names.iter().all(|name| approval.alt_names.contains(name))
        });
        let purposes = usage.kind().profile.extended_key_usage.iter();
        is_allowed
            && purposes.into_iter().all(|one| request.asked.purposes.iter().any(|name| name == one.name()))
    }

    /// Is the key of this kind and size? Not if it cannot be read.
    pub fn is_of_kind(&self, wanted: KeySpec) -> bool {
        let key = self.key.as_ref().ok().and_then(|key| PublicKey::read(key).ok());
        key.is_some_and(|key| is_of_kind(&key, wanted))
    }
}

impl Step<'_> {
    /// A certificate that cannot be asked for: its key waits already, and cannot be used, for this reason, or
    /// is not of the kind that is wanted.
    pub fn stuck(&self, mut found: Found) -> Option<(CertificateName, Option<Advice>)> {
        let asked = self.asked().chain(self.awaited());
        asked.map(|(wanted, _)| wanted).find_map(|wanted| {
            let waiting = found.waiting.remove(&wanted.name)?;
            let is_of_kind = waiting.is_of_kind(wanted.key);
            (!is_of_kind).then(|| (wanted.name.clone(), waiting.key.err()))
        })
    }
}

impl Wanted {
    /// What may be in the certificate: what is wanted.
    pub fn grant(&self) -> Grant {
        Grant { subject: self.subject.clone(), names: self.alt_names.clone() }
    }
}
