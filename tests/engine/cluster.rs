//! Three OpenBao servers on the loopback, with Raft storage.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Dir, Run, project};

/// How long the cluster may take to agree on anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server, its address, and what it printed in a file.
struct Server {
    process: Child,
    address: String,
}

/// The servers; all of them are killed at the end.
pub struct Cluster {
    servers: Vec<Server>,
    pub dir: Dir,
    pub root_token: String,
}

/// The directory of `bao`.
pub fn bin() -> PathBuf {
    let target = || {
        project()
            .join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
            .join("engine-venv")
    };
    let venv = std::env::var_os("CRDB_CERT_ENGINE_VENV").map_or_else(target, |venv| project().join(venv));
    let bin = venv.join("engine");
    assert!(bin.join("bao").exists(), "OpenBao is missing: tests/engine/install-engine");
    bin
}

/// Asks until there is an answer.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain: {what}");
        sleep(Duration::from_millis(200));
    }
}

impl Cluster {
    /// Starts it: the first server is initialized, the others join, all are unsealed, and all may vote.
    pub fn start() -> Self {
        let dir = Dir::new();
        // All at once, so that no two are the same.
        let listeners: Vec<_> = (0..6).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
        let ports: Vec<_> = listeners.iter().map(|one| one.local_addr().expect("an address").port()).collect();
        drop(listeners);
        let servers = ports.chunks(2).enumerate().map(|(at, ports)| server(&dir, at, ports)).collect();
        let mut cluster = Self { servers, dir, root_token: String::new() };
        let init = cluster.json(0, &["operator", "init", "-key-shares=1", "-key-threshold=1", "-format=json"]);
        let key = init["unseal_keys_b64"][0].as_str().expect("a key").to_owned();
        cluster.root_token = init["root_token"].as_str().expect("a token").to_owned();
        cluster.succeeds(0, &["operator", "unseal", &key]);
        let first = cluster.address(0).to_owned();
        for at in 1..3 {
            cluster.succeeds(at, &["operator", "raft", "join", &first]);
            cluster.succeeds(at, &["operator", "unseal", &key]);
        }
        wait_for("three voters", || {
            let run = cluster.bao(0, &["operator", "raft", "list-peers", "-format=json"]);
            let peers: Value = serde_json::from_str(&run.stdout).ok()?;
            let all = peers["data"]["config"]["servers"].as_array()?;
            (all.iter().filter(|one| one["voter"] == true).count() == 3).then_some(())
        });
        cluster
    }

    /// Where a server listens.
    pub fn address(&self, at: usize) -> &str {
        &self.servers[at].address
    }

    /// `bao`, as root, at one of the servers, again until it succeeds: a server may still be starting.
    fn succeeds(&self, at: usize, args: &[&str]) -> Run {
        let mut last = String::new();
        wait_for(&args.join(" "), || {
            let run = self.bao(at, args);
            last.clone_from(&run.stderr);
            run.success().then_some(run)
        })
    }

    /// As root, at the first of the servers that are left.
    pub fn root(&self, at: usize, args: &[&str]) -> Run {
        self.succeeds(at, args)
    }

    fn json(&self, at: usize, args: &[&str]) -> Value {
        serde_json::from_str(&self.succeeds(at, args).stdout).expect("JSON")
    }

    fn bao(&self, at: usize, args: &[&str]) -> Run {
        let mut command = self.dir.command(bin().join("bao"), args);
        command
            .env("BAO_ADDR", self.address(at))
            .env("BAO_TOKEN", &self.root_token)
            .env("HOME", self.dir.dir());
        Run::of(&mut command)
    }

    /// Kills the server that leads; its place.
    pub fn kill_leader(&mut self) -> usize {
        let status = self.json(1, &["read", "-format=json", "sys/leader"]);
        let leader = status["data"]["leader_address"].as_str().expect("a leader").to_owned();
        let at = self.servers.iter().position(|server| server.address == leader).expect("one of ours");
        self.servers[at].process.kill().and_then(|()| self.servers[at].process.wait()).expect("killed");
        at
    }

    /// Waits until a server answers that there is an active one again.
    pub fn wait_for_leader(&self, at: usize, dead: usize) {
        let dead = self.address(dead).to_owned();
        wait_for("another leader", || {
            let run = self.bao(at, &["read", "-format=json", "sys/leader"]);
            let status: Value = serde_json::from_str(&run.stdout).ok()?;
            let leader = status["data"]["leader_address"].as_str()?;
            (!leader.is_empty() && leader != dead).then_some(())
        });
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.process.kill();
            let _ = server.process.wait();
        }
    }
}

fn server(dir: &Dir, at: usize, ports: &[u16]) -> Server {
    let (api, peers) = (format!("127.0.0.1:{}", ports[0]), format!("127.0.0.1:{}", ports[1]));
    let data = dir.path(&format!("raft{at}"));
    fs::create_dir(&data).expect("a directory");
    let config = format!(
        "storage \"raft\" {{\n  path = {data:?}\n  node_id = \"n{at}\"\n}}\n\
         listener \"tcp\" {{\n  address = \"{api}\"\n  cluster_address = \"{peers}\"\n  tls_disable = true\n}}\n\
         api_addr = \"http://{api}\"\ncluster_addr = \"http://{peers}\"\ndisable_mlock = true\n"
    );
    let file = format!("server{at}.hcl");
    dir.write(&file, &config);
    let log = File::create(dir.path(&format!("server{at}.log"))).expect("a file");
    let mut command = dir.command(bin().join("bao"), &["server", &format!("-config={file}")]);
    command.env("HOME", dir.dir()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Server { process: command.spawn().expect("bao"), address: format!("http://{api}") }
}
