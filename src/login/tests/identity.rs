//! The identity map that a line of the HBA configuration names.

use super::*;

#[rustfmt::skip]
const RULES: &[Row] = &[
    // The normalized common name has to be turned into the user, and be in the scopes itself.
    ["CN=Goofus", "ident=m~goofus~gallant", "gallant", "allowed: the certificate is valid for \"goofus\" on all tenants"],
    ["CN=x dns:goofus", "ident=m~goofus~gallant", "gallant", "identity-map: system identity \"x\" did not map to a database role"],
    ["CN=goofus", "ident=m~Goofus~gallant", "gallant", "identity-map: system identity \"goofus\" did not map to a database role"],
    ["CN=goofus", "ident=other~goofus~gallant", "gallant", "identity-map: system identity \"goofus\" did not map to a database role"],
    ["CN=goofus", "ident=m~goofus~bob|m~goofus~carl", "gallant", "identity-map: requested user identity \"gallant\" does not correspond to any mapping for system identity \"goofus\""],
    ["CN=goofus", "ident=m~goofus~bob|m~goofus~Gallant", "gallant", "allowed: ..."],
    ["CN=ann", "ident=m~goofus~gallant", "ann", "identity-map: ..."],
    ["CN=goofus", "ident=m~goofus~gallant map=goofus:x", "gallant", "scope: failed \"goofus\"; \"x\" on all tenants"],
    ["CN=goofus uri:crdb://tenant/2/user/goofus", "ident=m~goofus~gallant", "gallant@2", "allowed: the certificate is valid for \"goofus\" on tenantID 2"],
    ["CN=goofus uri:crdb://tenant/2/user/goofus", "ident=m~goofus~gallant", "gallant", "scope: failed \"goofus\"; \"goofus\" on tenantID 2"],
    // The role's SUBJECT is that of the user, unless the identity is root or node.
    ["CN=goofus", "ident=m~goofus~gallant role=CN=goofus", "gallant", "allowed: the certificate's subject equals the SUBJECT of role \"goofus\""],
    ["CN=goofus", "ident=m~goofus~gallant role=CN=x", "gallant", "subject-mismatch: failed \"goofus\" (DN: cn=x)..."],
    ["CN=root", "ident=m~root~gallant role=CN=root root-dn=CN=x", "gallant", "subject-mismatch: failed \"root\" (DN: cn=x)..."],
    ["CN=goofus", "ident=m~goofus~gallant subject-required", "gallant", "subject-required: user \"goofus\" ..."],
    ["CN=root", "ident=m~root~gallant disallow-root", "gallant", "root-banned: ..."],
    // Reserved names, whoever asked.
    ["CN=goofus", "ident=m~goofus~root|m~goofus~gallant", "gallant", "identity-map: system identity \"goofus\" mapped to reserved database role \"root\""],
    ["CN=goofus", "ident=m~goofus~node", "node", "identity-map: system identity \"goofus\" mapped to reserved database role \"node\""],
    ["CN=goofus", "ident=m~goofus~public", "gallant", "identity-map: system identity \"goofus\" mapped to reserved database role \"public\""],
    ["CN=goofus", "ident=m~goofus~none", "gallant", "identity-map: system identity \"goofus\" mapped to reserved database role \"none\""],
    ["CN=goofus", "ident=m~goofus~PG_x", "gallant", "identity-map: system identity \"goofus\" mapped to reserved database role \"pg_x\""],
    ["CN=goofus", "ident=m~goofus~crdb_internal_x", "gallant", "identity-map: system identity \"goofus\" mapped to reserved database role \"crdb_internal_x\""],
    // Root's own line of the HBA configuration has no map.
    ["CN=root", "ident=m~goofus~gallant", "root", "allowed: the certificate is valid for \"root\" on all tenants"],
    // Regular expressions.
    ["CN=ann@example.com", "ident=m~/^(.*)@example\\.com$~\\1", "ann", "allowed: the certificate is valid for \"ann@example.com\" on all tenants"],
    ["CN=ann@example.com", "ident=m~/^(.*)@example\\.com$~\\1 role=CN=ann@example.com", "ann", "allowed: ..."],
    ["CN=ann@example.comx", "ident=m~/^(.*)@example\\.com$~\\1", "ann", "identity-map: ..."],
    ["CN=xann", "ident=m~/ann~bob role=CN=xann", "bob", "allowed: ..."],
    ["CN=root@x", "ident=m~/^(.*)@x$~\\1", "ann", "identity-map: system identity \"root@x\" mapped to reserved database role \"root\""],
    ["CN=@x", "ident=m~/^(.*)@x$~\\1", "ann", "identity-map: system identity \"@x\" did not map to a database role"],
    ["CN=a", "ident=m~/a{1}~bob", "bob", "not judged: line 1 of the identity map: the regular expression cannot be judged: ..."],
    ["CN=a", "ident=m~a~bob|m~/(?i)A~root", "bob", "not judged: line 2 of the identity map: ..."],
    ["CN=a", "ident=other~/a{1}~bob|m~a~bob role=CN=a", "bob", "allowed: ..."],
    // Before the scopes, the tenants' certificates and the subject; behind TLS.
    ["CN=a uri:crdb:", "ident=m~b~ann", "ann", "identity-map: ..."],
    ["CN=a uri:crdb:", "ident=m~a~ann", "ann", "malformed-scope: ..."],
    ["OU=Tenants,CN=a", "ident=m~b~ann", "ann", "identity-map: ..."],
    ["OU=Tenants,CN=a", "ident=m~a~ann", "ann", "tenant-certificate: ..."],
    ["CN=a", "ident=m~b~ann subject-required", "ann", "identity-map: ..."],
    // Nobody is no identity.
    ["O=x", "ident=m~/^$~ann", "ann", "identity-map: user is missing"],
    // From 26.2 on with san_required: the subject alternative names.
    ["CN=x dns:goofus.example.com", "san-required ident=m~SAN:DNS:goofus.example.com~gallant", "gallant", "allowed: the identity map takes \"SAN:DNS:goofus.example.com\" for \"gallant\""],
    ["CN=x uri:spiffe://a/goofus", "san-required ident=m~/^SAN:URI:spiffe://a/(.*)$~\\1", "goofus", "allowed: ..."],
    ["CN=x ip:10.0.0.1", "san-required ident=m~SAN:IP:10.0.0.1~ann", "ann", "allowed: ..."],
    ["CN=goofus", "san-required ident=m~goofus~gallant", "gallant", "identity-map: client certificate SAN is required"],
    ["CN=goofus dns:x ip:1.2.3.4", "san-required ident=m~goofus~gallant", "gallant", "identity-map: system identities [\"SAN:IP:1.2.3.4\" \"SAN:DNS:x\"] did not map to any database role"],
    ["CN=x dns:a", "san-required ident=m~SAN:DNS:a~bob", "gallant", "identity-map: requested user identity \"gallant\" does not correspond to any mapping for SAN identities [\"SAN:DNS:a\"]"],
    ["CN=x dns:a", "san-required ident=m~SAN:DNS:a~root", "ann", "identity-map: system identity \"SAN:DNS:a\" mapped to reserved database role \"root\""],
    ["CN=x dns:a uri:crdb:", "san-required ident=m~SAN:DNS:a~ann", "ann", "malformed-scope: ..."],
    ["OU=Tenants,CN=x dns:a", "san-required ident=m~SAN:DNS:a~ann", "ann", "tenant-certificate: ..."],
    ["CN=x dns:a", "san-required ident=m~SAN:DNS:a~ann role=CN=y", "ann", "allowed: ..."],
    ["CN=x dns:a", "san-required ident=m~SAN:DNS:a~debug_user", "debug_user", "not judged: ..."],
    ["CN=a", "ident=m~a~debug_user", "debug_user", "allowed: the certificate is valid for \"a\" on all tenants"],
    ["CN=x uri:HTTP://a", "san-required ident=m~SAN:URI:HTTP://a~ann", "ann", "not judged: ..."],
    ["CN=x uri:crdb://tenant/1/user/x", "san-required ident=m~SAN:URI:crdb://tenant/1/user/x~ann", "ann", "allowed: ..."],
    ["CN=root dns:r", "san-required root-san=DNS=r ident=m~SAN:DNS:r~ann", "root", "allowed: the certificate has all names of --root-cert-san"],
];

#[test]
fn an_identity_map_goes_before_the_rules() {
    hold(RULES, verdict);
}

#[test]
fn a_configuration_is_read_as_the_server_reads_it() {
    let read = |text: &str| IdentityMap::read(text, "m");
    assert_eq!(read("# x\n\n  m\ta  b # c\nother a b\n"), read("\n\nm a b"));
    assert_eq!(read("#m a b"), Ok(IdentityMap::default()));
    for (text, error) in [
        ("m a b\nm a", r#"unable to parse line 2: "m a""#),
        ("other a b c", r#"unable to parse line 1: "other a b c""#),
        (r"m a \1", r"saw \1 substitution on line 1, but pattern contains no subexpressions"),
        (r"x /^a$ \1", r"saw \1 substitution on line 1, but pattern contains no subexpressions"),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), error);
    }
}

#[test]
fn the_users_to_try_are_those_that_a_certificate_may_work_for() {
    let users = |cert: &str, told: &str| {
        users_to_try(&sent(cert).certificate, &server(told)).into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(users("CN=Ann dns:bob", "map=bob:carl"), "ann carl node root");
    assert_eq!(users("CN=x uri:crdb://tenant/2/user/ann", ""), "ann node root");
    assert_eq!(users("CN=x uri:crdb:", ""), "node root");
    assert_eq!(users("CN=x dns:y", "ident=m~x~ann"), "ann node root x y");
    assert_eq!(users("CN=x dns:y", "ident=m~SAN:DNS:y~ann san-required"), "ann node root x y");
}
