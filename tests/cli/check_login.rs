//! `check-login`: the server's verdict (REFERENCE.md section 6). Every rule and every precedence has its case
//! in `login::tests`; here are real certificates, TLS and the answers.

use crate::sandbox::{Run, Sandbox};

const ROOT: &str = "O=Acme Inc,OU=movr-prod,UID=root";
const NODE: &str = "O=Acme Inc,OU=movr-prod,UID=node";
const MAXROACH: &str = "CN=myName,OU=myOrgUnit,O=myOrg,L=myLocality,ST=myState,C=US";

const VERSION: &str = "VERSION: 26.3, the newest known (--server-version)";

/// The certificates of the documents' example. Its country, `myCountry`, fits no certificate.
fn example() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost", "--subject", NODE]).succeeds_silently();
    sandbox.create("create-client", &["root", "--subject", ROOT]).succeeds_silently();
    sandbox.create("create-client", &["maxroach", "--subject", MAXROACH]).succeeds();
    sandbox
}

fn check(sandbox: &Sandbox, user: &str, flags: &[&str]) -> Run {
    sandbox.run(&[&["check-login", user, "--certs-dir=certs"], flags].concat())
}

fn allows(sandbox: &Sandbox, user: &str, flags: &[&str], because: &str) {
    let run = check(sandbox, user, flags);
    assert_eq!(
        (run.status, run.stdout, run.stderr.as_str()),
        (Some(0), format!("allowed: {because}\n{VERSION}\n"), ""),
        "{flags:?}"
    );
}

fn refuses(sandbox: &Sandbox, user: &str, flags: &[&str], words: &[&str]) {
    let run = check(sandbox, user, flags);
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""), "{flags:?}: {}", run.stdout);
    assert!(
        run.stdout.starts_with("refused: ") && run.stdout.contains("\nHINT: "),
        "{flags:?}: {}",
        run.stdout
    );
    for words in words {
        assert!(run.stdout.contains(words), "{flags:?}: {words:?} is not in: {}", run.stdout);
    }
}

fn cannot_judge(sandbox: &Sandbox, user: &str, flags: &[&str], words: &[&str]) {
    let run = check(sandbox, user, flags);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{flags:?}: {}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{flags:?}: {words:?} is not in: {}", run.stderr);
    }
}

#[test]
fn the_documents_example_logs_in() {
    let sandbox = example();
    let flag = |user: &str, dn: &str| format!("--{user}-cert-distinguished-name={dn}");
    let role = format!("--role-subject={MAXROACH}");
    let required = "--subject-required";
    let equals = |what: &str| format!("the certificate's subject equals {what}");
    allows(&sandbox, "root", &[&flag("root", ROOT), required], &equals("--root-cert-distinguished-name"));
    allows(&sandbox, "node", &[&flag("node", NODE), required], &equals("--node-cert-distinguished-name"));
    allows(&sandbox, "maxroach", &[&role, required], &equals("the SUBJECT of role \"maxroach\""));
}

#[test]
fn the_example_with_two_attributes_swapped_is_refused_and_says_which() {
    let sandbox = example();
    sandbox.create("create-client", &["carl"]).succeeds_silently();
    let swapped = "--root-cert-distinguished-name=O=Acme Inc,UID=root,OU=movr-prod";
    let table = "       the server expects   the certificate has
    1  O=Acme Inc           O=Acme Inc
>   2! UID=root             OU=movr-prod   <- first difference
    3! OU=movr-prod         UID=root
Positions 2 and 3 have changed places; that is the only difference.
";
    let failed = "refused: certificate authentication failed for user \"root\" (DN: o=Acme Inc,uid=root,ou=movr-prod)\n\
                  DETAIL: The client certificate (DN: o=Acme Inc,ou=movr-prod,uid=root) is valid for \"\" on all tenants.\n";
    let hint = "HINT: Make a certificate with the subject the server expects: `crdb-cert create-client root \
                --subject='O=Acme Inc,UID=root,OU=movr-prod' --overwrite --certs-dir=... --ca-key=...`.\n";
    refuses(&sandbox, "root", &[swapped], &[failed, table, hint]);
    let swapped = "--node-cert-distinguished-name=OU=movr-prod,O=Acme Inc,UID=node";
    refuses(&sandbox, "node", &[swapped], &["Positions 1 and 2 have changed places"]);
    let swapped = "--role-subject=CN=myName,OU=myOrgUnit,L=myLocality,O=myOrg,ST=myState,C=US";
    refuses(&sandbox, "maxroach", &[swapped], &["Positions 3 and 4 have changed places"]);
    // Whose certificate it is does not become the role's.
    for cert in ["--cert=certs/client.maxroach.crt", "--cert=certs/client.carl.crt"] {
        let run = check(&sandbox, "carl", &[cert, "--role-subject=UID=alice"]);
        assert_eq!(run.stdout.contains("ALTER ROLE \"carl\""), cert.contains("carl"), "{run:?}");
    }
    let reversed = "--root-cert-distinguished-name=UID=root,OU=movr-prod,O=Acme Inc";
    refuses(
        &sandbox,
        "root",
        &[reversed],
        &["The certificate's subject is reversed; that is the only difference."],
    );
}

#[test]
fn without_a_subject_to_match_names_decide() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["ann"]).succeeds_silently();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    allows(&sandbox, "ann", &[], "the certificate is valid for \"ann\" on all tenants");
    allows(&sandbox, "Ann", &[], "the certificate is valid for \"ann\" on all tenants");
    allows(&sandbox, "node", &[], "the certificate is valid for \"node\" on all tenants");
    let cert = "--cert=certs/client.ann.crt";
    let words = [
        "certificate authentication failed for user \"bob\" (DN: <nil>)\nDETAIL: The client certificate (DN: <nil>) is valid for \"ann\" on all tenants.\n",
    ];
    refuses(&sandbox, "bob", &[cert], &words);
    allows(
        &sandbox,
        "bob",
        &[cert, "--cert-principal-map=x:y,ann:bob"],
        "the certificate is valid for \"bob\" on all tenants",
    );
    refuses(
        &sandbox,
        "ann",
        &["--subject-required"],
        &[
            "user \"ann\" does not have a distinguished name set which subject_required cluster setting mandates",
        ],
    );
    // The subject decides alone.
    refuses(
        &sandbox,
        "ann",
        &["--role-subject=CN=ann"],
        &["certificate authentication failed for user \"ann\""],
    );
    allows(
        &sandbox,
        "bob",
        &[cert, "--role-subject=O=Cockroach,CN=ann"],
        "the certificate's subject equals the SUBJECT of role \"bob\"",
    );
}

#[test]
fn scopes_are_valid_on_their_tenants() {
    let sandbox = Sandbox::with_ca();
    sandbox
        .create("create-client", &["ann", "--tenant-scope=2", "--tenant-name-scope=app"])
        .succeeds_silently();
    allows(&sandbox, "ann", &["--tenant-id=2"], "the certificate is valid for \"ann\" on tenantID 2");
    allows(
        &sandbox,
        "ann",
        &["--tenant-id=7", "--tenant-name=app"],
        "the certificate is valid for \"ann\" on tenantName app",
    );
    let valid_for = "valid for \"ann\" on tenantID 2, \"ann\" on tenantName app.";
    refuses(&sandbox, "ann", &[], &[valid_for, "--tenant-scope=1"]);
    refuses(&sandbox, "ann", &["--tenant-id=3", "--tenant-name=b"], &[valid_for]);
    cannot_judge(&sandbox, "ann", &["--tenant-id=0"], &["--tenant-id: invalid tenant id 0"]);
    cannot_judge(&sandbox, "ann", &["--tenant-name=A"], &["--tenant-name: invalid tenant name \"A\""]);
}

#[test]
fn tls_has_to_succeed_first() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["ann", "--lifetime=48h"]).succeeds_silently();
    let expired =
        ["refused: the TLS handshake fails: the certificate expired on ", "crdb-cert create-client ann"];
    refuses(&sandbox, "ann", &["--at=2030-01-01T00:00:00Z"], &expired);
    refuses(
        &sandbox,
        "ann",
        &["--at=2020-01-01T00:00:00Z"],
        &["refused: the TLS handshake fails: the certificate is not valid before "],
    );
    // Another CA of the same name.
    let other = ["create-ca", "--key-algorithm=ecdsa", "--certs-dir=other", "--ca-key=other.key"];
    sandbox.run(&other).succeeds_silently();
    let run = sandbox.run(&["check-login", "ann", "--certs-dir=other", "--cert=certs/client.ann.crt"]);
    let refused = "refused: the TLS handshake fails: the certificate does not chain to the CA for clients: ";
    assert!(run.status == Some(1) && run.stdout.starts_with(refused), "{run:?}");
    // A server certificate: no clientAuth.
    let key = [
        "-new",
        "-key",
        "my-safe-directory/ca.key",
        "-subj",
        "/CN=ann",
        "-addext",
        "extendedKeyUsage=serverAuth",
    ];
    sandbox.openssl(&[&["req", "-x509", "-out", "server.crt"], &key[..]].concat());
    sandbox.write("certs/ca.crt", &(sandbox.read("certs/ca.crt") + &sandbox.read("server.crt")));
    refuses(&sandbox, "ann", &["--cert=server.crt"], &["the certificate does not allow client authentication"]);
}

#[test]
fn any_certificate_of_the_ca_file_will_do_and_a_client_ca_goes_before() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["ann"]).succeeds_silently();
    std::fs::remove_file(sandbox.path("my-safe-directory/ca.key")).expect("ca.key");
    sandbox.create("create-ca", &["--overwrite"]).succeeds_silently();
    allows(&sandbox, "ann", &[], "the certificate is valid for \"ann\" on all tenants");
    let other = ["create-ca", "--key-algorithm=ecdsa", "--certs-dir=other", "--ca-key=other.key"];
    sandbox.run(&other).succeeds_silently();
    std::fs::rename(sandbox.path("other/ca.crt"), sandbox.path("certs/ca-client.crt")).expect("ca-client.crt");
    refuses(&sandbox, "ann", &[], &["does not chain to the CA for clients"]);
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    refuses(&sandbox, "node", &[], &["(or ca.crt): `crdb-cert create-client node --overwrite"]);
}

#[test]
fn a_tenants_certificate_is_nobodys() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-tenant-client", &["2", "localhost"]).succeeds_silently();
    std::fs::rename(sandbox.path("certs/client-tenant.2.crt"), sandbox.path("certs/client.ann.crt"))
        .expect("client.ann.crt");
    let words = ["refused: using tenant client certificate as user certificate is not allowed\n"];
    refuses(&sandbox, "ann", &[], &words);
    refuses(&sandbox, "ann", &["--role-subject=O=Cockroach,OU=Tenants,CN=2"], &words);
}

#[test]
fn what_cannot_be_judged_is_status_2() {
    let sandbox = example();
    cannot_judge(
        &sandbox,
        "nobody",
        &[],
        &["could not read certificate file certs/client.nobody.crt: no such file or directory"],
    );
    cannot_judge(&sandbox, ",x", &[], &["username is invalid"]);
    cannot_judge(
        &sandbox,
        "root",
        &["--role-subject=O=a"],
        &["role \"root\" cannot have a SUBJECT", "use the --root-cert-distinguished-name CLI flag"],
    );
    cannot_judge(
        &sandbox,
        "maxroach",
        &["--role-subject=SN=a"],
        &["--role-subject: SUBJECT contains illegal field type \"SN\""],
    );
    cannot_judge(
        &sandbox,
        "root",
        &["--root-cert-distinguished-name=CN"],
        &["--root-cert-distinguished-name: attribute 1"],
    );
    cannot_judge(
        &sandbox,
        "root",
        &["--cert-principal-map=x"],
        &["--cert-principal-map: invalid <cert-principal>:<db-principal> mapping"],
    );
    cannot_judge(&sandbox, "root", &["--at=tomorrow"], &["--at: \"tomorrow\" is not a time", "HINT: "]);
    cannot_judge(&sandbox, "root", &["--format=xml"], &["ERROR: "]);
    cannot_judge(
        &sandbox,
        "root",
        &["--server-version=23.2"],
        &["--server-version: the rules of server version \"23.2\" are not known; known are 24.1, "],
    );
    cannot_judge(
        &sandbox,
        "root",
        &["--root-cert-san=MAIL=x"],
        &["--root-cert-san: invalid SAN attribute type: \"MAIL\" (only DNS, URI, and IP are allowed)"],
    );
    cannot_judge(&sandbox, "root", &["--hba-map=m"], &["--ident-map"]);
    cannot_judge(&sandbox, "root", &["--all"], &["ERROR: "]);
    let run = sandbox.run(&["check-login", "--certs-dir=certs", "--all=false"]);
    assert!(run.status == Some(2) && run.stderr.contains("ERROR: no user is named\nHINT: "), "{run:?}");
    let run = sandbox.run(&["check-login", "--certs-dir=certs"]);
    assert!(run.status == Some(2) && run.stderr.contains("<USER|--all|--rpc>"), "{run:?}");
    let run = sandbox.run(&["check-login", "root", "--certs-dir=empty", "--cert=certs/node.crt"]);
    assert!(
        run.status == Some(2) && run.stderr.contains("could not read CA certificate empty/ca.crt"),
        "{run:?}"
    );
    let run = sandbox.run(&["check-login", "--all", "--certs-dir=/nonexist"]);
    assert!(run.status == Some(2) && run.stderr.contains("HINT: check --certs-dir: "), "{run:?}");
}

#[test]
fn programs_get_json() {
    let sandbox = example();
    let flags = ["--format=json", "--root-cert-distinguished-name=UID=root,OU=movr-prod,O=Acme Inc"];
    let run = check(&sandbox, "root", &flags);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(run.status, Some(1));
    assert_eq!(answer["allowed"], false);
    assert_eq!(answer["rule"], "subject-mismatch");
    assert_eq!(
        answer["message"],
        "certificate authentication failed for user \"root\" (DN: uid=root,ou=movr-prod,o=Acme Inc)"
    );
    assert_eq!((&answer["verdict"], &answer["server_version"]), (&"refused".into(), &"26.3".into()));
    assert_eq!(answer["comparison"]["relation"], "reversed");
    assert_eq!(answer["comparison"]["first_difference"], 1);
    assert_eq!(answer["comparison"]["positions"][1]["equal"], true);
    let flag = format!("--root-cert-distinguished-name={ROOT}");
    let run = check(&sandbox, "root", &["--format=json", &flag, "--tenant-id=3"]).succeeds();
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(
        (&answer["allowed"], &answer["user"], &answer["tenant"]["id"]),
        (&true.into(), &"root".into(), &3.into())
    );
}

#[test]
fn a_reader_that_went_away_does_not_turn_a_refusal_into_a_yes() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["bob"]).succeeds_silently();
    let check = "crdb-cert check-login ann --certs-dir=certs --cert=certs/client.bob.crt";
    let script = format!("(sleep 0.1; {check} && s=0 || s=$?; echo $s >status) | true; cat status");
    assert_eq!(sandbox.script(&script).succeeds().stdout, "1\n");
}

#[test]
fn a_certificate_cannot_add_lines_to_the_answer() {
    let sandbox = Sandbox::with_ca();
    let subject = "--subject=CN=x\\0aallowed: yes\\0aHINT: none";
    sandbox.create("create-client", &["ann", subject]).succeeds();
    for format in ["text", "json"] {
        let run = check(&sandbox, "bob", &["--cert=certs/client.ann.crt", &format!("--format={format}")]);
        assert_eq!(run.status, Some(1));
        assert!(run.stdout.lines().all(|line| !line.starts_with("allowed")), "{}", run.stdout);
        assert_eq!(run.stdout.lines().count(), if format == "json" { 1 } else { 4 }, "{}", run.stdout);
    }
}

#[test]
fn an_expired_ca_is_said_to_be_expired() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["ann"]).succeeds_silently();
    let run = check(&sandbox, "ann", &["--at=2098-01-01T00:00:00Z"]);
    assert!(
        run.stdout.contains("trusted CA certificate 1 (O=Cockroach,CN=Cockroach CA): expired on "),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("key identifier"), "{}", run.stdout);
}

/// Servers up to 26.2 would let root in by this flag, later ones would not start with it.
#[test]
fn a_name_that_servers_read_differently_is_not_judged() {
    let sandbox = example();
    let agree = "servers up to 26.2 read the name as ";
    cannot_judge(
        &sandbox,
        "root",
        &["--root-cert-distinguished-name=O=Acme Inc,OU=movr-prod,UID=root,"],
        &["--root-cert-distinguished-name: attribute 4", agree, "write it so, and all servers agree"],
    );
    cannot_judge(
        &sandbox,
        "maxroach",
        &[&format!("--role-subject={MAXROACH}+OU=")],
        &["--role-subject: ", agree],
    );
    // Nothing is trimmed, neither by the server nor here.
    refuses(&sandbox, "root", &[&format!("--root-cert-distinguished-name={ROOT}\t")], &["! UID=root\\09"]);
    refuses(&sandbox, "root", &[&format!("--root-cert-distinguished-name={ROOT}\\ ")], &["! UID=root\\ "]);
    refuses(&sandbox, "maxroach", &[&format!("--role-subject={MAXROACH}\t")], &["! C=US\\09"]);
    // A subject in a certificate, too.
    let subject = "/CN=bob/OU=";
    let request =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k"];
    sandbox.openssl(&[&request[..], &["-subj", subject, "-out", "odd.crt"]].concat());
    sandbox.write("certs/ca-client.crt", &sandbox.read("odd.crt"));
    let run = check(&sandbox, "bob", &["--cert=odd.crt", "--role-subject=CN=bob"]);
    if sandbox.openssl(&["x509", "-in", "odd.crt", "-noout", "-subject"]).contains("OU") {
        let doubt =
            "not judged: the subject is not judged, as servers read it differently: attribute 2 (\"OU=\")";
        assert!(run.status == Some(2) && run.stdout.starts_with(doubt), "{run:?}");
    }
}

#[test]
fn rules_apply_from_their_version_on() {
    let sandbox = example();
    sandbox.create("create-client", &["root", "--overwrite"]).succeeds_silently();
    let flags = ["--disallow-root-login", "--server-version=25.4"];
    let run = check(&sandbox, "root", &flags).succeeds();
    assert_eq!(
        run.stdout,
        "allowed: the certificate is valid for \"root\" on all tenants\nVERSION: 25.4\n\
         NOTE: --disallow-root-login has no effect: servers have it from version 26.1 on\n"
    );
    let banned =
        ["refused: certificate authentication failed for user \"root\" (DN: <nil>)\n", "VERSION: 26.1\n"];
    refuses(&sandbox, "root", &["--disallow-root-login", "--server-version=26.1"], &banned);
    refuses(&sandbox, "root", &["--san-required"], &["failed for user \"root\" based on SAN entries\n"]);
    sandbox.create("create-client", &["debug_user"]).succeeds_silently();
    refuses(&sandbox, "debug_user", &[], &["failed for user \"debug_user\""]);
    allows(
        &sandbox,
        "debug_user",
        &["--allow-debug-user"],
        "the certificate is valid for \"debug_user\" on all tenants",
    );
}

#[test]
fn connections_between_nodes_have_rules_of_their_own() {
    let sandbox = example();
    let rpc = |flags: &[&str]| sandbox.run(&[&["check-login", "--rpc", "--certs-dir=certs"], flags].concat());
    let node = format!("--node-cert-distinguished-name={NODE}");
    let run = rpc(&[&node]).succeeds();
    assert_eq!(
        run.stdout,
        format!("allowed: the certificate's subject equals --node-cert-distinguished-name\n{VERSION}\n")
    );
    let run = rpc(&[&format!("--root-cert-distinguished-name={ROOT}")]);
    let refused = "refused: need root or node client cert to perform RPCs on this server: cert dn did not match set root \
                   or node dn\nHINT: ";
    assert!(run.status == Some(1) && run.stdout.starts_with(refused), "{run:?}");
    let run = rpc(&["--cert=certs/client.maxroach.crt", "--format=json"]);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(
        (run.status, &answer["user"], &answer["rule"]),
        (Some(1), &serde_json::Value::Null, &"scope".into())
    );
}

#[test]
fn an_identity_map_stands_between_certificate_and_user() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["goofus"]).succeeds_silently();
    sandbox.write("map", "# who is who\ncrdb goofus gallant\ncrdb /^(.*)@x$ \\1\n");
    let cert = "--cert=certs/client.goofus.crt";
    let map = |name: &'static str| [cert, name, "--ident-map=map"];
    allows(
        &sandbox,
        "gallant",
        &map("--hba-map=crdb"),
        "the certificate is valid for \"goofus\" on all tenants",
    );
    let words = [
        "refused: requested user identity \"ann\" does not correspond to any mapping for system identity \"goofus\"",
    ];
    refuses(&sandbox, "ann", &map("--hba-map=crdb"), &words);
    refuses(
        &sandbox,
        "gallant",
        &map("--hba-map=x"),
        &["system identity \"goofus\" did not map to a database role"],
    );
    sandbox.write("map", "crdb goofus root\n");
    let words = ["refused: system identity \"goofus\" mapped to reserved database role \"root\""];
    refuses(&sandbox, "gallant", &map("--hba-map=crdb"), &words);
    sandbox.write("map", "crdb goofus\n");
    let words = ["--ident-map: map: unable to parse line 1: \"crdb goofus\""];
    cannot_judge(&sandbox, "gallant", &map("--hba-map=crdb"), &words);
    cannot_judge(&sandbox, "gallant", &[cert, "--hba-map=crdb", "--ident-map=none"], &["could not read none"]);
}

#[test]
fn the_servers_flags_are_read_from_its_unit() {
    let sandbox = example();
    let unit = |words: &str| {
        let dir = sandbox.path("").display().to_string();
        let text = format!(
            "[Service]\nWorkingDirectory={}\nExecStart=/usr/local/bin/cockroach start --certs-dir=certs \\\n  {words}\n",
            dir.trim_end_matches('/')
        );
        sandbox.write("crdb.service", &text);
    };
    let check = |user: &str, flags: &[&str]| {
        sandbox.run(&[&["check-login", user, "--server-flags-from=crdb.service"], flags].concat())
    };
    unit(&format!("'--root-cert-distinguished-name={ROOT}' --disallow-root-login"));
    let run = check("root", &["--subject-required"]).succeeds();
    assert!(run.stdout.starts_with("allowed: the certificate's subject equals --root-cert-dist"), "{run:?}");
    // A flag given here overrides the file's.
    assert_eq!(check("root", &["--root-cert-distinguished-name=CN=x"]).status, Some(1));
    assert_eq!(check("maxroach", &["--cert-principal-map=myname:maxroach"]).status, Some(0));
    assert_eq!(check("maxroach", &["--certs-dir=none"]).status, Some(2));
    unit("--cert-principal-map=myname:maxroach");
    assert_eq!(check("maxroach", &[]).status, Some(0));
    assert_eq!(check("maxroach", &["--cert-principal-map=myname:bob"]).status, Some(1));
    // Never the operator's own directory.
    let home = |text: &str| {
        sandbox.write("crdb.service", text);
        sandbox.script("HOME=$PWD/home crdb-cert check-login ann --server-flags-from=crdb.service")
    };
    let create = "mkdir home && crdb-cert create-ca --key-algorithm=ecdsa --certs-dir=home/.cockroach-certs --ca-key=home.key \
                  && crdb-cert create-client ann --certs-dir=home/.cockroach-certs --ca-key=home.key";
    sandbox.script(create).succeeds();
    let service = "[Service]\nExecStart=/usr/local/bin/cockroach start\n";
    let run = home(service);
    let words = "ERROR: --server-flags-from: crdb.service names no --certs-dir\nHINT: ";
    assert!(run.status == Some(2) && run.stderr.starts_with(words), "{run:?}");
    let run = home(&format!("{service}Environment=COCKROACH_CERTS_DIR={}\n", sandbox.path("certs").display()));
    assert!(run.status == Some(2) && run.stderr.contains("/certs/client.ann.crt: no such file"), "{run:?}");
    unit("--root-cert-distinguished-name=${DN}");
    let run = check("root", &[]);
    let words = "ERROR: --server-flags-from: crdb.service: line 3: --root-cert-distinguished-name: it is not known what ${DN} \
                 stands for\nHINT: ";
    assert!(run.status == Some(2) && run.stderr.starts_with(words), "{run:?}");
}

#[test]
fn all_certificates_of_the_directory_are_tried() {
    let sandbox = Sandbox::with_ca();
    for user in ["ann", "bob", "root"] {
        sandbox.create("create-client", &[user]).succeeds_silently();
    }
    sandbox.create("create-client", &["carl", "--subject=CN=dave", "--tenant-scope=2"]).succeeds_silently();
    sandbox.create("create-node", &["10.0.0.1"]).succeeds_silently();
    let all = |flags: &[&str]| sandbox.run(&[&["check-login", "--all", "--certs-dir=certs"], flags].concat());
    let run = all(&[]);
    assert_eq!(run.status, Some(1), "{run:?}");
    let rows: Vec<Vec<&str>> =
        run.stdout.lines().filter(|line| line.starts_with("| ")).skip(1).map(cells).collect();
    let on_all = |user: &str| format!("the certificate is valid for \"{user}\" on all tenants");
    let refused = "certificate authentication failed for user \"carl\" (DN: <nil>)";
    assert_eq!(
        rows,
        [
            ["node.crt", "node", "allowed", &on_all("node")],
            ["client.ann.crt", "ann", "allowed", &on_all("ann")],
            ["client.bob.crt", "bob", "allowed", &on_all("bob")],
            ["client.carl.crt", "carl", "refused", refused],
            ["client.root.crt", "root", "allowed", &on_all("root")],
        ]
    );
    assert!(run.stdout.contains(VERSION) && run.stdout.contains("NOTE: role SUBJECTs are not checked; "));
    // Whom a map makes root is said, whoever's certificate it is.
    let run = all(&["--cert-principal-map=ann:root", "--tenant-id=2", "--format=json"]);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let logins: Vec<_> = answer["logins"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|login| {
            let word = |key: &str| login[key].as_str().expect("a text").to_owned();
            format!("{} {} {}", word("certificate"), word("user"), word("verdict"))
        })
        .collect();
    assert_eq!(
        logins,
        [
            "certs/node.crt node allowed",
            "certs/client.ann.crt ann refused",
            "certs/client.ann.crt root allowed",
            "certs/client.bob.crt bob allowed",
            "certs/client.carl.crt carl allowed",
            "certs/client.root.crt root allowed",
        ]
    );
    sandbox.write("certs/client.eve.crt", "x");
    let run = all(&[]);
    assert!(
        run.status == Some(2) && run.stdout.contains("| client.eve.crt   | eve  | not judged | could not load"),
        "{run:?}"
    );
    // In a directory without clients nothing is wrong.
    std::fs::create_dir(sandbox.path("empty")).expect("a directory");
    std::fs::copy(sandbox.path("certs/ca.crt"), sandbox.path("empty/ca.crt")).expect("ca.crt");
    sandbox.run(&["check-login", "--all", "--certs-dir=empty"]).succeeds();
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split(" | ").map(str::trim).collect()
}

#[test]
fn a_responder_for_ocsp_is_noted() {
    let sandbox = Sandbox::with_ca();
    let request =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k"];
    let extension = ["-subj", "/CN=ann", "-addext", "authorityInfoAccess=OCSP;URI:http://ocsp.example.com/"];
    sandbox.openssl(&[&request[..], &extension[..], &["-out", "ann.crt"]].concat());
    sandbox.write("certs/ca-client.crt", &sandbox.read("ann.crt"));
    let run = check(&sandbox, "ann", &["--cert=ann.crt"]).succeeds();
    let note = "\nNOTE: the certificate names an OCSP responder: with security.ocsp.mode on, the server will ask \
                http://ocsp.example.com/, and refuse what is revoked\n";
    assert!(run.stdout.ends_with(note), "{run:?}");
}
