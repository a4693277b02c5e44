//! What is in `examples`, run as it is: a Makefile, an Ansible playbook, and systemd's opinion of the units.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::shell::{installed, program, project};
use crate::support::{Run, Sandbox};

const CLUSTER: &str = "\
defaults: {key-algorithm: ecdsa}
nodes: ['node[1:3]']
clients: [root]
";

const NODES: [&str; 3] = ["node1", "node2", "node3"];

/// A repository for a cluster with its CA, the example's files, and the program in `bin`.
fn repository(example: &str) -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.write("cluster.yml", CLUSTER);
    sandbox.make_dir("bin");
    sandbox.make_dir("hosts");
    sandbox.write("signals", "");
    symlink(program(), sandbox.path("bin/crdb-cert")).expect("the program");
    for entry in fs::read_dir(project().join("examples").join(example)).expect(example) {
        let path = entry.expect("an entry").path();
        fs::copy(&path, sandbox.dir().join(path.file_name().expect("a name"))).expect("a copy");
    }
    sandbox
}

/// A command in it.
fn command(sandbox: &Sandbox, program: &str, args: &[&str]) -> Command {
    let mut command = sandbox.command_of(program, args);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::iter::once(sandbox.path("bin")).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(dirs).expect("PATH"));
    command
}

/// Which nodes got a signal since the last time this was asked.
fn signalled(sandbox: &Sandbox) -> Vec<String> {
    let signals = sandbox.read("signals");
    sandbox.write("signals", "");
    let mut nodes: Vec<_> = signals.lines().map(str::to_owned).collect();
    nodes.sort();
    nodes
}

/// Each node has what is in its folder.
fn all_are_deployed(sandbox: &Sandbox) {
    for node in NODES {
        for file in ["ca.crt", "node.crt", "node.key"] {
            let [here, there] = [format!("fleet/nodes/{node}/{file}"), format!("hosts/{node}/{file}")];
            assert_eq!(sandbox.read(&here), sandbox.read(&there), "{here}");
        }
    }
}

/// node2 has another host from now on.
fn edit(sandbox: &Sandbox) {
    sandbox
        .write("cluster.yml", &CLUSTER.replace("['node[1:3]']", "[node1, {name: node2, hosts: [db]}, node3]"));
}

const NEW_CA: [&str; 5] = [
    "create-ca",
    "--overwrite",
    "--key-algorithm=ecdsa",
    "--certs-dir=certs",
    "--ca-key=my-safe-directory/new.key",
];

fn make(sandbox: &Sandbox, args: &[&str]) -> Run {
    let mut make = command(sandbox, "make", args);
    Run::of(make.env("DEPLOY", "mkdir -p hosts/$(2) && cp $(1)/* hosts/$(2)/ && echo $(2) >>signals"))
}

#[test]
fn make_deploys_what_changed_and_nothing_else() {
    let sandbox = repository("ops");
    make(&sandbox, &["certs", "deploy"]).succeeds();
    all_are_deployed(&sandbox);
    assert_eq!(signalled(&sandbox), NODES);
    let before = sandbox.snapshot_of("fleet");
    for goals in [&["certs", "deploy"][..], &["-j4", "deploy", "certs"]] {
        make(&sandbox, goals).succeeds();
        assert_eq!(signalled(&sandbox), [""; 0], "{goals:?}");
        assert_eq!(sandbox.snapshot_of("fleet"), before, "{goals:?}");
    }
    edit(&sandbox);
    make(&sandbox, &["-j4", "deploy", "certs"]).succeeds();
    assert_eq!(signalled(&sandbox), ["node2"]);
    all_are_deployed(&sandbox);
    make(&sandbox, &["check"]).succeeds();
    assert!(make(&sandbox, &["status"]).succeeds().stdout.contains("\nnothing to do\n"));
}

#[test]
fn make_deploys_again_what_failed() {
    let sandbox = repository("ops");
    make(&sandbox, &["certs"]).succeeds();
    // In the way of a directory.
    sandbox.write("hosts/node2", "");
    let run = make(&sandbox, &["-k", "deploy"]);
    assert_eq!(run.status, Some(2), "{run:?}");
    assert_eq!(signalled(&sandbox), ["node1", "node3"]);
    fs::remove_file(sandbox.path("hosts/node2")).expect("the file in the way");
    make(&sandbox, &["deploy"]).succeeds();
    assert_eq!(signalled(&sandbox), ["node2"]);
    all_are_deployed(&sandbox);
}

#[test]
fn make_replaces_the_ca_step_by_step() {
    let sandbox = repository("ops");
    make(&sandbox, &["certs", "deploy"]).succeeds();
    signalled(&sandbox);
    let new = "CA_KEY=my-safe-directory/new.key";
    let cas = |file: &str| sandbox.read(file).matches("BEGIN").count();
    make(&sandbox, &["rotate", new]).succeeds();
    assert_eq!((signalled(&sandbox), cas("hosts/node3/ca.crt")), (NODES.map(str::to_owned).to_vec(), 2));
    // From cron, it would be a step before its time.
    let run = make(&sandbox, &["certs", new]);
    assert!(run.stderr.contains("The CA is being replaced: make rotate"), "{run:?}");
    let old = sandbox.read("hosts/node1/node.crt");
    make(&sandbox, &["rotate", new]).succeeds();
    assert_ne!(sandbox.read("hosts/node1/node.crt"), old);
    make(&sandbox, &["rotate", new]).succeeds();
    assert_eq!((signalled(&sandbox).len(), cas("hosts/node3/ca.crt")), (6, 1));
    all_are_deployed(&sandbox);
    sandbox.verifies("certs/ca.crt", "hosts/node2/node.crt", "sslserver");
    assert!(make(&sandbox, &["rotate", new]).succeeds().stdout.contains("\nnothing to do\n"));
    assert_eq!(signalled(&sandbox), [""; 0]);
    make(&sandbox, &["certs", "deploy", new]).succeeds();
    assert_eq!(signalled(&sandbox), [""; 0]);
}

/// Three nodes that are directories of this host.
const INVENTORY: &str = r#"    node[1:3]:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    owner: "{{ lookup('pipe', 'id -un') }}"
    certs_dir: "{{ playbook_dir }}/hosts/{{ inventory_hostname }}"
    reload: sh -c 'echo {{ inventory_hostname }} >>{{ playbook_dir }}/signals'
all:
"#;

/// The playbook: how many tasks changed something, on each node.
fn play(sandbox: &Sandbox) -> Vec<String> {
    let inventory =
        fs::read_to_string(project().join("examples/ansible/inventory.yml")).expect("the inventory");
    let (before, rest) = inventory.split_once("    node[1:3].example.com:\n").expect("its nodes");
    let (_, after) = rest.split_once("\nall:\n").expect("what all have");
    sandbox.write("inventory.yml", &format!("{before}{INVENTORY}{after}"));
    let ansible = installed("ansible-playbook");
    let mut ansible =
        command(sandbox, ansible.to_str().expect("UTF-8"), &["--inventory=inventory.yml", "certs.yml"]);
    ansible
        .env("HOME", sandbox.dir())
        .env("LC_ALL", "C.UTF-8")
        .env("ANSIBLE_NOCOLOR", "1")
        .env("ANSIBLE_PIPELINING", "1");
    let said = Run::of(&mut ansible).succeeds().stdout;
    let recap = said.split("PLAY RECAP").nth(1).expect("a recap");
    let node = |line: &&str| line.starts_with("node");
    let changed =
        |line: &str| line.split_whitespace().find_map(|word| word.strip_prefix("changed=").map(str::to_owned));
    recap.lines().filter(node).filter_map(changed).collect()
}

#[test]
fn ansible_copies_what_changed_signals_only_those_nodes_and_replaces_a_ca_in_the_right_order() {
    let sandbox = repository("ansible");
    play(&sandbox);
    all_are_deployed(&sandbox);
    assert_eq!(signalled(&sandbox), NODES);
    assert_eq!((sandbox.mode("hosts/node1"), sandbox.mode("hosts/node1/node.key")), (0o700, 0o600));
    assert_eq!((play(&sandbox), signalled(&sandbox)), (["0"; 3].map(str::to_owned).to_vec(), vec![]));
    edit(&sandbox);
    // A copy, and a signal.
    assert_eq!(play(&sandbox), ["0", "2", "0"]);
    assert_eq!(signalled(&sandbox), ["node2"]);
    all_are_deployed(&sandbox);
    // Twice of both: the CAs, then the certificates.
    sandbox.run(&NEW_CA).succeeds();
    let keys = ["new", "ca"].map(|name| sandbox.path(&format!("my-safe-directory/{name}.key")));
    fs::rename(&keys[0], &keys[1]).expect("the key");
    assert_eq!(play(&sandbox), ["4", "4", "4"]);
    let signals = sandbox.read("signals");
    let (first, second) = signals.split_at(signals.len() / 2);
    assert!(NODES.iter().all(|node| first.contains(node) && second.contains(node)), "{signals}");
    sandbox.run(&["remove-ca", "--old", "--fleet=fleet", "--certs-dir=certs"]).succeeds();
    assert_eq!(play(&sandbox), ["2", "2", "2"]);
    all_are_deployed(&sandbox);
    sandbox.verifies("certs/ca.crt", "hosts/node2/node.crt", "sslserver");
}

/// The most that `systemd-analyze security` may say of the service: 1.2 of 10 now, where 10 is the most
/// exposed.
const EXPOSURE: u32 = 13;

#[test]
fn systemd_understands_the_units_and_finds_little_exposed() {
    let sandbox = Sandbox::new();
    let units = ["crdb-cert-renew@.service", "crdb-cert-renew@.timer"];
    for unit in units {
        let text = fs::read_to_string(project().join("examples/systemd").join(unit)).expect(unit);
        assert!(unit.ends_with(".timer") || text.contains("/usr/bin/crdb-cert renew --if-due=1/3"), "{text}");
        sandbox.write(unit, &text.replace("/usr/bin/crdb-cert", "/bin/true"));
    }
    let paths = units.map(|unit| format!("./{unit}"));
    let paths = paths.each_ref().map(String::as_str);
    let analyze = |args: &[&str]| Run::of(&mut sandbox.command_of("systemd-analyze", args));
    let run = analyze(&[&["verify", "--man=no"], &paths[..]].concat());
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
    let threshold = format!("--threshold={EXPOSURE}");
    let run = analyze(&["security", "--offline=true", "--no-pager", &threshold, paths[0]]).succeeds();
    let score = run.stdout.lines().find(|line| line.contains("Overall exposure level")).expect("a score");
    println!("{score}");
}
