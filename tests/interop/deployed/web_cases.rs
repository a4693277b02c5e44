//! The cases of HAProxy and nginx.

use super::BY_THE_SERVER;
use super::Expected::{self, Accepted, Refused};
use super::files::{ELSEWHERE, EXPIRED, FUTURE, GOOD, STRANGER};
use crate::peers::Peer;

/// A proxy, and where the parts of its configuration are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxy {
    pub peer: Peer,
    /// The certificate for clients.
    pub front: &'static str,
    /// The certificate for the server, if the proxy is HAProxy.
    pub back: &'static str,
    /// Whose it is.
    pub of: &'static str,
    /// The ca.crt for the server.
    pub trusts: &'static str,
    /// The server's certificate.
    pub server: &'static str,
}

/// Who connects by which proxy.
pub struct Case {
    pub name: &'static str,
    pub proxy: Proxy,
    /// Where the client's certificate is, if it has one.
    pub from: Option<&'static str>,
    /// Whose it is.
    pub of: &'static str,
    /// Where the client's ca.crt is.
    pub trusts: &'static str,
    pub expected: Expected,
}

const NGINX: Case = Case {
    name: "nobody's certificate",
    proxy: Proxy { peer: Peer::Nginx, front: GOOD, back: GOOD, of: "maxroach", trusts: GOOD, server: GOOD },
    from: None,
    of: "maxroach",
    trusts: GOOD,
    expected: Accepted,
};

pub const HAPROXY: Case = Case {
    name: "own certificate",
    proxy: Proxy { peer: Peer::Haproxy, ..NGINX.proxy },
    from: Some(GOOD),
    ..NGINX
};

/// What curl says about the proxy's certificate.
const UNTRUSTED: Expected = Refused(&["issuer certificate", "self-signed", "self signed", "verify failed"]);
const EXPIRED_ALREADY: Expected = Refused(&["certificate has expired"]);
const NOT_YET_VALID: Expected = Refused(&["certificate is not yet valid"]);
const OTHER_NAME: Expected = Refused(&["no alternative certificate subject name matches"]);

/// What the proxies say about the server's.
const BY_THE_PROXY: Expected = Refused(&["verify", "does not match"]);
const BY_THE_CONSOLE: Expected = Refused(&["client SSL certificate verify error"]);
const OTHER_USER: Expected = Refused(&["403"]);

pub const CASES: [Case; 28] = [
    NGINX,
    Case { name: "client trusts another CA", trusts: STRANGER, expected: UNTRUSTED, ..NGINX },
    Case {
        name: "server's certificate expired",
        proxy: Proxy { front: EXPIRED, ..NGINX.proxy },
        expected: EXPIRED_ALREADY,
        ..NGINX
    },
    Case {
        name: "server's certificate not yet valid",
        proxy: Proxy { front: FUTURE, ..NGINX.proxy },
        expected: NOT_YET_VALID,
        ..NGINX
    },
    Case {
        name: "server's certificate of another host",
        proxy: Proxy { front: ELSEWHERE, ..NGINX.proxy },
        expected: OTHER_NAME,
        ..NGINX
    },
    Case {
        name: "proxy trusts another CA",
        proxy: Proxy { trusts: STRANGER, ..NGINX.proxy },
        expected: BY_THE_PROXY,
        ..NGINX
    },
    Case {
        name: "proxy's server has a certificate by another CA",
        proxy: Proxy { server: STRANGER, ..NGINX.proxy },
        expected: BY_THE_PROXY,
        ..NGINX
    },
    Case {
        name: "proxy's server has an expired certificate",
        proxy: Proxy { server: EXPIRED, ..NGINX.proxy },
        expected: BY_THE_PROXY,
        ..NGINX
    },
    Case {
        name: "proxy's server has a certificate not yet valid",
        proxy: Proxy { server: FUTURE, ..NGINX.proxy },
        expected: BY_THE_PROXY,
        ..NGINX
    },
    Case {
        name: "proxy's server has a certificate of another host",
        proxy: Proxy { server: ELSEWHERE, ..NGINX.proxy },
        expected: BY_THE_PROXY,
        ..NGINX
    },
    HAPROXY,
    Case { name: "another user's certificate", of: "root", expected: OTHER_USER, ..HAPROXY },
    Case { name: "no certificate", from: None, expected: BY_THE_SERVER, ..HAPROXY },
    Case { name: "certificate by another CA", from: Some(STRANGER), expected: BY_THE_SERVER, ..HAPROXY },
    Case { name: "expired certificate", from: Some(EXPIRED), expected: BY_THE_SERVER, ..HAPROXY },
    Case { name: "certificate not yet valid", from: Some(FUTURE), expected: BY_THE_SERVER, ..HAPROXY },
    Case { name: "client trusts another CA", trusts: STRANGER, expected: UNTRUSTED, ..HAPROXY },
    Case {
        name: "server's certificate expired",
        proxy: Proxy { front: EXPIRED, ..HAPROXY.proxy },
        expected: EXPIRED_ALREADY,
        ..HAPROXY
    },
    Case {
        name: "server's certificate not yet valid",
        proxy: Proxy { front: FUTURE, ..HAPROXY.proxy },
        expected: NOT_YET_VALID,
        ..HAPROXY
    },
    Case {
        name: "server's certificate of another host",
        proxy: Proxy { front: ELSEWHERE, ..HAPROXY.proxy },
        expected: OTHER_NAME,
        ..HAPROXY
    },
    Case {
        name: "proxy shows the server another user's certificate",
        proxy: Proxy { of: "root", ..HAPROXY.proxy },
        expected: OTHER_USER,
        ..HAPROXY
    },
    Case {
        name: "proxy has a certificate by another CA",
        proxy: Proxy { back: STRANGER, ..HAPROXY.proxy },
        expected: BY_THE_CONSOLE,
        ..HAPROXY
    },
    Case {
        name: "proxy has an expired certificate",
        proxy: Proxy { back: EXPIRED, ..HAPROXY.proxy },
        expected: BY_THE_CONSOLE,
        ..HAPROXY
    },
    Case {
        name: "proxy has a certificate not yet valid",
        proxy: Proxy { back: FUTURE, ..HAPROXY.proxy },
        expected: BY_THE_CONSOLE,
        ..HAPROXY
    },
    Case {
        name: "proxy trusts another CA",
        proxy: Proxy { trusts: STRANGER, ..HAPROXY.proxy },
        expected: BY_THE_PROXY,
        ..HAPROXY
    },
    Case {
        name: "proxy's server has an expired certificate",
        proxy: Proxy { server: EXPIRED, ..HAPROXY.proxy },
        expected: BY_THE_PROXY,
        ..HAPROXY
    },
    Case {
        name: "proxy's server has a certificate not yet valid",
        proxy: Proxy { server: FUTURE, ..HAPROXY.proxy },
        expected: BY_THE_PROXY,
        ..HAPROXY
    },
    Case {
        name: "proxy's server has a certificate of another host",
        proxy: Proxy { server: ELSEWHERE, ..HAPROXY.proxy },
        expected: BY_THE_PROXY,
        ..HAPROXY
    },
];

/// What is passed on as it is: whose certificate psql shows, and what is expected.
pub const SQL_CASES: [(&str, &str, Expected); 2] = [
    ("own certificate", "maxroach", Accepted),
    ("another user's certificate", "root", Refused(&["certificate authentication failed"])),
];
