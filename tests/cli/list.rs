//! `list`: rows, notes and order (REFERENCE.md section 3).

use std::fs;
use std::process::Stdio;

use crate::sandbox::{Run, Sandbox, without_dates};

/// The cells of the rows, without borders and padding.
pub fn rows(sandbox: &Sandbox) -> Vec<Vec<String>> {
    rows_with(sandbox, &[])
}

/// The same, with more flags.
pub fn rows_with(sandbox: &Sandbox, flags: &[&str]) -> Vec<Vec<String>> {
    let list = sandbox.run(&[&["list", "--certs-dir=certs"], flags].concat()).succeeds().stdout;
    let rows = list.lines().filter(|line| line.starts_with('|')).skip(1);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// A certificate with the CA's key, made by `openssl`.
fn make(sandbox: &Sandbox, stem: &str, subject: &str) {
    let args =
        ["req", "-x509", "-new", "-key", "my-safe-directory/ca.key", "-days", "2", "-subj", subject, "-out"];
    sandbox.openssl(&[&args[..], &[&format!("certs/{stem}.crt")]].concat());
    if !stem.starts_with("ca") {
        let key = sandbox.path(&format!("certs/{stem}.key"));
        fs::copy(sandbox.path("my-safe-directory/ca.key"), key).expect("a copy");
    }
}

#[test]
fn every_kind_has_its_row_in_order() {
    let sandbox = Sandbox::with_ca();
    for (stem, subject) in [
        ("tenant-signing.2", "/CN=x"),
        ("client-tenant.3", "/CN=3"),
        ("client-tenant.20", "/CN=20"),
        ("client.b", "/CN=b"),
        ("client....a.b...", "/CN=...a.b..."),
        ("ui", "/CN=ui"),
        ("node", "/CN=node"),
        ("ca-client-tenant", "/CN=x"),
        ("ca-ui", "/CN=x"),
        ("ca-client", "/CN=x"),
    ] {
        make(&sandbox, stem, subject);
    }
    let rows: Vec<_> =
        rows(&sandbox).into_iter().map(|row| [0, 1, 2, 4, 5].map(|i| row[i].clone()).join("|")).collect();
    assert_eq!(
        rows,
        [
            "Certificate Authority|ca.crt||num certs: 1|",
            "Client CA|ca-client.crt||num certs: 1|",
            "UI CA|ca-ui.crt||num certs: 1|",
            "Tenant Client CA|ca-client-tenant.crt||num certs: 1|",
            "Node|node.crt|node.key|addresses:|",
            "UI|ui.crt|ui.key|addresses:|",
            "Client|client....a.b....crt|client....a.b....key|user: ...a.b...|",
            "Client|client.b.crt|client.b.key|user: b|",
            "Tenant Client|client-tenant.20.crt|client-tenant.20.key|tenant: 20|",
            "Tenant Client|client-tenant.3.crt|client-tenant.3.key|tenant: 3|",
            "Tenant Signing|tenant-signing.2.crt|tenant-signing.2.key|tenant: 2|",
        ]
    );
}

#[test]
fn one_certificate_is_one_row() {
    let list = Sandbox::with_ca().run(&["list", "--certs-dir=certs"]).succeeds().stdout;
    assert!(list.ends_with("+\n(1 row)\n"), "{list}");
}

#[test]
fn a_missing_directory_is_an_empty_list() {
    let run = Sandbox::new().run(&["list", "--certs-dir=nowhere"]).succeeds();
    assert_eq!(run.stderr, "");
    assert_eq!(
        run.stdout,
        "Certificate directory: nowhere\n\
         +-------+------------------+----------+---------+-------+-------+\n\
         | Usage | Certificate File | Key File | Expires | Notes | Error |\n\
         +-------+------------------+----------+---------+-------+-------+\n\
         +-------+------------------+----------+---------+-------+-------+\n\
         (0 rows)\n"
    );
}

#[test]
fn rotated_ca_certificates_are_counted_and_the_first_one_expires() {
    let sandbox = Sandbox::new();
    sandbox.create("create-ca", &["--lifetime=48h"]).succeeds_silently();
    let first = rows(&sandbox)[0][3].clone();
    sandbox
        .create("create-ca", &["--allow-ca-key-reuse", "--overwrite", "--lifetime=9000h"])
        .succeeds_silently();
    let row = rows(&sandbox)[0].clone();
    assert_eq!(row[4], "num certs: 2");
    assert_ne!(row[3], first);
    assert_eq!(without_dates(&row[3]), "NNNN/NN/NN");
}

#[test]
fn addresses_are_names_and_then_addresses() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["::1", "b", "10.0.0.1", "a"]).succeeds_silently();
    assert_eq!(rows(&sandbox)[1][4], "addresses: b,a,::1,10.0.0.1");
}

#[test]
fn other_files_and_directories_are_passed_over_in_silence() {
    let sandbox = Sandbox::with_ca();
    for name in ["README", "ca.key", "ca.crt~", "ca.crt.bak", "client.root.key"] {
        sandbox.write(&format!("certs/{name}"), "x");
    }
    sandbox.make_dir("certs/node.crt");
    let run = sandbox.run(&["list", "--certs-dir=certs"]).succeeds();
    assert_eq!((run.stdout.lines().last(), run.stderr.as_str()), (Some("(1 row)"), ""));
}

#[test]
fn certificate_files_that_follow_no_pattern_are_a_warning_in_the_log() {
    let sandbox = Sandbox::with_ca();
    for (name, warning) in [
        ("ca2.crt", "bad filename certs/ca2.crt: unknown prefix \"ca2\""),
        ("ca.foo.crt", "bad filename certs/ca.foo.crt: CA certificate filename should match ca.crt"),
        ("node.foo.crt", "bad filename certs/node.foo.crt: node certificate filename should match node.crt"),
        (
            "client.crt",
            "bad filename certs/client.crt: client certificate filename should match client.<user>.crt",
        ),
    ] {
        sandbox.write(&format!("certs/{name}"), "x");
        let run = sandbox.run(&["list", "--certs-dir=certs"]).succeeds();
        assert!(run.stdout.ends_with("(1 row)\n"), "{}", run.stdout);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(run.stderr.starts_with('W') && run.stderr.trim_end().ends_with(warning), "{}", run.stderr);
        let silent = sandbox.run(&["list", "--certs-dir=certs", "--logtostderr=ERROR"]).succeeds();
        assert_eq!(silent.stderr, "");
        fs::remove_file(sandbox.path(&format!("certs/{name}"))).expect(name);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let sandbox = Sandbox::with_ca();
    let mut command = sandbox.command(&["list", "--certs-dir=certs"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program");
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_full_output_device_is_an_error() {
    let sandbox = Sandbox::with_ca();
    let full = fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = sandbox.command(&["list", "--certs-dir=certs"]).stdout(full).output().expect("the program");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("ERROR: could not print the list"), "{stderr}");
}

#[test]
fn a_file_in_the_place_of_the_directory_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("certs", "x");
    sandbox.refuses(&["list", "--certs-dir=certs"], &["cannot load certificates: ", "certs"]);
    let run = Run::of(&mut sandbox.command(&["list", "--certs-dir=certs/x"]));
    assert_eq!(run.status, Some(1), "{run:?}");
}
