//! The checks of one certificate file and its key.

use super::{Checked, Context, Facts};
use crate::certificate::Certificate;
use crate::certs_dir::inspect::Inspection;
use crate::finding::Severity;

/// What tells a certificate from all others of its CA: issuer and serial number.
pub type Identity = Option<(Box<[u8]>, Box<[u8]>)>;

/// Looks at a file.
pub fn check(mut inspection: Inspection<'_>, context: &Context<'_>) -> (Checked, Identity) {
    let mut findings = std::mem::take(&mut inspection.findings);
    // What is known not to work needs no trial.
    let works = findings.iter().all(|finding| finding.check.severity < Severity::Error);
    if let Some(peers) = context.peers.as_ref().filter(|_| works) {
        findings.extend(peers.try_with(&inspection));
    }
    let first = inspection.certificates.first();
    let identity = first.map(|first| (first.issuer_name().into(), first.serial().into()));
    let checked = Checked {
        usage: Some(inspection.name.usage),
        name: inspection.name.name.as_deref().map(Into::into),
        file: inspection.name.certificate_file().into(),
        facts: first.map(facts),
        findings,
    };
    (checked, identity)
}

fn facts(certificate: &Certificate) -> Facts {
    Facts {
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        serial: certificate.serial().into(),
        subject_cn: certificate.common_name().into(),
        issuer_cn: certificate.issuer_common_name().into(),
    }
}
