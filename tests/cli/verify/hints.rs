//! What to type next: the command that a finding shows.

use serde_json::Value;

use super::found;

/// A case: what is done to a good directory, the arguments, the id of a finding, and its hint.
const HINTS: &[(&str, &[&str], &str, &str)] = &[
    (
        "END=20210101000000Z; ca certs/ca.crt ca.key",
        &["--ca-key=ca.key"],
        "expired",
        "crdb-cert create-ca --allow-ca-key-reuse --overwrite --certs-dir=certs --ca-key=ca.key",
    ),
    // What the CA has signed needs nothing but the CA.
    (
        "END=20210101000000Z; ca certs/ca.crt ca.key",
        &["--ca-key=ca.key"],
        "not-trusted",
        "crdb-cert create-ca --allow-ca-key-reuse --overwrite --certs-dir=certs --ca-key=ca.key",
    ),
    // The CA is good, but did not sign it.
    (
        "ca other.crt other.key; CA=other.crt CA_KEY=other.key; leaf client.root root clientAuth",
        &[],
        "not-trusted",
        "crdb-cert create-client root --overwrite --certs-dir=certs --ca-key=...",
    ),
    (
        "ca certs/ca-client.crt cc.key 'Client CA'; CA=certs/ca-client.crt CA_KEY=cc.key
         leaf client.root root clientAuth; leaf client.maxroach maxroach clientAuth",
        &["--no-handshake"],
        "not-trusted",
        "crdb-cert create-client node --certs-dir=certs --ca-key=...",
    ),
    (
        "START=20230101000000Z; ca new.crt new.key; cat new.crt >>certs/ca.crt",
        &[],
        "ca-order",
        "$EDITOR certs/ca.crt   # put the newest certificate first",
    ),
    ("echo junk >certs/ca.crt", &[], "certificate-invalid", "cp .../ca.crt certs/ca.crt"),
    (
        "START=99970101000000Z; leaf client.root root clientAuth",
        &[],
        "not-yet-valid",
        "date -u   # here, and on the host that made the certificate",
    ),
    (
        "ca public.crt public.key 'Public CA'; CA=public.crt CA_KEY=public.key; leaf ui localhost serverAuth \"$(names)\"",
        &[],
        "ui-other-ca",
        "",
    ),
    // Names of somebody else's choice become no flags.
    (
        "leaf node node $EKU_NODE 'subjectAltName=DNS:--owner=daemon,DNS:localhost'",
        &["--host=a.example.com"],
        "host-not-covered",
        "crdb-cert create-node localhost a.example.com --overwrite --certs-dir=certs --ca-key=...",
    ),
    (
        "leaf client.--owner=daemon x clientAuth",
        &[],
        "client-principal",
        "crdb-cert create-client ... --overwrite --certs-dir=certs --ca-key=...",
    ),
    // No name is left out silently.
    (
        "leaf node node $EKU_NODE subjectAltName=DNS:h$(seq -s ,DNS:h 25); rm certs/node.key",
        &["--no-handshake"],
        "key-missing",
        "crdb-cert create-node h1 h2 h3 h4 h5 h6 h7 h8 h9 h10 h11 h12 h13 h14 h15 h16 h17 h18 h19 h20 ... --overwrite --certs-dir=certs --ca-key=...",
    ),
];

#[test]
fn findings_show_what_to_type() {
    for (script, args, id, expected) in HINTS {
        let report: Value = serde_json::from_str(&found(script, args).1.stdout).expect("JSON");
        let files = report["files"].as_array().expect("files").iter();
        let findings = files.flat_map(|file| file["findings"].as_array().expect("findings").iter());
        let hints: Vec<_> =
            findings.filter(|finding| finding["id"] == *id).map(|finding| &finding["hint"]).collect();
        let expected = if expected.is_empty() { Value::Null } else { Value::from(*expected) };
        assert!(hints.contains(&&expected), "{script}\n{expected}\n{hints:?}");
    }
}

/// A case: what is done to a good directory, the arguments, the id of a finding, and how it ends.
const SENTENCES: &[(&str, &[&str], &str, &str)] = &[
    (
        "ca other.crt other.key 'Other CA'; CA=other.crt CA_KEY=other.key; leaf client.root root clientAuth",
        &[],
        "not-trusted",
        "nor is its certificate in the file behind this one; if clients have a CA of their own, ca-client.crt is missing",
    ),
    (
        "ca other.crt other.key 'Other CA'; CA=other.crt CA_KEY=other.key; leaf node node $EKU_NODE \"$(names)\"",
        &["--no-handshake"],
        "not-trusted",
        "nor is its certificate in the file behind this one",
    ),
    (
        "ca certs/ca-client.crt cc.key 'Client CA'; CA=certs/ca-client.crt CA_KEY=cc.key
         leaf client.root root clientAuth; leaf client.maxroach maxroach clientAuth",
        &["--no-handshake"],
        "not-trusted",
        "; to the other nodes a node is a client",
    ),
    (
        "key between.key; openssl req -new -key between.key -subj '/O=Cockroach/CN=Between' -out csr; LATER=$END; END=20980101000000Z
         sign csr between.crt 'basicConstraints=critical,CA:TRUE,pathlen:0\\nsubjectKeyIdentifier=hash'; END=$LATER
         CA=between.crt CA_KEY=between.key; leaf client.root root clientAuth; cat between.crt >>certs/client.root.crt",
        &["--expires-within=876000h"],
        "expires-soon",
        "certificate 2 of the file expires on 2098-01-01 00:00:00 UTC",
    ),
];

#[test]
fn findings_say_what_is_wrong() {
    for (script, args, id, expected) in SENTENCES {
        let report: Value = serde_json::from_str(&found(script, args).1.stdout).expect("JSON");
        let files = report["files"].as_array().expect("files").iter();
        let findings = files.flat_map(|file| file["findings"].as_array().expect("findings").iter());
        let said: Vec<_> = findings
            .filter(|finding| finding["id"] == *id)
            .map(|finding| finding["what"].as_str().expect("a text"))
            .collect();
        assert!(said.iter().any(|said| said.ends_with(expected)), "{script}\n{expected}\n{said:?}");
    }
}

#[test]
fn root_is_not_told_to_lock_the_server_out() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let script = "chgrp daemon certs/*.key; chmod 640 certs/*.key; chmod 755 certs";
    let (_, run) = found(script, &["--no-handshake"]);
    let hint = "crdb-cert verify --certs-dir=certs --server-user=...   # the account the database runs under";
    assert!(run.stdout.contains(hint) && !run.stdout.contains("chmod"), "{run:?}");
    found(script, &["--no-handshake", "--server-user=daemon"]).1.succeeds();
}

#[test]
fn who_may_not_read_a_key_is_not_told_to_make_another() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let (_, run) = found("chmod 0 certs/client.root.key", &["--no-handshake"]);
    assert!(run.stdout.contains("\"sudo crdb-cert verify --certs-dir=certs --server-user=...\""), "{run:?}");
}
