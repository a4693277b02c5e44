//! Private keys stay where they were asked for.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{DIRS, Sandbox, program};

#[test]
fn no_message_has_key_material_in_it() {
    let sandbox = Sandbox::new();
    let mut said = String::new();
    for (command, args) in [("create-ca", &[][..]), ("create-client", &["root", "--also-generate-pkcs8-key"])] {
        let run = sandbox.create(command, &[args, &["--logtostderr=INFO"]].concat()).succeeds();
        said += &(run.stdout + &run.stderr);
    }
    said += &sandbox.run(&["list", "--certs-dir=certs", "--logtostderr=INFO"]).succeeds().stdout;
    for file in ["my-safe-directory/ca.key", "certs/client.root.key"] {
        for line in sandbox.read(file).lines().filter(|line| !line.starts_with("-----")) {
            assert!(!said.contains(line), "a line of {file} is in: {said}");
        }
    }
}

#[test]
fn no_message_has_a_pin_in_it() {
    let sandbox = Sandbox::with_ca();
    let before = sandbox.snapshot();
    let uris = [
        "pkcs11:token=ca?pin-value=12]S3CRET",
        "pkcs11:token=ca?pin-value=1?2;S3CRET",
        "PKCS11:token=ca?pin-value=12:S3CRET",
        "Pkcs11:token=ca;pin-value=12/S3CRET",
        "pkcs11:token=ca?PIN-VALUE=1 2\n'S3CRET'\"",
        "pkcs11:token=ca?pin-value=12$S3CRET",
        "pkcs11:token=ca?pin-value=12%S3CRET",
        "pkcs11:token=ca?pin-value=1://S3CRET:2&module-name=x",
    ];
    for uri in uris {
        let is = |flag: &str| format!("{flag}={uri}");
        let (ca_key, certs_dir, subject) = (is("--ca-key"), is("--certs-dir"), is("--subject"));
        let (file, no_flag, size) = (is("--ca-key-passphrase-file"), is("--no-such-flag"), is("--key-size"));
        let (lifetime, scope, map) = (is("--lifetime"), is("--tenant-scope"), is("--cert-principal-map"));
        let encrypt = "--encrypt-ca-key";
        for args in [
            &["create-ca", "--certs-dir=new", &ca_key][..],
            &["create-ca", "--certs-dir=new", "--allow-ca-key-reuse", &ca_key],
            &["create-ca", &certs_dir, "--ca-key=new.key"],
            &["create-ca", "--certs-dir=new", "--ca-key=new.key", &subject],
            &["create-ca", "--certs-dir=new", "--ca-key=new.key", encrypt, &file],
            &["create-ca", "--certs-dir=new", "--ca-key=new.key", &lifetime],
            &["create-ca", "--certs-dir=new", "--ca-key=new.key", &size],
            &["create-ca", uri],
            &["create-node", "localhost", "--certs-dir=certs", &ca_key],
            &["create-node", uri, "--certs-dir=certs", "--ca-key=my-safe-directory/ca.key"],
            &["create-client", uri, "--certs-dir=certs", "--ca-key=my-safe-directory/ca.key"],
            &["create-client", "a", &scope, "--certs-dir=certs", "--ca-key=my-safe-directory/ca.key"],
            &["create-tenant-signing", uri, "--certs-dir=certs"],
            &["list", uri],
            &["list", &no_flag],
            &["list", "--certs-dir=certs", &map],
            &["list", "--logtostderr=INFO", &certs_dir],
            &["subject", uri],
            &["check-login", uri, "--certs-dir=certs"],
            &["check-login", "root", "--certs-dir=certs", &is("--cert"), "--format=json"],
            &["check-login", "root", "--certs-dir=certs", &is("--at")],
            &["check-login", "root", "--certs-dir=certs", &is("--format")],
            &[uri],
        ] {
            let run = sandbox.run(args);
            let said = run.stdout + &run.stderr;
            assert!(!said.contains("S3CRET"), "{args:?}: {said}");
        }
    }
    assert_eq!(sandbox.snapshot(), before);
}

/// Does a process that dies of a signal here leave a core dump?
fn dumps_core(mut command: Command) -> bool {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a process");
    // Long enough for it to begin, and it waits by itself for what it never gets.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::ABORT).expect("a signal");
    let status = child.wait_with_output().expect("the process").status;
    assert_eq!(status.signal(), Some(6), "{status:?}");
    status.core_dumped()
}

#[test]
fn a_crash_leaves_no_core_dump() {
    let sandbox = Sandbox::with_ca();
    sandbox.make_dir("certs/.crdb-cert.new");
    let dir = std::fs::File::open(sandbox.path("certs/.crdb-cert.new")).expect("the writers' directory");
    flock(&dir, FlockOperation::LockExclusive).expect("a lock");
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command
            .current_dir(sandbox.path(""))
            .args(["-c", &format!("ulimit -c unlimited 2>/dev/null; exec {script}")]);
        command
    };
    // It has its key in memory, and waits for the lock.
    let program = format!("'{}' create-node localhost --key-algorithm=ecdsa {}", program(), DIRS.join(" "));
    assert!(!dumps_core(shell(&program)));
    if !dumps_core(shell("sleep 100")) {
        println!("this system dumps no cores: the test could not have failed");
    }
}
