//! Nodes and clients connect over TLS, each showing its certificate to the other: by the TLS of Go, which is
//! CockroachDB's, and of Java.

use crate::peers::Peer;
use crate::sandbox::Sandbox;
use crate::sets::{self, KEYS};

/// A client and its name for the node.
const CALLS: [(&str, &str); 4] = [
    ("client.root", "node1.example.com"),
    ("client.root", "a.dev.example.com"),
    ("client.root", "::1"),
    ("node", "127.0.0.1"),
];

fn connect(sandbox: &Sandbox, peer: Peer, calls: &[(&str, &str)]) -> String {
    let mut arguments = vec!["connect".to_owned()];
    for key in KEYS {
        let cluster = key.cluster();
        for (client, host) in calls {
            arguments.extend([
                format!("{cluster}/ca.crt"),
                format!("{cluster}/node"),
                format!("{cluster}/{client}"),
                (*host).to_owned(),
            ]);
        }
    }
    sandbox.tell(peer, &arguments)
}

#[test]
fn go_connects_users_and_nodes_with_a_node() {
    let sandbox = sets::unpack_all();
    let calls = [CALLS.as_slice(), &[("client.é", "10.0.0.1"), ("client.app", "localhost")]].concat();
    let once = ["root", "root", "root", "node", "é", "app"].map(|user| format!("connected: {user}\n"));
    assert_eq!(connect(&sandbox, Peer::Go, &calls), once.concat().repeat(KEYS.len()));
}

#[test]
fn java_connects_users_and_nodes_with_a_node() {
    let sandbox = sets::unpack_all();
    for key in KEYS {
        crate::keys::as_pkcs8(&sandbox, key, "node");
    }
    let once = ["root", "root", "root", "node"].map(|user| format!("connected: CN={user},O=Cockroach\n"));
    assert_eq!(connect(&sandbox, Peer::Java, &CALLS), once.concat().repeat(KEYS.len()));
}
