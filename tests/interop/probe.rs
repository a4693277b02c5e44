//! `probe` and real servers: PostgreSQL, nginx, `openssl s_server`, and listeners that are up to no good.
//!
//! All of them are on the loopback, which has to be up: `ip link set lo up` in a network namespace.

mod listeners;
mod postgresql;
mod servers;

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::schema;
use crate::support::Run;

/// Ends a server with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A CA, a node with the usual loopback names, a DB Console, and root, all with keys that are quick to make.
pub fn cluster(sandbox: &Sandbox) {
    let ecdsa = "--key-algorithm=ecdsa";
    sandbox.create("certs", &["create-ca", ecdsa]);
    sandbox.create("certs", &["create-node", "localhost", "127.0.0.1", "::1", ecdsa]);
    sandbox.create("certs", &["create-client", "root", ecdsa]);
}

/// Another directory with the same CA, where the node got a new certificate for these hosts.
pub fn renewed(sandbox: &Sandbox, old: &str, new: &str, hosts: &[&str]) {
    fs::create_dir(sandbox.path(new)).expect("a directory");
    for (from, to) in
        [(format!("{old}/ca.crt"), format!("{new}/ca.crt")), (format!("{old}.ca.key"), format!("{new}.ca.key"))]
    {
        fs::copy(sandbox.path(&from), sandbox.path(&to)).expect("a copy");
    }
    let create = [&["create-node", "--key-algorithm=ecdsa"], hosts].concat();
    sandbox.create(new, &create);
}

/// The report on servers, which is as the schema says, and the exit status.
pub fn probe(sandbox: &Sandbox, args: &[&str]) -> (Value, i32) {
    let run = Run::of(&mut sandbox.ours(&[&["probe", "--format=json"], args].concat()));
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    assert_eq!(schema::objection("probe.schema.json", &report), None, "{}", run.stdout);
    (report, run.status.expect("a status"))
}

/// The findings about all servers: their ids, and what they say.
pub fn findings(report: &Value) -> Vec<(String, String)> {
    let servers = report["servers"].as_array().expect("servers").iter();
    let findings = servers.flat_map(|server| server["findings"].as_array().expect("findings"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .map(|finding| {
            (text(&finding["id"]), format!("{}; {}", text(&finding["what"]), text(&finding["hint"])))
        })
        .collect()
}

/// The only finding about the only server: its id, what it says, and the exit status.
pub fn only(sandbox: &Sandbox, args: &[&str]) -> (String, String, i32) {
    let (report, status) = probe(sandbox, args);
    let mut all = findings(&report);
    assert_eq!(all.len(), 1, "{args:?}: {report:#}");
    let (id, what) = all.remove(0);
    (id, what, status)
}

/// Starts a server, and waits until it takes connections.
pub fn start(mut command: std::process::Command, port: u16, address: &str) -> Running {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let running = Running(child.unwrap_or_else(|error| panic!("{command:?}: {error}")));
    for _ in 0..400 {
        if std::net::TcpStream::connect((address, port)).is_ok() {
            return running;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    panic!("{command:?} takes no connections");
}

/// A sandbox with a cluster.
pub fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    cluster(&sandbox);
    assert!(Path::new(&sandbox.path("certs/node.crt")).exists());
    sandbox
}
