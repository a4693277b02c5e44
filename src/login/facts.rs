//! A certificate as the rules look at it.

use super::chain::{Outcome, Rule, Which};
use super::{CertificateFacts, TlsFacts};
use crate::certificate::{CLIENT_AUTH, Certificate};

impl CertificateFacts {
    /// What `certificate` says, and what its handshake comes to. A doubt about that is the caller's matter.
    pub fn of(certificate: &Certificate, handshake: &Outcome) -> Self {
        let mut tls = TlsFacts {
            unreadable: None,
            chain: Ok(()),
            client_auth: certificate.allows(CLIENT_AUTH),
            not_before: certificate.not_before.unwrap_or(i64::MAX),
            not_after: certificate.not_after.unwrap_or(i64::MIN),
        };
        let objections: &[_] = if let Outcome::Refused(objections) = handshake { objections } else { &[] };
        for objection in objections {
            match (&objection.which, objection.rule) {
                (Which::Leaf, Rule::Parse) => tls.unreadable = Some(objection.why.clone()),
                // The rules see these for themselves.
                (Which::Leaf, Rule::Validity | Rule::ExtendedKeyUsage) => {}
                _ => tls.chain = Err(objection.to_string()),
            }
        }
        Self {
            tls,
            subject: certificate.subject.clone().map(|subject| subject.name).map_err(|error| error.to_string()),
            organizational_units: certificate.organizational_units().to_vec(),
            common_name: certificate.common_name().to_owned(),
            dns_names: certificate.dns_names().collect(),
            uris: certificate.uris().collect(),
        }
    }
}
