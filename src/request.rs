//! Everything decided about a certificate before a key exists: parsed, with nothing left to check.

use openssl::pkey::{PKey, Public};

use crate::certificate::AltName;
use crate::certs_dir::layout::CertificateName;
use crate::pki::issue::{KeptExtension, Validity};
use crate::pki::key::{KeySpec, PrivateKey};
use crate::pki::name::EncodedName;
use crate::usage::Kind;

/// A certificate to make.
pub struct Request {
    /// Which certificate of the directory.
    pub name: CertificateName,
    /// Its subject.
    pub subject: EncodedName,
    /// More names of the subject.
    pub alt_names: Vec<AltName>,
    /// What an older certificate says that this one replaces: it stands for what the kind and `alt_names` say.
    pub kept: Option<Vec<KeptExtension>>,
    /// What it says beyond that.
    pub added: Vec<KeptExtension>,
    /// When it is valid.
    pub validity: Validity,
    /// The subject's key.
    pub key: SubjectKey,
}

/// The key that a certificate is for.
pub enum SubjectKey {
    /// One that is still to be made.
    New(KeySpec),
    /// One that is there.
    Existing(PrivateKey),
    /// Somebody else's, of which only the public half is known.
    Public(PKey<Public>),
}

impl Request {
    /// The row of the table of usages that the request is about.
    pub fn kind(&self) -> &'static Kind {
        self.name.usage.kind()
    }
}
