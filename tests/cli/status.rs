//! `status`: what it prints of a fleet, whatever is in it.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use crate::sandbox::{DIRS, Sandbox};

const STATUS: [&str; 3] = ["status", "--out=fleet", "--certs-dir=certs"];

fn fleet() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.write(
        "cluster.yml",
        "defaults: {key-algorithm: ecdsa, lifetime: 2172h}\nnodes: [a, b]\nclients: [root]\n",
    );
    sandbox.run(&[&["apply", "cluster.yml", "--out=fleet"], &DIRS[..]].concat()).succeeds();
    sandbox
}

fn json(sandbox: &Sandbox, more: &[&str]) -> Value {
    let text =
        sandbox.run(&[&STATUS[..], &["--format=json"], more].concat()).succeeds_silently_but_for_stdout();
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_paragraph_says_it_all_and_then_come_the_folders() {
    let sandbox = fleet();
    let text = sandbox.run(&STATUS).succeeds_silently_but_for_stdout();
    let id = json(&sandbox, &[])["cas"][0]["id"].as_str().expect("an id").to_owned();
    // As `remove-ca` and errors have it, but shorter.
    let identifier =
        sandbox.openssl(&["x509", "-in", "certs/ca.crt", "-noout", "-ext", "subjectKeyIdentifier"]);
    assert!(identifier.contains(&format!(" {id}:")), "{identifier} {id}");
    let dated = |text: &str| {
        let (before, after) = text.split_once(" (2").expect("a date");
        assert_eq!(after.find(')'), Some("031-11-25".len()), "{text}");
        format!("{before}{}", &after["031-11-25)".len()..])
    };
    let lines: Vec<_> =
        text.lines().map(|line| if line.contains(" (2") { dated(line) } else { line.to_owned() }).collect();
    let leaf = |file: &str| format!("  {file}: signed by {id}, expires in 90 days");
    let expected = [
        "fleet: 3 folders, 3 certificates".to_owned(),
        format!(
            "ca.crt {id} (O=Cockroach,CN=Cockroach CA), in use, trusted by 3 folders, signed 3 certificates, expires in 10 years"
        ),
        "0 due; first is fleet/clients/root/client.root.crt, which expires in 90 days".to_owned(),
        "nothing to do".to_owned(),
        String::new(),
        format!("fleet/clients/root: trusts {id}"),
        leaf("client.root.crt"),
        String::new(),
        format!("fleet/nodes/a: trusts {id}"),
        leaf("node.crt"),
        String::new(),
        format!("fleet/nodes/b: trusts {id}"),
        leaf("node.crt"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_is_due_is_renewed_by_the_command_it_names() {
    let sandbox = fleet();
    let due = json(&sandbox, &["--renew-within=100d"]);
    assert_eq!((&due["version"], &due["next"]["step"]), (&1.into(), &"renew-due".into()), "{due}");
    assert_eq!(due["folders"][0]["certificates"][0]["due"], true);
    let command = due["next"]["command"].as_str().expect("a command");
    assert!(command.ends_with(" --ca-key=<key of the CA in use> --renew-within=100d"), "{command}");
    let shorter = sandbox.run(&[&STATUS[..], &["--renew-within=30d"]].concat()).succeeds().stdout;
    assert!(shorter.contains("\nnothing to do\n"), "{shorter}");
    sandbox
        .refuses(&[&STATUS[..], &["--renew-within=soon"]].concat(), &["--renew-within: \"soon\" is neither"]);
}

#[test]
fn what_is_not_there_or_cannot_be_read_is_said() {
    let sandbox = fleet();
    let words = ["--out: there are no certificates below nowhere", "HINT: make them first: crdb-cert apply "];
    sandbox.refuses(&["status", "--out=nowhere", "--certs-dir=certs"], &words);
    sandbox.refuses(&["status", "--out=", "--certs-dir=certs"], &["--out: the path is empty"]);
    sandbox
        .refuses(&["status", "--out=fleet", "--certs-dir=nowhere"], &["there is no certs directory nowhere"]);
    sandbox.write("fleet/nodes/a/node.crt", "hello");
    let text = sandbox.run(&STATUS).succeeds_silently_but_for_stdout();
    assert!(text.contains("\n  node.crt: cannot be read: "), "{text}");
    assert!(
        text.contains("\nfleet/nodes/a/node.crt cannot be read.\nnext: crdb-cert apply <manifest> "),
        "{text}"
    );
    sandbox.write("certs/ca.crt", "hello");
    sandbox.refuses(&STATUS, &["could not load CA certificate certs/ca.crt: no certificates found"]);
}

#[test]
fn a_ca_that_somebody_planted_in_a_folder_is_not_made_ours() {
    let sandbox = fleet();
    let other = ["--key-algorithm=ecdsa", "--certs-dir=fleet/nodes/b", "--ca-key=other.key", "--overwrite"];
    for args in [&["create-ca"][..], &["create-node", "b"]] {
        sandbox.run(&[args, &other].concat()).succeeds();
    }
    let status = json(&sandbox, &[]);
    assert_eq!(
        (&status["next"]["step"], &status["next"]["command"]),
        (&"lost-ca".into(), &Value::Null),
        "{status}"
    );
    assert_eq!(status["cas"][1]["role"], "elsewhere");
    assert_eq!(status["folders"][2]["certificates"][0]["standing"], "lost-ca");
}

#[test]
fn no_name_drives_the_terminal() {
    let sandbox = fleet();
    let root = sandbox.read("fleet/clients/root/client.root.crt");
    for name in [&b"a\nnext: rm"[..], b"\x1b[2J", "\u{202e}".as_bytes()] {
        let name = std::ffi::OsStr::from_bytes(name);
        let dir = sandbox.path("fleet/nodes").join(name);
        fs::create_dir(&dir).expect("a directory");
        let mut file = std::ffi::OsString::from("client.");
        file.push(name);
        file.push(".crt");
        fs::write(dir.join(file), &root).expect("a certificate");
    }
    for format in ["--format=text", "--format=json"] {
        let text = sandbox.run(&[&STATUS[..], &[format]].concat()).succeeds().stdout;
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
        assert_eq!(
            text.lines().filter(|line| line.starts_with("next: ")).count(),
            usize::from(format == "--format=text")
        );
        assert!(!text.contains("\nnext: rm"), "{text:?}");
    }
}
