//! `verify --format=tap`, read by Test::Harness.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::peers::Peer;
use crate::sandbox::{Answer, Sandbox};

/// What `prove` makes of the report.
fn prove(sandbox: &Sandbox) -> Answer {
    let report = sandbox.ours(&["verify", "--certs-dir=c", "--format=tap"]).output().expect("a report");
    fs::write(sandbox.path("report.tap"), report.stdout).expect("the report is written");
    sandbox.ask(Peer::Prove, ["--source", "File", "--ext", ".tap", "report.tap"])
}

#[test]
fn warnings_pass_and_errors_fail() {
    let sandbox = Sandbox::new();
    sandbox.create("c", &["create-ca", "--key-algorithm=ecdsa"]);
    sandbox.create("c", &["create-client", "root", "--key-algorithm=ecdsa"]);
    let good = prove(&sandbox);
    assert!(good.success && good.stdout.ends_with("Result: PASS\n"), "{}{}", good.stdout, good.stderr);
    fs::set_permissions(sandbox.path("c"), fs::Permissions::from_mode(0o777)).expect("a mode");
    let warning = prove(&sandbox);
    assert!(
        warning.success && warning.stdout.ends_with("Result: PASS\n"),
        "{}{}",
        warning.stdout,
        warning.stderr
    );
    fs::set_permissions(sandbox.path("c/client.root.key"), fs::Permissions::from_mode(0o644)).expect("a mode");
    let error = prove(&sandbox);
    assert!(
        !error.success && error.stdout.contains("\n  Failed test:  3\n"),
        "{}{}",
        error.stdout,
        error.stderr
    );
    assert!(!error.stdout.contains("Parse errors"), "{}", error.stdout);
}
