//! Private keys stay where they were asked for.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{DIRS, PROGRAM, Sandbox};

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
    let program = format!("'{PROGRAM}' create-node localhost --key-algorithm=ecdsa {}", DIRS.join(" "));
    assert!(!dumps_core(shell(&program)));
    if !dumps_core(shell("sleep 100")) {
        println!("this system dumps no cores: the test could not have failed");
    }
}
