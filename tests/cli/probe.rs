//! `probe`, as far as it goes without a network: `tests/interop` has the servers.

use crdb_cert::finding::Check;
use crdb_cert::finding::checks::probe::ALL;
use serde_json::Value;

use crate::sandbox::{Run, Sandbox};
use crate::schema;

/// Nobody listens there, with or without a loopback.
const NOBODY: &str = "127.0.0.1:1";

fn fails(sandbox: &Sandbox, args: &[&str], status: i32, words: &[&str]) {
    let before = sandbox.snapshot();
    let run = sandbox.run(&[&["probe"], args].concat());
    assert_eq!((run.status, run.stdout.as_str()), (Some(status), ""), "{args:?}: {run:?}");
    for words in words {
        assert!(run.stderr.contains(words), "{args:?}: {words:?} is not in: {}", run.stderr);
    }
    assert_eq!(sandbox.snapshot(), before, "{args:?}: something changed on disk");
}

fn report(run: &Run) -> Value {
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    assert_eq!(schema::objection("probe.schema.json", &report), None, "{}", run.stdout);
    report
}

#[test]
fn wrong_usage_is_status_2() {
    let sandbox = Sandbox::new();
    for args in [
        &[][..],
        &["a", "--http", "--rpc"],
        &["a", "--http", "--user=root"],
        &["a", "--rpc", "--user=root"],
        &["a", "--manifest=cluster.yml"],
        &["a", "--out=fleet"],
        &["a", "--format=tap"],
    ] {
        fails(&sandbox, args, 2, &["ERROR: "]);
    }
    for port in ["0", "65536"] {
        let words = format!("{port} is not in 1..=65535");
        fails(&sandbox, &["a", "--port", port], 2, &[&words]);
    }
}

#[test]
fn what_cannot_be_asked_is_status_3_with_what_to_do() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("empty.yml", "clients: [root]\n");
    sandbox.write("wrong.yml", "nodes: [a, a]\n");
    sandbox.write("wildcard.yml", "nodes: ['*.example.com']\n");
    let certs = "--certs-dir=certs";
    for (args, words) in [
        (&["https://a:8080/", certs][..], &["it is a URL; write \"a\"", "HINT: "][..]),
        (&["a:0", certs], &["invalid port in \"a:0\"", "node1:26257 or [::1]:26257"]),
        (&["a:b:c", certs], &["colon", "HINT: "]),
        (&["*.example.com", certs], &["is a wildcard; name one server"]),
        (&["0x7f000001", certs], &["hexadecimal"]),
        (&["fe80::1%eth0", certs], &["zone"]),
        (&["a\x1b[2J", certs], &["\\u{1b}"]),
        (&["a", certs, "--timeout=0s"], &["--timeout: \"0s\" is not positive\n", "HINT: write it as "]),
        (&["a", certs, "--timeout=-1s"], &["--timeout"]),
        (
            &["a", certs, "--expires-within=soon"],
            &["--expires-within: invalid duration \"soon\"\n", "HINT: write it as "],
        ),
        (
            &["a", certs, "--user=root"],
            &["--user: there is no client.root.crt that can be shown", "HINT: name the directory"],
        ),
        (&["a", certs, "--user=../x"], &["username is invalid"]),
        (&["a", certs, "--rpc"], &["--rpc: there is no node.crt that can be shown"]),
        (&["a", certs, "--output=certs/node.crt"], &["has the name of a certificate"]),
        (&["--manifest=absent.yml", certs], &["could not read the manifest absent.yml"]),
        (&["--manifest=wrong.yml", certs], &["wrong.yml:1:12: ", "no server was asked"]),
        (&["--manifest=wildcard.yml", certs], &["wildcard"]),
        (&["--manifest=empty.yml", certs], &["the manifest has no nodes", "HINT: "]),
        (&["a", "--certs-dir="], &["the path to the certs directory is required"]),
    ] {
        fails(&sandbox, args, 3, words);
    }
}

#[test]
fn a_server_that_is_not_reached_is_status_3_in_every_form() {
    let sandbox = Sandbox::with_ca();
    let args = ["probe", NOBODY, "127.0.0.1:2", NOBODY, "--certs-dir=certs", "--timeout=1s"];
    let run = sandbox.run(&args);
    assert_eq!((run.status, run.stderr.as_str()), (Some(3), ""), "{run:?}");
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!((lines[0], lines[4]), (NOBODY, "127.0.0.1:2"), "{}", run.stdout);
    assert!(lines[1].starts_with(&format!("  error:   could not connect to {NOBODY}: ")), "{}", run.stdout);
    assert!(lines[2].starts_with("  next:    check "), "{}", run.stdout);
    assert_eq!(lines[8], "2 servers: 0 good, 2 not reached");

    let run = sandbox.run(&[&args[..], &["--format=json"]].concat());
    let report = report(&run);
    assert_eq!((run.status, &report["summary"]["unreached"]), (Some(3), &2.into()));
    let server = &report["servers"][0];
    assert_eq!(
        (&server["server"], &server["reached"], &server["status"]),
        (&NOBODY.into(), &false.into(), &Value::Null)
    );

    let run = sandbox.run(&[&args[..], &["--format=prometheus", "--output=servers.prom"]].concat());
    assert_eq!((run.status, run.stdout.as_str()), (Some(3), ""), "{run:?}");
    assert!(run.stderr.contains("could not connect"), "{run:?}");
    let metrics = sandbox.read("servers.prom");
    for line in [
        format!("crdb_cert_probe_reached{{server=\"{NOBODY}\"}} 0"),
        format!("crdb_cert_probe_good{{server=\"{NOBODY}\"}} 0"),
    ] {
        assert!(metrics.lines().any(|other| other == line), "{line} is not in {metrics}");
    }
    assert!(!metrics.contains("crdb_cert_probe_findings"), "{metrics}");
}

#[test]
fn a_manifest_names_the_servers_and_each_folder_what_it_should_serve() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("cluster.yml", "nodes: [\"127.0.0.[1:3]\"]\ndefaults: {lifetime: 90d}\n");
    let apply =
        ["apply", "cluster.yml", "--out=fleet", "--certs-dir=certs", "--ca-key=my-safe-directory/ca.key"];
    sandbox.run(&apply).succeeds();
    let args = ["probe", "--manifest=cluster.yml", "--out=fleet", "--port=1", "--timeout=1s", "--format=json"];
    let run = sandbox.run(&args);
    let report = report(&run);
    let servers: Vec<_> =
        report["servers"].as_array().expect("servers").iter().map(|it| &it["server"]).collect();
    assert_eq!(servers, ["127.0.0.1:1", "127.0.0.2:1", "127.0.0.3:1"]);
    assert_eq!(run.status, Some(3), "{run:?}");
}

#[test]
fn every_finding_has_a_line_in_the_documents() {
    let page = include_str!("../../docs/probe.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    for Check { id, severity, about } in ALL {
        let expected = format!("| `{id}` | {} | {about} | ", severity.name());
        assert!(rows.iter().any(|row| row.starts_with(&expected)), "{expected}");
    }
    // Those that verify has too mean the same, with the same severity.
    for check in crdb_cert::finding::checks::ALL {
        let row = rows.iter().find(|row| row.starts_with(&format!("| `{}` |", check.id)));
        assert!(row.is_none_or(|row| row.contains(&format!("| {} |", check.severity.name()))), "{row:?}");
    }
    for id in [
        "expired",
        "not-yet-valid",
        "expires-soon",
        "not-trusted",
        "chain-doubtful",
        "no-names",
        "host-not-covered",
        "ca-missing",
        "weak-signature",
        "ui-other-ca",
        "certificate-invalid",
        "certificate-unreadable",
    ] {
        assert!(rows.iter().any(|row| row.starts_with(&format!("| `{id}` |"))), "{id}");
    }
}
