//! `list --format` and `--timeline`.

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

fn list(sandbox: &Sandbox, args: &[&str]) -> String {
    sandbox.run(&[&["list", "--certs-dir=certs"], args].concat()).succeeds().stdout
}

/// A CA, a client whose key is open to all, and a file that is no certificate.
fn troubled() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost", "10.0.0.1"]).succeeds_silently();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    sandbox.chmod("certs/client.root.key", 0o644);
    sandbox.write("certs/ui.crt", "x");
    sandbox
}

/// The end of a certificate's validity, in RFC 3339, as OpenSSL has it.
fn end(sandbox: &Sandbox, file: &str) -> String {
    let path = format!("certs/{file}");
    let end = sandbox.openssl(&["x509", "-in", &path, "-noout", "-dateopt", "iso_8601", "-enddate"]);
    end.trim_end().replace("notAfter=", "").replace(' ', "T")
}

#[test]
fn objects_have_the_columns_of_the_table() {
    let sandbox = troubled();
    let objects: Value = serde_json::from_str(&list(&sandbox, &["--format=json"])).expect("JSON");
    let expected = json!([
        { "usage": "Certificate Authority", "certificate_file": "ca.crt", "key_file": null,
          "expires": end(&sandbox, "ca.crt"), "notes": "num certs: 1", "error": null },
        { "usage": "Node", "certificate_file": "node.crt", "key_file": "node.key",
          "expires": end(&sandbox, "node.crt"), "notes": "addresses: localhost,10.0.0.1", "error": null },
        { "usage": "UI", "certificate_file": "ui.crt", "key_file": null, "expires": null,
          "notes": "addresses: <unknown>", "error": "no certificates found in ui.crt" },
        { "usage": "Client", "certificate_file": "client.root.crt", "key_file": null,
          "expires": end(&sandbox, "client.root.crt"), "notes": "user: root", "error": objects[3]["error"] },
    ]);
    assert_eq!(objects, expected);
    let error = objects[3]["error"].as_str().expect("an error");
    assert!(error.starts_with("key file certs/client.root.key has permissions -rw-r--r--"), "{error}");
    let lines = list(&sandbox, &["--format=ndjson"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json!(lines), objects);
}

#[test]
fn separated_values_are_quoted_only_where_they_have_to_be() {
    let sandbox = troubled();
    let (ca, node) = (end(&sandbox, "ca.crt"), end(&sandbox, "node.crt"));
    let csv = list(&sandbox, &["--format=csv"]);
    let expected = format!(
        "usage,certificate_file,key_file,expires,notes,error\n\
         Certificate Authority,ca.crt,,{ca},num certs: 1,\n\
         Node,node.crt,node.key,{node},\"addresses: localhost,10.0.0.1\",\n\
         UI,ui.crt,,,addresses: <unknown>,no certificates found in ui.crt\n\
         Client,client.root.crt,,"
    );
    assert!(csv.starts_with(&expected) && csv.lines().count() == 5, "{csv}");
    let tsv = list(&sandbox, &["--format=tsv"]);
    let expected = format!("\nNode\tnode.crt\tnode.key\t{node}\taddresses: localhost,10.0.0.1\t\n");
    assert!(tsv.starts_with("usage\tcertificate_file\tkey_file\texpires\tnotes\terror\n"), "{tsv}");
    assert!(tsv.contains(&expected), "{tsv}");
}

#[test]
fn an_empty_list_has_its_titles_or_nothing() {
    let sandbox = Sandbox::new();
    for (format, printed) in [
        ("csv", "usage,certificate_file,key_file,expires,notes,error\n"),
        ("tsv", "usage\tcertificate_file\tkey_file\texpires\tnotes\terror\n"),
        ("json", "[\n]\n"),
        ("ndjson", ""),
    ] {
        assert_eq!(list(&sandbox, &["--format", format]), printed);
    }
    assert_eq!(list(&sandbox, &["--timeline"]), "Certificate directory: certs\nno certificates\n");
}

#[test]
fn no_name_breaks_a_form_or_drives_the_terminal() {
    let sandbox = Sandbox::with_ca();
    let name = "client.a,\"\t\n\x1b[2J\u{202e}.crt";
    sandbox.write(&format!("certs/{name}"), "x");
    for args in
        [&["--format=csv"][..], &["--format=tsv"], &["--format=json"], &["--format=ndjson"], &["--timeline"]]
    {
        let printed = list(&sandbox, args);
        assert!(!printed.contains(['\x1b', '\u{202e}']), "{printed}");
    }
    let objects: Value = serde_json::from_str(&list(&sandbox, &["--format=json"])).expect("JSON");
    assert_eq!(objects[1]["certificate_file"], name);
    let csv = list(&sandbox, &["--format=csv"]);
    assert!(csv.contains("\nClient,\"client.a,\"\"\\t\\n\\u{1b}[2J\\u{202e}.crt\",,,"), "{csv}");
}

#[test]
fn an_unknown_format_is_wrong_usage() {
    let sandbox = Sandbox::new();
    for args in [&["--format=xml"][..], &["--format=csv", "--timeline"]] {
        let run = sandbox.run(&[&["list", "--certs-dir=certs"], args].concat());
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args:?}");
    }
}

/// What expires first on top, and the others in the width that they are given.
#[test]
fn the_timeline_is_as_wide_as_the_terminal() {
    let sandbox = troubled();
    sandbox.create("create-client", &["soon", "--lifetime=300h"]).succeeds_silently();
    let args = ["list", "--certs-dir=certs", "--timeline"];
    for (columns, env) in [(80, &[][..]), (132, &[]), (132, &[("COLUMNS", "100")])] {
        let seen = sandbox.seen_on_terminal(columns, env, &args);
        let lines: Vec<_> = seen.lines().collect();
        let width = if env.is_empty() { columns.into() } else { 100 };
        let bars = &lines[3..7];
        let mut names: Vec<_> = bars.iter().filter_map(|bar| bar.split_whitespace().last()).collect();
        // Two were made at the same time, or a second apart.
        names[1..3].sort_unstable();
        assert_eq!(names, ["client.soon.crt", "client.root.crt", "node.crt", "ca.crt"], "{seen}");
        assert_eq!(bars[0].len(), width, "{seen}");
        assert!(
            bars[0].starts_with('+') && bars[0].contains("  expires in 12 days   client.soon.crt"),
            "{seen}"
        );
        assert!(bars[3].starts_with("+===") && bars[3].contains("=  expires in 10 years  ca.crt"), "{seen}");
        assert_eq!(
            lines[8..],
            ["These cannot be read:", "  ui.crt: no certificates found in ui.crt"],
            "{seen}"
        );
    }
    assert!(lines_of(&sandbox, &[]).iter().any(|line| line.len() == 80));
}

fn lines_of(sandbox: &Sandbox, env: &[(&str, &str)]) -> Vec<String> {
    let mut command = sandbox.command(&["list", "--certs-dir=certs", "--timeline"]);
    let run = Run::of(command.envs(env.iter().copied())).succeeds();
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn the_timeline_has_more_than_ascii_where_the_locale_has_and_colours_where_the_terminal_has() {
    let sandbox = Sandbox::with_ca();
    assert!(lines_of(&sandbox, &[("LANG", "C")])[3].starts_with("+=="));
    assert!(lines_of(&sandbox, &[("LANG", "C.UTF-8")])[3].starts_with("\u{253f}\u{2501}\u{2501}"));
    let args = ["list", "--certs-dir=certs", "--timeline"];
    assert!(sandbox.seen_on_terminal(80, &[("TERM", "xterm")], &args).contains("\x1b[32m+=="));
    assert!(!sandbox.seen_on_terminal(80, &[("TERM", "xterm"), ("NO_COLOR", "1")], &args).contains('\x1b'));
    assert!(!lines_of(&sandbox, &[("TERM", "xterm")]).concat().contains('\x1b'));
}
