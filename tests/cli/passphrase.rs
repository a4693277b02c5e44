//! CA keys under a passphrase.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use rustix::pty;

use crate::sandbox::{DIRS, Run, Sandbox, program};

const PASSPHRASE: &str = "correct horse";
const KEY: &str = "my-safe-directory/ca.key";
const FROM_FILE: &str = "--ca-key-passphrase-file=passphrase";

fn with_passphrase_file(contents: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("passphrase", contents);
    sandbox.chmod("passphrase", 0o600);
    sandbox
}

fn with_encrypted_ca() -> Sandbox {
    let sandbox = with_passphrase_file(&format!("{PASSPHRASE}\n"));
    sandbox.create("create-ca", &["--encrypt-ca-key", FROM_FILE]).succeeds_silently();
    sandbox
}

/// Without a controlling terminal.
fn detached(sandbox: &Sandbox, args: &[&str]) -> Run {
    let mut command = sandbox.command(&[] as &[&str]);
    let mut setsid = Command::new("setsid");
    setsid.arg("--wait").arg(program()).args(args).stdin(Stdio::null());
    setsid.current_dir(command.stdin(Stdio::null()).get_current_dir().expect("a directory"));
    Run::of(setsid.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()))
}

/// On a terminal at which these lines are typed; what is seen there, and whether it succeeded.
fn at_terminal(sandbox: &Sandbox, args: &[&str], typed: &str) -> (String, bool) {
    let typed: Vec<_> = typed.split_inclusive('\n').collect();
    run_at_terminal(sandbox, &[&[program()], args].concat(), &typed)
}

/// The same for any command. Each text is typed when it is asked for.
pub fn run_at_terminal(sandbox: &Sandbox, command: &[&str], typed: &[&str]) -> (String, bool) {
    let controller = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).expect("a terminal");
    pty::grantpt(&controller).and_then(|()| pty::unlockpt(&controller)).expect("a terminal");
    let name = pty::ptsname(&controller, Vec::new()).expect("ptsname");
    let user =
        || File::options().read(true).write(true).open(name.to_str().expect("ASCII")).expect("the terminal");
    let mut setsid = Command::new("setsid");
    setsid.args(["--wait", "--ctty"]).args(command).current_dir(sandbox.path(""));
    let mut child = setsid.stdin(user()).stdout(user()).stderr(user()).spawn().expect("setsid");
    drop(setsid);
    let mut controller = File::from(controller);
    let mut seen = String::new();
    let mut typed = typed.iter();
    let mut chunk = [0; 1024];
    while let Ok(n @ 1..) = controller.read(&mut chunk) {
        seen += &String::from_utf8_lossy(&chunk[..n]);
        if seen.ends_with(": ") {
            controller.write_all(typed.next().unwrap_or(&"\n").as_bytes()).expect("typing");
        }
    }
    (seen.replace("\r\n", "\n"), child.wait().expect("setsid").success())
}

#[test]
fn the_key_is_pkcs8_with_aes_256_and_600_000_iterations() {
    let sandbox = with_encrypted_ca();
    assert!(sandbox.read(KEY).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert_eq!(sandbox.mode(KEY), 0o600);
    let structure = sandbox.openssl(&["asn1parse", "-in", KEY]);
    for part in ["PBES2", "PBKDF2", ":0927C0", "hmacWithSHA256", "aes-256-cbc"] {
        assert!(structure.contains(part), "{part} is not in: {structure}");
    }
    let public = sandbox.openssl(&["pkey", "-in", KEY, "-passin", "file:passphrase", "-pubout"]);
    assert_eq!(sandbox.openssl(&["x509", "-in", "certs/ca.crt", "-noout", "-pubkey"]), public);
}

#[test]
fn every_create_command_takes_the_passphrase_from_a_file() {
    let sandbox = with_encrypted_ca();
    sandbox.create("create-node", &["localhost", FROM_FILE]).succeeds_silently();
    sandbox.create("create-client", &["root", FROM_FILE]).succeeds_silently();
    sandbox.create("create-ui", &["localhost", FROM_FILE]).succeeds_silently();
    sandbox.create("create-tenant-client", &["2", "localhost", FROM_FILE]).succeeds_silently();
    sandbox.create("create-ca", &["--allow-ca-key-reuse", "--overwrite", FROM_FILE]).succeeds_silently();
    sandbox.openssl(&["verify", "-CAfile", "certs/ca.crt", "certs/node.crt", "certs/client.root.crt"]);
    // Where the key is under no passphrase, none is read.
    let open = Sandbox::with_ca();
    open.create("create-node", &["localhost", "--ca-key-passphrase-file=nowhere"]).succeeds_silently();
}

#[test]
fn a_passphrase_can_come_from_a_file_descriptor() {
    let sandbox = with_encrypted_ca();
    let create = |fd: &str| {
        let dirs = DIRS.join(" ");
        let command = format!(
            "crdb-cert create-node localhost --overwrite --key-algorithm=ecdsa {dirs} --ca-key-passphrase-fd={fd}"
        );
        sandbox.script(&format!("{command} 3<passphrase"))
    };
    create("3").succeeds_silently();
    let piped = format!(
        "printf 'correct horse' | crdb-cert create-client root --key-algorithm=ecdsa {} --ca-key-passphrase-fd=0",
        DIRS.join(" ")
    );
    sandbox.script(&piped).succeeds_silently();
    for fd in ["9", "-1"] {
        let run = create(fd);
        assert_eq!(run.status, Some(1), "{run:?}");
        assert!(
            run.stderr.contains(&format!(
                "could not read the passphrase from file descriptor {fd}: bad file descriptor"
            )),
            "{run:?}"
        );
    }
}

#[test]
fn a_wrong_passphrase_is_one_clear_sentence() {
    let sandbox = with_encrypted_ca();
    sandbox.write("passphrase", "wrong horse\n");
    let words = [
        "ERROR: failed to generate node certificate and key: could not load CA key my-safe-directory/ca.key: the passphrase is wrong, or the key is damaged\nHINT: give the passphrase that the key was encrypted with",
    ];
    sandbox.refuses_to_create("create-node", &["localhost", FROM_FILE], &words);
    sandbox.write("passphrase", "\nsecond line\n");
    sandbox.refuses_to_create(
        "create-node",
        &["localhost", FROM_FILE],
        &["could not read the passphrase file passphrase: its first line is empty"],
    );
    sandbox.refuses_to_create(
        "create-node",
        &["localhost", "--ca-key-passphrase-file=nowhere"],
        &[
            "could not read the passphrase file nowhere: no such file",
            "HINT: write the passphrase into it, or name another",
        ],
    );
    let both = ["create-node", "localhost", FROM_FILE, "--ca-key-passphrase-fd=0"];
    assert_eq!(sandbox.run(&[&both[..], &DIRS].concat()).status, Some(2));
}

#[test]
fn without_a_terminal_and_a_passphrase_it_is_an_error_and_no_hang() {
    let sandbox = with_encrypted_ca();
    let before = sandbox.snapshot();
    let run = detached(&sandbox, &[&["create-node", "localhost"], &DIRS[..]].concat());
    assert_eq!(run.status, Some(1));
    let expected = "ERROR: failed to generate node certificate and key: could not load CA key my-safe-directory/ca.key: \
                    a passphrase is needed, and there is no terminal to ask for it\n\
                    HINT: name it in --ca-key-passphrase-file or --ca-key-passphrase-fd\n";
    assert_eq!(run.stderr, expected);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn new_passphrases_must_have_some_length_and_new_keys() {
    let sandbox = with_passphrase_file("short\n");
    sandbox.refuses_to_create(
        "create-ca",
        &["--encrypt-ca-key", FROM_FILE],
        &["--ca-key-passphrase-file: the passphrase in passphrase has 5 bytes, and at least 8 are needed\nHINT: choose"],
    );
    let sandbox = Sandbox::with_ca();
    let flags = ["--encrypt-ca-key", "--allow-ca-key-reuse", "--overwrite"];
    sandbox.refuses_to_create("create-ca", &flags, &["exists, and --encrypt-ca-key is for new keys", "HINT: "]);
}

#[test]
fn a_passphrase_file_that_others_can_read_is_a_warning() {
    let sandbox = with_encrypted_ca();
    sandbox.chmod("passphrase", 0o644);
    let run = sandbox.create("create-node", &["localhost", FROM_FILE]).succeeds();
    assert!(
        run.stderr.contains("the passphrase file passphrase has permissions -rw-r--r--")
            && run.stderr.contains("chmod 600 passphrase"),
        "{run:?}"
    );
}

#[test]
fn a_terminal_is_asked_twice_for_a_new_passphrase_and_echoes_nothing() {
    let sandbox = with_passphrase_file(&format!("{PASSPHRASE}\n"));
    let create = [&["create-ca", "--encrypt-ca-key", "--key-algorithm=ecdsa"], &DIRS[..]].concat();
    let (seen, ok) = at_terminal(&sandbox, &create, "correct horse\ncorrect zebra\n");
    assert!(!ok && seen.contains("the two passphrases differ"), "{seen}");
    assert_eq!(sandbox.names("."), ["my-safe-directory", "passphrase"]);
    // With a mistake, mended by backspaces.
    let (seen, ok) = at_terminal(&sandbox, &create, "correct hog\x7f\x7frse\ncorrect horse\n");
    assert!(!ok, "corret hrse is no horse: {seen}");
    let (seen, ok) = at_terminal(&sandbox, &create, "correct hx\x7forse\ncorrect horse\n");
    assert!(ok && !seen.contains("horse"), "{seen}");
    let prompts = "passphrase for the new CA key my-safe-directory/ca.key: \nthe same again: \ncreated my-safe-directory/ca.key";
    assert!(seen.starts_with(prompts), "{seen}");
    let node = [&["create-node", "localhost", "--key-algorithm=ecdsa"], &DIRS[..]].concat();
    let (seen, ok) = at_terminal(&sandbox, &node, "correct horse\n");
    assert!(
        ok && seen.starts_with("passphrase of CA key my-safe-directory/ca.key: \ncreated certs/node.crt"),
        "{seen}"
    );
    sandbox.create("create-client", &["root", FROM_FILE]).succeeds_silently();
}

#[test]
fn ctrl_c_and_ctrl_d_at_the_prompt_change_nothing() {
    let sandbox = with_encrypted_ca();
    let before = sandbox.snapshot();
    let node = [&["create-node", "localhost", "--key-algorithm=ecdsa"], &DIRS[..]].concat();
    let (seen, ok) = at_terminal(&sandbox, &node, "correct\x03\n");
    assert!(!ok && seen.contains("interrupted; nothing was changed"), "{seen}");
    let (seen, ok) = at_terminal(&sandbox, &node, "correct\x04\n");
    assert!(!ok && seen.contains("no passphrase was given") && !seen.contains("interrupted"), "{seen}");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn ctrl_z_at_the_prompt_suspends_and_after_fg_it_asks_again() {
    let sandbox = with_encrypted_ca();
    // A shell with job control has the terminal in between, and sees it as it was.
    let script = format!(
        "set -m\nbefore=$(stty -g)\n\
         '{}' create-node localhost --key-algorithm=ecdsa {} || echo stopped\n\
         test \"$before\" = \"$(stty -g)\" && echo restored\n\
         fg >/dev/null && echo done\n\
         test \"$before\" = \"$(stty -g)\" && echo restored",
        program(),
        DIRS.join(" ")
    );
    // Where nothing is suspended, the line ends, and the passphrase is wrong.
    let typed = ["wrong\x1a\n", "correct horse\n"];
    let (seen, ok) = run_at_terminal(&sandbox, &["sh", "-c", &script], &typed);
    let prompt = "passphrase of CA key my-safe-directory/ca.key: \n";
    let (first, then) = seen.split_once("stopped\n").unwrap_or_else(|| panic!("{seen}"));
    assert!(ok && first.starts_with(prompt), "{seen}");
    assert!(then.starts_with(&format!("restored\n{prompt}created certs/node.crt")), "{seen}");
    assert!(then.ends_with("done\nrestored\n") && !seen.contains("horse"), "{seen}");
}

#[test]
fn a_short_passphrase_is_not_asked_for_again() {
    let sandbox = Sandbox::new();
    let create = [&["create-ca", "--encrypt-ca-key", "--key-algorithm=ecdsa"], &DIRS[..]].concat();
    let (seen, ok) = at_terminal(&sandbox, &create, "short\n");
    assert!(!ok && seen.contains("the passphrase has 5 bytes, and at least 8 are needed"), "{seen}");
    assert!(!seen.contains("the same again"), "{seen}");
}

#[test]
fn a_passphrase_that_nothing_would_be_under_is_an_error() {
    let sandbox = with_passphrase_file("correct horse\n");
    let words = ["is new, and a passphrase is given without --encrypt-ca-key", "HINT: pass --encrypt-ca-key"];
    sandbox.refuses_to_create("create-ca", &[FROM_FILE], &words);
}

#[test]
fn only_the_first_line_of_a_descriptor_is_waited_for() {
    let sandbox = with_encrypted_ca();
    let command = format!(
        "crdb-cert create-node localhost --key-algorithm=ecdsa {} --ca-key-passphrase-fd=0",
        DIRS.join(" ")
    );
    // The writer ends only after the program has.
    let script =
        format!("mkfifo go; (printf 'correct horse\\nmore\\n'; cat go) | {{ {command}; echo done >go; }}");
    sandbox.script(&script).succeeds_silently();
}
