//! docs/rotation.md, command by command, over hosts that talk TLS to each other all the time.

mod hosts;

use crate::sandbox::{DIRS, Sandbox};
use hosts::Hosts;

const HOSTS: [(&str, &str, &str); 4] = [
    ("node1", "fleet/nodes/node1", "node"),
    ("node2", "fleet/nodes/node2", "node"),
    ("node3", "fleet/nodes/node3", "node"),
    ("root", "fleet/clients/root", "client.root"),
];

const CLUSTER: &str = "\
defaults: {key-algorithm: ecdsa}
nodes: ['node[1:3]']
clients: [root]
";

/// The commands of a chapter of the page, in order.
fn commands(chapter: &str) -> Vec<&'static str> {
    let page = include_str!("../../../docs/rotation.md");
    let chapter = page.split("\n## ").find(|text| text.starts_with(chapter)).expect(chapter);
    chapter.lines().filter_map(|line| line.trim().strip_prefix("$ ")).collect()
}

/// The next step, with what only the operator knows filled in; none if there is nothing to do. Changes nothing.
fn next(sandbox: &Sandbox, status: &str) -> Option<String> {
    let before = sandbox.snapshot();
    let said = sandbox.script(status).succeeds_silently_but_for_stdout();
    assert_eq!(sandbox.snapshot(), before);
    let next = said.lines().find_map(|line| line.strip_prefix("next: "));
    assert_eq!(next.is_none(), said.contains("\nnothing to do\n"), "{said}");
    next.map(|next| {
        next.replace("<manifest>", "cluster.yml")
            .replace("<key of the CA in use>", "my-safe-directory/ca-2027.key")
    })
}

fn fleet() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.write("cluster.yml", CLUSTER);
    sandbox.run(&[&["apply", "cluster.yml", "--out=fleet"], &DIRS[..]].concat()).succeeds();
    sandbox
}

/// A command of the page, with a key that is quick to make.
fn run(sandbox: &Sandbox, command: &str) {
    let run = sandbox.script(&command.replace("create-ca ", "create-ca --key-algorithm=ecdsa "));
    assert_eq!(run.succeeds().stderr, "", "{command}");
}

#[test]
fn no_connection_fails_while_a_fleet_changes_its_ca_and_status_knows_the_next_step() {
    let commands = commands("A fleet");
    let [status, create, trust, renew, remove, forget] = commands[..] else { panic!("{commands:?}") };
    let sandbox = fleet();
    let mut hosts = Hosts::start(sandbox.dir(), &HOSTS);
    hosts.connect_all_the_time();
    assert_eq!(next(&sandbox, status), None);
    run(&sandbox, create);
    for (command, order) in [
        (trust, Some([2, 0, 3, 1])),
        // A certificate of the old CA keeps it.
        (renew, Some([1, 3, 2, 0])),
        (remove, None),
        (forget, Some([3, 1, 0, 2])),
    ] {
        assert_eq!(next(&sandbox, status).as_deref(), Some(command));
        if command != remove && command != forget {
            sandbox.refuses(
                &["remove-ca", "--old", "--fleet=fleet", "--certs-dir=certs"],
                &["needs certificate 2 in certs/ca.crt"],
            );
        }
        run(&sandbox, command);
        for host in order.into_iter().flatten() {
            hosts.copy_and_reload(host);
            assert_eq!(hosts.failures(), [""; 0], "{command}, after host {host}");
        }
    }
    assert_eq!(next(&sandbox, status), None);
    let (made, failures) = hosts.stop();
    assert_eq!(failures, [""; 0]);
    assert!(made > 0);
    // It was all for this.
    sandbox.verifies("certs/ca.crt", "hosts/node1/node.crt", "sslserver");
    let both = sandbox.read("hosts/node2/ca.crt");
    assert_eq!((both.matches("BEGIN").count(), both), (1, sandbox.read("certs/ca.crt")));
}

#[test]
fn a_step_that_is_left_out_is_noticed() {
    let [_, create, _, renew, ..] = commands("A fleet")[..] else { panic!("commands") };
    let sandbox = fleet();
    let hosts = Hosts::start(sandbox.dir(), &HOSTS);
    assert_eq!(hosts.failures(), [""; 0]);
    run(&sandbox, create);
    for dry_run in [" --dry-run", ""] {
        let warned = sandbox.script(&format!("{renew}{dry_run}")).succeeds().stderr;
        let words = "warning: a CA that is new to 4 of 4 folders signs certificates in them: hosts that do not trust it";
        assert!(warned.starts_with(words) && warned.lines().count() == 1, "{warned}");
    }
    hosts.copy_and_reload(0);
    let failures = hosts.failures().join("\n");
    for pair in ["node1 to node2", "node2 to node1", "root to node1"] {
        assert!(failures.contains(pair), "{pair}: {failures}");
    }
}

#[test]
fn one_directory_goes_the_same_way() {
    let commands = commands("One directory");
    let [status, create, renew, remove] = commands[..] else { panic!("{commands:?}") };
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds();
    sandbox.create("create-client", &["root"]).succeeds();
    assert_eq!(next(&sandbox, status), None);
    run(&sandbox, create);
    for command in [renew, remove] {
        assert_eq!(next(&sandbox, status).as_deref(), Some(command));
        run(&sandbox, command);
    }
    assert_eq!(next(&sandbox, status), None);
    sandbox.verifies("certs/ca.crt", "certs/client.root.crt", "sslclient");
}
