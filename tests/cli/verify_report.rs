//! `verify`: what operators and test harnesses are told.

use std::fs;

use crate::sandbox::{Run, Sandbox};

fn verify(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["verify", "--certs-dir=certs"], args].concat())
}

/// With a node, a client whose key is open to all, and a client whose certificate is for somebody else.
fn troubled() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.create("create-client", &["app", "--subject=CN=other"]).succeeds();
    sandbox.create("create-client", &["root", "--lifetime=300h"]).succeeds_silently();
    sandbox.chmod("certs/client.root.key", 0o644);
    sandbox
}

#[test]
fn a_good_directory_is_summed_up_in_three_lines() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    let report = verify(&sandbox, &[]).succeeds_silently_but_for_stdout();
    let (counts, first) = report.trim_end().rsplit_once('\n').expect("lines");
    assert_eq!(counts, "Certificate directory: certs\n\n2 files: 2 good");
    let first = first.strip_prefix("certs/node.crt expires first: in 5 years, on ").expect(first);
    assert_eq!(first.len(), "2031-11-25".len(), "{first}");
}

#[test]
fn errors_come_first_and_each_with_what_to_type() {
    let sandbox = troubled();
    let run = verify(&sandbox, &["--expires-within=1h"]);
    assert_eq!(run.status, Some(2), "{run:?}");
    let error =
        "certs/client.root.crt\n  error:   key file certs/client.root.key has permissions -rw-r--r--, exceeds ";
    let at =
        |words: &str| run.stdout.find(words).unwrap_or_else(|| panic!("{words:?} is not in {}", run.stdout));
    assert!(at(error) < at("[key-access]\n  next:    chmod 600 certs/client.root.key\n"));
    // Although it is listed before root's.
    assert!(at(error) < at("certs/client.app.crt\n  warning: "));
    assert!(at("[client-principal]\n") < at("\n4 files: 2 good, 1 warning, 1 error\n"));
    assert!(run.stdout.contains("\ncerts/client.root.crt expires first: in 12 days, on 20"), "{}", run.stdout);
}

#[test]
fn with_several_directories_those_with_something_wrong_have_a_heading() {
    let sandbox = troubled();
    sandbox.make_dir("fleet");
    for name in ["a", "b"] {
        sandbox.make_dir(&format!("fleet/{name}"));
        fs::copy(sandbox.path("certs/ca.crt"), sandbox.path(&format!("fleet/{name}/ca.crt"))).expect("a copy");
    }
    fs::rename(sandbox.path("certs"), sandbox.path("fleet/c")).expect("a new name");
    let run = sandbox.run(&["verify", "--recursive", "--certs-dir=fleet"]);
    assert_eq!(run.status, Some(2), "{run:?}");
    let headings = run.stdout.matches("Certificate directory: ").count();
    assert!(
        run.stdout.starts_with("Certificate directory: fleet/c\n\nfleet/c/client.root.crt\n"),
        "{}",
        run.stdout
    );
    assert!(headings == 1 && run.stdout.contains("\n6 files in 3 directories: "), "{}", run.stdout);
}

#[test]
fn a_directory_that_others_can_write_to_counts_as_a_file_with_a_warning() {
    let sandbox = Sandbox::with_ca();
    sandbox.chmod("certs", 0o777);
    let run = verify(&sandbox, &[]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stdout.contains("\n\ncerts\n  warning: "), "{}", run.stdout);
    assert!(run.stdout.contains("\n2 files: 1 good, 1 warning\n"), "{}", run.stdout);
}

#[test]
fn what_cannot_be_looked_at_is_said_with_what_to_type() {
    let sandbox = Sandbox::new();
    let run = verify(&sandbox, &[]);
    assert_eq!(run.status, Some(3), "{run:?}");
    let expected = "Certificate directory: certs\n\n  error:   there is no certs directory certs\n  next:    name the \
                    directory that holds the certificates: --certs-dir=<directory>\n\n\
                    0 files: 0 good; 1 directory could not be read\n";
    assert_eq!(run.stdout, expected);
    let run = verify(&sandbox, &["--format=tap"]);
    assert!(run.stdout.starts_with("TAP version 13\nnot ok 1 - certs\n  ---\n"), "{}", run.stdout);
    assert!(run.stdout.ends_with("\n  ...\n1..1\n"), "{}", run.stdout);
}

#[test]
fn there_are_colours_on_a_terminal_only_and_not_for_those_who_want_none() {
    let sandbox = troubled();
    let seen = |env: &[(&str, &str)]| sandbox.seen_on_terminal(80, env, &["verify", "--certs-dir=certs"]);
    let coloured = seen(&[("TERM", "xterm")]);
    assert!(coloured.contains("  \x1b[1;31merror:\x1b[0m   key file "), "{coloured:?}");
    for env in [&[("TERM", "xterm"), ("NO_COLOR", "1")][..], &[("TERM", "dumb")]] {
        assert!(!seen(env).contains('\x1b'), "{env:?}");
    }
    let mut command = sandbox.command(&["verify", "--certs-dir=certs"]);
    let report = Run::of(command.env("TERM", "xterm")).stdout;
    assert!(report.contains("error:") && !report.contains('\x1b'), "{report:?}");
    assert_eq!(coloured.replace("\x1b[0m", "").split("\x1b[").count() - 1, coloured.matches("\x1b[0m").count());
}

/// Warnings are points that may fail: harnesses pass, and list them as something to do.
#[test]
fn test_harnesses_get_a_point_for_the_directory_and_each_file() {
    let sandbox = troubled();
    let tap = verify(&sandbox, &["--format=tap", "--expires-within=1h"]).stdout;
    let points: Vec<_> = tap.lines().filter(|line| !line.starts_with(' ')).collect();
    let expected = [
        "TAP version 13",
        "ok 1 - certs",
        "ok 2 - certs/ca.crt",
        "ok 3 - certs/node.crt",
        "not ok 4 - certs/client.app.crt # TODO client-principal",
        "not ok 5 - certs/client.root.crt",
        "1..5",
    ];
    assert_eq!(points, expected, "{tap}");
    let words = "\n      what: \"key file certs/client.root.key has permissions -rw-r--r--, exceeds ";
    assert!(
        tap.contains(words) && tap.contains("\n      hint: \"chmod 600 certs/client.root.key\"\n  ...\n"),
        "{tap}"
    );
}

#[test]
fn no_name_breaks_the_form_or_drives_the_terminal() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("certs/client.a#\\ \"\x1b[2J\u{202e}.crt", "x");
    for format in ["text", "json", "tap"] {
        let run = verify(&sandbox, &["--format", format]);
        assert_eq!(run.status, Some(2), "{run:?}");
        assert!(!run.stdout.contains(['\x1b', '\u{202e}']), "{}", run.stdout);
    }
    let tap = verify(&sandbox, &["--format=tap"]).stdout;
    assert!(tap.contains("\nnot ok 3 - certs/client.a\\#\\\\ \"\\\\u{1b}[2J\\\\u{202e}.crt\n"), "{tap}");
}

/// Another command would make another key.
#[test]
fn where_a_key_waits_the_answer_of_the_ca_is_what_is_missing() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost", "--lifetime=20d"]).succeeds();
    sandbox.create("create-client", &["app", "--lifetime=20d"]).succeeds();
    let certs = "--certs-dir=certs";
    let list = || sandbox.run(&["list", certs]).succeeds().stdout;
    let before = list();
    sandbox.run(&["csr", "--from=certs/node.crt", "--key-algorithm=ecdsa", certs]).succeeds();
    assert_eq!(list(), before);
    let status = sandbox.run(&["status", certs]).succeeds().stdout;
    assert!(status.contains("node.crt") && status.contains("asked for"), "{status}");
    let run = verify(&sandbox, &[]);
    let import = "[expires-soon]\n  next:    crdb-cert import ... --overwrite --certs-dir=certs   \
        # what the CA answers: certs/node.key.pending waits for it\n";
    assert!(run.stdout.contains(import), "{run:?}");
    assert!(run.stdout.contains("  next:    crdb-cert renew client.app "), "{run:?}");
    // The key that is in use is lost: the one that waits helps.
    fs::remove_file(sandbox.path("certs/node.key")).expect("removed");
    let run = verify(&sandbox, &[]);
    assert!(run.stdout.contains(&import.replace("expires-soon", "key-missing")), "{run:?}");
}
