//! Every boundary: the last version without a rule, and the first one with it.

use super::*;

#[rustfmt::skip]
const BOUNDARIES: &[Row] = &[
    // Scopes by a tenant's name from 25.2 on; before that, the URI is malformed.
    ["CN=x uri:crdb://tenant-name/app/user/ann", "v25.1", "ann@3/app", "malformed-scope: invalid tenant URI SAN crdb://tenant-name/app/user/ann"],
    ["CN=x uri:crdb://tenant-name/app/user/ann", "v25.2", "ann@3/app", "allowed: the certificate is valid for \"ann\" on tenantName app"],
    ["CN=x uri:crdb://tenant/2/user/ann", "v25.1", "ann", "scope: failed \"ann\"; \"ann\" on tenant 2"],
    ["CN=x uri:crdb://tenant/2/user/ann", "v25.2", "ann", "scope: failed \"ann\"; \"ann\" on tenantID 2"],
    ["CN=x uri:crdb://tenant/2/user/ann", "v24.1", "ann@2", "allowed: the certificate is valid for \"ann\" on tenant 2"],
    // Bans from 26.1 on.
    ["CN=root", "v25.4 disallow-root", "root", "allowed: ..."],
    ["CN=root", "v26.1 disallow-root", "root", "root-banned: ..."],
    ["CN=debug_user", "v25.4", "debug_user", "allowed: ..."],
    ["CN=debug_user", "v26.1", "debug_user", "debug-user-banned: ..."],
    ["CN=debug_user", "v26.1 allow-debug", "debug_user", "allowed: ..."],
    // Subject alternative names from 26.2 on.
    ["CN=root", "v26.1 san-required root-san=DNS=r", "root", "allowed: ..."],
    ["CN=root", "v26.2 san-required root-san=DNS=r", "root", "san: ..."],
    ["CN=x dns:y", "v26.1 san-required ident=m~x~ann", "ann", "allowed: the certificate is valid for \"x\" on all tenants"],
    ["CN=x dns:y", "v26.2 san-required ident=m~x~ann", "ann", "identity-map: system identities [\"SAN:DNS:y\"] did not map to any database role"],
    // A subject is required whatever the names, until these count.
    ["CN=root", "v26.1 subject-required san-required", "root", "subject-required: ..."],
    ["CN=root", "v26.2 subject-required san-required", "root", "san: ..."],
    // The LDAP library prints every # escaped up to 26.2.
    ["CN=a#b", "v26.2 role=CN=b", "ann", "subject-mismatch: failed \"ann\" (DN: cn=b); The client certificate (DN: cn=a\\#b) is valid for \"a#b\" on all tenants"],
    ["CN=a#b", "v26.3 role=CN=b", "ann", "subject-mismatch: failed \"ann\" (DN: cn=b); The client certificate (DN: cn=a#b) is valid for \"a#b\" on all tenants"],
];

#[test]
fn a_rule_does_not_apply_to_servers_that_are_older() {
    hold(BOUNDARIES, verdict);
}

#[test]
fn versions_are_read_and_only_known_ones() {
    for (text, version) in
        [("25.4", "25.4"), ("v25.4", "25.4"), ("v25.4.11", "25.4"), ("24.1.0", "24.1"), ("26.3", "26.3")]
    {
        assert_eq!(text.parse::<ServerVersion>().map(|v| v.to_string()).as_deref(), Ok(version), "{text}");
    }
    for text in ["", "25", "25.5", "23.2", "26.4", "27.1", "25.4.1.1", "25.+4", "x", "25.4-beta", "025.x"] {
        let error = text.parse::<ServerVersion>().expect_err(text).to_string();
        assert_eq!(
            error,
            format!(
                "the rules of server version {text:?} are not known; \
                 known are 24.1, 24.2, 24.3, 25.1, 25.2, 25.3, 25.4, 26.1, 26.2, 26.3"
            )
        );
    }
    assert_eq!(ServerVersion::default(), ServerVersion::NEWEST);
}

#[test]
fn what_a_server_does_not_know_is_said_to_have_no_effect() {
    let all = "root-san=DNS=r node-san=DNS=n san-required disallow-root allow-debug";
    let flags = |version: &str| {
        let notes = server(&format!("{version} {all}")).without_effect();
        notes.iter().map(|note| note.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let [root, node, san] = ["--root-cert-san", "--node-cert-san", "--san-required"];
    assert_eq!(flags("v25.4"), [root, node, san, "--disallow-root-login", "--allow-debug-user"]);
    assert_eq!(flags("v26.1"), [root, node, san]);
    assert_eq!(flags("v26.2"), [""; 0]);
    assert_eq!(server("v24.1").without_effect(), [""; 0]);
    assert_eq!(
        server("v25.4 disallow-root").without_effect(),
        ["--disallow-root-login has no effect: servers have it from version 26.1 on"]
    );
}
