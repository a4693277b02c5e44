//! Every rule of REFERENCE.md section 6, and which of two rules speaks first.

use super::*;

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
