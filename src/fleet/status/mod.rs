//! Where a fleet, or one certs directory, is in the rotation of its CAs: which are trusted where, what they
//! signed, and what to do next. [`look`] reads it, [`step`] decides, and touches neither a file nor the clock.

pub mod look;
mod names;
pub mod step;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::usage::Usage;

/// All that was read.
#[derive(Debug, Default)]
pub struct Cluster {
    /// Every CA certificate: those of the CA directory in order, then those that only folders have.
    pub cas: Vec<Ca>,
    /// The folders, or the CA directory itself.
    pub folders: Vec<Folder>,
}

/// A CA certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ca {
    /// The file it is in.
    pub usage: Usage,
    /// What it is there.
    pub role: Role,
    /// The beginning of its key identifier, which no other here has: `A5:55:F2:1B`.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// The first second of its validity.
    pub not_before: i64,
    /// The last one.
    pub not_after: i64,
    /// How many folders have it.
    pub trusted: usize,
    /// How many certificates it signed.
    pub signed: usize,
}

/// What a CA certificate is in the CA directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The first in its file.
    InUse,
    /// Behind it.
    Old,
    /// Not there.
    Elsewhere,
}

/// A certs directory.
#[derive(Debug, Default)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// The CAs in each file, by their place in [`Cluster::cas`].
    pub trusts: BTreeMap<Usage, Vec<usize>>,
    /// The CA files that it should have, and that are not those of the CA directory.
    pub outdated: Vec<Usage>,
    /// Its other certificates.
    pub certificates: Vec<Held>,
    /// The files of certificates that were asked for, and whose keys wait.
    pub awaited: Vec<String>,
}

/// A certificate of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it is for.
    pub usage: Usage,
    /// Its file, without directory.
    pub file: String,
    /// What it is, or why it cannot be read.
    pub leaf: Result<Leaf, String>,
}

/// A certificate that can be read. Times are seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Who signed it.
    pub signer: Signer,
    /// The first second of its validity.
    pub not_before: i64,
    /// The last one.
    pub not_after: i64,
}

/// Who signed a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// Itself, as its kind is.
    Itself,
    /// A CA, by its place in [`Cluster::cas`].
    Ca(usize),
    /// None of the CAs.
    Unknown,
}

/// How a certificate stands to the CAs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The CA in use signed it, or itself.
    Current,
    /// Another CA of the CA directory did.
    Older,
    /// A CA that only folders have did.
    Lost,
    /// None of them did.
    Unknown,
}

impl Standing {
    /// A stable name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Older => "older-ca",
            Self::Lost => "lost-ca",
            Self::Unknown => "unknown-ca",
        }
    }
}

impl Folder {
    /// The path of a file in it.
    pub fn file(&self, file: &str) -> PathBuf {
        Path::new(&self.path).join(file)
    }
}

impl Cluster {
    /// The CA in use that signs certificates of this kind; none if they sign themselves, or there is no CA.
    pub fn signer(&self, usage: Usage) -> Option<&Ca> {
        let in_use = |signer: &Usage| self.cas.iter().find(|ca| ca.usage == *signer && ca.role == Role::InUse);
        usage.kind().signers.iter().find_map(in_use)
    }

    /// How a certificate stands to the CAs.
    pub fn standing(&self, usage: Usage, leaf: &Leaf) -> Standing {
        let Signer::Ca(at) = leaf.signer else {
            return if leaf.signer == Signer::Itself { Standing::Current } else { Standing::Unknown };
        };
        let ca = &self.cas[at];
        match ca.role {
            Role::InUse if self.signer(usage) == Some(ca) => Standing::Current,
            Role::InUse | Role::Old => Standing::Older,
            Role::Elsewhere => Standing::Lost,
        }
    }

    /// All certificates but those of CAs, with their folders.
    pub fn held(&self) -> impl Iterator<Item = (&Folder, &Held)> {
        self.folders.iter().flat_map(|folder| folder.certificates.iter().map(move |held| (folder, held)))
    }
}
