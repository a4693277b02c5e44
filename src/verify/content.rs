//! What a certificate says of itself (REFERENCE.md section 1).

use super::Context;
use super::advice::Advice;
use crate::certificate::{
    AltName, CLIENT_AUTH, Certificate, KEY_CERT_SIGN, KeyKind, SERVER_AUTH, algorithm, curve,
};
use crate::certs_dir::inspect::Inspection;
use crate::certs_dir::layout::CertificateName;
use crate::finding::{Check, Finding, checks};
use crate::host::Host;
use crate::login::chain::Outcome;
use crate::login::{self, Client, NODE_USER, ROOT_USER, ServerSettings, Tenant, Verdict};
use crate::time::utc;
use crate::usage::Usage;

/// digitalSignature in [`Certificate::key_usage`].
const DIGITAL_SIGNATURE: u16 = 1;

/// Smaller RSA keys are weak, in bits (NIST SP 800-131A).
const RSA_MIN: usize = 2048;

/// What is wrong.
pub fn findings(inspection: &Inspection<'_>, context: &Context<'_>, advice: &Advice<'_>) -> Vec<Finding> {
    let Some(first) = inspection.certificates.first() else { return Vec::new() };
    let (usage, file) = (inspection.name.usage, inspection.name.certificate_file());
    let mut found = Found { inspection, file: &file, findings: Vec::new() };
    found.validity(first, context);
    found.weak_key(first);
    found.between(&inspection.certificates[1..], context);
    if usage.is_ca() {
        found.ca(&inspection.certificates, context);
    } else {
        found.usages(first, context);
        found.names(first, context, advice);
        found.subject(first, context);
        found.key_kind(first);
    }
    found.findings
}

struct Found<'a> {
    inspection: &'a Inspection<'a>,
    file: &'a str,
    findings: Vec<Finding>,
}

impl Found<'_> {
    fn add(&mut self, check: &'static Check, what: impl std::fmt::Display) {
        self.findings.push(self.inspection.found(check, self.file, what));
    }

    fn validity(&mut self, certificate: &Certificate, context: &Context<'_>) {
        let now = context.expected.now;
        let (start, end) = (certificate.not_before, certificate.not_after);
        let (start, end) = (start.unwrap_or(i64::MAX), end.unwrap_or(i64::MIN));
        if now > end {
            self.add(&checks::EXPIRED, format_args!("expired on {}", utc(end)));
        } else if now < start {
            let what =
                format!("is not valid before {}, and it is {} by this host's clock", utc(start), utc(now));
            self.add(&checks::NOT_YET_VALID, what);
        } else if end.saturating_sub(now) < context.expected.expires_within {
            self.add(&checks::EXPIRES_SOON, format_args!("expires on {}", utc(end)));
        }
    }

    /// A chain lasts as long as each of its certificates. What has expired already is no chain.
    fn between(&mut self, others: &[Certificate], context: &Context<'_>) {
        let now = context.expected.now;
        let soon = |end: &i64| (0..context.expected.expires_within).contains(&end.saturating_sub(now));
        let ends = others.iter().enumerate().filter_map(|(at, other)| Some((at + 2, other.not_after?)));
        let of_ca = self.inspection.name.usage.is_ca();
        for (at, end) in ends.filter(|(_, end)| !of_ca && soon(end)) {
            self.add(
                &checks::EXPIRES_SOON,
                format_args!("certificate {at} of the file expires on {}", utc(end)),
            );
        }
    }

    fn weak_key(&mut self, certificate: &Certificate) {
        let Some(key) = certificate.public_key() else { return };
        match (key.rsa_bits(), key.kind) {
            (Some(bits), _) if bits < RSA_MIN => {
                self.add(&checks::WEAK_KEY, format_args!("its RSA key has {bits} bits, less than {RSA_MIN}"));
            }
            (_, KeyKind::Ec(curve::P224)) => {
                self.add(&checks::WEAK_KEY, "its key is on the curve P-224, which TLS 1.3 does not know");
            }
            _ => {}
        }
    }

    /// The first certificate is the one in use, and should be the newest; all have to be CAs.
    fn ca(&mut self, all: &[Certificate], context: &Context<'_>) {
        for (at, certificate) in all.iter().enumerate() {
            let is_ca = certificate.basic_constraints().is_some_and(|constraints| constraints.ca);
            let may_sign = certificate.key_usage().is_none_or(|usage| usage == 0 || usage & KEY_CERT_SIGN != 0);
            // Certificates of X.509 version 1 have no extensions.
            if !is_ca && certificate.version == 2 {
                let what = format!("certificate {} is no CA, by its basicConstraints", at + 1);
                self.add(&checks::CA_NOT_A_CA, what);
            } else if !may_sign {
                let what = format!("certificate {} may not sign certificates, by its keyUsage", at + 1);
                self.add(&checks::CA_NOT_A_CA, what);
            }
            let end = certificate.not_after.unwrap_or(i64::MIN);
            if at > 0 && context.expected.now > end {
                let what = format!("certificate {} expired on {}", at + 1, utc(end));
                self.add(&checks::CA_EXPIRED_OLD, what);
            }
        }
        let newest = all.iter().enumerate().rev().max_by_key(|(_, certificate)| certificate.not_before);
        if let Some((at, _)) = newest.filter(|(_, newest)| newest.not_before > all[0].not_before) {
            let what = format!("certificate {} is newer than the first one, which is the one in use", at + 1);
            self.add(&checks::CA_ORDER, what);
        }
    }

    fn usages(&mut self, certificate: &Certificate, context: &Context<'_>) {
        let server = (SERVER_AUTH, "serverAuth");
        let client = (CLIENT_AUTH, "clientAuth");
        let node_client = CertificateName::client_of_nodes().certificate_file();
        let needed: &[_] = match self.inspection.name.usage {
            // Another certificate takes the second part.
            Usage::Node if context.reading.has(&node_client) => &[server],
            Usage::Node | Usage::TenantClient => &[server, client],
            Usage::Ui => &[server],
            Usage::Client => &[client],
            _ => &[],
        };
        for (purpose, name) in needed {
            if !certificate.allows(purpose) {
                self.add(&checks::KEY_USAGE, format_args!("its extended key usage lacks {name}"));
            }
        }
        if certificate.key_usage().is_some_and(|usage| usage & DIGITAL_SIGNATURE == 0) {
            self.add(&checks::KEY_USAGE, "its key usage lacks digitalSignature");
        }
    }

    fn names(&mut self, certificate: &Certificate, context: &Context<'_>, advice: &Advice<'_>) {
        let CertificateName { usage, name } = self.inspection.name;
        let is_server = matches!(usage, Usage::Node | Usage::Ui | Usage::TenantClient);
        if is_server && !certificate.alt_names().any(|name| matches!(name, AltName::Dns(_) | AltName::Ip(_))) {
            self.add(&checks::NO_NAMES, "it has no names in its subjectAltName");
        } else if *usage == Usage::Node {
            let missing: Vec<_> =
                context.expected.hosts.iter().filter(|host| !covers(certificate, host)).collect();
            let names: Vec<_> = missing.iter().map(|host| host.to_string()).collect();
            if !names.is_empty() {
                let what = format!("it does not cover {}", names.join(", "));
                self.add(&checks::HOST_NOT_COVERED, what);
                if let Some(finding) = self.findings.last_mut() {
                    finding.hint = Some(advice.again_with(&names));
                }
            }
        }
        let logs_in = matches!(usage, Usage::Client | Usage::Node) && certificate.allows(CLIENT_AUTH);
        let is_roots = *usage == Usage::Client && name.as_deref() == Some(ROOT_USER);
        let settings = &context.expected.settings;
        let lets_in = || match settings.root_subject {
            Some(_) => matches!(as_root(certificate, settings), Verdict::Allowed { .. }),
            None => login::users_named(certificate, settings).contains(ROOT_USER),
        };
        if logs_in && !is_roots && lets_in() {
            self.add(&checks::ROOT_IN_NAMES, "it lets its holder log in as root, by its subject or a name");
        }
    }

    /// Where a flag sets the subject of root or the nodes, names do not matter (REFERENCE.md section 6).
    fn subject(&mut self, certificate: &Certificate, context: &Context<'_>) {
        let (name, settings) = (self.inspection.name, &context.expected.settings);
        let node_client = CertificateName::client_of_nodes();
        let is_spared = name.usage == Usage::Node && context.reading.has(&node_client.certificate_file());
        if !goes_by_subject(name, settings) || is_spared {
            return;
        }
        let client = Client { certificate, handshake: &Outcome::Trusted };
        let verdict = match (name.usage, name.name.as_deref()) {
            (Usage::Client, Some(ROOT_USER)) => as_root(certificate, settings),
            _ => login::judge_rpc(client, settings, &Tenant::default()),
        };
        let check = if name.usage == Usage::Node { &checks::NODE_PRINCIPAL } else { &checks::CLIENT_PRINCIPAL };
        match verdict {
            Verdict::Allowed { .. } => {}
            Verdict::Refused(refusal) => self.add(check, refusal.message),
            Verdict::NotJudged(doubt) => self.add(check, doubt.why),
        }
    }

    /// The server signs tokens with Ed25519 only.
    fn key_kind(&mut self, certificate: &Certificate) {
        let is_ed25519 = certificate.public_key().is_some_and(|key| key.algorithm == algorithm::ED25519);
        if self.inspection.name.usage == Usage::TenantSigning && !is_ed25519 {
            self.add(&checks::KEY_KIND, "its key is not an Ed25519 key");
        }
    }
}

/// Does the server go by the subject of this certificate, as a flag says, and not by its names?
pub fn goes_by_subject(name: &CertificateName, settings: &ServerSettings) -> bool {
    let of_root = settings.root_subject.is_some();
    match (name.usage, name.name.as_deref()) {
        (Usage::Client, Some(ROOT_USER)) => of_root,
        (Usage::Client, Some(NODE_USER)) | (Usage::Node, _) => of_root || settings.node_subject.is_some(),
        _ => false,
    }
}

fn as_root(certificate: &Certificate, settings: &ServerSettings) -> Verdict {
    let client = Client { certificate, handshake: &Outcome::Trusted };
    login::judge(client, settings, ROOT_USER, &Tenant::default())
}

/// Is the certificate for this name or address, as clients see it (RFC 9525 section 6)?
pub fn covers(certificate: &Certificate, host: &Host) -> bool {
    certificate.alt_names().any(|name| match (&name, host) {
        (AltName::Dns(pattern), Host::Dns(host)) => matches(pattern, host),
        (AltName::Ip(ip), Host::Ip(host)) => ip.to_canonical() == *host,
        _ => false,
    })
}

/// A wildcard stands for one label.
fn matches(pattern: &str, host: &str) -> bool {
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    pattern.eq_ignore_ascii_case(host)
        || pattern
            .strip_prefix("*.")
            .zip(host.split_once('.'))
            .is_some_and(|(base, (label, rest))| label != "*" && base.eq_ignore_ascii_case(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_one_label() {
        for (pattern, host, expected) in [
            ("a.example.com", "a.example.com", true),
            ("A.Example.com.", "a.example.com", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", "*.example.com", true),
            ("*.com", "*.example.com", false),
            ("a.example.com", "b.example.com", false),
            ("*", "localhost", false),
        ] {
            assert_eq!(matches(pattern, host), expected, "{pattern} {host}");
        }
    }
}
