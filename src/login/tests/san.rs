//! Rule 5: subject alternative names.

use super::*;

#[rustfmt::skip]
const RULE_5: &[Row] = &[
    // Without the setting the flags do nothing.
    ["CN=root dns:wrong", "root-san=DNS=r", "root", "allowed: the certificate is valid for \"root\" on all tenants"],
    ["CN=bob dns:r", "root-san=DNS=r", "root", "scope: ..."],
    // All entries have to be there, more may be.
    ["CN=root dns:r", "san-required root-san=DNS=r", "root", "allowed: the certificate has all names of --root-cert-san"],
    ["CN=root dns:r dns:x", "san-required root-san=DNS=r", "root", "allowed: ..."],
    ["CN=root dns:r uri:spiffe://a/b ip:127.0.0.1", "san-required root-san=DNS=r,URI=spiffe://a/b,IP=127.0.0.1", "root", "allowed: ..."],
    ["CN=root dns:r ip:127.0.0.1", "san-required root-san=DNS=r,URI=spiffe://a/b,IP=127.0.0.1", "root", "san: failed \"root\" based on SAN entries"],
    ["CN=root dns:r uri:spiffe://a/b", "san-required root-san=DNS=r,URI=spiffe://a/b,IP=127.0.0.1", "root", "san: ..."],
    ["CN=root uri:spiffe://a/b ip:127.0.0.1", "san-required root-san=DNS=r,URI=spiffe://a/b,IP=127.0.0.1", "root", "san: ..."],
    ["CN=node dns:n", "san-required node-san=DNS=n", "node", "allowed: the certificate has all names of --node-cert-san"],
    // Exact strings, of the right type, for the right user.
    ["CN=root dns:R", "san-required root-san=DNS=r", "root", "san: ..."],
    ["CN=root uri:r", "san-required root-san=DNS=r", "root", "san: ..."],
    ["CN=root dns:n", "san-required root-san=DNS=r node-san=DNS=n", "root", "san: ..."],
    ["CN=node dns:r", "san-required root-san=DNS=r node-san=DNS=n", "node", "san: failed \"node\" based on SAN entries"],
    // None configured is no match, and the common name does not help.
    ["CN=root dns:r", "san-required", "root", "san: failed \"root\" based on SAN entries"],
    ["CN=root dns:n", "san-required node-san=DNS=n", "root", "san: ..."],
    ["CN=root", "san-required root-san=DNS=r", "root", "san: ..."],
    // Otherwise the subject decides, where one is set; none being set is not said.
    ["CN=root dns:x", "san-required root-san=DNS=r root-dn=CN=root", "root", "allowed: the certificate's subject equals --root-cert-distinguished-name"],
    ["CN=root", "san-required root-dn=CN=root", "root", "allowed: ..."],
    ["CN=root dns:r", "san-required root-san=DNS=r root-dn=CN=x", "root", "allowed: the certificate has all names of --root-cert-san"],
    ["CN=root dns:x", "san-required root-san=DNS=r root-dn=CN=x", "root", "subject-mismatch: failed \"root\" (DN: cn=x); The client certificate (DN: cn=root) is valid for \"root\" on all tenants, \"x\" on all tenants"],
    ["CN=root dns:x", "san-required subject-required root-san=DNS=r", "root", "san: ..."],
    ["CN=root dns:r", "san-required subject-required root-san=DNS=r", "root", "allowed: ..."],
    ["CN=root dns:x", "san-required root-san=DNS=r node-dn=CN=root role=CN=root", "root", "san: ..."],
    // A match lets root in as far as the scopes do: releases differ on the rest.
    ["CN=x dns:r", "san-required root-san=DNS=r", "root", "not judged: the certificate has all names of the flag, but its scopes do not let the user in; ..."],
    ["CN=x dns:r", "san-required root-san=DNS=r root-dn=CN=x", "root", "not judged: ..."],
    ["CN=root dns:r uri:crdb://tenant/2/user/root", "san-required root-san=DNS=r", "root", "not judged: ..."],
    ["CN=root dns:r", "san-required root-san=DNS=r disallow-root", "root", "root-banned: failed \"root\" based on SAN entries"],
    ["CN=root dns:r", "san-required root-san=DNS=r disallow-root root-dn=CN=root", "root", "not judged: ..."],
    ["CN=debug_user dns:r", "san-required root-san=DNS=r", "root", "debug-user-banned: failed \"root\" based on SAN entries"],
    // A URI that Go may print in another way is not judged where it might be the one.
    ["CN=root uri:SPIFFE://a", "san-required root-san=URI=spiffe://a", "root", "not judged: a URI among the certificate's subject alternative names ..."],
    ["CN=root uri:spiffe://a#", "san-required root-san=URI=spiffe://a", "root", "not judged: ..."],
    ["CN=root uri:spiffe://", "san-required root-san=URI=spiffe://", "root", "not judged: ..."],
    ["CN=root uri:spiffe://a!@b/c", "san-required root-san=URI=spiffe://a!@b/c", "root", "not judged: ..."],
    ["CN=root uri:spiffe://a/b@c", "san-required root-san=URI=spiffe://a/b@c", "root", "allowed: ..."],
    ["CN=root uri:mailto:a@b", "san-required root-san=URI=mailto:a@b", "root", "allowed: ..."],
    ["CN=root uri:SPIFFE://a", "san-required root-san=URI=spiffe://a root-dn=CN=root", "root", "not judged: ..."],
    ["CN=root uri:SPIFFE://a", "san-required root-san=URI=SPIFFE://a", "root", "not judged: ..."],
    ["CN=root uri:CRDB://tenant/1/user/root", "san-required root-san=URI=CRDB://tenant/1/user/root", "root", "not judged: ..."],
    ["CN=root uri:CRDB://tenant/1/user/root", "san-required root-san=URI=crdb://tenant/1/user/root", "root", "not judged: ..."],
    ["CN=root uri:SPIFFE://a dns:r", "san-required root-san=DNS=r", "root", "allowed: ..."],
    ["CN=root uri:SPIFFE://a", "san-required", "root", "san: ..."],
    // Others pass: some releases let them in whatever the certificate says, so only what suffices anyway is a
    // yes.
    ["CN=ann", "san-required root-san=DNS=r", "ann", "allowed: the certificate is valid for \"ann\" on all tenants"],
    ["CN=x", "san-required role=CN=x", "ann", "allowed: the certificate's subject equals the SUBJECT of role \"ann\""],
    ["CN=bob", "san-required", "ann", "not judged: with security.client_cert.san_required.enabled, releases of the server let every user but root and node in with any client certificate; by the certificate itself the login is refused: certificate authentication failed for user \"ann\" (DN: <nil>)"],
    ["CN=ann", "san-required role=CN=x", "ann", "not judged: ..."],
    ["CN=ann disputed-subject:why", "san-required role=CN=x", "ann", "not judged: the subject is not judged, as servers read it differently: why"],
    ["CN=ann", "san-required subject-required", "ann", "not judged: ..."],
    ["CN=debug_user", "san-required", "debug_user", "not judged: ..."],
    ["CN=debug_user", "san-required allow-debug", "debug_user", "allowed: ..."],
];

#[test]
fn subject_alternative_names_go_before_the_subject() {
    hold(RULE_5, verdict);
}

#[test]
fn a_list_is_read_as_the_server_reads_it() {
    let read = |text: &str| text.parse::<SanList>();
    let missing = |text: &str| read(text).unwrap().missing_from(&[]).join(" ");
    for (text, entries) in [
        ("", ""),
        ("DNS=a", "SAN:DNS:a"),
        (" dNs = a ,, Uri=spiffe://a/b?c=d,ip=::1, ", "SAN:DNS:a SAN:URI:spiffe://a/b?c=d SAN:IP:::1"),
        ("DNS=a=b", "SAN:DNS:a=b"),
    ] {
        assert_eq!(missing(text), entries, "{text:?}");
        assert_eq!(read(text).unwrap().is_empty(), text.is_empty(), "{text:?}");
    }
    for (text, error) in [
        ("DNS a", r#"invalid SAN entry format: "DNS a" (expected format: attribute-type=attribute-value)"#),
        ("DNS=a,x", r#"invalid SAN entry format: "x" (expected format: attribute-type=attribute-value)"#),
        (" =a", r#"invalid SAN entry format: "=a" (attribute type cannot be empty)"#),
        ("DNS= ", r#"invalid SAN entry format: "DNS=" (attribute value cannot be empty)"#),
        ("eMail=a", r#"invalid SAN attribute type: "eMail" (only DNS, URI, and IP are allowed)"#),
        (" , ", r#"invalid SAN string: " , " (no valid entries found)"#),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), error, "{text:?}");
    }
}
