//! nginx and `openssl s_server`.

use std::fs;

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::X509;

use super::{Running, findings, only, probe, renewed, sandbox, start};
use crate::net::free_port;
use crate::peers::Peer;
use crate::sandbox::Sandbox;

const CONSOLE: [&str; 2] = ["--http", "--certs-dir=certs"];

/// nginx with TLS at one port, and without at another.
fn nginx(sandbox: &Sandbox, certs: &str) -> (Running, u16, u16) {
    let (tls, plain) = (free_port(), free_port());
    let top = sandbox.path("").display().to_string();
    let settings = format!(
        "daemon off; master_process off; pid {top}/nginx.pid; error_log {top}/nginx.log; events {{}}
         http {{
             access_log off;
             client_body_temp_path {top}/tmp; proxy_temp_path {top}/tmp; fastcgi_temp_path {top}/tmp;
             uwsgi_temp_path {top}/tmp; scgi_temp_path {top}/tmp;
             server {{
                 listen 127.0.0.1:{plain};
                 listen 127.0.0.1:{tls} ssl;
                 ssl_certificate {top}/{certs}.crt; ssl_certificate_key {top}/{certs}.key;
                 ssl_protocols TLSv1.2 TLSv1.3;
                 return 204;
             }}
         }}"
    );
    fs::write(sandbox.path("nginx.conf"), settings).expect("the settings");
    let mut command = sandbox.command(Peer::Nginx.program());
    command.args(["-e", "nginx.log", "-p", &top, "-c", &format!("{top}/nginx.conf")]);
    (start(command, tls, "127.0.0.1"), tls, plain)
}

/// `openssl s_server` with the node's certificate, at 127.0.0.1 or ::1.
fn s_server(sandbox: &Sandbox, address: &str, certs: &str, args: &[&str]) -> (Running, String) {
    let port = free_port();
    let at = if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
    let mut command = sandbox.command(Peer::Openssl.program());
    let (cert, key) = (format!("{certs}.crt"), format!("{certs}.key"));
    command.args(["s_server", "-accept", &at, "-cert", &cert, "-key", &key, "-no_dhe"]).args(args);
    (start(command, port, address), at)
}

#[test]
fn nginx_serves_the_certificate_of_the_console() {
    let sandbox = sandbox();
    sandbox.create("certs", &["create-ui", "localhost", "127.0.0.1", "--key-algorithm=ecdsa"]);
    let (_nginx, tls, plain) = nginx(&sandbox, "certs/ui");
    let (tls, plain) = (format!("127.0.0.1:{tls}"), format!("127.0.0.1:{plain}"));
    let (report, status) = probe(&sandbox, &[&[&*tls], &CONSOLE[..]].concat());
    let seen = &report["servers"][0];
    assert_eq!((status, findings(&report).len()), (0, 0), "{report:#}");
    assert_eq!((&seen["on_disk"]["file"], &seen["on_disk"]["same"]), (&"certs/ui.crt".into(), &true.into()));

    let (id, what, status) = only(&sandbox, &[&[&*plain], &CONSOLE[..]].concat());
    assert_eq!((id.as_str(), status), ("other-protocol", 2));
    assert!(what.contains("HTTP without TLS") && what.contains("--insecure"), "{what}");
    for port in [&plain, &tls] {
        let (id, what, status) = only(&sandbox, &[port, "--certs-dir=certs"]);
        assert_eq!((id.as_str(), status), ("other-protocol", 2), "{what}");
        assert!(what.contains("add --http"), "{what}");
    }
}

#[test]
fn a_console_without_a_certificate_of_its_own_serves_the_nodes() {
    let sandbox = sandbox();
    let (_nginx, tls, _) = nginx(&sandbox, "certs/node");
    let tls = format!("localhost:{tls}");
    let (report, status) = probe(&sandbox, &[&[&*tls], &CONSOLE[..]].concat());
    assert_eq!((status, &report["servers"][0]["on_disk"]["file"]), (0, &"certs/node.crt".into()), "{report:#}");
    // A CA of the Console's beside that: the node's certificate is not from it.
    sandbox.create_by("ui", "certs", &["create-ui-ca", "--key-algorithm=ecdsa"]);
    let (report, status) = probe(&sandbox, &[&[&*tls], &CONSOLE[..]].concat());
    assert_eq!((status, findings(&report).len()), (0, 0), "{report:#}");
    // A certificate on disk that is not served, of a CA that has the same name.
    sandbox.create_by("ui", "certs", &["create-ui", "localhost", "--key-algorithm=ecdsa"]);
    let (report, status) = probe(&sandbox, &[&[&*tls], &CONSOLE[..]].concat());
    let ids: Vec<_> = findings(&report).into_iter().map(|(id, _)| id).collect();
    assert_eq!((ids, status), (vec!["not-reloaded".to_owned(), "not-trusted".to_owned()], 2), "{report:#}");
}

#[test]
fn what_is_wrong_with_the_certificate_is_found() {
    let sandbox = sandbox();
    // Expired, and signed by the CA.
    let read = |file: &str| fs::read(sandbox.path(file)).expect("a file");
    let ca_key = PKey::private_key_from_pem(&read("certs.ca.key")).expect("the CA key");
    let node = X509::from_pem(&read("certs/node.crt")).expect("a certificate");
    let ca = X509::from_pem(&read("certs/ca.crt")).expect("the CA");
    let times = [0, 86_400].map(|time| Asn1Time::from_unix(1_700_000_000 + time).expect("a time"));
    let mut expired = X509::builder().expect("a certificate");
    expired.set_version(2).expect("a version");
    expired.set_pubkey(&node.public_key().expect("a key")).expect("a key");
    expired.set_subject_name(node.subject_name()).expect("a name");
    expired.set_issuer_name(ca.subject_name()).expect("a name");
    expired.set_serial_number(node.serial_number()).expect("a number");
    expired.set_not_before(&times[0]).and_then(|()| expired.set_not_after(&times[1])).expect("times");
    let names = openssl::x509::extension::SubjectAlternativeName::new()
        .dns("localhost")
        .build(&expired.x509v3_context(None, None))
        .expect("names");
    expired.append_extension(names).expect("names");
    expired.sign(&ca_key, MessageDigest::sha256()).expect("a signature");
    fs::create_dir(sandbox.path("old")).expect("a directory");
    fs::write(sandbox.path("old/node.crt"), expired.build().to_pem().expect("PEM")).expect("a file");
    fs::write(sandbox.path("old/node.key"), read("certs/node.key")).expect("a file");

    let (_server, at) = s_server(&sandbox, "127.0.0.1", "old/node", &[]);
    let (report, status) = probe(&sandbox, &[&[&*at], &CONSOLE[..]].concat());
    let found = findings(&report);
    let ids: Vec<_> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((ids, status), (vec!["expired", "host-not-covered", "not-reloaded"], 2), "{report:#}");
    assert!(found[0].1.contains("expired on 2023-11-15"), "{found:?}");
    assert!(found[1].1.contains("does not cover 127.0.0.1, but localhost"), "{found:?}");
    let serial = report["servers"][0]["chain"][0]["serial"].as_str().expect("a serial number").to_owned();
    let shown = sandbox.tell(Peer::Openssl, ["x509", "-in", "old/node.crt", "-noout", "-serial"]);
    assert_eq!(shown.trim(), format!("serial={serial}"));

    // A CA that nobody here knows, and a certificate that ends soon.
    sandbox.create("stranger", &["create-ca", "--key-algorithm=ecdsa", "--unique-subject"]);
    sandbox.create(
        "stranger",
        &["create-node", "localhost", "127.0.0.1", "--key-algorithm=ecdsa", "--lifetime=48h"],
    );
    let (_server, at) = s_server(&sandbox, "127.0.0.1", "stranger/node", &[]);
    let (report, status) = probe(&sandbox, &[&at, "--http", "--certs-dir=stranger"]);
    let ids: Vec<_> = findings(&report).into_iter().map(|(id, _)| id).collect();
    assert_eq!((ids, status), (vec!["expires-soon".to_owned()], 1), "{report:#}");
    let (report, status) =
        probe(&sandbox, &[&at, "--rpc", "--certs-dir=certs", "--expires-within=1h", "--timeout=1s"]);
    let found = findings(&report);
    assert!(
        status == 2 && found.iter().any(|(id, what)| id == "not-trusted" && what.contains("is not in ca.crt")),
        "{found:?}"
    );
    fs::create_dir(sandbox.path("empty")).expect("a directory");
    let (id, what, status) = only(&sandbox, &[&at, "--http", "--certs-dir=empty", "--expires-within=1h"]);
    assert_eq!((id.as_str(), status), ("ca-missing", 2), "{what}");
}

#[test]
fn an_ipv6_address_is_reached_and_covered() {
    let sandbox = sandbox();
    let (_server, at) = s_server(&sandbox, "::1", "certs/node", &[]);
    let (report, status) = probe(&sandbox, &[&[&*at], &CONSOLE[..]].concat());
    assert_eq!((status, &report["servers"][0]["address"]), (0, &at.as_str().into()), "{report:#}");
}

#[test]
fn every_address_of_a_name_is_tried() {
    let sandbox = sandbox();
    renewed(&sandbox, "certs", "named", &["two.test"]);
    let (_server, at) = s_server(
        &sandbox,
        "127.0.0.1",
        "named/node",
        &[
            "-servername",
            "two.test",
            "-servername_fatal",
            "-cert2",
            "named/node.crt",
            "-key2",
            "named/node.key",
        ],
    );
    let port = at.rsplit(':').next().expect("a port");
    // Nobody listens at the first address. The name goes out as server name indication.
    fs::write(sandbox.path("hosts"), "::1 two.test\n127.0.0.1 two.test\n").expect("a file");
    let script = format!(
        "mount --bind hosts /etc/hosts && exec \"$0\" probe two.test:{port} --http --certs-dir=named --format=json"
    );
    let mut command = sandbox.command("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &script, crate::support::program()]);
    let run = crate::support::Run::of(&mut command);
    let report: serde_json::Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    assert_eq!((run.status, &report["servers"][0]["address"]), (Some(0), &at.as_str().into()), "{run:?}");
}

#[test]
fn a_server_that_wants_a_client_certificate_says_whether_it_took_it() {
    let sandbox = sandbox();
    sandbox.create("stranger", &["create-ca", "--key-algorithm=ecdsa"]);
    sandbox.create("stranger", &["create-node", "127.0.0.1", "--key-algorithm=ecdsa"]);
    for version in ["-tls1_2", "-tls1_3"] {
        let wants =
            ["-CAfile", "certs/ca.crt", "-Verify", "3", "-verify_return_error", "-rev", "-quiet", version];
        let (_server, at) = s_server(&sandbox, "127.0.0.1", "certs/node", &wants);
        let (report, status) = probe(&sandbox, &[&at, "--rpc", "--certs-dir=certs"]);
        assert_eq!(
            (status, &report["servers"][0]["client"]["taken"]),
            (0, &true.into()),
            "{version}: {report:#}"
        );
        assert_eq!(report["servers"][0]["client"]["file"], "node.crt");
        let (report, status) = probe(&sandbox, &[&at, "--rpc", "--certs-dir=stranger"]);
        let refused = findings(&report).into_iter().find(|(id, _)| id == "client-refused");
        assert_eq!(
            (status, &report["servers"][0]["client"]["taken"]),
            (2, &false.into()),
            "{version}: {report:#}"
        );
        let what = refused.expect("a finding").1;
        assert!(what.contains("the server refuses node.crt: ") && what.contains("check-login --rpc"), "{what}");
        if version == "-tls1_2" {
            let (id, what, status) = only(&sandbox, &[&at, "--http", "--certs-dir=certs"]);
            assert_eq!((id.as_str(), status), ("client-wanted", 1), "{what}");
        }
    }
}
