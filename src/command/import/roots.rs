//! The roots that came along, and the CA files that they would be in.

use anyhow::{Context, Result};

use super::arrival::Arrival;
use crate::ca::authority;
use crate::certificate::Certificate;
use crate::certs_dir::Reading;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::command::announce;
use crate::der::hex;
use crate::error::Advice;
use crate::pki::{pem, sha256};
use crate::store::read::{ReadError, Regular};
use crate::usage::Usage;

/// A CA file, and the roots that are not in it.
struct File {
    file: String,
    before: Option<Vec<u8>>,
    new: Vec<Certificate>,
    /// Do servers trust it for the certificates of their clients?
    for_clients: bool,
}

/// The CA files of all certificates that came.
pub struct Roots {
    files: Vec<File>,
    add: bool,
}

impl Roots {
    /// Looks which roots are not trusted yet.
    pub fn of(reading: &Reading<'_>, arrivals: &[Arrival], add: bool) -> Result<Self> {
        let mut files: Vec<File> = Vec::new();
        for arrival in arrivals {
            let file = ca_file(reading, arrival.name().usage);
            if !files.iter().any(|known| known.file == file) {
                files.push(read(reading, file.clone())?);
            }
            let known = files.iter_mut().find(|known| known.file == file).context("a CA file")?;
            for root in &arrival.sorted.roots {
                if !known.holds(root)? && !known.new.contains(root) {
                    known.new.push(root.clone());
                }
            }
        }
        if add && arrivals.iter().all(|arrival| arrival.sorted.roots.is_empty()) {
            let hint = "give the CA's root certificate as another FILE";
            return Err(Advice::new("--add-root: no root certificate came along", hint).into());
        }
        Ok(Self { files, add })
    }

    /// What is to be written.
    pub fn files(&self) -> Vec<(Target, Contents)> {
        let files = self.files.iter().filter(|file| self.add && !file.new.is_empty());
        let all = files.map(|file| {
            let before = file.before.as_deref().map(|before| pem::certificate_blocks(before, |_| true));
            let existing = file.before.clone().map_or(Existing::Refuse, Existing::ReplaceUnchanged);
            let contents = [before.unwrap_or_default(), pem::bundle(&file.new)].concat();
            (Target { file: file.file.clone(), existing }, Contents::Certificates(contents))
        });
        all.collect()
    }

    /// The CA certificates that are written.
    pub fn names(&self) -> Vec<CertificateName> {
        let files = self.files();
        let names = files.iter().filter_map(|(target, _)| CertificateName::from_file(&target.file)?.ok());
        names.collect()
    }

    /// What is missing that --add-root would add.
    pub fn hint(&self) -> Option<String> {
        let new = self.files.iter().filter(|_| !self.add).flat_map(|file| &file.new);
        let shown: Vec<_> =
            new.map(|root| format!("{} (SHA-256 {})", root.subject_text(), fingerprint(root))).collect();
        (!shown.is_empty()).then(|| {
            format!("if this is the root of your CA, pass --add-root to trust it: {}", shown.join(", "))
        })
    }

    /// Says what it means to trust a root.
    pub fn tell(&self) {
        for file in self.files.iter().filter(|file| self.add && file.for_clients) {
            for root in &file.new {
                announce::stderr(&format!(
                    "warning: whoever this CA gives a certificate for clients can log in with it, such as CN=root as root: {} (now in {})",
                    root.subject_text(),
                    file.file
                ));
            }
        }
    }
}

impl File {
    fn holds(&self, root: &Certificate) -> Result<bool> {
        let Some(before) = &self.before else { return Ok(false) };
        let all = pem::certificates(before, &self.file);
        Ok(all.with_context(|| format!("could not load {}", self.file))?.contains(root))
    }
}

/// The CA file that decides about certificates of this kind. The DB Console's is its own: what browsers trust,
/// servers need not.
fn ca_file(reading: &Reading<'_>, usage: Usage) -> String {
    match usage {
        Usage::Ui => CertificateName::of(Usage::UiCa).certificate_file(),
        usage => authority::certificate_file(reading, usage),
    }
}

fn read(reading: &Reading<'_>, file: String) -> Result<File> {
    let before = match reading.open(&file).and_then(Regular::read) {
        Err(ReadError::NotFound) => None,
        before => {
            Some(before.with_context(|| format!("could not read {}", reading.path(&file).display()))?.to_vec())
        }
    };
    let clients = authority::certificate_file(reading, Usage::Client);
    let tenants = CertificateName::of(Usage::TenantClientCa).certificate_file();
    let for_clients = [clients, tenants].contains(&file);
    Ok(File { file, before, new: Vec::new(), for_clients })
}

fn fingerprint(certificate: &Certificate) -> String {
    let digest = sha256(certificate.der()).map(|digest| hex(&digest)).unwrap_or_default();
    digest.to_uppercase().as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join(":")
}
