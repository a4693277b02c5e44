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

const CFSSL: &str = r#"{"signing": {"default": {"expiry": "2160h",
    "usages": ["digital signature", "server auth", "client auth"]}}}"#;
const CERTTOOL: &str = "expiration_days = 90\nhonor_crq_extensions\n";

#[test]
fn what_other_cas_issue_is_imported() {
    for peer in [Peer::Cfssl, Peer::Certtool] {
        let sandbox = Sandbox::new();
        sandbox.create("certs", &["create-ca", "--key-algorithm=ecdsa"]);
        sandbox.create_in(&[], "certs", &["csr", "node", "localhost", "10.0.0.1", "--key-algorithm=ecdsa"]);
        let answer = match peer {
            Peer::Cfssl => {
                sandbox.write("cfssl.json", CFSSL);
                let args = ["sign", "-ca=certs/ca.crt", "-ca-key=certs.ca.key", "-config=cfssl.json"];
                let answer = sandbox.tell(peer, args.into_iter().chain(["certs/node.csr"]));
                let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
                answer["cert"].as_str().expect("a certificate").to_owned()
            }
            _ => {
                sandbox.write("template", CERTTOOL);
                let ca = ["--load-ca-certificate=certs/ca.crt", "--load-ca-privkey=certs.ca.key"];
                let sign = ["--generate-certificate", "--load-request=certs/node.csr", "--template=template"];
                sandbox.tell(peer, sign.into_iter().chain(ca).chain(["--outfile=answer.pem"]));
                sandbox.read("answer.pem")
            }
        };
        sandbox.write("answer.pem", &answer);
        sandbox.create_in(&[], "certs", &["import", "answer.pem"]);
        assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.key"], "{peer:?}");
        sandbox.create_in(&[], "certs", &["verify"]);
    }
}
