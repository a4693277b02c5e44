//! `list`: what it says under Error (REFERENCE.md section 3).

use std::fs;
use std::os::unix::fs::symlink;

use crate::list::rows;
use crate::sandbox::{Run, Sandbox};

/// A CA, a node and the client root.
fn full() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    sandbox
}

/// Key file, notes and error of the row of a file.
fn row(sandbox: &Sandbox, file: &str) -> (String, String, String) {
    let row = rows(sandbox).into_iter().find(|row| row[1] == file).expect(file);
    (row[2].clone(), row[4].clone(), row[5].clone())
}

fn expect(sandbox: &Sandbox, file: &str, notes: &str, error: &str) {
    let (key, found_notes, found_error) = row(sandbox, file);
    assert_eq!((key.as_str(), found_notes.as_str(), found_error.as_str()), ("", notes, error));
}

#[test]
fn a_certificate_without_its_key() {
    let sandbox = full();
    fs::remove_file(sandbox.path("certs/client.root.key")).expect("the key");
    let error = "could not stat key file certs/client.root.key: no such file or directory";
    expect(&sandbox, "client.root.crt", "user: root", error);
}

#[test]
fn a_key_that_is_not_a_regular_file() {
    let sandbox = full();
    fs::remove_file(sandbox.path("certs/client.root.key")).expect("the key");
    sandbox.make_dir("certs/client.root.key");
    expect(&sandbox, "client.root.crt", "user: root", "key file certs/client.root.key is not a regular file");
}

#[test]
fn a_key_that_others_may_read() {
    let sandbox = full();
    sandbox.chmod("certs/client.root.key", 0o777);
    let error = "key file certs/client.root.key has permissions -rwxrwxrwx, exceeds -rwx------";
    // Run as root with root's group, the rule for root's keys applies.
    let (_, notes, found) = row(&sandbox, "client.root.crt");
    assert_eq!(notes, "user: root");
    assert!(found == error || found == error.replace("-rwx------", "-rwxr-----"), "{found}");
}

#[test]
fn the_check_of_permissions_can_be_switched_off() {
    let sandbox = full();
    sandbox.chmod("certs/client.root.key", 0o777);
    for (value, off) in [
        ("true", true),
        ("1", true),
        ("t", true),
        ("TRUE", true),
        ("false", false),
        ("yes", false),
        ("", false),
    ] {
        let mut command = sandbox.command(&["list", "--certs-dir=certs"]);
        let run = Run::of(command.env("COCKROACH_SKIP_KEY_PERMISSION_CHECK", value)).succeeds();
        assert_eq!(!run.stdout.contains("has permissions"), off, "{value}: {}", run.stdout);
    }
}

#[test]
fn keys_may_be_links_as_in_kubernetes() {
    let sandbox = full();
    fs::rename(sandbox.path("certs/node.key"), sandbox.path("real.key")).expect("a rename");
    symlink("../real.key", sandbox.path("certs/node.key")).expect("a link");
    let (key, _, error) = row(&sandbox, "node.crt");
    assert_eq!((key.as_str(), error.as_str()), ("node.key", ""));
}

#[test]
fn an_empty_certificate_file() {
    let sandbox = full();
    for (file, notes) in [
        ("ca.crt", "num certs: <unknown>"),
        ("node.crt", "addresses: <unknown>"),
        ("client.root.crt", "user: <unknown>"),
    ] {
        sandbox.write(&format!("certs/{file}"), "");
        expect(&sandbox, file, notes, &format!("empty certificate file: {file}"));
    }
}

#[test]
fn a_certificate_file_without_certificates() {
    let sandbox = full();
    sandbox.write("certs/node.crt", "hello\n");
    expect(&sandbox, "node.crt", "addresses: <unknown>", "no certificates found in node.crt");
}

#[test]
fn a_key_in_the_place_of_a_certificate() {
    let sandbox = full();
    sandbox.write("certs/node.crt", "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n");
    expect(
        &sandbox,
        "node.crt",
        "addresses: <unknown>",
        "block #0 is of type RSA PRIVATE KEY, not CERTIFICATE",
    );
}

#[test]
fn a_certificate_that_is_damaged() {
    let sandbox = full();
    sandbox.write("certs/node.crt", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    let (_, notes, error) = row(&sandbox, "node.crt");
    assert_eq!(notes, "addresses: <unknown>");
    assert!(error.starts_with("failed to parse certificate 0 in file node.crt: "), "{error}");
}

#[test]
fn a_certificate_of_another_user() {
    let sandbox = full();
    for suffix in ["crt", "key"] {
        let from = sandbox.path(&format!("certs/client.root.{suffix}"));
        fs::copy(from, sandbox.path(&format!("certs/client.notroot.{suffix}"))).expect("a copy");
    }
    let error = "client certificate has principals [\"root\"], expected \"notroot\"";
    expect(&sandbox, "client.notroot.crt", "user: root", error);
}

#[test]
fn a_key_that_does_not_belong_to_its_certificate() {
    let sandbox = full();
    fs::copy(sandbox.path("certs/node.key"), sandbox.path("certs/client.root.key")).expect("a copy");
    let error = "key file certs/client.root.key does not belong to its certificate";
    expect(&sandbox, "client.root.crt", "user: root", error);
}

#[test]
fn a_key_that_is_none() {
    let sandbox = full();
    sandbox.write("certs/node.key", "hello\n");
    let (_, notes, error) = row(&sandbox, "node.crt");
    assert_eq!(notes, "addresses: localhost");
    assert!(error.starts_with("could not load key file certs/node.key: "), "{error}");
}

#[test]
fn a_link_to_nothing() {
    let sandbox = full();
    symlink("nowhere", sandbox.path("certs/ui.crt")).expect("a link");
    let error = "could not read certificate file certs/ui.crt: no such file or directory";
    expect(&sandbox, "ui.crt", "addresses: <unknown>", error);
}

#[test]
fn errors_are_in_the_log_at_info_and_said_once_otherwise() {
    let sandbox = full();
    sandbox.write("certs/node.crt", "");
    let list = |flags: &[&str]| sandbox.run(&[&["list", "--certs-dir=certs"], flags].concat()).succeeds();
    assert_eq!(list(&[]).stderr, "");
    let log = list(&["--logtostderr=INFO"]).stderr;
    assert!(log.starts_with('I') && log.contains("certs/node.crt: empty certificate file: node.crt"), "{log}");
}

#[test]
fn the_principal_map_says_whom_a_certificate_is_for() {
    let sandbox = full();
    for suffix in ["crt", "key"] {
        let from = sandbox.path(&format!("certs/client.root.{suffix}"));
        fs::copy(from, sandbox.path(&format!("certs/client.ann.{suffix}"))).expect("a copy");
    }
    let list =
        sandbox.run(&["list", "--certs-dir=certs", "--cert-principal-map=x:y,root:ann"]).succeeds().stdout;
    assert!(list.contains("principals [\"ann\"], expected \"root\""), "{list}");
    assert!(list.contains("client.ann.key"), "{list}");
    sandbox
        .refuses(&["list", "--certs-dir=certs", "--cert-principal-map=x"], &["--cert-principal-map: invalid"]);
}

#[test]
fn a_directory_that_cannot_be_read_is_one_error() {
    let sandbox = Sandbox::with_ca();
    sandbox.chmod("certs", 0o000);
    let run = sandbox.run(&["list", "--certs-dir=certs"]);
    let root = rustix::process::geteuid().is_root();
    let error =
        "ERROR: cannot load certificates: could not read the certs directory certs: permission denied\n";
    assert_eq!((run.status, run.stderr.as_str()), if root { (Some(0), "") } else { (Some(1), error) });
    sandbox.chmod("certs", 0o700);
}

#[test]
fn keys_that_would_keep_openssl_busy_are_not_handed_to_it() {
    let sandbox = full();
    // Under a passphrase, with a hundred million iterations; and a DSA key, whose public half OpenSSL would
    // compute.
    let p8 = [
        "pkcs8",
        "-topk8",
        "-v2",
        "aes-256-cbc",
        "-iter",
        "1000",
        "-passout",
        "pass:x",
        "-in",
        "my-safe-directory/ca.key",
    ];
    let encrypted = sandbox.openssl(&p8);
    sandbox.write("certs/node.key", &encrypted);
    sandbox.chmod("certs/node.key", 0o600);
    let error = "could not load key file certs/node.key: the key is protected by a passphrase";
    expect(&sandbox, "node.crt", "addresses: localhost", error);
    sandbox.write(
        "certs/node.key",
        "-----BEGIN PRIVATE KEY-----\nMIIBSwIBADCCASsGByqGSM44BAEwggEeAoGB\n-----END PRIVATE KEY-----\n",
    );
    let error = "could not load key file certs/node.key: labelled PRIVATE KEY, but no such key is inside";
    expect(&sandbox, "node.crt", "addresses: localhost", error);
}

#[test]
fn a_cell_is_cut_where_it_would_make_every_row_enormous() {
    let sandbox = full();
    let hosts: Vec<_> = (0..400).map(|i| format!("host{i}.example.com")).collect();
    let hosts: Vec<_> = hosts.iter().map(String::as_str).chain(["--overwrite"]).collect();
    sandbox.create("create-node", &hosts).succeeds_silently();
    let (_, notes, _) = row(&sandbox, "node.crt");
    assert!(notes.ends_with("...") && notes.len() == 2003, "{} {notes}", notes.len());
}

#[test]
fn a_node_certificate_that_is_not_for_node() {
    let sandbox = full();
    sandbox
        .create("create-node", &["localhost", "--overwrite", "--subject=O=Acme,CN=other"])
        .succeeds_silently();
    let error = "validating node cert: client/server node certificate has principals [\"other\" \"localhost\"], expected \"node\"";
    expect(&sandbox, "node.crt", "addresses: localhost", error);
    let error_with = |flags: &[&str], user: &str| {
        let mut command = sandbox.command(&[&["list", "--certs-dir=certs"], flags].concat());
        let list = Run::of(command.env("COCKROACH_CERT_NODE_USER", user)).succeeds().stdout;
        list.contains("validating node cert")
    };
    assert!(error_with(&[], ""));
    for (flags, user) in [
        (&[][..], "other"),
        (&["--cert-principal-map=other:node"], ""),
        (&["--cert-principal-map=localhost:node"], ""),
        (&["--node-cert-distinguished-name=O=Acme,CN=other"], ""),
    ] {
        assert!(!error_with(flags, user), "{flags:?} {user}");
    }
    // Nodes are clients with a certificate of their own, or by the whole subject.
    sandbox.create("create-client", &["node"]).succeeds_silently();
    assert!(!error_with(&[], "") && error_with(&[], "third"));
    fs::remove_file(sandbox.path("certs/client.node.crt")).expect("client.node.crt");
    sandbox
        .create("create-node", &["localhost", "--overwrite", "--subject=O=Acme,UID=node"])
        .succeeds_silently();
    let error = "validating node cert: client/server node certificate has principals [\"\" \"localhost\"], expected \"node\"";
    expect(&sandbox, "node.crt", "addresses: localhost", error);
    assert!(!error_with(&["--node-cert-distinguished-name=O=Acme,UID=node"], ""));
}
