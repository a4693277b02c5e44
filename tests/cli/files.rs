//! Modes, kinds and completeness of the files that are made.

use std::fs;
use std::os::unix::fs::symlink;

use crate::sandbox::{DIRS, Sandbox};

#[test]
fn keys_are_0600_and_certificates_0644_less_the_umask() {
    for (umask, certificate) in [("000", 0o644), ("022", 0o644), ("027", 0o640), ("077", 0o600), ("777", 0o000)]
    {
        let sandbox = Sandbox::new();
        let create = |command: &str| {
            format!("umask {umask}; crdb-cert {command} --key-algorithm=ecdsa {}", DIRS.join(" "))
        };
        sandbox.script(&create("create-ca")).succeeds_silently();
        assert_eq!(sandbox.mode("certs"), 0o700, "{umask}");
        assert_eq!(sandbox.mode("certs/ca.crt"), certificate, "{umask}");
        assert_eq!(sandbox.mode("my-safe-directory/ca.key"), 0o600, "{umask}");
        sandbox.chmod("certs/ca.crt", 0o644);
        sandbox.script(&create("create-client root --also-generate-pkcs8-key")).succeeds_silently();
        assert_eq!(sandbox.mode("certs/client.root.crt"), certificate, "{umask}");
        assert_eq!(sandbox.mode("certs/client.root.key"), 0o600, "{umask}");
        assert_eq!(sandbox.mode("certs/client.root.key.pk8"), 0o600, "{umask}");
    }
}

#[test]
fn an_overwritten_key_does_not_keep_its_loose_mode() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.chmod("certs/node.key", 0o644);
    sandbox.create("create-node", &["localhost", "--overwrite"]).succeeds_silently();
    assert_eq!(sandbox.mode("certs/node.key"), 0o600);
}

#[test]
fn one_file_in_the_way_stops_all() {
    for in_the_way in ["client.root.crt", "client.root.key", "client.root.key.pk8"] {
        let sandbox = Sandbox::with_ca();
        sandbox.write(&format!("certs/{in_the_way}"), "mine");
        let words = format!("could not write certs/{in_the_way}: file exists");
        sandbox.refuses_to_create(
            "create-client",
            &["root", "--also-generate-pkcs8-key"],
            &[&words, "HINT: pass --overwrite"],
        );
    }
}

#[test]
fn a_link_is_replaced_and_not_written_through() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("precious", "mine");
    symlink("../precious", sandbox.path("certs/node.key")).expect("a link");
    sandbox.refuses_to_create("create-node", &["localhost"], &["certs/node.key: file exists"]);
    sandbox.create("create-node", &["localhost", "--overwrite"]).succeeds_silently();
    assert_eq!(sandbox.read("precious"), "mine");
    assert!(fs::symlink_metadata(sandbox.path("certs/node.key")).expect("node.key").is_file());
}

#[test]
fn a_directory_in_the_place_of_a_file_is_an_error() {
    let sandbox = Sandbox::with_ca();
    sandbox.make_dir("certs/node.crt");
    sandbox.refuses_to_create(
        "create-node",
        &["localhost", "--overwrite"],
        &["certs/node.crt: what has this name is not a file"],
    );
}

#[test]
fn nothing_but_the_files_asked_for_is_left() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.create("create-node", &["localhost", "--overwrite"]).succeeds_silently();
    sandbox.create("create-ca", &["--overwrite", "--allow-ca-key-reuse"]).succeeds_silently();
    assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.key"]);
    assert_eq!(sandbox.names("my-safe-directory"), ["ca.key"]);
    assert_eq!(sandbox.names("."), ["certs", "my-safe-directory"]);
}

#[test]
fn the_ca_key_may_be_in_the_certs_directory() {
    let sandbox = Sandbox::new();
    let args = ["--certs-dir=certs", "--ca-key=certs/../certs/ca.key", "--key-algorithm=ecdsa"];
    sandbox.make_dir("certs");
    sandbox.run(&[&["create-ca"], &args[..]].concat()).succeeds_silently();
    let fresh = ["create-ca", "--certs-dir=new", "--ca-key=new/ca.key", "--key-algorithm=ecdsa"];
    sandbox.run(&fresh).succeeds_silently();
    assert_eq!(sandbox.names("certs"), ["ca.crt", "ca.key"]);
    assert_eq!(sandbox.names("new"), ["ca.crt", "ca.key"]);
}

#[test]
fn only_the_last_directory_is_made() {
    let sandbox = Sandbox::new();
    let args = ["create-ca", "--certs-dir=a/b", "--ca-key=ca.key", "--key-algorithm=ecdsa"];
    sandbox.refuses(&args, &["the directory a does not exist", "HINT: make it first: mkdir -p -m 700 a"]);
    sandbox.write("file", "");
    let args = ["create-ca", "--certs-dir=file", "--ca-key=ca.key", "--key-algorithm=ecdsa"];
    sandbox.refuses(&args, &["the certs directory file exists but is not a directory"]);
}

#[test]
fn litter_of_a_process_that_died_is_swept_in_both_directories() {
    let sandbox = Sandbox::with_ca();
    for dir in ["certs/.crdb-cert.new", "my-safe-directory/.crdb-cert.new"] {
        sandbox.make_dir(dir);
        sandbox.write(&format!("{dir}/crdb-cert.new.node.key"), "a staged key");
    }
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.key"]);
    assert_eq!(sandbox.names("my-safe-directory"), ["ca.key"]);
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_leaves_nothing() {
    let sandbox = Sandbox::with_ca();
    let before = sandbox.snapshot();
    let dirs = DIRS.join(" ");
    // The limit counts blocks of 512 or 1024 bytes: a key fits in one, and a certificate or an RSA key does
    // not.
    for (blocks, command, file) in [
        (0, "create-client root --key-algorithm=ecdsa".to_owned() + " " + &dirs, "certs/client.root.key"),
        (1, format!("create-client root --key-size=4096 {dirs}"), "certs/client.root.key"),
        (0, "create-ca --key-algorithm=ecdsa --certs-dir=new --ca-key=new.key".to_owned(), "new/ca.crt"),
    ] {
        let run = sandbox.script(&format!("ulimit -f {blocks}; crdb-cert {command}"));
        assert_eq!(run.status, Some(1), "{command}: {run:?}");
        assert!(run.stderr.contains(&format!("{file}: file too large\n")), "{command}: {run:?}");
        assert_eq!(sandbox.snapshot(), before, "{command}");
    }
}
