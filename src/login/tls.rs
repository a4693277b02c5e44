//! What TLS says before any rule is looked at.

use super::chain::{Objection, Outcome, Rule as ChainRule, Which};
use super::verdict::{No, Refusal, Rule};
use super::{ServerSettings, advice};
use crate::certificate::{CLIENT_AUTH, Certificate};

/// A client, as the rules look at it.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Its certificate.
    pub certificate: &'a Certificate,
    /// What its TLS handshake comes to.
    pub handshake: &'a Outcome,
}

/// Asks the rules if the handshake succeeds. What they let in may still fail in the handshake of some servers:
/// that is looked at last, as a refusal is one anyway.
pub(super) fn around(
    client: Client<'_>,
    settings: &ServerSettings,
    user: &str,
    rules: impl FnOnce() -> Result<String, No>,
) -> Result<String, No> {
    match client.handshake {
        Outcome::Trusted => rules(),
        Outcome::Refused(objections) => Err(refused(client.certificate, settings, objections, user)),
        Outcome::NotJudged(doubt) => rules().and_then(|_| {
            let why = format!("whether the TLS handshake succeeds differs between servers: {doubt}");
            Err(No::not_judged(why, &advice::for_new_certificate(settings, user)))
        }),
    }
}

/// TLS reports one failure; the others come along as detail, so that one new certificate can mend them all.
fn refused(certificate: &Certificate, settings: &ServerSettings, objections: &[Objection], user: &str) -> No {
    let is_of = |objection: &Objection, rules: &[ChainRule]| {
        objection.which == Which::Leaf && rules.contains(&objection.rule)
    };
    let of = |rules: &'static [ChainRule]| objections.iter().filter(move |objection| is_of(objection, rules));
    let unreadable = of(&[ChainRule::Parse]);
    // The server looks at the times of the certificate before it looks for a chain.
    let times = of(&[ChainRule::NotYetValid, ChainRule::Expired]);
    let own = [ChainRule::Parse, ChainRule::NotYetValid, ChainRule::Expired, ChainRule::ExtendedKeyUsage];
    let chain = objections.iter().filter(|objection| !is_of(objection, &own));
    let no_client_auth = "the certificate does not allow client authentication (extended key usage clientAuth)";
    let ca_is =
        |rule| chain.clone().any(|found| found.rule == rule && matches!(found.which, Which::Trusted(..)));
    let advice = if unreadable.clone().next().is_some() {
        advice::for_new_certificate(settings, user)
    } else if ca_is(ChainRule::NotYetValid) {
        advice::CHECK_CLOCK.into()
    } else if ca_is(ChainRule::Expired) {
        advice::for_expired_ca(settings, user, of(&[ChainRule::Expired]).next().is_some())
    } else if chain.clone().next().is_some() {
        advice::for_broken_chain(settings, user)
    } else if of(&[ChainRule::NotYetValid]).next().is_some() {
        advice::CHECK_CLOCK.into()
    } else {
        advice::for_new_certificate(settings, user)
    };
    let problems: Vec<String> = unreadable
        .map(|objection| format!("the server cannot parse the certificate: {}", objection.why))
        .chain(times.map(|objection| format!("the certificate {}", objection.why)))
        .chain(
            chain.map(|objection| format!("the certificate does not chain to the CA for clients: {objection}")),
        )
        .chain((!certificate.allows(CLIENT_AUTH)).then(|| no_client_auth.to_owned()))
        .collect();
    let (first, others) = problems.split_first().map_or(("", &[][..]), |(first, others)| (first, others));
    No::Refused(Box::new(Refusal {
        rule: Rule::Tls,
        message: format!("the TLS handshake fails: {first}"),
        detail: (!others.is_empty()).then(|| others.join("; ")),
        comparison: None,
        advice,
    }))
}
