//! How clients are told where the server is and which certificate to show: URLs and variables of the
//! environment. Pure code.
//!
//! libpq decodes `%XX` in every part of a URL, PostgreSQL's JDBC driver decodes its parameters as a form, where
//! `+` is a space. So everything but unreserved characters (RFC 3986 section 2.3) is escaped.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::error::shell_word;
use crate::host::{self, Host};

/// The port that servers listen on if they are not told another.
const PORT: u16 = 26257;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A name or address.
    pub host: Host,
    /// The port.
    pub port: u16,
}

/// Why text does not name a server.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ServerError {
    /// No host.
    #[error(transparent)]
    Host(#[from] host::HostError),
    /// Not one host.
    #[error("{0:?} is a wildcard: name one host, such as node1.{1}")]
    Wildcard(String, String),
    /// No port.
    #[error("{0:?} is not a port: write a number from 1 to 65535")]
    Port(String),
}

impl FromStr for Server {
    type Err = ServerError;

    /// Reads `host`, `host:port`, `::1`, `[::1]` and `[::1]:port`.
    fn from_str(text: &str) -> Result<Self, ServerError> {
        let host: Host = host::without_port(text).parse()?;
        if let Some(base) = host.wildcard_base() {
            return Err(ServerError::Wildcard(text.to_owned(), base.to_owned()));
        }
        let is_port = |port: &&str| port.bytes().all(|b| b.is_ascii_digit());
        let port = match text.rsplit_once(':').filter(|(_, port)| is_port(port)) {
            Some((host, port)) if host.starts_with('[') || !host.contains(':') => {
                let read = port.parse().ok().filter(|port| *port != 0);
                read.ok_or_else(|| ServerError::Port(port.to_owned()))?
            }
            _ => PORT,
        };
        Ok(Self { host, port })
    }
}

impl Server {
    /// As in a URL.
    fn authority(&self) -> String {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => format!("[{ip}]:{}", self.port),
            host => format!("{host}:{}", self.port),
        }
    }
}

/// A connection; the paths are absolute.
#[derive(Debug)]
pub struct Connection<'a> {
    /// The server.
    pub server: &'a Server,
    /// The SQL user.
    pub user: &'a str,
    /// The database.
    pub database: &'a str,
    /// The CA certificates that the client trusts.
    pub root: &'a str,
    /// The user's certificate.
    pub certificate: &'a str,
    /// The user's key, in the form that the client reads.
    pub key: &'a str,
}

impl Connection<'_> {
    /// For libpq, and most drivers.
    pub fn url(&self) -> String {
        let (user, server) = (escaped(self.user, ""), self.server.authority());
        format!("postgresql://{user}@{server}/{}?{}", escaped(self.database, ""), self.parameters())
    }

    /// For PostgreSQL's JDBC driver.
    pub fn jdbc(&self) -> String {
        let (user, server) = (escaped(self.user, ""), self.server.authority());
        let database = escaped(self.database, "");
        format!("jdbc:postgresql://{server}/{database}?user={user}&{}", self.parameters())
    }

    /// For a shell to read, before it runs a program with libpq.
    pub fn variables(&self) -> String {
        let (host, port) = (self.server.host.to_string(), self.server.port.to_string());
        let all = [
            ("PGHOST", &*host),
            ("PGPORT", &port),
            ("PGUSER", self.user),
            ("PGDATABASE", self.database),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", self.root),
            ("PGSSLCERT", self.certificate),
            ("PGSSLKEY", self.key),
        ];
        all.iter().map(|(name, value)| format!("export {name}={}\n", shell_word(value))).collect()
    }

    fn parameters(&self) -> String {
        let [root, certificate, key] = [self.root, self.certificate, self.key].map(|path| escaped(path, "/"));
        format!("sslmode=verify-full&sslrootcert={root}&sslcert={certificate}&sslkey={key}")
    }
}

/// `%XX` for every octet but those of unreserved characters, and those to keep.
fn escaped(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        let c = char::from(octet);
        if c.is_ascii_alphanumeric() || "-._~".contains(c) || keep.contains(c) {
            out.push(c);
        } else {
            // A String takes everything.
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn server(text: &str) -> Result<String, ServerError> {
        text.parse().map(|server: Server| server.authority())
    }

    #[test]
    fn servers_are_read_with_their_ports() {
        for (text, expected) in [
            ("node1", "node1:26257"),
            ("Node1.example.com:5432", "node1.example.com:5432"),
            ("10.0.0.1", "10.0.0.1:26257"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("::1", "[::1]:26257"),
            ("[::1]", "[::1]:26257"),
            ("[::1]:65535", "[::1]:65535"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example:26257"),
        ] {
            assert_eq!(server(text).as_deref(), Ok(expected), "{text}");
        }
        for text in
            ["", ":26257", "node1:0", "node1:65536", "node1:", "*.example.com", "a b", "a/b", "a@b", "a?b"]
        {
            assert!(server(text).is_err(), "{text}: {:?}", server(text));
        }
    }

    fn connection<'a>(
        server: &'a Server,
        user: &'a str,
        database: &'a str,
        dir: &'a [String; 3],
    ) -> Connection<'a> {
        let [root, certificate, key] = dir;
        Connection { server, user, database, root, certificate, key }
    }

    #[test]
    fn odd_names_are_quoted_each_in_its_way() {
        let server = "[::1]:1".parse().expect("a server");
        let files = ["/a b/ca.crt", "/a+b/c&d=e.crt", "/it's/100%/\u{e9}?#.key"].map(str::to_owned);
        let connection = connection(&server, "ren\u{e9}@x", "my/db", &files);
        let parameters = "sslmode=verify-full&sslrootcert=/a%20b/ca.crt&sslcert=/a%2Bb/c%26d%3De.crt\
                          &sslkey=/it%27s/100%25/%C3%A9%3F%23.key";
        assert_eq!(connection.url(), format!("postgresql://ren%C3%A9%40x@[::1]:1/my%2Fdb?{parameters}"));
        let jdbc = format!("jdbc:postgresql://[::1]:1/my%2Fdb?user=ren%C3%A9%40x&{parameters}");
        assert_eq!(connection.jdbc(), jdbc);
        let expected = "export PGHOST='::1'\nexport PGPORT=1\nexport PGUSER='ren\u{e9}@x'\nexport PGDATABASE=my/db\n\
                        export PGSSLMODE=verify-full\nexport PGSSLROOTCERT='/a b/ca.crt'\n\
                        export PGSSLCERT='/a+b/c&d=e.crt'\nexport PGSSLKEY='/it'\\''s/100%/\u{e9}?#.key'\n";
        assert_eq!(connection.variables(), expected);
    }

    /// What libpq does.
    fn decoded(text: &str) -> String {
        let mut parts = text.split('%');
        let mut octets = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            octets.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
            octets.extend_from_slice(&part.as_bytes()[2..]);
        }
        String::from_utf8(octets).expect("UTF-8")
    }

    proptest! {
        #[test]
        fn whatever_is_escaped_is_read_back(text in "\\PC{0,40}") {
            let url = escaped(&text, "/");
            prop_assert!(url.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%/".contains(&b)));
            prop_assert_eq!(decoded(&url), text);
        }
    }
}
