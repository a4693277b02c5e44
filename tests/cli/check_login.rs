//! `check-login`: the server's verdict (REFERENCE.md section 6). Every rule and every precedence has its case in
//! `login::tests`; here are real certificates, TLS and the answers.

use crate::sandbox::{Run, Sandbox};

const ROOT: &str = "O=Acme Inc,OU=movr-prod,UID=root";
const NODE: &str = "O=Acme Inc,OU=movr-prod,UID=node";
const MAXROACH: &str = "CN=myName,OU=myOrgUnit,O=myOrg,L=myLocality,ST=myState,C=US";

/// The certificates of the documents' example. Its country, `myCountry`, fits no certificate.
fn example() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost", "--subject", NODE]).succeeds_silently();
    sandbox.create("create-client", &["root", "--subject", ROOT]).succeeds_silently();
    sandbox.create("create-client", &["maxroach", "--subject", MAXROACH]).succeeds_silently();
    sandbox
}

fn check(sandbox: &Sandbox, user: &str, flags: &[&str]) -> Run {
    sandbox.run(&[&["check-login", user, "--certs-dir=certs"], flags].concat())
}

fn allows(sandbox: &Sandbox, user: &str, flags: &[&str], because: &str) {
    let run = check(sandbox, user, flags);
    assert_eq!(
        (run.status, run.stdout, run.stderr.as_str()),
        (Some(0), format!("allowed: {because}\n"), ""),
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
    let swapped = "--root-cert-distinguished-name=O=Acme Inc,UID=root,OU=movr-prod";
    let table = "       the server expects   the certificate has
    1  O=Acme Inc           O=Acme Inc
>   2! UID=root             OU=movr-prod   <- first difference
    3! OU=movr-prod         UID=root
Positions 2 and 3 have changed places; that is the only difference.
";
    let failed = "refused: certificate authentication failed for user \"root\"\n";
    refuses(
        &sandbox,
        "root",
        &[swapped],
        &[failed, table, "--root-cert-distinguished-name='O=Acme Inc,OU=movr-prod,UID=root'"],
    );
    let swapped = "--node-cert-distinguished-name=OU=movr-prod,O=Acme Inc,UID=node";
    refuses(&sandbox, "node", &[swapped], &["Positions 1 and 2 have changed places"]);
    let swapped = "--role-subject=CN=myName,OU=myOrgUnit,L=myLocality,O=myOrg,ST=myState,C=US";
    let fix = format!("ALTER ROLE \"maxroach\" WITH SUBJECT '{MAXROACH}';");
    refuses(&sandbox, "maxroach", &[swapped], &["Positions 3 and 4 have changed places", &fix]);
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
        "certificate authentication failed for user \"bob\"\nDETAIL: The client certificate is valid for \"ann\" on all tenants.\n",
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
}

#[test]
fn a_tenants_certificate_is_nobodys() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["ann", "--subject=O=Cockroach,OU=Tenants,CN=ann"]).succeeds_silently();
    let words = ["refused: using tenant client certificate as user certificate is not allowed\n"];
    refuses(&sandbox, "ann", &[], &words);
    refuses(&sandbox, "ann", &["--role-subject=O=Cockroach,OU=Tenants,CN=ann"], &words);
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
    let run = sandbox.run(&["check-login", "root", "--certs-dir=empty", "--cert=certs/node.crt"]);
    assert!(
        run.status == Some(2) && run.stderr.contains("could not read CA certificate empty/ca.crt"),
        "{run:?}"
    );
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
    assert_eq!(answer["message"], "certificate authentication failed for user \"root\"");
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
    sandbox.create("create-client", &["ann", subject]).succeeds_silently();
    for format in ["text", "json"] {
        let run = check(&sandbox, "bob", &["--cert=certs/client.ann.crt", &format!("--format={format}")]);
        assert_eq!(run.status, Some(1));
        assert!(run.stdout.lines().all(|line| !line.starts_with("allowed")), "{}", run.stdout);
        assert_eq!(run.stdout.lines().count(), if format == "json" { 1 } else { 3 }, "{}", run.stdout);
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
