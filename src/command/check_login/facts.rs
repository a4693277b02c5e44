//! What the rules look at, from the certificates' files.

use std::path::Path;

use anyhow::Result;

use crate::certs_dir::authority;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::dn::UnreadableSubject;
use crate::login::{CertificateFacts, SubjectProblem, TlsFacts};
use crate::pki::inspect::Facts;
use crate::usage::Usage;

/// The CA certificates that the server trusts for clients.
pub fn client_ca(certs_dir: &Path) -> Result<CertificateFile> {
    CertificateFile::load(&authority::certificate_path(certs_dir, Usage::Client), certificate::CA)
}

/// What the rules look at.
pub fn of(file: &CertificateFile, ca: &CertificateFile, at: i64) -> CertificateFacts {
    let facts = Facts::of(&file.first);
    let unreadable = match &facts.subject {
        Err(UnreadableSubject::Encoding(why)) => Some(why.clone()),
        _ if !facts.names_are_ascii => Some("x509: a subject alternative name is malformed".to_owned()),
        _ => None,
    };
    let common_name = facts.common_name().to_owned();
    let organizational_units = facts.organizational_units().to_vec();
    let ocsp_responders = std::iter::once(&file.first)
        .chain(&file.others)
        .filter_map(|certificate| certificate.ocsp_responders().ok())
        .flat_map(|urls| urls.iter().map(|url| url.to_string()).collect::<Vec<_>>());
    CertificateFacts {
        tls: TlsFacts {
            unreadable,
            chain: file.chain_to(ca, at),
            client_auth: facts.client_auth,
            not_before: facts.not_before.unwrap_or(i64::MAX),
            not_after: facts.not_after.unwrap_or(i64::MIN),
        },
        subject: facts.subject.map(|subject| subject.name).map_err(|error| match error {
            UnreadableSubject::NotJudged { may_fail_handshake: true, .. } => {
                SubjectProblem::MayFailHandshake(error.to_string())
            }
            UnreadableSubject::NotJudged { .. } => SubjectProblem::NotJudged(error.to_string()),
            error => SubjectProblem::Unreadable(error.to_string()),
        }),
        organizational_units,
        common_name,
        dns_names: facts.dns_names,
        uris: facts.uris,
        ip_addresses: facts.ip_addresses,
        ocsp_responders: ocsp_responders.collect(),
    }
}

/// What is to be said of a certificate, whatever the verdict.
pub fn notes(facts: &CertificateFacts) -> Option<String> {
    let responders = facts.ocsp_responders.join(", ");
    (!responders.is_empty()).then(|| {
        format!(
            "the certificate names an OCSP responder: with security.ocsp.mode on, the server will ask {responders}, and \
             refuse what is revoked"
        )
    })
}
