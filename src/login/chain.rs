//! Which chain of certificates the server takes, as Go's crypto/x509 and crypto/tls see it (REFERENCE.md
//! section 6).
//!
//! Pure: OpenSSL comes in as [`Signatures`]. Servers are built with Go 1.22 to 1.27, which differ in places.
//! What one of them refuses and another allows is a [`Doubt`](Outcome::NotJudged), never a yes.

mod constraints;
mod keys;
mod names;
mod objection;
mod parse;
#[cfg(test)]
pub(crate) mod tests;
mod uri;

use crate::certificate::{CLIENT_AUTH, Certificate, KEY_CERT_SIGN, SERVER_AUTH, extension};
use crate::time::utc;

use objection::Finding;
pub use objection::{Objection, Rule, Which};

/// Go gives up after so many signatures (`maxChainSignatureChecks`).
const MOST_SIGNATURES: usize = 100;

/// Who checks signatures.
pub trait Signatures {
    /// Is `child` signed with the key of `issuer`? `None` if that cannot be told.
    fn verify(&self, child: &Certificate, issuer: &Certificate) -> Option<bool>;
}

/// Which side of a connection presents the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A client, to a server.
    Client,
    /// A server, to its clients.
    Server,
}

impl Side {
    /// The purpose that every certificate of the chain has to allow, and what it is called.
    fn purpose(self) -> (&'static str, &'static str) {
        match self {
            Self::Client => (CLIENT_AUTH, "client authentication (clientAuth)"),
            Self::Server => (SERVER_AUTH, "server authentication (serverAuth)"),
        }
    }
}

/// What one side sends, and what the other trusts.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The side that sends.
    pub side: Side,
    /// Its own certificate.
    pub leaf: &'a Certificate,
    /// What it sends along.
    pub intermediates: &'a [Certificate],
    /// For clients, the client CAs and the tenant client CAs. Any of them ends a chain, self-signed or not.
    pub trusted: &'a [Certificate],
}

/// What the other side will make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a chain, whatever Go the server is built with.
    Trusted,
    /// There is none: why not, what decides first.
    Refused(Vec<Objection>),
    /// That depends on the Go that the server is built with, or on the client.
    NotJudged(Objection),
}

/// Says whether the other side completes the handshake at the time `at` (seconds since 1970 UTC).
pub fn judge(presented: Presented<'_>, at: i64, signatures: &dyn Signatures) -> Outcome {
    let mut search =
        Search { presented, at, signatures, checks: 0, chain: Vec::new(), hint: None, doubts: Vec::new() };
    match search.run() {
        Err(objections) => Outcome::Refused(objections),
        Ok(Some(doubt)) => Outcome::NotJudged(doubt),
        Ok(None) => Outcome::Trusted,
    }
}

/// The most certificates behind a leaf that are looked at to find who signed it.
const MOST_OTHERS: usize = 8;

/// Did `ca` sign the certificate, or one of the others that lead to it? Nothing else is asked.
pub fn leads_to(
    leaf: &Certificate,
    others: &[Certificate],
    ca: &Certificate,
    signatures: &dyn Signatures,
) -> bool {
    let issued = |issuer: &Certificate, child: &Certificate| {
        issuer.subject_name() == child.issuer_name() && signatures.verify(child, issuer) == Some(true)
    };
    let (mut reached, mut next) = (vec![leaf], 0);
    while let Some(child) = reached.get(next).copied() {
        if issued(ca, child) {
            return true;
        }
        let others = others.iter().take(MOST_OTHERS);
        let issuers: Vec<_> = others.filter(|other| !reached.contains(other) && issued(other, child)).collect();
        reached.extend(issuers);
        next += 1;
    }
    false
}

/// Where a certificate of the chain is from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Leaf,
    Intermediate(usize),
    Trusted(usize),
}

/// The search for a chain.
struct Search<'a> {
    presented: Presented<'a>,
    at: i64,
    signatures: &'a dyn Signatures,
    checks: usize,
    chain: Vec<Place>,
    /// The first reason why a candidate did not do.
    hint: Option<Objection>,
    /// What is doubtful about the chain so far.
    doubts: Vec<Objection>,
}

impl<'a> Search<'a> {
    /// The doubt about the best chain, if there is one. All that is sent and all that is trusted has to be
    /// sound by itself.
    fn run(&mut self) -> Result<Option<Objection>, Vec<Objection>> {
        let Presented { side, leaf, intermediates, trusted } = self.presented;
        let sent = std::iter::once(Place::Leaf).chain((0..intermediates.len()).map(Place::Intermediate));
        let mut doubts = Vec::new();
        for place in sent.chain((0..trusted.len()).map(Place::Trusted)) {
            let mut findings = parse::findings(self.at_place(place));
            if !matches!(place, Place::Trusted(_)) {
                findings.extend(keys::too_large(self.at_place(place)));
            }
            self.take(place, findings)
                .map(|found| doubts.extend(found))
                .map_err(|objection| vec![objection])?;
        }
        // What else is wrong is worth knowing, too: one new certificate can mend it all.
        let key = if side == Side::Client { keys::of_client(leaf) } else { Vec::new() };
        let (refusals, found) = self.sort(Place::Leaf, self.own_validity(leaf).into_iter().chain(key));
        doubts.extend(found);
        self.chain.push(Place::Leaf);
        let chain = if trusted.iter().any(|root| root.der() == leaf.der()) {
            self.finished()
        } else {
            self.extend(leaf)
        };
        let over = (self.checks > MOST_SIGNATURES).then(|| {
            self.objection(Place::Leaf, Rule::Limit, "more than 100 signatures would have to be checked")
        });
        match (chain, refusals.is_empty()) {
            (Some(about_chain), true) => Ok(doubts.into_iter().chain(about_chain).chain(over).next()),
            // Go tries candidates in another order, and may find one in time.
            (None, true) if over.is_some() => Ok(over),
            (None, _) => Err(refusals.into_iter().chain([self.no_chain()]).collect()),
            (Some(_), false) => Err(refusals),
        }
    }

    fn at_place(&self, place: Place) -> &'a Certificate {
        match place {
            Place::Leaf => self.presented.leaf,
            Place::Intermediate(index) => &self.presented.intermediates[index],
            Place::Trusted(index) => &self.presented.trusted[index],
        }
    }

    fn objection(&self, place: Place, rule: Rule, why: impl Into<String>) -> Objection {
        let subject = self.at_place(place).subject_text();
        let which = match place {
            Place::Leaf => Which::Leaf,
            Place::Intermediate(index) => Which::Intermediate(index + 1, subject),
            Place::Trusted(index) => Which::Trusted(index + 1, subject),
        };
        Objection { which, rule, why: why.into() }
    }

    /// The doubts among findings.
    ///
    /// # Errors
    /// The first refusal.
    fn take(&self, place: Place, findings: Vec<Finding>) -> Result<Vec<Objection>, Objection> {
        let (refusals, doubts) = self.sort(place, findings);
        refusals.into_iter().next().map_or(Ok(doubts), Err)
    }

    /// Refusals and doubts.
    fn sort(
        &self,
        place: Place,
        findings: impl IntoIterator<Item = Finding>,
    ) -> (Vec<Objection>, Vec<Objection>) {
        let (mut refusals, mut doubts) = (Vec::new(), Vec::new());
        for Finding { rule, why, doubt } in findings {
            let objection = self.objection(place, rule, why);
            if doubt { doubts.push(objection) } else { refusals.push(objection) }
        }
        (refusals, doubts)
    }

    /// Goes on from `child`, the last certificate of the chain. `None` if no chain leads on; otherwise the
    /// doubt about the best.
    fn extend(&mut self, child: &'a Certificate) -> Option<Option<Objection>> {
        let Presented { intermediates, trusted, .. } = self.presented;
        let places =
            (0..trusted.len()).map(Place::Trusted).chain((0..intermediates.len()).map(Place::Intermediate));
        let mut best = None;
        for place in places {
            let candidate = self.at_place(place);
            if candidate.subject_name() != child.issuer_name()
                || !keys::is_usable(candidate)
                || self.is_in_chain(candidate)
            {
                continue;
            }
            self.checks += 1;
            if self.checks > MOST_SIGNATURES {
                break;
            }
            let found = match self.take(place, self.candidate(child, candidate, place)) {
                Ok(doubts) => self.with(place, doubts),
                Err(objection) => {
                    self.hint.get_or_insert(objection);
                    continue;
                }
            };
            match found {
                Some(None) => return found,
                Some(doubt) => best = best.or(Some(doubt)),
                None => {}
            }
        }
        best
    }

    /// Goes on with one more certificate.
    fn with(&mut self, place: Place, doubts: Vec<Objection>) -> Option<Option<Objection>> {
        let before = self.doubts.len();
        self.doubts.extend(doubts);
        self.chain.push(place);
        let found = match place {
            Place::Trusted(_) => self.finished(),
            _ => self.extend(self.at_place(place)),
        };
        self.chain.pop();
        self.doubts.truncate(before);
        found
    }

    /// The chain ends with a trusted certificate: may it be used for this? Every certificate of it has to say
    /// so.
    fn finished(&mut self) -> Option<Option<Objection>> {
        let (purpose, called) = self.presented.side.purpose();
        let refusing = self.chain.iter().rev().find(|place| !self.at_place(**place).allows(purpose));
        if let Some(place) = refusing {
            let why = format!("its extended key usage does not allow {called}");
            let objection = self.objection(*place, Rule::ExtendedKeyUsage, why);
            self.hint.get_or_insert(objection);
            return None;
        }
        Some(self.doubts.first().cloned())
    }

    /// Cross-signed CAs must not lead in circles: the same name, key and alternative names count as the same.
    fn is_in_chain(&self, candidate: &Certificate) -> bool {
        let names = |certificate: &'a Certificate| certificate.extension(extension::SUBJECT_ALT_NAME);
        self.chain.iter().map(|place| self.at_place(*place)).any(|certificate| {
            certificate.subject_name() == candidate.subject_name()
                && certificate.public_key_info() == candidate.public_key_info()
                && names(certificate) == candidate.extension(extension::SUBJECT_ALT_NAME)
        })
    }

    /// What is wrong with this candidate as the issuer of `child`.
    fn candidate(&self, child: &Certificate, candidate: &Certificate, place: Place) -> Vec<Finding> {
        let constraints = candidate.basic_constraints();
        let ca = constraints.is_some_and(|constraints| constraints.ca);
        let mut findings = Vec::new();
        let mut refuse = |rule, why: &str| findings.push(Finding::refusal(rule, why));
        let may_be_old = candidate.version != 2 && matches!(place, Place::Trusted(_));
        let old_root = may_be_old && constraints.is_none();
        if !ca && !old_root {
            refuse(Rule::NotACa, "its basicConstraints do not make it a CA");
        }
        if candidate.key_usage().is_some_and(|usage| usage != 0 && usage & KEY_CERT_SIGN == 0) {
            refuse(Rule::NotACa, "its key usage does not allow to sign certificates (keyCertSign)");
        }
        let below = (self.chain.len() - 1) as u64;
        if constraints.and_then(|constraints| constraints.path_length).is_some_and(|most| below > most) {
            refuse(Rule::PathLength, "more CAs are below it than its basicConstraints allow");
        }
        findings.extend(keys::signature(child, candidate));
        if findings.iter().all(|finding| finding.doubt) {
            match self.signatures.verify(child, candidate) {
                Some(true) => {}
                Some(false) => findings.push(Finding::refusal(
                    Rule::Signature,
                    "has the issuer's name but did not sign this certificate (different key, or altered certificate)",
                )),
                None => findings.push(Finding::doubt(Rule::Signature, "the signature cannot be checked here")),
            }
        }
        findings.extend(self.own_validity(candidate));
        if let Some(value) = candidate.extension(extension::NAME_CONSTRAINTS) {
            let below = self.chain.iter().map(|place| self.at_place(*place));
            findings.extend(constraints::findings(value, below));
        }
        findings
    }

    /// What is wrong with a certificate of a chain, wherever it stands.
    fn own_validity(&self, certificate: &Certificate) -> Vec<Finding> {
        let mut findings = parse::unhandled(certificate);
        let (start, end) =
            (certificate.not_before.unwrap_or(i64::MAX), certificate.not_after.unwrap_or(i64::MIN));
        if self.at < start {
            findings.push(Finding::refusal(Rule::NotYetValid, format!("is not valid before {}", utc(start))));
        } else if self.at > end {
            findings.push(Finding::refusal(Rule::Expired, format!("expired on {}", utc(end))));
        }
        findings
    }

    fn no_chain(&mut self) -> Objection {
        if let Some(hint) = self.hint.take() {
            return hint;
        }
        let leaf = self.presented.leaf;
        let shown = |identifier: Option<_>| identifier.map_or_else(|| "none".to_owned(), |id| format!("{id}"));
        let wanted = shown(leaf.authority_key_identifier());
        let there: Vec<_> =
            self.presented.trusted.iter().map(|root| shown(root.subject_key_identifier())).collect();
        let why = format!(
            "unable to get issuer certificate: no certificate that is sent along or trusted has the name of its issuer \
             and leads to a trusted one; it names a CA with the key identifier {wanted}, and the trusted ones have {}",
            there.join(", ")
        );
        self.objection(Place::Leaf, Rule::Issuer, why)
    }
}
