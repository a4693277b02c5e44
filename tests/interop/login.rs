//! A real PostgreSQL server with a node's certificate lets users in by their client certificates, as
//! CockroachDB does.

use std::path::Path;

use crate::postgres::Server;
use crate::sandbox::Sandbox;
use crate::sets::Key;

fn users_log_in_with_their_certificates_and_nobody_elses(key: Key) {
    // The account of the server has to get there, which it may not in a TMPDIR of root's.
    let sandbox = Sandbox::within(Path::new("/tmp"));
    key.unpack(&sandbox);
    let other = "stranger";
    let ecdsa = "--key-algorithm=ecdsa";
    sandbox.create(other, &["create-ca", ecdsa]);
    sandbox.create(other, &["create-client", "root", ecdsa]);

    let cluster = key.cluster();
    let server = Server::start(sandbox, cluster);
    let ca = format!("{cluster}/ca.crt");
    let root = format!("{cluster}/client.root");
    let app = format!("{cluster}/client.app");
    let accented = format!("{cluster}/client.é");
    let who = "select current_user, ssl, client_dn, issuer_dn from pg_stat_ssl where pid = pg_backend_pid()";
    let lets_in = |host: &str, user: &str, stem: &str| {
        let answer = server.ask(host, user, stem, &ca, who);
        let expected = format!("{user}|t|/O=Cockroach/CN={user}|/O=Cockroach/CN=Cockroach CA\n");
        assert_eq!(answer.stdout, expected, "{key:?}: {}{}", answer.stderr, server.log());
    };
    let refuses = |host: &str, user: &str, stem: &str, ca: &str, why: &str| {
        let answer = server.ask(host, user, stem, ca, who);
        assert!(!answer.success && answer.stdout.is_empty(), "{key:?}: {user} with {stem}: {}", answer.stdout);
        assert!(answer.stderr.contains(why), "{key:?}: {user} with {stem}: {}", answer.stderr);
    };

    for host in ["node1.example.com", "a.dev.example.com", "xn--bcher-kva.example", "localhost", "127.0.0.1"] {
        lets_in(host, "root", &root);
    }
    let roles = server.ask("localhost", "root", &root, &ca, "create role app login; create role \"é\" login");
    assert!(roles.success, "{}", roles.stderr);
    lets_in("localhost", "app", &app);
    lets_in("localhost", "é", &accented);

    let not_the_user = |user: &str| format!("certificate authentication failed for user \"{user}\"");
    refuses("localhost", "app", &root, &ca, &not_the_user("app"));
    refuses("localhost", "root", &app, &ca, &not_the_user("root"));
    refuses("localhost", "root", &accented, &ca, &not_the_user("root"));
    // A node may act as a client, but is not a user of that name here.
    refuses("localhost", "root", &format!("{cluster}/node"), &ca, &not_the_user("root"));
    refuses("localhost", "root", "absent", &ca, "connection requires a valid client certificate");
    // The same name by another CA. TLS 1.3 may lose the alert on its way; the log below has the reason.
    refuses("localhost", "root", "stranger/client.root", &ca, "");
    refuses("localhost", "root", &root, "stranger/ca.crt", "certificate verify failed");
    for host in ["b.a.dev.example.com", "node"] {
        refuses(host, "root", &root, &ca, &format!("does not match host name \"{host}\""));
    }

    server.stop();
    let log = server.log();
    let strangers = log.matches("could not accept SSL connection: certificate verify failed");
    assert_eq!(strangers.count(), 1, "{log}");
}

#[test]
fn postgresql_lets_users_in_by_their_rsa_certificates() {
    users_log_in_with_their_certificates_and_nobody_elses(Key::Rsa2048);
}

#[test]
fn postgresql_lets_users_in_by_their_ecdsa_certificates() {
    users_log_in_with_their_certificates_and_nobody_elses(Key::P256);
}
