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
fn remove_ca_without_flags_removes_what_has_expired() {
    for command in [&["remove-ca"][..], &["remove-ca", "--expired"], &["remove-expired-ca"]] {
        let sandbox = Sandbox::with_ca();
        let (good, old) = (sandbox.read("certs/ca.crt"), expired(&sandbox));
        sandbox.write("certs/ca.crt", &format!("{good}{good}{old}"));
        let done = sandbox.run(&[command, &["--certs-dir=certs"]].concat()).succeeds_silently_but_for_stdout();
        assert!(done.starts_with("certs/ca.crt: removed certificate 3: "), "{command:?}: {done}");
        assert_eq!(sandbox.read("certs/ca.crt"), format!("{good}{good}"), "{command:?}");
    }
}

/// Two CAs, and certificates of the older one.
fn rotating() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    sandbox
        .run(&[&["create-ca", "--overwrite", "--key-algorithm=ecdsa"], &NEW_CA[..]].concat())
        .succeeds_silently();
    sandbox
}

const REMOVE_OLD: [&str; 3] = ["remove-ca", "--old", "--certs-dir=certs"];

#[test]
fn an_old_ca_goes_when_nothing_needs_it_any_more() {
    let sandbox = rotating();
    let words = [
        "failed to remove old CA certificates: certs/node.crt needs certificate 2 in certs/ca.crt, \
         certs/client.root.crt needs certificate 2 in certs/ca.crt\n",
        "HINT: have the CA in use sign them first: crdb-cert renew node --certs-dir=certs --ca-key=<",
    ];
    sandbox.refuses(&REMOVE_OLD, &words);
    sandbox.refuses(&[&REMOVE_OLD[..], &["--dry-run"]].concat(), &words);
    sandbox.run(&[&["renew", "root"], &NEW_CA[..]].concat()).succeeds();
    sandbox.refuses(&REMOVE_OLD, &["certificates: certs/node.crt needs certificate 2 in certs/ca.crt\nHINT: "]);
    sandbox.run(&[&["renew"], &NEW_CA[..]].concat()).succeeds();
    let before = sandbox.snapshot();
    let dry = sandbox.run(&[&REMOVE_OLD[..], &["--dry-run"]].concat()).succeeds_silently_but_for_stdout();
    assert!(
        dry.starts_with("certs/ca.crt: would remove certificate 2: O=Cockroach,CN=Cockroach CA, key id"),
        "{dry}"
    );
    assert_eq!(sandbox.snapshot(), before);
    let both = sandbox.read("certs/ca.crt");
    let done = sandbox.run(&REMOVE_OLD).succeeds_silently_but_for_stdout();
    assert_eq!(done, dry.replace("would remove", "removed"));
    let left = sandbox.read("certs/ca.crt");
    assert!(both.starts_with(&left) && left.matches("BEGIN CERTIFICATE").count() == 1, "{left}");
    for file in ["node.crt", "client.root.crt"] {
        sandbox.verifies("certs/ca.crt", &format!("certs/{file}"), "any");
    }
    let nothing = sandbox.run(&REMOVE_OLD).succeeds_silently_but_for_stdout();
    assert_eq!(nothing, "no old CA certificate to remove\n");
}

#[test]
fn a_certificate_anywhere_in_the_fleet_keeps_an_old_ca() {
    let sandbox = rotating();
    for dir in ["fleet", "fleet/nodes", "fleet/nodes/n1", "fleet/clients"] {
        sandbox.make_dir(dir);
    }
    std::fs::rename(sandbox.path("certs/node.crt"), sandbox.path("fleet/nodes/n1/node.crt")).expect("a move");
    std::fs::remove_file(sandbox.path("certs/client.root.crt")).expect("the client's");
    let fleet = [&REMOVE_OLD[..], &["--fleet=fleet"]].concat();
    let words = [
        "certificates: fleet/nodes/n1/node.crt needs certificate 2 in certs/ca.crt\n",
        "crdb-cert renew node --certs-dir=fleet/nodes/n1 --ca-key=<",
    ];
    sandbox.refuses(&fleet, &words);
    sandbox.refuses(
        &[&REMOVE_OLD[..], &["--fleet=nowhere"]].concat(),
        &["--fleet: could not read nowhere: no such"],
    );
    sandbox.write("fleet/clients/client.x.crt", "broken");
    sandbox.refuses(&fleet, &["could not load certificate file fleet/clients/client.x.crt"]);
    std::fs::remove_file(sandbox.path("fleet/clients/client.x.crt")).expect("the broken one");
    std::fs::remove_file(sandbox.path("fleet/nodes/n1/node.crt")).expect("the node's");
    let done = sandbox.run(&fleet).succeeds_silently_but_for_stdout();
    assert!(done.starts_with("certs/ca.crt: removed certificate 2: "), "{done}");
    let usage = sandbox.run(&["remove-ca", "--fleet=fleet", "--certs-dir=certs"]);
    assert_eq!(usage.status, Some(2), "{usage:?}");
    assert_eq!(sandbox.run(&[&REMOVE_OLD[..], &["--expired"]].concat()).status, Some(2));
}

#[test]
fn what_another_ca_signed_or_the_ca_in_use_vouches_for_needs_no_old_ca() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    // The same name and key as before: one signature, two certificates of the CA.
    sandbox.create("create-ca", &["--allow-ca-key-reuse", "--overwrite"]).succeeds_silently();
    let other = ["--key-algorithm=ecdsa", "--certs-dir=other", "--ca-key=other.key"];
    for args in [&["create-ca"][..], &["create-ui", "console"]] {
        sandbox.run(&[args, &other].concat()).succeeds();
    }
    std::fs::copy(sandbox.path("other/ui.crt"), sandbox.path("certs/ui.crt")).expect("a copy");
    sandbox.run(&REMOVE_OLD).succeeds();
    sandbox.verifies("certs/ca.crt", "certs/node.crt", "any");
}

#[test]
fn a_certificate_needs_an_old_ca_over_those_between_too() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("extensions", "basicConstraints = critical,CA:TRUE\n");
    let request = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj";
    let openssl = |line: &str| sandbox.openssl(&line.split_whitespace().collect::<Vec<_>>());
    openssl(&format!("{request} /CN=between -keyout between.key -out between.csr"));
    openssl(&format!("{request} /CN=node -keyout certs/node.key -out node.csr"));
    openssl(
        "x509 -req -in between.csr -CA certs/ca.crt -CAkey my-safe-directory/ca.key -extfile extensions -out between.crt",
    );
    openssl("x509 -req -in node.csr -CA between.crt -CAkey between.key -out node.crt");
    sandbox.write("certs/node.crt", &(sandbox.read("node.crt") + &sandbox.read("between.crt")));
    sandbox
        .run(&[&["create-ca", "--overwrite", "--key-algorithm=ecdsa"], &NEW_CA[..]].concat())
        .succeeds_silently();
    sandbox.refuses(&REMOVE_OLD, &["certs/node.crt needs certificate 2 in certs/ca.crt"]);
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
