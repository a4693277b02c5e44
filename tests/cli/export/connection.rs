//! `export connection`: what drivers are told. `tests/interop` logs in with it.

use std::fs;

use super::{cluster, export, refuses};
use crate::sandbox::Sandbox;

#[test]
fn each_form_names_the_files_where_they_are() {
    let sandbox = cluster();
    export(&sandbox, &["pkcs8", "root", "--out=certs/client.root.key.pk8"]).succeeds();
    let certs = sandbox.path("certs");
    let certs = certs.to_str().expect("UTF-8");
    let files = |key: &str| {
        format!(
            "sslmode=verify-full&sslrootcert={certs}/ca.crt&sslcert={certs}/client.root.crt&sslkey={certs}/{key}"
        )
    };
    let connection = |args: &[&str]| {
        export(&sandbox, &[&["connection", "root"], args].concat()).succeeds_silently_but_for_stdout()
    };
    let expected = format!("postgresql://root@node1:26257/defaultdb?{}\n", files("client.root.key"));
    assert_eq!(connection(&["--host=node1"]), expected);
    let expected = format!("jdbc:postgresql://[::1]:5432/movr?user=root&{}\n", files("client.root.key.pk8"));
    assert_eq!(connection(&["--host=[::1]:5432", "--database=movr", "--format=jdbc"]), expected);
    let variables = connection(&["--host=node1", "--format=env"]);
    assert!(variables.contains("export PGSSLMODE=verify-full\n"), "{variables}");
}

#[test]
fn a_shell_reads_the_variables_whatever_the_path() {
    let sandbox = cluster();
    let odd = "it's a $HOME `dir` \"x\" & 100%+\u{e9}?#";
    fs::rename(sandbox.path("certs"), sandbox.path(odd)).expect("renamed");
    let flag = format!("--certs-dir={}", odd.replace('$', "${DOLLAR}"));
    let mut command = sandbox.command(&["export", "connection", "root", "--host=node1", "--format=env", &flag]);
    let variables = crate::sandbox::Run::of(command.env("DOLLAR", "$")).succeeds_silently_but_for_stdout();
    sandbox.write("variables", &variables);
    let said = sandbox.script(". ./variables; printf '%s\\n' \"$PGUSER\" \"$PGSSLKEY\" \"$PGSSLROOTCERT\"");
    let path = |file: &str| sandbox.path(odd).join(file).display().to_string();
    let expected = format!("root\n{}\n{}\n", path("client.root.key"), path("ca.crt"));
    assert_eq!(said.succeeds_silently_but_for_stdout(), expected);
}

#[test]
fn java_is_told_how_its_key_is_made() {
    let sandbox = cluster();
    let jdbc = |sandbox: &Sandbox| export(sandbox, &["connection", "root", "--host=node1", "--format=jdbc"]);
    let run = jdbc(&sandbox).succeeds();
    let command = run.stderr.split("make it: ").nth(1).expect("a command");
    assert!(run.stderr.starts_with("note: ") && run.stdout.starts_with("jdbc:postgresql://"), "{run:?}");
    sandbox.script(command).succeeds_silently();
    assert_eq!(jdbc(&sandbox).succeeds_silently_but_for_stdout(), run.stdout);
    // The key is renewed, and the other form of it is not.
    sandbox.create("create-client", &["ann"]).succeeds();
    export(&sandbox, &["pkcs8", "ann", "--out=ann.pk8"]).succeeds();
    fs::copy(sandbox.path("ann.pk8"), sandbox.path("certs/client.root.key.pk8")).expect("a copy");
    let words =
        ["client.root.key.pk8 is not that of client.root.key\nHINT: make it anew: crdb-cert export pkcs8"];
    refuses(&sandbox, &["connection", "root", "--host=node1", "--format=jdbc"], &words);
}

#[test]
fn what_makes_no_connection_is_refused() {
    let sandbox = cluster();
    for (host, words) in [
        ("*.example.com", "is a wildcard"),
        ("node1:0", "\"0\" is not a port: write a number from 1 to 65535"),
        ("node1:99999", "\"99999\" is not a port"),
        ("a b", "it has a space in it"),
        ("", "it is empty"),
    ] {
        refuses(&sandbox, &["connection", "root", "--host", host], &["--host: ", words]);
    }
    refuses(
        &sandbox,
        &["connection", "node", "--host=node1"],
        &["node.crt is not the certificate of a SQL user", "HINT: "],
    );
    assert_eq!(export(&sandbox, &["connection", "root"]).status, Some(2));
    let odd = "certs\u{1b}[2J";
    fs::rename(sandbox.path("certs"), sandbox.path(odd)).expect("renamed");
    let dir = format!("--certs-dir={odd}");
    let run = sandbox.run(&["export", "connection", "root", "--host=node1", &dir]).succeeds();
    assert!(run.stdout.contains("certs%1B%5B2J"), "{run:?}");
    sandbox
        .refuses(&["export", "connection", "root", "--host=a", "--format=env", &dir], &["control characters"]);
}
