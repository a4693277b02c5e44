//! What users run, with the files and the words that `export` makes: drivers of PostgreSQL, pgbouncer, HAProxy and nginx. Each lets in
//! whom it should, and refuses the wrong user, CA, name and time. Beside every refusal, the same setup accepts somebody.
//!
//! The servers have the configuration of `docs/proxies.md`, with the paths and ports of the tests.

mod drivers;
mod files;
mod page;
mod pools;
mod service;
mod web;

use std::path::Path;

use crate::postgres::Server;
use crate::sandbox::Sandbox;

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
pub const BY_THE_SERVER: Expected = Refused(&["alert", "certificate", "reset", "closed", "eof", "broken pipe"]);

/// Who connects, and what becomes of it.
pub struct Row {
    pub peer: &'static str,
    pub case: &'static str,
    pub expected: Expected,
    /// Why it was refused, if it was.
    pub seen: Result<(), String>,
}

impl Row {
    fn is_as_expected(&self) -> bool {
        match (&self.expected, &self.seen) {
            (Accepted, Ok(())) => true,
            (Refused(reasons), Err(seen)) => {
                let seen = seen.to_lowercase();
                reasons.iter().any(|reason| seen.contains(&reason.to_lowercase()))
            }
            _ => false,
        }
    }

    fn line(&self, width: usize) -> String {
        let expected = if self.expected == Accepted { "accepted" } else { "refused" };
        let seen = match &self.seen {
            Ok(()) => "accepted".to_owned(),
            Err(why) => {
                let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
                format!("refused: {}", why.chars().take(width).collect::<String>())
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

#[test]
fn what_users_run_lets_in_whom_it_should_and_nobody_else() {
    let lab = Lab::start();
    let pools = pools::Pools::start(&lab);
    let mut rows = drivers::rows(&lab, &pools);
    rows.extend(pools.rows(&lab));
    rows.extend(web::rows(&lab));
    let table = |width| {
        let head = format!("{:14} | {:50} | {:8} | seen\n", "peer", "case", "expected");
        head + &rows.iter().map(|row| row.line(width)).collect::<String>()
    };
    println!("{}", table(90));
    assert!(rows.iter().all(Row::is_as_expected), "\n{}", table(1000));

    drop(pools);
    lab.postgres.stop();
    let log = lab.postgres.log();
    let refused = log.matches("could not accept SSL connection").count();
    assert!(refused >= drivers::refused_by_the_server(), "{log}");
}
