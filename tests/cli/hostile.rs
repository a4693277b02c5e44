//! Whatever is in the certs directory, `list` ends, in bounded memory, and prints nothing that drives a
//! terminal.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::base64::encode_block;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::x509::{X509Builder, X509Extension, X509Name};

use crate::list::rows;
use crate::sandbox::{Run, Sandbox};

/// A ceiling for what the program allocates, and its stacks, in KiB: 64 MiB and one for each row.
fn memory(rows: usize) -> String {
    format!("ulimit -d {}", (64 << 10) + rows)
}

fn list(sandbox: &Sandbox) -> Run {
    limited(sandbox, 0, "")
}

/// The same with so many rows, in the memory for them, and without log.
fn list_rows(sandbox: &Sandbox, rows: usize) -> Run {
    limited(sandbox, rows, "--logtostderr=NONE")
}

/// It must not hang, either: the seconds are of processor time.
fn limited(sandbox: &Sandbox, rows: usize, flags: &str) -> Run {
    let limits = format!("ulimit -t 60; {}", memory(rows));
    sandbox.script(&format!("{limits}; crdb-cert list --certs-dir=certs {flags}")).succeeds()
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
    signed(certificate, &key)
}

fn signed(mut certificate: X509Builder, key: &PKeyRef<Private>) -> String {
    certificate
        .set_pubkey(key)
        .and_then(|()| certificate.sign(key, MessageDigest::sha256()))
        .expect("a signature");
    String::from_utf8(certificate.build().to_pem().expect("PEM")).expect("ASCII")
}

/// A certificate with this subjectAltName.
fn with_names(sandbox: &Sandbox, names: &[u8]) -> String {
    let key = PKey::private_key_from_pem(sandbox.read("my-safe-directory/ca.key").as_bytes()).expect("the key");
    let mut certificate = X509Builder::new().expect("a certificate");
    let time = Asn1Time::from_unix(0).expect("a time");
    certificate.set_not_before(&time).and_then(|()| certificate.set_not_after(&time)).expect("times");
    certificate.set_version(2).expect("a version with extensions");
    let oid = Asn1Object::from_str("2.5.29.17").expect("subjectAltName");
    let contents = Asn1OctetString::new_from_bytes(&tlv(0x30, names)).expect("contents");
    let extension = X509Extension::new_from_der(&oid, false, &contents).expect("an extension");
    certificate.append_extension(extension).expect("an extension");
    signed(certificate, &key)
}

/// A DER element.
fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let octets = length.to_be_bytes();
    let header = match &octets[length.leading_zeros() as usize / 8..] {
        [] => vec![tag, 0],
        [short @ 0..0x80] => vec![tag, *short],
        long => [&[tag, 0x80 | u8::try_from(long.len()).expect("a length")], long].concat(),
    };
    [&header, contents].concat()
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = encode_block(der);
    let lines = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII"));
    let lines: Vec<_> = lines.collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// An odd INTEGER of so many bits.
fn number(bits: usize) -> Vec<u8> {
    let mut octets = vec![0xa5; 1 + bits.div_ceil(8)];
    octets[..2].copy_from_slice(&[0, 1 << ((bits - 1) % 8)]);
    tlv(2, &octets)
}

/// Puts a key in the place of the node's; the Error cell, for which `list` may take neither long nor much
/// memory.
fn error_of_key(sandbox: &Sandbox, label: &str, der: &[u8]) -> String {
    sandbox.write("certs/node.key", &pem(label, der));
    sandbox.chmod("certs/node.key", 0o600);
    list(sandbox);
    let error = error(sandbox, "node.crt");
    error.replacen("could not load key file certs/node.key: ", "", 1)
}

/// An algorithm with these parameters, and a key of it, in PKCS#8.
fn pkcs8(oid: &str, parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let oid = tlv(6, Asn1Object::from_str(oid).expect(oid).as_slice());
    tlv(0x30, &[tlv(2, &[0]), tlv(0x30, &[&oid, parameters].concat()), tlv(4, key)].concat())
}

#[test]
fn keys_that_would_keep_openssl_busy_are_errors_at_once() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    let dsa = |bits| {
        let parameters = tlv(0x30, &[number(bits), number(256), number(bits)].concat());
        pkcs8("1.2.840.10040.4.1", &parameters, &number(bits))
    };
    let rsa = |bits| {
        let n = number(bits);
        tlv(0x30, &[tlv(2, &[0]), n.clone(), tlv(2, &[1, 0, 1]), n, [2, 1, 3].repeat(5)].concat())
    };
    let multi_prime = {
        let primes = tlv(0x30, &tlv(0x30, &[2, 1, 3].repeat(3)).repeat(44_000));
        let numbers = [tlv(2, &[1]), number(2048), [2, 1, 3].repeat(7)].concat();
        tlv(0x30, &[numbers, primes].concat())
    };
    let inside = "labelled RSA PRIVATE KEY, but a PKCS#8 key of the algorithm DSA is inside";
    let supported = "RSA, ECDSA and Ed25519 are supported";
    let at_most = "at most 16384 are supported";
    for (label, der, expected) in [
        ("RSA PRIVATE KEY", dsa(1_000_000), inside.to_owned()),
        ("PRIVATE KEY", dsa(1_000_000), format!("a key of the algorithm DSA: {supported}")),
        ("RSA PRIVATE KEY", rsa(40_000), format!("an RSA key of 40000 bits: {at_most}")),
        ("RSA PRIVATE KEY", rsa(16_385), format!("an RSA key of 16385 bits: {at_most}")),
        (
            "PRIVATE KEY",
            pkcs8("1.2.840.113549.1.1.1", &[5, 0], &rsa(3_000_000)),
            format!("an RSA key of 3000000 bits: {at_most}"),
        ),
        (
            "RSA PRIVATE KEY",
            rsa(16_384),
            "key file certs/node.key does not belong to its certificate".to_owned(),
        ),
        ("RSA PRIVATE KEY", multi_prime, "an RSA key of more than two primes: two are supported".to_owned()),
    ] {
        assert_eq!(error_of_key(&sandbox, label, &der), expected);
    }
}

#[test]
fn keys_that_no_server_uses_are_named() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    // A FIPS provider makes no such keys; others can still put them there.
    let openssl = |args: &[&str]| {
        sandbox.script(&format!("unset OPENSSL_CONF; openssl {}", args.join(" "))).succeeds().stdout
    };
    let curves = "P-224, P-256, P-384 and P-521 are supported";
    let supported = "RSA, ECDSA and Ed25519 are supported";
    for (algorithm, option, expected) in [
        ("ED448", None, format!("a key of the algorithm ED448: {supported}")),
        ("X25519", None, format!("a key of the algorithm X25519: {supported}")),
        ("RSA-PSS", Some("rsa_keygen_bits:2048"), format!("a key of the algorithm RSASSA-PSS: {supported}")),
        ("EC", Some("ec_paramgen_curve:secp256k1"), format!("an ECDSA key on secp256k1: {curves}")),
    ] {
        let option = option.map(|option| vec!["-pkeyopt", option]).unwrap_or_default();
        let key = openssl(&[&["genpkey", "-algorithm", algorithm], &option[..]].concat());
        sandbox.write("certs/node.key", &key);
        sandbox.chmod("certs/node.key", 0o600);
        let expected = format!("could not load key file certs/node.key: {expected}");
        assert_eq!(error(&sandbox, "node.crt"), expected);
    }
    // The numbers of P-256 instead of its name.
    let args = ["ec", "-param_enc", "explicit", "-in", "my-safe-directory/ca.key"];
    sandbox.write("explicit.pem", &openssl(&args));
    let in_pkcs8 = openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", "explicit.pem"]);
    for key in [sandbox.read("explicit.pem"), in_pkcs8] {
        sandbox.write("certs/node.key", &key);
        let expected =
            format!("could not load key file certs/node.key: an ECDSA key on a curve of its own: {curves}");
        assert_eq!(error(&sandbox, "node.crt"), expected, "{key}");
    }
}

#[test]
fn keys_that_a_server_uses_match_in_every_form() {
    let sandbox = Sandbox::with_ca();
    for (algorithm, option) in [
        ("RSA", "rsa_keygen_bits:2048"),
        ("EC", "ec_paramgen_curve:P-224"),
        ("EC", "ec_paramgen_curve:P-256"),
        ("EC", "ec_paramgen_curve:P-384"),
        ("EC", "ec_paramgen_curve:P-521"),
        ("ED25519", ""),
    ] {
        let option = if option.is_empty() { vec![] } else { vec!["-pkeyopt", option] };
        sandbox.write("key", &sandbox.openssl(&[&["genpkey", "-algorithm", algorithm], &option[..]].concat()));
        let request = ["req", "-x509", "-new", "-key", "key", "-days", "2", "-subj", "/CN=node"];
        sandbox.write("certs/node.crt", &sandbox.openssl(&request));
        let mut forms = vec![sandbox.read("key")];
        match algorithm {
            "RSA" => forms.push(sandbox.openssl(&["rsa", "-traditional", "-in", "key"])),
            "EC" => {
                forms.push(sandbox.openssl(&["ec", "-in", "key"]));
                forms.push(sandbox.openssl(&["ec", "-in", "key", "-no_public"]));
                forms.push(sandbox.openssl(&["ec", "-in", "key", "-conv_form", "compressed"]));
                forms.push(sandbox.openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", "key"]));
            }
            _ => {}
        }
        for form in forms {
            sandbox.write("certs/node.key", &form);
            sandbox.chmod("certs/node.key", 0o600);
            let row = rows(&sandbox).into_iter().find(|row| row[1] == "node.crt").expect("a row");
            assert_eq!((&*row[2], &*row[5]), ("node.key", ""), "{algorithm} {option:?}");
        }
    }
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
    // Names as short as these take far less than 1 KiB a row.
    let run = list_rows(&sandbox, 0);
    assert!(run.stdout.ends_with("(50001 rows)\n"), "{}", &run.stdout[run.stdout.len() - 200..]);
}

#[test]
fn a_system_that_has_no_thread_left_is_slow_and_no_more() {
    let sandbox = Sandbox::with_ca();
    for user in ["a", "b", "c"] {
        sandbox.create("create-client", &[user]).succeeds_silently();
    }
    // No address space has room for such a stack.
    let mut command = sandbox.command(&["list", "--certs-dir=certs"]);
    let run = Run::of(command.env("RUST_MIN_STACK", (1_u64 << 60).to_string())).succeeds();
    assert!(run.stdout.ends_with("(4 rows)\n") && run.stderr.is_empty(), "{run:?}");
}

/// The file under as many more names.
fn link(sandbox: &Sandbox, file: &str, count: usize) {
    for i in 0..count {
        // Names that are as long as can be.
        let name = format!("certs/client.{i:06}{}.crt", "\u{1}".repeat(238));
        fs::hard_link(sandbox.path(file), sandbox.path(&name)).expect("a link");
    }
}

#[test]
fn a_certificate_of_countless_names_is_an_error_however_often_it_is_there() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("certs/client.x.crt", &with_names(&sandbox, &[0x82, 0].repeat(380_000)));
    link(&sandbox, "certs/client.x.crt", 20);
    list_rows(&sandbox, 20);
    let expected = "failed to parse certificate 0 in file client.x.crt: it has more than 20000 elements";
    assert_eq!(error(&sandbox, "client.x.crt"), expected);
    // As many as are read.
    sandbox.write("certs/client.x.crt", &with_names(&sandbox, &tlv(0x82, &[0x1b; 30]).repeat(19_900)));
    list_rows(&sandbox, 20);
    let error = error(&sandbox, "client.x.crt");
    assert!(error.starts_with("client certificate has principals [\"\" \"\\u{1b}\\u{1b}"), "{error}");
    assert!(error.ends_with("..."), "{error}");
}

#[test]
fn names_of_control_characters_are_cut_after_they_are_escaped() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("certs/client.x.crt", &with_names(&sandbox, &tlv(0x82, &[0x1b; 2000])));
    link(&sandbox, "certs/client.x.crt", 3_000);
    let run = list_rows(&sandbox, 3_000);
    assert!(run.stdout.ends_with("(3002 rows)\n") && is_harmless(&run.stdout), "{}", run.stdout.len());
    let widest = run.stdout.lines().map(str::len).max().unwrap_or_default();
    assert!(widest < 1500, "{widest}");
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
fn a_directory_from_the_future_is_read_once() {
    let sandbox = Sandbox::with_ca();
    for n in 0..300 {
        sandbox.write(&format!("certs/client.u{n}.crt"), "x");
    }
    // Whoever waited for such a directory to settle would do so for minutes.
    let script = "touch -d 2100-01-01 certs; timeout 60 crdb-cert list --certs-dir=certs";
    let run = sandbox.script(script).succeeds();
    assert!(run.stdout.ends_with("(301 rows)\n"), "{}", run.stdout);
}

#[test]
fn countless_bad_names_are_told_in_part() {
    let sandbox = Sandbox::with_ca();
    for n in 0..1500 {
        sandbox.write(&format!("certs/{}{n}.crt", "\x01".repeat(200)), "x");
    }
    let run = sandbox.run(&["list", "--certs-dir=certs"]).succeeds();
    assert_eq!(run.stderr.lines().count(), 1001, "{}", run.stderr.len());
    assert!(run.stderr.contains("bad filename of 500 more files") && run.stderr.len() < 1 << 20);
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
