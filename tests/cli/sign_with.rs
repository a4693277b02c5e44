//! `--sign-with`: a command has a CA elsewhere sign.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::sandbox::{Run, Sandbox};

const CERTS: &str = "--certs-dir=certs";

/// Signs what is asked for, with the CA of the sandbox.
const GOOD: &str =
    "openssl x509 -req -copy_extensions copyall -CA certs/ca.crt -CAkey my-safe-directory/ca.key -days 30";

/// Keeps the request in a directory that goes away, as `$t/csr`, and its public key as `$t/pub`.
const KEEP: &str =
    "t=$(mktemp -d); trap 'rm -r $t' EXIT; cat >$t/csr; openssl req -in $t/csr -noout -pubkey >$t/pub";

/// Makes the certificate `$t/crt` for the key with the subject `$1`, the extensions `$2` and the CA `$3`.
const FORGE: &str = r#"forge() { printf '%s\n' "$2" >$t/ext; openssl x509 -new -subj "$1" -force_pubkey $t/pub -extfile $t/ext \
    -CA ${3:-certs/ca.crt} -CAkey ${4:-my-safe-directory/ca.key} -days 30; }"#;

const USAGES: &str = "keyUsage=critical,digitalSignature\nextendedKeyUsage=";

/// With a CA and its key, which only the signers use, and without a certificate.
fn with_ca() -> Sandbox {
    Sandbox::with_ca()
}

fn create<'a>(sandbox: &Sandbox, signer: &'a str, more: &[&'a str]) -> Run {
    let with = format!("--sign-with={signer}");
    sandbox
        .run(&[&["create-node", "--key-algorithm=ecdsa", "localhost", "10.0.0.1", CERTS, &with], more].concat())
}

fn refuses(sandbox: &Sandbox, signer: &str, words: &[&str]) {
    let with = format!("--sign-with={signer}");
    let args = ["create-node", "--key-algorithm=ecdsa", "localhost", "10.0.0.1", CERTS, &with];
    // What the signer says comes first, so that this is not `Sandbox::refuses`.
    let before = sandbox.snapshot();
    let run = sandbox.run(&args);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{signer}: {run:?}");
    assert!(run.stderr.contains("ERROR: failed to generate node certificate and key: "), "{signer}: {run:?}");
    for words in words {
        assert!(run.stderr.contains(words), "{signer}: {words:?} is not in: {}", run.stderr);
    }
    assert_eq!(sandbox.snapshot(), before, "{signer}: something changed on disk");
}

fn script(body: &str) -> String {
    format!("set -e; {KEEP}; {FORGE}; {body}")
}

/// Another CA in `other.crt` and `other.key`.
fn other_ca(sandbox: &Sandbox, subject: &str) {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "other.key"];
    let out = ["-subj", subject, "-addext", "keyUsage=critical,keyCertSign", "-out", "other.crt"];
    sandbox.openssl(&[&["req", "-x509"], &key[..], &out].concat());
}

#[test]
fn a_command_signs_what_is_asked_for() {
    let sandbox = with_ca();
    let made = create(
        &sandbox,
        &format!("env | grep ^CRDB_CERT_ | grep -v _FIPS= | sort >env; {GOOD}"),
        &["--lifetime=720h"],
    );
    made.succeeds();
    sandbox.verifies("certs/ca.crt", "certs/node.crt", "sslserver");
    sandbox.verifies("certs/ca.crt", "certs/node.crt", "sslclient");
    let text =
        sandbox.openssl(&["x509", "-in", "certs/node.crt", "-noout", "-subject", "-ext", "subjectAltName"]);
    assert!(
        text.contains("O = Cockroach, CN = node") && text.contains("DNS:localhost, IP Address:10.0.0.1"),
        "{text}"
    );
    let environment = "CRDB_CERT_ALT_NAMES=DNS:localhost\nCRDB_CERT_EXT_KEY_USAGE=serverAuth,clientAuth\n\
        CRDB_CERT_KEY_USAGE=digitalSignature\nCRDB_CERT_LIFETIME_SECONDS=2592000\nCRDB_CERT_NAME=localhost\n\
        CRDB_CERT_SUBJECT=O=Cockroach,CN=node\nCRDB_CERT_USAGE=node\n";
    assert_eq!(sandbox.read("env"), environment);
    // What is there is not replaced, and then nobody is asked.
    refuses(&sandbox, "touch asked", &["node.key"]);
    // The other kinds, and a renewal that keeps the names.
    for args in [
        &["create-client", "root", "--tenant-scope=2"][..],
        &["create-ui", "console.example.com"],
        &["create-tenant-client", "2"],
        &["renew"],
        &["renew", "client.root", "--keep-key"],
    ] {
        sandbox.run(&[args, &[CERTS, &format!("--sign-with={GOOD}")]].concat()).succeeds();
    }
    let text = sandbox.openssl(&["x509", "-in", "certs/client.root.crt", "-noout", "-ext", "subjectAltName"]);
    assert!(text.contains("URI:crdb://tenant/2/user/root"), "{text}");
    sandbox.run(&["verify", CERTS, "--expires-within=1d"]).succeeds();
}

#[test]
fn every_wrong_answer_is_refused_by_name() {
    let sandbox = with_ca();
    other_ca(&sandbox, "/O=Cockroach/CN=Cockroach CA");
    sandbox.openssl(&["genpkey", "-algorithm", "ED25519", "-out", "x.key"]);
    let san = "subjectAltName=DNS:localhost,IP:10.0.0.1";
    let node = "/O=Cockroach/CN=node";
    let both = format!("{USAGES}serverAuth,clientAuth");
    let forged = |subject: &str, extensions: &str| script(&format!("forge {subject} '{extensions}'"));
    let other = |extensions: &str| script(&format!("forge {node} '{extensions}' other.crt other.key"));
    for (signer, words) in [
        (forged("/CN=node", &format!("{both}\n{san}")), "asked O=Cockroach,CN=node, got CN=node"),
        (
            forged("/CN=node/O=Cockroach", &format!("{both}\n{san}")),
            "asked O=Cockroach,CN=node, got CN=node,O=Cockroach",
        ),
        (
            forged(node, &format!("{both}\nsubjectAltName=DNS:localhost")),
            "asked IP:10.0.0.1, which the certificate",
        ),
        (forged(node, &format!("{both}\n{san},DNS:evil")), "got DNS:evil, which nobody asked for"),
        (
            forged(node, &format!("{USAGES}serverAuth\n{san}")),
            "asked the extended key usage clientAuth, got serverAuth",
        ),
        (forged(node, &format!("{USAGES}serverAuth,clientAuth,codeSigning\n{san}")), "which nobody asked for"),
        (forged(node, &format!("keyUsage=digitalSignature\n{san}")), "got none, which allows everything"),
        (
            forged(node, &format!("keyUsage=keyAgreement\nextendedKeyUsage=serverAuth,clientAuth\n{san}")),
            "asked the key usage digitalSignature, got keyAgreement",
        ),
        (forged(node, &format!("{both}\n{san}\nbasicConstraints=critical,CA:TRUE")), "CA:TRUE"),
        (other(&format!("{both}\n{san}")), "no chain to a CA certificate of this directory"),
        ("cat other.crt".to_owned(), "no certificate is for this key"),
        ("cat certs/ca.crt; cat other.crt".to_owned(), "no certificate is for this key"),
        (format!("{GOOD} >/dev/null; cat my-safe-directory/ca.key"), "not CERTIFICATE"),
        ("cat".to_owned(), "CERTIFICATE REQUEST, not CERTIFICATE"),
        ("echo hello".to_owned(), "no certificates found"),
    ] {
        refuses(&sandbox, &signer, &["--sign-with answered is not what was asked for", words]);
    }
    // Expired, by `openssl ca`, which can.
    sandbox.write("ca.cnf", "[ca]\ndefault_ca=x\n[x]\nnew_certs_dir=$ENV::t\ndatabase=$ENV::t/db\nrand_serial=yes\n\
        default_md=sha256\npolicy=any\ncopy_extensions=copyall\n[any]\norganizationName=optional\ncommonName=optional\n");
    let ca = "openssl ca -config ca.cnf -batch -notext -preserveDN -cert certs/ca.crt -keyfile my-safe-directory/ca.key";
    let expired = "-startdate 20200101000000Z -enddate 20200201000000Z -in $t/csr";
    refuses(&sandbox, &script(&format!("export t; : >$t/db; {ca} {expired}")), &["expired on 2020-02-01"]);
}

#[test]
fn an_older_ca_does_not_sign() {
    let sandbox = with_ca();
    fs::copy(sandbox.path("my-safe-directory/ca.key"), sandbox.path("old.key")).expect("a copy");
    fs::copy(sandbox.path("certs/ca.crt"), sandbox.path("old.crt")).expect("a copy");
    sandbox.run(&["create-ca", "--overwrite", CERTS, "--ca-key=new.key", "--unique-subject"]).succeeds();
    let old = GOOD.replace("certs/ca.crt", "old.crt").replace("my-safe-directory/ca.key", "old.key");
    refuses(&sandbox, &old, &["an older CA signed it"]);
    create(&sandbox, &old.replace("old.key", "new.key").replace("old.crt", "certs/ca.crt"), &[]).succeeds();
}

#[test]
fn the_chain_comes_along_in_order() {
    let sandbox = with_ca();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "mid.key"];
    sandbox.openssl(&[&["req", "-new", "-subj", "/CN=Mid", "-out", "mid.csr"], &key[..]].concat());
    sandbox.write(
        "mid.ext",
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n",
    );
    let by = ["-CA", "certs/ca.crt", "-CAkey", "my-safe-directory/ca.key", "-days", "90"];
    sandbox.openssl(
        &[&["x509", "-req", "-in", "mid.csr", "-out", "mid.crt", "-extfile", "mid.ext"], &by[..]].concat(),
    );
    let mid = GOOD.replace("certs/ca.crt", "mid.crt").replace("my-safe-directory/ca.key", "mid.key");
    refuses(&sandbox, &mid, &["no chain to a CA certificate of this directory"]);
    let signer = format!("cat certs/ca.crt mid.crt; {mid}; cat mid.crt");
    create(&sandbox, &signer, &[]).succeeds();
    let file = sandbox.read("certs/node.crt");
    assert_eq!(file.matches("BEGIN CERTIFICATE").count(), 2, "{file}");
    assert!(file.ends_with(&sandbox.read("mid.crt")), "{file}");
    sandbox.run(&["verify", CERTS, "--expires-within=1d"]).succeeds();
    // It is the directory's own, so that it is renewed, with its chain.
    let before = file;
    let renewed = sandbox.run(&["renew", CERTS, &format!("--sign-with={signer}")]).succeeds();
    assert!(renewed.stdout.contains("certs/node.crt: renewed"), "{renewed:?}");
    let file = sandbox.read("certs/node.crt");
    assert!(file != before && file.ends_with(&sandbox.read("mid.crt")), "{file}");
}

#[test]
fn a_command_that_fails_is_told_apart() {
    let sandbox = with_ca();
    for (signer, words) in [
        (
            "echo no such role >&2; exit 3",
            &["node.crt (localhost): no such role\n", "failed with exit status 3"][..],
        ),
        ("printf 'a\\033[2Jb' >&2; exit 1", &["node.crt (localhost): a\\u{1b}[2Jb\n"]),
        ("kill -9 $$", &["killed by signal 9"]),
        ("exit 0", &["printed nothing"]),
        ("cat >/dev/null", &["printed nothing"]),
        ("no-such-program-here", &["failed with exit status 127", "no-such-program-here"]),
        ("yes", &["more than 1 MiB"]),
        ("head -c 1048577 /dev/zero", &["more than 1 MiB"]),
        ("yes >&2 & exit 4", &["failed with exit status 4"]),
    ] {
        refuses(&sandbox, signer, words);
    }
    refuses(&sandbox, "", &["--sign-with: the command is empty"]);
}

#[test]
fn a_command_need_not_read_its_input() {
    let sandbox = with_ca();
    // More than a pipe holds.
    let hosts: Vec<_> = (0..2000).map(|at| format!("host-{at}.a-rather-long-domain.example.com")).collect();
    let mut args = vec!["create-node", CERTS, "--key-algorithm=ecdsa", "--sign-with=exec <&-; echo hello"];
    args.extend(hosts.iter().map(String::as_str));
    let run = sandbox.run(&args);
    assert!(run.status == Some(1) && run.stderr.contains("no certificates found"), "{run:?}");
}

/// Is the process whose number is in the file gone, or about to be?
fn is_gone(sandbox: &Sandbox, file: &str) -> bool {
    let pid = sandbox.read(file).trim().parse().expect("a number");
    let pid = Pid::from_raw(pid).expect("a number");
    let since = Instant::now();
    while test_kill_process(pid).is_ok() {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        // A zombie, until whoever inherits it looks.
        if stat.is_empty() || stat.contains(") Z ") {
            return true;
        }
        if since.elapsed() > Duration::from_secs(20) {
            return false;
        }
        sleep(Duration::from_millis(20));
    }
    true
}

#[test]
fn a_command_that_does_not_end_is_killed_with_all_it_started() {
    let sandbox = with_ca();
    sandbox.write("pid", "");
    let signer = "--sign-with=sleep 600 & echo $! >pid; trap '' TERM; sleep 600";
    let args = ["create-node", "localhost", "--key-algorithm=ecdsa", CERTS, "--sign-timeout=1s", signer];
    let run = sandbox.run(&args);
    assert!(run.status == Some(1) && run.stderr.contains("did not end within 1s, and was killed"), "{run:?}");
    assert!(is_gone(&sandbox, "pid"));
    assert_eq!(sandbox.names("certs"), ["ca.crt"]);
    // What is left in the background is killed at the end, and does not hold anything up.
    create(&sandbox, &format!("sleep 600 & echo $! >pid; {GOOD}"), &[]).succeeds();
    assert!(is_gone(&sandbox, "pid"));
}

#[test]
fn a_process_that_left_the_group_holds_nothing_up() {
    let sandbox = with_ca();
    // As the master of `ssh -o ControlPersist` does: it keeps stderr, and says nothing more.
    let signer = format!("setsid sh -c 'echo $$ >pid; exec sleep 600' >/dev/null & echo hello >&2; {GOOD}");
    let run = create(&sandbox, &signer, &["--sign-timeout=30s"]);
    let left = sandbox.read("pid").trim().parse().ok().and_then(Pid::from_raw).expect("a process");
    let was_there = kill_process(left, Signal::KILL);
    assert!(run.status == Some(0) && run.stderr.contains("node.crt (localhost): hello"), "{run:?}");
    assert!(was_there.is_ok(), "it ended before the command");
}

#[test]
fn an_interruption_ends_the_command_too() {
    let sandbox = with_ca();
    let signer = "--sign-with=sleep 600 & echo $! >pid.new; mv pid.new pid; sleep 600";
    let args = ["create-node", "localhost", "--key-algorithm=ecdsa", CERTS, signer];
    let mut command = sandbox.command(&args);
    let child =
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
    while !sandbox.path("pid").exists() {
        sleep(Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a signal");
    let run = Run::from(child.wait_with_output().expect("an end"));
    assert!(run.status == Some(1) && run.stderr.contains("interrupted; nothing was changed"), "{run:?}");
    assert!(is_gone(&sandbox, "pid"));
    assert_eq!(sandbox.names("certs"), ["ca.crt"]);
}

#[test]
fn an_interruption_ends_apply_and_its_commands_and_prunes_nothing() {
    let sandbox = with_ca();
    sandbox.write("cluster.yml", "defaults: {key-algorithm: ecdsa}\nnodes: ['n[1:2]']\n");
    for dir in ["fleet", "fleet/nodes", "fleet/nodes/old"] {
        sandbox.make_dir(dir);
    }
    let signer = "--sign-with=sleep 600 & echo $! >$CRDB_CERT_NAME.new; mv $CRDB_CERT_NAME.new $CRDB_CERT_NAME.pid; sleep 600";
    let mut command =
        sandbox.command(&["apply", "cluster.yml", "--out=fleet", "--prune", "--jobs=2", CERTS, signer]);
    let child =
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
    while !["n1.pid", "n2.pid"].iter().all(|pid| sandbox.path(pid).exists()) {
        sleep(Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a signal");
    let run = Run::from(child.wait_with_output().expect("an end"));
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), "kept 0, created 0, renewed 0\n"), "{run:?}");
    let all = "ERROR: failed to apply the manifest: interrupted; folders that are not done: 2\n";
    let hint = "HINT: run the same command again: it does the rest\n";
    assert_eq!(run.stderr, [all, hint].concat());
    assert!(is_gone(&sandbox, "n1.pid") && is_gone(&sandbox, "n2.pid"));
    assert_eq!(sandbox.names("fleet/nodes"), ["old"]);
}

#[test]
fn a_command_gets_no_key() {
    let sandbox = with_ca();
    // All that it can see: its input, its arguments, its environment, its open files.
    let spy = format!(
        "{KEEP}; ls -l /proc/self/fd >fds; env >env; tr '\\0' '\\n' </proc/$$/cmdline >>env; cp $t/csr csr; \
        {} -in $t/csr",
        GOOD
    );
    create(&sandbox, &spy, &[]).succeeds();
    let seen = sandbox.read("csr") + &sandbox.read("env");
    assert!(seen.contains("CERTIFICATE REQUEST") && !seen.contains("PRIVATE"), "{seen}");
    let (files, certs) = (sandbox.read("fds"), sandbox.path("certs"));
    assert!(!files.contains(&*certs.to_string_lossy()) && !files.contains(".key"), "{files}");
}

#[test]
fn a_key_and_a_command_exclude_each_other() {
    let sandbox = with_ca();
    let key = "--ca-key=my-safe-directory/ca.key";
    for args in [
        &["create-node", "localhost", CERTS, key, "--sign-with=x"][..],
        &["renew", CERTS, key, "--sign-with=x"],
        &["apply", "m.yml", "--out=f", CERTS, key, "--sign-with=x"],
        &["apply", "m.yml", "--out=f", CERTS, "--ui-ca-key=x", "--sign-with=x"],
        &["create-node", "localhost", CERTS, "--sign-timeout=5s"],
        &["create-node", "localhost", CERTS, "--ocsp-url=http://a", "--sign-with=x"],
    ] {
        let run = sandbox.run(args);
        assert!(run.status == Some(2) && run.stderr.contains("--sign-with"), "{args:?}: {run:?}");
    }
    fs::remove_file(sandbox.path("certs/ca.crt")).expect("removed");
    refuses(&sandbox, "touch asked", &["there is no CA certificate certs/ca.crt", "its root"]);
}

#[test]
fn a_fleet_is_signed_folder_by_folder() {
    let sandbox = with_ca();
    sandbox.write(
        "m.yml",
        "nodes: [a, b, c]\nclients: [root, app]\ndefaults: {key-algorithm: ecdsa, lifetime: 20d}\n",
    );
    let signer =
        format!("[ \"$CRDB_CERT_NAME\" != b ] || [ -e repaired ] || {{ echo down >&2; exit 7; }}; {GOOD}");
    let with = format!("--sign-with={signer}");
    let args = ["apply", "m.yml", "--out=f", CERTS, "--jobs=3", &with];
    let run = sandbox.run(&args);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("ERROR: f/nodes/b: ") && run.stderr.contains("exit status 7"), "{run:?}");
    assert!(run.stderr.contains("node.crt (b): down"), "{run:?}");
    assert!(!sandbox.path("f/nodes/b").exists() && sandbox.path("f/nodes/c/node.crt").exists());
    let before = sandbox.snapshot_of("f/nodes/a");
    sandbox.write("repaired", "");
    sandbox.run(&args).succeeds();
    assert!(sandbox.path("f/nodes/b/node.crt").exists());
    assert_eq!(sandbox.snapshot_of("f/nodes/a"), before, "it was done");
    let again = sandbox.run(&[&args[..], &["--sign-with=exit 9"]].concat());
    again.succeeds();
    sandbox.run(&["verify", "--recursive", "--certs-dir=f", "--expires-within=1d"]).succeeds();
}

#[test]
fn the_signer_for_openssl_ca_works_with_several_at_a_time() {
    let sandbox = with_ca();
    sandbox.make_dir("db");
    sandbox.write("db/index.txt", "");
    let config = "[ca]\ndefault_ca=x\n[x]\nnew_certs_dir=db\ndatabase=db/index.txt\nrand_serial=yes\ndefault_md=sha256\n\
        certificate=certs/ca.crt\nprivate_key=my-safe-directory/ca.key\nunique_subject=no\ncopy_extensions=copyall\npolicy=any\n\
        [any]\norganizationName=optional\norganizationalUnitName=optional\ncommonName=optional\nUID=optional\n";
    sandbox.write("ca.cnf", config);
    let manifest = "nodes: [a, b, c, d]\nclients: [root]\n\
        defaults: {key-algorithm: ecdsa, lifetime: 20d, subject: 'OU=x,O=Acme,CN={}'}\n";
    sandbox.write("m.yml", manifest);
    let signer = crate::support::project().join("contrib/signers/openssl-ca");
    // A date that takes no more than BusyBox's does.
    sandbox.make_dir("bin");
    let date = "#!/bin/sh\ncase $* in *-d\\ [!@]*) echo \"date: invalid date\" >&2; exit 1;; esac\nPATH=${PATH#*:} exec date \"$@\"\n";
    sandbox.write("bin/date", date);
    sandbox.chmod("bin/date", 0o755);
    // The project may be in a place with a space in its name.
    let with = format!("--sign-with='{}' ca.cnf", signer.display());
    let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").expect("PATH"));
    let mut command = sandbox.command(&["apply", "m.yml", "--out=f", CERTS, "--jobs=4", &with]);
    let run = Run::of(command.env("PATH", path)).succeeds();
    assert!(run.stdout.contains("created 5") && run.stderr.is_empty(), "{run:?}");
    let text = sandbox.openssl(&["x509", "-in", "f/nodes/c/node.crt", "-noout", "-subject", "-enddate"]);
    assert!(text.contains("OU = x, O = Acme, CN = "), "{text}");
    assert_eq!(sandbox.read("db/index.txt").lines().count(), 5);
}
