//! How names are read and compared: URIs, principal maps, subjects.

use proptest::prelude::*;

use super::*;

const MAXROACH: &str = "CN=myName,OU=myOrgUnit,O=myOrg,L=myLocality,ST=myState,C=myCountry";

#[test]
fn crdb_uris_are_read_as_the_server_reads_them() {
    let scopes = |uri: &str| {
        let sent = sent(&format!("CN=ann uri:{uri}"));
        certificate_scopes(&sent.certificate, "ann", &ServerSettings::default())
    };
    for (uri, expected) in [
        ("crdb://tenant/123/user/foo", r#""foo" on tenantID 123"#),
        ("crdb://tenant/18446744073709551615/user/a", r#""a" on tenantID 18446744073709551615"#),
        ("crdb://tenant/007/user/a", r#""a" on tenantID 7"#),
        ("crdb://tenant/2/user/a/b", r#""a/b" on tenantID 2"#),
        ("crdb://tenant/2/user/a#", r#""a" on tenantID 2"#),
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
        map("a:b,\"c:d\"").unwrap_err().to_string(),
        r#""\"c:d\"" has a double quote, which the server may take for one around an entry"#
    );
    assert_eq!(
        map("a:b,foo").unwrap_err().to_string(),
        r#"invalid <cert-principal>:<db-principal> mapping: "foo""#
    );
}

/// The example of CockroachDB's documentation on subject mapping, as printed there.
#[test]
fn the_documented_example_logs_in_and_not_with_two_attributes_swapped() {
    let told = format!(
        "root-dn=O=Acme~Inc,OU=movr-prod,UID=root node-dn=O=Acme~Inc,OU=movr-prod,UID=node role={MAXROACH} \
         subject-required"
    );
    let compared = |subject: &str, user: &str| match verdict(subject, &told, user) {
        Verdict::Refused(refusal) => {
            let comparison = refusal.comparison.expect("a comparison");
            (comparison.relation, comparison.first_difference())
        }
        verdict => panic!("{verdict}"),
    };
    assert!(verdict("O=Acme~Inc,OU=movr-prod,UID=root", &told, "root").is_allowed());
    assert!(verdict("O=Acme~Inc,OU=movr-prod,UID=node", &told, "node").is_allowed());
    assert!(verdict(MAXROACH, &told, "maxroach").is_allowed());
    for (subject, user, expected) in [
        ("OU=movr-prod,O=Acme~Inc,UID=root", "root", (Relation::Swapped(1, 2), Some(1))),
        ("O=Acme~Inc,UID=node,OU=movr-prod", "node", (Relation::Swapped(2, 3), Some(2))),
        (
            "CN=myName,OU=myOrgUnit,L=myLocality,O=myOrg,ST=myState,C=myCountry",
            "maxroach",
            (Relation::Swapped(3, 4), Some(3)),
        ),
        (
            "C=myCountry,ST=myState,L=myLocality,O=myOrg,OU=myOrgUnit,CN=myName",
            "maxroach",
            (Relation::Reversed, Some(1)),
        ),
    ] {
        assert_eq!(compared(subject, user), expected, "{subject}");
    }
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

proptest! {
    #[test]
    fn no_uri_panics(uri in r"(crdb|CRDB|x)?(:|://)?(tenant|tenant-name)?[/0-9a-z%?#@ ö]{0,12}") {
        let sent = sent(&format!("CN=ann uri:{}", uri.replace(' ', "~")));
        let _ = judge(sent.client(), &server("san-required root-san=URI=x"), "root", &Tenant::default()).to_string();
    }

    #[test]
    fn reversing_a_subject_is_recognized(values in proptest::collection::vec("[a-c]", 2..6)) {
        let text = |values: &[String]| values.iter().map(|value| format!("OU={value}")).collect::<Vec<_>>().join(",");
        let backwards: Vec<String> = values.iter().rev().cloned().collect();
        let relation = Comparison::new(&name(&text(&values)), &name(&text(&backwards))).relation;
        prop_assert_eq!(relation, if values == backwards { Relation::Equal } else { Relation::Reversed });
    }
}
