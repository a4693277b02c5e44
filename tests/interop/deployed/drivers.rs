//! Drivers and psql, told where the server is by `export connection`.

use std::thread;

use super::Expected::{self, Accepted, Refused};
use super::files::{ECDSA, ELSEWHERE, EXPIRED, FUTURE, GOOD, PASSPHRASE, STRANGER};
use super::pools::{Pool, Pools};
use super::{BY_THE_SERVER, Lab, Row};
use crate::peers::Peer;
use crate::sandbox::{Sandbox, answer};
use crate::support::Run;

/// A client.
struct Driver {
    name: &'static str,
    peer: Peer,
    form: Form,
}

/// How it is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Url,
    Env,
    Jdbc,
    /// The same, with the PKCS#12 file.
    JdbcPkcs12,
}

const DRIVERS: [Driver; 7] = [
    Driver { name: "psql, URL", peer: Peer::Psql, form: Form::Url },
    Driver { name: "psql, env", peer: Peer::Psql, form: Form::Env },
    Driver { name: "psycopg", peer: Peer::Psycopg, form: Form::Url },
    Driver { name: "pgx", peer: Peer::Pgx, form: Form::Url },
    Driver { name: "node-postgres", peer: Peer::NodePostgres, form: Form::Url },
    Driver { name: "pgjdbc, .pk8", peer: Peer::Jdbc, form: Form::Jdbc },
    Driver { name: "pgjdbc, .p12", peer: Peer::Jdbc, form: Form::JdbcPkcs12 },
];

/// How the user maxroach connects.
struct Case {
    name: &'static str,
    /// Where the client's certificate is.
    from: &'static str,
    /// Whose it is.
    of: &'static str,
    /// Where the client's ca.crt is.
    trusts: &'static str,
    /// PostgreSQL itself, or a pool in front of it.
    to: To,
    expected: Expected,
}

#[derive(Clone, Copy)]
enum To {
    Postgres,
    Pool(Pool),
}

const OWN: Case = Case {
    name: "own certificate",
    from: GOOD,
    of: "maxroach",
    trusts: GOOD,
    to: To::Postgres,
    expected: Accepted,
};

const POOLED: Case = Case { name: "through pgbouncer", to: To::Pool(Pool::GOOD), ..OWN };

/// What clients say about the server's certificate.
const UNTRUSTED: Expected =
    Refused(&["verify failed", "unknown authority", "self-signed", "self signed", "unable to", "PKIX path"]);
const UNTIMELY: Expected = Refused(&["verify failed", "expired", "not yet valid", "validity"]);
const OTHER_NAME: Expected = Refused(&["does not match", "is valid for", "could not be verified", "hostname"]);

const CASES: [Case; 11] = [
    OWN,
    Case { name: "own certificate, ECDSA", from: ECDSA, ..OWN },
    Case {
        name: "another user's certificate",
        of: "root",
        expected: Refused(&["certificate authentication failed"]),
        ..OWN
    },
    Case { name: "certificate by another CA", from: STRANGER, expected: BY_THE_SERVER, ..OWN },
    Case { name: "expired certificate", from: EXPIRED, expected: BY_THE_SERVER, ..OWN },
    Case { name: "certificate not yet valid", from: FUTURE, expected: BY_THE_SERVER, ..OWN },
    Case { name: "client trusts another CA", trusts: STRANGER, expected: UNTRUSTED, ..OWN },
    POOLED,
    Case { name: "server's certificate expired", to: To::Pool(Pool::with(EXPIRED)), expected: UNTIMELY, ..OWN },
    Case {
        name: "server's certificate not yet valid",
        to: To::Pool(Pool::with(FUTURE)),
        expected: UNTIMELY,
        ..OWN
    },
    Case {
        name: "server's certificate of another host",
        to: To::Pool(Pool::with(ELSEWHERE)),
        expected: OTHER_NAME,
        ..OWN
    },
];

/// How often PostgreSQL's TLS refuses a driver.
pub fn refused_by_the_server() -> usize {
    DRIVERS.len() * CASES.iter().filter(|case| case.expected == BY_THE_SERVER).count()
}

/// Every driver in every case.
pub fn rows(lab: &Lab, pools: &Pools) -> Vec<Row> {
    let ask = |driver: &Driver| {
        let told: Vec<_> = CASES.iter().map(|case| told(lab, pools, driver.form, case)).collect();
        let row = |(case, seen): (&Case, _)| Row {
            peer: driver.name,
            case: case.name,
            expected: case.expected,
            seen,
        };
        CASES.iter().zip(answers(lab, driver, &told)).map(row).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let asked: Vec<_> = DRIVERS.iter().map(|driver| scope.spawn(|| ask(driver))).collect();
        asked.into_iter().flat_map(|rows| rows.join().expect("the driver answers")).collect()
    })
}

/// What `export connection` says, with another certificate, key or CA where the case is about that.
fn told(lab: &Lab, pools: &Pools, form: Form, case: &Case) -> String {
    let port = match case.to {
        To::Postgres => lab.postgres.port,
        To::Pool(pool) => pools.port(pool),
    };
    let host = format!("--host=localhost:{port}");
    let format = match form {
        Form::Url => "--format=url",
        Form::Env => "--format=env",
        Form::Jdbc | Form::JdbcPkcs12 => "--format=jdbc",
    };
    let dir = format!("--certs-dir={}", case.from);
    let args = ["export", "connection", "maxroach", &host, "--database=movr", format, &dir];
    let said = Run::of(&mut lab.clients.ours(&args)).succeeds().stdout;
    let said = said.replace(&format!("/{}/ca.crt", case.from), &format!("/{}/ca.crt", case.trusts));
    let said = said.replace("client.maxroach.", &format!("client.{}.", case.of));
    match form {
        Form::JdbcPkcs12 => {
            let passphrase = PASSPHRASE.replace(' ', "%20");
            format!("{}&sslpassword={passphrase}", said.trim_end().replace(".key.pk8", ".p12"))
        }
        _ => said.trim_end().to_owned(),
    }
}

fn answers(lab: &Lab, driver: &Driver, told: &[String]) -> Vec<Result<(), String>> {
    match (driver.peer, driver.form) {
        (Peer::Psql, Form::Url) => told.iter().map(|url| psql_url(lab, url)).collect(),
        (Peer::Psql, _) => {
            told.iter().map(|env| psql(lab, "eval \"$1\"; exec psql \"$2\" \"$3\"", env)).collect()
        }
        // In a directory of its own, as all drivers run at once.
        (peer, _) => Sandbox::new().translate(peer, told).into_iter().map(read).collect(),
    }
}

/// Runs psql with a URL.
pub fn psql_url(lab: &Lab, url: &str) -> Result<(), String> {
    psql(lab, "exec psql -d \"$1\" \"$2\" \"$3\"", url)
}

/// Runs psql, by a shell that gets what it is told.
fn psql(lab: &Lab, script: &str, told: &str) -> Result<(), String> {
    let mut command = lab.clients.command("sh");
    command.args(["-euc", script, "sh", told, "-XAtwc", "select current_user"]);
    let answer = answer(&mut command, Peer::Psql);
    assert!(!answer.stderr.contains("not found"), "{}", Peer::Psql.missing());
    if answer.success && answer.stdout == "maxroach\n" { Ok(()) } else { Err(answer.stdout + &answer.stderr) }
}

/// What a program of ours answers.
fn read(answer: String) -> Result<(), String> {
    match answer.strip_prefix("refused: ") {
        _ if answer == "accepted: maxroach" => Ok(()),
        Some(why) => Err(why.to_owned()),
        None => panic!("what is that? {answer}"),
    }
}
