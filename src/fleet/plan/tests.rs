mod signers;

use proptest::prelude::*;

use super::*;
use crate::duration::Lifetime;
use crate::fleet::desired::{Section, folders};
use crate::fleet::manifest;
use crate::pki::issue::{Issuer, SubjectKey, Template, Validity, issue};
use crate::pki::key::{Curve, KeySpec, PrivateKey};
use crate::pki::name;
use crate::pki::profile::{self, Profile};
use crate::pki::verify::OpenSsl;

const DAY: i64 = 86_400;
const NOW: i64 = 20_000 * DAY;

/// A CA, and its file.
struct Ca {
    key: PrivateKey,
    certificate: Certificate,
    pem: Vec<u8>,
}

impl Ca {
    fn new(subject: &str) -> Self {
        let key = PrivateKey::generate(KeySpec::Ecdsa(Curve::P256)).expect("a key");
        let subject = name::encode(&subject.parse().expect("a name")).expect("a name");
        let validity = Validity::starting(NOW, "3660d".parse().expect("a lifetime")).expect("times");
        let template = Template {
            profile: &profile::CA,
            subject: &subject,
            alt_names: &[],
            kept: None,
            added: &[],
            validity,
            key: SubjectKey::Own(&key),
        };
        let issued = issue(&template, Issuer { key: &key, certificate: None }).expect("a CA");
        Self { key, certificate: issued.certificate, pem: issued.pem }
    }

    fn file(&self) -> AuthorityFile {
        AuthorityFile { contents: self.pem.clone(), certificate: self.certificate.clone() }
    }

    /// A certificate as wanted, but for its profile.
    fn sign(&self, wanted: &Wanted, now: i64, profile: &Profile) -> FoundCertificate {
        let request = wanted.request(now).expect("a request");
        let key = PrivateKey::generate(wanted.key).expect("a key");
        let alt_names = &request.alt_names;
        let template = Template {
            profile,
            subject: &request.subject,
            alt_names,
            kept: None,
            added: &request.added,
            validity: request.validity,
            key: SubjectKey::Own(&key),
        };
        let (signer, ca) = match wanted.name.usage.kind().signers {
            [] => (&key, None),
            _ => (&self.key, Some(&self.certificate)),
        };
        let issued = issue(&template, Issuer { key: signer, certificate: ca }).expect("a certificate");
        let pkcs8 = if wanted.pkcs8 { FoundKey::Matches } else { FoundKey::Missing };
        FoundCertificate {
            certificate: Ok(issued.certificate),
            others: Vec::new(),
            key: FoundKey::Matches,
            pkcs8,
        }
    }

    /// All that a folder should have.
    fn fill(&self, folder: &Folder, authorities: &Authorities) -> Found {
        let needed = folder.name.section.place().authorities;
        let files =
            needed.iter().filter_map(|usage| Some((*usage, authorities.0.get(usage)?.contents.clone())));
        let certificates = folder
            .certificates
            .iter()
            .map(|wanted| (wanted.name.clone(), self.sign(wanted, NOW, wanted.name.usage.kind().profile)));
        Found { authorities: files.collect(), certificates: certificates.collect(), waiting: BTreeMap::new() }
    }
}

fn desired(text: &str) -> Vec<Folder> {
    let text = format!("defaults: {{key-algorithm: ecdsa, lifetime: 90d}}\n{text}");
    let manifest = manifest::parse("m", &text, "node").unwrap_or_else(|problems| panic!("{text}: {problems}"));
    folders(&manifest, false)
}

fn authorities(files: impl IntoIterator<Item = (Usage, AuthorityFile)>) -> Authorities {
    Authorities(files.into_iter().collect())
}

fn context(authorities: &Authorities, now: i64) -> Context<'_> {
    let due = Due::parse("1/3").expect("a rule");
    Context { signed_by: SignedBy::Key, authorities, due, now, signatures: &OpenSsl }
}

/// What the plan says of one folder.
fn words(folder: &Folder, found: &Found, authorities: &Authorities, now: i64) -> Vec<String> {
    step(folder, found, &context(authorities, now)).reasons().collect()
}

#[test]
fn what_is_as_it_should_be_stays() {
    let ca = Ca::new("O=Cockroach,CN=Cockroach CA");
    let all = authorities([(Usage::Ca, ca.file())]);
    let text = "nodes: ['n[1:2]']\nclients: [{user: a, pkcs8: true, tenant-scope: [2], nodes: all}]\nui: {hosts: [c]}\n\
        tenants: [{id: 2, signing: true}]";
    for folder in desired(text) {
        let step = step(&folder, &ca.fill(&folder, &all), &context(&all, NOW)).clone();
        assert!(step.is_done() && step.strays.is_empty(), "{}: {step:?}", folder.name);
    }
}

#[test]
fn what_changed_is_made_anew_and_the_reason_said() {
    let ca = Ca::new("O=Cockroach,CN=Cockroach CA");
    let all = authorities([(Usage::Ca, ca.file())]);
    for (before, after, expected) in [
        ("nodes: [{name: n, hosts: [a, b]}]", "nodes: [{name: n, hosts: [b, a]}]", &[][..]),
        (
            "nodes: [{name: n, hosts: [a, 10.0.0.1]}]",
            "nodes: [{name: n, hosts: [b]}]",
            &["n: names changed: +b -a -10.0.0.1"],
        ),
        (
            "nodes: [n]",
            "nodes: [{name: n, subject: 'O=Acme,CN=node'}]",
            &["n: subject changed, was O=Cockroach,CN=node"],
        ),
        ("nodes: [n]", "nodes: [{name: n, key-size: 384}]", &["n: kind of key changed"]),
        (
            "nodes: [{name: n, key-algorithm: rsa}]",
            "nodes: [{name: n, key-algorithm: rsa, key-size: 2050}]",
            &["n: kind of key changed"],
        ),
        ("nodes: [{name: n, key-algorithm: rsa}]", "nodes: [{name: n, key-algorithm: rsa}]", &[]),
        ("nodes: [n]", "nodes: [{name: n, lifetime: 60d}]", &[]),
        ("nodes: [n]", "nodes: [{name: n, ocsp-url: 'http://a'}]", &["n: ocsp-url changed"]),
        (
            "nodes: [{name: n, ocsp-url: 'http://a'}]",
            "nodes: [{name: n, ocsp-url: 'http://b'}]",
            &["n: ocsp-url changed"],
        ),
        ("nodes: [{name: n, ocsp-url: 'http://a'}]", "nodes: [{name: n, ocsp-url: 'http://a'}]", &[]),
        ("nodes: [{name: n, ocsp-url: 'http://a'}]", "nodes: [n]", &[]),
        ("clients: [a]", "clients: [{user: a, tenant-scope: [2]}]", &["a: tenant scopes changed"]),
        (
            "clients: [{user: a, tenant-scope: [2, 3]}]",
            "clients: [{user: a, tenant-scope: [2]}]",
            &["a: tenant scopes changed"],
        ),
        ("clients: [{user: a, tenant-scope: [2, 3]}]", "clients: [{user: a, tenant-scope: [3, 2]}]", &[]),
        ("clients: [a]", "clients: [{user: a, pkcs8: true}]", &["a: client.a.key.pk8 is missing"]),
        ("clients: [{user: a, pkcs8: true}]", "clients: [a]", &[]),
        ("tenants: [{id: 2}]", "tenants: [{id: 2, signing: true}]", &["2/tenant-signing.2.crt: is missing"]),
        (
            "tenants: [{id: 2, client: false, signing: true}]",
            "tenants: [{id: 2, client: false, signing: true, key-size: 521}]",
            &[],
        ),
    ] {
        let found = ca.fill(&desired(before)[0], &all);
        assert_eq!(words(&desired(after)[0], &found, &all, NOW), expected, "{before} -> {after}");
    }
}

#[test]
fn what_is_broken_is_made_anew() {
    let ca = Ca::new("O=Cockroach,CN=Cockroach CA");
    let all = authorities([(Usage::Ca, ca.file())]);
    let folder = &desired("nodes: [n]")[0];
    let wanted = &folder.certificates[0];
    let good = || ca.sign(wanted, NOW, &profile::NODE);
    let other = Ca::new("O=Cockroach,CN=Cockroach CA");
    for (found, expected) in [
        (
            FoundCertificate { certificate: Err("empty certificate file: node.crt".into()), ..good() },
            "empty certificate file: node.crt",
        ),
        (FoundCertificate { key: FoundKey::Missing, ..good() }, "node.key is missing"),
        (FoundCertificate { key: FoundKey::Broken("node.key: junk".into()), ..good() }, "node.key: junk"),
        (ca.sign(wanted, NOW, &profile::CLIENT), "lacks an extended key usage"),
        (other.sign(wanted, NOW, &profile::NODE), "not signed by the CA in use"),
    ] {
        let certificates = [(wanted.name.clone(), found)].into();
        let found = Found { certificates, ..ca.fill(folder, &all) };
        assert_eq!(words(folder, &found, &all, NOW), [format!("n: {expected}")]);
    }
    assert_eq!(words(folder, &Found::default(), &all, NOW), ["n: is missing"]);
}

#[test]
fn what_is_due_is_made_anew() {
    let ca = Ca::new("O=Cockroach,CN=Cockroach CA");
    let all = authorities([(Usage::Ca, ca.file())]);
    let folder = &desired("nodes: [n]")[0];
    let found = ca.fill(folder, &all);
    for (days, expected) in [
        (0, None),
        (59, None),
        (60, Some("n: expires in 30 days")),
        (78, Some("n: expires in 12 days")),
        (93, Some("n: expired 3 days ago")),
    ] {
        assert_eq!(
            words(folder, &found, &all, NOW + days * DAY).first().map(String::as_str),
            expected,
            "{days}"
        );
    }
    assert_eq!(always_due(std::slice::from_ref(folder), Due::parse("89d").expect("a rule")), None);
    assert!(always_due(std::slice::from_ref(folder), Due::parse("90d").expect("a rule")).is_some());
}

#[test]
fn the_ca_of_its_kind_signs_a_certificate_and_its_file_is_in_the_folder() {
    let (ca, client_ca) = (Ca::new("CN=ca"), Ca::new("CN=client-ca"));
    let all = authorities([(Usage::Ca, ca.file()), (Usage::ClientCa, client_ca.file())]);
    let folders = desired("nodes: [n]\nclients: [a]\nui: {hosts: [c]}\ntenants: [2]");
    let [node, client, ui, tenant] = folders.as_slice() else { panic!("{folders:?}") };
    let todo = |folder, by: &Ca| {
        let found = Found { authorities: BTreeMap::new(), ..by.fill(folder, &all) };
        let step = step(folder, &found, &context(&all, NOW));
        (step.reasons().count(), step.authorities.clone())
    };
    let both = vec![Usage::Ca, Usage::ClientCa];
    assert_eq!(todo(node, &ca), (0, both.clone()));
    assert_eq!(todo(client, &client_ca), (0, both.clone()));
    assert_eq!(todo(client, &ca), (1, both.clone()));
    assert_eq!(todo(ui, &ca), (0, vec![Usage::Ca]));
    assert_eq!(todo(tenant, &client_ca), (0, both));
}

#[test]
fn a_rotated_ca_is_written_everywhere_and_certificates_follow() {
    let (old, new) = (Ca::new("O=Cockroach,CN=Cockroach CA"), Ca::new("O=Cockroach,CN=Cockroach CA"));
    let before = authorities([(Usage::Ca, old.file())]);
    let folder = &desired("clients: [a]")[0];
    let found = old.fill(folder, &before);
    // The new one is not in use yet: it comes second.
    let second = AuthorityFile { contents: [old.pem.clone(), new.pem.clone()].concat(), ..old.file() };
    let both = authorities([(Usage::Ca, second)]);
    let plan = step(folder, &found, &context(&both, NOW));
    assert_eq!((plan.reasons().count(), plan.authorities.as_slice()), (0, &[Usage::Ca][..]));
    assert!(!plan.is_rash());
    let first = AuthorityFile { contents: [new.pem.clone(), old.pem.clone()].concat(), ..new.file() };
    let turned = authorities([(Usage::Ca, first)]);
    assert_eq!(words(folder, &found, &turned, NOW), ["a: not signed by the CA in use"]);
    assert!(step(folder, &found, &context(&turned, NOW)).is_rash());
    let trusting = Found { authorities: new.fill(folder, &turned).authorities, ..found };
    assert!(!step(folder, &trusting, &context(&turned, NOW)).is_rash());
    assert!(!step(folder, &Found::default(), &context(&turned, NOW)).is_rash());
}

#[test]
fn what_the_manifest_no_longer_names_is_a_stray() {
    let ca = Ca::new("CN=ca");
    let all = authorities([(Usage::Ca, ca.file())]);
    let before = desired("nodes: [n, m]\nclients: [{user: a, nodes: [n]}]\nui: {hosts: [c]}");
    let after = desired("nodes: [n]");
    let names = strays(&after, before.iter().map(|folder| folder.name.clone()));
    assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), ["nodes/m", "clients/a", "ui"]);
    let plan = step(&after[0], &ca.fill(&before[0], &all), &context(&all, NOW));
    assert_eq!(plan.strays, ["client.a.crt", "client.a.key"]);
    assert!(plan.is_done());
    let java = desired("clients: [{user: a, pkcs8: true}]");
    let plan = step(&before[2], &ca.fill(&java[0], &all), &context(&all, NOW)).strays;
    assert_eq!(plan, ["client.a.key.pk8"]);
}

#[test]
fn the_summary_counts_certificates() {
    let ca = Ca::new("CN=ca");
    let all = authorities([(Usage::Ca, ca.file())]);
    let folders = desired("nodes: ['node[1:7]']");
    let mut summary = Summary::default();
    for (index, folder) in folders.iter().enumerate() {
        let mut found = if index < 2 { Found::default() } else { ca.fill(folder, &all) };
        if index == 3 {
            found.authorities.clear();
        }
        let now = if index == 6 { NOW + 78 * DAY } else { NOW };
        summary.add(&step(folder, &found, &context(&all, now)));
    }
    let expected = "kept 4, created 2, renewed 1 (node7: expires in 12 days), updated the CA files of 1 folder";
    assert_eq!(summary.to_string(), expected);
    let many = Summary { renewed: 5, reasons: vec!["n: x".to_owned(); 5], ..Summary::default() };
    assert_eq!(many.to_string(), "kept 0, created 0, renewed 5 (n: x; n: x; n: x; and 2 more)");
}

/// An entry, and the same changed.
fn entry() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        Just(("{}".to_owned(), "{hosts: [x]}".to_owned())),
        Just(("{hosts: [y]}".to_owned(), "{}".to_owned())),
        Just(("{}".to_owned(), "{subject: 'O=Acme,CN=node'}".to_owned())),
        Just(("{}".to_owned(), "{key-size: 384}".to_owned())),
    ]
}

fn manifest_of(entries: &[(String, String)], changed: Option<usize>) -> String {
    let nodes = entries.iter().enumerate().map(|(index, (before, after))| {
        let entry = if changed == Some(index) { after } else { before };
        let rest = entry
            .trim_start_matches('{')
            .replace("[x]", &format!("[x{index}]"))
            .replace("[y]", &format!("[y{index}]"));
        let comma = if rest == "}" { "" } else { ", " };
        format!("- {{name: n{index}{comma}{rest}\n")
    });
    format!("nodes:\n{}clients: [root, {{user: node, nodes: all}}]\n", nodes.collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_second_run_does_nothing_and_an_edit_changes_its_own_folder_only(
        entries in proptest::collection::vec(entry(), 1..5), edited: prop::sample::Index,
    ) {
        let ca = Ca::new("CN=ca");
        let all = authorities([(Usage::Ca, ca.file())]);
        let before = desired(&manifest_of(&entries, None));
        let found: Vec<_> = before.iter().map(|folder| ca.fill(folder, &all)).collect();
        for (folder, found) in before.iter().zip(&found) {
            prop_assert!(step(folder, found, &context(&all, NOW)).is_done());
        }
        let edited = edited.index(entries.len());
        for (index, (folder, found)) in desired(&manifest_of(&entries, Some(edited))).iter().zip(&found).enumerate() {
            let is_done = step(folder, found, &context(&all, NOW)).is_done();
            prop_assert_eq!(is_done, index != edited || folder.name.section != Section::Nodes, "{}", folder.name);
        }
    }
}

#[test]
fn the_default_lifetime_is_that_of_the_commands() {
    assert_eq!("43920h0m0s".parse(), Ok(Lifetime::LEAF));
}
