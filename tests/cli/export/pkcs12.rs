//! `export pkcs12`, read back by `openssl pkcs12` and by `import`. `tests/interop` has other readers.

use std::process::{Command, Stdio};

use super::{cluster, export, is_fips, openssl, refuses};
use crate::passphrase::run_at_terminal;
use crate::sandbox::{Run, Sandbox, program};

const FROM_FILE: &str = "--passphrase-file=secret";

/// What `openssl pkcs12` makes of `x.p12`. Before version 3.4 it cannot check PBMAC1.
fn read(sandbox: &Sandbox, args: &[&str]) -> String {
    let read = ["pkcs12", "-in", "x.p12", "-passin", "pass:correct horse"];
    openssl(sandbox, &[&read[..], if is_fips() { &["-nomacver"] } else { &[] }, args].concat())
}

/// What it says about the protection.
fn protection(sandbox: &Sandbox) -> String {
    let dir: &crate::support::Dir = sandbox;
    let args = ["pkcs12", "-in", "x.p12", "-passin", "pass:correct horse", "-info", "-noout", "-nomacver"];
    Run::of(&mut dir.command("openssl", &args)).succeeds().stderr
}

fn export_x(sandbox: &Sandbox, who: &str, flags: &[&str]) -> Run {
    export(sandbox, &[&["pkcs12", who, "--out=x.p12", "--overwrite", FROM_FILE], flags].concat())
}

fn subjects(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("subject=")).collect()
}

#[test]
fn key_certificate_and_ca_are_in_it() {
    let sandbox = cluster();
    let note = if is_fips() { "note: the MAC is PBMAC1" } else { "" };
    for (who, file, name) in [("root", "client.root", "user"), ("node", "node", "node"), ("ui", "ui", "ui")] {
        let run = export_x(&sandbox, who, &[]).succeeds();
        assert!(run.stderr.starts_with(note) && run.stderr.is_empty() != is_fips(), "{}", run.stderr);
        assert_eq!(sandbox.mode("x.p12"), 0o600);
        let key = read(&sandbox, &["-nocerts", "-noenc"]);
        sandbox.write("key", &key);
        let plain = |file: &str| openssl(&sandbox, &["pkey", "-in", file]);
        assert_eq!(plain("key"), plain(&format!("certs/{file}.key")));
        let leaf = read(&sandbox, &["-clcerts", "-nokeys"]);
        assert!(leaf.ends_with(&sandbox.read(&format!("certs/{file}.crt"))), "{leaf}");
        for text in [&key, &leaf] {
            assert!(text.contains(&format!("friendlyName: {name}\n")), "{text}");
        }
        let ca = read(&sandbox, &["-cacerts", "-nokeys"]);
        assert!(ca.ends_with(&sandbox.read("certs/ca.crt")) && ca.contains("friendlyName: ca\n"), "{ca}");
        // What the JDK takes as trusted.
        assert!(ca.contains("2.16.840.1.113894.746875.1.1"), "{ca}");
    }
    export_x(&sandbox, "root", &["--name=Max's key"]).succeeds();
    let leaf = read(&sandbox, &["-clcerts", "-nokeys"]);
    assert!(leaf.contains("friendlyName: Max's key\n") && !leaf.contains("user"), "{leaf}");
}

#[test]
fn it_is_encrypted_with_aes_and_pbkdf2() {
    let sandbox = cluster();
    export_x(&sandbox, "root", &[]).succeeds();
    let said = protection(&sandbox);
    let aes = "PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256";
    assert_eq!(said.matches(aes).count(), 2, "{said}");
    if !is_fips() {
        let said = protection(&sandbox);
        assert!(said.contains(aes), "{said}");
        let structure = openssl(&sandbox, &["asn1parse", "-inform", "DER", "-in", "x.p12"]);
        assert!(
            structure.contains(":sha256") && structure.ends_with("INTEGER           :0186A0\n"),
            "{structure}"
        );
    }
    let mut wrong = vec!["pkcs12", "-in", "x.p12", "-passin", "pass:wrong horse", "-noout"];
    wrong.extend(is_fips().then_some("-nomacver"));
    let dir: &crate::support::Dir = &sandbox;
    assert!(!Run::of(&mut dir.command("openssl", &wrong)).success());
}

#[test]
fn the_whole_chain_is_in_it_and_comes_back_by_import() {
    let sandbox = crate::import::asked(&["node", "localhost"]);
    sandbox.write("secret", "correct horse\n");
    sandbox.chmod("secret", 0o600);
    crate::import::sign(&sandbox, "certs/node.csr", &[]);
    crate::import::import(&sandbox, &["leaf.pem", "corp/ca.pem"]).succeeds();
    export_x(&sandbox, "node", &[]).succeeds();
    let all = read(&sandbox, &["-nokeys"]);
    let names: Vec<_> = subjects(&all).iter().map(|name| name.replace(" = ", "=")).collect();
    assert_eq!(names, ["O=Cockroach, CN=node", "O=Corp, CN=Corp Issuing", "O=Corp, CN=Corp Root"]);
    if is_fips() {
        return;
    }
    sandbox.make_dir("other");
    std::fs::copy(sandbox.path("corp/root.pem"), sandbox.path("other/ca.crt")).expect("a copy");
    sandbox.run(&["import", "x.p12", "--as=node", FROM_FILE, "--certs-dir=other"]).succeeds();
    for file in ["node.crt", "node.key"] {
        assert_eq!(sandbox.read(&format!("other/{file}")), sandbox.read(&format!("certs/{file}")));
    }
}

#[test]
fn a_client_trusts_ca_crt_and_its_chain_ends_with_its_own_ca() {
    let sandbox = cluster();
    sandbox.create("create-ca", &["--overwrite", "--allow-ca-key-reuse", "--subject=CN=new"]).succeeds();
    let key = "--ca-key=my-safe-directory/client.key";
    sandbox.run(&["create-client-ca", "--certs-dir=certs", key, "--subject=CN=clients"]).succeeds();
    sandbox.run(&["create-client", "ann", "--certs-dir=certs", key]).succeeds();
    let old = "O=Cockroach, CN=Cockroach CA";
    for (who, expected, aliases) in [
        ("ann", &["O=Cockroach, CN=ann", "CN=clients", "CN=new", old][..], ["user", "ca", "ca-2"]),
        // The CA that signed comes first, though another is in use.
        ("root", &["O=Cockroach, CN=root", old, "CN=new"], ["user", "ca-2", "ca"]),
    ] {
        export_x(&sandbox, who, &[]).succeeds();
        let all = read(&sandbox, &["-nokeys"]);
        let names: Vec<_> = subjects(&all).iter().map(|name| name.replace(" = ", "=")).collect();
        assert_eq!(names, expected);
        let names = all.lines().filter_map(|line| line.trim().strip_prefix("friendlyName: "));
        assert_eq!(names.collect::<Vec<_>>(), aliases);
        assert_eq!(all.matches("2.16.840.1.113894.746875.1.1").count(), 2, "{all}");
    }
}

#[test]
fn old_programs_get_3des_and_sha_1() {
    let sandbox = cluster();
    if is_fips() {
        let words = ["--legacy: FIPS approves neither 3DES nor ", "HINT: leave --legacy out"];
        refuses(&sandbox, &["pkcs12", "root", "--legacy", FROM_FILE], &words);
        return;
    }
    export_x(&sandbox, "root", &["--legacy"]).succeeds_silently();
    let said = protection(&sandbox);
    assert_eq!(said.matches("pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 100000").count(), 2, "{said}");
    // The MAC is checked here.
    assert!(read(&sandbox, &["-nocerts", "-noenc"]).contains("BEGIN PRIVATE KEY"));
    let structure = openssl(&sandbox, &["asn1parse", "-inform", "DER", "-in", "x.p12"]);
    assert!(structure.contains(":sha1") && !structure.contains("sha256"), "{structure}");
}

#[test]
fn pbmac1_and_no_mac_come_with_a_note() {
    let sandbox = cluster();
    let run = export_x(&sandbox, "root", &["--pbmac1"]).succeeds();
    assert!(run.stderr.starts_with("note: the MAC is PBMAC1 (RFC 9579): OpenSSL 3.4"), "{}", run.stderr);
    let structure = openssl(&sandbox, &["asn1parse", "-inform", "DER", "-in", "x.p12"]);
    for part in [":1.2.840.113549.1.5.14|:PBMAC1|:pbmac1", ":hmacWithSHA256", ":NOT USED"] {
        assert!(part.split('|').any(|part| structure.contains(part)), "{part}: {structure}");
    }
    let run = export_x(&sandbox, "root", &["--no-mac"]).succeeds();
    assert!(run.stderr.starts_with("note: the file has no MAC"), "{}", run.stderr);
    let said = protection(&sandbox);
    assert_eq!(said.matches("PBES2, PBKDF2, AES-256-CBC").count(), 2, "{said}");
    for flags in [["--pbmac1", "--no-mac"], ["--pbmac1", "--legacy"]] {
        assert_eq!(export_x(&sandbox, "root", &flags).status, Some(2), "{flags:?}");
    }
}

#[test]
fn a_passphrase_is_needed_that_every_program_reads_in_the_same_way() {
    let sandbox = cluster();
    for (text, words) in [
        ("short", "--passphrase-file: the passphrase in secret has 5 bytes, and at least 8 are needed"),
        ("", "its first line is empty"),
        ("corr\u{e9}ct horse", "are not printable ASCII"),
        ("correct\thorse", "are not printable ASCII"),
    ] {
        sandbox.write("secret", &format!("{text}\n"));
        refuses(&sandbox, &["pkcs12", "root", FROM_FILE], &[words]);
    }
    let mut setsid = Command::new("setsid");
    setsid.args(["--wait", program(), "export", "pkcs12", "root", "--certs-dir=certs"]);
    let run = Run::of(setsid.current_dir(sandbox.path("")).stdin(Stdio::null()).env_remove("CRDB_CERT_FIPS"));
    let error = "there is no terminal to ask for it\nHINT: name it in --passphrase-file or --passphrase-fd\n";
    assert!(run.status == Some(1) && run.stderr.ends_with(error), "{run:?}");
}

#[test]
fn a_terminal_is_asked_twice() {
    let sandbox = cluster();
    let args = [program(), "export", "pkcs12", "root", "--out=x.p12", "--certs-dir=certs"];
    let (seen, succeeded) = run_at_terminal(&sandbox, &args, &["correct horse\n", "wrong horse\n"]);
    assert!(!succeeded && seen.contains("the two passphrases differ"), "{seen}");
    assert!(!sandbox.path("x.p12").exists());
    let (seen, succeeded) = run_at_terminal(&sandbox, &args, &["correct horse\n", "correct horse\n"]);
    let expected = "passphrase for the PKCS#12 file of client.root.crt: \nthe same again: \ncreated x.p12 (keep it secret)\n";
    assert!(succeeded && seen.starts_with(expected), "{seen}");
    assert!(read(&sandbox, &["-nocerts", "-noenc"]).contains("BEGIN PRIVATE KEY"));
}
