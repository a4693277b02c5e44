//! What Prometheus makes of `verify --format=prometheus`, of our alert rules, and systemd of the units.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::shell::{project, succeeds};
use crate::support::{Run, Sandbox};

const VERIFY: [&str; 4] = ["verify", "--certs-dir=certs", "--format=prometheus", "--output=text/certs.prom"];

/// A CA, a node and clients; names that would like to break a line, and files that are no certificates.
fn directory() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds();
    sandbox.create("create-client", &["root"]).succeeds();
    let root = sandbox.read("certs/client.root.crt");
    for name in
        ["a\nb", "a\"} 1", "a\\", "a\\n", "\u{1b}[2J", "\u{202e}", "\r", "{b=\"c\",d=\"e\"}", "J\u{fc}rgen"]
    {
        sandbox.write(&format!("certs/client.{name}.crt"), &root);
    }
    for user in 0..500 {
        sandbox.write(&format!("certs/client.user{user}.crt"), &root);
    }
    sandbox.write("certs/ui.crt", "nothing");
    sandbox.write("certs/ca-ui.crt", &[0xff; 2000]);
    sandbox.make_dir("certs/ca-client.crt");
    sandbox.make_dir("text");
    sandbox
}

fn verify(sandbox: &Sandbox, flags: &[&str]) {
    let run = sandbox.run(&[&VERIFY, flags].concat());
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{}", run.stderr);
}

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics() {
    let sandbox = directory();
    for flags in [
        &[][..],
        &["--recursive"],
        &["--metric-names=x509-certificate-exporter"],
        &["--metric-names=x509-certificate-exporter", "--recursive"],
    ] {
        verify(&sandbox, flags);
        let text = fs::File::open(sandbox.path("text/certs.prom")).expect("the metrics");
        let run = Run::of(sandbox.command_of("promtool", &["check", "metrics"]).stdin(text));
        assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""), "{flags:?}");
    }
}

#[test]
fn the_alert_rules_fire_when_they_should() {
    let rules = project().join("packaging/prometheus");
    let promtool = |args: &[&str]| succeeds(Command::new("promtool").current_dir(&rules).args(args));
    promtool(&["check", "rules", "crdb-cert.rules.yml"]);
    promtool(&["test", "rules", "crdb-cert.rules.test.yml"]);
    // Each has a case in which it fires, and one in which it does not.
    let read = |file: &str| fs::read_to_string(rules.join(file)).expect(file);
    let (rules, cases) = (read("crdb-cert.rules.yml"), read("crdb-cert.rules.test.yml"));
    let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(alerts.len(), 11);
    for alert in alerts {
        let expected: Vec<_> = cases.split(&format!("alertname: {alert}\n")).skip(1).collect();
        let is_quiet = |case: &&str| case.trim_start().starts_with("exp_alerts: []");
        assert!(expected.iter().any(is_quiet), "{alert} is expected always");
        assert!(expected.iter().any(|case| !is_quiet(case)), "{alert} is never expected");
    }
}

#[test]
fn the_rules_are_about_metrics_that_there_are() {
    let sandbox = Sandbox::with_ca();
    sandbox.make_dir("text");
    for ca in ["create-client-ca", "create-ui-ca"] {
        sandbox.create(ca, &["--allow-ca-key-reuse"]).succeeds();
    }
    for (command, name) in [
        ("create-node", "localhost"),
        ("create-ui", "localhost"),
        ("create-client", "node"),
        ("create-client", "root"),
    ] {
        sandbox.create(command, &[name]).succeeds();
    }
    sandbox.run(&VERIFY);
    let text = sandbox.read("text/certs.prom");
    let rules =
        fs::read_to_string(project().join("packaging/prometheus/crdb-cert.rules.yml")).expect("the rules");
    let words = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    for metric in words.filter(|word| {
        word.starts_with("crdb_cert_") || word.starts_with("security_certificate_") && !word.ends_with('_')
    }) {
        assert!(text.contains(&format!("\n# TYPE {metric} gauge\n")), "{metric}");
    }
}

/// node_exporter, until it is dropped.
struct Exporter {
    process: Child,
    port: u16,
}

impl Exporter {
    fn of(dir: &Path) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.expect("a port").port();
        let process = Command::new("prometheus-node-exporter")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--collector.disable-defaults", "--collector.textfile", "--log.level=error"])
            .arg(format!("--collector.textfile.directory={}", dir.display()))
            .stdin(Stdio::null())
            .spawn();
        Self { process: process.expect("prometheus-node-exporter"), port }
    }

    /// What it serves, once it does.
    fn serves(&mut self) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            assert_eq!(self.process.try_wait().expect("node_exporter"), None, "it has ended");
            if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
                let mut answer = String::new();
                stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("a request");
                stream.read_to_string(&mut answer).expect("an answer");
                return answer.split_once("\r\n\r\n").expect("a body").1.to_owned();
            }
            sleep(Duration::from_millis(50));
        }
        panic!("node_exporter serves nothing");
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The samples of our metrics, whatever their order.
fn samples(text: &str) -> BTreeMap<&str, f64> {
    let ours =
        text.lines().filter(|line| ["security_", "x509_", "crdb_"].iter().any(|name| line.starts_with(name)));
    ours.map(|line| line.rsplit_once(' ').expect(line))
        .map(|(name, value)| (name, value.parse().expect(name)))
        .collect()
}

#[test]
fn node_exporter_serves_the_metrics() {
    let sandbox = directory();
    verify(&sandbox, &[]);
    let mut exporter = Exporter::of(&sandbox.path("text"));
    let served = exporter.serves();
    assert!(served.contains("\nnode_textfile_scrape_error 0\n"), "{served}");
    let written = sandbox.read("text/certs.prom");
    let (served, written) = (samples(&served), samples(&written));
    assert!(written.len() > 1500, "{}", written.len());
    assert_eq!(served, written);
}

#[test]
fn systemd_understands_the_units() {
    let (sandbox, units) = (Sandbox::new(), project().join("packaging/prometheus"));
    for unit in ["crdb-cert-metrics.service", "crdb-cert-metrics.timer"] {
        let text = fs::read_to_string(units.join(unit)).expect(unit);
        sandbox.write(unit, &text.replace("/usr/bin/crdb-cert", "/bin/true"));
    }
    let paths = ["./crdb-cert-metrics.service", "./crdb-cert-metrics.timer"];
    let run =
        Run::of(&mut sandbox.command_of("systemd-analyze", &[&["verify", "--man=no"], &paths[..]].concat()));
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
}
