//! A PostgreSQL server that lets users in by their certificates, and in no other way.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::net::free_port;
use crate::peers::Peer;
use crate::sandbox::{Answer, Sandbox, answer};

/// How often another port is tried, should somebody else take the one that was free.
const ATTEMPTS: usize = 5;

const SETTINGS: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
ssl = on
fsync = off
shared_buffers = 1MB
max_connections = 30
dynamic_shared_memory_type = mmap
";

/// By certificate over TLS, and in no other way.
const HBA: &str = "hostssl all all 127.0.0.1/32 cert\n";

/// A running server. It and its client run under an account that is not root, which PostgreSQL refuses.
pub struct Server {
    /// The certs directory and the database.
    pub sandbox: Sandbox,
    account: Option<(u32, u32)>,
    /// Where it listens.
    pub port: u16,
}

impl Server {
    /// Starts a server in a sandbox where `cluster` is a certs directory and everything else is in place.
    pub fn start(sandbox: Sandbox, cluster: &str) -> Self {
        let mut server = Self { sandbox, account: account(), port: 0 };
        if let Some((uid, gid)) = server.account {
            hand_over(&server.sandbox.path(""), uid, gid);
        }
        let initdb = ["-D", "data", "-U", "root", "-E", "UTF8", "--locale=C", "--auth=reject", "--no-sync"];
        let initdb = server.run(Peer::PostgresServer("initdb"), &initdb);
        assert!(initdb.success, "{}{}", initdb.stdout, initdb.stderr);
        let place = |name: &str| server.sandbox.path(cluster).join(name).display().to_string();
        let settings = format!(
            "{SETTINGS}ssl_cert_file = '{}'\nssl_key_file = '{}'\nssl_ca_file = '{}'\n",
            place("node.crt"),
            place("node.key"),
            place("ca.crt")
        );
        let data = server.sandbox.path("data");
        fs::write(data.join("postgresql.conf"), settings).expect("the server's settings");
        fs::write(data.join("pg_hba.conf"), HBA).expect("the server's access rules");

        for _ in 0..ATTEMPTS {
            server.port = free_port();
            let options = format!("-p {}", server.port);
            let start = ["start", "-w", "-D", "data", "-l", "server.log", "-o", &options];
            if server.run(Peer::PostgresServer("pg_ctl"), &start).success {
                return server;
            }
        }
        panic!("{}", server.log());
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        let log = fs::read(self.sandbox.path("server.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// A program under the account of the server.
    pub fn command(&self, peer: Peer, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(peer.program());
        command.args(args);
        if let Some((uid, gid)) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Runs such a program.
    pub fn run(&self, peer: Peer, args: &[&str]) -> Answer {
        answer(&mut self.command(peer, args), peer)
    }

    /// What our program in Java says, run by the account of the files.
    pub fn java(&self, args: &[&str]) -> String {
        let first = Peer::JavaStores.first_arguments(&self.sandbox);
        let first: Vec<_> = first.iter().map(|argument| argument.to_str().expect("UTF-8")).collect();
        let answer = self.run(Peer::JavaStores, &[&first, args].concat());
        assert!(answer.success, "{args:?}: {}", answer.stderr);
        answer.stdout
    }

    /// Stops the server if it runs, without a word: the test may have failed because there is nothing to stop.
    pub fn stop(&self) {
        let stop = ["stop", "-w", "-m", "fast", "-D", "data"];
        let _ = self.command(Peer::PostgresServer("pg_ctl"), &stop).output();
    }

    /// Asks the server, called by the name `host`, something as `user` who shows the certificate `stem`.crt.
    pub fn ask(&self, host: &str, user: &str, stem: &str, ca: &str, question: &str) -> Answer {
        let connection = format!(
            "host={host} hostaddr=127.0.0.1 port={} user={user} dbname=postgres sslmode=verify-full \
             sslrootcert={ca} sslcert={stem}.crt sslkey={stem}.key",
            self.port
        );
        self.run(Peer::Psql, &["-X", "-A", "-t", "-w", "-d", &connection, "-c", question])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The account to run PostgreSQL under, if we are root.
fn account() -> Option<(u32, u32)> {
    rustix::process::geteuid().is_root().then(|| {
        let nobody = users::get_user_by_name("nobody").expect("an account named nobody");
        (nobody.uid(), nobody.primary_group_id())
    })
}

/// Gives everything in the directory to the account: keys belong to whom uses them.
fn hand_over(path: &Path, uid: u32, gid: u32) {
    chown(path, Some(uid), Some(gid)).expect("root changes owners");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("the directory") {
            hand_over(&entry.expect("an entry").path(), uid, gid);
        }
    }
}
