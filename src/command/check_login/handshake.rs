//! What the TLS handshake comes to, by the files of the certs directory.

use anyhow::Result;

use crate::ca::authority;
use crate::certificate::Certificate;
use crate::certs_dir::Reading;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::login::chain::{self, Outcome, Presented, Side};
use crate::pki::verify::OpenSsl;
use crate::usage::Usage;

/// The CA certificates that the server trusts for clients: the client CAs and the tenant client CAs.
pub struct Trusted(Vec<Certificate>);

impl Trusted {
    /// Reads them.
    pub fn read(certs_dir: &Reading<'_>) -> Result<Self> {
        let ca = authority::certificate_file(certs_dir, Usage::Client);
        let mut trusted = CertificateFile::load_in(certs_dir, &ca, certificate::TRUSTED)?.into_all();
        let tenants = CertificateName::of(Usage::TenantClientCa).certificate_file();
        if certs_dir.has(&tenants) {
            trusted.extend(CertificateFile::load_in(certs_dir, &tenants, certificate::TRUSTED)?.into_all());
        }
        Ok(Self(trusted))
    }

    /// What the handshake comes to at the time `at` if a client sends this file.
    pub fn handshake(&self, file: &CertificateFile, at: i64) -> Outcome {
        let presented =
            Presented { side: Side::Client, leaf: &file.first, intermediates: &file.others, trusted: &self.0 };
        chain::judge(presented, at, &OpenSsl)
    }
}

/// What is to be said of a file, whatever the verdict.
pub fn note(file: &CertificateFile) -> Option<String> {
    let all = std::iter::once(&file.first).chain(&file.others);
    let responders = all.flat_map(Certificate::ocsp_responders).collect::<Vec<_>>().join(", ");
    (!responders.is_empty()).then(|| {
        format!(
            "the certificate names an OCSP responder: with security.ocsp.mode on, the server will ask {responders}, and \
             refuse what is revoked"
        )
    })
}
