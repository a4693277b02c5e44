//! `--sign-with` and a real engine: a cluster of three OpenBao servers, whose leader dies.
//!
//! `tests/engine/install-engine` installs it. Run by name, as `cargo test` alone asks for none of this:
//!
//!     cargo test --test engine

#[path = "../support/mod.rs"]
mod support;

mod cluster;

use std::fmt::Write as _;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use cluster::{Cluster, bin};
use support::{Run, Sandbox, project};

const NODES: usize = 50;

/// 50 nodes and 50 clients, as in docs/signing-engine.md.
fn manifest() -> String {
    let mut text = "defaults: {key-algorithm: ecdsa, lifetime: 720h}\nnodes:\n".to_owned();
    (0..NODES).for_each(|at| {
        writeln!(text, "- {{name: n{at}, hosts: [n{at}.example.com, 10.0.0.{at}]}}").expect("text")
    });
    text += "clients: [root";
    (1..NODES).for_each(|at| write!(text, ", user{at}").expect("text"));
    text + "]\n"
}

/// The PKI engine, its CA, and an account that may only sign: its token.
fn set_up(cluster: &Cluster, sandbox: &Sandbox) -> String {
    let root = |args: &[&str]| cluster.root(0, args).stdout;
    root(&["secrets", "enable", "pki"]);
    root(&["secrets", "tune", "-max-lease-ttl=87600h", "pki"]);
    root(&["write", "pki/config/urls", &format!("ocsp_servers={}/v1/pki/ocsp", cluster.address(1))]);
    let ca = root(&[
        "write",
        "-field=certificate",
        "pki/root/generate/internal",
        "common_name=Acme CA",
        "ttl=87600h",
    ]);
    sandbox.make_dir("certs");
    sandbox.write("certs/ca.crt", &ca);
    let policy = project().join("contrib/signers/openbao-policy.hcl");
    root(&["policy", "write", "crdb-sign", policy.to_str().expect("UTF-8")]);
    root(&["auth", "enable", "approle"]);
    root(&["write", "auth/approle/role/crdb-cert", "token_policies=crdb-sign", "token_ttl=1h"]);
    let id = root(&["read", "-field=role_id", "auth/approle/role/crdb-cert/role-id"]);
    let secret = root(&["write", "-f", "-field=secret_id", "auth/approle/role/crdb-cert/secret-id"]);
    let login = [&format!("role_id={}", id.trim()), &format!("secret_id={}", secret.trim())];
    root(&["write", "-field=token", "auth/approle/login", login[0], login[1]]).trim().to_owned()
}

/// The program, with the account that may only sign, at the server `at`.
fn command(
    cluster: &Cluster,
    sandbox: &Sandbox,
    token: &str,
    at: usize,
    args: &[&str],
) -> std::process::Command {
    let mut command = sandbox.command(args);
    let path = std::env::join_paths(
        std::iter::once(bin()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    command.env("PATH", path.expect("PATH")).env("HOME", sandbox.dir());
    command.env("BAO_ADDR", cluster.address(at)).env("BAO_TOKEN", token);
    command
}

/// What the engine's responder says about a certificate: `good`, `revoked`.
fn status(cluster: &Cluster, sandbox: &Sandbox, at: usize, file: &str) -> String {
    let url = format!("{}/v1/pki/ocsp", cluster.address(at));
    let files = ["-issuer", "certs/ca.crt", "-cert", file, "-CAfile", "certs/ca.crt"];
    let answer = sandbox.openssl(&[&["ocsp", "-url", &url, "-timeout", "20"], &files[..]].concat());
    let line = answer.lines().find_map(|line| line.strip_prefix(&format!("{file}: ")));
    line.unwrap_or(&answer).to_owned()
}

#[test]
fn a_fleet_is_made_by_an_engine_whose_leader_dies() {
    let mut cluster = Cluster::start();
    let sandbox = Sandbox::new();
    let token = set_up(&cluster, &sandbox);
    sandbox.write("cluster.yml", &manifest());
    let signer = project().join("contrib/signers/openbao");
    let with = format!("--sign-with='{}'", signer.display());
    let args =
        ["apply", "cluster.yml", "--out=fleet", "--certs-dir=certs", "--jobs=4", &with, "--sign-timeout=20s"];

    // That account may sign, and nothing else.
    let bao = bin().join("bao");
    for forbidden in [
        &["read", "pki/config/urls"][..],
        &["write", "pki/revoke", "serial_number=00:01"],
        &["write", "pki/root/sign-intermediate", "csr=x"],
        &["write", "pki/roles/x", "allow_any_name=true"],
        &["policy", "list"],
    ] {
        let mut command = sandbox.command_of(bao.to_str().expect("UTF-8"), forbidden);
        command.env("BAO_ADDR", cluster.address(1)).env("BAO_TOKEN", &token).env("HOME", sandbox.dir());
        let run = Run::of(&mut command);
        assert!(!run.success() && run.stderr.contains("permission denied"), "{forbidden:?}: {run:?}");
    }

    // By way of a follower, which passes everything on to the leader.
    let survivor = 1;
    let mut first = command(&cluster, &sandbox, &token, survivor, &args);
    let child = first.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
    let made = |dir: &str| sandbox.path(dir).read_dir().map_or(0, |all| all.count());
    while made("fleet/nodes") < 20 {
        sleep(Duration::from_millis(20));
    }
    let leader = cluster.kill_leader();
    assert_ne!(leader, survivor, "a follower was asked");
    let run = Run::from(child.wait_with_output().expect("an end"));
    let failed = run.stderr.matches("ERROR: fleet/").count();
    println!("the leader was killed: exit status {:?}, {failed} folders failed", run.status);
    assert_eq!(run.status == Some(0), failed == 0, "{run:?}");
    assert!(run.status.is_some_and(|status| status < 2), "{run:?}");

    // The next run does the rest, and no more.
    cluster.wait_for_leader(survivor, leader);
    let run = Run::of(&mut command(&cluster, &sandbox, &token, survivor, &args)).succeeds();
    assert_eq!(run.stdout.matches(": made").count().min(failed), run.stdout.matches(": made").count());
    assert_eq!((made("fleet/nodes"), made("fleet/clients")), (NODES, NODES));
    Run::of(&mut command(&cluster, &sandbox, &token, survivor, &[&args[..], &["--sign-with=exit 9"]].concat()))
        .succeeds();
    sandbox.run(&["verify", "--recursive", "--certs-dir=fleet", "--expires-within=1d"]).succeeds();

    let files = (0..NODES).map(|at| format!("fleet/nodes/n{at}/node.crt"));
    let users = (1..NODES).map(|at| format!("user{at}")).chain(["root".to_owned()]);
    let all: Vec<_> =
        files.chain(users.map(|user| format!("fleet/clients/{user}/client.{user}.crt"))).collect();
    for file in &all {
        assert_eq!(status(&cluster, &sandbox, survivor, file), "good", "{file}");
    }
    let serial = sandbox.openssl(&["x509", "-in", &all[7], "-noout", "-serial"]);
    let serial = serial.trim().trim_start_matches("serial=").as_bytes().chunks(2).map(String::from_utf8_lossy);
    let serial = format!("serial_number={}", serial.collect::<Vec<_>>().join(":"));
    cluster.root(survivor, &["write", "pki/revoke", &serial]);
    assert_eq!(status(&cluster, &sandbox, survivor, &all[7]), "revoked");
    assert_eq!(status(&cluster, &sandbox, survivor, &all[8]), "good");
}
