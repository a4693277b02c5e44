//! `probe` under FIPS: what it offers a server is what the FIPS provider has.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::modules::{dir, fact};
use crate::support::{Run, Sandbox};

/// Ends a server with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `openssl s_server` with this cipher suite alone; its port.
fn server(sandbox: &Sandbox, suite: &str) -> (Running, String) {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("the loopback, up").port();
    let at = format!("127.0.0.1:{port}");
    let args = [
        "s_server",
        "-accept",
        &at,
        "-cert",
        "certs/node.crt",
        "-key",
        "certs/node.key",
        "-ciphersuites",
        suite,
    ];
    let mut command = sandbox.command_of("openssl", &args);
    command.env_remove("OPENSSL_CONF").env_remove("OPENSSL_MODULES");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let running = Running(child.expect("openssl"));
    while TcpStream::connect(&at).is_err() {
        sleep(Duration::from_millis(25));
    }
    (running, at)
}

#[test]
fn with_the_flag_no_other_provider_takes_part_in_a_handshake() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["127.0.0.1"]).succeeds();
    // All providers are there, and the flag alone makes the difference.
    let module = dir().join("fipsmodule.cnf");
    let configuration = format!(
        "openssl_conf = init\n[init]\nproviders = all\n[all]\nfips = fips_sect\nbase = on\ndefault = on\n[on]\nactivate = 1\n\
         .include {}\n",
        module.display()
    );
    sandbox.write("all.cnf", &configuration);
    let probe = |at: &str, flag: &str| {
        let mut command = sandbox.command(&["probe", at, "--http", "--certs-dir=certs", flag]);
        command.env("OPENSSL_CONF", sandbox.path("all.cnf")).env("OPENSSL_MODULES", fact("modules"));
        Run::of(command.env_remove("CRDB_CERT_FIPS"))
    };
    for (suite, status) in [("TLS_AES_256_GCM_SHA384", 0), ("TLS_CHACHA20_POLY1305_SHA256", 2)] {
        let (_server, at) = server(&sandbox, suite);
        let run = probe(&at, "--fips=false");
        assert!(run.status == Some(0) && run.stdout.contains(suite), "{run:?}");
        let run = probe(&at, "--fips");
        assert_eq!(run.status, Some(status), "{suite}: {run:?}");
        assert_eq!(run.stdout.contains("[tls-failed]"), status == 2, "{suite}: {run:?}");
    }
}
