//! The table of cases, by what they are about. Each check of `src/finding/checks.rs` has one.

use super::{Case, check};

const NO_HANDSHAKE: &[&str] = &["--no-handshake"];

const DIRECTORY: &[Case] = &[
    ("", &[], &[]),
    ("chmod 770 certs", &[], &["warning certs dir-writable"]),
    (
        "chmod 710 certs; chmod 644 certs/*.key",
        &["--server-user=daemon", "--no-handshake"],
        &[
            "error certs dir-unreadable",
            "error client.maxroach.key key-access",
            "error client.root.key key-access",
            "error node.key key-access",
        ],
    ),
    ("mkdir -m 700 certs/.crdb-cert.new", &[], &["warning certs litter"]),
    ("mkdir -m 755 certs/.crdb-cert.commit", &[], &["warning certs unfinished-change"]),
    ("cp certs/ca.crt certs/ca2.crt", &[], &["warning certs file-name"]),
    (
        "cp certs/client.maxroach.crt certs/client.MaxRoach.crt; cp certs/client.maxroach.key certs/client.MaxRoach.key",
        &[],
        &["error client.maxroach.crt name-clash", "warning client.MaxRoach.crt client-principal"],
    ),
    ("rm certs/ca.crt", &[], &["error ca.crt ca-missing"]),
    ("rm certs/*", &[], &["error ca.crt ca-missing"]),
    ("rm certs/client.root.crt", &[], &["warning client.root.key certificate-missing"]),
    ("cp ca.key certs/ca.key", &[], &["error ca.key ca-key-in-dir"]),
    ("cp ca.key certs/mine.key", &[], &["error mine.key ca-key-in-dir"]),
    (
        "openssl ec -in ca.key -aes256 -passout pass:secret -out certs/ca.key",
        &[],
        &["error ca.key ca-key-in-dir"],
    ),
    ("key certs/other.key", &[], &[]),
];

const FILES: &[Case] = &[
    (
        "rm certs/node.crt; mkdir certs/node.crt; mv certs/node.crt certs/x; ln -s x certs/node.crt",
        &[],
        &["error node.crt certificate-unreadable"],
    ),
    (
        "dd if=/dev/zero of=certs/client.root.crt bs=1 count=0 seek=2G",
        &[],
        &["error client.root.crt certificate-unreadable"],
    ),
    ("echo junk >certs/client.root.crt", &[], &["error client.root.crt certificate-invalid"]),
    ("rm certs/client.root.key", &[], &["error client.root.key key-missing"]),
    ("rm certs/client.root.key; mkdir certs/client.root.key", &[], &["error client.root.key key-unreadable"]),
    ("chmod 644 certs/client.root.key", &[], &["error client.root.key key-access"]),
    ("echo junk >certs/client.root.key", &[], &["error client.root.key key-invalid"]),
    ("cp certs/node.key certs/client.root.key", &[], &["error client.root.key key-mismatch"]),
    (
        "openssl pkcs8 -topk8 -nocrypt -outform DER -in certs/client.root.key -out certs/client.root.key.pk8; chmod 600 certs/*.pk8",
        &[],
        &[],
    ),
    (
        "openssl pkcs8 -topk8 -nocrypt -outform DER -in certs/node.key -out certs/client.root.key.pk8; chmod 600 certs/*.pk8",
        &[],
        &["error client.root.key.pk8 pkcs8-mismatch"],
    ),
    (
        "echo junk >certs/client.root.key.pk8; chmod 600 certs/*.pk8",
        &[],
        &["error client.root.key.pk8 pkcs8-mismatch"],
    ),
];

const VALIDITY: &[Case] = &[
    ("END=20210101000000Z; leaf client.root root clientAuth", &[], &["error client.root.crt expired"]),
    ("START=99970101000000Z; leaf client.root root clientAuth", &[], &["error client.root.crt not-yet-valid"]),
    (
        "END=20990101000000Z; leaf client.root root clientAuth",
        &["--expires-within=876000h"],
        &["warning client.root.crt expires-soon"],
    ),
    (
        "END=20210101000000Z; ca old.crt old.key old; cat old.crt >>certs/ca.crt",
        &[],
        &["note ca.crt old-ca-expired"],
    ),
    (
        "END=20210101000000Z; ca certs/ca.crt ca.key",
        &[],
        &[
            "error ca.crt expired",
            "error client.maxroach.crt not-trusted",
            "error client.root.crt not-trusted",
            "error node.crt not-trusted",
            "warning client.maxroach.crt outlives-ca",
            "warning client.root.crt outlives-ca",
            "warning node.crt outlives-ca",
        ],
    ),
    (
        "END=20980101000000Z; ca certs/ca.crt ca.key; leaf node node $EKU_NODE \"$(names)\"; leaf client.maxroach maxroach clientAuth",
        &[],
        &["warning client.root.crt outlives-ca"],
    ),
];

const CAS: &[Case] = &[
    (
        "ca certs/ca.crt ca.key '' 'basicConstraints=critical,CA:FALSE\\nsubjectKeyIdentifier=hash'",
        NO_HANDSHAKE,
        &[
            "error ca.crt not-a-ca",
            "error client.maxroach.crt not-trusted",
            "error client.root.crt not-trusted",
            "error node.crt not-trusted",
        ],
    ),
    (
        "ca certs/ca.crt ca.key '' 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,digitalSignature\\nsubjectKeyIdentifier=hash'",
        NO_HANDSHAKE,
        &[
            "error ca.crt not-a-ca",
            "error client.maxroach.crt not-trusted",
            "error client.root.crt not-trusted",
            "error node.crt not-trusted",
        ],
    ),
    // Go refuses what it does not know.
    (
        "ca certs/ca.crt ca.key '' 'basicConstraints=critical,CA:TRUE\\nsubjectKeyIdentifier=hash\\n1.2.3.4=critical,DER:0500'",
        NO_HANDSHAKE,
        &[
            "error ca.crt not-trusted",
            "error client.maxroach.crt not-trusted",
            "error client.root.crt not-trusted",
            "error node.crt not-trusted",
        ],
    ),
    (
        "START=20230101000000Z; ca new.crt new.key; cat new.crt >>certs/ca.crt",
        &[],
        &["warning ca.crt ca-order"],
    ),
    (
        "START=20230101000000Z; ca new.crt new.key; cat certs/ca.crt >>new.crt; cp new.crt certs/ca.crt",
        &[],
        &[
            "note client.maxroach.crt signed-by-older-ca",
            "note client.root.crt signed-by-older-ca",
            "note node.crt signed-by-older-ca",
        ],
    ),
    ("", &["--ca-key=ca.key"], &[]),
    ("key other.key", &["--ca-key=other.key"], &["error other.key ca-key-mismatch"]),
    ("", &["--ca-key=nope.key"], &["error nope.key ca-key-unreadable"]),
    ("echo junk >bad.key; chmod 600 bad.key", &["--ca-key=bad.key"], &["error bad.key ca-key-unreadable"]),
    ("chmod 640 ca.key", &["--ca-key=ca.key"], &["warning ca.key secret-readable"]),
    (
        "chmod 644 ca.key; chmod 755 certs; chmod 644 certs/*.key",
        &["--ca-key=ca.key", "--server-user=daemon", "--no-handshake"],
        &[
            "error ca.key ca-key-exposed",
            "error client.maxroach.key key-access",
            "error client.root.key key-access",
            "error node.key key-access",
            "warning ca.key secret-readable",
        ],
    ),
    (
        "openssl genrsa -out ca.key 1024; chmod 600 ca.key; rm certs/*; ca certs/ca.crt ca.key; leaf client.root root clientAuth",
        &["--ca-key=ca.key", "--no-handshake"],
        &["warning ca.crt weak-key", "warning ca.key ca-key-weak"],
    ),
];

const CHAINS: &[Case] = &[
    // To the other nodes a node is a client.
    (
        "ca certs/ca-client.crt cc.key 'Client CA'; CA=certs/ca-client.crt CA_KEY=cc.key
         leaf client.root root clientAuth; leaf client.maxroach maxroach clientAuth",
        NO_HANDSHAKE,
        &["error node.crt not-trusted"],
    ),
    (
        "ca other.crt other.key 'Other CA'; CA=other.crt CA_KEY=other.key; leaf client.root root clientAuth",
        &[],
        &["error client.root.crt not-trusted"],
    ),
    (
        "ca other.crt other.key; CA=other.crt CA_KEY=other.key; leaf client.root root clientAuth",
        &[],
        &["error client.root.crt not-trusted"],
    ),
    // The link between stands in the node's file, and is missing from root's.
    (
        "key between.key; openssl req -new -key between.key -subj '/O=Cockroach/CN=Between' -out csr
         sign csr between.crt 'basicConstraints=critical,CA:TRUE,pathlen:0\\nsubjectKeyIdentifier=hash'
         CA=between.crt CA_KEY=between.key; leaf node node $EKU_NODE \"$(names)\"; cat between.crt >>certs/node.crt
         leaf client.root root clientAuth; leaf client.maxroach maxroach clientAuth; cat between.crt >>certs/client.maxroach.crt",
        &[],
        &["error client.root.crt chain-incomplete"],
    ),
    // The link between is the first to go.
    (
        "key between.key; openssl req -new -key between.key -subj '/O=Cockroach/CN=Between' -out csr; LATER=$END; END=20980101000000Z
         sign csr between.crt 'basicConstraints=critical,CA:TRUE,pathlen:0\\nsubjectKeyIdentifier=hash'; END=$LATER
         CA=between.crt CA_KEY=between.key; leaf client.root root clientAuth; cat between.crt >>certs/client.root.crt",
        &["--expires-within=876000h"],
        &["warning client.root.crt expires-soon", "warning client.root.crt outlives-ca"],
    ),
    (
        "key certs/client.root.key secp224r1; leaf client.root root clientAuth",
        NO_HANDSHAKE,
        &["warning client.root.crt chain-doubtful", "warning client.root.crt weak-key"],
    ),
    ("MD=sha1; leaf client.root root clientAuth", NO_HANDSHAKE, &["error client.root.crt weak-signature"]),
    (
        "SERIAL=7A; leaf client.root root clientAuth; leaf client.maxroach maxroach clientAuth",
        &[],
        &["warning client.root.crt duplicate-serial"],
    ),
    ("ca certs/ca-ui.crt ui.key 'UI CA'; leaf ui localhost serverAuth \"$(names)\"", &[], &["note ui.crt ui-other-ca"]),
];

const CONTENTS: &[Case] = &[
    ("leaf client.root root serverAuth", &[], &["error client.root.crt key-usage"]),
    ("leaf node node clientAuth \"$(names)\"", &[], &["error node.crt key-usage"]),
    ("leaf node node serverAuth \"$(names)\"", &[], &["error node.crt key-usage"]),
    (
        "for kind in crt key; do cp certs/node.$kind certs/ui.$kind; cp certs/node.$kind certs/client.node.$kind; done",
        &[],
        &[],
    ),
    ("leaf node node serverAuth \"$(names)\"; leaf client.node node clientAuth", &[], &[]),
    ("leaf node node $EKU_NODE", &[], &["error node.crt no-names"]),
    ("", &["--host=a.example.com", "--host=127.0.0.1", "--advertise-addr=localhost:26257"], &[]),
    ("", &["--host=a.b.example.com", "--advertise-addr=10.0.0.1"], &["error node.crt host-not-covered"]),
    ("leaf client.root maxroach clientAuth", &[], &["warning client.root.crt client-principal"]),
    ("leaf client.root MaxRoach clientAuth", &["--cert-principal-map=MaxRoach:root"], &[]),
    ("leaf node n1 $EKU_NODE \"$(names)\"", &[], &["error node.crt node-principal"]),
    // openssl's ca command puts the common name first.
    (
        "",
        &[
            "--node-cert-distinguished-name=CN=node,O=Cockroach",
            "--root-cert-distinguished-name=CN=root,O=Cockroach",
        ],
        &[],
    ),
    ("", &["--node-cert-distinguished-name=O=Acme,CN=node"], &["error node.crt node-principal"]),
    (
        "",
        &["--root-cert-distinguished-name=O=Acme,CN=root"],
        &["error node.crt node-principal", "warning client.root.crt client-principal"],
    ),
    (
        "leaf client.root boss clientAuth; leaf client.maxroach maxroach clientAuth subjectAltName=DNS:root",
        &[
            "--node-cert-distinguished-name=CN=node,O=Cockroach",
            "--root-cert-distinguished-name=CN=boss,O=Cockroach",
        ],
        &[],
    ),
    (
        "leaf client.maxroach boss clientAuth",
        &[
            "--node-cert-distinguished-name=CN=node,O=Cockroach",
            "--root-cert-distinguished-name=CN=boss,O=Cockroach",
        ],
        &[
            "error client.maxroach.crt root-in-names",
            "warning client.maxroach.crt client-principal",
            "warning client.root.crt client-principal",
        ],
    ),
    (
        "printf 'cockroach start --certs-dir=certs --cert-principal-map=MaxRoach:root\n' >start.sh; leaf client.root MaxRoach clientAuth",
        &["--server-flags-from=start.sh"],
        &[],
    ),
    (
        "leaf client.maxroach maxroach clientAuth subjectAltName=DNS:root",
        &[],
        &["error client.maxroach.crt root-in-names"],
    ),
    (
        "leaf client.maxroach maxroach clientAuth subjectAltName=URI:crdb://tenant/1/user/root",
        &[],
        &["error client.maxroach.crt root-in-names"],
    ),
    ("leaf node node $EKU_NODE subjectAltName=DNS:localhost,DNS:root", &[], &["error node.crt root-in-names"]),
    (
        "openssl genrsa -out certs/client.root.key 1024; chmod 600 certs/client.root.key; leaf client.root root clientAuth",
        NO_HANDSHAKE,
        &["warning client.root.crt weak-key"],
    ),
    (
        "key certs/tenant-signing.2.key; openssl req -x509 -key certs/tenant-signing.2.key -subj '/CN=Tenant 2 Token Signing Certificate' \
           -days 1000 -out certs/tenant-signing.2.crt",
        &[],
        &["error tenant-signing.2.crt key-kind"],
    ),
];

#[test]
fn the_directory_itself_is_checked() {
    check(DIRECTORY);
}

#[test]
fn files_are_checked() {
    check(FILES);
}

#[test]
fn validity_is_checked() {
    check(VALIDITY);
}

#[test]
fn cas_are_checked() {
    check(CAS);
}

#[test]
fn chains_are_checked() {
    check(CHAINS);
}

#[test]
fn what_certificates_say_is_checked() {
    check(CONTENTS);
}
