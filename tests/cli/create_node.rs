//! `create-node`.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::extension::{BasicConstraints, KeyUsage};
use openssl::x509::{X509Builder, X509Extension};

use crate::sandbox::{DIRS, Run, Sandbox};

fn alt_names(sandbox: &Sandbox) -> String {
    let text = sandbox.openssl(&["x509", "-in", "certs/node.crt", "-noout", "-ext", "subjectAltName"]);
    text.lines().nth(1).unwrap_or_default().trim().to_owned()
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs() as i64
}

fn subject(sandbox: &Sandbox) -> String {
    sandbox.openssl(&["x509", "-in", "certs/node.crt", "-noout", "-subject", "-nameopt", "RFC2253"])
}

#[test]
fn without_hosts_there_is_nothing_to_certify() {
    let sandbox = Sandbox::with_ca();
    let words = ["ERROR: create-node requires at least one host name or address, none was specified\n"];
    sandbox.refuses_to_create("create-node", &[], &words);
}

#[test]
fn names_come_before_addresses_and_duplicates_count_once() {
    let sandbox = Sandbox::with_ca();
    let hosts = [
        "10.0.0.1",
        "Node1.example.com",
        "[::1]",
        "node1.example.com",
        "*.b\u{fc}cher.example",
        "::ffff:10.0.0.1",
    ];
    sandbox.create("create-node", &hosts).succeeds_silently();
    let expected =
        "DNS:node1.example.com, DNS:*.xn--bcher-kva.example, IP Address:10.0.0.1, IP Address:0:0:0:0:0:0:0:1";
    assert_eq!(alt_names(&sandbox), expected);
    assert_eq!(subject(&sandbox), "subject=CN=node,O=Cockroach\n");
}

#[test]
fn a_host_that_is_none_is_named_with_what_to_write_instead() {
    let sandbox = Sandbox::with_ca();
    for (host, advice) in [
        ("node1:26257", "invalid host \"node1:26257\": a certificate cannot hold a port; write \"node1\""),
        ("https://node1:8080", "invalid host \"https://node1:8080\": it is a URL; write \"node1\""),
        ("a..b", "invalid host \"a..b\": a part between its dots is empty"),
        ("a b", "invalid host \"a b\": it has a space in it"),
        ("x.*.com", "invalid host \"x.*.com\": a wildcard is a whole label at the left"),
    ] {
        sandbox.refuses_to_create(
            "create-node",
            &["good.example", host],
            &["failed to generate node certificate and key: ", advice],
        );
    }
}

#[test]
fn a_host_that_is_not_unicode_is_an_error() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::with_ca();
    let mut command = sandbox.command(&["create-node"]);
    command.arg(std::ffi::OsStr::from_bytes(b"a\xff")).args(DIRS);
    let run = Run::of(&mut command);
    assert_eq!((run.status, run.stderr.contains("is not UTF-8")), (Some(1), true), "{run:?}");
}

#[test]
fn the_environment_can_name_another_node_user() {
    let sandbox = Sandbox::with_ca();
    let mut command = sandbox.command(&["create-node", "localhost", "--key-algorithm=ecdsa"]);
    Run::of(command.args(DIRS).env("COCKROACH_CERT_NODE_USER", "other")).succeeds_silently();
    assert_eq!(subject(&sandbox), "subject=CN=other,O=Cockroach\n");
}

#[test]
fn a_missing_ca_says_how_to_make_one() {
    let sandbox = Sandbox::new();
    let words = [
        "could not read CA certificate certs/ca.crt: no such file or directory",
        "HINT: create the CA first with create-ca",
    ];
    sandbox.refuses_to_create("create-node", &["localhost"], &words);
}

#[test]
fn a_missing_ca_key_is_named() {
    let sandbox = Sandbox::with_ca();
    let words = ["could not read CA key file elsewhere.key: no such file or directory", "HINT: name the key"];
    sandbox.refuses(&["create-node", "localhost", "--certs-dir=certs", "--ca-key=elsewhere.key"], &words);
}

#[test]
fn a_key_that_is_not_the_cas_is_refused() {
    let sandbox = Sandbox::with_ca();
    sandbox.openssl(&[
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        "other.key",
    ]);
    let words = [
        "CA key other.key does not belong to the first certificate in certs/ca.crt (O=Cockroach,CN=Cockroach CA, key identifier ",
        "), but to no CA certificate in certs\n",
        "HINT: name the key that the first certificate in certs/ca.crt was made with",
    ];
    sandbox.refuses(&["create-node", "localhost", "--certs-dir=certs", "--ca-key=other.key"], &words);
}

#[test]
fn no_certificate_outlives_its_ca() {
    let sandbox = Sandbox::new();
    sandbox.create("create-ca", &["--lifetime=24h"]).succeeds_silently();
    let words = [
        "CA lifetime is 2",
        "h, shorter than the requested 48.000000h. Renew CA certificate, or rerun with --lifetime=2",
        "h for a shorter duration.",
    ];
    sandbox.refuses_to_create("create-node", &["localhost", "--lifetime=48h"], &words);
    sandbox.create("create-node", &["localhost", "--lifetime=23h"]).succeeds_silently();
}

#[test]
fn an_expired_ca_is_to_be_renewed() {
    let sandbox = Sandbox::with_ca();
    let key = PKey::private_key_from_pem(sandbox.read("my-safe-directory/ca.key").as_bytes()).expect("the key");
    let days_ago = |days: i64| Asn1Time::from_unix(now() - days * 86400).expect("a time");
    let mut old = X509Builder::new().expect("a certificate");
    old.set_not_before(&days_ago(2)).and_then(|()| old.set_not_after(&days_ago(1))).expect("times");
    old.set_pubkey(&key).and_then(|()| old.sign(&key, MessageDigest::sha256())).expect("a signature");
    sandbox.write("certs/ca.crt", &String::from_utf8(old.build().to_pem().expect("PEM")).expect("ASCII"));
    let words = [
        "CA lifetime is -2",
        "Renew CA certificate.",
        "HINT: renew it: create-ca --allow-ca-key-reuse --overwrite",
    ];
    sandbox.refuses_to_create("create-node", &["localhost"], &words);
}

#[test]
fn a_certificate_that_is_no_cas_signs_nothing() {
    let sandbox = Sandbox::with_ca();
    let key = PKey::private_key_from_pem(sandbox.read("my-safe-directory/ca.key").as_bytes()).expect("the key");
    let certificate = |extensions: &[&X509Extension]| {
        let time = |days: i64| Asn1Time::from_unix(now() + days * 86400).expect("a time");
        let mut builder = X509Builder::new().expect("a certificate");
        builder.set_version(2).expect("a version");
        builder.set_not_before(&time(-1)).and_then(|()| builder.set_not_after(&time(9999))).expect("times");
        extensions.iter().for_each(|one| builder.append_extension2(one).expect("an extension"));
        builder
            .set_pubkey(&key)
            .and_then(|()| builder.sign(&key, MessageDigest::sha256()))
            .expect("a signature");
        String::from_utf8(builder.build().to_pem().expect("PEM")).expect("ASCII")
    };
    let ca = BasicConstraints::new().critical().ca().build().expect("an extension");
    let no_ca = BasicConstraints::new().critical().build().expect("an extension");
    let signs = KeyUsage::new().critical().key_cert_sign().build().expect("an extension");
    let does_not = KeyUsage::new().critical().digital_signature().crl_sign().build().expect("an extension");
    let hint = "HINT: put the certificate of your CA first in certs/ca.crt, or make one with create-ca";
    for (extensions, why) in [
        (&[][..], "the first certificate in certs/ca.crt () is no CA certificate (basicConstraints)"),
        (&[&no_ca, &signs], "is no CA certificate (basicConstraints)"),
        (&[&ca, &does_not], "may not sign certificates (its keyUsage lacks keyCertSign)"),
    ] {
        sandbox.write("certs/ca.crt", &certificate(extensions));
        sandbox.refuses_to_create("create-node", &["localhost"], &[why, hint]);
        sandbox.refuses_to_create("create-client", &["root"], &[why, hint]);
    }
    for extensions in [&[&ca][..], &[&ca, &signs]] {
        sandbox.write("certs/ca.crt", &certificate(extensions));
        sandbox.create("create-node", &["localhost", "--overwrite"]).succeeds_silently();
    }
}

#[test]
fn the_first_certificate_of_the_ca_file_signs() {
    let sandbox = Sandbox::with_ca();
    std::fs::remove_file(sandbox.path("my-safe-directory/ca.key")).expect("the key");
    sandbox.create("create-ca", &["--overwrite"]).succeeds_silently();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    let ca = sandbox.read("certs/ca.crt");
    let first = ca.split_inclusive("-----END CERTIFICATE-----\n").next().expect("a certificate");
    sandbox.write("first.crt", first);
    sandbox.verifies("first.crt", "certs/node.crt", "sslserver");
}

#[test]
fn the_requested_algorithm_and_size_are_what_is_made() {
    let sandbox = Sandbox::with_ca();
    for (flags, expected) in [
        (&["--key-algorithm=ecdsa"][..], "NIST CURVE: P-256"),
        (&["--key-algorithm=ecdsa", "--key-size=384"], "NIST CURVE: P-384"),
        (&["--key-algorithm=ECDSA", "--key-size", "521"], "NIST CURVE: P-521"),
        (&[], "Private-Key: (2048 bit, 2 primes)"),
        (&["--key-size=3072"], "Private-Key: (3072 bit, 2 primes)"),
    ] {
        sandbox.run(&[&["create-node", "localhost", "--overwrite"], flags, &DIRS].concat()).succeeds_silently();
        let text = sandbox.openssl(&["pkey", "-in", "certs/node.key", "-noout", "-text"]);
        assert!(text.contains(expected), "{flags:?}: {text}");
    }
}

#[test]
fn weak_and_unknown_key_sizes_are_refused_with_the_reason() {
    let sandbox = Sandbox::with_ca();
    for (flags, words) in [
        (&["--key-size=1024"][..], "--key-size: an RSA key of 1024 bits is too weak"),
        (&["--key-size=16385"], "--key-size: an RSA key of 16385 bits is too large"),
        (&["--key-size=2048", "--key-algorithm=ecdsa"], "--key-size: there is no NIST curve of 2048 bits"),
    ] {
        sandbox.refuses(&[&["create-node", "localhost"], flags, &DIRS].concat(), &[words]);
    }
}

#[test]
fn the_program_needs_no_home_of_its_own() {
    let sandbox = Sandbox::with_ca();
    let mut command: Command = sandbox.command(&["create-node", "localhost", "--key-algorithm=ecdsa"]);
    Run::of(command.args(DIRS).env_remove("HOME").env_remove("PATH")).succeeds_silently();
}
