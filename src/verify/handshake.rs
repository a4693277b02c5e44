//! A TLS handshake with each certificate, in process: OpenSSL's own verdict.

use super::Expected;
use super::trust::Trust;
use crate::certificate::{AltName, Certificate};
use crate::certs_dir::Reading;
use crate::certs_dir::inspect::Inspection;
use crate::certs_dir::layout::CertificateName;
use crate::finding::{Finding, checks};
use crate::host::Host;
use crate::pki::CryptoError;
use crate::pki::tls::{Identity, Verifier};
use crate::usage::Usage;

/// The largest RSA key that handshakes are tried with, in bits (REFERENCE.md section 6).
const LARGEST_RSA: usize = 8192;

/// The other sides of the handshakes. Each is missing where the directory lacks what it needs: there are
/// findings about that.
pub struct Peers<'a> {
    expected: &'a Expected,
    /// The node, as its clients meet it.
    node: Option<Verifier>,
    /// A client that trusts the CA of nodes.
    client: Option<Verifier>,
    /// A browser that trusts the CA of the DB Console.
    browser: Option<Verifier>,
    /// Do nodes show `client.node.crt` to each other?
    has_node_client: bool,
}

/// One way in which a certificate is used.
struct Trial<'a> {
    peer: &'a Verifier,
    host: Option<Host>,
    side: &'static str,
}

impl<'a> Peers<'a> {
    /// Reads the node's certificate and key, and makes what all handshakes share.
    ///
    /// # Errors
    /// If OpenSSL has no TLS.
    pub fn read(reading: &Reading<'_>, trust: &Trust, expected: &'a Expected) -> Result<Self, CryptoError> {
        let name = CertificateName::of(Usage::Node);
        let Inspection { certificates, key, .. } = Inspection::of(reading, &expected.judge, &name, 0);
        let clients = trust.for_clients();
        // Go refuses larger keys, and they take long.
        let is_small = |first: &Certificate| {
            first.public_key().and_then(|key| key.rsa_bits()).is_none_or(|bits| bits <= LARGEST_RSA)
        };
        let is_usable = !clients.is_empty() && certificates.first().is_some_and(is_small);
        let node = key.filter(|_| is_usable).map(|key| Identity::new(&certificates, &key));
        let client_of = |usage| {
            let trusted = trust.signer_of(usage).map(|(_, trusted)| trusted);
            trusted.map(|trusted| Verifier::client(trusted, expected.now)).transpose()
        };
        Ok(Self {
            expected,
            node: node.transpose()?.map(|node| Verifier::server(node, &clients, expected.now)).transpose()?,
            client: client_of(Usage::Node)?,
            browser: client_of(Usage::Ui)?,
            has_node_client: reading.has(&CertificateName::client_of_nodes().certificate_file()),
        })
    }

    /// Shakes hands with this certificate, in each of its parts and each version of TLS. There is nothing to
    /// try with CAs, nor with one whose key cannot be used.
    pub fn try_with(&self, inspection: &Inspection<'_>) -> Option<Finding> {
        let (certificates, name) = (&inspection.certificates, inspection.name);
        let (first, key) = (certificates.first()?, inspection.key.as_ref()?);
        let trials = self.trials(name.usage, first);
        if trials.is_empty() {
            return None;
        }
        let failure = match Identity::new(certificates, key) {
            Ok(identity) => trials.iter().find_map(|trial| trial.failure(&identity))?,
            Err(why) => why.to_string(),
        };
        Some(inspection.found(&checks::HANDSHAKE, &name.certificate_file(), failure))
    }

    /// What is to be tried.
    fn trials(&self, usage: Usage, certificate: &Certificate) -> Vec<Trial<'_>> {
        let as_client =
            || self.node.iter().map(|peer| Trial { peer, host: None, side: "a client of node.crt" });
        let nodes = || servers(self.client.as_ref(), certificate, &self.expected.hosts);
        match usage {
            Usage::Client | Usage::TenantClient => as_client().collect(),
            // Nodes that have a certificate of their own for it do not show each other this one.
            Usage::Node if self.has_node_client => nodes(),
            Usage::Node => nodes().into_iter().chain(as_client()).collect(),
            Usage::Ui => servers(self.browser.as_ref(), certificate, &[]),
            _ => Vec::new(),
        }
    }
}

/// A server is tried under each of these names, or else under one of its own.
fn servers<'a>(peer: Option<&'a Verifier>, certificate: &Certificate, hosts: &[Host]) -> Vec<Trial<'a>> {
    let Some(peer) = peer else { return Vec::new() };
    let own: Vec<_> = certificate.alt_names().filter_map(|name| host(&name)).collect();
    let names = match hosts {
        [] => vec![own.iter().find_map(|host| to_try(host, &own))],
        hosts => hosts.iter().map(|host| to_try(host, &own)).collect(),
    };
    names.into_iter().map(|host| Trial { peer, host, side: "a server" }).collect()
}

fn host(name: &AltName) -> Option<Host> {
    match name {
        AltName::Dns(name) => name.parse().ok(),
        AltName::Ip(ip) => Some(Host::Ip(*ip)),
        _ => None,
    }
}

/// The host itself, or one below a wildcard. None where only `*.local` is for it: OpenSSL matches nothing with
/// that, Go does.
fn to_try(host: &Host, own: &[Host]) -> Option<Host> {
    let name = match host {
        Host::Dns(name) => name.replacen('*', "node", 1),
        Host::Ip(_) => return Some(host.clone()),
    };
    let base = name.split_once('.').map(|(_, base)| base).filter(|base| !base.contains('.'));
    let wildcard = base.map(|base| Host::Dns(format!("*.{base}")));
    let name = Host::Dns(name);
    let only_so = !own.contains(&name) && wildcard.is_some_and(|wildcard| own.contains(&wildcard));
    (!only_so).then_some(name)
}

impl Trial<'_> {
    /// Why the handshake fails, and in which versions of TLS.
    fn failure(&self, identity: &Identity) -> Option<String> {
        let fails = |version| Some((version, self.peer.verify(identity, self.host.as_ref(), version).err()?));
        let failures: Vec<_> = self.peer.versions().iter().copied().filter_map(fails).collect();
        let host = self.host.as_ref().map(|host| format!(" for {host}")).unwrap_or_default();
        let side = format!(", as {}{host}", self.side);
        match &failures[..] {
            [] => None,
            [(a, why), (b, other)] if why == other => Some(format!("TLS {a} and {b}{side}: {why}")),
            [(version, why), others @ ..] => {
                let others = others.iter().map(|(version, why)| format!("; TLS {version}: {why}"));
                Some(format!("TLS {version}{side}: {why}{}", others.collect::<String>()))
            }
        }
    }
}
