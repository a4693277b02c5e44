//! The peers: where they are, how they are run, and what to install if one is missing.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// Other people's software.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// OpenSSL's command line.
    Openssl,
    /// GnuTLS's `certtool`.
    Certtool,
    /// Cloudflare's CA.
    Cfssl,
    /// NSS's `certutil`.
    Certutil,
    /// NSS's `pk12util`.
    Pk12util,
    /// Java's `keytool`.
    Keytool,
    /// `peers/Stores.java`: java.security.KeyStore, and PostgreSQL's JDBC driver.
    JavaStores,
    /// `peers/stores.py`: `cryptography`.
    PythonStores,
    /// `peers/certs.go`: crypto/x509 and crypto/tls.
    Go,
    /// `peers/Certs.java`: java.security and JSSE.
    Java,
    /// `peers/certs.py`: `cryptography`.
    Python,
    /// `peers/names.go`: crypto/x509/pkix.
    GoNames,
    /// `peers/odd.go`: crypto/x509 and crypto/tls, of any version.
    GoOdd,
    /// `peers/odd.py`: `cryptography`.
    PythonOdd,
    /// `peers/names.py`: `cryptography` and OpenLDAP.
    PythonNames,
    /// pkilint's `lint_pkix_cert`.
    Linter,
    /// A program of the PostgreSQL server's.
    PostgresServer(&'static str),
    /// PostgreSQL's client.
    Psql,
    /// `peers/Jdbc.java`: PostgreSQL's JDBC driver.
    Jdbc,
    /// `peers/pgx.go`: pgx.
    Pgx,
    /// `peers/pg.js`: node-postgres.
    NodePostgres,
    /// `peers/postgres.py`: psycopg.
    Psycopg,
    /// The pool of connections.
    Pgbouncer,
    /// The load balancer.
    Haproxy,
    /// The web server.
    Nginx,
    /// The client of web servers.
    Curl,
    /// Test::Harness.
    Prove,
    /// A POSIX shell.
    Shell,
}

/// The peers that print fields in the form of `expected`.
pub const READERS: [Peer; 3] = [Peer::Go, Peer::Java, Peer::Python];

impl Peer {
    /// What to run.
    pub fn program(self) -> PathBuf {
        match self {
            Self::Openssl => "openssl".into(),
            Self::Certtool => "certtool".into(),
            Self::Cfssl => "cfssl".into(),
            Self::Certutil => "certutil".into(),
            Self::Pk12util => "pk12util".into(),
            Self::Keytool => "keytool".into(),
            Self::Go | Self::GoNames | Self::GoOdd | Self::Pgx => "go".into(),
            Self::Java | Self::JavaStores | Self::Jdbc => "java".into(),
            Self::Python | Self::PythonNames | Self::PythonOdd | Self::PythonStores | Self::Psycopg => {
                venv().join("bin/python")
            }
            Self::Linter => venv().join("bin/lint_pkix_cert"),
            Self::PostgresServer(program) => postgres(program),
            Self::Psql => "psql".into(),
            Self::NodePostgres => "node".into(),
            Self::Pgbouncer => server("pgbouncer"),
            Self::Haproxy => server("haproxy"),
            Self::Nginx => server("nginx"),
            Self::Curl => "curl".into(),
            Self::Prove => "prove".into(),
            Self::Shell => "sh".into(),
        }
    }

    /// What comes before the caller's arguments; the program of ours that the peer runs is put into the
    /// sandbox.
    pub fn first_arguments(self, sandbox: &Sandbox) -> Vec<OsString> {
        let program = |name, text| {
            let path = sandbox.path(name);
            fs::write(&path, text).expect("the peer's program is written");
            path.into_os_string()
        };
        let texts = |texts: &[&str]| texts.iter().map(OsString::from).collect::<Vec<_>>();
        match self {
            Self::Go | Self::GoNames | Self::Pgx => {
                let mut arguments = texts(&["run"]);
                arguments.push(match self {
                    Self::Pgx => program("pgx.go", include_str!("peers/pgx.go")),
                    Self::Go => program("certs.go", include_str!("peers/certs.go")),
                    _ => program("names.go", include_str!("peers/names.go")),
                });
                arguments
            }
            Self::Java | Self::JavaStores | Self::Jdbc => {
                // Quick to start, and without files in /tmp.
                let mut arguments = texts(&["-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]);
                arguments.extend(texts(&["-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8"]));
                if self != Self::Java {
                    arguments.extend(texts(&["-cp", jdbc_driver()]));
                }
                arguments.push(match self {
                    Self::Java => program("Certs.java", include_str!("peers/Certs.java")),
                    Self::Jdbc => program("Jdbc.java", include_str!("peers/Jdbc.java")),
                    _ => program("Stores.java", include_str!("peers/Stores.java")),
                });
                arguments
            }
            Self::NodePostgres => vec![program("pg.js", include_str!("peers/pg.js"))],
            Self::Python | Self::PythonNames | Self::PythonOdd | Self::PythonStores | Self::Psycopg => {
                let mut arguments = texts(&["-I", "-B"]);
                arguments.push(match self {
                    Self::Python => program("certs.py", include_str!("peers/certs.py")),
                    Self::Psycopg => program("postgres.py", include_str!("peers/postgres.py")),
                    Self::PythonOdd => program("odd.py", include_str!("peers/odd.py")),
                    Self::PythonStores => program("stores.py", include_str!("peers/stores.py")),
                    _ => program("names.py", include_str!("peers/names.py")),
                });
                arguments
            }
            _ => Vec::new(),
        }
    }

    /// The peer's settings, in a clean environment.
    pub fn environment(self, sandbox: &Sandbox) -> Vec<(&'static str, OsString)> {
        let modules = || format!("{}:/usr/share/nodejs", venv().join("node-pg/node_modules").display());
        match self {
            Self::NodePostgres => vec![("NODE_PATH", modules().into())],
            Self::Go | Self::GoNames | Self::GoOdd | Self::Pgx => vec![
                ("GOCACHE", go_cache(sandbox).into()),
                ("GO111MODULE", "off".into()),
                ("GOENV", "off".into()),
                ("GOTOOLCHAIN", "local".into()),
                ("GOPROXY", "off".into()),
                ("CGO_ENABLED", "0".into()),
                // Where Debian and Fedora have libraries.
                ("GOPATH", "/usr/share/gocode".into()),
            ],
            _ => Vec::new(),
        }
    }

    /// What to do if the peer is not there.
    pub fn missing(self) -> String {
        let program = self.program();
        let program = program.display();
        let (debian, fedora) = match self {
            Self::Openssl => ("openssl", "openssl"),
            Self::Certtool => ("gnutls-bin", "gnutls-utils"),
            Self::Cfssl => ("golang-cfssl", "golang-github-cloudflare-cfssl"),
            Self::Certutil | Self::Pk12util => ("libnss3-tools", "nss-tools"),
            Self::Go | Self::GoNames | Self::GoOdd | Self::Pgx => ("golang-go", "golang"),
            Self::Java | Self::Keytool | Self::JavaStores | Self::Jdbc => {
                ("default-jdk-headless", "java-latest-openjdk-devel")
            }
            Self::PostgresServer(_) => ("postgresql", "postgresql-server"),
            Self::Psql => ("postgresql-client", "postgresql"),
            Self::Prove => ("perl", "perl-Test-Harness"),
            Self::Shell => ("dash", "bash"),
            Self::NodePostgres => ("nodejs", "nodejs"),
            Self::Pgbouncer => ("pgbouncer", "pgbouncer"),
            Self::Haproxy => ("haproxy", "haproxy"),
            Self::Nginx => ("nginx-light", "nginx-core"),
            Self::Curl => ("curl", "curl"),
            Self::Python
            | Self::PythonNames
            | Self::PythonOdd
            | Self::PythonStores
            | Self::Psycopg
            | Self::Linter => {
                return format!(
                    "{program} is missing: run tests/interop/install-peers, which makes this virtual environment, or \
                     name yours in CRDB_CERT_PEERS_VENV"
                );
            }
        };
        format!(
            "{program} is missing: install the package {debian} (Debian) or {fedora} (Fedora), or run \
             tests/interop/install-peers"
        )
    }
}

/// Every Go that is here: the system's, and those that `install-peers` put beside the Python peers.
pub fn gos() -> Vec<PathBuf> {
    let beside =
        fs::read_dir(venv()).into_iter().flatten().flatten().map(|entry| entry.path().join("go/bin/go"));
    let mut gos: Vec<_> = beside.filter(|program| program.exists()).collect();
    gos.sort();
    assert!(!gos.is_empty(), "no Go in {}: run tests/interop/install-peers", venv().display());
    gos.insert(0, Peer::GoOdd.program());
    gos
}

/// PostgreSQL's JDBC driver, where Debian or Fedora has it.
fn jdbc_driver() -> &'static str {
    let places = ["/usr/share/java/postgresql.jar", "/usr/share/java/postgresql-jdbc/postgresql.jar"];
    let driver = places.into_iter().find(|place| Path::new(place).exists());
    driver.expect("install the package libpostgresql-jdbc-java (Debian) or postgresql-jdbc (Fedora), or run tests/interop/install-peers")
}

/// The virtual environment of the Python peers.
fn venv() -> PathBuf {
    if let Some(path) = std::env::var_os("CRDB_CERT_PEERS_VENV").filter(|path| !path.is_empty()) {
        return path.into();
    }
    // Cargo's directory for tests is `tmp` in the target directory, or in a directory there for `--target`.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).ancestors().skip(1);
    let mut places = target.take(2).map(|target| target.join("peers-venv"));
    let first = places.next().unwrap_or_default();
    match places.next() {
        Some(second) if !first.exists() && second.exists() => second,
        _ => first,
    }
}

/// Go compiles its library once, into cargo's directory for tests; elsewhere if that belongs to someone else.
fn go_cache(sandbox: &Sandbox) -> PathBuf {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache");
    let usable = fs::create_dir_all(&shared).and_then(|()| tempfile::tempfile_in(&shared));
    usable.map_or_else(|_| sandbox.path("go-cache"), |_| shared)
}

/// A server, which may be where the PATH of ordinary users does not lead.
fn server(program: &str) -> PathBuf {
    let path = Path::new("/usr/sbin").join(program);
    if path.exists() { path } else { program.into() }
}

/// A program of the newest PostgreSQL server: in Debian not in PATH, but in
/// `/usr/lib/postgresql/<version>/bin`.
fn postgres(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = versions
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
            let program = path.join("bin").join(program);
            program.exists().then_some((version, program))
        })
        .max();
    newest.map_or_else(|| program.into(), |(_, program)| program)
}
