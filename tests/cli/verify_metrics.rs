//! `verify --format=prometheus`, and `--output` for all formats.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::{X509, X509Builder};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::{Run, Sandbox};

const VERIFY: [&str; 3] = ["verify", "--certs-dir=certs", "--format=prometheus"];
const EXPORTERS: &str = "--metric-names=x509-certificate-exporter";

/// A CA, a node with its client certificate, and the client root.
fn full() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.create("create-client", &["node"]).succeeds_silently();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    sandbox
}

fn metrics(sandbox: &Sandbox, flags: &[&str]) -> Run {
    sandbox.run(&[&VERIFY, flags].concat())
}

/// The values of a metric, with their labels.
fn samples<'a>(text: &'a str, metric: &str) -> Vec<(&'a str, i64)> {
    let of_metric =
        text.lines().filter_map(|line| line.strip_prefix(metric)).filter(|rest| !rest.starts_with('_'));
    of_metric
        .map(|rest| {
            let (labels, value) = rest.rsplit_once(' ').expect("a value");
            (labels, value.parse().expect("a number"))
        })
        .collect()
}

fn certificate(sandbox: &Sandbox, file: &str) -> X509 {
    X509::from_pem(sandbox.read(&format!("certs/{file}")).as_bytes()).expect(file)
}

fn seconds(time: &Asn1TimeRef) -> i64 {
    let since = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(time)).expect("a time");
    i64::from(since.days) * 86400 + i64::from(since.secs)
}

fn ran_at(text: &str) -> i64 {
    samples(text, "crdb_cert_last_run_timestamp_seconds")[0].1
}

#[test]
fn the_metrics_have_the_servers_names() {
    let sandbox = full();
    let text = metrics(&sandbox, &[]).succeeds_silently_but_for_stdout();
    let end = |file: &str| seconds(certificate(&sandbox, file).not_after());
    let now = ran_at(&text);
    let mut expected = String::new();
    for (name, noun, labels, file) in [
        ("ca", "CA", "", "ca.crt"),
        ("node", "node", "", "node.crt"),
        ("node_client", "node's client", "", "client.node.crt"),
        ("client", "client", "{sql_user=\"root\"}", "client.root.crt"),
    ] {
        let (expiration, ttl) = (end(file), end(file) - now);
        expected += &format!(
            "# HELP security_certificate_expiration_{name} When the {noun} certificate expires, in seconds since 1970; 0 if it cannot be read.\n\
             # TYPE security_certificate_expiration_{name} gauge\n\
             security_certificate_expiration_{name}{labels} {expiration}\n\
             # HELP security_certificate_ttl_{name} Seconds until the {noun} certificate expires; 0 if it has, or cannot be read.\n\
             # TYPE security_certificate_ttl_{name} gauge\n\
             security_certificate_ttl_{name}{labels} {ttl}\n"
        );
    }
    expected += &format!(
        "# HELP crdb_cert_good 1 if the file has no warning and no error, else 0; \".\" is the directory.\n\
         # TYPE crdb_cert_good gauge\n\
         crdb_cert_good{{file=\".\"}} 1\n\
         crdb_cert_good{{file=\"ca.crt\"}} 1\n\
         crdb_cert_good{{file=\"node.crt\"}} 1\n\
         crdb_cert_good{{file=\"client.node.crt\"}} 1\n\
         crdb_cert_good{{file=\"client.root.crt\"}} 1\n\
         # HELP crdb_cert_findings Findings of crdb-cert verify, which reads no key for this.\n\
         # TYPE crdb_cert_findings gauge\n\
         crdb_cert_findings{{severity=\"note\"}} 0\n\
         crdb_cert_findings{{severity=\"warning\"}} 0\n\
         crdb_cert_findings{{severity=\"error\"}} 0\n\
         # HELP crdb_cert_error 1 if the directory could not be looked at, else 0.\n\
         # TYPE crdb_cert_error gauge\n\
         crdb_cert_error 0\n\
         # HELP crdb_cert_last_run_timestamp_seconds When crdb-cert verify looked, in seconds since 1970.\n\
         # TYPE crdb_cert_last_run_timestamp_seconds gauge\n\
         crdb_cert_last_run_timestamp_seconds {now}\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn the_metrics_have_the_exporters_names_where_asked() {
    let sandbox = full();
    fs::write(sandbox.path("certs/ui.crt"), "nothing").expect("ui.crt");
    let text = metrics(&sandbox, &[EXPORTERS]).stdout;
    let node = certificate(&sandbox, "node.crt");
    let serial =
        node.serial_number().to_bn().and_then(|number| Ok(number.to_dec_str()?.to_string())).expect("a number");
    let file = r#"filename="node.crt",filepath="certs/node.crt""#;
    let labels =
        format!("{{{file},serial_number=\"{serial}\",subject_CN=\"node\",issuer_CN=\"Cockroach CA\"}}");
    for (metric, labels, value) in [
        ("x509_cert_not_before", &labels, seconds(node.not_before())),
        ("x509_cert_not_after", &labels, seconds(node.not_after())),
        ("x509_cert_expired", &labels, 0),
        ("x509_cert_error", &format!("{{{file}}}"), 0),
        ("x509_cert_error", &r#"{filename="ui.crt",filepath="certs/ui.crt"}"#.to_owned(), 1),
    ] {
        assert!(samples(&text, metric).contains(&(labels, value)), "{metric}{labels} {value}: {text}");
    }
    assert_eq!(samples(&text, "x509_cert_not_after").len(), 4, "one that cannot be read has no time: {text}");
    assert!(!text.contains("security_"), "{text}");
    assert_eq!(samples(&text, "crdb_cert_good").len(), 6, "{text}");
}

/// A certificate of the year 2020, signed by itself with the CA's key.
fn expired(sandbox: &Sandbox) -> Vec<u8> {
    let key = PKey::private_key_from_pem(sandbox.read("my-safe-directory/ca.key").as_bytes()).expect("the key");
    let time = |seconds| Asn1Time::from_unix(seconds).expect("a time");
    let mut builder = X509Builder::new().expect("a certificate");
    builder.set_not_before(&time(END_OF_2020 - 86400)).expect("a time");
    builder.set_not_after(&time(END_OF_2020)).expect("a time");
    builder.set_pubkey(&key).and_then(|()| builder.sign(&key, MessageDigest::sha256())).expect("a signature");
    builder.build().to_pem().expect("PEM")
}

/// The first second of 2021.
const END_OF_2020: i64 = 1_609_459_200;

#[test]
fn an_expired_certificate_has_no_time_left_and_one_that_cannot_be_read_is_0() {
    let sandbox = full();
    sandbox.write("certs/client.old.crt", &expired(&sandbox));
    fs::write(sandbox.path("certs/node.crt"), "nothing").expect("node.crt");
    let run = metrics(&sandbox, &[]);
    let old = r#"{sql_user="old"}"#;
    let text = &run.stdout;
    assert!(samples(text, "security_certificate_expiration_client").contains(&(old, END_OF_2020)), "{text}");
    assert!(samples(text, "security_certificate_ttl_client").contains(&(old, 0)), "{text}");
    assert_eq!(samples(text, "security_certificate_expiration_node"), [("", 0)]);
    assert_eq!(samples(text, "security_certificate_ttl_node"), [("", 0)]);
    assert!(samples(text, "crdb_cert_good").contains(&("{file=\"node.crt\"}", 0)), "{text}");
    assert!(
        samples(text, "crdb_cert_findings").iter().any(|(labels, n)| labels.contains("error") && *n > 0),
        "{text}"
    );
    assert_eq!(run.status, Some(2));
    let text = metrics(&sandbox, &[EXPORTERS]).stdout;
    let expired = samples(&text, "x509_cert_expired");
    assert_eq!(expired.iter().filter(|(_, value)| *value == 1).count(), 1, "{text}");
    // What is not there has no sample: a server has 0 for both.
    assert!(!text.contains("_ui"), "{text}");
}

/// The files that a command opens, of these.
fn opened<'a>(sandbox: &Sandbox, files: &[&'a str], args: &[&str]) -> BTreeSet<&'a str> {
    let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).expect("inotify");
    let watch = |file: &&str| inotify::add_watch(&fd, sandbox.path(file), WatchFlags::OPEN).expect("a watch");
    let watches: Vec<_> = files.iter().map(watch).collect();
    sandbox.run(args);
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(&fd, &mut buffer);
    let mut opened = BTreeSet::new();
    while let Ok(event) = events.next() {
        opened.extend(watches.iter().position(|watch| *watch == event.wd()).map(|at| files[at]));
    }
    opened
}

#[test]
fn no_key_is_read_for_metrics() {
    let sandbox = full();
    let keys = ["certs/node.key", "certs/client.root.key", "my-safe-directory/ca.key"];
    let args = [&VERIFY[..], &["--ca-key=my-safe-directory/ca.key", "--server-user=root"]].concat();
    assert_eq!(opened(&sandbox, &keys, &args), BTreeSet::new());
    let text = ["verify", "--certs-dir=certs"];
    assert!(opened(&sandbox, &keys, &text).contains("certs/node.key"), "keys are read for people");
    // Keys that are bad, and keys that are gone, are none of its findings.
    fs::remove_file(sandbox.path("certs/node.key")).expect("the key");
    sandbox.write("certs/client.root.key", "nothing");
    sandbox.chmod("certs/client.root.key", 0o777);
    let text = metrics(&sandbox, &["--ca-key=there/is/none"]).succeeds_silently_but_for_stdout();
    assert!(samples(&text, "crdb_cert_good").iter().all(|(_, good)| *good == 1), "{text}");
}

#[test]
fn hostile_names_stay_on_their_lines_and_differ() {
    let sandbox = full();
    let names = [
        "a\nb",
        "a\"} 1",
        "a\\",
        "a\\n",
        "a\u{1b}[2J",
        "a\\u{1b}[2J",
        "A",
        "a",
        "\u{202e}",
        "\r",
        "a{b=\"c\",d=\"e\"}",
    ];
    let root = sandbox.read("certs/client.root.crt");
    for name in names {
        sandbox.write(&format!("certs/client.{name}.crt"), &root);
    }
    for flags in [&[][..], &[EXPORTERS]] {
        let text = metrics(&sandbox, flags).stdout;
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text}");
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let different: BTreeSet<_> = lines.iter().map(|line| line.rsplit_once(' ').expect(line).0).collect();
        assert_eq!(different.len(), lines.len(), "two samples have the same labels: {text}");
        assert_eq!(samples(&text, "crdb_cert_good").len(), 5 + names.len(), "{text}");
    }
}

#[test]
fn directories_are_labels_where_there_may_be_several() {
    let sandbox = full();
    fs::create_dir(sandbox.path("fleet")).expect("fleet");
    let hostile = [&b"b\nc"[..], b"b\xff", b"b\xfe"].map(std::ffi::OsStr::from_bytes);
    let names = ["a"].map(std::ffi::OsStr::new).into_iter().chain(hostile);
    for dir in names {
        let dir = sandbox.path("fleet").join(dir);
        fs::create_dir(&dir).expect("a directory");
        fs::copy(sandbox.path("certs/ca.crt"), dir.join("ca.crt")).expect("a copy");
    }
    let run = sandbox.run(&["verify", "--certs-dir=fleet", "--recursive", "--format=prometheus"]);
    let dirs: Vec<_> = samples(&run.stdout, "security_certificate_expiration_ca")
        .into_iter()
        .map(|(labels, _)| labels)
        .collect();
    let label = |dir: &str| format!("{{certs_dir=\"fleet/{dir}\"}}");
    assert_eq!(dirs, ["a", r"b\\u{a}c", r"b\\xfe", r"b\\xff"].map(label));
    assert_eq!(samples(&run.stdout, "crdb_cert_error").len(), 4, "{}", run.stdout);
}

#[test]
fn a_directory_that_cannot_be_looked_at_is_a_sample_and_status_3() {
    let sandbox = full();
    sandbox.write("file", "");
    for (dir, flag, labels) in [
        ("nowhere", "--no-handshake", String::new()),
        ("file", "--no-handshake", String::new()),
        ("nowhere", "--recursive", "{certs_dir=\"nowhere\"}".to_owned()),
    ] {
        let dir = format!("--certs-dir={dir}");
        let run = sandbox.run(&["verify", &dir, "--format=prometheus", flag, "--output=metrics"]);
        let text = sandbox.read("metrics");
        assert_eq!(samples(&text, "crdb_cert_error"), [(&*labels, 1)], "{dir} {flag}");
        assert_eq!(samples(&text, "crdb_cert_findings"), [], "{dir}: 0 findings would be good news");
        assert_eq!((run.status, run.stdout.as_str()), (Some(3), ""), "{dir}");
        assert!(run.stderr.contains("nowhere") || run.stderr.contains("is not a directory"), "{}", run.stderr);
    }
}

#[test]
fn a_directory_that_cannot_be_read_hides_none_of_the_others() {
    let sandbox = full();
    sandbox.make_dir("certs/closed");
    sandbox.chmod("certs/closed", 0);
    let run = metrics(&sandbox, &["--recursive"]);
    sandbox.chmod("certs/closed", 0o700);
    // Root reads it, and finds nothing.
    if rustix::process::getuid().is_root() {
        assert_eq!(samples(&run.stdout, "crdb_cert_error"), [("{certs_dir=\"certs\"}", 0)]);
        return;
    }
    let errors = [("{certs_dir=\"certs\"}", 0), ("{certs_dir=\"certs/closed\"}", 1)];
    assert_eq!(samples(&run.stdout, "crdb_cert_error"), errors);
    assert_eq!(samples(&run.stdout, "security_certificate_expiration_ca").len(), 1);
    assert_eq!(run.status, Some(3));
}

#[test]
fn an_output_file_has_mode_0644_whatever_the_umask_and_nothing_is_beside_it() {
    let sandbox = full();
    sandbox.make_dir("out");
    for (format, umask) in [("text", "000"), ("text", "077"), ("prometheus", "777")] {
        let command =
            format!("umask {umask}; crdb-cert verify --certs-dir=certs --format={format} --output=out/report");
        let run = sandbox.script(&command).succeeds_silently();
        assert_eq!(run.status, Some(0));
        assert_eq!(sandbox.mode("out/report"), 0o644, "{command}");
        assert_eq!(sandbox.names("out"), ["report"], "{command}");
    }
    let lines = |text: String| text.lines().count();
    let printed = sandbox.run(&["verify", "--certs-dir=certs"]).stdout;
    assert_eq!(lines(sandbox.read("out/report")), lines(metrics(&sandbox, &[]).stdout));
    sandbox.run(&["verify", "--certs-dir=certs", "--output=out/report"]).succeeds_silently();
    assert_eq!(lines(sandbox.read("out/report")), lines(printed.clone()));
    // As everywhere, - is standard output.
    let dash = sandbox.run(&["verify", "--certs-dir=certs", "--output=-"]).stdout;
    assert_eq!((dash, sandbox.path("-").exists()), (printed, false));
}

#[test]
fn an_output_file_is_replaced_and_not_written_to() {
    let sandbox = full();
    sandbox.write("report", "the old one");
    let mut reader = fs::File::open(sandbox.path("report")).expect("the report");
    metrics(&sandbox, &["--output=report"]).succeeds_silently();
    let mut seen = String::new();
    reader.read_to_string(&mut seen).expect("the old one");
    assert_eq!(seen, "the old one", "who reads it keeps what was there");
    assert!(sandbox.read("report").contains("crdb_cert_good"));
    // So is a link: what it leads to is somebody else's.
    sandbox.write("passwd", "theirs");
    for target in ["passwd", "nowhere"] {
        fs::remove_file(sandbox.path("report")).expect("the report");
        symlink(target, sandbox.path("report")).expect("a link");
        metrics(&sandbox, &["--output=report"]).succeeds_silently();
        assert!(sandbox.path("report").symlink_metadata().expect("the report").is_file());
    }
    assert_eq!(sandbox.read("passwd"), "theirs");
    assert!(!sandbox.path("nowhere").exists());
}

#[test]
fn the_exit_status_is_that_of_the_report() {
    let sandbox = full();
    sandbox.write("certs/ui.crt", "nothing");
    for format in ["text", "prometheus"] {
        let format = format!("--format={format}");
        let run = sandbox.run(&["verify", "--certs-dir=certs", &format, "--output=report"]);
        assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(2), "", ""));
    }
}

#[test]
fn an_output_file_that_cannot_be_written_is_one_error_and_nothing_changes() {
    let sandbox = full();
    sandbox.make_dir("out");
    sandbox.make_dir("out/dir");
    symlink("/proc/self/fd/1", sandbox.path("out/stdout")).expect("a link");
    sandbox.write("out/report", "the old one");
    sandbox.make_dir("closed");
    sandbox.chmod("closed", 0o555);
    assert!(Command::new("mkfifo").arg(sandbox.path("out/fifo")).status().expect("mkfifo").success());
    let before = sandbox.snapshot();
    let mut cases = vec![
        ("out/dir", "it is not a regular file"),
        ("out/fifo", "it is not a regular file"),
        ("out/stdout", "it is not a regular file"),
        ("nowhere/report", "no such file or directory"),
        ("out/report/x", "not a directory"),
        ("out/..", "is not the path of a file"),
    ];
    if !rustix::process::getuid().is_root() {
        cases.push(("closed/report", "permission denied"));
    }
    for (file, why) in cases {
        let output = format!("--output={file}");
        let run = metrics(&sandbox, &[&output]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(3), ""), "{file}: {run:?}");
        assert!(run.stderr.starts_with("ERROR: ") && run.stderr.contains(why), "{file}: {}", run.stderr);
        assert_eq!(run.stderr.matches("ERROR").count(), 1, "{}", run.stderr);
        assert_eq!(sandbox.snapshot(), before, "{file}");
    }
    // As on a full disk: only so much can be written.
    let command = "ulimit -f 1; crdb-cert verify --certs-dir=certs --format=prometheus --output=out/report";
    let run = sandbox.script(command);
    assert_eq!((run.status, run.stdout.as_str()), (Some(3), ""), "{run:?}");
    assert!(
        run.stderr.starts_with("ERROR: could not write out/report: file too large\nHINT: "),
        "{}",
        run.stderr
    );
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn an_interrupted_command_leaves_no_half_of_an_output_file() {
    let sandbox = full();
    sandbox.make_dir("out");
    sandbox.write("out/report", "the old one");
    // A change that is being completed: who reads the directory waits.
    sandbox.make_dir("certs/.crdb-cert.commit");
    let commit = fs::File::open(sandbox.path("certs/.crdb-cert.commit")).expect("the directory");
    flock(&commit, FlockOperation::LockExclusive).expect("a lock");
    let args = [&VERIFY[..], &["--output=out/report"]].concat();
    let mut command = sandbox.command(&args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    while sandbox.names("out").len() == 1 {
        assert_eq!(child.try_wait().expect("the program"), None, "it does not wait");
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a signal");
    drop(commit);
    let run = Run::from(child.wait_with_output().expect("the program"));
    assert_eq!((run.status, run.signal), (Some(3), None), "{run:?}");
    assert_eq!(run.stderr, "ERROR: interrupted; nothing was changed\n");
    assert_eq!(sandbox.names("out"), ["report"]);
    assert_eq!(sandbox.read("out/report"), "the old one");
}

#[test]
fn a_report_takes_no_certificates_place() {
    let sandbox = Sandbox::with_ca();
    let before = sandbox.read("certs/ca.crt");
    let run = sandbox.run(&["verify", "--certs-dir=certs", "--output=certs/ca.crt"]);
    assert!(run.status == Some(3) && run.stderr.contains("--output: certs/ca.crt has the name of"), "{run:?}");
    assert_eq!(sandbox.read("certs/ca.crt"), before);
}

#[test]
fn an_account_for_metrics_need_not_own_the_directory() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let sandbox = Sandbox::with_ca();
    sandbox.script("chmod 755 certs; chown -R bin certs").succeeds();
    let args = ["verify", "--certs-dir=certs", "--server-user=daemon"];
    let run = sandbox.run(&args);
    assert!(run.status == Some(1) && run.stdout.contains("[dir-owner]"), "{run:?}");
    let run = sandbox.run(&[&args[..], &["--format=prometheus"]].concat()).succeeds();
    assert!(run.stdout.contains("crdb_cert_good{file=\".\"} 1\n"), "{run:?}");
}
