//! `create-client`.

use crate::sandbox::{DIRS, Sandbox};

const HINT: &str = "HINT: Usernames are case insensitive, must start with a letter, digit or underscore, may contain letters, \
     digits, dashes, periods, or underscores, and must not exceed 63 characters.\n";

fn alt_names(sandbox: &Sandbox, user: &str) -> String {
    let file = format!("certs/client.{user}.crt");
    let text = sandbox.openssl(&["x509", "-in", &file, "-noout", "-ext", "subjectAltName"]);
    text.lines().nth(1).unwrap_or_default().trim().to_owned()
}

#[test]
fn names_are_folded_in_file_common_name_and_uri_alike() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["MaxRene\u{301}", "--tenant-scope=2"]).succeeds_silently();
    let user = "maxren\u{e9}";
    assert_eq!(
        sandbox.names("certs"),
        ["ca.crt".to_owned(), format!("client.{user}.crt"), format!("client.{user}.key")]
    );
    assert_eq!(alt_names(&sandbox, user), "URI:crdb://tenant/2/user/maxren%C3%A9");
    let list = sandbox.run(&["list", "--certs-dir=certs"]).succeeds().stdout;
    assert!(list.contains(&format!("user: {user} ")), "{list}");
}

#[test]
fn names_that_are_none_are_refused_with_the_rule() {
    let sandbox = Sandbox::with_ca();
    let long = "a".repeat(64);
    for (name, reason) in [
        (",foo", "username is invalid\n"),
        ("-foo", "username is invalid\n"),
        ("a/b", "username is invalid\n"),
        (&long, "username is too long\n"),
        ("", "username is empty\n"),
    ] {
        let what = format!("ERROR: failed to generate client certificate and key: {reason}");
        sandbox.refuses(&[&["create-client"], &DIRS[..], &["--", name]].concat(), &[&what, HINT]);
    }
}

#[test]
fn without_validation_other_names_get_a_certificate_and_a_warning() {
    let sandbox = Sandbox::with_ca();
    let run = sandbox.create("create-client", &[",foo", "--disable-username-validation"]).succeeds();
    let warning = "warning: the specified identity \",foo\" is not a valid SQL username.\n\
                   Before it can be used to log in, an identity map rule will need to be set on the server.\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", warning));
    assert_eq!(sandbox.names("certs"), ["ca.crt", "client.,foo.crt", "client.,foo.key"]);
    sandbox.create("create-client", &["fine", "--disable-username-validation"]).succeeds_silently();
}

#[test]
fn no_name_leaves_the_directory() {
    let sandbox = Sandbox::with_ca();
    for name in ["a/b", "../x", "/etc/x", ""] {
        sandbox.refuses_to_create("create-client", &[name, "--disable-username-validation"], &["username is "]);
    }
    let long = "x".repeat(65);
    sandbox.refuses_to_create("create-client", &[&long, "--disable-username-validation"], &["at most 64"]);
    sandbox.create("create-client", &["..", "--disable-username-validation"]).succeeds();
    assert_eq!(sandbox.names("certs"), ["ca.crt", "client....crt", "client....key"]);
}

#[test]
fn scopes_are_uris_ids_first_and_lists_add_up() {
    let sandbox = Sandbox::with_ca();
    let scopes =
        ["--tenant-name-scope=app,b-2", "--tenant-scope", "3,2", "--tenant-scope=5", "--tenant-name-scope=c"];
    sandbox.create("create-client", &[&["root"], &scopes[..]].concat()).succeeds_silently();
    let ids = [3, 2, 5].map(|id| format!("URI:crdb://tenant/{id}/user/root"));
    let names = ["app", "b-2", "c"].map(|name| format!("URI:crdb://tenant-name/{name}/user/root"));
    assert_eq!(alt_names(&sandbox, "root"), [ids, names].concat().join(", "));
}

#[test]
fn without_scopes_there_are_no_uris() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    let text = sandbox.openssl(&["x509", "-in", "certs/client.root.crt", "-noout", "-text"]);
    assert!(!text.contains("Subject Alternative Name"), "{text}");
}

#[test]
fn a_subject_that_names_somebody_else_is_warned_of() {
    let sandbox = Sandbox::with_ca();
    for (subject, other) in [
        ("O=a,CN=root", Some("root")),
        ("CN=node", Some("node")),
        ("CN=BOB\u{d6}", Some("bob\u{f6}")),
        ("CN=Ann", None),
        ("UID=root", None),
        // No SQL user.
        ("CN=a@b", None),
    ] {
        let run = sandbox.create("create-client", &["ann", "--overwrite", "--subject", subject]).succeeds();
        let warning = other.map(|other| {
            format!(
                "warning: this certificate also lets its holder log in as \"{other}\" where the server has no subject for that \
                 user\n"
            )
        });
        assert_eq!(run.stderr, warning.unwrap_or_default(), "{subject}");
    }
    // Scopes say whom it is for, and nothing else does.
    sandbox.create("create-client", &["bob", "--subject=CN=root", "--tenant-scope=2"]).succeeds_silently();
}

#[test]
fn no_client_gets_a_tenants_subject() {
    let sandbox = Sandbox::with_ca();
    for subject in [
        "O=Cockroach,OU=Tenants,CN=ann",
        "CN=ann+ou=Tenants",
        "2.5.4.11=Tenants,CN=ann",
        "OU=#0c0754656e616e7473",
    ] {
        let words = ["--subject: servers refuse it as a tenant client certificate", "HINT: "];
        sandbox.refuses_to_create("create-client", &["ann", "--subject", subject], &words);
    }
    sandbox.create("create-client", &["ann", "--subject=OU=tenants,CN=ann"]).succeeds_silently();
}

#[test]
fn scopes_that_are_none_are_refused() {
    let sandbox = Sandbox::with_ca();
    for (flag, words) in [
        ("--tenant-scope=0", "--tenant-scope: invalid tenant id 0"),
        ("--tenant-scope=x", "--tenant-scope: invalid tenant id \"x\""),
        ("--tenant-scope=1,,2", "--tenant-scope: invalid tenant id \"\""),
        ("--tenant-name-scope=App", "--tenant-name-scope: invalid tenant name \"App\""),
        ("--tenant-name-scope=-a", "--tenant-name-scope: invalid tenant name \"-a\""),
    ] {
        sandbox.refuses_to_create("create-client", &["root", flag], &[words]);
    }
}

#[test]
fn the_pkcs8_file_holds_the_same_key() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root", "--also-generate-pkcs8-key"]).succeeds_silently();
    let public = |args: &[&str]| sandbox.openssl(&[&["pkey", "-pubout", "-in"], args].concat());
    let pem = public(&["certs/client.root.key"]);
    assert_eq!(public(&["certs/client.root.key.pk8", "-inform", "DER"]), pem);
    assert_eq!(sandbox.mode("certs/client.root.key.pk8"), 0o600);
    assert!(sandbox.openssl(&["x509", "-in", "certs/client.root.crt", "-noout", "-pubkey"]) == pem);
}

#[test]
fn with_a_client_ca_in_the_directory_it_signs() {
    let sandbox = Sandbox::with_ca();
    let args = ["create-ca", "--key-algorithm=ecdsa", "--certs-dir=other", "--ca-key=client-ca.key"];
    sandbox.run(&args).succeeds_silently();
    std::fs::rename(sandbox.path("other/ca.crt"), sandbox.path("certs/ca-client.crt")).expect("ca-client.crt");
    let words = [
        "does not belong to the first certificate in certs/ca-client.crt",
        "), but to certificate 1 in certs/ca.crt\n",
    ];
    sandbox.refuses_to_create("create-client", &["root"], &words);
    sandbox.run(&["create-client", "root", "--certs-dir=certs", "--ca-key=client-ca.key"]).succeeds_silently();
    sandbox.openssl(&[
        "verify",
        "-purpose",
        "sslclient",
        "-CAfile",
        "certs/ca-client.crt",
        "certs/client.root.crt",
    ]);
}

#[test]
fn an_old_pkcs8_file_is_not_forgotten_in_silence() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root", "--also-generate-pkcs8-key"]).succeeds_silently();
    let run = sandbox.create("create-client", &["root", "--overwrite"]).succeeds();
    let warning =
        "certs/client.root.key.pk8 holds an old key; pass --also-generate-pkcs8-key to replace it too\n";
    assert!(run.stderr.starts_with('W') && run.stderr.ends_with(warning), "{}", run.stderr);
}
