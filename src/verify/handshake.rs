//! A TLS handshake with each certificate, in process: OpenSSL's own verdict.

use super::Expected;
use super::trust::Trust;
use crate::certificate::{AltName, Certificate};
use crate::certs_dir::Reading;
use crate::certs_dir::inspect::Inspection;
use crate::certs_dir::layout::CertificateName;
use crate::error::shell_word;
use crate::finding::{Finding, checks};
use crate::host::Host;
use crate::login::NODE_USER;
use crate::pki::CryptoError;
use crate::pki::tls::{Identity, Verifier};
use crate::usage::Usage;

/// The other sides of the handshakes. Each is missing where the directory lacks what it needs: there are findings about that.
pub struct Peers<'a> {
    expected: &'a Expected,
    dir: String,
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
        let node = key.filter(|_| !clients.is_empty()).map(|key| Identity::new(&certificates, &key));
        let client_of = |usage| {
            let trusted = trust.signer_of(usage).map(|(_, trusted)| trusted);
            trusted.map(|trusted| Verifier::client(trusted, expected.now)).transpose()
        };
        let node_user = expected.judge.node_user.as_deref().unwrap_or(NODE_USER);
        Ok(Self {
            expected,
            dir: shell_word(&reading.dir_path().display().to_string()),
            node: node.transpose()?.map(|node| Verifier::server(node, &clients, expected.now)).transpose()?,
            client: client_of(Usage::Node)?,
            browser: client_of(Usage::Ui)?,
            has_node_client: reading.has(&CertificateName::named(Usage::Client, node_user).certificate_file()),
        })
    }

    /// Shakes hands with this certificate, in each of its parts and each version of TLS. There is nothing to try with CAs, nor
    /// with one whose key cannot be used.
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
        let finding = inspection.found(&checks::HANDSHAKE, &name.certificate_file(), failure);
        Some(finding.hint(self.anew(name)))
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

    /// The command that makes this certificate anew.
    fn anew(&self, name: &CertificateName) -> String {
        let of = match (name.usage, &name.name) {
            (Usage::Node, _) => "create-node HOST...".to_owned(),
            (Usage::Ui, _) => "create-ui HOST...".to_owned(),
            (Usage::TenantClient, Some(id)) => format!("create-tenant-client {} HOST...", shell_word(id)),
            (_, user) => format!("create-client {}", shell_word(user.as_deref().unwrap_or_default())),
        };
        let ca_key = self.expected.ca_key.as_ref();
        let ca_key = ca_key.map_or_else(|| "...".to_owned(), |path| shell_word(&path.display().to_string()));
        format!("crdb-cert {of} --overwrite --certs-dir={} --ca-key={ca_key}", self.dir)
    }
}

/// A server is tried under each of these names, or else under one of its own.
fn servers<'a>(peer: Option<&'a Verifier>, certificate: &Certificate, hosts: &[Host]) -> Vec<Trial<'a>> {
    let Some(peer) = peer else { return Vec::new() };
    let own = || certificate.alt_names().find_map(|name| to_try(&host(&name)?));
    let names = if hosts.is_empty() { vec![own()] } else { hosts.iter().map(to_try).collect() };
    names.into_iter().map(|host| Trial { peer, host, side: "a server" }).collect()
}

fn host(name: &AltName) -> Option<Host> {
    match name {
        AltName::Dns(name) => name.parse().ok(),
        AltName::Ip(ip) => Some(Host::Ip(*ip)),
        _ => None,
    }
}

/// The host itself, or one that a wildcard stands for. OpenSSL matches none with `*.local`, though Go does.
fn to_try(host: &Host) -> Option<Host> {
    match host.wildcard_base() {
        Some(base) => base.contains('.').then(|| Host::Dns(format!("node.{base}"))),
        None => Some(host.clone()),
    }
}

impl Trial<'_> {
    /// Why the handshake fails, and in which versions of TLS for the same reason.
    fn failure(&self, identity: &Identity) -> Option<String> {
        let fails = |version| Some((version, self.peer.verify(identity, self.host.as_ref(), version).err()?));
        let failures: Vec<_> = self.peer.versions().iter().copied().filter_map(fails).collect();
        let why = &failures.first()?.1;
        let versions =
            failures.iter().filter(|(_, other)| other == why).map(|(version, _)| version.to_string());
        let versions = versions.collect::<Vec<_>>().join(" and ");
        let host = self.host.as_ref().map(|host| format!(" for {host}")).unwrap_or_default();
        Some(format!("TLS {versions}, as {}{host}: {why}", self.side))
    }
}
