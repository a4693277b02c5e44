//! `--fips`, its variable, and what happens without the providers it needs.

use crate::modules::run_with;
use crate::support::{DIRS, Sandbox};

const ON: [(&str, &str); 1] = [("CRDB_CERT_FIPS", "1")];

fn fips_line(sandbox: &Sandbox, configuration: &str, variables: &[(&str, &str)], flags: &[&str]) -> String {
    let run =
        run_with(sandbox, configuration, variables, &[&["version", "--verbose"], flags].concat()).succeeds();
    run.stdout.lines().find(|line| line.starts_with("FIPS:")).expect("a line on FIPS").to_owned()
}

#[test]
fn the_flag_the_environment_or_the_configuration_enforce_it() {
    let sandbox = Sandbox::new();
    for (configuration, variables, flags, expected) in [
        ("fips.cnf", &[][..], &[][..], "not enforced"),
        ("fips.cnf", &[], &["--fips"], "enforced by --fips"),
        ("fips.cnf", &[], &["--fips=true"], "enforced by --fips"),
        ("fips.cnf", &ON, &[], "enforced by --fips"),
        ("fips.cnf", &ON, &["--fips=false"], "not enforced"),
        ("fips.cnf", &[("CRDB_CERT_FIPS", "")], &[], "not enforced"),
        ("fips-default.cnf", &[], &[], "enforced by OpenSSL's configuration"),
        ("fips-default.cnf", &[], &["--fips"], "enforced by OpenSSL's configuration"),
    ] {
        let line = fips_line(&sandbox, configuration, variables, flags);
        assert_eq!(line, format!("FIPS:        {expected}"), "{configuration} {variables:?} {flags:?}");
    }
    let run = run_with(&sandbox, "fips.cnf", &[("CRDB_CERT_FIPS", "maybe")], &["version"]);
    assert!(run.status == Some(1) && run.stderr.contains("CRDB_CERT_FIPS is \"maybe\""), "{run:?}");
}

#[test]
fn without_the_fips_provider_nothing_is_done_and_the_error_says_how_to_load_it() {
    let sandbox = Sandbox::new();
    for command in [&["create-ca"][..], &["create-node", "localhost"], &["create-client", "root"], &["list"]] {
        let dirs = if command[0] == "list" { &DIRS[..1] } else { &DIRS[..] };
        let before = sandbox.snapshot();
        let run = run_with(&sandbox, "base.cnf", &[], &[command, &["--fips"], dirs].concat());
        assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{command:?}");
        for words in [
            "ERROR: --fips: OpenSSL's FIPS provider is not loaded (loaded: base 3.",
            "openssl fipsinstall",
            "OPENSSL_CONF",
            "OPENSSL_MODULES",
        ] {
            assert!(run.stderr.contains(words), "{command:?}: {words:?} is not in: {}", run.stderr);
        }
        assert_eq!(sandbox.snapshot(), before);
    }
}

#[test]
fn with_the_base_provider_alone_every_create_command_fails_cleanly() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    let before = sandbox.snapshot();
    let dirs = &DIRS[..];
    for (command, flags) in [
        (&["create-ca", "--certs-dir=new", "--ca-key=new.key"][..], &[][..]),
        (&["create-client-ca", "--certs-dir=certs", "--ca-key=new.key"], &[]),
        (&["create-ui-ca", "--certs-dir=certs", "--ca-key=new.key"], &["--unique-subject"]),
        (&["create-tenant-client-ca", "--certs-dir=certs", "--ca-key=new.key"], &[]),
        (&["create-ca", "--allow-ca-key-reuse", "--overwrite"], dirs),
        (&["create-node", "localhost"], dirs),
        (&["create-ui", "localhost"], dirs),
        (&["create-client", "ann", "--also-generate-pkcs8-key"], dirs),
        (&["create-tenant-client", "2", "localhost"], dirs),
        (&["create-tenant-signing", "2"], &DIRS[..1]),
    ] {
        for algorithm in [&[][..], &["--key-algorithm=ecdsa"]] {
            let algorithm = if command[0] == "create-tenant-signing" { &[] } else { algorithm };
            let args = [command, flags, algorithm].concat();
            let run = run_with(&sandbox, "base.cnf", &[], &args);
            assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{args:?}: {}", run.stderr);
            assert!(run.stderr.starts_with("ERROR: failed to generate "), "{args:?}: {}", run.stderr);
            assert_eq!(sandbox.snapshot(), before, "{args:?}");
        }
    }
}

#[test]
fn the_module_refuses_what_it_does_not_approve() {
    let sandbox = Sandbox::new();
    let create = ["create-ca", "--fips", "--key-size=1024"];
    let run = run_with(&sandbox, "fips.cnf", &[], &[&create[..], &DIRS].concat());
    assert!(
        run.status == Some(1) && run.stderr.contains("--key-size: an RSA key of 1024 bits is too weak"),
        "{run:?}"
    );
    // A CA key of a kind that no FIPS module takes.
    let secp256k1 = [
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:secp256k1",
        "-out",
        "my-safe-directory/ca.key",
    ];
    sandbox.openssl(&secp256k1);
    let reuse = ["create-ca", "--fips", "--allow-ca-key-reuse"];
    let before = sandbox.snapshot();
    let run = run_with(&sandbox, "fips.cnf", &[], &[&reuse[..], &DIRS].concat());
    assert!(run.status == Some(1) && run.stderr.contains("my-safe-directory/ca.key"), "{run:?}");
    assert_eq!(sandbox.snapshot(), before);
}

/// PKCS#12's own key derivation is none that FIPS approves.
#[test]
fn pkcs12_is_made_with_what_is_approved_and_never_with_3des() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    sandbox.write("secret", "correct horse\n");
    sandbox.chmod("secret", 0o600);
    let export = ["export", "pkcs12", "root", "--certs-dir=certs", "--passphrase-file=secret"];
    for (configuration, flags) in [
        ("fips.cnf", &["--fips", "--out=a.p12"][..]),
        ("fips-default.cnf", &["--out=b.p12"]),
        ("fips.cnf", &["--out=c.p12", "--pbmac1"]),
    ] {
        let run = run_with(&sandbox, configuration, &[], &[&export[..], flags].concat()).succeeds();
        assert!(run.stderr.starts_with("note: the MAC is PBMAC1 (RFC 9579)"), "{configuration}: {run:?}");
    }
    for file in ["a.p12", "b.p12", "c.p12"] {
        let args = ["pkcs12", "-in", file, "-nomacver", "-passin", "file:secret", "-noenc", "-nocerts"];
        sandbox.write("read", &sandbox.openssl(&args));
        let keys = ["read", "certs/client.root.key"].map(|key| sandbox.openssl(&["pkey", "-in", key]));
        assert_eq!(keys[0], keys[1], "{file}");
    }
    for (configuration, flags) in
        [("fips.cnf", &["--fips", "--legacy"][..]), ("fips-default.cnf", &["--legacy"])]
    {
        let run = run_with(&sandbox, configuration, &[], &[&export[..], flags].concat());
        assert_eq!((run.status, &*run.stdout), (Some(1), ""), "{configuration}");
        assert!(
            run.stderr.contains("--legacy: FIPS approves neither") && run.stderr.contains("HINT: "),
            "{run:?}"
        );
    }
}
