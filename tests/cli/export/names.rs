//! Whose key is meant, and whether it is theirs.

use std::fs;

use super::{cluster, export, openssl, refuses};
use crate::sandbox::Sandbox;

fn subject(sandbox: &Sandbox, who: &str) -> String {
    let pem = export(sandbox, &["pem", who]).succeeds_silently_but_for_stdout();
    sandbox.write("exported", &pem);
    openssl(sandbox, &["x509", "-in", "exported", "-noout", "-subject", "-nameopt", "RFC2253"])
}

#[test]
fn node_and_ui_are_never_users() {
    let sandbox = cluster();
    sandbox.create("create-client", &["ui"]).succeeds_silently();
    for (who, expected) in [
        ("node", "subject=CN=node,O=Cockroach\n"),
        ("ui", "subject=CN=localhost,O=Cockroach\n"),
        ("ui.crt", "subject=CN=localhost,O=Cockroach\n"),
        ("client.ui", "subject=CN=ui,O=Cockroach\n"),
        ("root", "subject=CN=root,O=Cockroach\n"),
        ("Root", "subject=CN=root,O=Cockroach\n"),
        ("client.root.crt", "subject=CN=root,O=Cockroach\n"),
    ] {
        assert_eq!(subject(&sandbox, who), expected, "{who}");
    }
    fs::remove_file(sandbox.path("certs/ui.crt")).expect("removed");
    let words = ["there is no ui.crt in certs\nHINT: for the user of that name, write client.ui"];
    refuses(&sandbox, &["pem", "ui"], &words);
}

#[test]
fn what_is_not_there_is_named() {
    let sandbox = cluster();
    let list = "HINT: see what there is: crdb-cert list --certs-dir=certs";
    refuses(
        &sandbox,
        &["pem", "ann"],
        &["ERROR: failed to export: there is no client.ann.crt in certs\n", list],
    );
    refuses(&sandbox, &["pem", "../x"], &["\"../x\" is a path\n", "HINT: "]);
    let hint = "HINT: write node, ui or the name of a SQL user; the directory is that of --certs-dir\n";
    refuses(&sandbox, &["pem", "certs/node.crt"], &["\"certs/node.crt\" is a path\n", hint]);
    // No CA is handed on with its key.
    refuses(&sandbox, &["pem", "ca"], &["there is no client.ca.crt in certs"]);
    for file in ["ca.crt", "ca-client.crt", "tenant-signing.2.crt"] {
        refuses(
            &sandbox,
            &["pem", file],
            &[&format!("{file} is never exported\n"), "HINT: write node, ui or "],
        );
    }
    fs::remove_file(sandbox.path("certs/client.root.key")).expect("removed");
    refuses(&sandbox, &["pem", "root"], &["could not read the key certs/client.root.key: ", "HINT: "]);
    sandbox.refuses(&["export", "pem", "root", "--certs-dir=none"], &["there is no certs directory none"]);
    fs::remove_file(sandbox.path("certs/ca.crt")).expect("removed");
    refuses(&sandbox, &["pkcs12", "node", "--passphrase-file=secret"], &["CA certificate certs/ca.crt"]);
}

#[test]
fn somebody_elses_key_is_not_exported() {
    let sandbox = cluster();
    fs::copy(sandbox.path("certs/node.key"), sandbox.path("certs/client.root.key")).expect("a copy");
    let words = ["the key certs/client.root.key does not belong to certs/client.root.crt\nHINT: "];
    for what in [
        &["pem", "root"][..],
        &["pkcs8", "root"],
        &["pkcs12", "root", "--passphrase-file=secret"],
        &["connection", "root", "--host=localhost"],
    ] {
        refuses(&sandbox, what, &words);
    }
}

/// The file of a key has its public half, too, and that may be a lie.
#[test]
fn a_key_with_the_public_half_of_another_is_not_exported() {
    let sandbox = cluster();
    for (key, der) in [("certs/node.key", "node.der"), ("certs/client.root.key", "root.der")] {
        openssl(&sandbox, &["ec", "-in", key, "-outform", "DER", "-out", der]);
    }
    let [node, root] = ["node.der", "root.der"].map(|file| fs::read(sandbox.path(file)).expect(file));
    // The point is what SEC 1 ends with.
    let point = root.len() - 64;
    sandbox.write("forged.der", &[&node[..point], &root[point..]].concat());
    let base64 = openssl(&sandbox, &["base64", "-in", "forged.der"]);
    let pem = format!("-----BEGIN EC PRIVATE KEY-----\n{base64}-----END EC PRIVATE KEY-----\n");
    sandbox.write("certs/client.root.key", &pem);
    refuses(&sandbox, &["pem", "root"], &["client.root.key"]);
}

#[test]
fn an_expired_certificate_is_exported_with_a_warning() {
    let sandbox = cluster();
    sandbox.create("create-client", &["ann", "--lifetime=1s"]).succeeds_silently();
    // Its last second has to pass; where the clock stands still, so does this test.
    let run = loop {
        let run = export(&sandbox, &["pem", "ann"]).succeeds();
        if !run.stderr.is_empty() {
            break run;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert!(run.stderr.starts_with("warning: certs/client.ann.crt expired on 2"), "{}", run.stderr);
}

#[test]
fn a_change_that_somebody_planted_is_not_followed() {
    let sandbox = cluster();
    let expected = export(&sandbox, &["pem", "node"]).succeeds().stdout;
    sandbox.make_dir("certs/.crdb-cert.commit");
    sandbox.write("certs/.crdb-cert.commit/node.key", "precious");
    let run = export(&sandbox, &["pem", "node"]).succeeds();
    assert_eq!(run.stdout, expected);
    assert!(run.stderr.contains("holds node.key, which crdb-cert did not put there"), "{}", run.stderr);
}
