//! The CAs beside the main one, and the certificates of the DB Console and of tenants.

use crate::list::rows;
use crate::sandbox::Sandbox;

/// A CA of this kind, with a key of its own.
fn ca(sandbox: &Sandbox, command: &str) -> String {
    let key = format!("--ca-key={command}.key");
    sandbox.run(&[command, "--key-algorithm=ecdsa", "--certs-dir=certs", &key]).succeeds_silently();
    key
}

fn create(sandbox: &Sandbox, key: &str, args: &[&str]) {
    sandbox.run(&[args, &["--key-algorithm=ecdsa", "--certs-dir=certs", key]].concat()).succeeds_silently();
}

fn field(sandbox: &Sandbox, file: &str, option: &str) -> String {
    let args = ["x509", "-in", &format!("certs/{file}"), "-noout", option, "-nameopt", "RFC2253"];
    sandbox.openssl(&args).trim_end().to_owned()
}

fn extension(sandbox: &Sandbox, file: &str, name: &str) -> String {
    let text = sandbox.openssl(&["x509", "-in", &format!("certs/{file}"), "-noout", "-ext", name]);
    text.lines().nth(1).unwrap_or_default().trim().to_owned()
}

fn verifies(sandbox: &Sandbox, ca: &str, file: &str, purpose: &str) {
    let (ca, file) = (format!("certs/{ca}"), format!("certs/{file}"));
    sandbox.verifies(&ca, &file, purpose);
}

#[test]
fn each_ca_has_its_own_file_and_key() {
    let sandbox = Sandbox::new();
    for command in ["create-ca", "create-client-ca", "create-ui-ca", "create-tenant-client-ca"] {
        let key = ca(&sandbox, command);
        let again = sandbox.run(&[command, "--certs-dir=certs", &key]);
        assert_eq!(again.status, Some(1));
        let what = match command {
            "create-ca" => "CA",
            "create-client-ca" => "client CA",
            "create-ui-ca" => "UI CA",
            _ => "tenant client CA",
        };
        let error = format!(
            "ERROR: failed to generate {what} cert and key: CA key {command}.key exists, but key reuse is disabled\n"
        );
        assert!(again.stderr.starts_with(&error), "{}", again.stderr);
    }
    assert_eq!(sandbox.names("certs"), ["ca-client-tenant.crt", "ca-client.crt", "ca-ui.crt", "ca.crt"]);
    for file in sandbox.names("certs") {
        assert_eq!(field(&sandbox, &file, "-subject"), "subject=CN=Cockroach CA,O=Cockroach", "{file}");
        verifies(&sandbox, &file, &file, "any");
    }
}

#[test]
fn with_a_client_ca_clients_are_signed_by_it_and_the_node_is_a_client_too() {
    let sandbox = Sandbox::with_ca();
    let key = ca(&sandbox, "create-client-ca");
    create(&sandbox, &key, &["create-client", "node"]);
    create(&sandbox, &key, &["create-client", "root"]);
    for file in ["client.node.crt", "client.root.crt"] {
        verifies(&sandbox, "ca-client.crt", file, "sslclient");
    }
    let wrong = [
        "does not belong to the first certificate in certs/ca-client.crt",
        "but to certificate 1 in certs/ca.crt",
    ];
    sandbox.refuses_to_create("create-client", &["ann"], &wrong);
    let list = sandbox.run(&["list", "--certs-dir=certs"]).succeeds();
    assert!(list.stdout.contains("user: node ") && list.stderr.is_empty(), "{list:?}");
}

#[test]
fn the_console_is_signed_by_its_ca_or_by_the_main_one() {
    let sandbox = Sandbox::with_ca();
    let main = "--ca-key=my-safe-directory/ca.key";
    create(&sandbox, main, &["create-ui", "console.example.com", "10.0.0.1"]);
    verifies(&sandbox, "ca.crt", "ui.crt", "sslserver");
    assert_eq!(field(&sandbox, "ui.crt", "-subject"), "subject=CN=console.example.com,O=Cockroach");
    assert_eq!(extension(&sandbox, "ui.crt", "extendedKeyUsage"), "TLS Web Server Authentication");
    assert_eq!(extension(&sandbox, "ui.crt", "subjectAltName"), "DNS:console.example.com, IP Address:10.0.0.1");
    let key = ca(&sandbox, "create-ui-ca");
    create(&sandbox, &key, &["create-ui", "10.0.0.1", "console.example.com", "--overwrite"]);
    verifies(&sandbox, "ca-ui.crt", "ui.crt", "sslserver");
    assert_eq!(field(&sandbox, "ui.crt", "-subject"), "subject=CN=10.0.0.1,O=Cockroach");
    sandbox.refuses_to_create(
        "create-ui",
        &[],
        &["create-ui requires at least one host name or address, none was specified"],
    );
    assert!(
        rows(&sandbox).iter().any(|row| row[0] == "UI" && row[4] == "addresses: console.example.com,10.0.0.1")
    );
}

#[test]
fn tenants_are_signed_by_the_first_ca_that_is_there() {
    let sandbox = Sandbox::with_ca();
    create(&sandbox, "--ca-key=my-safe-directory/ca.key", &["create-tenant-client", "2", "sql2.example.com"]);
    let file = "client-tenant.2.crt";
    verifies(&sandbox, "ca.crt", file, "sslclient");
    verifies(&sandbox, "ca.crt", file, "sslserver");
    assert_eq!(field(&sandbox, file, "-subject"), "subject=CN=2,OU=Tenants,O=Cockroach");
    let purposes = "TLS Web Client Authentication, TLS Web Server Authentication";
    assert_eq!(extension(&sandbox, file, "extendedKeyUsage"), purposes);
    assert_eq!(extension(&sandbox, file, "subjectAltName"), "DNS:sql2.example.com");
    let key = ca(&sandbox, "create-client-ca");
    create(&sandbox, &key, &["create-tenant-client", "2", "sql2", "--overwrite"]);
    verifies(&sandbox, "ca-client.crt", file, "sslclient");
    let key = ca(&sandbox, "create-tenant-client-ca");
    create(&sandbox, &key, &["create-tenant-client", "2", "sql2", "--overwrite"]);
    verifies(&sandbox, "ca-client-tenant.crt", file, "sslclient");
}

#[test]
fn a_tenant_without_hosts_gets_the_usual_ones_and_a_warning() {
    let sandbox = Sandbox::with_ca();
    let run = sandbox.create("create-tenant-client", &["2"]).succeeds();
    assert!(
        run.stderr.starts_with('W') && run.stderr.contains("defaulting to 127.0.0.1, ::1, localhost, *.local"),
        "{run:?}"
    );
    let names = extension(&sandbox, "client-tenant.2.crt", "subjectAltName");
    assert_eq!(names, "DNS:localhost, DNS:*.local, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    for id in ["0", "x", "", "-1"] {
        sandbox.refuses(
            &["create-tenant-client", "--certs-dir=certs", "--ca-key=x", "--", id],
            &["invalid tenant id"],
        );
    }
}

#[test]
fn a_tenants_signing_key_signs_its_own_certificate() {
    let sandbox = Sandbox::with_ca();
    sandbox.run(&["create-tenant-signing", "2", "--certs-dir=certs"]).succeeds_silently();
    let file = "tenant-signing.2.crt";
    assert_eq!(field(&sandbox, file, "-subject"), "subject=CN=Tenant 2 Token Signing Certificate");
    assert_eq!(field(&sandbox, file, "-issuer"), "issuer=CN=Tenant 2 Token Signing Certificate");
    assert_eq!(extension(&sandbox, file, "keyUsage"), "Digital Signature");
    assert_eq!(extension(&sandbox, file, "basicConstraints"), "CA:FALSE");
    assert!(sandbox.read("certs/tenant-signing.2.key").starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let key = sandbox.openssl(&["pkey", "-in", "certs/tenant-signing.2.key", "-noout", "-text"]);
    assert!(key.contains("ED25519 Private-Key:"), "{key}");
    sandbox.openssl(&["verify", "-CAfile", "certs/tenant-signing.2.crt", "certs/tenant-signing.2.crt"]);
    sandbox.refuses(
        &["create-tenant-signing", "2", "--certs-dir=certs"],
        &["certs/tenant-signing.2.key: file exists"],
    );
    sandbox.run(&["create-tenant-signing", "2", "--certs-dir=certs", "--overwrite"]).succeeds_silently();
    let idle =
        ["create-tenant-signing", "2", "--certs-dir=certs", "--overwrite", "--ca-key=x", "--key-size=4096"];
    sandbox.run(&idle).succeeds_silently();
    assert_eq!(sandbox.names("."), ["certs", "my-safe-directory"]);
    assert!(
        rows(&sandbox)
            .iter()
            .any(|row| row[0] == "Tenant Signing" && row[4] == "tenant: 2" && row[5].is_empty())
    );
}

#[test]
fn a_unique_subject_tells_cas_apart() {
    let sandbox = Sandbox::new();
    sandbox.create("create-ca", &["--unique-subject"]).succeeds_silently();
    let first = sandbox.run(&["subject", "certs/ca.crt"]).succeeds().stdout;
    let uuid = first.trim_end().strip_prefix("O=Cockroach,CN=Cockroach CA,UID=").expect("a UID");
    let groups: Vec<_> = uuid.split('-').map(str::len).collect();
    assert_eq!((groups.as_slice(), &uuid[14..15]), (&[8, 4, 4, 4, 12][..], "4"), "{uuid}");
    sandbox
        .create("create-ca", &["--unique-subject", "--allow-ca-key-reuse", "--overwrite"])
        .succeeds_silently();
    assert_ne!(sandbox.run(&["subject", "certs/ca.crt"]).succeeds().stdout, first);
    let other = [
        "create-ca",
        "--key-algorithm=ecdsa",
        "--certs-dir=o",
        "--ca-key=o.key",
        "--unique-subject",
        "--subject=O=Acme",
    ];
    sandbox.run(&other).succeeds_silently();
    assert!(sandbox.run(&["subject", "o/ca.crt"]).succeeds().stdout.starts_with("O=Acme,UID="));
}
