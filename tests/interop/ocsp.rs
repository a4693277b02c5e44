//! `--ocsp-url`: `openssl ocsp` as the responder says what became of a certificate.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::net::free_port;
use crate::support::{Run, Sandbox};

/// `openssl ocsp` as the responder of the CA. It reads its index once.
struct Responder(Child);

impl Responder {
    fn start(sandbox: &Sandbox, port: u16) -> Self {
        let port = port.to_string();
        let signer = ["-CA", "certs/ca.crt", "-rsigner", "ocsp.crt", "-rkey", "my-safe-directory/ca.key"];
        let args = [&["ocsp", "-index", "index.txt", "-port", &port, "-timeout", "10"][..], &signer].concat();
        let mut command = sandbox.command_of("openssl", &args);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).spawn();
        Self(child.expect("openssl"))
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Adds a certificate to the index of `openssl ca`: V for valid, R for revoked.
fn index(sandbox: &Sandbox, file: &str, status: &str) {
    let serial = sandbox.openssl(&["x509", "-in", file, "-noout", "-serial"]);
    let serial = serial.trim().trim_start_matches("serial=");
    let line = format!(
        "{status}\t311125000000Z\t{}\t{serial}\tunknown\t/CN=x\n",
        if status == "R" { "261122000000Z" } else { "" }
    );
    let mut index =
        OpenOptions::new().create(true).append(true).open(sandbox.path("index.txt")).expect("a file");
    index.write_all(line.as_bytes()).expect("a line");
}

/// What the responder that the certificate names says about it.
fn status(sandbox: &Sandbox, file: &str) -> String {
    let url = sandbox.openssl(&["x509", "-in", file, "-noout", "-ocsp_uri"]);
    let files =
        ["-issuer", "certs/ca.crt", "-cert", file, "-CAfile", "certs/ca.crt", "-VAfile", "certs/ca.crt"];
    let args = [&["ocsp", "-url", url.trim(), "-timeout", "10"], &files[..]].concat();
    // The responder may not listen yet; a connection without a question would confuse it.
    let ask = || Run::of(&mut sandbox.command_of("openssl", &args));
    let mut answers = (0..200).map(|_| ask()).inspect(|run| {
        if !run.success() {
            sleep(Duration::from_millis(50))
        }
    });
    let answer = answers.find(Run::success).expect("an answer").stdout;
    answer.lines().find_map(|line| line.strip_prefix(&format!("{file}: "))).unwrap_or(&answer).to_owned()
}

#[test]
fn the_responder_that_is_named_says_what_became_of_a_certificate() {
    let sandbox = Sandbox::with_ca();
    let port = free_port();
    let flag = format!("--ocsp-url=http://127.0.0.1:{port}");
    for (command, name) in [("create-node", "localhost"), ("create-client", "root"), ("create-ui", "localhost")]
    {
        sandbox.create(command, &[name, &flag]).succeeds();
    }
    let files = ["certs/node.crt", "certs/client.root.crt", "certs/ui.crt"];
    // The CA's certificate may sign answers, too.
    sandbox.write("ocsp.crt", &sandbox.read("certs/ca.crt"));
    index(&sandbox, files[0], "V");
    index(&sandbox, files[1], "R");
    let responder = Responder::start(&sandbox, port);
    assert_eq!(status(&sandbox, files[0]), "good");
    assert_eq!(status(&sandbox, files[1]), "revoked");
    assert_eq!(status(&sandbox, files[2]), "unknown");
    drop(responder);
}
