//! Which server: a host and a port.

use std::fmt;

use thiserror::Error;

use crate::host::{Host, HostError};

/// A server to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// A name without wildcard, or an address.
    pub host: Host,
    /// The port; not 0.
    pub port: u16,
}

/// Why a text names no server.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TargetError {
    /// The host is none.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The port is none.
    #[error("invalid port in {0:?}: a port is a number from 1 to 65535")]
    Port(String),
    /// No server is called that.
    #[error("{0:?} is a wildcard; name one server")]
    Wildcard(String),
    /// The system would take the name for an address.
    #[error("{0:?} is no name, but an address in hexadecimal; write it as 192.0.2.1")]
    Number(String),
}

impl Target {
    /// Reads `HOST`, `HOST:PORT`, `[ADDRESS]:PORT` or an IPv6 address alone.
    ///
    /// # Errors
    /// If it is none of them.
    pub fn parse(text: &str, port: u16) -> Result<Self, TargetError> {
        let (host, port) = match split(text) {
            (host, None) => (host, port),
            (host, Some(digits)) => {
                let is_number = digits.bytes().all(|b| b.is_ascii_digit());
                let port = digits.parse().ok().filter(|port| is_number && *port > 0);
                (host, port.ok_or_else(|| TargetError::Port(text.to_owned()))?)
            }
        };
        Self::new(host.parse()?, port)
    }

    /// A server.
    ///
    /// # Errors
    /// If no server can be called that.
    pub fn new(host: Host, port: u16) -> Result<Self, TargetError> {
        let is_hexadecimal = |name: &str| {
            let last = name.rsplit('.').next().and_then(|last| last.strip_prefix("0x"));
            last.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        match &host {
            Host::Dns(name) if name.contains('*') => Err(TargetError::Wildcard(name.clone())),
            Host::Dns(name) if is_hexadecimal(name) => Err(TargetError::Number(name.clone())),
            _ => Ok(Self { host, port }),
        }
    }
}

/// The host, and what is behind the colon. In an IPv6 address without brackets, no colon is that of a port; in
/// a URL neither, and the host is refused with what to write.
fn split(text: &str) -> (&str, Option<&str>) {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match (bracketed, text.split_once(':')) {
        (Some((host, rest)), _) => match rest.strip_prefix(':') {
            Some(port) => (&text[..host.len() + 2], Some(port)),
            None => (text, None),
        },
        (None, Some((host, port))) if !port.contains([':', '/']) => (host, Some(port)),
        _ => (text, None),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(ip) if ip.is_ipv6() => write!(f, "[{ip}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_with_and_without_port() {
        for (text, server) in [
            ("localhost", "localhost:26257"),
            ("Node1.Example.com:1", "node1.example.com:1"),
            ("10.0.0.1:65535", "10.0.0.1:65535"),
            ("::1", "[::1]:26257"),
            ("2001:db8::1:8080", "[2001:db8::1:8080]:26257"),
            ("[::1]", "[::1]:26257"),
            ("[::1]:8080", "[::1]:8080"),
            ("[::ffff:10.0.0.1]:80", "10.0.0.1:80"),
        ] {
            assert_eq!(
                Target::parse(text, 26257).map(|server| server.to_string()),
                Ok(server.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_names_no_server_is_refused() {
        for (text, part_of_the_answer) in [
            ("", "empty"),
            (":26257", "empty"),
            ("a:", "invalid port"),
            ("a:0", "invalid port"),
            ("a:65536", "invalid port"),
            ("a:+80", "invalid port"),
            ("[::1]:x", "invalid port"),
            ("[::1]x", "colon"),
            ("[a]:1", "no '['"),
            ("*.example.com", "wildcard"),
            ("0x7f000001", "hexadecimal"),
            ("127.0.0x1:80", "hexadecimal"),
            ("127.1", "neither an IP address nor a name"),
            ("https://a:8080/", "write \"a\""),
            ("a b", "argument of its own"),
            ("fe80::1%eth0", "zone"),
        ] {
            let answer = Target::parse(text, 26257).expect_err(text).to_string();
            assert!(answer.contains(part_of_the_answer), "{text}: {answer}");
        }
    }
}
