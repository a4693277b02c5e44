//! The checks of one certificate file and its key.

use std::hash::BuildHasher;

use super::advice::Advice;
use super::{Checked, Context, Facts, access, chain, content};
use crate::certificate::Certificate;
use crate::certs_dir::inspect::Inspection;
use crate::error::clipped;
use crate::finding::{Check, Severity, checks};

/// What tells a certificate from others, as digests: names can be long, and these are kept.
pub struct Identity {
    /// Of its CA's name and its serial number, which tell it from all others of that CA.
    pub serial: u64,
    /// Of the whole certificate.
    pub whole: u64,
}

/// Looks at a file.
pub fn check(mut inspection: Inspection<'_>, context: &Context<'_>) -> (Checked, Option<Identity>) {
    let mut findings = std::mem::take(&mut inspection.findings);
    if content::goes_by_subject(inspection.name, &context.expected.settings) {
        findings.retain(|finding| *finding.check != checks::CLIENT_PRINCIPAL);
    }
    let advice = Advice::about(&inspection, context);
    findings.extend(access::findings(&inspection, context, &advice));
    findings.extend(content::findings(&inspection, context, &advice));
    findings.extend(chain::findings(&inspection, context, &advice));
    // What is known to be wrong, or for clients that trust another CA, need not be tried.
    let is_known = |check: &Check| check.severity == Severity::Error || *check == checks::UI_OTHER_CA;
    let is_known = findings.iter().any(|finding| is_known(finding.check));
    if let Some(peers) = context.peers.as_ref().filter(|_| !is_known) {
        findings.extend(peers.try_with(&inspection));
    }
    for finding in &mut findings {
        finding.hint = finding.hint.take().or_else(|| advice.usual(finding.check));
    }
    let first = inspection.certificates.first();
    let identity = first.map(|first| Identity {
        serial: context.hasher.hash_one((first.issuer_name(), first.serial())),
        whole: context.hasher.hash_one(first.der()),
    });
    let checked = Checked {
        usage: Some(inspection.name.usage),
        name: inspection.name.name.as_deref().map(Into::into),
        file: inspection.name.certificate_file().into(),
        facts: first.map(facts),
        findings,
    };
    (checked, identity)
}

/// The most bytes of a name or a serial number that are kept: a certificate can have as long ones as it likes.
const WIDEST: usize = 300;

fn facts(certificate: &Certificate) -> Facts {
    let serial = certificate.serial();
    Facts {
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        serial: serial[..serial.len().min(WIDEST)].into(),
        subject_cn: clipped(certificate.common_name(), WIDEST).into(),
        issuer_cn: clipped(certificate.issuer_common_name(), WIDEST).into(),
    }
}
