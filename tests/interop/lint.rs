//! A PKIX linter finds nothing in the certificates but what it does not know.

use std::fs;

use crate::peers::Peer;
use crate::sandbox::Sandbox;
use crate::sets::{self, KEYS};

/// What the linter says about `file` from WARNING up: `code (SEVERITY): message`.
fn findings(sandbox: &Sandbox, file: &str) -> Vec<String> {
    let answer = sandbox.ask(Peer::Linter, ["lint", "-s", "WARNING", file]);
    // The lines that are not indented say where, and the exit status how many.
    let (findings, places): (Vec<_>, Vec<_>) =
        answer.stdout.lines().filter(|line| !line.is_empty()).partition(|line| line.starts_with("    "));
    let complete = answer.success == findings.is_empty()
        && findings.len() >= places.len()
        && places.iter().all(|line| line.contains(" @ certificate"));
    assert!(complete, "{file}:\n{}{}", answer.stdout, answer.stderr);
    findings.iter().map(|line| line.trim().to_owned()).collect()
}

fn bad_domain(name: &str) -> String {
    format!("pkix.invalid_domain_name_syntax (ERROR): Invalid domain name syntax: \"{name}\"")
}

fn bad_uri(uri: &str) -> String {
    format!("pkix.invalid_uri_syntax (ERROR): Invalid URI syntax: \"{uri}\"")
}

#[test]
fn the_linter_finds_only_what_cockroachdb_asks_for_and_it_does_not_know() {
    let sandbox = sets::unpack_all();
    for key in KEYS {
        for name in sets::certificates() {
            let expected = match name {
                // RFC 5280's preferred name syntax has no wildcards, and the linter wants a dot in a name.
                "node" => vec![bad_domain("*.dev.example.com"), bad_domain("localhost")],
                // CockroachDB's own scheme: its authority is no host name.
                "client.app" => vec![
                    bad_uri("crdb://tenant/2/user/app"),
                    bad_uri("crdb://tenant/3/user/app"),
                    bad_uri("crdb://tenant-name/app/user/app"),
                ],
                _ => Vec::new(),
            };
            let found = findings(&sandbox, &format!("{}/{name}.crt", key.cluster()));
            assert_eq!(found, expected, "{key:?}: {name}");
        }
    }
}

#[test]
fn the_linter_finds_nothing_in_certificates_without_wildcards_and_scopes() {
    let sandbox = Sandbox::new();
    let ecdsa = "--key-algorithm=ecdsa";
    sandbox.create("certs", &["create-ca", ecdsa, "--lifetime=876000h"]);
    sandbox.create("certs", &["create-node", "node1.example.com", "10.0.0.1", "::1", ecdsa]);
    let subject = "--subject=C=DE,DC=com,DC=example,O=Büro,OU=movr-prod+UID=root,CN=a@b";
    sandbox.create("certs", &["create-client", "root", subject, ecdsa]);
    for file in ["ca.crt", "node.crt", "client.root.crt"] {
        assert_eq!(findings(&sandbox, &format!("certs/{file}")), [""; 0], "{file}");
    }
}

/// A CA without key usage and key identifier, whose constraints are not critical, with a name that is none.
const BAD: &str = "\
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = bad
[extensions]
basicConstraints = CA:TRUE
subjectKeyIdentifier = none
authorityKeyIdentifier = none
subjectAltName = DNS:bad name
";

#[test]
fn the_linter_finds_what_is_wrong_with_a_bad_certificate() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("bad.conf"), BAD).expect("a configuration");
    let make = [
        "req",
        "-x509",
        "-config",
        "bad.conf",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "bad.key",
        "-out",
        "bad.crt",
    ];
    sandbox.tell(Peer::Openssl, make);
    let found = findings(&sandbox, "bad.crt");
    let mut codes: Vec<_> = found.iter().filter_map(|finding| finding.split(' ').next()).collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            "pkix.basic_constraints_extension_not_critical",
            "pkix.ca_certificate_no_ku_extension",
            "pkix.certificate_skid_ca_missing",
            "pkix.invalid_domain_name_syntax",
        ]
    );
}
