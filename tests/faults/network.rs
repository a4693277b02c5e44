//! `probe` is the only command that opens a socket to a network. Local ones are fine: `verify` shakes hands
//! with itself over a pair, and libc may ask nscd or systemd for accounts.

use std::collections::BTreeSet;
use std::fs;

use crate::strace;
use crate::world::{Run, World, program, words};

const DIRS: &str = "--certs-dir=certs --ca-key=my-safe-directory/ca.key";

/// Every command, in an order in which they work. The names in them are of hosts that a resolver would be asked
/// about.
const COMMANDS: [&str; 31] = [
    "create-ca DIRS --key-algorithm=ecdsa",
    "create-node node1.example.com DIRS --key-algorithm=ecdsa",
    "create-ui console.example.com DIRS --key-algorithm=ecdsa",
    "create-client root DIRS --key-algorithm=ecdsa",
    "create-tenant-client 2 sql2.example.com DIRS --key-algorithm=ecdsa",
    "create-tenant-signing 2 --certs-dir=certs",
    "csr client app --certs-dir=certs --key-algorithm=ecdsa",
    "sign certs/client.app.csr --as=client --user=app --out=- DIRS",
    "import answer.pem --certs-dir=certs",
    "list --certs-dir=certs --server-user=root",
    "verify --certs-dir=certs --server-user=root --host=node1.example.com --advertise-addr=node1.example.com:26257",
    "status --certs-dir=certs",
    "renew node DIRS",
    "remove-ca --expired --certs-dir=certs",
    "subject certs/node.crt",
    "check-login root --certs-dir=certs",
    "check-login --rpc --certs-dir=certs",
    "apply cluster.yml --out=fleet DIRS",
    "export pkcs12 root --passphrase-file=secret --out=root.p12 --certs-dir=certs",
    "export pkcs8 root --out=root.pk8 --certs-dir=certs",
    "export pem root --out=root.pem --certs-dir=certs",
    "export connection root --host=node1.example.com --certs-dir=certs",
    "export kubernetes --out=secrets.yaml --certs-dir=certs",
    "create-client-ca --certs-dir=certs --ca-key=my-safe-directory/client.key --key-algorithm=ecdsa",
    "create-ui-ca --certs-dir=certs --ca-key=my-safe-directory/ui.key --key-algorithm=ecdsa",
    "create-tenant-client-ca --certs-dir=certs --ca-key=my-safe-directory/tenant.key --key-algorithm=ecdsa",
    "version --verbose",
    "generate man pages",
    "generate completions bash",
    PROBE,
    "probe node1.invalid --timeout=1s --certs-dir=certs",
];

/// Shows that a socket would be seen.
const PROBE: &str = "probe 127.0.0.1:1 --timeout=1s --certs-dir=certs";

/// The lines of strace's log that are about a network: neither local sockets nor what is done with open ones.
fn network_calls(world: &World, args: &[String]) -> Vec<String> {
    // The one of the other tests sees files only, but says whether there is a strace at all.
    let _ = strace::command(world, args, &[]);
    let log = world.beside("network.log");
    let mut command = world
        .command("strace", &["-f", "-qq", "-e", "trace=socket,connect,bind,sendto,sendmsg,sendmmsg", "-o"]);
    let run = Run::of(command.arg(&log).args(["--", program()]).args(args));
    if args[0] == "sign" {
        world.write("answer.pem", &run.stdout);
    }
    let is_probe = args[0] == "probe";
    assert!(matches!((is_probe, run.status), (false, Some(0)) | (true, Some(3))), "{args:?}: {run:?}");
    let log = fs::read_to_string(log).expect("strace's log");
    let is_of_network = |line: &&str| {
        let is_call = ["socket(", "connect(", "bind("].iter().any(|call| line.contains(call));
        is_call && !line.contains("AF_UNIX") && !line.contains("AF_LOCAL")
    };
    log.lines().filter(is_of_network).map(str::to_owned).collect()
}

#[test]
fn only_probe_opens_a_socket_to_a_network() {
    let world = World::new();
    world.write("cluster.yml", b"{nodes: [n1.example.com], clients: [root], defaults: {lifetime: 90d}}\n");
    world.write("secret", b"correct horse\n");
    let mut run = BTreeSet::new();
    for line in COMMANDS {
        let args = words(&line.replace("DIRS", DIRS));
        let calls = network_calls(&world, &args);
        match args[0].as_str() {
            "probe" if line == PROBE => {
                assert!(calls.iter().any(|call| call.contains("AF_INET")), "{line}: {calls:?}")
            }
            "probe" => {}
            _ => assert_eq!(calls, [""; 0], "{line}"),
        }
        run.insert(args[0].clone());
    }
    let commands = crdb_cert::cli::command();
    let all: BTreeSet<_> = commands.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(run, all, "each command has a line above");
}
