//! What TLS says before any rule is looked at.

use super::verdict::{No, Refusal, Rule};
use super::{CertificateFacts, SubjectProblem, TlsFacts, advice};
use crate::time::utc;

/// TLS reports one failure; the others come along as detail, so that one new certificate can mend them all.
pub(super) fn check(tls: &TlsFacts, user: &str, at: i64) -> Result<(), No> {
    let mut problems: Vec<String> = Vec::new();
    if let Some(reason) = &tls.unreadable {
        problems.push(format!("the server cannot parse the certificate: {reason}"));
    }
    // The server looks at the times of the certificate before it looks for a chain.
    if at < tls.not_before {
        problems.push(format!("the certificate is not valid before {}", utc(tls.not_before)));
    }
    if at > tls.not_after {
        problems.push(format!("the certificate expired on {}", utc(tls.not_after)));
    }
    if let Err(reason) = &tls.chain {
        problems.push(format!("the certificate does not chain to the CA for clients: {reason}"));
    }
    if !tls.client_auth {
        problems.push(
            "the certificate does not allow client authentication (extended key usage clientAuth)".into(),
        );
    }
    let Some((first, others)) = problems.split_first() else {
        return Ok(());
    };
    let advice = match (&tls.unreadable, &tls.chain) {
        (None, Ok(())) if at < tls.not_before => "Check the clock of the server, or wait.".into(),
        (None, Err(_)) => advice::for_broken_chain(user),
        _ => advice::for_new_certificate(user),
    };
    let detail = (!others.is_empty()).then(|| others.join("; "));
    let message = format!("the TLS handshake fails: {first}");
    Err(No::Refused(Box::new(Refusal { rule: Rule::Tls, message, detail, comparison: None, advice })))
}

/// What the rules let in may still fail in the handshake: the last thing that is looked at, as a refusal is one anyway.
pub(super) fn check_subject(facts: &CertificateFacts, user: &str) -> Result<(), No> {
    match &facts.subject {
        Err(SubjectProblem::MayFailHandshake(why)) => {
            let why = format!("{why}; some servers refuse such a certificate in the TLS handshake");
            Err(No::not_judged(why, &advice::for_new_certificate(user)))
        }
        _ => Ok(()),
    }
}
