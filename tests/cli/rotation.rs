//! A CA is replaced while the cluster runs, as CockroachDB's documents describe it.

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::X509Builder;

use crate::list::rows;
use crate::sandbox::Sandbox;

const NEW_CA: [&str; 2] = ["--certs-dir=certs", "--ca-key=my-safe-directory/ca-new.key"];

fn verifies(sandbox: &Sandbox, ca: &str, file: &str) -> bool {
    let mut openssl = std::process::Command::new("openssl");
    openssl.args(["verify", "-x509_strict", "-CAfile"]).arg(sandbox.path(ca)).arg(sandbox.path(file));
    openssl.output().expect("openssl").status.success()
}

#[test]
fn old_certificates_verify_while_both_cas_are_in_the_file() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    std::fs::copy(sandbox.path("certs/node.crt"), sandbox.path("old-node.crt")).expect("a copy");
    std::fs::copy(sandbox.path("certs/ca.crt"), sandbox.path("old-ca.crt")).expect("a copy");

    // 1. The new CA certificate goes to all nodes and clients, in front of the old one.
    sandbox
        .run(&[&["create-ca", "--overwrite", "--key-algorithm=ecdsa"], &NEW_CA[..]].concat())
        .succeeds_silently();
    assert!(verifies(&sandbox, "certs/ca.crt", "certs/node.crt"));
    assert!(verifies(&sandbox, "certs/ca.crt", "certs/client.root.crt"));

    // 2. New certificates are signed by the new CA; whoever has both trusts both.
    sandbox
        .run(&[&["create-node", "localhost", "--overwrite", "--key-algorithm=ecdsa"], &NEW_CA[..]].concat())
        .succeeds_silently();
    assert!(verifies(&sandbox, "certs/ca.crt", "certs/node.crt"));
    assert!(verifies(&sandbox, "certs/ca.crt", "old-node.crt"));
    assert!(!verifies(&sandbox, "old-ca.crt", "certs/node.crt"));

    // The old key is not the first certificate's any more, and the error says whose it is.
    let words = [
        "my-safe-directory/ca.key does not belong to the first certificate in certs/ca.crt",
        "but to certificate 2 in certs/ca.crt",
    ];
    sandbox.refuses_to_create("create-client", &["ann"], &words);
}

/// A CA certificate that has expired, made with the CA's key.
fn expired(sandbox: &Sandbox) -> String {
    let key = PKey::private_key_from_pem(sandbox.read("my-safe-directory/ca.key").as_bytes()).expect("the key");
    let mut old = X509Builder::new().expect("a certificate");
    let time = |seconds| Asn1Time::from_unix(seconds).expect("a time");
    old.set_not_before(&time(0)).and_then(|()| old.set_not_after(&time(86399))).expect("times");
    old.set_pubkey(&key).and_then(|()| old.sign(&key, MessageDigest::sha256())).expect("a signature");
    String::from_utf8(old.build().to_pem().expect("PEM")).expect("ASCII")
}

#[test]
fn expired_cas_are_removed_but_never_the_first() {
    let sandbox = Sandbox::with_ca();
    let (good, old) = (sandbox.read("certs/ca.crt"), expired(&sandbox));
    sandbox.write("certs/ca.crt", &format!("{good}# the old one\n{old}{good}{old}"));
    sandbox.write("certs/ca-ui.crt", &format!("{old}{good}"));
    let before = sandbox.snapshot();
    let line = |verb, position| {
        format!(
            "certs/ca.crt: {verb} certificate {position}: , key identifier none, expired 1970-01-01 23:59:59 UTC\n"
        )
    };
    let dry = sandbox
        .run(&["remove-expired-ca", "--dry-run", "--certs-dir=certs"])
        .succeeds_silently_but_for_stdout();
    assert_eq!(dry, line("would remove", 2) + &line("would remove", 4));
    assert_eq!(sandbox.snapshot(), before);
    let done = sandbox.run(&["remove-expired-ca", "--certs-dir=certs"]).succeeds_silently_but_for_stdout();
    assert_eq!(done, line("removed", 2) + &line("removed", 4));
    assert_eq!(sandbox.read("certs/ca.crt"), format!("{good}{good}"));
    assert_eq!(sandbox.read("certs/ca-ui.crt"), format!("{old}{good}"));
    assert_eq!(rows(&sandbox)[0][4], "num certs: 2");
    let nothing = sandbox.run(&["remove-expired-ca", "--certs-dir=certs"]).succeeds_silently_but_for_stdout();
    assert_eq!(nothing, "no expired CA certificate to remove\n");
}

#[test]
fn a_change_that_was_interrupted_counts_in_a_dry_run_too() {
    let sandbox = Sandbox::with_ca();
    let (good, old) = (sandbox.read("certs/ca.crt"), expired(&sandbox));
    // As a command leaves it that is killed before ca.crt comes into place.
    let pending = format!("{good}{old}");
    let digest = openssl::sha::sha256(pending.as_bytes()).map(|byte| format!("{byte:02x}")).concat();
    sandbox.make_dir("certs/.crdb-cert.commit");
    sandbox.write("certs/.crdb-cert.commit/crdb-cert.new.ca.crt", &pending);
    let manifest = format!("crdb-cert manifest 1\0replace\0{digest}\0ca.crt\0");
    sandbox.write("certs/.crdb-cert.commit/crdb-cert.manifest", &manifest);
    let dry = sandbox.run(&["remove-expired-ca", "--dry-run", "--certs-dir=certs"]).succeeds();
    assert!(dry.stdout.starts_with("certs/ca.crt: would remove certificate 2: "), "{dry:?}");
    assert!(dry.stderr.contains("a change of certs is not finished"), "{dry:?}");
    assert_eq!(sandbox.read("certs/ca.crt"), good);
    let done = sandbox.run(&["remove-expired-ca", "--certs-dir=certs"]).succeeds();
    assert!(done.stdout.starts_with("certs/ca.crt: removed certificate 2: "), "{done:?}");
    assert_eq!((sandbox.read("certs/ca.crt"), sandbox.names("certs")), (good, vec!["ca.crt".to_owned()]));
}

#[test]
fn a_ca_file_that_cannot_be_read_is_not_touched() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("certs/ca.crt", "hello\n");
    let words = [
        "failed to remove expired CA certificates: could not read CA certificate certs/ca.crt: no certificates found",
    ];
    sandbox.refuses(&["remove-expired-ca", "--certs-dir=certs"], &words);
    sandbox.refuses(&["remove-expired-ca", "--certs-dir=nowhere"], &["there is no certs directory nowhere"]);
}

#[test]
fn only_a_ca_file_in_the_way_is_said_to_keep_its_certificates() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    let plain = "file exists\nHINT: pass --overwrite to replace it, or name another directory\n";
    sandbox.refuses_to_create("create-node", &["localhost"], &[plain]);
    let words =
        ["certs/ca.crt: file exists\nHINT: ", "(a CA file keeps its old certificates behind the new one)"];
    sandbox.refuses_to_create("create-ca", &["--allow-ca-key-reuse"], &words);
}

#[test]
fn a_missing_directory_holds_no_expired_certificate() {
    let words = ["there is no certs directory nowhere\nHINT: name the directory that holds ca.crt"];
    Sandbox::new().refuses(&["remove-expired-ca", "--certs-dir=nowhere"], &words);
}
