//! Is what a CA answered the certificate that was asked for, and will servers take it? Pure: OpenSSL comes in
//! as [`Signatures`].

use thiserror::Error;

use crate::certificate::{AltName, Certificate};
use crate::incoming::{self, Difference, Sorted};
use crate::login::chain::{self, Outcome, Presented, Rule, Side, Signatures, Which};
use crate::pki::profile::ExtendedKeyUsage;
use crate::pki::request::{SigningRequest, key_usages};

/// The most certificates that are looked at: chains are short.
pub const MOST: usize = 50;
/// The most reasons why there is no chain.
const REASONS: usize = 3;

/// What a CA answered, and what it is measured by.
pub struct Answer<'a> {
    /// In any order.
    pub certificates: Vec<Certificate>,
    /// The CA certificates of the directory; the first is the one in use.
    pub trusted: &'a [Certificate],
    /// Where such a certificate is presented.
    pub sides: &'a [Side],
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
}

/// What is wrong with the answer.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Wrong {
    /// It is not what was asked for.
    #[error("{0}")]
    Other(#[from] Difference),
    /// It is no chain.
    #[error("there are {0} certificates in it")]
    TooMany(usize),
    /// keyUsage lacks something.
    #[error("asked the key usage {asked}, got {got}")]
    KeyUsage {
        /// What was asked for.
        asked: String,
        /// What came.
        got: String,
    },
    /// More powers than asked.
    #[error("got the extended key usage {0}, which nobody asked for")]
    MorePurposes(String),
    /// Without extendedKeyUsage it is for everything.
    #[error("asked the extended key usage {0}, got none, which allows everything")]
    AnyPurpose(String),
    /// Servers or clients will refuse it.
    #[error("no chain to a CA certificate of this directory: {0}")]
    Chain(String),
    /// It depends on their version.
    #[error("not all servers and clients would take its chain: {0}")]
    Doubt(String),
    /// An older CA signed it.
    #[error("an older CA signed it, not the first one in the CA file, which is in use")]
    OlderCa,
}

impl Answer<'_> {
    /// The certificate for the key of the request, and the CAs that lead to one that is trusted.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check(self, asked: &SigningRequest, signatures: &dyn Signatures) -> Result<Sorted, Vec<Wrong>> {
        let Self { certificates, trusted, sides, now } = self;
        if certificates.len() > MOST {
            return Err(vec![Wrong::TooMany(certificates.len())]);
        }
        let mut sorted =
            incoming::sort(certificates, &asked.key_info, signatures).map_err(|why| vec![why.into()])?;
        sorted.intermediates.retain(|ca| !trusted.contains(ca));
        let leaf = &sorted.leaf;
        let purposes = purposes(asked);
        let names: &[AltName] = &asked.asked.alt_names;
        let wanted = incoming::Asked { subject: &asked.subject_name, alt_names: names, purposes: &purposes };
        let differences = incoming::compare(leaf, &wanted).into_iter().chain(incoming::flaws(leaf, signatures));
        let mut wrong: Vec<Wrong> = differences.map(Wrong::Other).collect();
        wrong.extend(usages(leaf, asked, &purposes));
        let used = sides.iter().filter(|side| purposes.contains(&purpose(**side)));
        for side in used {
            let intermediates = &sorted.intermediates;
            let presented = Presented { side: *side, leaf, intermediates, trusted };
            for found in chain(chain::judge(presented, now, signatures)) {
                if !wrong.contains(&found) {
                    wrong.push(found);
                }
            }
        }
        let in_use = trusted.first();
        if wrong.is_empty()
            && !in_use.is_some_and(|ca| chain::leads_to(leaf, &sorted.intermediates, ca, signatures))
        {
            wrong.push(Wrong::OlderCa);
        }
        if wrong.is_empty() { Ok(sorted) } else { Err(wrong) }
    }
}

fn purpose(side: Side) -> ExtendedKeyUsage {
    match side {
        Side::Client => ExtendedKeyUsage::ClientAuth,
        Side::Server => ExtendedKeyUsage::ServerAuth,
    }
}

fn purposes(asked: &SigningRequest) -> Vec<ExtendedKeyUsage> {
    let all = [ExtendedKeyUsage::ServerAuth, ExtendedKeyUsage::ClientAuth];
    let is_asked = |purpose: &ExtendedKeyUsage| asked.asked.purposes.iter().any(|name| name == purpose.name());
    all.into_iter().filter(is_asked).collect()
}

/// More than was asked for is a power that nobody meant to give: a server's certificate that logs in as a user.
fn usages(leaf: &Certificate, asked: &SigningRequest, purposes: &[ExtendedKeyUsage]) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let got = leaf.key_usage().map_or_else(Vec::new, key_usages);
    if !asked.asked.key_usage.iter().all(|usage| got.contains(usage)) {
        let text = |usages: &[&str]| if usages.is_empty() { "none".to_owned() } else { usages.join(", ") };
        wrong.push(Wrong::KeyUsage { asked: text(&asked.asked.key_usage), got: text(&got) });
    }
    let more = incoming::more_purposes(leaf, purposes);
    if !more.is_empty() {
        wrong.push(Wrong::MorePurposes(more.join(", ")));
    }
    if leaf.extended_key_usage().is_none_or(|mut all| all.next().is_none()) && !purposes.is_empty() {
        wrong.push(Wrong::AnyPurpose(asked.asked.purposes.join(", ")));
    }
    wrong
}

/// What speaks against the chain, apart from what the comparison says better.
fn chain(outcome: Outcome) -> Vec<Wrong> {
    match outcome {
        Outcome::Trusted => Vec::new(),
        Outcome::NotJudged(doubt) => vec![Wrong::Doubt(doubt.to_string())],
        Outcome::Refused(objections) => objections
            .into_iter()
            .filter(|objection| (objection.rule, &objection.which) != (Rule::ExtendedKeyUsage, &Which::Leaf))
            .map(|objection| Wrong::Chain(objection.to_string()))
            .take(REASONS)
            .collect(),
    }
}
