//! Whatever is in the certs directory, `list` ends, in bounded memory, and prints nothing that drives a terminal.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::{X509Builder, X509Name};

use crate::list::rows;
use crate::sandbox::{Run, Sandbox};

/// A ceiling for the program's memory, in KiB: a debug build with OpenSSL and the table of a large directory stays far below.
const MEMORY: &str = "ulimit -v 400000";

fn list(sandbox: &Sandbox) -> Run {
    sandbox.script(&format!("{MEMORY}; crdb-cert list --certs-dir=certs")).succeeds()
}

/// The Error cell of a file.
fn error(sandbox: &Sandbox, file: &str) -> String {
    rows(sandbox).into_iter().find(|row| row[1] == file).expect(file)[5].clone()
}

fn is_harmless(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !c.is_control())
}

/// A certificate of this size in its subject, signed by itself.
fn certificate(sandbox: &Sandbox, subject: &str) -> String {
    let key = PKey::private_key_from_pem(sandbox.read("my-safe-directory/ca.key").as_bytes()).expect("the key");
    let mut name = X509Name::builder().expect("a name");
    name.append_entry_by_text("1.2.3.4", subject).expect("an attribute");
    name.append_entry_by_text("CN", "\u{1b}[2J\u{7}evil").expect("a common name");
    let mut certificate = X509Builder::new().expect("a certificate");
    let time = Asn1Time::from_unix(0).expect("a time");
    certificate.set_not_before(&time).and_then(|()| certificate.set_not_after(&time)).expect("times");
    certificate.set_subject_name(&name.build()).expect("a subject");
    certificate
        .set_pubkey(&key)
        .and_then(|()| certificate.sign(&key, MessageDigest::sha256()))
        .expect("a signature");
    String::from_utf8(certificate.build().to_pem().expect("PEM")).expect("ASCII")
}

#[test]
fn special_files_in_the_place_of_certificates_are_rows_with_errors() {
    let sandbox = Sandbox::with_ca();
    let fifo = Command::new("mkfifo").arg(sandbox.path("certs/node.crt")).status().expect("mkfifo");
    assert!(fifo.success());
    let _socket = UnixListener::bind(sandbox.path("certs/ui.crt")).expect("a socket");
    symlink("/dev/zero", sandbox.path("certs/client.zero.crt")).expect("a link");
    symlink("client.loop.crt", sandbox.path("certs/client.loop.crt")).expect("a link");
    symlink("/", sandbox.path("certs/client.dir.crt")).expect("a link");
    // In the words of this libc.
    let a_loop = std::io::Error::from(rustix::io::Errno::LOOP).to_string().to_lowercase();
    let a_loop = a_loop.split(" (os error").next().expect("a reason");
    for (file, why) in [
        ("node.crt", "not a regular file"),
        ("ui.crt", "not a regular file"),
        ("client.zero.crt", "not a regular file"),
        ("client.dir.crt", "not a regular file"),
        ("client.loop.crt", a_loop),
    ] {
        let expected = format!("could not read certificate file certs/{file}: {why}");
        assert!(error(&sandbox, file).starts_with(&expected), "{file}: {}", error(&sandbox, file));
    }
}

#[test]
fn a_fifo_in_the_place_of_a_key_does_not_block() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    fs::remove_file(sandbox.path("certs/node.key")).expect("node.key");
    let fifo = Command::new("mkfifo").arg(sandbox.path("certs/node.key")).status().expect("mkfifo");
    assert!(fifo.success());
    assert_eq!(error(&sandbox, "node.crt"), "key file certs/node.key is not a regular file");
}

#[test]
fn a_file_of_gigabytes_is_not_read() {
    let sandbox = Sandbox::with_ca();
    let file = fs::File::create(sandbox.path("certs/node.crt")).expect("a file");
    file.set_len(5 << 30).expect("a sparse file");
    list(&sandbox);
    let expected = "could not read certificate file certs/node.crt: the file has 5368709120 bytes, more than the limit of 1048576";
    assert_eq!(error(&sandbox, "node.crt"), expected);
}

#[test]
fn names_of_certificates_and_files_cannot_drive_the_terminal() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("certs/client.evil.crt", &certificate(&sandbox, "x"));
    sandbox.write("certs/client.\u{1b}[31m\u{9b}1m.crt", "x");
    sandbox.write("certs/\u{1b}]0;title\u{7}.crt", "x");
    sandbox.write("certs/client.a\nb.crt", "x");
    let run = list(&sandbox);
    assert!(is_harmless(&run.stdout) && is_harmless(&run.stderr), "{run:?}");
    assert!(
        run.stdout.contains("client.a\\nb.crt") && run.stdout.contains("\\u{1b}[2J\\u{7}evil"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.ends_with("(4 rows)\n"), "{}", run.stdout);
}

#[test]
fn file_names_that_are_not_unicode_are_a_warning() {
    let sandbox = Sandbox::with_ca();
    let name = OsStr::from_bytes(b"client.\xff\x1b.crt");
    fs::write(sandbox.path("certs").join(name), "x").expect("a file");
    fs::write(sandbox.path("certs").join(OsStr::from_bytes(b"\xff")), "x").expect("a file");
    let run = list(&sandbox);
    assert!(run.stdout.ends_with("(1 row)\n"), "{}", run.stdout);
    assert!(run.stderr.contains("not UTF-8") && is_harmless(&run.stderr), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}

#[test]
fn a_file_name_of_255_bytes_has_its_row() {
    let sandbox = Sandbox::with_ca();
    let name = format!("client.{}.crt", "x".repeat(244));
    sandbox.write(&format!("certs/{name}"), "x");
    assert_eq!(error(&sandbox, &name), format!("no certificates found in {name}"));
}

#[test]
fn a_certificate_with_an_enormous_name_is_read() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("certs/ca-ui.crt", &certificate(&sandbox, &"x".repeat(700_000)));
    list(&sandbox);
    assert_eq!(error(&sandbox, "ca-ui.crt"), "");
}

#[test]
fn a_thousand_certificates_in_one_file_are_counted() {
    let sandbox = Sandbox::with_ca();
    let certificate = sandbox.read("certs/ca.crt");
    sandbox.write("certs/ca.crt", &certificate.repeat(1000));
    list(&sandbox);
    assert_eq!(rows(&sandbox)[0][4], "num certs: 1000");
    let full = certificate.repeat((1 << 20) / certificate.len());
    sandbox.write("certs/ca.crt", &full);
    let words = ["certs/ca.crt would have", "more than the limit of 1048576"];
    sandbox.refuses_to_create("create-ca", &["--allow-ca-key-reuse", "--overwrite"], &words);
}

#[test]
fn a_hundred_thousand_files_are_listed() {
    let sandbox = Sandbox::with_ca();
    for i in 0..50_000 {
        sandbox.write(&format!("certs/client.u{i}.crt"), "");
        sandbox.write(&format!("certs/other.{i}"), "");
    }
    let quiet = format!("{MEMORY}; crdb-cert list --certs-dir=certs --logtostderr=NONE");
    let run = sandbox.script(&quiet).succeeds();
    assert!(run.stdout.ends_with("(50001 rows)\n"), "{}", &run.stdout[run.stdout.len() - 200..]);
}

#[test]
fn damaged_certificates_and_keys_never_end_the_program() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    let (certificate, key) = (sandbox.read("certs/client.root.crt"), sandbox.read("certs/client.root.key"));
    // A cut and a changed byte at places spread over the file; the fuzz targets try many more.
    for at in (0..certificate.len()).step_by(23) {
        let changed = |text: &str| {
            text.bytes().enumerate().map(|(i, b)| if i == at { b ^ 1 } else { b }).collect::<Vec<_>>()
        };
        for (file, contents) in [
            ("certs/client.cut.crt", certificate.as_bytes()[..at].to_vec()),
            ("certs/client.root.crt", changed(&certificate)),
            ("certs/client.root.key", changed(&key)),
        ] {
            fs::write(sandbox.path(file), contents).expect(file);
        }
        let run = list(&sandbox);
        assert!(run.stdout.ends_with("(3 rows)\n") && is_harmless(&run.stdout), "{at}: {run:?}");
    }
}

#[test]
fn an_unreadable_certificate_is_a_row_with_the_reason() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    fs::set_permissions(sandbox.path("certs/node.crt"), fs::Permissions::from_mode(0o000)).expect("chmod");
    let expected = if rustix::process::geteuid().is_root() {
        ""
    } else {
        "could not read certificate file certs/node.crt: permission denied"
    };
    assert_eq!(error(&sandbox, "node.crt"), expected);
}

#[test]
fn a_change_that_is_not_ours_is_not_followed() {
    let sandbox = Sandbox::with_ca();
    let dir = "certs/.crdb-cert.commit";
    let manifest = format!("crdb-cert manifest 1\0new\0{}\0../x\0", "0".repeat(64));
    let cases: [(&str, &dyn Fn(), &str); 5] = [
        ("a file", &|| sandbox.write(dir, "junk"), "certs/.crdb-cert.commit is not a directory"),
        (
            "a directory that others can enter",
            &|| {
                sandbox.make_dir(dir);
                sandbox.chmod(dir, 0o755);
            },
            "certs/.crdb-cert.commit is open to others (mode 755)",
        ),
        (
            "a directory of somebody's",
            &|| {
                sandbox.make_dir(dir);
                sandbox.write(&format!("{dir}/node.key"), "precious");
            },
            "certs/.crdb-cert.commit holds node.key, which crdb-cert did not put there",
        ),
        (
            "junk",
            &|| {
                sandbox.make_dir(dir);
                sandbox.write(&format!("{dir}/crdb-cert.manifest"), "junk");
            },
            "certs/.crdb-cert.commit holds a change that this version does not know",
        ),
        (
            "a path",
            &|| {
                sandbox.make_dir(dir);
                sandbox.write(&format!("{dir}/crdb-cert.manifest"), &manifest);
            },
            "certs/.crdb-cert.commit holds a change that this version does not know",
        ),
    ];
    for (case, plant, words) in cases {
        plant();
        sandbox.refuses_to_create("create-node", &["localhost"], &[words, "HINT: "]);
        let run = sandbox.run(&["list", "--certs-dir=certs"]).succeeds();
        assert!(run.stderr.contains(words) && run.stderr.contains("not looked at"), "{case}: {}", run.stderr);
        let _ = fs::remove_file(sandbox.path(dir)).or_else(|_| fs::remove_dir_all(sandbox.path(dir)));
    }
}

#[test]
fn closed_standard_streams_are_no_reason_to_panic() {
    let sandbox = Sandbox::with_ca();
    let dirs = crate::sandbox::DIRS.join(" ");
    for (command, status) in [
        (format!("create-client ,foo --disable-username-validation --key-algorithm=ecdsa {dirs}"), 0),
        (format!("create-client ,foo --key-algorithm=ecdsa {dirs}"), 1),
        ("create-nonsense".to_owned(), 2),
        ("list --certs-dir=certs".to_owned(), 0),
    ] {
        // A pipe that nobody reads, and no stderr at all.
        for closed in ["2>&1 >/dev/null | true", "2>&- >/dev/null"] {
            let script = format!(
                "(sleep 0.1; crdb-cert {command} && s=0 || s=$?; echo $s >status) {closed}; cat status"
            );
            let run = sandbox.script(&script).succeeds();
            assert_eq!(run.stdout, format!("{status}\n"), "{command} {closed}");
            let _ = fs::remove_file(sandbox.path("certs/client.,foo.crt"));
            let _ = fs::remove_file(sandbox.path("certs/client.,foo.key"));
        }
    }
}
