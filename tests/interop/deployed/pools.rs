//! pgbouncer between psql and PostgreSQL.

use std::thread;

use super::Expected::{self, Accepted, Refused};
use super::files::{ELSEWHERE, EXPIRED, FUTURE, GOOD, STRANGER};
use super::service::Service;
use super::{BY_THE_SERVER, Lab, Row, page, psql};
use crate::net::free_port;
use crate::peers::Peer;

/// Where the parts of a pool's configuration are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// The certificate for clients.
    front: &'static str,
    /// The certificate for the server.
    back: &'static str,
    /// The ca.crt for the server.
    trusts: &'static str,
    /// The server: PostgreSQL if it is good, otherwise a pool with such a certificate.
    server: &'static str,
}

impl Pool {
    /// All in order.
    pub const GOOD: Self = Self::with(GOOD);

    /// One with this certificate for clients.
    pub const fn with(front: &'static str) -> Self {
        Self { front, back: GOOD, trusts: GOOD, server: GOOD }
    }
}

/// Who connects by which pool.
struct Case {
    name: &'static str,
    pool: Pool,
    database: &'static str,
    /// Where the client's certificate is.
    from: &'static str,
    /// Whose it is.
    of: &'static str,
    expected: Expected,
}

const OWN: Case = Case {
    name: "own certificate",
    pool: Pool::GOOD,
    database: "movr",
    from: GOOD,
    of: "maxroach",
    expected: Accepted,
};

/// The pool refuses the server.
const BY_THE_POOL: Expected = Refused(&["verify failed", "name mismatch", "not present in server certificate"]);

/// PostgreSQL refuses the pool. The alert may be lost; PostgreSQL's log has the reason.
const BY_POSTGRESQL: Expected = Refused(&["alert", "TLS startup failed"]);

const CASES: [Case; 12] = [
    OWN,
    Case { name: "another user's certificate", of: "root", expected: Refused(&["name mismatch"]), ..OWN },
    Case { name: "certificate by another CA", from: STRANGER, expected: BY_THE_SERVER, ..OWN },
    Case { name: "expired certificate", from: EXPIRED, expected: BY_THE_SERVER, ..OWN },
    Case { name: "certificate not yet valid", from: FUTURE, expected: BY_THE_SERVER, ..OWN },
    Case {
        name: "pool logs in as another user",
        database: "others",
        expected: Refused(&["certificate authentication failed"]),
        ..OWN
    },
    Case {
        name: "pool has a certificate by another CA",
        pool: Pool { back: STRANGER, ..Pool::GOOD },
        expected: BY_POSTGRESQL,
        ..OWN
    },
    Case {
        name: "pool has an expired certificate",
        pool: Pool { back: EXPIRED, ..Pool::GOOD },
        expected: BY_POSTGRESQL,
        ..OWN
    },
    Case {
        name: "pool trusts another CA",
        pool: Pool { trusts: STRANGER, ..Pool::GOOD },
        expected: BY_THE_POOL,
        ..OWN
    },
    Case {
        name: "pool's server has an expired certificate",
        pool: Pool { server: EXPIRED, ..Pool::GOOD },
        expected: BY_THE_POOL,
        ..OWN
    },
    Case {
        name: "pool's server has a certificate not yet valid",
        pool: Pool { server: FUTURE, ..Pool::GOOD },
        expected: BY_THE_POOL,
        ..OWN
    },
    Case {
        name: "pool's server has a certificate of another host",
        pool: Pool { server: ELSEWHERE, ..Pool::GOOD },
        expected: BY_THE_POOL,
        ..OWN
    },
];

/// How often PostgreSQL's TLS refuses a pool, at least.
pub fn refused_by_the_server() -> usize {
    CASES.iter().filter(|case| case.expected == BY_POSTGRESQL).count()
}

/// All running pools.
pub struct Pools(Vec<(Pool, u16, Service)>);

impl Pools {
    /// Starts those of all cases, of the drivers, too.
    pub fn start(lab: &Lab) -> Self {
        let fronts = [GOOD, EXPIRED, FUTURE, ELSEWHERE].map(Pool::with);
        let mut pools = Self(Vec::new());
        for pool in fronts.into_iter().chain(CASES.map(|case| case.pool)) {
            if !pools.0.iter().any(|(running, ..)| *running == pool) {
                pools.add(lab, pool);
            }
        }
        pools
    }

    fn add(&mut self, lab: &Lab, pool: Pool) {
        let server = match pool.server {
            GOOD => lab.postgres.port,
            front => self.port(Pool::with(front)),
        };
        let (port, host) = (free_port(), &lab.postgres.sandbox);
        let server = format!("host=localhost port={server}");
        let place = |dir: &str, name: &str| format!(" = {}", host.path(&format!("{dir}/{name}")).display());
        let users = host.path("users.txt");
        host.write("users.txt", &page::configuration("/etc/pgbouncer/users.txt"));
        // Nothing in /tmp, a second database with a user for whom the pool has no certificate, and no long wait
        // for a server that it cannot log in to.
        let seconds = if pool == Pool::with(pool.front) { 60 } else { 8 };
        let settings = format!("[pgbouncer]\nunix_socket_dir =\nclient_login_timeout = {seconds}\n");
        let more = format!("others = {server} dbname=movr user=root\n\n{settings}");
        let configuration = page::with(
            &page::configuration("/etc/pgbouncer/pgbouncer.ini"),
            &[
                ("host=node1.example.com port=26257", &*server),
                ("[pgbouncer]\n", &more),
                ("listen_addr = *", "listen_addr = 127.0.0.1"),
                ("listen_port = 6432", &format!("listen_port = {port}")),
                ("/etc/pgbouncer/users.txt", &users.display().to_string()),
                (" = /etc/pgbouncer/ui.pem", &place(pool.front, "ui.pem")),
                (" = /etc/pgbouncer/client.maxroach.pem", &place(pool.back, "client.maxroach.pem")),
                (
                    "client_tls_ca_file = /etc/pgbouncer/ca.crt",
                    &format!("client_tls_ca_file{}", place(GOOD, "ca.crt")),
                ),
                (
                    "server_tls_ca_file = /etc/pgbouncer/ca.crt",
                    &format!("server_tls_ca_file{}", place(pool.trusts, "ca.crt")),
                ),
            ],
        );
        let name = format!("pgbouncer{}", self.0.len());
        let file = format!("{name}.ini");
        host.write(&file, &configuration);
        let service = Service::start(&lab.postgres, Peer::Pgbouncer, &name, &[&file], port);
        self.0.push((pool, port, service));
    }

    fn find(&self, pool: Pool) -> &(Pool, u16, Service) {
        self.0.iter().find(|(running, ..)| *running == pool).expect("a running pool")
    }

    /// Where the pool listens.
    pub fn port(&self, pool: Pool) -> u16 {
        self.find(pool).1
    }

    /// psql in each case; why the pool refused it is in the pool's log.
    pub fn rows(&self, lab: &Lab) -> Vec<Row> {
        let ask = |(pool, port, service): &(Pool, u16, Service)| {
            let row = |case: &Case| {
                service.news();
                let seen = psql(lab, *port, case.database, case.from, case.of)
                    .map_err(|said| case.expected.explained(said, || service.news()));
                Row { peer: "pgbouncer", case: case.name, expected: case.expected, seen }
            };
            CASES.iter().filter(|case| case.pool == *pool).map(row).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let asked: Vec<_> = self.0.iter().map(|pool| scope.spawn(|| ask(pool))).collect();
            asked.into_iter().flat_map(|rows| rows.join().expect("rows")).collect()
        })
    }
}
