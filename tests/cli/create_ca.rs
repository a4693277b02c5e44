//! `create-ca`: the table of REFERENCE.md section 2, row by row.

use crate::sandbox::Sandbox;

const KEY: &str = "my-safe-directory/ca.key";

fn certificates(sandbox: &Sandbox) -> Vec<String> {
    let file = sandbox.read("certs/ca.crt");
    file.split_inclusive("-----END CERTIFICATE-----\n").map(str::to_owned).collect()
}

fn public_key_of_certificate(sandbox: &Sandbox) -> String {
    sandbox.openssl(&["x509", "-in", "certs/ca.crt", "-noout", "-pubkey"])
}

fn public_key_of_key(sandbox: &Sandbox) -> String {
    sandbox.openssl(&["pkey", "-in", KEY, "-pubout"])
}

#[test]
fn key_absent_and_certificate_absent_makes_both() {
    for flags in
        [&[][..], &["--overwrite"], &["--allow-ca-key-reuse"], &["--allow-ca-key-reuse", "--overwrite"]]
    {
        let sandbox = Sandbox::new();
        sandbox.create("create-ca", flags).succeeds_silently();
        assert_eq!(public_key_of_certificate(&sandbox), public_key_of_key(&sandbox), "{flags:?}");
    }
}

#[test]
fn key_present_without_reuse_is_refused() {
    let sandbox = Sandbox::with_ca();
    let words = [
        "CA key my-safe-directory/ca.key exists, but key reuse is disabled",
        "HINT: pass --allow-ca-key-reuse",
    ];
    sandbox.refuses_to_create("create-ca", &[], &words);
    sandbox.refuses_to_create("create-ca", &["--overwrite"], &words);
    std::fs::remove_file(sandbox.path("certs/ca.crt")).expect("ca.crt");
    sandbox.refuses_to_create("create-ca", &[], &words);
}

#[test]
fn key_present_and_certificate_present_with_reuse_only_is_refused() {
    let sandbox = Sandbox::with_ca();
    sandbox.refuses_to_create(
        "create-ca",
        &["--allow-ca-key-reuse"],
        &["certs/ca.crt: file exists", "HINT: pass --overwrite"],
    );
}

#[test]
fn key_present_and_certificate_absent_with_reuse_makes_the_certificate() {
    let sandbox = Sandbox::with_ca();
    let key = sandbox.read(KEY);
    std::fs::remove_file(sandbox.path("certs/ca.crt")).expect("ca.crt");
    sandbox.create("create-ca", &["--allow-ca-key-reuse"]).succeeds_silently();
    assert_eq!(sandbox.read(KEY), key);
    assert_eq!(public_key_of_certificate(&sandbox), public_key_of_key(&sandbox));
}

#[test]
fn key_and_certificate_present_with_reuse_and_overwrite_puts_the_new_certificate_first() {
    let sandbox = Sandbox::with_ca();
    let (key, old) = (sandbox.read(KEY), certificates(&sandbox));
    sandbox.create("create-ca", &["--allow-ca-key-reuse", "--overwrite"]).succeeds_silently();
    let new = certificates(&sandbox);
    assert_eq!(sandbox.read(KEY), key);
    assert_eq!((new.len(), &new[1..]), (2, &old[..]));
    assert_eq!(public_key_of_certificate(&sandbox), public_key_of_key(&sandbox));
}

#[test]
fn key_absent_and_certificate_present_without_overwrite_leaves_no_key_behind() {
    let sandbox = Sandbox::with_ca();
    std::fs::remove_file(sandbox.path(KEY)).expect("the key");
    sandbox.refuses_to_create("create-ca", &[], &["certs/ca.crt: file exists"]);
    sandbox.refuses_to_create("create-ca", &["--allow-ca-key-reuse"], &["certs/ca.crt: file exists"]);
}

#[test]
fn key_absent_and_certificate_present_with_overwrite_keeps_the_old_certificates() {
    let sandbox = Sandbox::with_ca();
    let old = certificates(&sandbox);
    std::fs::remove_file(sandbox.path(KEY)).expect("the key");
    sandbox.create("create-ca", &["--overwrite"]).succeeds_silently();
    assert_eq!(certificates(&sandbox)[1..], old);
    assert_eq!(public_key_of_certificate(&sandbox), public_key_of_key(&sandbox));
}

#[test]
fn an_existing_ca_file_that_is_not_certificates_is_not_touched() {
    let sandbox = Sandbox::with_ca();
    std::fs::remove_file(sandbox.path(KEY)).expect("the key");
    sandbox.write("certs/ca.crt", "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n");
    let words = ["certs/ca.crt", "block #0 is of type RSA PRIVATE KEY, not CERTIFICATE"];
    sandbox.refuses_to_create("create-ca", &["--overwrite"], &words);
}

#[test]
fn the_directory_of_the_ca_key_must_exist() {
    let sandbox = Sandbox::new();
    let args = ["create-ca", "--certs-dir=certs", "--ca-key=nowhere/ca.key", "--key-algorithm=ecdsa"];
    sandbox.refuses(
        &args,
        &["the directory nowhere does not exist", "HINT: make it first: mkdir -p -m 700 nowhere"],
    );
}

#[test]
fn a_ca_key_that_is_no_key_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write(KEY, "hello\n");
    sandbox.chmod(KEY, 0o600);
    let words = [
        "failed to generate CA cert and key: ",
        "could not load CA key my-safe-directory/ca.key: not a private key in PEM form that OpenSSL can read",
    ];
    sandbox.refuses_to_create("create-ca", &["--allow-ca-key-reuse"], &words);
}

#[test]
fn a_ca_key_that_is_a_link_to_nothing_is_not_followed() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink("elsewhere", sandbox.path(KEY)).expect("a link");
    sandbox.refuses_to_create("create-ca", &["--allow-ca-key-reuse"], &["is a symbolic link to nothing"]);
    sandbox.refuses_to_create("create-ca", &[], &["exists, but key reuse is disabled"]);
}

#[test]
fn a_weak_ca_key_that_was_made_elsewhere_is_a_warning() {
    for (make, weakness) in [
        (
            "genrsa 1024",
            "an RSA key of 1024 bits is too weak: NIST SP 800-131A and TLS libraries refuse less than 2048",
        ),
        (
            "ecparam -genkey -noout -name secp224r1",
            "an ECDSA key on secp224r1 is of little use: TLS libraries know P-256, P-384 and P-521",
        ),
    ] {
        let sandbox = Sandbox::new();
        sandbox
            .script(&format!(
                "umask 077; env -u OPENSSL_CONF openssl {make} >my-safe-directory/ca.key 2>/dev/null"
            ))
            .succeeds();
        let run = sandbox.create("create-ca", &["--allow-ca-key-reuse"]);
        let warning = format!("CA key my-safe-directory/ca.key: {weakness}; make another CA, with a new key\n");
        assert!(run.stderr.contains(&warning), "{run:?}");
    }
    let run = Sandbox::with_ca().create("create-node", &["localhost"]);
    assert_eq!(run.succeeds().stderr, "");
}

#[test]
fn a_ca_key_that_servers_refuse_signs_nothing() {
    let mut made = 0;
    for (make, kind) in [
        ("genrsa 512", "an RSA key of 512 bits"),
        ("ecparam -genkey -noout -name brainpoolP256r1", "an ECDSA key on the curve brainpoolP256r1"),
        ("ecparam -genkey -noout -name secp256k1", "an ECDSA key on the curve secp256k1"),
        ("genpkey -algorithm ED448", "an Ed448 key"),
        ("dsaparam -noout -genkey 1024", "a DSA key"),
        ("genpkey -algorithm RSA-PSS", "an RSASSA-PSS key"),
    ] {
        let sandbox = Sandbox::new();
        let key =
            format!("umask 077; env -u OPENSSL_CONF openssl {make} >my-safe-directory/ca.key 2>/dev/null");
        // Some distributions make no keys of some of these kinds.
        if sandbox.script(&key).status != Some(0) {
            continue;
        }
        made += 1;
        // Where OpenSSL's providers refuse the key first, it is an error, too.
        let own = format!(
            "CA key my-safe-directory/ca.key is {kind}; servers refuse its signatures\nHINT: make another CA"
        );
        let words = if std::env::var_os("OPENSSL_CONF").is_none() { own.as_str() } else { "ca.key" };
        sandbox.refuses_to_create("create-ca", &["--allow-ca-key-reuse"], &[words]);
    }
    assert!(made >= 2, "{made}");
}

#[test]
fn a_directory_is_no_ca_key() {
    let sandbox = Sandbox::with_ca();
    for (name, hint) in [
        ("nope/", "HINT: name a file in it: --ca-key=nope/ca.key"),
        ("my-safe-directory/", "HINT: name a file in it: --ca-key=my-safe-directory/ca.key"),
        ("my-safe-directory", "HINT: name a file in it: --ca-key=my-safe-directory/ca.key"),
        ("my-safe-directory/.", "HINT: name a file in it: "),
    ] {
        let words = [&format!("--ca-key: a directory was named: {name}\n"), hint];
        let ca_key = format!("--ca-key={name}");
        for command in [&["create-ca"][..], &["create-node", "localhost"], &["create-client", "root"]] {
            sandbox.refuses(&[command, &["--certs-dir=certs", &ca_key]].concat(), &words);
        }
    }
}
