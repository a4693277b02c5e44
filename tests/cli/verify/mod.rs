//! `verify`: every check, tripped by a directory that other programs made.

use crdb_cert::finding::Check;
use crdb_cert::finding::checks::ALL;
use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

/// A case: what is done to a good directory, the arguments, and what is found: severity, file and id.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

mod cases;
mod hints;

/// What is found in the directory that a script makes of a good one.
fn found(script: &str, args: &[&str]) -> (Vec<String>, Run) {
    let sandbox = Sandbox::new();
    sandbox.script(&format!("{}\n{script}", include_str!("by-openssl"))).succeeds();
    let run = sandbox.run(&[&["verify", "--format=json", "--certs-dir=certs"], args].concat());
    (findings(&run), run)
}

/// Severity, file and id of each finding.
fn findings(run: &Run) -> Vec<String> {
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    let files = report["files"].as_array().expect("files").iter();
    let findings = files.flat_map(|file| file["findings"].as_array().expect("findings").iter());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let line = |finding: &Value| ["severity", "file", "id"].map(|key| text(&finding[key])).join(" ");
    let mut lines: Vec<_> = findings.map(line).collect();
    lines.sort();
    lines
}

/// All cases that do not come out as expected.
fn check(cases: &[Case]) {
    let mut wrong = String::new();
    for (script, args, expected) in cases {
        let (found, run) = found(script, args);
        let mut expected = expected.to_vec();
        expected.sort();
        let worst = |severity: &str| found.iter().any(|finding| finding.starts_with(severity));
        let status = if worst("error") { 2 } else { i32::from(worst("warning")) };
        if found != expected || run.status != Some(status) {
            wrong += &format!("\n{script} {args:?}\n  expected {expected:?}\n  found    {found:?}\n{run:?}\n");
        }
    }
    assert_eq!(wrong, "");
}

/// Checks without a case in the table: only commands that write find them, or only root can trip them.
const ELSEWHERE: [&str; 4] = ["interrupted-change", "dir-owner", "ca-key-owner", "handshake"];

#[test]
fn every_check_has_a_case_and_a_line_in_the_documents() {
    let cases = include_str!("cases.rs");
    let page = include_str!("../../../docs/verify.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), ALL.len());
    for (Check { id, severity, about }, row) in ALL.iter().zip(rows) {
        let expected = format!("| `{id}` | {} | {about} | ", severity.name());
        assert!(row.starts_with(&expected), "{row}\n{expected}");
        assert!(cases.contains(&format!(" {id}\"")) || ELSEWHERE.contains(id), "no case for {id}");
    }
}

#[test]
fn what_our_own_commands_make_is_good() {
    let sandbox = Sandbox::with_ca();
    for (command, args) in [
        ("create-node", &["localhost", "127.0.0.1", "*.example.com"][..]),
        ("create-ui", &["localhost"]),
        ("create-client", &["root"]),
        ("create-client", &["app", "--tenant-scope=2", "--also-generate-pkcs8-key"]),
        ("create-client", &["web", "--key-algorithm=rsa"]),
        ("create-tenant-client", &["2", "localhost"]),
    ] {
        sandbox.create(command, args).succeeds();
    }
    sandbox.run(&["create-tenant-signing", "2", "--certs-dir=certs"]).succeeds();
    let args = [
        "verify",
        "--format=json",
        "--certs-dir=certs",
        "--host=db.example.com",
        "--ca-key=my-safe-directory/ca.key",
    ];
    let run = sandbox.run(&args).succeeds();
    assert_eq!(findings(&run), [""; 0], "{run:?}");
}

#[test]
fn with_a_ca_for_each_purpose_it_is_good_too() {
    let sandbox = Sandbox::with_ca();
    for (command, key) in [
        ("create-client-ca", "client.key"),
        ("create-ui-ca", "ui.key"),
        ("create-tenant-client-ca", "tenant.key"),
    ] {
        let key = format!("--ca-key=my-safe-directory/{key}");
        sandbox.run(&[command, "--key-algorithm=ecdsa", "--certs-dir=certs", &key]).succeeds();
    }
    for (command, arg, key) in [
        ("create-client", "node", "client.key"),
        ("create-node", "localhost", "ca.key"),
        ("create-ui", "localhost", "ui.key"),
        ("create-client", "root", "client.key"),
        ("create-tenant-client", "2", "tenant.key"),
    ] {
        let key = format!("--ca-key=my-safe-directory/{key}");
        sandbox.run(&[command, arg, "--key-algorithm=ecdsa", "--certs-dir=certs", &key]).succeeds();
        let run = sandbox.run(&["verify", "--format=json", "--certs-dir=certs", &key]).succeeds();
        assert_eq!(findings(&run), [""; 0], "{run:?}");
    }
}

#[test]
fn what_cannot_be_looked_at_is_said_and_has_a_status_of_its_own() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["verify", "--certs-dir=nope"]);
    assert_eq!(run.status, Some(3), "{run:?}");
    assert!(run.stdout.contains("there is no certs directory nope"), "{run:?}");
    let run = sandbox.run(&["verify", "--certs-dir=my-safe-directory", "--host=a b"]);
    assert_eq!(run.status, Some(3), "{run:?}");
    assert!(run.stderr.starts_with("ERROR: --host: "), "{run:?}");
}

#[test]
fn a_folder_of_directories_is_verified_as_a_whole() {
    let sandbox = Sandbox::with_ca();
    let script = "mkdir -p fleet/nodes fleet/empty; cp -R certs fleet/nodes/a; cp -R certs fleet/nodes/b; rm fleet/nodes/b/ca.crt
        cp fleet/nodes/a/ca.crt fleet/nodes/b/ca2.crt; crdb-cert create-node a --key-algorithm=ecdsa --certs-dir=fleet/nodes/a \
          --ca-key=my-safe-directory/ca.key; cp fleet/nodes/a/node.* fleet/nodes/b
        # As in a volume of Kubernetes.
        cd fleet/nodes/a; mkdir ..data; mv *.* ..data; for file in ..data/*; do ln -s $file .; done";
    sandbox.script(script).succeeds();
    let run = sandbox.run(&["verify", "--format=json", "--recursive", "--certs-dir=fleet"]);
    assert_eq!(run.status, Some(2), "{run:?}");
    let expected = ["error ca.crt ca-missing", "warning fleet/nodes/b file-name"];
    assert_eq!(findings(&run), expected, "{run:?}");
    assert!(run.stdout.contains("\"files\":4,"), "{run:?}");
    let run = sandbox.run(&["verify", "--format=json", "--recursive", "--certs-dir=fleet/empty"]);
    assert_eq!(run.status, Some(3), "{run:?}");
}

#[test]
fn nodes_that_are_another_user_have_the_same_client_certificate() {
    let sandbox = Sandbox::new();
    let script = "leaf node n1 serverAuth \"$(names)\"; leaf client.node n1 clientAuth";
    sandbox.script(&format!("{}\n{script}", include_str!("by-openssl"))).succeeds();
    let run = sandbox.script("COCKROACH_CERT_NODE_USER=n1 crdb-cert verify --format=json --certs-dir=certs");
    assert_eq!(findings(&run), ["warning client.node.crt client-principal"], "{run:?}");
}
