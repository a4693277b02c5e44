//! What was seen, compared with what should be: findings. Pure.

mod connection;

use std::fmt::Display;

use super::{Disk, Protocol, Seen, Target};
use crate::certificate::{AltName, Certificate};
use crate::error::{clipped, shell_word};
use crate::finding::checks::probe;
use crate::finding::{Check, Finding, checks};
use crate::login::chain::{self, Objection, Outcome, Presented, Rule, Side, Signatures, Which};
use crate::pki::pem;
use crate::time::utc;
use crate::verify::covers;

/// The most bytes of a text that a server has a say in.
const WIDEST: usize = 300;

/// The most names of a certificate that are listed.
const MOST_NAMES: usize = 8;

/// What a server should be like.
pub struct Expected<'a> {
    /// The server, as the operator named it.
    pub target: &'a Target,
    /// What is spoken with it.
    pub protocol: Protocol,
    /// What is on disk for it.
    pub disk: &'a Disk,
    /// The file of the client certificate that is shown.
    pub client: Option<&'a str>,
    /// Certificates that expire within so many seconds are a warning.
    pub expires_within: i64,
    /// The time, in seconds since 1970 UTC.
    pub now: i64,
}

/// What was made of a server.
#[derive(Debug, Default)]
pub struct Judged {
    /// The certificates that it serves, up to the first that cannot be read.
    pub chain: Vec<Certificate>,
    /// How the first of them compares with the file.
    pub on_disk: OnDisk,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// How the certificate that is served compares with the one on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OnDisk {
    /// There is none to compare, or it is not for this server.
    #[default]
    Unknown,
    /// They are the same; the path of the file.
    Same(String),
    /// They are not.
    Other(String),
}

/// Compares what was seen with what should be.
pub fn judge(seen: &Seen, expected: &Expected<'_>, signatures: &dyn Signatures) -> Judged {
    let mut judging = Judging { seen, expected, signatures, judged: Judged::default() };
    judging.judged.findings.clone_from(&expected.disk.findings);
    judging.connection();
    judging.client();
    judging.read_chain();
    if let Some((first, others)) = judging.judged.chain.clone().split_first() {
        judging.validity(first, others);
        judging.names(first);
        judging.reloaded(first);
        judging.trust(first, others);
    }
    judging.judged
}

struct Judging<'a> {
    seen: &'a Seen,
    expected: &'a Expected<'a>,
    signatures: &'a dyn Signatures,
    judged: Judged,
}

impl Judging<'_> {
    fn add(&mut self, check: &'static Check, what: impl Display) -> &mut Finding {
        self.judged.findings.push(check.found(self.expected.target, clipped(what, WIDEST * 4)));
        let last = self.judged.findings.len() - 1;
        &mut self.judged.findings[last]
    }

    fn advise(&mut self, check: &'static Check, what: impl Display, hint: impl Into<String>) {
        self.add(check, what).hint = Some(hint.into());
    }

    fn certs_dir(&self) -> String {
        shell_word(&self.expected.disk.dir)
    }

    /// Ours is the stricter reading: where it fails, Go's does.
    fn read_chain(&mut self) {
        for (at, der) in self.seen.chain.iter().enumerate() {
            match pem::certificate_from_der(der) {
                Ok(certificate) => self.judged.chain.push(certificate),
                Err(why) => {
                    let what = format!("certificate {} of those that are served cannot be read: {why}", at + 1);
                    self.add(&checks::CERTIFICATE_INVALID, what);
                    return;
                }
            }
        }
    }

    fn validity(&mut self, first: &Certificate, others: &[Certificate]) {
        let Expected { now, expires_within, .. } = *self.expected;
        let start = first.not_before.unwrap_or(i64::MAX);
        let soon = |end: i64| (0..expires_within).contains(&end.saturating_sub(now));
        let renew =
            format!("crdb-cert renew --certs-dir={}   # on the server, then reload it", self.certs_dir());
        match first.not_after.unwrap_or(i64::MIN) {
            end if now > end => {
                self.advise(&checks::EXPIRED, format_args!("its certificate expired on {}", utc(end)), renew);
            }
            _ if now < start => {
                let (start, now) = (utc(start), utc(now));
                let what = format!(
                    "its certificate is not valid before {start}, and it is {now} by this host's clock"
                );
                self.add(&checks::NOT_YET_VALID, what);
            }
            end if soon(end) => {
                self.advise(
                    &checks::EXPIRES_SOON,
                    format_args!("its certificate expires on {}", utc(end)),
                    renew,
                );
            }
            _ => {}
        }
        let ends = others.iter().enumerate().filter_map(|(at, other)| Some((at + 2, other.not_after?)));
        for (at, end) in ends.filter(|(_, end)| soon(*end)) {
            self.add(
                &checks::EXPIRES_SOON,
                format_args!("certificate {at} that it serves expires on {}", utc(end)),
            );
        }
    }

    fn names(&mut self, first: &Certificate) {
        let host = &self.expected.target.host;
        let name = |name| match name {
            AltName::Dns(name) => Some(name),
            AltName::Ip(ip) => Some(ip.to_string()),
            _ => None,
        };
        let names: Vec<_> = first.alt_names().filter_map(name).take(MOST_NAMES).collect();
        if names.is_empty() {
            self.add(&checks::NO_NAMES, "its certificate has no names in its subjectAltName");
        } else if !covers(first, host) {
            let dir = self.certs_dir();
            let hint = format!("crdb-cert verify --host={host} --certs-dir={dir}   # says how to add the name");
            let what = format!("its certificate does not cover {host}, but {}", names.join(", "));
            self.advise(&checks::HOST_NOT_COVERED, what, hint);
        }
    }

    /// A file that is not for this server says nothing about it.
    fn reloaded(&mut self, first: &Certificate) {
        let Some((path, own)) = &self.expected.disk.own else { return };
        if own.der() == first.der() {
            self.judged.on_disk = OnDisk::Same(path.clone());
        } else if covers(own, &self.expected.target.host) {
            self.judged.on_disk = OnDisk::Other(path.clone());
            let end = |one: &Certificate| one.not_after.map_or_else(|| "an unknown date".to_owned(), utc);
            let (served, disk) = (end(first), end(own));
            let what = format!(
                "the server has not reloaded: it serves a certificate that expires on {served}, {path} expires on {disk}"
            );
            let hint = format!("systemctl kill -s HUP cockroach   # on {}", self.expected.target.host);
            self.advise(&probe::NOT_RELOADED, what, hint);
        }
    }

    fn trust(&mut self, leaf: &Certificate, intermediates: &[Certificate]) {
        let Disk { trusted, ca_files, dir, .. } = self.expected.disk;
        let ca = ca_files.join(" and ");
        if trusted.is_empty() {
            let what = format!("there is no CA certificate in {dir} to check its certificate with");
            let hint = "name a directory that has ca.crt in it: --certs-dir=<path-to-certs-directory>";
            return self.advise(&checks::CA_MISSING, what, hint);
        }
        let presented = Presented { side: Side::Server, leaf, intermediates, trusted };
        let status = format!("crdb-cert status --certs-dir={}   # shows which CAs are there", self.certs_dir());
        match chain::judge(presented, self.expected.now, self.signatures) {
            Outcome::Trusted => {}
            Outcome::NotJudged(objection) => {
                self.add(
                    &checks::CHAIN_DOUBTFUL,
                    format_args!("some clients find no chain to {ca}: {}", why(&objection)),
                );
            }
            Outcome::Refused(objections) => {
                for objection in &objections {
                    let what = format!("its certificate has no chain to {ca}: {}", why(objection));
                    match (objection.rule, &objection.which) {
                        // These have findings of their own.
                        (Rule::Expired | Rule::NotYetValid, Which::Leaf) => {}
                        (Rule::Issuer, _) => self.no_issuer(leaf, intermediates, &ca, &status),
                        (Rule::Algorithm, _) => _ = self.add(&checks::WEAK_SIGNATURE, what),
                        _ => self.advise(&checks::NOT_TRUSTED, what, &*status),
                    }
                }
            }
        }
    }

    fn no_issuer(&mut self, leaf: &Certificate, intermediates: &[Certificate], ca: &str, hint: &str) {
        let issuer = clipped(intermediates.last().unwrap_or(leaf).issuer_text(), WIDEST);
        match self.expected.protocol {
            Protocol::Http => {
                let what = format!("its CA ({issuer}) is not in {ca}: browsers have to trust it");
                self.add(&checks::UI_OTHER_CA, what);
            }
            _ => self.advise(&checks::NOT_TRUSTED, format!("its CA ({issuer}) is not in {ca}"), hint),
        }
    }
}

/// The objection to one of the certificates that are served, which are in no file here.
fn why(objection: &Objection) -> String {
    match &objection.which {
        Which::Intermediate(place, _) => format!("certificate {} that it serves: {}", place + 1, objection.why),
        Which::Leaf => objection.why.clone(),
        Which::Trusted(..) => objection.to_string(),
    }
}

#[cfg(test)]
mod tests;
