//! HAProxy and nginx in front of a DB Console, which is another nginx, and curl in front of them.

use super::Expected::{self, Accepted, Refused};
use super::files::{ELSEWHERE, EXPIRED, FUTURE, GOOD, STRANGER};
use super::service::Service;
use super::{BY_THE_SERVER, Lab, Row, page, psql};
use crate::net::free_port;
use crate::peers::Peer;

/// A proxy, and where the parts of its configuration are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Proxy {
    peer: Peer,
    /// The certificate for clients.
    front: &'static str,
    /// The certificate for the server, if the proxy is HAProxy.
    back: &'static str,
    /// Whose it is.
    of: &'static str,
    /// The ca.crt for the server.
    trusts: &'static str,
    /// The server's certificate.
    server: &'static str,
}

/// Who connects by which proxy.
struct Case {
    name: &'static str,
    proxy: Proxy,
    /// Where the client's certificate is, if it has one.
    from: Option<&'static str>,
    /// Whose it is.
    of: &'static str,
    /// Where the client's ca.crt is.
    trusts: &'static str,
    expected: Expected,
}

const NGINX: Case = Case {
    name: "nobody's certificate",
    proxy: Proxy { peer: Peer::Nginx, front: GOOD, back: GOOD, of: "maxroach", trusts: GOOD, server: GOOD },
    from: None,
    of: "maxroach",
    trusts: GOOD,
    expected: Accepted,
};

const HAPROXY: Case = Case {
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
const BY_THE_CONSOLE: Expected = Refused(&["SSL certificate error", "alert"]);
const OTHER_USER: Expected = Refused(&["403"]);

const CASES: [Case; 28] = [
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
const SQL_CASES: [(&str, &str, Expected); 2] = [
    ("own certificate", "maxroach", Accepted),
    ("another user's certificate", "root", Refused(&["certificate authentication failed"])),
];

/// An nginx in one process, with nothing outside the directory.
const NGINX_SETTINGS: &str = "\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr info;
events {}
http {
access_log off;
client_body_temp_path nginx.body;
proxy_temp_path nginx.proxy;
fastcgi_temp_path nginx.fastcgi;
uwsgi_temp_path nginx.uwsgi;
scgi_temp_path nginx.scgi;
";

/// Lets in everybody without a certificate, as nginx has none, and of those with one, maxroach.
const CONSOLE: &str = "
server {
    listen 127.0.0.1:PORT ssl;
    ssl_certificate NODE.crt;
    ssl_certificate_key NODE.key;
    ssl_client_certificate CA;
    ssl_verify_client optional;
    if ($ssl_client_s_dn !~ ^(|CN=maxroach,O=Cockroach)$) { return 403; }
    return 200 \"the DB Console\\n\";
}
";

/// Where a proxy listens, and its server: one for each, as nginx would resume a session that another of its proxies has
/// verified.
#[derive(Clone, Copy)]
struct Ports {
    web: u16,
    sql: u16,
    console: u16,
}

/// The proxies of all cases, and what runs them.
struct Proxies {
    ports: Vec<(Proxy, Ports)>,
    nginx: Service,
    haproxy: Service,
}

impl Proxies {
    fn start(lab: &Lab) -> Self {
        let mut ports: Vec<(Proxy, Ports)> = Vec::new();
        for case in &CASES {
            if !ports.iter().any(|(proxy, _)| *proxy == case.proxy) {
                let [web, sql, console] = [(); 3].map(|()| free_port());
                ports.push((case.proxy, Ports { web, sql, console }));
            }
        }
        let host = &lab.postgres.sandbox;
        let all = |peer: Peer, one: fn(&Lab, Proxy, Ports) -> String| -> String {
            let ports = ports.iter().filter(|(proxy, _)| proxy.peer == peer);
            ports.map(|(proxy, ports)| one(lab, *proxy, *ports)).collect()
        };
        let consoles: String = ports.iter().map(|(proxy, ports)| console(lab, *proxy, *ports)).collect();
        host.write("nginx.conf", &format!("{NGINX_SETTINGS}{consoles}{}}}\n", all(Peer::Nginx, nginx)));
        host.write("haproxy.cfg", &all(Peer::Haproxy, haproxy));
        let prefix = format!("{}/", host.dir().display());
        let run = |peer: Peer, name: &str, args: &[&str]| {
            let (_, last) = ports.iter().rfind(|(proxy, _)| proxy.peer == peer).expect("a port");
            Service::start(&lab.postgres, peer, name, args, last.web)
        };
        let nginx = run(Peer::Nginx, "nginx", &["-p", &prefix, "-c", "nginx.conf", "-e", "stderr"]);
        let haproxy = run(Peer::Haproxy, "haproxy", &["-db", "-f", "haproxy.cfg"]);
        Self { ports, nginx, haproxy }
    }

    fn ports(&self, proxy: Proxy) -> Ports {
        self.ports.iter().find(|(running, _)| *running == proxy).expect("a running proxy").1
    }

    /// What curl gets, or why not; the proxy's log says more.
    fn ask(&self, lab: &Lab, case: &Case) -> Result<(), String> {
        let service = if case.proxy.peer == Peer::Nginx { &self.nginx } else { &self.haproxy };
        service.news();
        let mut args =
            vec!["--silent".to_owned(), "--show-error".to_owned(), "--max-time".to_owned(), "30".to_owned()];
        args.extend(["--cacert".to_owned(), format!("{}/ca.crt", case.trusts)]);
        if let Some(dir) = case.from {
            args.extend(["--cert".to_owned(), format!("{dir}/client.{}.pem", case.of)]);
        }
        args.push(format!("https://localhost:{}/", self.ports(case.proxy).web));
        let answer = lab.clients.ask(Peer::Curl, &args);
        if answer.success && answer.stdout == "the DB Console\n" {
            return Ok(());
        }
        Err(format!("{} {} {}", answer.stderr, answer.stdout, service.news()))
    }
}

/// A file of the servers.
fn place(lab: &Lab, dir: &str, name: &str) -> String {
    lab.postgres.sandbox.path(&format!("{dir}/{name}")).display().to_string()
}

/// The DB Console behind a proxy.
fn console(lab: &Lab, proxy: Proxy, ports: Ports) -> String {
    let replacements = [
        ("PORT", &*ports.console.to_string()),
        ("NODE", &place(lab, proxy.server, "node")),
        ("CA", &place(lab, GOOD, "ca.crt")),
    ];
    page::with(CONSOLE, &replacements)
}

/// The server of the documentation.
fn nginx(lab: &Lab, proxy: Proxy, ports: Ports) -> String {
    let replacements = [
        ("listen 443 ssl;", &*format!("listen 127.0.0.1:{} ssl;", ports.web)),
        ("proxy.example.com", "localhost"),
        ("node1.example.com:8080", &format!("localhost:{}", ports.console)),
        ("/etc/nginx/ui.crt", &place(lab, proxy.front, "ui.crt")),
        ("/etc/nginx/ui.key", &place(lab, proxy.front, "ui.key")),
        ("/etc/nginx/ca.crt", &place(lab, proxy.trusts, "ca.crt")),
    ];
    page::with(&page::configuration("/etc/nginx/conf.d/console.conf"), &replacements)
}

/// Those of the documentation, each with a name of its own.
fn haproxy(lab: &Lab, proxy: Proxy, Ports { web, sql, console }: Ports) -> String {
    let log = "log stdout format raw daemon\n    log-format \"%[bc_err_str] %[ssl_bc_err_str]\"";
    let clients = format!("{} ca-file {}", place(lab, proxy.front, "ui.pem"), place(lab, GOOD, "ca.crt"));
    let replacements = [
        ("listen sql", &*format!("listen sql{web}")),
        ("frontend console", &format!("frontend console{web}\n    {log}")),
        // Also where it is the default.
        ("backend nodes", &format!("backend nodes{web}")),
        ("bind :26257", &format!("bind 127.0.0.1:{sql}")),
        ("bind :443", &format!("bind 127.0.0.1:{web}")),
        ("node1.example.com:26257", &format!("localhost:{}", lab.postgres.port)),
        ("node1.example.com:8080", &format!("localhost:{console}")),
        ("verifyhost node1.example.com", "verifyhost localhost"),
        ("/etc/haproxy/ui.pem ca-file /etc/haproxy/ca.crt", &clients),
        ("/etc/haproxy/client.maxroach.pem", &place(lab, proxy.back, &format!("client.{}.pem", proxy.of))),
        ("/etc/haproxy/ca.crt", &place(lab, proxy.trusts, "ca.crt")),
    ];
    page::with(&page::configuration("/etc/haproxy/haproxy.cfg"), &replacements)
}

/// curl in each case, and psql through HAProxy.
pub fn rows(lab: &Lab) -> Vec<Row> {
    let proxies = Proxies::start(lab);
    let row = |case: &Case| {
        let peer = if case.proxy.peer == Peer::Nginx { "nginx" } else { "HAProxy" };
        Row { peer, case: case.name, expected: case.expected, seen: proxies.ask(lab, case) }
    };
    let sql = proxies.ports(HAPROXY.proxy).sql;
    let sql_row = |(case, of, expected)| {
        let seen = psql(lab, sql, "movr", GOOD, of);
        Row { peer: "HAProxy, SQL", case, expected, seen }
    };
    CASES.iter().map(row).chain(SQL_CASES.into_iter().map(sql_row)).collect()
}
