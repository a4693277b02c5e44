//! HAProxy and nginx in front of a DB Console, which is another nginx, and curl in front of them.

use super::Expected::{self, Accepted, Refused};
use super::files::{ELSEWHERE, EXPIRED, FUTURE, GOOD, STRANGER};
use super::service::Service;
use super::{BY_THE_SERVER, Lab, Row, page};
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
    ssl_certificate DIR/node.crt;
    ssl_certificate_key DIR/node.key;
    ssl_client_certificate CA;
    ssl_verify_client optional;
    if ($ssl_client_s_dn !~ ^(|CN=maxroach,O=Cockroach)$) { return 403; }
    return 200 \"the DB Console\\n\";
}
";

/// The proxies of all cases, each with its port, and what runs them.
struct Proxies {
    ports: Vec<(Proxy, u16)>,
    nginx: Service,
    haproxy: Service,
}

impl Proxies {
    fn start(lab: &Lab) -> Self {
        let consoles = [GOOD, STRANGER, EXPIRED, FUTURE, ELSEWHERE].map(|server| (server, free_port()));
        let mut ports: Vec<(Proxy, u16)> = Vec::new();
        for case in &CASES {
            if !ports.iter().any(|(proxy, _)| *proxy == case.proxy) {
                ports.push((case.proxy, free_port()));
            }
        }
        let host = &lab.postgres.sandbox;
        let console = |server| consoles.iter().find(|(dir, _)| *dir == server).expect("a console").1;
        let configuration = |peer: Peer, one: fn(&Lab, Proxy, u16, u16) -> String| -> String {
            let ports = ports.iter().filter(|(proxy, _)| proxy.peer == peer);
            ports.map(|(proxy, port)| one(lab, *proxy, *port, console(proxy.server))).collect()
        };
        let consoles: String = consoles
            .iter()
            .map(|(dir, port)| {
                let ca = host.path(&format!("{GOOD}/ca.crt")).display().to_string();
                let dir = host.path(dir).display().to_string();
                page::with(CONSOLE, &[("PORT", &port.to_string()), ("DIR", &dir), ("CA;", &format!("{ca};"))])
            })
            .collect();
        host.write("nginx.conf", &format!("{NGINX_SETTINGS}{consoles}{}}}\n", configuration(Peer::Nginx, nginx)));
        host.write("haproxy.cfg", &configuration(Peer::Haproxy, haproxy));
        let prefix = format!("{}/", host.dir().display());
        let run = |peer: Peer, name: &str, args: &[&str]| {
            let (_, port) = ports.iter().rev().find(|(proxy, _)| proxy.peer == peer).expect("a port");
            Service::start(&lab.postgres, peer, name, args, *port)
        };
        let nginx = run(Peer::Nginx, "nginx", &["-p", &prefix, "-c", "nginx.conf", "-e", "stderr"]);
        let haproxy = run(Peer::Haproxy, "haproxy", &["-db", "-f", "haproxy.cfg"]);
        Self { ports, nginx, haproxy }
    }

    /// What curl gets, or why not; the proxy's log says more.
    fn ask(&self, lab: &Lab, case: &Case) -> Result<(), String> {
        let (_, port) = self.ports.iter().find(|(proxy, _)| *proxy == case.proxy).expect("a port");
        let service = if case.proxy.peer == Peer::Nginx { &self.nginx } else { &self.haproxy };
        service.news();
        let mut args = vec!["--silent".to_owned(), "--show-error".to_owned(), "--max-time".to_owned(), "30".to_owned()];
        args.extend(["--cacert".to_owned(), format!("{}/ca.crt", case.trusts)]);
        if let Some(dir) = case.from {
            args.extend(["--cert".to_owned(), format!("{dir}/client.{}.pem", case.of)]);
        }
        args.push(format!("https://localhost:{port}/"));
        let answer = lab.clients.ask(Peer::Curl, &args);
        if answer.success && answer.stdout == "the DB Console\n" {
            return Ok(());
        }
        Err(format!("{} {} {}", answer.stderr, answer.stdout, service.news()))
    }
}

/// The server of the documentation.
fn nginx(lab: &Lab, proxy: Proxy, port: u16, server: u16) -> String {
    let place = |dir: &str, name: &str| lab.postgres.sandbox.path(&format!("{dir}/{name}")).display().to_string();
    let replacements = [
        ("listen 443 ssl;", &*format!("listen 127.0.0.1:{port} ssl;")),
        ("proxy.example.com", "localhost"),
        ("node1.example.com:8080", &format!("localhost:{server}")),
        ("/etc/nginx/ui.crt", &place(proxy.front, "ui.crt")),
        ("/etc/nginx/ui.key", &place(proxy.front, "ui.key")),
        ("/etc/nginx/ca.crt", &place(proxy.trusts, "ca.crt")),
    ];
    page::with(&page::configuration("/etc/nginx/conf.d/console.conf"), &replacements)
}

/// Those of the documentation, each with a name of its own.
fn haproxy(lab: &Lab, proxy: Proxy, port: u16, server: u16) -> String {
    let place = |dir: &str, name: &str| lab.postgres.sandbox.path(&format!("{dir}/{name}")).display().to_string();
    let why = "log stdout format raw daemon\n    log-format \"%[bc_err_str] %[ssl_bc_err_str]\"";
    let replacements = [
        ("listen sql", &*format!("listen sql{port}")),
        ("bind :26257", &format!("bind 127.0.0.1:{}", free_port())),
        ("node1.example.com:26257", &format!("localhost:{}", lab.postgres.port)),
        ("frontend console", &format!("frontend console{port}\n    {why}")),
        ("backend nodes", &format!("backend nodes{port}")),
        ("bind :443", &format!("bind 127.0.0.1:{port}")),
        ("node1.example.com:8080", &format!("localhost:{server}")),
        ("verifyhost node1.example.com", "verifyhost localhost"),
        ("/etc/haproxy/ui.pem ca-file /etc/haproxy/ca.crt", &format!("{} ca-file {}", place(proxy.front, "ui.pem"), place(GOOD, "ca.crt"))),
        ("/etc/haproxy/client.maxroach.pem", &place(proxy.back, &format!("client.{}.pem", proxy.of))),
        ("/etc/haproxy/ca.crt", &place(proxy.trusts, "ca.crt")),
    ];
    page::with(&page::configuration("/etc/haproxy/haproxy.cfg"), &replacements)
}

/// curl in each case.
pub fn rows(lab: &Lab) -> Vec<Row> {
    let proxies = Proxies::start(lab);
    let row = |case: &Case| {
        let peer = if case.proxy.peer == Peer::Nginx { "nginx" } else { "HAProxy" };
        Row { peer, case: case.name, expected: case.expected, seen: proxies.ask(lab, case) }
    };
    CASES.iter().map(row).collect()
}
