//! The walk-through of CockroachDB's documents, as printed there but for the program's name.

use crate::sandbox::{Run, Sandbox, without_dates};

const WALKTHROUGH: &str = r"
umask 022
mkdir certs
rmdir my-safe-directory
mkdir my-safe-directory
crdb-cert create-ca \
--certs-dir=certs \
--ca-key=my-safe-directory/ca.key
crdb-cert create-node \
node1.example.com \
node1.another-example.com \
*.dev.another-example.com \
--certs-dir=certs \
--ca-key=my-safe-directory/ca.key
rm certs/node.crt certs/node.key
crdb-cert create-node \
node2.example.com \
node2.another-example.com \
--certs-dir=certs \
--ca-key=my-safe-directory/ca.key
crdb-cert create-client \
maxroach \
--certs-dir=certs \
--ca-key=my-safe-directory/ca.key
";

const LIST: &str = "crdb-cert list --certs-dir=certs";

const TABLE: &str = "\
Certificate directory: certs
+-----------------------+---------------------+---------------------+------------+--------------------------------------------------------+-------+
|         Usage         |  Certificate File   |      Key File       |  Expires   |                         Notes                          | Error |
+-----------------------+---------------------+---------------------+------------+--------------------------------------------------------+-------+
| Certificate Authority | ca.crt              |                     | NNNN/NN/NN | num certs: 1                                           |       |
| Node                  | node.crt            | node.key            | NNNN/NN/NN | addresses: node2.example.com,node2.another-example.com |       |
| Client                | client.maxroach.crt | client.maxroach.key | NNNN/NN/NN | user: maxroach                                         |       |
+-----------------------+---------------------+---------------------+------------+--------------------------------------------------------+-------+
(3 rows)
";

fn prints_the_table(run: Run) {
    let run = run.succeeds();
    assert_eq!(run.stderr, "");
    assert_eq!(without_dates(&run.stdout), TABLE);
}

#[test]
fn the_documents_walkthrough_runs_as_printed_and_list_prints_its_table() {
    let sandbox = Sandbox::new();
    sandbox.script(WALKTHROUGH).succeeds_silently();
    prints_the_table(sandbox.script(LIST));
    let names = ["ca.crt", "client.maxroach.crt", "client.maxroach.key", "node.crt", "node.key"];
    assert_eq!(sandbox.names("certs"), names);
    assert_eq!(sandbox.names("my-safe-directory"), ["ca.key"]);
}

#[test]
fn the_second_node_can_overwrite_the_first_instead() {
    let sandbox = Sandbox::new();
    sandbox
        .script(
            &WALKTHROUGH
                .replace("rm certs/node.crt certs/node.key\n", "")
                .replace("node2.another-example.com \\\n", "node2.another-example.com --overwrite \\\n"),
        )
        .succeeds_silently();
    prints_the_table(sandbox.script(LIST));
}
