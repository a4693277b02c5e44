//! Flags, their defaults and their environment variables (REFERENCE.md section 2).

use crate::sandbox::{DIRS, Run, Sandbox};

const FAST: &str = "--key-algorithm=ecdsa";

const COMMANDS: &[&str] = &[
    "create-ca",
    "create-client-ca",
    "create-ui-ca",
    "create-tenant-client-ca",
    "create-node",
    "create-ui",
    "create-client",
    "create-tenant-client",
    "create-tenant-signing",
    "csr",
    "export",
    "export kubernetes",
    "sign",
    "list",
    "renew",
    "status",
    "remove-ca",
    "subject",
    "check-login",
    "version",
];

#[test]
fn flags_and_arguments_mix_in_any_order() {
    let sandbox = Sandbox::with_ca();
    for args in [
        &["create-node", "a", "--certs-dir", "certs", "b", "--ca-key", "my-safe-directory/ca.key", "c"][..],
        &["--certs-dir=certs", "create-node", "--ca-key=my-safe-directory/ca.key", "a", "b", "c"],
        &["--certs-dir", "certs", "--ca-key", "my-safe-directory/ca.key", "cert", "create-node", "a", "b", "c"],
        &[
            "cert",
            "create-node",
            "a",
            "b",
            "c",
            "--certs-dir=elsewhere",
            "--certs-dir=certs",
            "--ca-key=my-safe-directory/ca.key",
        ],
        &["cert", "create-node", "--certs-dir=certs", "--ca-key=my-safe-directory/ca.key", "--", "a", "b", "c"],
    ] {
        let mut args = args.to_vec();
        let after_command = args.iter().position(|arg| *arg == "create-node").expect("the command") + 1;
        args.splice(after_command..after_command, [FAST, "--overwrite"]);
        sandbox.run(&args).succeeds_silently();
        let list = sandbox.run(&["list", "--certs-dir=certs"]).succeeds().stdout;
        assert!(list.contains("addresses: a,b,c "), "{args:?}: {list}");
    }
}

#[test]
fn boolean_flags_take_go_booleans() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    for truth in
        ["--overwrite", "--overwrite=true", "--overwrite=1", "--overwrite=T", "--overwrite=false --overwrite"]
    {
        let args: Vec<_> = ["localhost"].into_iter().chain(truth.split(' ')).collect();
        sandbox.create("create-node", &args).succeeds_silently();
    }
    for falsehood in ["--overwrite=false", "--overwrite=0", "--overwrite=FALSE", "--overwrite --overwrite=f"] {
        let args: Vec<_> = ["localhost"].into_iter().chain(falsehood.split(' ')).collect();
        sandbox.refuses_to_create("create-node", &args, &["file exists"]);
    }
}

#[test]
fn wrong_usage_is_status_2_and_changes_nothing() {
    let sandbox = Sandbox::with_ca();
    let before = sandbox.snapshot();
    for args in [
        &["create-nod", "localhost"][..],
        &["create-node", "localhost", "--no-such-flag"],
        &["create-node", "localhost", "--overwrite=maybe"],
        &["create-node", "localhost", "--key-size=large"],
        &["create-node", "localhost", "--key-size=-1"],
        &["create-node", "localhost", "--key-algorithm=dsa"],
        &["create-client"],
        &["create-client", "a", "b"],
        &["create-ca", "surplus"],
        &["list", "surplus"],
        &["list", "--ca-key=x"],
        &["list", "--logtostderr=LOUD"],
    ] {
        let run = sandbox.run(&[args, if args[0] == "list" { &[] } else { &DIRS }].concat());
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args:?}: {run:?}");
        assert!(run.stderr.starts_with("ERROR: "), "{args:?}: {}", run.stderr);
    }
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn empty_paths_are_asked_for() {
    let sandbox = Sandbox::new();
    let certs_dir = ["the path to the certs directory is required", "HINT: name it: --certs-dir="];
    let ca_key = ["the path to the CA key is required", "HINT: name it: --ca-key="];
    for command in [&["create-ca"][..], &["create-node", "localhost"], &["create-client", "root"]] {
        sandbox.refuses(&[command, &["--certs-dir=", "--ca-key=ca.key"]].concat(), &certs_dir);
        sandbox.refuses(&[command, &["--certs-dir=certs", "--ca-key="]].concat(), &ca_key);
        sandbox.refuses(&[command, &["--certs-dir=certs"]].concat(), &ca_key);
    }
    sandbox.refuses(&["list", "--certs-dir="], &certs_dir);
}

#[test]
fn the_environment_gives_defaults_and_flags_beat_it() {
    let sandbox = Sandbox::new();
    let run = |args: &[&str]| {
        let mut command = sandbox.command(args);
        Run::of(command.env("COCKROACH_CERTS_DIR", "from-env").env("COCKROACH_CA_KEY", "env.key"))
    };
    run(&["create-ca", FAST]).succeeds_silently();
    assert_eq!(sandbox.names("from-env"), ["ca.crt"]);
    run(&["create-ca", FAST, "--certs-dir=from-flag", "--ca-key=flag.key"]).succeeds_silently();
    assert_eq!(sandbox.names("from-flag"), ["ca.crt"]);
    assert_eq!(sandbox.names("."), ["env.key", "flag.key", "from-env", "from-flag", "my-safe-directory"]);
}

#[test]
fn variables_in_paths_are_expanded() {
    let sandbox = Sandbox::new();
    let create = |dir: &str, key: &str| {
        let mut command = sandbox.command(&["create-ca", FAST, dir, key]);
        Run::of(command.env("HOME", sandbox.path("")).env("NAME", "x"))
    };
    create("--certs-dir=$HOME/$NAME-certs", "--ca-key=${HOME}/${NAME}.key").succeeds_silently();
    assert_eq!(sandbox.names("."), ["my-safe-directory", "x-certs", "x.key"]);
    let run = create("--certs-dir=${NOPE/certs", "--ca-key=y.key");
    let expected = "ERROR: failed to generate CA cert and key: --certs-dir: ${NOPE has no closing brace";
    assert_eq!((run.status, run.stderr.trim_end()), (Some(1), expected));
    let run = create("--certs-dir=$UNSET/certs", "--ca-key=y.key");
    let error =
        "ERROR: failed to generate CA cert and key: --certs-dir: the environment variable UNSET is not set\n";
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), error));
}

#[test]
fn the_default_directory_is_in_the_home_directory() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["create-ca", FAST, "--ca-key=ca.key"]);
    Run::of(command.env("HOME", sandbox.path(""))).succeeds_silently();
    assert_eq!(sandbox.names(".cockroach-certs"), ["ca.crt"]);
}

#[test]
fn lifetimes_are_go_durations_from_now() {
    let sandbox = Sandbox::with_ca();
    for (lifetime, days) in [("43920h0m0s", 1830), ("720h", 30), ("30d", 30), ("1d1440m", 2)] {
        let flag = format!("--lifetime={lifetime}");
        sandbox.create("create-node", &["localhost", "--overwrite", &flag]).succeeds_silently();
        let valid_at = |seconds: i64| {
            let mut check = std::process::Command::new("openssl");
            check.args(["x509", "-noout", "-in"]).arg(sandbox.path("certs/node.crt"));
            check.args(["-checkend", &seconds.to_string()]).output().expect("openssl").status.success()
        };
        let seconds = days * 86400;
        assert!(valid_at(seconds - 3600), "{lifetime}: expires too early");
        assert!(!valid_at(seconds + 1), "{lifetime}: expires too late");
    }
}

#[test]
fn lifetimes_that_are_none_are_refused() {
    let sandbox = Sandbox::with_ca();
    for (lifetime, words) in [
        ("0", "--lifetime: \"0\" is not positive"),
        ("-1h", "--lifetime: \"-1h\" is not positive"),
        ("1 day", "--lifetime: invalid duration \"1 day\""),
        ("", "--lifetime: invalid duration \"\""),
        ("24", "--lifetime: invalid duration \"24\""),
        ("1ms", "is shorter than a second"),
        ("9000000000h", "is too long"),
    ] {
        sandbox.refuses_to_create("create-node", &["localhost", "--lifetime", lifetime], &[words, "HINT: "]);
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let sandbox = Sandbox::new();
    for command in COMMANDS {
        for flag in ["-h", "--help"] {
            let words: Vec<_> = command.split(' ').chain([flag]).collect();
            let run = sandbox.run(&words).succeeds();
            assert!(run.stdout.contains(&format!("  crdb-cert {command}")), "{command} {flag}: {}", run.stdout);
            assert_eq!(run.stderr, "");
        }
    }
    assert!(sandbox.run(&["--help"]).succeeds().stdout.contains("Example"));
}

#[test]
fn examples_fit_a_terminal_and_can_be_pasted() {
    let sandbox = Sandbox::new();
    for command in COMMANDS {
        let words: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = sandbox.run(&words).succeeds().stdout;
        let examples = help.rsplit("Example").next().expect("examples");
        for line in examples.lines().filter(|line| line.starts_with("  ")) {
            assert!(line.len() <= 80, "{command}: {line}");
        }
        // Two words begin an example, and whatever does not fit goes on behind a backslash.
        let mut lines = examples.lines().skip(1).peekable();
        while let Some(line) = lines.next() {
            let goes_on = lines.peek().is_some_and(|next| next.starts_with("    "));
            assert_eq!(line.ends_with(" \\"), goes_on, "{command}: {line}");
        }
    }
}

#[test]
fn help_is_found_where_cockroach_has_it() {
    let sandbox = Sandbox::new();
    let help = |args: &[&str]| sandbox.run(args).succeeds().stdout;
    let expected = help(&["create-ca", "--help"]);
    assert_eq!(help(&["help", "create-ca"]), expected);
    assert_eq!(help(&["help", "cert", "create-ca"]), expected);
    assert_eq!(help(&["cert", "help", "create-ca"]), expected);
    assert_eq!(help(&["cert", "create-ca", "--help"]), expected);
}

#[test]
fn every_command_reads_the_servers_own_flags() {
    let sandbox = Sandbox::with_ca();
    let ca_key = "--ca-key=my-safe-directory/ca.key";
    for command in [
        &["create-ca", ca_key, "--overwrite", "--allow-ca-key-reuse"][..],
        &["create-client-ca", "--ca-key=client.key"],
        &["create-ui-ca", "--ca-key=ui.key"],
        &["create-tenant-client-ca", "--ca-key=tenant.key"],
        &["create-node", "localhost", ca_key],
        &["create-ui", "localhost", "--ca-key=ui.key"],
        &["create-client", "root", "--ca-key=client.key"],
        &["create-tenant-client", "2", "localhost", "--ca-key=tenant.key"],
        &["create-tenant-signing", "2"],
        &["list"],
        &["status"],
        &["renew", "--if-due=1s", ca_key],
        &["remove-ca"],
        &["remove-expired-ca"],
        &["check-login", "root"],
    ] {
        let before = sandbox.snapshot();
        for (flag, why) in [
            (
                "--cert-principal-map=broken",
                "--cert-principal-map: invalid <cert-principal>:<db-principal> mapping: \"broken\"",
            ),
            ("--root-cert-distinguished-name=broken", "--root-cert-distinguished-name: "),
            ("--node-cert-distinguished-name=broken", "--node-cert-distinguished-name: "),
        ] {
            let run = sandbox.run(&[command, &["--certs-dir=certs", flag]].concat());
            let status = if command[0] == "check-login" { 2 } else { 1 };
            assert_eq!(run.status, Some(status), "{command:?} {flag}: {run:?}");
            assert!(run.stderr.contains(why), "{command:?} {flag}: {run:?}");
            assert_eq!(sandbox.snapshot(), before, "{command:?} {flag}");
        }
        let good = [
            "--cert-principal-map=a:b",
            "--root-cert-distinguished-name=",
            "--node-cert-distinguished-name=O=Acme,UID=node",
            "--certs-dir=certs",
        ];
        let run = sandbox.run(&[command, &good].concat()).succeeds();
        assert_eq!(run.stderr, "", "{command:?}");
    }
}
