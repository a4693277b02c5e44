//! Go and Python read a request, find its signature good, and what it asks for in our order.

use crate::peers::Peer;
use crate::sandbox::Sandbox;

/// localhost and 10.0.0.1; serverAuth and clientAuth; digitalSignature.
const EXPECTED: &str = "\
signature: good
subject: 2.5.4.10 PrintableString Acme Inc
subject: 2.5.4.11 PrintableString movr-prod
subject: 0.9.2342.19200300.100.1.1 PrintableString node
extension: 2.5.29.15 critical 03020780
extension: 2.5.29.37 non-critical 301406082b0601050507030106082b06010505070302
extension: 2.5.29.17 non-critical 301182096c6f63616c686f737487040a000001
";

#[test]
fn go_and_python_read_what_a_request_asks_for() {
    let sandbox = Sandbox::new();
    let args = ["csr", "node", "localhost", "10.0.0.1", "--key-algorithm=ecdsa"];
    sandbox.create_in(&[], "certs", &[&args[..], &["--subject=O=Acme Inc,OU=movr-prod,UID=node"]].concat());
    for peer in [Peer::Go, Peer::Python] {
        let read = sandbox.tell(peer, ["request", "certs/node.csr"]);
        let read: String = read
            .lines()
            .filter(|line| !line.starts_with("subjectBytes"))
            .map(|line| line.to_owned() + "\n")
            .collect();
        assert_eq!(read, EXPECTED, "{peer:?}");
    }
}
