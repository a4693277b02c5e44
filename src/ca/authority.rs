//! The CA of a certs directory: its certificate there, and its key elsewhere.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::key::CaKey;
use crate::certificate::{Certificate, KEY_CERT_SIGN};
use crate::certs_dir::Reading;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::error::Advice;
use crate::finding::Finding;
use crate::login::chain::Signatures;
use crate::pki::issue::Issuer;
use crate::pki::key::PrivateKey;
use crate::pki::verify::OpenSsl;
use crate::pki::{self, pem};
use crate::store::read::Regular;
use crate::usage::{KINDS, Usage};

/// A CA that can sign.
pub struct Authority {
    certificate: Certificate,
    key: PrivateKey,
    /// Where the certificate is.
    pub path: PathBuf,
}

impl Authority {
    /// Loads the CA that signs certificates of this kind: the first certificate of the first CA file that is
    /// there, and the key.
    ///
    /// # Errors
    /// If either is missing or unusable, or the key does not belong to the certificate.
    pub fn load(
        certs_dir: &Reading<'_>,
        usage: Usage,
        ca_key: &CaKey,
        findings: &mut Vec<Finding>,
    ) -> Result<Self> {
        let file = certificate_file(certs_dir, usage);
        let path = certs_dir.path(&file);
        let certificate = CertificateFile::load_in(certs_dir, &file, certificate::CA)?.first;
        check_may_sign(&certificate, &path)?;
        let key = ca_key.load(findings)?.ok_or_else(|| no_key(ca_key))?;
        let belongs = key.is_of(&certificate).map_err(|errors| {
            anyhow!("could not read the public key of {}: {}", path.display(), pki::reason(&errors))
        })?;
        if !belongs {
            return Err(wrong_key(certs_dir, &key, ca_key, &certificate, &path));
        }
        Ok(Self { certificate, key, path })
    }

    /// The last second of the CA's validity, since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// If it is no valid time.
    pub fn not_after(&self) -> Result<i64> {
        self.certificate
            .not_after
            .with_context(|| format!("could not read when {} expires", self.path.display()))
    }

    /// Did it sign this certificate?
    pub fn signed(&self, certificate: &Certificate) -> bool {
        OpenSsl.verify(certificate, &self.certificate).unwrap_or(false)
    }

    /// For signing.
    pub fn as_issuer(&self) -> Issuer<'_> {
        Issuer { certificate: Some(&self.certificate), key: &self.key }
    }
}

/// Servers take a certificate for a CA by its basicConstraints, and by its keyUsage where it has one (RFC 5280
/// sections 4.2.1.9 and 4.2.1.3). Certificates of X.509 version 1 have neither.
fn check_may_sign(certificate: &Certificate, path: &Path) -> Result<()> {
    /// The version field of X.509 version 3.
    const V3: u64 = 2;
    let is_ca = certificate.basic_constraints().is_some_and(|constraints| constraints.ca);
    let why = if certificate.version == V3 && !is_ca {
        "is no CA certificate (basicConstraints)"
    } else if certificate.key_usage().is_some_and(|bits| bits & KEY_CERT_SIGN == 0) {
        "may not sign certificates (its keyUsage lacks keyCertSign)"
    } else {
        return Ok(());
    };
    let path = path.display();
    let what = format!("the first certificate in {path} ({}) {why}", certificate.subject_text());
    Err(Advice::new(
        what,
        format!("put the certificate of your CA first in {path}, or make one with create-ca"),
    )
    .into())
}

/// How many certificates a CA file has; 0 if it cannot be read.
pub fn count_certificates(certs_dir: &Reading<'_>, file: &str) -> usize {
    let contents = certs_dir.open(file).and_then(Regular::read).ok();
    contents
        .and_then(|contents| pem::certificates(&contents, "").ok())
        .map_or(0, |certificates| certificates.len())
}

/// Every CA is called the same unless it was made otherwise: the key identifier tells which is meant.
fn wrong_key(
    certs_dir: &Reading<'_>,
    key: &PrivateKey,
    ca_key: &CaKey,
    first: &Certificate,
    path: &Path,
) -> anyhow::Error {
    let identifier = first.subject_key_identifier();
    let identifier = identifier.map_or_else(|| "none".to_owned(), |identifier| identifier.to_string());
    let path = path.display();
    let owner = owner(certs_dir, key);
    let owner = owner.unwrap_or_else(|| format!("no CA certificate in {}", certs_dir.dir_path().display()));
    let what = format!(
        "CA key {ca_key} does not belong to the first certificate in {path} ({}, key identifier {identifier}), \
         but to {owner}",
        first.subject_text()
    );
    Advice::new(what, format!("name the key that the first certificate in {path} was made with in --ca-key"))
        .into()
}

/// The CA certificate of the directory that the key belongs to.
fn owner(certs_dir: &Reading<'_>, key: &PrivateKey) -> Option<String> {
    let cas = KINDS.iter().filter(|kind| kind.usage.is_ca());
    cas.map(|kind| CertificateName::of(kind.usage).certificate_file()).find_map(|name| {
        let file = CertificateFile::load_in(certs_dir, &name, certificate::CA).ok()?;
        let mut all = std::iter::once(&file.first).chain(&file.others);
        let index = all.position(|certificate| key.is_of(certificate).unwrap_or(false))?;
        Some(format!("certificate {} in {}", index + 1, certs_dir.path(&name).display()))
    })
}

/// The file of the CA that signs certificates of this kind.
pub fn certificate_file(certs_dir: &Reading<'_>, usage: Usage) -> String {
    let file = |signer: &Usage| CertificateName::of(*signer).certificate_file();
    let mut signers = usage.kind().signers.iter().map(file);
    // Its presence decides, whether it can be used or not; the last one is the one that everybody needs.
    signers.clone().find(|file| certs_dir.has(file)).or_else(|| signers.next_back()).unwrap_or_default()
}

fn no_key(ca_key: &CaKey) -> anyhow::Error {
    let what = format!("could not read CA key file {ca_key}: no such file or directory");
    Advice::new(what, "name the key that create-ca made in --ca-key").into()
}
