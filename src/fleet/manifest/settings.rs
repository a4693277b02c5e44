//! What all certificates have: lifetime, key and subject, of an entry or by default.

use std::str::FromStr as _;

use super::Settings;
use super::fields::{Fields, Report};
use crate::dn::DistinguishedName;
use crate::duration::Lifetime;
use crate::login;
use crate::pki::key::{KeySizeError, KeySpec};
use crate::pki::name;
use crate::pki::ocsp::OcspUrl;
use crate::usage::Usage;
use crate::yaml::tree::{At, Node};

/// The longest subject, in bytes: each certificate has one.
const LONGEST_SUBJECT: usize = 1000;

type Algorithm = fn(Option<u32>) -> Result<KeySpec, KeySizeError>;

/// The values of `key-algorithm`.
pub const ALGORITHMS: [(&str, Algorithm); 2] = [("rsa", KeySpec::rsa), ("ecdsa", KeySpec::ecdsa)];

/// What an entry says itself.
#[derive(Default, Clone)]
pub struct Said<'a> {
    lifetime: Option<Lifetime>,
    algorithm: Option<Algorithm>,
    size: Option<(At, u32)>,
    subject: Option<(At, &'a str)>,
    ocsp_url: Option<OcspUrl>,
}

impl<'a> Said<'a> {
    /// Reads `lifetime`, `key-algorithm`, `key-size`, `subject` and `ocsp-url`.
    pub fn read(fields: &Fields<'a>, report: &mut Report) -> Self {
        let lifetime = fields.get("lifetime");
        let algorithm = fields.get("key-algorithm");
        let size = fields.get("key-size");
        let subject = fields.get("subject");
        let ocsp_url = fields.get("ocsp-url");
        Self {
            lifetime: lifetime.and_then(|node| report.parsed("lifetime", node, Lifetime::from_str)),
            algorithm: algorithm.and_then(|node| report.parsed("key-algorithm", node, algorithm_of)),
            size: size.and_then(|node| {
                let size = report.digits("key-size", node)?.parse();
                Some((node.at, report.ok(node.at, size.map_err(|_| "key-size: not a number of bits"))?))
            }),
            subject: subject.and_then(|node| Some((node.at, subject_text(node, report)?))),
            ocsp_url: ocsp_url.and_then(|node| report.parsed("ocsp-url", node, OcspUrl::from_str)),
        }
    }

    /// The settings of a certificate of this kind; `called` stands for `{}` in its subject.
    ///
    /// The default subject is not for tenants: theirs has to say `OU=Tenants`.
    pub fn settings(&self, defaults: &Self, usage: Usage, called: &str, report: &mut Report) -> Settings {
        let lifetime = self.lifetime.or(defaults.lifetime);
        let subject = self.subject.or(defaults.subject.filter(|_| usage != Usage::TenantClient));
        let subject = subject.and_then(|(at, template)| {
            let subject = subject_of(usage, &template.replace("{}", called));
            report.ok(at, subject.map_err(|why| format!("subject: {why}")))
        });
        let usual = || usage.kind().profile.subject_of(called);
        Settings {
            lifetime: lifetime.unwrap_or(Lifetime::LEAF),
            key: self.key(defaults, report),
            subject: subject.unwrap_or_else(usual),
            ocsp_url: self.ocsp_url.as_ref().or(defaults.ocsp_url.as_ref()).cloned(),
        }
    }

    /// A size belongs to an algorithm: an entry that names another one does not inherit it.
    fn key(&self, defaults: &Self, report: &mut Report) -> KeySpec {
        let inherited = defaults.size.filter(|_| self.algorithm.is_none());
        let algorithm = self.algorithm.or(defaults.algorithm).unwrap_or(KeySpec::rsa);
        let (at, size) = self.size.or(inherited).unzip();
        let key = algorithm(size).map_err(|error| format!("key-size: {error}"));
        // Without a size there is nothing that could be wrong with it.
        at.map_or(key.clone().ok(), |at| report.ok(at, key)).unwrap_or(KeySpec::Ed25519)
    }
}

fn subject_text<'a>(node: &'a Node, report: &mut Report) -> Option<&'a str> {
    let short = report.text("subject", node).map(|text| match text.len() {
        ..=LONGEST_SUBJECT => Ok(text),
        _ => Err(format!("subject: it has more than {LONGEST_SUBJECT} bytes")),
    });
    short.and_then(|short| report.ok(node.at, short))
}

fn algorithm_of(text: &str) -> Result<Algorithm, String> {
    let known = ALGORITHMS.iter().find(|(name, _)| *name == text);
    known.map(|(_, algorithm)| *algorithm).ok_or_else(|| format!("{text:?} is neither rsa nor ecdsa"))
}

/// A subject that a certificate of this kind can have.
fn subject_of(usage: Usage, text: &str) -> Result<DistinguishedName, String> {
    let subject: DistinguishedName = text.parse().map_err(|error| format!("{error}"))?;
    if subject.is_empty() {
        return Err("the name is empty".to_owned());
    }
    if usage == Usage::Client && login::is_tenants(&subject) {
        return Err("servers refuse it as a tenant client certificate (OU=Tenants)".to_owned());
    }
    name::encode(&subject).map_err(|error| error.to_string())?;
    Ok(subject)
}
