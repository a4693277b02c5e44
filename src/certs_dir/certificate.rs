//! One certificate file, wherever it is.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use openssl::pkey::{PKey, Public};

use super::Reading;
use crate::certificate::Certificate;
use crate::error::Advice;
use crate::login::chain;
use crate::pki::verify::OpenSsl;
use crate::pki::{self, pem};
use crate::store::read::{ReadError, Regular};

/// The certificates of a file that a command needs.
pub struct CertificateFile {
    /// The first one, which is the one in use.
    pub first: Certificate,
    /// The others: older CAs in a CA's file, CAs between it and the root in another.
    pub others: Vec<Certificate>,
}

/// What a command needs the file for, for the message when it is missing.
#[derive(Debug, Clone, Copy)]
pub struct Purpose {
    noun: &'static str,
    hint: &'static str,
}

/// A CA's certificates.
pub const CA: Purpose =
    Purpose { noun: "CA certificate", hint: "create the CA first with create-ca, in the same --certs-dir" };
/// A server's CA certificates, which are there already.
pub const TRUSTED: Purpose = Purpose {
    noun: "CA certificate",
    hint: "check --certs-dir: it has to be the server's, with its CA certificates in it",
};
/// Somebody's certificate.
pub const LEAF: Purpose =
    Purpose { noun: "certificate file", hint: "name the certificate, or the certs directory it is in" };
/// A certificate that can be named by its path alone.
pub const NAMED: Purpose =
    Purpose { noun: "certificate file", hint: "name a certificate's file, or write a DN: O=Acme,CN=root" };

impl CertificateFile {
    /// Reads the file.
    ///
    /// # Errors
    /// If the file cannot be read, or holds anything but certificates.
    pub fn load(path: &Path, purpose: Purpose) -> Result<Self> {
        Self::of(Regular::open(path), path, purpose)
    }

    /// Reads a file of the certs directory.
    ///
    /// # Errors
    /// As for [`CertificateFile::load`].
    pub fn load_in(certs_dir: &Reading<'_>, file: &str, purpose: Purpose) -> Result<Self> {
        Self::of(certs_dir.open(file), &certs_dir.path(file), purpose)
    }

    fn of(file: Result<Regular, ReadError>, path: &Path, purpose: Purpose) -> Result<Self> {
        let Purpose { noun, hint } = purpose;
        let contents = file.and_then(Regular::read).map_err(|error| {
            let what = format!("could not read {noun} {}: {error}", path.display());
            match error {
                ReadError::NotFound => Advice::new(what, hint).into(),
                _ => anyhow!(what),
            }
        })?;
        let about = || format!("could not load {noun} {}", path.display());
        let certificates = pem::certificates(&contents, &path.display().to_string()).with_context(about)?;
        let mut certificates = certificates.into_iter();
        let first = certificates.next().with_context(about)?;
        Ok(Self { first, others: certificates.collect() })
    }

    /// Did `ca` sign the first certificate, or one of the others that lead to it?
    pub fn leads_to(&self, ca: &Certificate) -> bool {
        chain::leads_to(&self.first, &self.others, ca, &OpenSsl)
    }

    /// The certificates in PEM: the file without what stands between them.
    pub fn to_pem(&self) -> Vec<u8> {
        pem::bundle(std::iter::once(&self.first).chain(&self.others))
    }

    /// All certificates of the file, in its order.
    pub fn into_all(self) -> Vec<Certificate> {
        std::iter::once(self.first).chain(self.others).collect()
    }
}

/// The certificate's public key; `path` is for the message.
///
/// # Errors
/// If OpenSSL's providers do not know such keys.
pub fn public_key(certificate: &Certificate, path: &Path) -> Result<PKey<Public>> {
    pki::public_key(certificate).map_err(|errors| {
        anyhow!("could not read the public key of {}: {}", path.display(), pki::reason(&errors))
    })
}
