//! What users run, with the files and the words that `export` makes: drivers of PostgreSQL, pgbouncer, HAProxy
//! and nginx. Each lets in whom it should, and refuses the wrong user, CA, name and time. Beside every refusal,
//! the same setup accepts somebody.
//!
//! The servers have the configuration of `docs/proxies.md`, with the paths and ports of the tests.

mod drivers;
mod files;
mod page;
mod pools;
mod service;
mod web;
mod web_cases;

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::postgres::Server;
use crate::sandbox::Sandbox;
use crate::support::Run;

/// What should become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It works.
    Accepted,
    /// It does not, and the client or the server gives one of these reasons.
    Refused(&'static [&'static str]),
}

use Expected::{Accepted, Refused};

/// The client presents a certificate that the server's TLS refuses. TLS 1.3 may lose the alert on its way.
pub const BY_THE_SERVER: Expected =
    Refused(&["alert", "remote error", "reset", "closed", "eof", "broken pipe"]);

/// How many octets of a reason are shown before what was expected.
const CONTEXT: usize = 25;

/// Who connects, and what becomes of it.
pub struct Row {
    pub peer: &'static str,
    pub case: &'static str,
    pub expected: Expected,
    /// Why it was refused, if it was.
    pub seen: Result<(), String>,
}

impl Expected {
    /// Where one of the reasons is in what was said.
    fn reason_in(self, said: &str) -> Option<usize> {
        let Refused(reasons) = self else { return None };
        let said = said.to_ascii_lowercase();
        reasons.iter().find_map(|reason| said.find(&reason.to_ascii_lowercase()))
    }

    /// What the client said, and what is new in the servers' logs, which may come a moment later.
    fn explained(self, mut said: String, news: impl Fn() -> String) -> String {
        for _ in 0..100 {
            said = said + " " + &news();
            if self == Accepted || self.reason_in(&said).is_some() {
                break;
            }
            sleep(Duration::from_millis(50));
        }
        said
    }
}

impl Row {
    /// Where in the reason for a refusal one of those expected is.
    fn place(&self) -> Option<usize> {
        self.expected.reason_in(self.seen.as_ref().err()?)
    }

    fn is_as_expected(&self) -> bool {
        (self.expected == Accepted && self.seen.is_ok()) || self.place().is_some()
    }

    /// A line of the table; a reason is cut to what was expected.
    fn line(&self) -> String {
        let expected = if self.expected == Accepted { "accepted" } else { "refused" };
        let seen = match (&self.seen, self.place()) {
            (Ok(()), _) => "accepted".to_owned(),
            (Err(why), None) => format!("refused: {why}"),
            (Err(why), Some(place)) => {
                let why = why.get(place.saturating_sub(CONTEXT)..).unwrap_or(why);
                let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
                format!("refused: {}", why.chars().take(3 * CONTEXT).collect::<String>())
            }
        };
        let wrong = if self.is_as_expected() { "" } else { " <- WRONG" };
        format!("{:14} | {:50} | {expected:8} | {seen}{wrong}\n", self.peer, self.case)
    }
}

/// The hosts: clients, and servers, which run under another account if we are root.
pub struct Lab {
    /// The clients' files belong to us.
    pub clients: Sandbox,
    /// The servers' files belong to their account.
    pub postgres: Server,
}

impl Lab {
    fn start() -> Self {
        let clients = Sandbox::new();
        files::make(&clients);
        // The account of the servers has to get there, which it may not in a TMPDIR of root's.
        let servers = Sandbox::within(Path::new("/tmp"));
        files::copy(&clients, &servers);
        let postgres = Server::start(servers, files::GOOD);
        let setup = "create role maxroach login; create database movr";
        for statement in setup.split("; ") {
            let root = format!("{}/client.root", files::GOOD);
            let ca = format!("{}/ca.crt", files::GOOD);
            let answer = postgres.ask("localhost", "root", &root, &ca, statement);
            assert!(answer.success, "{}", answer.stderr);
        }
        Self { clients, postgres }
    }
}

/// Runs psql as maxroach at a port, with a certificate from one of the directories.
fn psql(lab: &Lab, port: u16, database: &str, from: &str, of: &str) -> Result<(), String> {
    let (host, dir) = (format!("--host=localhost:{port}"), format!("--certs-dir={from}"));
    let database = format!("--database={database}");
    let args = ["export", "connection", "maxroach", &host, &database, &dir];
    let url = Run::of(&mut lab.clients.ours(&args)).succeeds().stdout;
    let url = url.replace(&format!("/{from}/ca.crt"), &format!("/{}/ca.crt", files::GOOD));
    drivers::psql_url(lab, &url.trim_end().replace("client.maxroach.", &format!("client.{of}.")))
}

#[test]
fn what_users_run_lets_in_whom_it_should_and_nobody_else() {
    let lab = Lab::start();
    let pools = pools::Pools::start(&lab);
    let mut rows = drivers::rows(&lab, &pools);
    rows.extend(pools.rows(&lab));
    rows.extend(web::rows(&lab));
    let head = format!("{:14} | {:50} | {:8} | seen\n", "peer", "case", "expected");
    let table = head + &rows.iter().map(Row::line).collect::<String>();
    println!("{table}");
    assert!(rows.iter().all(Row::is_as_expected), "\n{table}");

    drop(pools);
    lab.postgres.stop();
    let log = lab.postgres.log();
    let refused = log.matches("could not accept SSL connection").count();
    assert!(refused >= drivers::refused_by_the_server() + pools::refused_by_the_server(), "{log}");
}
