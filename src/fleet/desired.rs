//! What a manifest says should be: folders, each a certs directory ready to be copied to its host.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::manifest::{Client, Manifest, Settings, Tenant, Ui};
use crate::certificate::AltName;
use crate::certs_dir::layout::CertificateName;
use crate::dn::DistinguishedName;
use crate::duration::Lifetime;
use crate::login::NODE_USER;
use crate::pki::issue::Validity;
use crate::pki::key::KeySpec;
use crate::pki::name::{self, NameError};
use crate::pki::ocsp::OcspUrl;
use crate::request::{Request, SubjectKey};
use crate::usage::Usage;

/// What a folder is for, which decides where it is and which CA files are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// A node.
    Nodes,
    /// A SQL user.
    Clients,
    /// The DB Console.
    Ui,
    /// A tenant.
    Tenants,
}

/// A row of the table of sections.
#[derive(Debug)]
pub struct Place {
    /// The section that this row describes.
    pub section: Section,
    /// Its directory below that of the fleet; for the DB Console the folder itself.
    pub dir: &'static str,
    /// The CA files that its folders need, so far as there are such: those that sign what is in them, and those
    /// that a server checks its peers by (REFERENCE.md sections 1 and 6).
    pub authorities: &'static [Usage],
}

/// All sections, in the order of the enum.
pub static PLACES: [Place; 4] = [
    Place {
        section: Section::Nodes,
        dir: "nodes",
        authorities: &[Usage::Ca, Usage::ClientCa, Usage::UiCa, Usage::TenantClientCa],
    },
    Place { section: Section::Clients, dir: "clients", authorities: &[Usage::Ca, Usage::ClientCa] },
    Place { section: Section::Ui, dir: "ui", authorities: &[Usage::Ca, Usage::UiCa] },
    Place {
        section: Section::Tenants,
        dir: "tenants",
        authorities: &[Usage::Ca, Usage::ClientCa, Usage::TenantClientCa],
    },
];

impl Section {
    /// This section's row.
    pub fn place(self) -> &'static Place {
        &PLACES[self as usize]
    }
}

/// Which folder: `nodes/node1.example.com`, `clients/root`, `ui`, `tenants/2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderName {
    /// What it is for.
    pub section: Section,
    /// The node, user or tenant; none for the DB Console.
    pub name: Option<String>,
}

impl FolderName {
    fn of(section: Section, name: impl fmt::Display) -> Self {
        Self { section, name: Some(name.to_string()) }
    }

    /// Is there only one folder in the section, which is its directory?
    pub fn is_single(section: Section) -> bool {
        section == Section::Ui
    }

    /// Its path below the directory of the fleet. No name has a slash in it or is `..`.
    pub fn path(&self) -> PathBuf {
        let dir = PathBuf::from(self.section.place().dir);
        self.name.as_ref().map_or(dir.clone(), |name| dir.join(name))
    }

    /// What people call it: the node, user or tenant alone.
    pub fn short(&self) -> &str {
        self.name.as_deref().unwrap_or(self.section.place().dir)
    }
}

impl fmt::Display for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().display().fmt(f)
    }
}

/// A folder that should be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Which.
    pub name: FolderName,
    /// What should be in it beside the CA files; the one it is for comes first.
    pub certificates: Vec<Wanted>,
}

/// A certificate that should be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which file.
    pub name: CertificateName,
    /// The subject.
    pub subject: DistinguishedName,
    /// More names of the subject.
    pub alt_names: Vec<AltName>,
    /// How long a new one is valid.
    pub lifetime: Lifetime,
    /// Its key.
    pub key: KeySpec,
    /// Is the key there as PKCS#8 too?
    pub pkcs8: bool,
    /// Where servers ask whether it is revoked.
    pub ocsp_url: Option<OcspUrl>,
}

/// Why no certificate can be asked for.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum WantedError {
    /// It would be valid after the year 9999.
    #[error("the lifetime {0} is too long: no certificate is valid beyond the year 9999")]
    Lifetime(Lifetime),
    /// The subject cannot be encoded.
    #[error("subject: {0}")]
    Subject(#[from] NameError),
}

impl Wanted {
    /// The request for a new one, made at `now` (seconds since 1970-01-01T00:00:00Z).
    ///
    /// # Errors
    /// If its end is too far away.
    pub fn request(&self, now: i64) -> Result<Request, WantedError> {
        let validity = Validity::starting(now, self.lifetime).ok_or(WantedError::Lifetime(self.lifetime))?;
        Ok(Request {
            name: self.name.clone(),
            subject: name::encode(&self.subject)?,
            alt_names: self.alt_names.clone(),
            kept: None,
            added: self.ocsp_url.iter().map(OcspUrl::extension).collect(),
            validity,
            key: SubjectKey::New(self.key),
        })
    }

    fn new(name: CertificateName, settings: &Settings, alt_names: Vec<AltName>) -> Self {
        let Settings { lifetime, key, subject, ocsp_url } = settings.clone();
        Self { name, subject, alt_names, lifetime, key, pkcs8: false, ocsp_url }
    }

    fn of_client(client: &Client) -> Self {
        let Client { user, scopes, pkcs8, settings, .. } = client;
        let names = scopes.iter().map(|scope| AltName::Uri(scope.uri(user))).collect();
        let name = CertificateName::named(Usage::Client, user.as_str());
        Self { pkcs8: *pkcs8, ..Self::new(name, settings, names) }
    }

    fn of_ui(Ui { hosts, settings, .. }: &Ui) -> Self {
        Self::new(CertificateName::of(Usage::Ui), settings, AltName::of_hosts(hosts))
    }

    fn of_tenant(tenant: &Tenant) -> impl Iterator<Item = Self> {
        let Tenant { id, hosts, client, signing, settings } = tenant;
        let id = id.to_string();
        let client = client.then(|| {
            Self::new(CertificateName::named(Usage::TenantClient, &id), settings, AltName::of_hosts(hosts))
        });
        let signing = signing.then(|| {
            let kind = Usage::TenantSigning.kind();
            let subject = kind.profile.subject_of(&id);
            // The server knows no other kind of key here. Nobody asks whether what signs itself is revoked.
            let settings = Settings { key: KeySpec::Ed25519, subject, ocsp_url: None, ..settings.clone() };
            Self::new(CertificateName::named(kind.usage, &id), &settings, Vec::new())
        });
        client.into_iter().chain(signing)
    }
}

/// The folders that a manifest describes: nodes, clients, the DB Console, tenants, each in the order written.
///
/// A certificate that is in the folders of several nodes is made for each of them with a key of its own. What
/// only nodes use, the DB Console's and that of the user `node`, has no folder of its own if it is put into
/// theirs.
///
/// With a client CA, nodes do not accept each other's `node.crt` as that of a client (REFERENCE.md section 6):
/// each gets a `client.node.crt` too, like its `node.crt` but for the hosts, unless the manifest puts one
/// there.
pub fn folders(manifest: &Manifest, has_client_ca: bool) -> Vec<Folder> {
    let Manifest { nodes, clients, ui, tenants } = manifest;
    let mut folders = Vec::new();
    for node in nodes {
        let client = CertificateName::client_of_nodes();
        let client = Wanted::new(client, &node.settings, Vec::new());
        let own = Wanted::new(CertificateName::of(Usage::Node), &node.settings, AltName::of_hosts(&node.hosts));
        let ui = ui.iter().filter(|ui| ui.nodes.contains(&node.name)).map(Wanted::of_ui);
        let clients = clients.iter().filter(|client| client.nodes.contains(&node.name)).map(Wanted::of_client);
        let mut certificates: Vec<_> = std::iter::once(own).chain(ui).chain(clients).collect();
        if has_client_ca && certificates.iter().all(|wanted| wanted.name != client.name) {
            certificates.push(client);
        }
        folders.push(Folder { name: FolderName::of(Section::Nodes, &node.name), certificates });
    }
    for client in clients.iter().filter(|client| client.user.as_str() != NODE_USER || client.nodes.is_empty()) {
        let name = FolderName::of(Section::Clients, &client.user);
        folders.push(Folder { name, certificates: vec![Wanted::of_client(client)] });
    }
    for ui in ui.iter().filter(|ui| ui.nodes.is_empty()) {
        let name = FolderName { section: Section::Ui, name: None };
        folders.push(Folder { name, certificates: vec![Wanted::of_ui(ui)] });
    }
    for tenant in tenants {
        let name = FolderName::of(Section::Tenants, tenant.id);
        folders.push(Folder { name, certificates: Wanted::of_tenant(tenant).collect() });
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::manifest;

    /// Each folder with its certificates.
    fn shown(text: &str) -> Vec<String> {
        let manifest = manifest::parse("m", text, "node").expect(text);
        let files = |folder: &Folder| {
            folder
                .certificates
                .iter()
                .map(|wanted| wanted.name.certificate_file())
                .collect::<Vec<_>>()
                .join(" ")
        };
        folders(&manifest, false).iter().map(|folder| format!("{}: {}", folder.name, files(folder))).collect()
    }

    #[test]
    fn every_section_finds_its_own_row() {
        for place in &PLACES {
            assert_eq!(place.section.place().dir, place.dir);
            assert!(place.authorities.iter().all(|usage| usage.is_ca()), "{}", place.dir);
        }
    }

    #[test]
    fn folders_are_those_of_the_manifest_in_its_order() {
        for (text, expected) in [
            ("nodes: [b, A]", &["nodes/b: node.crt", "nodes/a: node.crt"][..]),
            ("clients: [root, Max]", &["clients/root: client.root.crt", "clients/max: client.max.crt"]),
            ("ui: {hosts: [c]}", &["ui: ui.crt"]),
            (
                "tenants: [{id: 2, signing: true}, 3]",
                &["tenants/2: client-tenant.2.crt tenant-signing.2.crt", "tenants/3: client-tenant.3.crt"],
            ),
            ("{tenants: [{id: 2, client: false, signing: true}]}", &["tenants/2: tenant-signing.2.crt"]),
            (
                "{nodes: [a, b], clients: [{user: x, nodes: [b]}, {user: node, nodes: all}], ui: {hosts: [c], nodes: all}}",
                &[
                    "nodes/a: node.crt ui.crt client.node.crt",
                    "nodes/b: node.crt ui.crt client.x.crt client.node.crt",
                    "clients/x: client.x.crt",
                ],
            ),
            ("{nodes: [a], clients: [node]}", &["nodes/a: node.crt", "clients/node: client.node.crt"]),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn with_a_client_ca_each_node_is_a_client_of_the_others() {
        let text = "{nodes: [a, {name: b, subject: 'O=Acme,CN={}', lifetime: 90d}], clients: [{user: node, nodes: [a]}]}";
        let manifest = manifest::parse("m", text, "node").expect(text);
        let [a, b] = &folders(&manifest, true)[..] else { panic!("two folders") };
        assert_eq!((a.certificates.len(), b.certificates.len()), (2, 2));
        let [node, client] = &b.certificates[..] else { panic!("two certificates") };
        assert_eq!(client.name.certificate_file(), "client.node.crt");
        assert_eq!((&client.subject, client.lifetime, client.key), (&node.subject, node.lifetime, node.key));
        assert_eq!(client.alt_names, []);
    }

    #[test]
    fn certificates_are_those_of_the_create_commands() {
        let text = "nodes: [{name: n, hosts: [10.0.0.1, m]}]\nclients: [{user: a, tenant-scope: [2], tenant-name-scope: [t]}]\n\
            tenants: [{id: 2, signing: true, key-algorithm: ecdsa}]";
        let folders = folders(&manifest::parse("m", text, "node").expect("a manifest"), false);
        let all: Vec<_> = folders.iter().flat_map(|folder| &folder.certificates).collect();
        let dns = |name: &str| AltName::Dns(name.to_owned());
        let uri = |uri: &str| AltName::Uri(uri.to_owned());
        assert_eq!(all[0].alt_names, [dns("n"), dns("m"), AltName::Ip([10, 0, 0, 1].into())]);
        assert_eq!(all[0].subject.to_string(), "O=Cockroach,CN=node");
        assert_eq!(all[1].alt_names, [uri("crdb://tenant/2/user/a"), uri("crdb://tenant-name/t/user/a")]);
        assert_eq!((all[2].key, all[2].alt_names.len()), (KeySpec::ecdsa(None).expect("a key"), 4));
        assert_eq!((all[3].key, all[3].alt_names.len()), (KeySpec::Ed25519, 0));
        assert_eq!(all[3].subject.to_string(), "CN=Tenant 2 Token Signing Certificate");
        let request = all[1].request(86_400).expect("a request");
        assert_eq!((request.validity.not_before, request.validity.not_after), (0, 86_400 + 43_920 * 3600));
        assert!(all[1].request(i64::MAX).is_err());
    }
}
