//! PostgreSQL speaks pgwire as CockroachDB does.

use std::fs;
use std::path::Path;

use super::{findings, only, probe, renewed};
use crate::peers::Peer;
use crate::postgres::Server;
use crate::sandbox::Sandbox;
use crate::sets::Key;

/// A server that logs each connection.
fn server() -> (Server, &'static str) {
    let sandbox = Sandbox::within(Path::new("/tmp"));
    Key::P256.unpack(&sandbox);
    let cluster = Key::P256.cluster();
    fs::create_dir_all(sandbox.path("stranger")).expect("a directory");
    sandbox.create("stranger", &["create-ca", "--key-algorithm=ecdsa"]);
    sandbox.create("stranger", &["create-client", "root", "--key-algorithm=ecdsa"]);
    renewed(&sandbox, cluster, "renewed", &["127.0.0.1"]);
    renewed(&sandbox, cluster, "elsewhere", &["10.0.0.9"]);
    (Server::start(sandbox, cluster), cluster)
}

fn reload(server: &Server, settings: &str) {
    let file = server.sandbox.path("data/postgresql.conf");
    let before = fs::read_to_string(&file).expect("the settings");
    fs::write(&file, before + settings).expect("the settings");
    assert!(server.run(Peer::PostgresServer("pg_ctl"), &["reload", "-D", "data"]).success);
    // The postmaster reads them in its own time.
}

#[test]
fn postgresql_serves_what_is_on_disk_and_takes_its_users_and_nobody_logs_in() {
    let (server, cluster) = server();
    reload(&server, "log_connections = on\n");
    let (sandbox, certs) = (&server.sandbox, format!("--certs-dir={cluster}"));
    let host = format!("127.0.0.1:{}", server.port);
    let (report, status) = probe(sandbox, &[&host, &certs]);
    let seen = &report["servers"][0];
    assert_eq!((status, findings(&report).len()), (0, 0), "{report:#}");
    assert_eq!((&seen["tls_version"], &seen["on_disk"]["same"]), (&"1.3".into(), &true.into()), "{report:#}");

    for (dir, user, status, taken) in
        [(cluster, "root", 0, true), (cluster, "app", 0, true), ("stranger", "root", 2, false)]
    {
        let (report, answer) =
            probe(sandbox, &[&host, &format!("--user={user}"), &format!("--certs-dir={dir}")]);
        let server = &report["servers"][0];
        assert_eq!((answer, &server["client"]["taken"]), (status, &taken.into()), "{report:#}");
        let refused = findings(&report).iter().any(|(id, _)| id == "client-refused");
        assert_eq!(refused, !taken, "{report:#}");
    }
    // TLS 1.2 says it in the handshake.
    reload(&server, "ssl_max_protocol_version = 'TLSv1.2'\n");
    let settled = || probe(sandbox, &[&host, "--user=root", "--certs-dir=stranger"]).0;
    let report = (0..200).map(|_| settled()).find(|report| report["servers"][0]["tls_version"] == "1.2");
    let report = report.expect("TLS 1.2");
    assert_eq!(report["servers"][0]["client"]["taken"], false, "{report:#}");
    let (report, status) = probe(sandbox, &[&host, "--user=root", &certs]);
    assert_eq!((status, &report["servers"][0]["client"]["taken"]), (0, &true.into()), "{report:#}");

    let log = server.log();
    assert!(log.contains("unsupported frontend protocol 9.0"), "{log}");
    for login in ["connection authenticated", "connection authorized"] {
        assert!(!log.contains(login), "{log}");
    }
}

#[test]
fn postgresql_that_has_not_reloaded_or_has_no_tls_is_noticed() {
    let (server, cluster) = server();
    let sandbox = &server.sandbox;
    let host = format!("127.0.0.1:{}", server.port);
    let (id, what, status) = only(sandbox, &[&host, "--certs-dir=renewed"]);
    assert_eq!((id.as_str(), status), ("not-reloaded", 1));
    assert!(
        what.starts_with("the server has not reloaded: it serves a certificate that expires on "),
        "{what}"
    );
    assert!(what.contains(", renewed/node.crt expires on ") && what.contains("-s HUP cockroach"), "{what}");
    // A certificate for another server says nothing about this one.
    let (report, status) = probe(sandbox, &[&host, "--certs-dir=elsewhere"]);
    assert_eq!((status, &report["servers"][0]["on_disk"]), (0, &serde_json::Value::Null), "{report:#}");
    // The new one in place, and the server told.
    for file in ["node.crt", "node.key"] {
        let (from, to) = (sandbox.path("renewed").join(file), sandbox.path(cluster).join(file));
        fs::write(to, fs::read(from).expect("a file")).expect("the file, whose owner stays");
    }
    reload(&server, "");
    let again = || probe(sandbox, &[&host, "--certs-dir=renewed"]);
    let (report, _) = (0..200).map(|_| again()).find(|(_, status)| *status == 0).expect("the new certificate");
    assert_eq!(report["servers"][0]["on_disk"]["same"], true, "{report:#}");

    reload(&server, "ssl = off\n");
    let refused = (0..200)
        .map(|_| probe(sandbox, &[&host, "--certs-dir=renewed"]).0)
        .find(|report| !findings(report).is_empty());
    let all = findings(&refused.expect("no TLS"));
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, "no-tls", "{all:?}");
    assert!(all[0].1.contains("--insecure"), "{all:?}");
}

#[test]
fn pgwire_asked_for_http_or_as_a_node_is_told_apart() {
    let (server, cluster) = server();
    let host = format!("127.0.0.1:{}", server.port);
    let certs = format!("--certs-dir={cluster}");
    for flag in ["--http", "--rpc"] {
        let (id, what, status) = only(&server.sandbox, &[&host, flag, &certs]);
        // PostgreSQL before 17 closes the connection; later ones speak TLS from the start, with a protocol of
        // their own.
        assert!(["closed", "other-protocol", "tls-failed"].contains(&id.as_str()), "{id}: {what}");
        assert_eq!(status, 2, "{what}");
    }
}
