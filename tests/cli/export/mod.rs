//! `export`: certificates and keys in the forms that other programs read.

mod connection;
mod files;
mod names;
mod pkcs12;

use std::fs;
use std::path::Path;

use crate::sandbox::{Run, Sandbox};

/// A CA, a node, the DB Console and root.
fn cluster() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.create("create-ui", &["localhost"]).succeeds_silently();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    sandbox.write("secret", "correct horse\n");
    sandbox.chmod("secret", 0o600);
    sandbox
}

fn export(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["export"], args, &["--certs-dir=certs"]].concat())
}

fn refuses(sandbox: &Sandbox, args: &[&str], words: &[&str]) {
    sandbox.refuses(&[&["export"], args, &["--certs-dir=certs"]].concat(), words);
}

/// What `openssl` says, with its own providers: some of what is read here no FIPS provider reads.
fn openssl(sandbox: &Sandbox, args: &[&str]) -> String {
    let dir: &crate::support::Dir = sandbox;
    Run::of(&mut dir.command("openssl", args)).succeeds().stdout
}

/// FIPS providers lack the key derivation of the usual MAC.
fn is_fips() -> bool {
    std::env::var_os("CRDB_CERT_FIPS").is_some()
}

#[test]
fn pem_is_the_key_then_the_certificate_then_its_chain() {
    let sandbox = crate::import::asked(&["node", "localhost"]);
    crate::import::sign(&sandbox, "certs/node.csr", &[]);
    crate::import::import(&sandbox, &["leaf.pem", "corp/ca.pem"]).succeeds();
    let exported = export(&sandbox, &["pem", "node"]).succeeds_silently_but_for_stdout();
    assert_eq!(exported, sandbox.read("certs/node.key") + &sandbox.read("certs/node.crt"));
    assert_eq!(exported.matches("BEGIN CERTIFICATE").count(), 2);
}

#[test]
fn pem_has_nothing_in_it_that_is_not_a_key_or_a_certificate() {
    let sandbox = cluster();
    let (key, certificate) = (sandbox.read("certs/node.key"), sandbox.read("certs/node.crt"));
    sandbox.write("certs/node.key", &format!("a note\n{key}another"));
    sandbox.write("certs/node.crt", &format!("a note\n{certificate}another"));
    assert_eq!(export(&sandbox, &["pem", "node"]).succeeds_silently_but_for_stdout(), key + &certificate);
}

#[test]
fn pkcs8_is_what_java_reads() {
    let sandbox = cluster();
    sandbox.run(&["create-client", "ann", "--certs-dir=certs", "--ca-key=my-safe-directory/ca.key"]).succeeds();
    for user in ["root", "ann"] {
        let key = format!("certs/client.{user}.key");
        let pk8 = format!("{key}.pk8");
        export(&sandbox, &["pkcs8", user, "--out", &pk8]).succeeds_silently();
        assert_eq!(sandbox.mode(&pk8), 0o600);
        let convert = ["pkcs8", "-topk8", "-nocrypt", "-in", &key];
        openssl(&sandbox, &[&convert[..], &["-outform", "DER", "-out", "expected"]].concat());
        let read = |file: &str| fs::read(sandbox.path(file)).expect(file);
        assert_eq!(read(&pk8), read("expected"));
        let pem = export(&sandbox, &["pkcs8", user, "--format=pem"]).succeeds_silently_but_for_stdout();
        assert_eq!(pem, openssl(&sandbox, &convert));
        // As create-client makes it.
        let create = ["create-client", user, "--overwrite", "--also-generate-pkcs8-key"];
        sandbox.create(create[0], &create[1..]).succeeds_silently();
        assert_eq!(sandbox.mode(&pk8), 0o600);
    }
    sandbox.run(&["verify", "--certs-dir=certs"]).succeeds();
}

#[test]
fn the_commands_of_the_page_work() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["node1.example.com"]).succeeds_silently();
    sandbox.create("create-client", &["maxroach"]).succeeds_silently();
    sandbox.write("secret", "correct horse\n");
    sandbox.chmod("secret", 0o600);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/export.md");
    let page = fs::read_to_string(page).expect("the page");
    let commands: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("    $ crdb-cert ")).collect();
    assert!(commands.len() >= 6, "{commands:?}");
    for command in commands {
        if is_fips() && command.contains("--legacy") {
            continue;
        }
        // What asks on a terminal is told the passphrase here.
        let asks = command.starts_with("export pkcs12") && !command.contains("--passphrase-file");
        let answer = if asks { " --passphrase-file=secret" } else { "" };
        sandbox.script(&format!("crdb-cert {command}{answer}")).succeeds();
    }
    assert!(sandbox.path("maxroach.p12").exists() && sandbox.path("node.pem").exists());
}

#[test]
fn flags_may_come_first() {
    let sandbox = cluster();
    let expected = export(&sandbox, &["pem", "node"]).succeeds().stdout;
    for args in [
        &["--certs-dir=certs", "export", "pem", "node"][..],
        &["--certs-dir", "certs", "cert", "export", "pem", "node"],
        &["export", "--certs-dir", "certs", "pem", "--overwrite=true", "node"],
    ] {
        assert_eq!(sandbox.run(args).succeeds().stdout, expected, "{args:?}");
    }
    assert_eq!(sandbox.run(&["export"]).status, Some(2));
    assert_eq!(sandbox.run(&["export", "pen", "node"]).status, Some(2));
    for command in ["pkcs12", "pkcs8", "pem", "connection"] {
        let help = sandbox.run(&["export", command, "--help"]).succeeds().stdout;
        assert!(help.contains(&format!("  crdb-cert export {command} ")), "{help}");
    }
}
