//! `openssl x509 -text` shows an operator what REFERENCE.md section 1 says.

use crate::peers::Peer;
use crate::sandbox::Sandbox;
use crate::sets::{self, KEYS, Key};

const KEY_USAGE: &str = "X509v3 Key Usage: critical";
const PURPOSES: &str = "X509v3 Extended Key Usage:";
const CONSTRAINTS: &str = "X509v3 Basic Constraints: critical";
const NAMES: &str = "X509v3 Subject Alternative Name:";
const IDENTIFIER: &str = "X509v3 Subject Key Identifier:";
const AUTHORITY: &str = "X509v3 Authority Key Identifier:";

/// The extensions in the text of a certificate in their order, each with its only line of content.
fn extensions(text: &str) -> Vec<(String, String)> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let pairs =
        lines.windows(2).filter(|pair| pair[0].starts_with("X509v3 ") && pair[0] != "X509v3 extensions:");
    pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

fn text(sandbox: &Sandbox, key: Key, file: &str) -> String {
    let file = format!("{}/{file}", key.cluster());
    let options = ["x509", "-noout", "-text", "-nameopt", "RFC2253,-esc_msb,utf8,-dn_rev"];
    sandbox.tell(Peer::Openssl, options.into_iter().chain(["-in", &file]))
}

/// The extensions without the identifiers, which differ from certificate to certificate.
fn known(extensions: &[(String, String)]) -> Vec<(&str, &str)> {
    let known = extensions.iter().filter(|(name, _)| name != IDENTIFIER && name != AUTHORITY);
    known.map(|(name, content)| (name.as_str(), content.as_str())).collect()
}

fn identifier(extensions: &[(String, String)], which: &str) -> Option<String> {
    let (_, content) = extensions.iter().find(|(name, _)| name == which)?;
    Some(content.trim_start_matches("keyid:").to_owned())
}

#[test]
fn the_text_of_openssl_says_what_each_certificate_is_for() {
    let sandbox = sets::unpack_all();
    for key in KEYS {
        let encipherment = match key {
            Key::Rsa2048 => ", Key Encipherment",
            _ => "",
        };
        let ca_usage = format!("Digital Signature, Non Repudiation{encipherment}, Certificate Sign");
        let usage = format!("Digital Signature{encipherment}");

        let ca = text(&sandbox, key, "ca.crt");
        let authority = extensions(&ca);
        let expected = [(KEY_USAGE, ca_usage.as_str()), (CONSTRAINTS, "CA:TRUE, pathlen:1")];
        assert_eq!(known(&authority), expected, "{key:?}");
        assert!(ca.contains("Version: 3 (0x2)"), "{ca}");
        assert!(ca.contains("Subject: O=Cockroach,CN=Cockroach CA\n"), "{ca}");
        assert_eq!(identifier(&authority, AUTHORITY), None, "{key:?}");

        let names = "DNS:node1.example.com, DNS:*.dev.example.com, DNS:xn--bcher-kva.example, DNS:localhost, \
                     IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:10.0.0.1";
        let scopes = "URI:crdb://tenant/2/user/app, URI:crdb://tenant/3/user/app, \
                      URI:crdb://tenant-name/app/user/app";
        let server = "TLS Web Server Authentication, TLS Web Client Authentication";
        let client = "TLS Web Client Authentication";
        for (file, subject, purposes, names) in [
            ("node.crt", "node", server, Some(names)),
            ("client.root.crt", "root", client, None),
            ("client.app.crt", "app", client, Some(scopes)),
            ("client.é.crt", "é", client, None),
        ] {
            let leaf = text(&sandbox, key, file);
            let mut expected = vec![(KEY_USAGE, usage.as_str()), (PURPOSES, purposes)];
            expected.extend(names.map(|names| (NAMES, names)));
            let extensions = extensions(&leaf);
            assert_eq!(known(&extensions), expected, "{key:?}: {file}");
            let subject = format!("Subject: O=Cockroach,CN={subject}\n");
            assert!(leaf.contains(&subject), "{leaf}");
            assert!(leaf.contains("Issuer: O=Cockroach,CN=Cockroach CA\n"), "{leaf}");
            assert_eq!(
                identifier(&extensions, AUTHORITY),
                identifier(&authority, IDENTIFIER),
                "{key:?}: {file}"
            );
            assert!(identifier(&extensions, IDENTIFIER).is_some(), "{key:?}: {file}");
        }
    }
}
