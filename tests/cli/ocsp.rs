//! `--ocsp-url`: where servers ask whether a certificate is revoked. `tests/interop` asks.

use crate::sandbox::{DIRS, Sandbox};

#[test]
fn the_responder_is_named_and_a_renewal_keeps_it() {
    let sandbox = Sandbox::with_ca();
    let url = "http://ocsp.example.com";
    let flag = format!("--ocsp-url={url}");
    for (command, name) in [
        ("create-node", "localhost"),
        ("create-client", "root"),
        ("create-ui", "localhost"),
        ("create-tenant-client", "2"),
    ] {
        sandbox.create(command, &[name, &flag]).succeeds();
    }
    let uri = |file: &str| sandbox.openssl(&["x509", "-in", file, "-noout", "-ocsp_uri"]);
    let files = ["certs/node.crt", "certs/client.root.crt", "certs/ui.crt", "certs/client-tenant.2.crt"];
    for file in files {
        assert_eq!(uri(file).trim(), url, "{file}");
    }
    sandbox.run(&[&["renew"], &DIRS[..]].concat()).succeeds();
    for file in files {
        assert_eq!(uri(file).trim(), url, "{file}");
    }
    sandbox.verifies("certs/ca.crt", "certs/node.crt", "sslserver");
}

#[test]
fn what_is_no_url_is_refused() {
    let sandbox = Sandbox::with_ca();
    for url in ["", "ocsp.example.com", "http://", "http://a b", "ldap://a"] {
        sandbox.refuses_to_create(
            "create-node",
            &["localhost", &format!("--ocsp-url={url}")],
            &["--ocsp-url: "],
        );
    }
}
