//! `verify` and TLS: certificates that `openssl` made, and what its library says of them in a handshake.

use std::fs;

use crate::sandbox::{Run, Sandbox};

const CA: &[&str] = &["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
const USAGE: &str = "keyUsage=critical,digitalSignature";
const NODE: &[&str] = &[USAGE, "extendedKeyUsage=serverAuth,clientAuth", "subjectAltName=DNS:localhost"];
const UI: &[&str] = &[USAGE, "extendedKeyUsage=serverAuth", "subjectAltName=IP:127.0.0.1"];
const CLIENT: &[&str] = &[USAGE, "extendedKeyUsage=clientAuth"];
/// By its key identifier, of another CA than its name says. To Go this is but a hint.
const OTHER_CA: &str = "2.5.29.35=DER:30:06:80:04:01:02:03:04";

/// What all findings about handshakes say.
const TRIED: &str = ", as a ";

/// A node, alice and the DB Console, all with keys of this kind.
fn cluster(key: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.make_dir("certs");
    // Nothing of OpenSSL's own configuration.
    sandbox.write("req.cnf", "[req]\ndistinguished_name=dn\n[dn]\n");
    make_ca(&sandbox, "ca", key);
    make(&sandbox, "node", "node", key, "ca", NODE);
    make(&sandbox, "client.alice", "alice", key, "ca", CLIENT);
    make(&sandbox, "ui", "console", key, "ca", UI);
    sandbox
}

/// Makes `certs/<file>.crt`, and its key beside the directory.
fn make_ca(sandbox: &Sandbox, file: &str, key: &str) {
    let (certificate, private) = (format!("certs/{file}.crt"), format!("{file}.key"));
    request(sandbox, file, key, CA, &["-days", "99", "-keyout", &private, "-out", &certificate]);
}

/// Makes `certs/<file>.crt` and `certs/<file>.key`.
fn make(sandbox: &Sandbox, file: &str, name: &str, key: &str, ca: &str, extensions: &[&str]) {
    let [certificate, private] = ["crt", "key"].map(|suffix| format!("certs/{file}.{suffix}"));
    let (ca, ca_key) = (format!("certs/{ca}.crt"), format!("{ca}.key"));
    // A CA outlives what it signs, even if the clock strikes in between.
    let days = if extensions == CA { "80" } else { "60" };
    let files = ["-days", days, "-keyout", &private, "-out", &certificate, "-CA", &ca, "-CAkey", &ca_key];
    request(sandbox, name, key, extensions, &files);
}

fn request(sandbox: &Sandbox, name: &str, key: &str, extensions: &[&str], files: &[&str]) {
    let (subject, curve) = (format!("/O=Cockroach/CN={name}"), format!("ec_paramgen_curve:{key}"));
    let kind: &[_] = if key.starts_with("P-") { &["ec", "-pkeyopt", &curve] } else { &[key] };
    let common = ["req", "-x509", "-config", "req.cnf", "-nodes", "-subj", &subject, "-newkey"];
    let extensions: Vec<_> = extensions.iter().flat_map(|extension| ["-addext", *extension]).collect();
    sandbox.openssl(&[&common, kind, files, &extensions].concat());
}

fn verify(sandbox: &Sandbox, flags: &[&str]) -> Run {
    sandbox.run(&[&["verify", "--certs-dir=certs"], flags].concat())
}

fn is_good(sandbox: &Sandbox, flags: &[&str]) {
    let run = verify(sandbox, flags);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{flags:?}: {}", run.stdout);
}

/// Just this one handshake fails, and without the handshakes nobody knows.
fn fails(sandbox: &Sandbox, flags: &[&str], words: &str) {
    let run = verify(sandbox, flags);
    assert_eq!((run.status, run.stderr.as_str()), (Some(2), ""), "{}", run.stdout);
    assert!(run.stdout.contains(words), "{words:?} is not in: {}", run.stdout);
    assert_eq!(run.stdout.matches(TRIED).count(), 1, "{}", run.stdout);
    for without in ["--no-handshake", "--format=prometheus"] {
        let run = verify(sandbox, &[flags, &[without]].concat());
        assert!(!run.stdout.contains(TRIED) && !run.stdout.contains("handshake"), "{}", run.stdout);
        assert!(run.status < Some(2), "{without}: {}", run.stdout);
    }
}

#[test]
fn keys_of_all_kinds_shake_hands() {
    for key in ["rsa:2048", "P-256", "P-384", "P-521", "ed25519"] {
        let sandbox = cluster(key);
        is_good(&sandbox, &[]);
        is_good(&sandbox, &["--host=localhost"]);
    }
}

#[test]
fn keys_of_different_kinds_shake_hands() {
    let sandbox = cluster("rsa:2048");
    for (user, key) in [("a", "P-256"), ("b", "P-384"), ("c", "P-521"), ("d", "ed25519"), ("e", "rsa:3072")] {
        make(&sandbox, &format!("client.{user}"), user, key, "ca", CLIENT);
    }
    is_good(&sandbox, &[]);
}

#[test]
fn what_openssl_alone_refuses_is_found() {
    let sandbox = cluster("P-256");
    make(&sandbox, "client.bob", "bob", "P-256", "ca", &[CLIENT, &[OTHER_CA]].concat());
    fails(&sandbox, &[], "TLS 1.2 and 1.3, as a client of node.crt: ");
    for file in ["client.bob.crt", "client.bob.key"] {
        fs::remove_file(sandbox.path(&format!("certs/{file}"))).expect(file);
    }
    make(&sandbox, "ui", "console", "P-256", "ca", &[UI, &[OTHER_CA]].concat());
    fails(&sandbox, &[], "TLS 1.2 and 1.3, as a server for 127.0.0.1: ");
}

#[test]
fn a_key_that_tls_has_no_use_for_is_found() {
    let sandbox = cluster("P-256");
    make(&sandbox, "client.bob", "bob", "P-224", "ca", CLIENT);
    fails(
        &sandbox,
        &[],
        "TLS 1.2, as a client of node.crt: no curve that both sides know is that of its key; TLS 1.3: ",
    );
}

#[test]
fn clients_are_not_blamed_for_the_node() {
    let sandbox = cluster("P-256");
    make(&sandbox, "node", "node", "P-224", "ca", NODE);
    fails(
        &sandbox,
        &[],
        ", as a server for localhost: no cipher suite that both sides know goes with its key; TLS 1.3: ",
    );
}

#[test]
fn what_is_known_to_be_wrong_is_not_said_again() {
    let sandbox = cluster("P-256");
    let san = "subjectAltName=DNS:localhost";
    make(&sandbox, "node", "node", "P-256", "ca", &[USAGE, "extendedKeyUsage=clientAuth", san]);
    make(&sandbox, "client.bob", "bob", "P-256", "ca", &[USAGE, "extendedKeyUsage=serverAuth"]);
    make_ca(&sandbox, "ca-client", "P-256");
    make(&sandbox, "client.carl", "carl", "P-256", "ca-client", CLIENT);
    fs::remove_file(sandbox.path("certs/ca-client.crt")).expect("ca-client.crt");
    let run = verify(&sandbox, &[]);
    assert_eq!(run.status, Some(2), "{}", run.stdout);
    for file in ["node.crt", "client.bob.crt", "client.carl.crt"] {
        assert!(run.stdout.contains(file), "{file}: {}", run.stdout);
    }
    // Which one expires first depends on the second that each was made in.
    assert!(!run.stdout.contains("client.alice.crt\n") && !run.stdout.contains(TRIED), "{}", run.stdout);
}

#[test]
fn the_whole_file_is_shown() {
    let sandbox = cluster("P-256");
    make(&sandbox, "between", "between", "P-256", "ca", CA);
    fs::rename(sandbox.path("certs/between.key"), sandbox.path("between.key")).expect("a rename");
    make(&sandbox, "client.bob", "bob", "P-256", "between", CLIENT);
    let chain = sandbox.read("certs/client.bob.crt") + &sandbox.read("certs/between.crt");
    fs::remove_file(sandbox.path("certs/between.crt")).expect("a file");
    assert_eq!(verify(&sandbox, &[]).status, Some(2));
    sandbox.write("certs/client.bob.crt", &chain);
    is_good(&sandbox, &[]);
}

#[test]
fn a_node_with_a_client_certificate_of_its_own_shows_no_other() {
    let sandbox = cluster("P-256");
    make_ca(&sandbox, "ca-client", "P-256");
    for user in ["alice", "node"] {
        make(&sandbox, &format!("client.{user}"), user, "P-256", "ca-client", CLIENT);
    }
    is_good(&sandbox, &[]);
}

#[test]
fn without_a_node_clients_are_not_tried() {
    let sandbox = cluster("P-256");
    make(&sandbox, "client.bob", "bob", "P-256", "ca", &[CLIENT, &[OTHER_CA]].concat());
    assert_eq!(verify(&sandbox, &[]).status, Some(2));
    for file in ["node.crt", "node.key"] {
        fs::remove_file(sandbox.path(&format!("certs/{file}"))).expect(file);
    }
    assert!(!verify(&sandbox, &[]).stdout.contains(TRIED));
}

#[test]
fn servers_are_tried_under_names_that_openssl_knows() {
    let sandbox = cluster("P-256");
    for (names, host) in [
        ("DNS:*.example.com", "a.example.com"),
        ("DNS:*.example.com", "*.example.com"),
        ("DNS:*.local,DNS:a.local", "a.local"),
        ("DNS:*.local", "b.local"),
        ("IP:::1,DNS:localhost", "::1"),
    ] {
        let names = format!("subjectAltName={names}");
        make(&sandbox, "node", "node", "P-256", "ca", &[NODE[0], NODE[1], &names]);
        is_good(&sandbox, &[]);
        is_good(&sandbox, &["--host", host]);
    }
}
