//! The CA certificates of the directory, and who trusts which.

use crate::certificate::Certificate;
use crate::certs_dir::Reading;
use crate::certs_dir::layout::CertificateName;
use crate::pki::pem;
use crate::store::read::Regular;
use crate::usage::{KINDS, Usage};

/// The CA files that could be read, by kind.
#[derive(Debug)]
pub struct Trust(Vec<(Usage, Vec<Certificate>)>);

impl Trust {
    /// Reads the CA files. One that cannot be read has findings of its own elsewhere.
    pub fn read(reading: &Reading<'_>) -> Self {
        let of = |usage: Usage| {
            let file = CertificateName::of(usage).certificate_file();
            Some((usage, read(reading, &file)?))
        };
        Self(KINDS.iter().map(|kind| kind.usage).filter(|usage| usage.is_ca()).filter_map(of).collect())
    }

    /// The certificates of a CA file; none if it is not there.
    pub fn of(&self, usage: Usage) -> &[Certificate] {
        self.0.iter().find(|(kind, _)| *kind == usage).map_or(&[], |(_, all)| all)
    }

    /// The CA that signs certificates of this kind: the first that is there.
    pub fn signer_of(&self, usage: Usage) -> Option<(Usage, &[Certificate])> {
        let signers = usage.kind().signers.iter();
        signers.map(|signer| (*signer, self.of(*signer))).find(|(_, all)| !all.is_empty())
    }

    /// Those that a server trusts to have signed its clients' certificates (REFERENCE.md section 6).
    pub fn for_clients(&self) -> Vec<Certificate> {
        let clients = self.signer_of(Usage::Client).map_or(&[][..], |(_, all)| all);
        clients.iter().chain(self.of(Usage::TenantClientCa)).cloned().collect()
    }

    /// CA certificates that are somewhere in the directory, if not where they belong: in CA files, and behind
    /// servers' own certificates.
    pub fn intermediates(&self, reading: &Reading<'_>) -> Vec<(String, Certificate)> {
        let of_ca = |(usage, all): &(Usage, Vec<Certificate>)| {
            let file = CertificateName::of(*usage).certificate_file();
            all.iter().map(move |certificate| (file.clone(), certificate.clone())).collect::<Vec<_>>()
        };
        let of_server = |usage| {
            let file = CertificateName::of(usage).certificate_file();
            let all = read(reading, &file).unwrap_or_default().into_iter().skip(1);
            all.map(move |certificate| (file.clone(), certificate)).collect::<Vec<_>>()
        };
        let servers = [Usage::Node, Usage::Ui].into_iter().flat_map(of_server);
        self.0.iter().flat_map(of_ca).chain(servers).collect()
    }

    /// All CA certificates of the directory.
    pub fn all(&self) -> impl Iterator<Item = &Certificate> {
        self.0.iter().flat_map(|(_, all)| all)
    }
}

fn read(reading: &Reading<'_>, file: &str) -> Option<Vec<Certificate>> {
    let contents = reading.open(file).and_then(Regular::read).ok()?;
    pem::certificates(&contents, file).ok()
}
