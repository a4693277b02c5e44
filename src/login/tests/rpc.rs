//! Connections between nodes.

use super::*;

#[rustfmt::skip]
const RULES: &[Row] = &[
    // By scopes: node or root.
    ["CN=node", "", "@1", "allowed: the certificate is valid for \"node\" on all tenants"],
    ["CN=root", "", "@1", "allowed: the certificate is valid for \"root\" on all tenants"],
    ["CN=x dns:node", "", "@1", "allowed: ..."],
    ["CN=x", "map=x:node", "@1", "allowed: ..."],
    ["CN=ann dns:bob", "", "@1", "scope: need root or node client cert to perform RPCs on this server (this is tenant system; cert is valid for \"ann\" on all tenants, \"bob\" on all tenants)"],
    ["CN=ann", "", "@3", "scope: need root or node client cert to perform RPCs on this server (this is tenant 3; cert is valid for \"ann\" on all tenants)"],
    ["CN=x uri:crdb://tenant/1/user/node", "", "@1", "allowed: the certificate is valid for \"node\" on tenantID system"],
    ["CN=node uri:crdb://tenant/2/user/node", "", "@1", "scope: ..."],
    ["CN=node uri:crdb://tenant/2/user/node", "", "@2", "allowed: ..."],
    // A tenant's name does not count, nor does a common name in capitals: nobody normalizes it here.
    ["CN=x uri:crdb://tenant-name/app/user/node", "", "@1/app", "scope: ..."],
    ["CN=Node", "", "@1", "scope: ..."],
    ["CN=Node", "map=Node:node", "@1", "allowed: ..."],
    // Scopes are read up to the one that settles it.
    ["CN=x uri:crdb:", "", "@1", "malformed-scope: invalid tenant URI SAN crdb:"],
    ["CN=x uri:crdb: uri:crdb://tenant/1/user/node", "", "@1", "malformed-scope: ..."],
    ["CN=x uri:crdb://tenant/1/user/node uri:crdb:", "", "@1", "allowed: ..."],
    // Tenants' certificates are no nodes'.
    ["OU=Tenants,CN=node", "", "@1", "tenant-certificate: the server takes the certificate for that of a tenant's SQL server, not of a node"],
    ["OU=Tenants,CN=node", "node-dn=OU=Tenants,CN=node", "@1", "tenant-certificate: ..."],
    ["CN=node no-chain:x", "", "@1", "tls: ..."],
    ["CN=node doubt:odd", "", "@1", "not judged: whether the TLS handshake succeeds differs between servers: the certificate: odd"],
    ["CN=ann doubt:odd", "", "@1", "scope: ..."],
    ["CN=node disputed-subject:why doubt:odd", "node-dn=CN=node", "@1", "not judged: the subject is not judged, as servers read it differently: why"],
    // If either flag is set, the subject has to be one of them, and then nothing else matters.
    ["CN=x", "root-dn=CN=x", "@1", "allowed: the certificate's subject equals --root-cert-distinguished-name"],
    ["CN=x", "node-dn=CN=x", "@1", "allowed: the certificate's subject equals --node-cert-distinguished-name"],
    ["CN=x", "root-dn=CN=x node-dn=CN=y", "@1", "allowed: ..."],
    ["CN=y", "root-dn=CN=x node-dn=CN=y", "@1", "allowed: ..."],
    ["CN=node", "root-dn=CN=x", "@1", "subject-mismatch: need root or node client cert to perform RPCs on this server: cert dn did not match set root or node dn"],
    ["CN=node", "node-dn=CN=x", "@1", "subject-mismatch: ..."],
    ["CN=node", "root-dn=CN=x node-dn=CN=y", "@1", "subject-mismatch: ..."],
    ["CN=node unreadable-subject", "node-dn=CN=node", "@1", "subject-mismatch: ..."],
    ["CN=node disputed-subject:why", "node-dn=CN=node", "@1", "not judged: the subject is not judged, as servers read it differently: why"],
    ["CN=a+CN=a+CN=b", "node-dn=CN=a+CN=b+CN=b", "@1", "not judged: ..."],
    ["CN=a+CN=a+CN=b", "root-dn=CN=a+CN=a+CN=b node-dn=CN=a+CN=b+CN=b", "@1", "allowed: ..."],
    ["CN=x dns:root", "node-dn=CN=x disallow-root", "@1", "allowed: ..."],
    // Required, and none set: before the scopes.
    ["CN=node", "subject-required", "@1", "subject-required: root and node roles do not have valid DNs set which subject_required cluster setting mandates"],
    ["CN=ann", "subject-required", "@1", "subject-required: ..."],
    ["CN=node", "subject-required node-dn=CN=node", "@1", "allowed: ..."],
    // Bans, in the order of the scopes.
    ["CN=root", "disallow-root", "@1", "root-banned: failed to perform RPC, as root login has been disallowed"],
    ["CN=root dns:node", "disallow-root", "@1", "root-banned: ..."],
    ["CN=node dns:root", "disallow-root", "@1", "allowed: ..."],
    ["CN=debug_user", "", "@1", "debug-user-banned: failed to perform RPC, as debug_user login is not allowed"],
    ["CN=debug_user dns:node", "", "@1", "debug-user-banned: ..."],
    ["CN=debug_user dns:node", "allow-debug", "@1", "allowed: ..."],
    ["CN=debug_user", "allow-debug", "@1", "not judged: servers take debug_user for what `debug zip` calls, which is not all that nodes call"],
    ["CN=root", "v25.4 disallow-root", "@1", "allowed: ..."],
    ["CN=debug_user", "v25.4", "@1", "scope: ..."],
    ["CN=debug_user", "v26.1", "@1", "debug-user-banned: ..."],
    // Names: from 26.2 on, where they are required.
    ["CN=x dns:n", "san-required node-san=DNS=n", "@1", "allowed: the certificate has all names of --node-cert-san"],
    ["CN=x dns:r", "san-required root-san=DNS=r node-san=DNS=n", "@1", "allowed: the certificate has all names of --root-cert-san"],
    ["CN=node dns:x", "san-required node-san=DNS=n", "@1", "san: need root or node client cert to perform RPCs on this server: the certificate has the names of neither --root-cert-san nor --node-cert-san"],
    ["CN=node", "san-required", "@1", "san: ..."],
    ["CN=node", "v26.1 san-required node-san=DNS=n", "@1", "allowed: the certificate is valid for \"node\" on all tenants"],
    ["CN=node", "v26.2 san-required node-san=DNS=n", "@1", "san: ..."],
    ["CN=node", "san-required node-dn=CN=node", "@1", "allowed: the certificate's subject equals --node-cert-distinguished-name"],
    ["CN=node", "san-required node-san=DNS=n node-dn=CN=x", "@1", "subject-mismatch: ..."],
    ["CN=node", "san-required subject-required", "@1", "subject-required: ..."],
    ["CN=x dns:n", "san-required subject-required node-san=DNS=n", "@1", "allowed: ..."],
    ["CN=x uri:SPIFFE://n", "san-required node-san=URI=spiffe://n", "@1", "not judged: ..."],
    ["CN=x uri:SPIFFE://n", "san-required node-san=URI=SPIFFE://n", "@1", "not judged: ..."],
    ["CN=x uri:SPIFFE://n", "san-required", "@1", "san: ..."],
    // From 26.2 on, releases may look at the tenants of the URIs, too.
    ["CN=x uri:crdb://tenant/2/user/x", "v26.1 node-dn=CN=x", "@1", "allowed: ..."],
    ["CN=x uri:crdb://tenant/2/user/x", "v26.2 node-dn=CN=x", "@1", "not judged: the certificate's subject equals --node-cert-distinguished-name, but none of its crdb: URIs is for this tenant, ..."],
    ["CN=x uri:crdb://tenant/1/user/x", "v26.2 node-dn=CN=x", "@1", "allowed: ..."],
    ["CN=x uri:crdb:", "v26.2 node-dn=CN=x", "@1", "not judged: ..."],
    ["CN=x dns:n uri:crdb://tenant/2/user/x", "san-required node-san=DNS=n", "@1", "not judged: ..."],
];

#[test]
fn advice_for_nodes_makes_no_root_of_them() {
    for (cert, told, expected) in [
        ("CN=x", "root-dn=UID=root", "Start the server with --node-cert-distinguished-name; `"),
        (
            "CN=x",
            "root-dn=UID=root node-dn=UID=node",
            "Make a certificate with the subject the server expects: `crdb-cert create-node HOST... --subject='UID=node'",
        ),
        (
            "UID=node",
            "",
            "If the server has --node-cert-distinguished-name, pass it here too. Make a new certificate: `crdb-cert create-node ",
        ),
        ("CN=x", "", "Make a new certificate: `crdb-cert create-node "),
        ("CN=x", "client-ca", "Make a new certificate: `crdb-cert create-client node "),
    ] {
        match judge_rpc(sent(cert).client(), &server(told), &Tenant::default()) {
            Verdict::Refused(refusal) => assert!(refusal.advice.starts_with(expected), "{}", refusal.advice),
            verdict => panic!("{verdict}"),
        }
    }
}

#[test]
fn every_rule_holds_between_nodes() {
    hold(RULES, |cert, told, login| judge_rpc(sent(cert).client(), &server(told), &who(login).1));
}
