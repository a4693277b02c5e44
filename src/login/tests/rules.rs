//! REFERENCE.md section 6, rule by rule, and which of two rules speaks first.

use super::*;

#[rustfmt::skip]
const TLS: &[Row] = &[
    ["CN=ann not-yet:is~not~valid~before~then", "", "ann", "tls: the TLS handshake fails: the certificate is not valid before then"],
    ["CN=ann expired:expired~then", "", "ann", "tls: the TLS handshake fails: the certificate expired then"],
    ["CN=ann no-client-auth", "", "ann", "tls: the TLS handshake fails: the certificate does not allow client authentication (extended key usage clientAuth)"],
    ["CN=ann no-chain:why", "", "ann", "tls: the TLS handshake fails: the certificate does not chain to the CA for clients: the certificate: why"],
    ["CN=ann unreadable:why", "", "ann", "tls: the TLS handshake fails: the server cannot parse the certificate: why"],
    ["CN=ann no-chain:why expired:expired~then", "", "ann", "tls: the TLS handshake fails: the certificate expired then; the certificate does not chain to the CA for clients: the certificate: why"],
    // A subject over which some servers stumble in the handshake: no yes, whatever the rules say.
    ["CN=ann doubt:odd", "", "ann", "not judged: whether the TLS handshake succeeds differs between servers: the certificate: odd"],
    ["CN=ann disputed-subject:why doubt:odd", "role=CN=ann", "ann", "not judged: the subject is not judged, as servers read it differently: why"],
    ["CN=bob doubt:odd", "", "ann", "scope: ..."],
    // TLS goes before everything.
    ["CN=ann no-chain:x", "ident=", "ann", "tls: ..."],
    ["CN=ann no-chain:x uri:crdb:", "", "ann", "tls: ..."],
    ["OU=Tenants,CN=ann no-chain:x", "", "ann", "tls: ..."],
    ["CN=ann no-chain:x", "role=CN=ann", "ann", "tls: ..."],
];

#[rustfmt::skip]
const RULE_1: &[Row] = &[
    // The common name is folded and normalized, before the principal map and the scopes; DNS names and the
    // subject are not.
    ["CN=MaxRoach", "", "maxroach", "allowed: the certificate is valid for \"maxroach\" on all tenants"],
    ["CN=Rene\u{301}", "", "ren\u{e9}", "allowed: the certificate is valid for \"ren\u{e9}\" on all tenants"],
    ["CN=MaxRoach", "map=MaxRoach:foo", "foo", "scope: failed \"foo\"; \"maxroach\" on all tenants"],
    ["CN=MaxRoach", "map=maxroach:foo", "foo", "allowed: the certificate is valid for \"foo\" on all tenants"],
    ["CN=x dns:MaxRoach", "", "maxroach", "scope: failed \"maxroach\"; \"x\" on all tenants, \"MaxRoach\" on all tenants"],
    ["CN=x dns:MaxRoach", "map=MaxRoach:foo", "foo", "allowed: the certificate is valid for \"foo\" on all tenants"],
    ["CN=MaxRoach", "role=CN=MaxRoach", "maxroach", "allowed: the certificate's subject equals the SUBJECT of role \"maxroach\""],
    ["CN=MaxRoach", "role=CN=maxroach", "maxroach", "subject-mismatch: failed \"maxroach\" (DN: cn=maxroach); The client certificate (DN: cn=MaxRoach) is valid for \"maxroach\" on all tenants"],
];

#[rustfmt::skip]
const RULE_2: &[Row] = &[
    // A malformed URI refuses before every other rule.
    ["CN=ann uri:crdb://tenant/x/user/ann", "", "ann", "malformed-scope: invalid tenant URI SAN crdb://tenant/x/user/ann"],
    ["CN=ann uri:crdb://tenant-name/app", "", "ann", "malformed-scope: invalid tenant-name URI SAN \"crdb://tenant-name/app\""],
    ["CN=ann uri:crdb://tenant/1/user/ann uri:crdb://tenant/x/user/ann", "", "ann", "malformed-scope: invalid tenant URI SAN crdb://tenant/x/user/ann"],
    ["OU=Tenants,CN=ann uri:crdb://tenant/x/user/ann", "", "ann", "malformed-scope: ..."],
    ["CN=ann uri:crdb://tenant/x/user/ann", "subject-required", "ann", "malformed-scope: ..."],
    ["CN=ann uri:crdb://tenant/x/user/ann", "role=CN=ann", "ann", "malformed-scope: ..."],
    ["CN=root uri:crdb://tenant/x/user/root", "san-required root-san=DNS=r", "root", "malformed-scope: ..."],
    ["CN=root uri:crdb://tenant/x/user/root", "disallow-root", "root", "malformed-scope: ..."],
];

#[rustfmt::skip]
const RULE_3: &[Row] = &[
    ["O=Cockroach,OU=Tenants,CN=ann", "", "ann", "tenant-certificate: using tenant client certificate as user certificate is not allowed"],
    ["OU=a,OU=Tenants,CN=ann", "", "ann", "tenant-certificate: ..."],
    ["OU=tenants,CN=ann", "", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    // Before the subject, the names and the scopes.
    ["OU=Tenants,CN=ann", "subject-required", "ann", "tenant-certificate: ..."],
    ["OU=Tenants,CN=ann", "role=OU=Tenants,CN=ann", "ann", "tenant-certificate: ..."],
    ["OU=Tenants,CN=root dns:r", "san-required root-san=DNS=r", "root", "tenant-certificate: ..."],
    ["OU=Tenants,CN=root", "disallow-root", "root", "tenant-certificate: ..."],
    ["OU=Tenants,CN=bob", "", "ann", "tenant-certificate: ..."],
];

#[rustfmt::skip]
const RULE_4: &[Row] = &[
    // Whose subject counts.
    ["CN=x", "role=CN=x", "ann", "allowed: the certificate's subject equals the SUBJECT of role \"ann\""],
    ["CN=x", "root-dn=CN=x", "root", "allowed: the certificate's subject equals --root-cert-distinguished-name"],
    ["CN=x", "node-dn=CN=x", "node", "allowed: the certificate's subject equals --node-cert-distinguished-name"],
    ["CN=root", "role=CN=other node-dn=CN=other", "root", "allowed: the certificate is valid for \"root\" on all tenants"],
    ["CN=node", "role=CN=other root-dn=CN=other", "node", "allowed: the certificate is valid for \"node\" on all tenants"],
    ["CN=ann", "root-dn=CN=other node-dn=CN=other", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    // Required, and not set.
    ["CN=ann", "subject-required", "ann", "subject-required: user \"ann\" does not have a distinguished name set which subject_required cluster setting mandates"],
    ["CN=ann", "subject-required root-dn=CN=ann node-dn=CN=ann", "ann", "subject-required: user \"ann\" ..."],
    ["CN=root", "subject-required role=CN=root node-dn=CN=root", "root", "subject-required: user \"root\" ..."],
    ["CN=node", "subject-required root-dn=CN=node", "node", "subject-required: user \"node\" ..."],
    ["CN=ann", "subject-required role=CN=ann", "ann", "allowed: the certificate's subject equals the SUBJECT of role \"ann\""],
    // Before the subject is looked at, and before the scopes and bans.
    ["CN=ann unreadable-subject", "subject-required", "ann", "subject-required: ..."],
    ["CN=ann disputed-subject:x", "subject-required", "ann", "subject-required: ..."],
    ["CN=bob", "subject-required", "ann", "subject-required: ..."],
    ["CN=root", "subject-required disallow-root", "root", "subject-required: ..."],
];

#[rustfmt::skip]
const RULE_6: &[Row] = &[
    ["O=a,CN=ann", "role=o=a,cn=ann", "ann", "allowed: the certificate's subject equals the SUBJECT of role \"ann\""],
    // Nothing else is looked at: not the names, not the tenants, not the bans.
    ["CN=bob", "role=CN=bob", "ann", "allowed: ..."],
    ["CN=ann uri:crdb://tenant/2/user/bob", "role=CN=ann", "ann", "allowed: ..."],
    ["CN=root", "root-dn=CN=root disallow-root", "root", "allowed: the certificate's subject equals --root-cert-distinguished-name"],
    ["CN=debug_user", "role=CN=debug_user", "debug_user", "allowed: the certificate's subject equals the SUBJECT of role \"debug_user\""],
    ["CN=ann dns:root", "role=CN=ann disallow-root", "ann", "allowed: ..."],
    // A scope that fits does not help. The expected subject is in the message, the certificate's in the detail.
    ["O=Cockroach,CN=ann", "role=O=x,UID=ann", "ann", "subject-mismatch: failed \"ann\" (DN: o=x,uid=ann); The client certificate (DN: o=Cockroach,cn=ann) is valid for \"ann\" on all tenants"],
    ["O=a,CN=ann", "role=CN=ann", "ann", "subject-mismatch: ..."],
    ["CN=ann,O=a", "role=O=a,CN=ann", "ann", "subject-mismatch: ..."],
    ["CN=ann", "role=", "ann", "subject-mismatch: failed \"ann\" (DN: ); The client certificate (DN: cn=ann) is valid for \"ann\" on all tenants"],
    ["CN=root", "root-dn=CN=x", "root", "subject-mismatch: failed \"root\" (DN: cn=x); The client certificate (DN: cn=root) is valid for \"root\" on all tenants"],
    ["CN=root", "root-dn=CN=x disallow-root", "root", "subject-mismatch: ..."],
    // What no name can be read from is no matter where nobody looks.
    ["CN=ann unreadable-subject", "role=CN=ann", "ann", "unreadable-subject: could not parse certificate subject DN: attribute 1 (\"CN\"): has no \"=\""],
    ["CN=ann unreadable-subject", "", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=ann disputed-subject:why", "role=CN=ann", "ann", "not judged: the subject is not judged, as servers read it differently: why"],
    ["CN=ann disputed-subject:why", "", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=a+CN=a+CN=b", "role=CN=a+CN=b+CN=b", "ann", "not judged: the certificate's subject repeats an attribute within an RDN, ..."],
];

#[rustfmt::skip]
const RULE_7: &[Row] = &[
    // By name.
    ["CN=ann", "", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=ann", "", "ann@7", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=x dns:y dns:ann", "", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=bob dns:carl", "", "ann", "scope: failed \"ann\"; \"bob\" on all tenants, \"carl\" on all tenants"],
    ["O=a", "", "ann", "scope: failed \"ann\"; \"\" on all tenants"],
    ["CN=ann,CN=bob", "", "ann", "scope: failed \"ann\"; \"bob\" on all tenants"],
    ["CN=node", "", "ann", "scope: failed \"ann\"; \"node\" on all tenants"],
    ["CN=ann uri:spiffe://a/b uri:mailto:x uri:x", "", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=a\\\"b", "", "ann", "scope: failed \"ann\"; \"a\\\"b\" on all tenants"],
    // Through the principal map.
    ["CN=bob", "map=bob:ann", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=x dns:db:1", "map=db:1:ann", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=ann", "map=ann:bob", "ann", "scope: failed \"ann\"; \"bob\" on all tenants"],
    ["CN=a", "map=a:b,b:ann", "ann", "scope: failed \"ann\"; \"b\" on all tenants"],
    ["CN=a", "map=a:b,a:ann", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=a uri:crdb://tenant/1/user/bob", "map=bob:ann,a:ann", "ann", "scope: failed \"ann\"; \"bob\" on tenantID system"],
    // By URI.
    ["CN=x uri:crdb://tenant/2/user/ann", "", "ann@2", "allowed: the certificate is valid for \"ann\" on tenantID 2"],
    ["CN=x uri:crdb://tenant/1/user/ann", "", "ann", "allowed: the certificate is valid for \"ann\" on tenantID system"],
    ["CN=x uri:crdb://tenant-name/app/user/ann", "", "ann@3/app", "allowed: the certificate is valid for \"ann\" on tenantName app"],
    ["CN=x uri:CRDB://tenant-name/app/user/ann", "", "ann@3/app", "allowed: the certificate is valid for \"ann\" on tenantName app"],
    ["CN=ann uri:crdb://tenant/2/user/ann", "", "ann@3", "scope: failed \"ann\"; \"ann\" on tenantID 2"],
    ["CN=ann uri:crdb://tenant-name/app/user/ann", "", "ann@3/App", "scope: failed \"ann\"; \"ann\" on tenantName app"],
    ["CN=ann uri:crdb://tenant-name/app/user/ann", "", "ann@3", "scope: failed \"ann\"; \"ann\" on tenantName app"],
    ["CN=ann dns:ann uri:crdb://tenant/1/user/bob uri:crdb://tenant-name/app/user/carl", "", "ann", "scope: failed \"ann\"; \"bob\" on tenantID system, \"carl\" on tenantName app"],
    ["CN=x uri:spiffe://x uri:crdb://tenant/5/user/bob uri:crdb://tenant/5/user/ann", "", "ann@5", "allowed: the certificate is valid for \"ann\" on tenantID 5"],
    ["CN=x uri:crdb://tenant/5/user/bob uri:crdb://tenant/6/user/ann", "", "ann@5", "scope: failed \"ann\"; \"bob\" on tenantID 5, \"ann\" on tenantID 6"],
    ["CN=x uri:crdb://tenant-name/2/user/ann", "", "ann@2", "scope: failed \"ann\"; \"ann\" on tenantName 2"],
    ["CN=x uri:crdb://tenant-name//user/ann", "", "ann@2/", "scope: failed \"ann\"; \"ann\" on "],
    // Bans, in the order of the scopes.
    ["CN=root", "", "root", "allowed: the certificate is valid for \"root\" on all tenants"],
    ["CN=root", "disallow-root", "root", "root-banned: failed \"root\"; \"root\" on all tenants"],
    ["CN=root uri:crdb://tenant/2/user/root", "disallow-root", "root@2", "root-banned: failed \"root\"; \"root\" on tenantID 2"],
    ["CN=ann", "disallow-root", "ann", "allowed: ..."],
    ["CN=ann dns:root", "disallow-root", "ann", "allowed: ..."],
    ["CN=root dns:ann", "disallow-root", "ann", "root-banned: failed \"ann\"; \"root\" on all tenants, \"ann\" on all tenants"],
    ["CN=x uri:crdb://tenant/9/user/root uri:crdb://tenant/1/user/ann", "disallow-root", "ann", "root-banned: ..."],
    ["CN=bob", "map=bob:root disallow-root", "root", "root-banned: ..."],
    ["CN=node", "disallow-root", "node", "allowed: ..."],
    ["CN=debug_user", "", "debug_user", "debug-user-banned: failed \"debug_user\"; \"debug_user\" on all tenants"],
    ["CN=debug_user", "allow-debug", "debug_user", "allowed: ..."],
    ["CN=ann dns:debug_user", "", "ann", "allowed: ..."],
    ["CN=debug_user dns:ann", "", "ann", "debug-user-banned: ..."],
    ["CN=debug_user dns:root", "disallow-root", "root", "debug-user-banned: ..."],
    ["CN=root dns:debug_user", "disallow-root", "debug_user", "root-banned: ..."],
    ["CN=debug_user dns:root", "allow-debug disallow-root", "root", "root-banned: ..."],
];

#[test]
fn every_rule_holds_and_goes_before_the_ones_behind_it() {
    for rows in [TLS, RULE_1, RULE_2, RULE_3, RULE_4, RULE_6, RULE_7] {
        hold(rows, verdict);
    }
}

/// Rule 8, not shortened.
#[test]
fn a_refusal_is_in_the_servers_words() {
    for (cert, told, message, detail) in [
        (
            "CN=bob uri:crdb://tenant/2/user/bob uri:crdb://tenant-name/app/user/bob",
            "",
            r#"certificate authentication failed for user "ann" (DN: <nil>)"#,
            r#"The client certificate (DN: <nil>) is valid for "bob" on tenantID 2, "bob" on tenantName app."#,
        ),
        (
            "O=Cockroach,CN=ann",
            "role=O=#x,CN=\u{f6}",
            r#"certificate authentication failed for user "ann" (DN: o=\#x,cn=\c3\b6)"#,
            r#"The client certificate (DN: o=Cockroach,cn=ann) is valid for "ann" on all tenants."#,
        ),
    ] {
        let told = told.replace("#x", "\\#x");
        let Verdict::Refused(refusal) = verdict(cert, &told, "ann") else { panic!("{cert}") };
        assert_eq!((refusal.message.as_str(), refusal.detail.as_deref()), (message, Some(detail)));
    }
}
