//! OpenSSL, GnuTLS, NSS, Go, Java and Python agree on who is whose: which certificates they take for a server
//! of which name, and for a client, and which they refuse for what reason.

use std::collections::BTreeMap;
use std::fs;

use crate::peers::Peer;
use crate::sandbox::Sandbox;
use crate::sets::{self, KEYS, Key};

/// What a certificate is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Server,
    Client,
}

/// What has to come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// The certificate is for something else.
    Purpose,
    /// The certificate is for other names.
    Name,
    /// The CA is another one, although of the same name.
    Stranger,
}

/// A certificate that is shown to a peer.
#[derive(Debug, Clone, Copy)]
struct Case {
    key: Key,
    /// Its file, without `.crt`.
    name: &'static str,
    /// The CA of its set that the peer trusts, without `.crt`.
    trusted: &'static str,
    role: Role,
    /// The name by which the server was called; empty if nobody asks for it.
    host: &'static str,
    verdict: Verdict,
}

use Role::{Client, Server};
use Verdict::{Accepted, Name, Purpose, Stranger};

/// Instead of a CA of the set: the one of the same name that has nothing to do with it.
const STRANGER: &str = "a stranger";

/// The names of the node, then what is none of them.
const HOSTS: [(&str, Verdict); 13] = [
    ("", Accepted),
    ("node1.example.com", Accepted),
    ("NODE1.EXAMPLE.COM", Accepted),
    ("a.dev.example.com", Accepted),
    ("xn--bcher-kva.example", Accepted),
    ("localhost", Accepted),
    ("127.0.0.1", Accepted),
    ("::1", Accepted),
    ("10.0.0.1", Accepted),
    ("dev.example.com", Name),
    ("a.b.dev.example.com", Name),
    ("node", Name),
    ("10.0.0.2", Name),
];

/// The users, and the CA of each.
const USERS: [(&str, &str); 4] =
    [("client.root", "ca"), ("client.app", "ca"), ("client.é", "ca"), ("client.node", "ca-client")];

/// Each with a CA of its set that has not signed it, and bears the same name as the one that has.
const OTHERS: [(&str, &str); 5] = [
    ("node", "ca-client"),
    ("client.root", "ca-client"),
    ("client.node", "ca"),
    ("ui", "ca"),
    ("client-tenant.2", "ca-client"),
];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for key in KEYS {
        let mut show = |name, trusted, role, host, verdict| {
            cases.push(Case { key, name, trusted, role, host, verdict });
        };
        for (host, verdict) in HOSTS {
            show("node", "ca", Server, host, verdict);
        }
        show("node", "ca", Client, "", Accepted);
        show("node", STRANGER, Server, "", Stranger);
        for (user, ca) in USERS {
            show(user, ca, Client, "", Accepted);
            show(user, ca, Server, "", Purpose);
            show(user, STRANGER, Client, "", Stranger);
        }
        for host in ["", "console.example.com", "node1.example.com", "10.0.0.1"] {
            show("ui", "ca-ui", Server, host, Accepted);
        }
        show("ui", "ca-ui", Server, "ui", Name);
        show("ui", "ca-ui", Client, "", Purpose);
        for host in ["", "sql2.example.com", "node1.example.com", "10.0.0.1"] {
            show("client-tenant.2", "ca-client-tenant", Server, host, Accepted);
        }
        show("client-tenant.2", "ca-client-tenant", Server, "2", Name);
        show("client-tenant.2", "ca-client-tenant", Client, "", Accepted);
        for (name, ca) in OTHERS {
            let role = if name == "ui" { Server } else { Client };
            show(name, ca, role, "", Stranger);
        }
    }
    cases
}

impl Case {
    fn certificate(&self) -> String {
        format!("{}/{}.crt", self.key.cluster(), self.name)
    }

    /// The CA that the peer trusts.
    fn ca(&self) -> String {
        match self.trusted {
            STRANGER => "stranger/ca.crt".to_owned(),
            ca => format!("{}/{ca}.crt", self.key.cluster()),
        }
    }

    /// Compares what a peer has said; `words` are those it refuses with.
    fn check(&self, peer: Peer, accepted: bool, said: &str, words: fn(&Case) -> &'static str) {
        match self.verdict {
            Accepted => assert!(accepted, "{peer:?} refuses {self:?}: {said}"),
            _ => {
                assert!(!accepted, "{peer:?} accepts {self:?}: {said}");
                assert!(said.contains(words(self)), "{peer:?} has another reason to refuse {self:?}: {said}");
            }
        }
    }
}

/// The sets, and a CA that has nothing to do with them but bears the same name.
fn sandbox() -> Sandbox {
    let sandbox = sets::unpack_all();
    sandbox.create("stranger", &["create-ca", "--key-algorithm=ecdsa"]);
    sandbox
}

#[test]
fn openssl_accepts_and_refuses_under_its_strict_rules() {
    let sandbox = sandbox();
    for case in cases() {
        let (ca, certificate) = (case.ca(), case.certificate());
        let purpose = match case.role {
            Server => "sslserver",
            Client => "sslclient",
        };
        let mut arguments = vec!["verify", "-x509_strict", "-purpose", purpose, "-CAfile", &ca];
        let is_address = case.host.parse::<std::net::IpAddr>().is_ok();
        match case.host {
            "" => (),
            host if is_address => arguments.extend(["-verify_ip", host]),
            host => arguments.extend(["-verify_hostname", host]),
        }
        arguments.push(&certificate);
        let answer = sandbox.ask(Peer::Openssl, arguments);
        case.check(Peer::Openssl, answer.success, &answer.stderr, |case| match case.verdict {
            Purpose => "unsuitable certificate purpose",
            Name => "mismatch",
            _ => "unable to get local issuer certificate",
        });
    }
}

#[test]
fn gnutls_accepts_and_refuses() {
    let sandbox = sandbox();
    for case in cases() {
        let purpose = match case.role {
            Server => "1.3.6.1.5.5.7.3.1",
            Client => "1.3.6.1.5.5.7.3.2",
        };
        // RSA with 2048 bits is "medium" in GnuTLS's words.
        let mut arguments = vec![
            "--verify".to_owned(),
            "--verify-profile=medium".to_owned(),
            format!("--load-ca-certificate={}", case.ca()),
            format!("--infile={}", case.certificate()),
            format!("--verify-purpose={purpose}"),
        ];
        if !case.host.is_empty() {
            arguments.push(format!("--verify-hostname={}", case.host));
        }
        let answer = sandbox.ask(Peer::Certtool, arguments);
        case.check(Peer::Certtool, answer.success, &answer.stdout, |case| match case.verdict {
            Purpose => "does not match the intended purpose",
            Name => "does not match the expected",
            _ => "issuer is unknown",
        });
    }
}

/// A database of NSS that trusts one CA.
fn nss_database(sandbox: &Sandbox, name: &str, ca: &str) -> String {
    fs::create_dir(sandbox.path(name)).expect("a directory for the database");
    let database = format!("sql:{name}");
    sandbox.tell(Peer::Certutil, ["-N", "-d", &database, "--empty-password"]);
    sandbox.tell(Peer::Certutil, ["-A", "-d", &database, "-n", "ca", "-t", "CT,,", "-i", ca]);
    database
}

#[test]
fn nss_accepts_and_refuses_and_sees_the_names() {
    let sandbox = sandbox();
    for key in KEYS {
        // A database for each CA that is trusted, by its file.
        let mut databases = BTreeMap::new();
        // NSS has no tool that compares names.
        for case in cases().iter().filter(|case| case.key == key && case.host.is_empty()) {
            let new = format!("nss-{}-{}", key.cluster(), databases.len());
            let database =
                &*databases.entry(case.ca()).or_insert_with_key(|ca| nss_database(&sandbox, &new, ca));
            let usage = match case.role {
                Server => "V",
                Client => "C",
            };
            let file = case.certificate();
            sandbox.tell(Peer::Certutil, ["-A", "-d", database, "-n", case.name, "-t", ",,", "-i", &file]);
            let verify = ["-V", "-e", "-d", database, "-n", case.name, "-u", usage];
            let answer = sandbox.ask(Peer::Certutil, verify);
            let said = answer.stdout + &answer.stderr;
            case.check(Peer::Certutil, answer.success, &said, |case| match case.verdict {
                Purpose => "Certificate type not approved for application",
                _ => "issuer",
            });
        }
        let text = sandbox
            .tell(Peer::Certutil, ["-L", "-d", &databases[&format!("{}/ca.crt", key.cluster())], "-n", "node"]);
        let names: Vec<_> = text
            .lines()
            .filter_map(|line| {
                let line = line.trim();
                line.strip_prefix("DNS name: ").or_else(|| line.strip_prefix("IP Address: "))
            })
            .collect();
        assert_eq!(
            names,
            [
                "\"node1.example.com\"",
                "\"*.dev.example.com\"",
                "\"xn--bcher-kva.example\"",
                "\"localhost\"",
                "127.0.0.1",
                "::1",
                "10.0.0.1"
            ]
        );
    }
}

/// Puts all cases to a program of `peers/`.
fn ask_all(sandbox: &Sandbox, peer: Peer, words: fn(&Case) -> &'static str) {
    let cases = cases();
    let mut arguments = vec!["verify".to_owned()];
    for case in &cases {
        let role = match case.role {
            Server => "server",
            Client => "client",
        };
        arguments.extend([role.to_owned(), case.host.to_owned(), case.ca(), case.certificate()]);
    }
    let answers = sandbox.tell(peer, &arguments);
    let answers: Vec<_> = answers.lines().collect();
    assert_eq!(answers.len(), cases.len(), "{peer:?}: {answers:?}");
    for (case, answer) in cases.iter().zip(answers) {
        case.check(peer, answer == "accepted", answer, words);
    }
}

#[test]
fn go_accepts_and_refuses() {
    ask_all(&sandbox(), Peer::Go, |case| match case.verdict {
        Purpose => "incompatible key usage",
        Name => "certificate is valid for",
        _ => "signed by unknown authority",
    });
}

#[test]
fn java_accepts_and_refuses() {
    let sandbox = sandbox();
    // Java compares names while it connects only, and it reads PKCS#8 only.
    for key in KEYS {
        for name in ["node", "ui", "client-tenant.2"] {
            crate::keys::as_pkcs8(&sandbox, key, name);
        }
    }
    ask_all(&sandbox, Peer::Java, |case| match case.verdict {
        Purpose if case.role == Client => {
            "Extended key usage does not permit use for TLS client authentication"
        }
        Purpose => "Extended key usage does not permit use for TLS server authentication",
        Name => "matching",
        _ => "PKIX path",
    });
}

#[test]
fn python_accepts_and_refuses() {
    ask_all(&sandbox(), Peer::Python, |case| match case.verdict {
        Purpose if case.role == Client => "required EKU not found",
        // A server has to have a name that matches, which is looked at first.
        Purpose | Name => "subjectAltName",
        _ => "candidates exhausted",
    });
}
