//! Every rule of REFERENCE.md section 6, and which of two rules speaks first.

use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_700_000_000;
const MAXROACH: &str = "CN=myName,OU=myOrgUnit,O=myOrg,L=myLocality,ST=myState,C=myCountry";

fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A login to judge: a valid certificate with this subject, and a server that was told nothing.
#[derive(Clone)]
struct Case {
    facts: CertificateFacts,
    settings: ServerSettings,
    user: &'static str,
    tenant: Tenant,
    at: i64,
}

fn login(user: &'static str, subject: &str) -> Case {
    let subject = name(subject);
    let values = |wanted: &'static str| {
        let found = subject.attributes().filter(move |a| a.attribute_type() == wanted);
        found.filter_map(|a| a.value().as_str()).map(String::from).collect::<Vec<_>>()
    };
    let facts = CertificateFacts {
        tls: TlsFacts {
            unreadable: None,
            chain: Ok(()),
            client_auth: true,
            not_before: NOW - 10,
            not_after: NOW + 10,
        },
        organizational_units: values("OU"),
        common_name: values("CN").pop().unwrap_or_default(),
        dns_names: vec![],
        uris: vec![],
        subject: Ok(subject),
    };
    Case { facts, settings: ServerSettings::default(), user, tenant: Tenant::default(), at: NOW }
}

impl Case {
    fn facts(mut self, change: impl FnOnce(&mut CertificateFacts)) -> Self {
        change(&mut self.facts);
        self
    }
    fn tls(mut self, change: impl FnOnce(&mut TlsFacts)) -> Self {
        change(&mut self.facts.tls);
        self
    }
    fn uris(mut self, uris: &[&str]) -> Self {
        self.facts.uris = uris.iter().map(ToString::to_string).collect();
        self
    }
    fn dns(mut self, names: &[&str]) -> Self {
        self.facts.dns_names = names.iter().map(ToString::to_string).collect();
        self
    }
    fn role(mut self, subject: &str) -> Self {
        self.settings.role_subject = Some(name(subject));
        self
    }
    fn root(mut self, subject: &str) -> Self {
        self.settings.root_subject = Some(name(subject));
        self
    }
    fn node(mut self, subject: &str) -> Self {
        self.settings.node_subject = Some(name(subject));
        self
    }
    fn required(mut self) -> Self {
        self.settings.subject_required = true;
        self
    }
    fn map(mut self, list: &str) -> Self {
        self.settings.principal_map = list.parse().expect("a principal map");
        self
    }
    fn tenant(mut self, id: u64, name: Option<&str>) -> Self {
        self.tenant = Tenant { id, name: name.map(String::from) };
        self
    }
    fn verdict(&self) -> Verdict {
        judge(&self.facts, &self.settings, self.user, &self.tenant, self.at)
    }
    fn refusal(&self) -> Refusal {
        match self.verdict() {
            Verdict::Refused(refusal) => refusal,
            Verdict::Allowed { because } => panic!("allowed: {because}"),
        }
    }
    fn comparison(&self) -> Comparison {
        self.refusal().comparison.expect("a comparison")
    }
}

enum Expected {
    Allowed(&'static str),
    Refused(Rule, &'static str, Option<&'static str>),
}

use Expected::{Allowed, Refused};

const TENANT_CERTIFICATE: &str = "using tenant client certificate as user certificate is not allowed";
const NO_SUBJECT: &str =
    r#"user "ann" does not have a distinguished name set which subject_required cluster setting mandates"#;
const FAILED: &str = r#"certificate authentication failed for user "ann""#;

#[test]
fn every_branch_and_every_precedence() {
    let ann = || login("ann", "O=Cockroach,CN=ann");
    let malformed = "crdb://tenant/x/user/ann";
    let cases: Vec<(&str, Case, Expected)> = vec![
        // TLS.
        (
            "first and last second of validity",
            login("ann", "CN=ann").tls(|t| (t.not_before, t.not_after) = (NOW, NOW)),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "not valid yet",
            ann().tls(|t| t.not_before = NOW + 1),
            Refused(
                Rule::Tls,
                "the TLS handshake fails: the certificate is not valid before 2023-11-14 22:13:21 UTC",
                None,
            ),
        ),
        (
            "expired",
            ann().tls(|t| t.not_after = NOW - 1),
            Refused(
                Rule::Tls,
                "the TLS handshake fails: the certificate expired on 2023-11-14 22:13:19 UTC",
                None,
            ),
        ),
        (
            "no clientAuth",
            ann().tls(|t| t.client_auth = false),
            Refused(
                Rule::Tls,
                "the TLS handshake fails: the certificate does not allow client authentication (extended key usage clientAuth)",
                None,
            ),
        ),
        (
            "another CA",
            ann().tls(|t| t.chain = Err("signed by CN=Other".into())),
            Refused(
                Rule::Tls,
                "the TLS handshake fails: the certificate does not chain to the CA for clients: signed by CN=Other",
                None,
            ),
        ),
        (
            "unreadable certificate",
            ann().tls(|t| t.unreadable = Some("x509: bad".into())),
            Refused(
                Rule::Tls,
                "the TLS handshake fails: the server cannot parse the certificate: x509: bad",
                None,
            ),
        ),
        (
            "all TLS failures at once",
            ann().tls(|t| (t.client_auth, t.not_after, t.chain) = (false, 0, Err("no".into()))),
            Refused(
                Rule::Tls,
                "the TLS handshake fails: the certificate expired on 1970-01-01 00:00:00 UTC",
                Some(
                    "the certificate does not chain to the CA for clients: no; the certificate does not allow client authentication (extended key usage clientAuth)",
                ),
            ),
        ),
        (
            "TLS before malformed URIs",
            ann().uris(&[malformed]).tls(|t| t.client_auth = false),
            Refused(
                Rule::Tls,
                "the TLS handshake fails: the certificate does not allow client authentication (extended key usage clientAuth)",
                None,
            ),
        ),
        (
            "TLS before rule 3, though the subject is equal",
            ann().role("O=Cockroach,CN=ann").tls(|t| t.not_after = NOW - 1),
            Refused(
                Rule::Tls,
                "the TLS handshake fails: the certificate expired on 2023-11-14 22:13:19 UTC",
                None,
            ),
        ),
        // Malformed URIs.
        (
            "malformed tenant id",
            ann().uris(&[malformed]),
            Refused(Rule::MalformedScope, "invalid tenant URI SAN crdb://tenant/x/user/ann", None),
        ),
        (
            "malformed URI after a good one",
            ann().uris(&["crdb://tenant/1/user/ann", malformed]),
            Refused(Rule::MalformedScope, "invalid tenant URI SAN crdb://tenant/x/user/ann", None),
        ),
        (
            "malformed tenant name",
            ann().uris(&["crdb://tenant-name/app"]),
            Refused(Rule::MalformedScope, r#"invalid tenant-name URI SAN "crdb://tenant-name/app""#, None),
        ),
        (
            "rule 1 before malformed URIs",
            login("ann", "OU=Tenants,CN=2").uris(&[malformed]),
            Refused(Rule::TenantCertificate, TENANT_CERTIFICATE, None),
        ),
        (
            "rule 2 before malformed URIs",
            ann().uris(&[malformed]).required(),
            Refused(Rule::SubjectRequired, NO_SUBJECT, None),
        ),
        (
            "rule 3 before malformed URIs, where the subject is equal",
            ann().uris(&[malformed]).role("O=Cockroach,CN=ann"),
            Allowed("the certificate's subject equals the SUBJECT of role \"ann\""),
        ),
        (
            "rule 3 before malformed URIs, where the subject differs",
            ann().uris(&[malformed]).role("O=x,CN=ann"),
            Refused(Rule::SubjectMismatch, FAILED, None),
        ),
        // Rule 1.
        (
            "tenant certificate",
            login("ann", "O=Cockroach,OU=Tenants,CN=ann"),
            Refused(Rule::TenantCertificate, TENANT_CERTIFICATE, None),
        ),
        (
            "one OU of several",
            login("ann", "OU=a,OU=Tenants,CN=ann"),
            Refused(Rule::TenantCertificate, TENANT_CERTIFICATE, None),
        ),
        (
            "OU=tenants is another unit",
            login("ann", "OU=tenants,CN=ann"),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "rule 1 before rule 2",
            login("ann", "OU=Tenants,CN=ann").required(),
            Refused(Rule::TenantCertificate, TENANT_CERTIFICATE, None),
        ),
        (
            "rule 1 before rule 3",
            login("ann", "OU=Tenants,CN=ann").role("OU=Tenants,CN=ann"),
            Refused(Rule::TenantCertificate, TENANT_CERTIFICATE, None),
        ),
        (
            "rule 1 before rule 4",
            login("ann", "OU=Tenants,CN=bob"),
            Refused(Rule::TenantCertificate, TENANT_CERTIFICATE, None),
        ),
        // Rule 2.
        ("subject required, none set", ann().required(), Refused(Rule::SubjectRequired, NO_SUBJECT, None)),
        (
            "subject required, root's and node's do not count for others",
            ann().required().root("CN=ann").node("CN=ann"),
            Refused(Rule::SubjectRequired, NO_SUBJECT, None),
        ),
        (
            "subject required of root, the role's does not count",
            login("root", "CN=root").required().role("CN=root"),
            Refused(
                Rule::SubjectRequired,
                r#"user "root" does not have a distinguished name set which subject_required cluster setting mandates"#,
                None,
            ),
        ),
        (
            "subject required of node",
            login("node", "CN=node").required().root("CN=node"),
            Refused(
                Rule::SubjectRequired,
                r#"user "node" does not have a distinguished name set which subject_required cluster setting mandates"#,
                None,
            ),
        ),
        (
            "rule 2 before rule 4",
            login("ann", "CN=bob").required(),
            Refused(Rule::SubjectRequired, NO_SUBJECT, None),
        ),
        (
            "rule 2 does not look at the subject",
            ann().required().facts(|f| f.subject = Err("bad".into())),
            Refused(Rule::SubjectRequired, NO_SUBJECT, None),
        ),
        (
            "subject required and equal",
            ann().required().role("O=Cockroach,CN=ann"),
            Allowed(r#"the certificate's subject equals the SUBJECT of role "ann""#),
        ),
        // Rule 3.
        (
            "subject equal",
            ann().role("o=Cockroach , cn=ann"),
            Allowed(r#"the certificate's subject equals the SUBJECT of role "ann""#),
        ),
        (
            "subject equal, CN of another user",
            login("ann", "O=x,CN=bob").role("O=x,CN=bob"),
            Allowed(r#"the certificate's subject equals the SUBJECT of role "ann""#),
        ),
        (
            "subject equal, scopes of another user and tenant",
            ann().role("O=Cockroach,CN=ann").uris(&["crdb://tenant/2/user/bob"]),
            Allowed(r#"the certificate's subject equals the SUBJECT of role "ann""#),
        ),
        (
            "subject differs, scope fits: rule 3 before rule 4",
            ann().role("O=x,CN=ann"),
            Refused(
                Rule::SubjectMismatch,
                FAILED,
                Some(r#"The client certificate is valid for "ann" on all tenants."#),
            ),
        ),
        (
            "subject differs, not even the CN can help",
            ann().role("CN=ann"),
            Refused(
                Rule::SubjectMismatch,
                FAILED,
                Some(r#"The client certificate is valid for "ann" on all tenants."#),
            ),
        ),
        (
            "the empty subject is one to match",
            ann().role(""),
            Refused(
                Rule::SubjectMismatch,
                FAILED,
                Some(r#"The client certificate is valid for "ann" on all tenants."#),
            ),
        ),
        (
            "subject unreadable",
            ann().role("CN=ann").facts(|f| f.subject = Err("could not parse certificate subject DN: x".into())),
            Refused(Rule::UnreadableSubject, "could not parse certificate subject DN: x", None),
        ),
        (
            "subject unreadable, but nobody looks",
            ann().facts(|f| f.subject = Err("x".into())),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "root by its flag",
            login("root", "O=a,UID=root").root("O=a,UID=root"),
            Allowed("the certificate's subject equals --root-cert-distinguished-name"),
        ),
        (
            "node by its flag",
            login("node", "O=a,UID=node").node("O=a,UID=node"),
            Allowed("the certificate's subject equals --node-cert-distinguished-name"),
        ),
        (
            "root: a role's SUBJECT is ignored",
            login("root", "CN=root").role("CN=other"),
            Allowed(r#"the certificate is valid for "root" on all tenants"#),
        ),
        (
            "root: node's flag is ignored",
            login("root", "CN=root").node("CN=other"),
            Allowed(r#"the certificate is valid for "root" on all tenants"#),
        ),
        (
            "ann: root's flag is ignored",
            ann().root("CN=other").node("CN=other"),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "root's flag differs",
            login("root", "CN=root").root("O=a,CN=root"),
            Refused(
                Rule::SubjectMismatch,
                r#"certificate authentication failed for user "root""#,
                Some(r#"The client certificate is valid for "root" on all tenants."#),
            ),
        ),
        // Rule 4: names.
        ("by CN", ann(), Allowed(r#"the certificate is valid for "ann" on all tenants"#)),
        (
            "by CN, on any tenant",
            ann().tenant(7, None),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "by DNS name",
            login("ann", "CN=x").dns(&["y", "ann"]),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "CN of another",
            login("ann", "CN=bob").dns(&["carl"]),
            Refused(
                Rule::Scope,
                FAILED,
                Some(r#"The client certificate is valid for "bob" on all tenants, "carl" on all tenants."#),
            ),
        ),
        (
            "no CN at all",
            login("ann", "O=a"),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "" on all tenants."#)),
        ),
        (
            "CN is compared with its case",
            login("ann", "CN=Ann"),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "Ann" on all tenants."#)),
        ),
        (
            "the last CN counts",
            login("ann", "CN=ann,CN=bob"),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "bob" on all tenants."#)),
        ),
        (
            "a certificate for node is for node only",
            login("ann", "CN=node"),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "node" on all tenants."#)),
        ),
        (
            "URIs of other schemes are no matter",
            ann().uris(&["spiffe://a/b", "mailto:x", "x"]),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        // Rule 4: principal map.
        (
            "CN mapped",
            login("ann", "CN=bob").map("bob:ann"),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "DNS name mapped",
            login("ann", "CN=x").dns(&["db:1"]).map("db:1:ann"),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "CN mapped away",
            ann().map("ann:bob"),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "bob" on all tenants."#)),
        ),
        (
            "mapped once, not twice",
            login("ann", "CN=a").map("a:b,b:ann"),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "b" on all tenants."#)),
        ),
        (
            "the last of equal names wins",
            login("ann", "CN=a").map("a:b,a:ann"),
            Allowed(r#"the certificate is valid for "ann" on all tenants"#),
        ),
        (
            "URIs are not mapped",
            login("ann", "CN=a").uris(&["crdb://tenant/1/user/bob"]).map("bob:ann"),
            Refused(
                Rule::Scope,
                FAILED,
                Some(r#"The client certificate is valid for "bob" on tenantID system."#),
            ),
        ),
        // Rule 4: crdb URIs.
        (
            "tenant id",
            ann().uris(&["crdb://tenant/2/user/ann"]).tenant(2, None),
            Allowed(r#"the certificate is valid for "ann" on tenantID 2"#),
        ),
        (
            "the system tenant by default",
            ann().uris(&["crdb://tenant/1/user/ann"]),
            Allowed(r#"the certificate is valid for "ann" on tenantID system"#),
        ),
        (
            "tenant name",
            ann().uris(&["crdb://tenant-name/app/user/ann"]).tenant(3, Some("app")),
            Allowed(r#"the certificate is valid for "ann" on tenantName app"#),
        ),
        (
            "scheme in capitals",
            ann().uris(&["CRDB://tenant-name/app/user/ann"]).tenant(3, Some("app")),
            Allowed(r#"the certificate is valid for "ann" on tenantName app"#),
        ),
        (
            "another tenant id",
            ann().uris(&["crdb://tenant/2/user/ann"]).tenant(3, None),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "ann" on tenantID 2."#)),
        ),
        (
            "another tenant name",
            ann().uris(&["crdb://tenant-name/app/user/ann"]).tenant(3, Some("App")),
            Refused(
                Rule::Scope,
                FAILED,
                Some(r#"The client certificate is valid for "ann" on tenantName app."#),
            ),
        ),
        (
            "tenant name unknown",
            ann().uris(&["crdb://tenant-name/app/user/ann"]).tenant(3, None),
            Refused(
                Rule::Scope,
                FAILED,
                Some(r#"The client certificate is valid for "ann" on tenantName app."#),
            ),
        ),
        (
            "with crdb URIs neither CN nor DNS names count",
            ann().dns(&["ann"]).uris(&["crdb://tenant/1/user/bob", "crdb://tenant-name/app/user/carl"]),
            Refused(
                Rule::Scope,
                FAILED,
                Some(
                    r#"The client certificate is valid for "bob" on tenantID system, "carl" on tenantName app."#,
                ),
            ),
        ),
        (
            "any of several URIs",
            ann().uris(&["spiffe://x", "crdb://tenant/5/user/bob", "crdb://tenant/5/user/ann"]).tenant(5, None),
            Allowed(r#"the certificate is valid for "ann" on tenantID 5"#),
        ),
        (
            "user and tenant of two URIs do not add up",
            ann().uris(&["crdb://tenant/5/user/bob", "crdb://tenant/6/user/ann"]).tenant(5, None),
            Refused(
                Rule::Scope,
                FAILED,
                Some(r#"The client certificate is valid for "bob" on tenantID 5, "ann" on tenantID 6."#),
            ),
        ),
        (
            "a tenant's name is not its number",
            ann().uris(&["crdb://tenant-name/2/user/ann"]).tenant(2, None),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "ann" on tenantName 2."#)),
        ),
        (
            "no name matches no tenant",
            ann().uris(&["crdb://tenant-name//user/ann"]).tenant(2, Some("")),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "ann" on ."#)),
        ),
        (
            "user names are quoted",
            login("ann", "CN=a\\\"b"),
            Refused(Rule::Scope, FAILED, Some(r#"The client certificate is valid for "a\"b" on all tenants."#)),
        ),
    ];
    for (what, case, expected) in cases {
        match (case.verdict(), expected) {
            (Verdict::Allowed { because }, Allowed(expected)) => {
                assert_eq!(because, expected, "{what}")
            }
            (Verdict::Refused(refusal), Refused(rule, message, detail)) => {
                assert_eq!(
                    (refusal.rule, refusal.message.as_str(), refusal.detail.as_deref()),
                    (rule, message, detail),
                    "{what}"
                );
                assert_eq!(refusal.comparison.is_some(), rule == Rule::SubjectMismatch, "{what}");
                assert!(refusal.advice.len() > 10, "{what}");
            }
            (verdict, _) => panic!("{what}: {verdict}"),
        }
    }
}

#[test]
fn crdb_uris_are_read_as_the_server_reads_them() {
    let scopes =
        |uri: &str| certificate_scopes(&login("ann", "CN=ann").uris(&[uri]).facts, &PrincipalMap::default());
    for (uri, expected) in [
        ("crdb://tenant/123/user/foo", r#""foo" on tenantID 123"#),
        ("crdb://tenant/18446744073709551615/user/a", r#""a" on tenantID 18446744073709551615"#),
        ("crdb://tenant/007/user/a", r#""a" on tenantID 7"#),
        ("crdb://tenant/2/user/a/b", r#""a/b" on tenantID 2"#),
        ("crdb://tenant/2/user/a?b#c", r#""a?b#c" on tenantID 2"#),
        ("crdb://tenant/2/user/%C3%B6", r#""%C3%B6" on tenantID 2"#),
        ("crdb://tenant-name/app/user/%C3%B6", r#""ö" on tenantName app"#),
        ("crdb://tenant-name/app/user/a?b#c", r#""a" on tenantName app"#),
        ("crdb://tenant-name/app/role/a", r#""a" on tenantName app"#),
        ("crdb://x@tenant-name/app/user/a", r#""a" on tenantName app"#),
        ("crdb://tenant-name/app/user/", r#""" on tenantName app"#),
    ] {
        assert_eq!(scopes(uri).unwrap()[0].to_string(), expected);
    }
    for uri in [
        "crdb:",
        "crdb:tenant/1/user/a",
        "crdb://",
        "crdb://tenant",
        "crdb://tenant/",
        "crdb://tenant/1",
        "crdb://tenant/1/user",
        "crdb://tenant/1/user/",
        "crdb://tenant//user/a",
        "crdb://tenant/0/user/a",
        "crdb://tenant/-1/user/a",
        "crdb://tenant/+1/user/a",
        "crdb://tenant/1x/user/a",
        "crdb://tenant/1/role/a",
        "crdb://tenant/bad/format/123",
        "crdb://Tenant/1/user/a",
        "crdb://tenant:1/1/user/a",
        "crdb://tenant/18446744073709551616/user/a",
        "crdb://TENANT-NAME/app/user/a",
    ] {
        assert_eq!(scopes(uri).unwrap_err().to_string(), format!("invalid tenant URI SAN {uri}"));
    }
    for uri in [
        "crdb://tenant-name",
        "crdb://tenant-name/a/b",
        "crdb://tenant-name/a/user/b/c",
        "crdb://tenant-name/a/user/%zz",
        "crdb://tenant-name/a/user/%ff",
    ] {
        assert_eq!(scopes(uri).unwrap_err().to_string(), format!("invalid tenant-name URI SAN \"{uri}\""));
    }
}

#[test]
fn a_principal_map_is_split_at_the_last_colon() {
    let map = |list: &str| list.parse::<PrincipalMap>();
    let read = map("foo:has:colon:bar,a:b,,a:c,x:,:y").unwrap();
    let users = ["foo:has:colon", "a", "x", "", "other"].map(|principal| read.user(principal));
    assert_eq!(users, ["bar", "c", "", "y", "other"]);
    assert_eq!(map(""), Ok(PrincipalMap::default()));
    assert_eq!(
        map("a:b,foo").unwrap_err().to_string(),
        r#"invalid <cert-principal>:<db-principal> mapping: "foo""#
    );
}

/// The example of CockroachDB's documentation on subject mapping, as printed there.
#[test]
fn the_documented_example_logs_in_and_not_with_two_attributes_swapped() {
    let server = |case: Case| {
        case.root("O=Acme Inc,OU=movr-prod,UID=root").node("O=Acme Inc,OU=movr-prod,UID=node").required()
    };
    let maxroach = |subject| server(login("maxroach", subject).role(MAXROACH));
    assert!(server(login("root", "O=Acme Inc,OU=movr-prod,UID=root")).verdict().is_allowed());
    assert!(server(login("node", "O=Acme Inc,OU=movr-prod,UID=node")).verdict().is_allowed());
    assert!(maxroach(MAXROACH).verdict().is_allowed());

    let root = server(login("root", "OU=movr-prod,O=Acme Inc,UID=root")).comparison();
    assert_eq!((root.relation, root.first_difference()), (Relation::Swapped(1, 2), Some(1)));
    let node = server(login("node", "O=Acme Inc,UID=node,OU=movr-prod")).comparison();
    assert_eq!((node.relation, node.first_difference()), (Relation::Swapped(2, 3), Some(2)));
    let user = maxroach("CN=myName,OU=myOrgUnit,L=myLocality,O=myOrg,ST=myState,C=myCountry").comparison();
    assert_eq!((user.relation, user.first_difference()), (Relation::Swapped(3, 4), Some(3)));
    let reversed = maxroach("C=myCountry,ST=myState,L=myLocality,O=myOrg,OU=myOrgUnit,CN=myName").comparison();
    assert_eq!((reversed.relation, reversed.first_difference()), (Relation::Reversed, Some(1)));
}

#[test]
fn a_refusal_shows_both_subjects_and_what_to_do() {
    let case = login("root", "O=Acme Inc,UID=root,OU=movr-prod").root("O=Acme Inc,OU=movr-prod,UID=root");
    assert_eq!(
        case.verdict().to_string(),
        r#"refused: certificate authentication failed for user "root"
DETAIL: The client certificate is valid for "" on all tenants.
       the server expects   the certificate has
    1  O=Acme Inc           O=Acme Inc
>   2! OU=movr-prod         UID=root   <- first difference
    3! UID=root             OU=movr-prod
Positions 2 and 3 have changed places; that is the only difference.
HINT: Make a certificate with the subject the server expects: `crdb-cert create-client root --subject='O=Acme Inc,OU=movr-prod,UID=root' --overwrite --certs-dir=... --ca-key=...`. Or change the server: --root-cert-distinguished-name='O=Acme Inc,UID=root,OU=movr-prod'"#
    );
    assert_eq!(
        login("ann", "CN=ann").verdict().to_string(),
        r#"allowed: the certificate is valid for "ann" on all tenants"#
    );
}

#[test]
fn subjects_are_compared_position_by_position() {
    let relation = |a: &str, b: &str| Comparison::new(&name(a), &name(b)).relation;
    for (a, b, expected) in [
        ("O=a,CN=b", "o=a,cn=b", Relation::Equal),
        ("O=a,CN=b", "CN=b,O=a", Relation::Reversed),
        ("O=a,OU=b,OU=b,CN=c", "CN=c,OU=b,OU=b,O=a", Relation::Reversed),
        ("O=a,OU=b,CN=c,L=d", "O=a,L=d,CN=c,OU=b", Relation::Swapped(2, 4)),
        ("O=a,OU=b,CN=c", "OU=b,CN=c,O=a", Relation::Reordered),
        ("O=a,O=a,CN=c", "O=a,CN=c,CN=c", Relation::Different),
        ("O=a,CN=b", "CN=b,O=A", Relation::Different),
        ("O=a,CN=b", "O=a", Relation::Different),
        ("O=a+CN=b", "O=a,CN=b", Relation::Different),
        ("O=a", "", Relation::Different),
    ] {
        assert_eq!(relation(a, b), expected, "{a} {b}");
    }
    let longer = Comparison::new(&name("O=Acme Inc,CN=b"), &name("O=acme  inc,CN=b,L=c"));
    assert_eq!(longer.first_difference(), Some(1));
    assert!(longer.positions[0].almost && !longer.positions[2].almost);
    assert_eq!(
        longer.to_string(),
        "       the server expects   the certificate has\n\
         >   1! O=Acme Inc           O=acme  inc   <- first difference (only case or spaces)\n\
         \x20   2  CN=b                 CN=b\n\
         \x20   3! -                    L=c\n\
         The parts themselves differ."
    );
    assert_eq!(Comparison::new(&name(""), &name("")).first_difference(), None);
}

#[test]
fn advice_is_quoted_for_shell_and_sql() {
    let subject = name("O=d'Arc \\\"x\\\" $HOME,UID=a");
    assert_eq!(
        server_setting("an\"n", &subject),
        r#"ALTER ROLE "an""n" WITH SUBJECT 'O=d''Arc \"x\" $HOME,UID=a';"#
    );
    assert_eq!(
        server_setting("node", &subject),
        r#"--node-cert-distinguished-name='O=d'\''Arc \"x\" $HOME,UID=a'"#
    );
    assert_eq!(distinguished_name_flag("ann", &subject), None);
}

#[test]
fn advice_names_the_next_step() {
    let advice = |case: Case| case.refusal().advice;
    let ann = || login("ann", "O=Cockroach,CN=ann");
    for (case, expected) in [
        (
            ann().tls(|t| t.not_after = 0),
            "Make a new certificate: `crdb-cert create-client ann --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (ann().tls(|t| t.not_before = NOW + 1), "Check the clock of the server, or wait."),
        (
            ann().required(),
            "Make the server expect the certificate's subject: ALTER ROLE \"ann\" WITH SUBJECT 'O=Cockroach,CN=ann'; Or stop requiring subjects: SET CLUSTER SETTING security.client_cert.subject_required.enabled = false;",
        ),
        (
            login("ann", "1.2.3=a").required(),
            "Set the SUBJECT of role \"ann\". Or stop requiring subjects: SET CLUSTER SETTING security.client_cert.subject_required.enabled = false;",
        ),
        (
            login("ann", "1.2.3=a").role("CN=ann"),
            "Make a certificate with the subject the server expects: `crdb-cert create-client ann --subject='CN=ann' --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (
            login("node", "CN=a").node("CN=b"),
            "Make a certificate with the subject the server expects: `crdb-cert create-node HOST... --subject='CN=b' --overwrite --certs-dir=... --ca-key=...`. Or change the server: --node-cert-distinguished-name='CN=a'",
        ),
        (
            login("ann", "CN=a b"),
            "Make a certificate for ann: `crdb-cert create-client ann --overwrite --certs-dir=... --ca-key=...`. Or start the server with --cert-principal-map='a b:ann'",
        ),
        (
            login(",foo", "O=a"),
            "Make a certificate for ,foo: `crdb-cert create-client ',foo' --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (
            ann().uris(&["crdb://tenant/2/user/bob"]),
            "Make a certificate for ann: `crdb-cert create-client ann --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (
            ann().uris(&["crdb://tenant/2/user/ann"]),
            "The certificate is for ann on other tenants. Make one for this tenant: `crdb-cert create-client ann --tenant-scope=1 --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (
            ann().uris(&["crdb://tenant-name/a/user/ann"]).tenant(2, Some("b")),
            "The certificate is for ann on other tenants. Make one for this tenant: `crdb-cert create-client ann --tenant-name-scope=b --overwrite --certs-dir=... --ca-key=...`.",
        ),
    ] {
        assert_eq!(advice(case), expected);
    }
}

proptest! {
    #[test]
    fn no_uri_panics(uri in r"(crdb|CRDB|x)?(:|://)?(tenant|tenant-name)?[/0-9a-z%?#@ ö]{0,12}") {
        let case = login("ann", "CN=ann").uris(&[&uri]);
        let _ = case.verdict().to_string();
    }

    #[test]
    fn reversing_a_subject_is_recognized(values in proptest::collection::vec("[a-c]", 2..6)) {
        let text = |values: &[String]| values.iter().map(|value| format!("OU={value}")).collect::<Vec<_>>().join(",");
        let backwards: Vec<String> = values.iter().rev().cloned().collect();
        let relation = Comparison::new(&name(&text(&values)), &name(&text(&backwards))).relation;
        prop_assert_eq!(relation, if values == backwards { Relation::Equal } else { Relation::Reversed });
    }
}
