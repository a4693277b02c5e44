//! HAProxy and nginx in front of a DB Console, which is another nginx, and curl in front of them.

use super::files::GOOD;
use super::service::Service;
use super::web_cases::{CASES, Case, HAPROXY, Proxy, SQL_CASES};
use super::{Lab, Row, page, psql};
use crate::net::free_port;
use crate::peers::Peer;

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

/// Where a proxy listens, and its server: one for each, as nginx would resume a session that another of its
/// proxies has verified.
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

    /// What curl gets, or why not; the logs say more.
    fn ask(&self, lab: &Lab, case: &Case) -> Result<(), String> {
        let news = || self.haproxy.news() + &self.nginx.news();
        news();
        let ca = format!("{}/ca.crt", case.trusts);
        let url = format!("https://localhost:{}/", self.ports(case.proxy).web);
        let pair = case.from.map(|dir| format!("{dir}/client.{}.pem", case.of));
        let pair = pair.iter().flat_map(|pair| ["--cert", pair]);
        let args = ["--silent", "--show-error", "--max-time", "30", "--cacert", &ca, &url];
        let answer = lab.clients.ask(Peer::Curl, args.into_iter().chain(pair));
        if answer.success && answer.stdout == "the DB Console\n" {
            return Ok(());
        }
        Err(case.expected.explained(answer.stderr + " " + &answer.stdout, news))
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
