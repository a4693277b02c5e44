//! `sign`: requests that others made.

use std::fs;

use crate::passphrase::run_at_terminal;
use crate::sandbox::{DIRS, Run, Sandbox, program};

const NODE: &str = "--as=node";

/// `openssl` with its own providers: some of what it makes here no FIPS provider would.
fn openssl(sandbox: &Sandbox, args: &[&str]) {
    let dir: &crate::support::Dir = sandbox;
    Run::of(&mut dir.command("openssl", args)).succeeds();
}

/// A request in `in/x.csr` that OpenSSL makes, with these extensions.
fn request(sandbox: &Sandbox, subject: &str, extensions: &str, more: &[&str]) {
    let config = format!(
        "[req]\ndistinguished_name=dn\nprompt=no\nreq_extensions=ext\n[dn]\nCN=x\n[ext]\n{extensions}\n"
    );
    request_of(sandbox, &config, subject, more);
}

fn request_of(sandbox: &Sandbox, config: &str, subject: &str, more: &[&str]) {
    sandbox.write("x.cnf", config);
    let key = if more.contains(&"-newkey") || more.contains(&"-key") {
        &[][..]
    } else {
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    };
    let files = ["-nodes", "-keyout", "x.key", "-out", "in/x.csr", "-config", "x.cnf"];
    let subject = if subject.is_empty() { &[][..] } else { &["-subj", subject] };
    openssl(sandbox, &[&["req", "-new"], &files[..], subject, key, more].concat());
}

fn with_ca() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.make_dir("in");
    sandbox
}

/// What `sign` says to the request of a node that may be called localhost.
fn refuses(sandbox: &Sandbox, words: &[&str]) {
    sandbox.refuses(&[&["sign", "in/x.csr", NODE, "--host=localhost"], &DIRS[..]].concat(), words);
}

fn sign(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["sign"], args, &DIRS].concat())
}

fn csr(sandbox: &Sandbox, dir: &str, args: &[&str]) {
    let dir = format!("--certs-dir={dir}");
    sandbox.run(&[&["csr", "--key-algorithm=ecdsa", &dir], args].concat()).succeeds_silently();
}

const USUAL: &str = "/O=Cockroach/CN=node";
const LOCALHOST: &str = "subjectAltName=DNS:localhost";

/// What is in a certificate, apart from its key, serial number and times.
fn contents(sandbox: &Sandbox, file: &str) -> String {
    let opt = "no_header,no_version,no_serial,no_validity,no_pubkey,no_sigdump,no_signame";
    let text = sandbox.openssl(&["x509", "-noout", "-text", "-in", file, "-certopt", opt]);
    let is_identifier = |line: &&str| line.matches(':').count() > 10;
    text.lines().filter(|line| !is_identifier(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_certificate_is_the_one_that_create_would_have_made() {
    let sandbox = with_ca();
    for (args, flags, file, create) in [
        (
            &["node", "b", "10.0.0.1", "a"][..],
            &[NODE, "--host=a,b", "--host=10.0.0.1"][..],
            "node",
            "create-node",
        ),
        (&["ui", "10.0.0.1", "a"], &["--as=ui", "--host=a,10.0.0.1"], "ui", "create-ui"),
        (&["client", "max"], &["--as=client", "--user=max"], "client.max", "create-client"),
        (
            &["client", "bob", "--tenant-scope=2"],
            &["--as=client", "--user=bob", "--tenant-scope=2,3"],
            "client.bob",
            "create-client",
        ),
        (
            &["tenant-client", "7", "sql"],
            &["--as=tenant-client", "--tenant-id=7", "--host=sql"],
            "client-tenant.7",
            "create-tenant-client",
        ),
        (
            &["client", "eve", "--subject=O=Acme Inc,OU=movr-prod,UID=eve"],
            &["--as=client", "--user=eve", "--subject=O=Acme Inc,OU=movr-prod,UID=eve"],
            "client.eve",
            "create-client",
        ),
    ] {
        csr(&sandbox, "in", args);
        let request = format!("in/{file}.csr");
        sign(&sandbox, &[&[&*request], flags].concat()).succeeds_silently();
        sandbox.create(create, &args[1..]).succeeds();
        let [signed, created] = ["in", "certs"].map(|dir| contents(&sandbox, &format!("{dir}/{file}.crt")));
        assert_eq!(signed, created, "{args:?}");
        sandbox.openssl(&["verify", "-x509_strict", "-CAfile", "certs/ca.crt", &format!("in/{file}.crt")]);
        let public = sandbox.openssl(&["req", "-noout", "-pubkey", "-in", &request]);
        assert_eq!(sandbox.openssl(&["x509", "-noout", "-pubkey", "-in", &format!("in/{file}.crt")]), public);
    }
}

#[test]
fn what_no_such_certificate_has_is_refused_by_name() {
    let sandbox = with_ca();
    for (extension, words) in [
        ("basicConstraints=critical,CA:TRUE", "the request asks for CA:TRUE\n"),
        ("basicConstraints=CA:TRUE,pathlen:0", "the request asks for CA:TRUE\n"),
        (
            "keyUsage=digitalSignature,keyCertSign,cRLSign",
            "asks for the key usage keyCertSign, the key usage cRLSign\n",
        ),
        ("extendedKeyUsage=serverAuth,codeSigning", "asks for the extended key usage codeSigning\n"),
        ("extendedKeyUsage=1.2.3.4", "asks for the extended key usage 1.2.3.4\n"),
        ("1.2.3.4=critical,ASN1:NULL", "asks for the critical extension 1.2.3.4\n"),
        ("1.2.3.4=ASN1:NULL", "asks for the extension 1.2.3.4\n"),
        ("nameConstraints=permitted;DNS:a", "asks for the extension nameConstraints\n"),
        ("tlsfeature=status_request", "asks for the extension tlsfeature\n"),
    ] {
        request(&sandbox, USUAL, &format!("{LOCALHOST}\n{extension}"), &[]);
        refuses(
            &sandbox,
            &["ERROR: failed to sign in/x.csr: ", words, "HINT: a node certificate has none of that"],
        );
    }
    for (names, words) in [
        ("URI:crdb://tenant/1/user/root", "asks for URI:crdb://tenant/1/user/root\n"),
        ("email:a@example.com", "asks for email:a@example.com\n"),
        ("dirName:dn", "asks for a name of tag 0xa4"),
        ("DNS:a b", "asks for DNS:a b\n"),
        ("DNS:10.0.0.1", "asks for DNS:10.0.0.1\n"),
        ("RID:1.2.3", "asks for a name of tag 0x88"),
    ] {
        request(&sandbox, USUAL, &format!("{LOCALHOST},{names}"), &[]);
        refuses(&sandbox, &[words]);
    }
    request(&sandbox, USUAL, "keyUsage=digitalSignature", &[]);
    refuses(&sandbox, &["the request asks for no host name or address (such a certificate needs one)"]);
}

#[test]
fn what_a_profile_says_anyway_may_be_asked_for() {
    let sandbox = with_ca();
    let usual = "keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash";
    request(&sandbox, USUAL, &format!("{LOCALHOST}\n{usual}"), &[]);
    sign(&sandbox, &["in/x.csr", NODE, "--host=localhost"]).succeeds_silently();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    // OpenSSL writes subjects in UTF8String; the text is the same.
    assert_eq!(contents(&sandbox, "in/x.crt"), contents(&sandbox, "certs/node.crt"));
}

#[test]
fn names_that_nobody_allowed_are_shown_with_what_to_type() {
    let sandbox = with_ca();
    request(&sandbox, USUAL, "subjectAltName=DNS:localhost,DNS:*.example.com,IP:10.0.0.1", &[]);
    let words = [
        "ERROR: failed to sign in/x.csr: it asks for DNS:*.example.com, IP:10.0.0.1, which you did not name\n",
        "HINT: if that is right, add --host='*.example.com' --host=10.0.0.1\n",
    ];
    refuses(&sandbox, &words);
    csr(&sandbox, "in", &["client", "max", "--tenant-scope=2"]);
    let run = |args: &[&str], words: &[&str]| {
        sandbox.refuses(&[&["sign", "in/client.max.csr", "--as=client"], args, &DIRS].concat(), words);
    };
    run(
        &[],
        &[
            "subject is O=Cockroach,CN=max, and none was named; it asks for URI:crdb://tenant/2/user/max",
            "add --user=max --tenant-scope=2\n",
        ],
    );
    run(&["--user=bob"], &["subject is O=Cockroach,CN=max, and O=Cockroach,CN=bob is allowed"]);
    run(&["--user=max"], &["which you did not name", "add --tenant-scope=2\n"]);
    run(&["--user=max", "--tenant-scope=3"], &["it asks for URI:crdb://tenant/2/user/max, which"]);
    run(&["--tenant-scope=2"], &["name it with --user"]);
    csr(&sandbox, "in", &["client", "bob"]);
    let every = "the request asks for a certificate for every tenant (it names none)";
    let args = ["sign", "in/client.bob.csr", "--as=client", "--user=bob", "--tenant-scope=2"];
    sandbox.refuses(&[&args, &DIRS[..]].concat(), &[every]);
}

#[test]
fn the_order_of_the_subject_matters_and_both_are_shown() {
    let sandbox = with_ca();
    for (subject, shown) in [
        ("/CN=node/O=Cockroach", "CN=node,O=Cockroach"),
        ("/CN=node", "CN=node"),
        ("/O=Cockroach+CN=node", "CN=node+O=Cockroach"),
        ("/O=Cockroach/CN=root", "O=Cockroach,CN=root"),
    ] {
        request(&sandbox, subject, LOCALHOST, &["-multivalue-rdn"]);
        let words = format!("the request's subject is {shown}, and O=Cockroach,CN=node is allowed\n");
        refuses(&sandbox, &[&words, &format!("HINT: if that is right, add --subject='{shown}'\n")]);
    }
    request(&sandbox, "/CN=node/O=Cockroach", LOCALHOST, &[]);
    sign(&sandbox, &["in/x.csr", NODE, "--host=localhost", "--subject=CN=node,O=Cockroach"])
        .succeeds_silently();
    // Byte for byte: OpenSSL wrote UTF8String, and we would not have.
    let typed = ["-noout", "-subject", "-nameopt", "RFC2253,show_type"];
    let of = |kind, file| sandbox.openssl(&[&[kind, "-in", file][..], &typed].concat());
    assert_eq!(of("x509", "in/x.crt"), of("req", "in/x.csr"));
    request(&sandbox, USUAL, LOCALHOST, &[]);
    let named = ["sign", "in/x.csr", NODE, "--host=localhost", "--overwrite", "--subject=CN=node,O=Cockroach"];
    let words = "the request's subject is O=Cockroach,CN=node, and CN=node,O=Cockroach is allowed";
    sandbox.refuses(&[&named, &DIRS[..]].concat(), &[words]);
    request(&sandbox, "/OU=Tenants/CN=max", "keyUsage=digitalSignature", &[]);
    let client = ["sign", "in/x.csr", "--as=client", "--subject=OU=Tenants,CN=max", "--overwrite"];
    sandbox.refuses(&[&client, &DIRS[..]].concat(), &["servers refuse it as a tenant client certificate"]);
}

#[test]
fn a_signature_that_proves_nothing_is_refused() {
    let sandbox = with_ca();
    for (algorithm, more) in [
        ("RSA-MD5", &["-md5", "-newkey", "rsa:2048"][..]),
        ("RSA-SHA1", &["-sha1", "-newkey", "rsa:2048"]),
        ("ecdsa-with-SHA1", &["-sha1"]),
        ("ecdsa-with-SHA224", &["-sha224"]),
    ] {
        request(&sandbox, USUAL, LOCALHOST, more);
        refuses(&sandbox, &[&format!("failed to sign in/x.csr: the request is signed with {algorithm}: ")]);
    }
    request(&sandbox, USUAL, LOCALHOST, &["-outform", "DER"]);
    let der = fs::read(sandbox.path("in/x.csr")).expect("a request");
    let name = der.windows(9).position(|part| part == b"localhost").expect("the name");
    for (at, octet) in [(der.len() - 1, der[der.len() - 1] ^ 1), (name, b'k')] {
        let mut broken = der.clone();
        broken[at] = octet;
        sandbox.write("in/x.csr", &broken);
        refuses(
            &sandbox,
            &["the request's own signature does not match: it was changed, or made without its key"],
        );
    }
    sandbox.write("in/x.csr", &der);
    sign(&sandbox, &["in/x.csr", NODE, "--host=localhost"]).succeeds_silently();
}

#[test]
fn weak_and_unknown_keys_are_refused() {
    let sandbox = with_ca();
    for (key, words) in [
        ("rsa:1024", "an RSA key of 1024 bits is too weak"),
        ("ec:P-224", "an ECDSA key on secp224r1: P-256, P-384 and P-521 are supported"),
        ("ec:secp256k1", "an ECDSA key on secp256k1: "),
        ("ed448", "a key of the algorithm ED448: RSA, ECDSA and Ed25519 are supported"),
    ] {
        let curve;
        let more = match key.split_once(':') {
            Some(("ec", name)) => {
                curve = format!("ec_paramgen_curve:{name}");
                vec!["-newkey", "ec", "-pkeyopt", &curve]
            }
            _ => vec!["-newkey", key],
        };
        request(&sandbox, USUAL, LOCALHOST, &more);
        refuses(&sandbox, &["the request's key is refused: ", words]);
    }
    openssl(
        &sandbox,
        &["ecparam", "-name", "P-256", "-param_enc", "explicit", "-genkey", "-noout", "-out", "own.key"],
    );
    request(&sandbox, USUAL, LOCALHOST, &["-key", "own.key"]);
    refuses(&sandbox, &["an ECDSA key on a curve of its own"]);
}

#[test]
fn attributes_are_refused_by_name_and_passwords_are_not_shown() {
    let sandbox = with_ca();
    let config = "[req]\ndistinguished_name=dn\nprompt=no\nattributes=more\n[dn]\nO=Cockroach\nCN=node\n[more]\n\
                  challengePassword=opensesame\nunstructuredName=y\n";
    request_of(&sandbox, config, "", &["-addext", LOCALHOST]);
    refuses(&sandbox, &["the request asks for the attribute unstructuredName, a challenge password"]);
    let run = sign(&sandbox, &["in/x.csr", NODE, "--logtostderr"]);
    assert!(!run.stderr.contains("opensesame"), "{run:?}");
}

#[test]
fn a_file_that_is_no_request_says_what_it_is() {
    let sandbox = with_ca();
    request(&sandbox, USUAL, LOCALHOST, &[]);
    let good = sandbox.read("in/x.csr");
    let key = sandbox.read("x.key");
    for (contents, words) in [
        (String::new(), "failed to sign in/x.csr: the file is empty"),
        ("hello\n".to_owned(), "it is not a certificate request: neither PEM nor DER"),
        ("0\u{1}\u{1}".to_owned(), "it is not a certificate request: malformed DER"),
        (sandbox.read("certs/ca.crt"), "a block of type CERTIFICATE is in the file, not CERTIFICATE REQUEST"),
        (format!("{key}{good}"), "a block of type PRIVATE KEY is in the file, not CERTIFICATE REQUEST"),
        (format!("{good}{good}"), "there are 2 requests in the file"),
        (good.replace("M", "!"), "it is not a certificate request"),
        ("x".repeat((1 << 20) + 1), "more than the limit of 1048576"),
    ] {
        sandbox.write("in/x.csr", &contents);
        refuses(&sandbox, &[words, "HINT: name the file of a request"]);
    }
    fs::remove_file(sandbox.path("in/x.csr")).expect("the request");
    refuses(
        &sandbox,
        &["failed to sign in/x.csr: no such file or directory\nHINT: name the file of a request"],
    );
    let here = ["sign", "x.csr", NODE, "--host=localhost", DIRS[0], DIRS[1]];
    sandbox.refuses(&here, &["ERROR: failed to sign x.csr: no such file"]);
    sandbox.make_dir("in/x.csr");
    refuses(&sandbox, &["failed to sign in/x.csr: not a regular file"]);
}

#[test]
fn der_and_text_around_pem_are_read_too() {
    let sandbox = with_ca();
    for more in [&["-outform", "DER"][..], &["-text"], &["-newhdr"]] {
        request(&sandbox, USUAL, LOCALHOST, more);
        sign(&sandbox, &["in/x.csr", NODE, "--host=localhost", "--overwrite"]).succeeds_silently();
    }
}

#[test]
fn several_requests_are_all_signed_or_none() {
    let sandbox = with_ca();
    for file in ["a", "b", "c"] {
        request(&sandbox, USUAL, LOCALHOST, &[]);
        fs::rename(sandbox.path("in/x.csr"), sandbox.path(&format!("in/{file}.csr"))).expect("a name");
    }
    request(&sandbox, "/CN=other", LOCALHOST, &[]);
    let all = ["sign", "in/a.csr", "in/b.csr", "./in/x.csr", NODE, "--host=localhost"];
    sandbox
        .refuses(&[&all, &DIRS[..]].concat(), &["failed to sign in/x.csr: the request's subject is CN=other"]);
    let good = ["in/a.csr", "in/b.csr", "./in/c.csr", NODE, "--host=localhost"];
    sign(&sandbox, &good).succeeds_silently();
    for file in ["a", "b", "c"] {
        sandbox.verifies("certs/ca.crt", &format!("in/{file}.crt"), "sslserver");
        assert_eq!(sandbox.mode(&format!("in/{file}.crt")) & !0o644, 0);
    }
    fs::remove_file(sandbox.path("in/b.crt")).expect("b.crt");
    let again = [&["sign"], &good[..], &DIRS].concat();
    sandbox.refuses(&again, &["could not write in/a.crt: file exists"]);
    sign(&sandbox, &[&good[..], &["--overwrite"]].concat()).succeeds_silently();
    let twice = ["sign", "in/a.csr", "./in/a.csr", NODE, "--host=localhost"];
    sandbox.refuses(&[&twice, &DIRS[..]].concat(), &["in/a.crt is the certificate of two of the requests"]);
}

#[test]
fn certificates_can_go_to_stdout() {
    let sandbox = with_ca();
    csr(&sandbox, "in", &["node", "localhost"]);
    csr(&sandbox, "in", &["client", "max"]);
    let before = sandbox.snapshot();
    let run = sign(&sandbox, &["in/node.csr", NODE, "--host=localhost", "--out=-"]).succeeds();
    assert_eq!((sandbox.snapshot(), run.stderr.as_str()), (before, ""));
    sandbox.write("node.crt", &run.stdout);
    sandbox.verifies("certs/ca.crt", "node.crt", "sslserver");
    let run = sign(&sandbox, &["in/node.csr", NODE, "--host=localhost", "--out=elsewhere"]);
    assert_eq!(run.status, Some(2), "{run:?}");
}

#[test]
fn a_pair_in_use_is_never_torn() {
    let sandbox = with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    csr(&sandbox, "certs", &["node", "localhost"]);
    let args = ["sign", "certs/node.csr", NODE, "--host=localhost", "--overwrite"];
    let words = [
        "beside it is certs/node.key, which is not the request's key",
        "HINT: print the certificate with --out=-",
    ];
    sandbox.refuses(&[&args, &DIRS[..]].concat(), &words);
    // With the same key there is nothing to tear.
    sandbox
        .run(&["csr", "node", "localhost", "--keep-key", "--overwrite", "--certs-dir=certs"])
        .succeeds_silently();
    sign(&sandbox, &args[1..]).succeeds_silently();
    let list = sandbox.run(&["list", "--certs-dir=certs"]).succeeds().stdout;
    assert!(list.contains("node.key") && !list.contains("does not"), "{list}");
}

#[test]
fn a_certificate_never_takes_the_name_of_another_kind() {
    let sandbox = with_ca();
    request(&sandbox, USUAL, LOCALHOST, &[]);
    for (file, noun) in [("ca", "CA"), ("client.max", "client"), ("ui", "UI")] {
        let path = format!("in/{file}.csr");
        fs::copy(sandbox.path("in/x.csr"), sandbox.path(&path)).expect("a copy");
        let words = format!("{file}.crt is the name of a {noun} certificate");
        let args = ["sign", &path, NODE, "--host=localhost", "--overwrite"];
        sandbox.refuses(
            &[&args, &DIRS[..]].concat(),
            &[&words, "HINT: rename the request, for example to node.csr"],
        );
    }
}

#[test]
fn flags_for_another_kind_are_mistakes() {
    let sandbox = with_ca();
    request(&sandbox, USUAL, LOCALHOST, &[]);
    for (args, flag) in [
        (&["--as=node", "--user=max"][..], "--user means nothing for a node certificate"),
        (&["--as=client", "--host=a"], "--host means nothing for a client certificate"),
        (&["--as=ui", "--tenant-id=2"], "--tenant-id means nothing for a UI certificate"),
        (&["--as=node", "--tenant-scope=2"], "--tenant-scope means nothing for a node certificate"),
    ] {
        sandbox.refuses(&[&["sign", "in/x.csr"], args, &DIRS].concat(), &[flag]);
    }
    let long = ["sign", "in/x.csr", NODE, "--host=localhost", "--lifetime=99999d"];
    sandbox.refuses(&[&long, &DIRS[..]].concat(), &["CA lifetime is "]);
    for args in [&["sign", NODE][..], &["sign", "in/x.csr"], &["sign", "in/x.csr", "--as=ca"]] {
        let run = sandbox.run(&[args, &DIRS].concat());
        assert_eq!(run.status, Some(2), "{run:?}");
    }
}

#[test]
fn on_a_terminal_the_rest_is_asked() {
    let sandbox = with_ca();
    request(&sandbox, "/CN=node", "subjectAltName=DNS:localhost,DNS:other", &[]);
    let command = [&[program(), "sign", "in/x.csr", NODE, "--host=localhost"], &DIRS[..]].concat();
    for answer in ["no\n", "\n", "yesterday\n"] {
        let (seen, signed) = run_at_terminal(&sandbox, &command, &[answer]);
        assert!(!signed && seen.contains("it was not confirmed; nothing was changed"), "{seen}");
        assert_eq!(sandbox.names("in"), ["x.csr"]);
    }
    let (seen, signed) = run_at_terminal(&sandbox, &command, &["yes\n"]);
    for words in [
        "in/x.csr:\n  subject: CN=node\n  names: DNS:localhost, DNS:other\n  key: ECDSA, prime256v1\n",
        "in/x.csr: the request's subject is CN=node, and O=Cockroach,CN=node is allowed; it asks for DNS:other, which you did not name. Sign it? (yes/no): ",
        "created in/x.crt (expires ",
    ] {
        assert!(signed && seen.contains(words), "{words:?} is not in: {seen}");
    }
    assert!(contents(&sandbox, "in/x.crt").contains("DNS:localhost, DNS:other"));
}

/// Who is allowed one thing, and asks for what another is allowed, gets neither.
#[test]
fn one_users_tenants_are_not_anothers() {
    let sandbox = with_ca();
    request(&sandbox, "/O=Cockroach/CN=max", "subjectAltName=URI:crdb://tenant/2/user/root", &[]);
    let args = ["sign", "in/x.csr", "--as=client", "--user=max", "--user=root", "--tenant-scope=2"];
    let words = ["it asks for URI:crdb://tenant/2/user/root, which you did not name"];
    sandbox.refuses(&[&args, &DIRS[..]].concat(), &words);
    csr(&sandbox, "in", &["client", "max", "--tenant-scope=2"]);
    csr(&sandbox, "in", &["client", "root", "--tenant-scope=2"]);
    sign(&sandbox, &[&["in/client.max.csr", "in/client.root.csr"], &args[2..]].concat()).succeeds_silently();
}

#[test]
fn nobody_says_yes_to_more_than_is_shown() {
    let sandbox = with_ca();
    let names: Vec<_> = (0..200).map(|n| format!("DNS:host{n}.example.com")).collect();
    request(&sandbox, USUAL, &format!("subjectAltName={},DNS:root", names.join(",")), &[]);
    let command = [&[program(), "sign", "in/x.csr", NODE], &DIRS[..]].concat();
    let (seen, signed) = run_at_terminal(&sandbox, &command, &["yes\n"]);
    assert!(
        !signed && !seen.contains("yes/no") && seen.contains("HINT: if that is right, add --host="),
        "{seen}"
    );
    assert_eq!(sandbox.names("in"), ["x.csr"]);
}

#[test]
fn a_request_cannot_drive_the_terminal() {
    let sandbox = with_ca();
    request(&sandbox, "/CN=a\u{1b}[2Jb", LOCALHOST, &["-utf8"]);
    refuses(&sandbox, &["the request's subject is CN=a\\1b[2Jb, and"]);
}

const MANIFEST: &str = "\
nodes: [{name: a, hosts: [10.0.0.1]}, {name: b, subject: 'O=Acme,CN=node'}, c]
clients: [root, {user: max, tenant-scope: [2]}, {user: bob, tenant-scope: [3]}]
ui: {hosts: [console]}
tenants: [{id: 7, hosts: [sql]}]
";

/// With a manifest, and a directory for each node.
fn with_manifest() -> Sandbox {
    let sandbox = with_ca();
    sandbox.write("cluster.yml", MANIFEST);
    ["a", "b"].iter().for_each(|dir| sandbox.make_dir(dir));
    sandbox
}

const BY_MANIFEST: &str = "--manifest=cluster.yml";

#[test]
fn a_manifest_allows_what_it_wants() {
    let sandbox = with_manifest();
    csr(&sandbox, "a", &["node", "a", "10.0.0.1"]);
    csr(&sandbox, "b", &["node", "b", "--subject=O=Acme,CN=node"]);
    csr(&sandbox, "in", &["client", "max", "--tenant-scope=2"]);
    csr(&sandbox, "in", &["client", "bob", "--tenant-scope=3"]);
    csr(&sandbox, "in", &["ui", "console"]);
    csr(&sandbox, "in", &["tenant-client", "7", "sql"]);
    let url = "http://ocsp.example.com";
    let nodes = ["a/node.csr", "b/node.csr", NODE, BY_MANIFEST, &format!("--ocsp-url={url}")];
    sign(&sandbox, &nodes).succeeds_silently();
    // Any node's names will do where nothing says which it is.
    csr(&sandbox, "in", &["node", "a", "10.0.0.1"]);
    sign(&sandbox, &["in/node.csr", NODE, BY_MANIFEST]).succeeds_silently();
    assert!(contents(&sandbox, "a/node.crt").contains("DNS:a, IP Address:10.0.0.1"));
    assert_eq!(sandbox.openssl(&["x509", "-in", "b/node.crt", "-noout", "-ocsp_uri"]).trim(), url);
    sign(&sandbox, &["in/client.max.csr", "in/client.bob.csr", "--as=client", BY_MANIFEST]).succeeds_silently();
    sign(&sandbox, &["in/ui.csr", "--as=ui", BY_MANIFEST]).succeeds_silently();
    sign(&sandbox, &["in/client-tenant.7.csr", "--as=tenant-client", BY_MANIFEST]).succeeds_silently();
}

#[test]
fn a_manifest_allows_nobody_what_it_wants_for_another() {
    let sandbox = with_manifest();
    let refuses = |args: &[&str], words: &str| {
        sandbox.refuses(&[&["sign", BY_MANIFEST], args, &DIRS].concat(), &[words]);
    };
    let name = "which you did not name";
    csr(&sandbox, "in", &["client", "root", "--tenant-scope=2"]);
    // Whoever may ask for max is not to become root.
    fs::rename(sandbox.path("in/client.root.csr"), sandbox.path("in/client.max.csr")).expect("a rename");
    let words = "the request's subject is O=Cockroach,CN=root, and O=Cockroach,CN=max is allowed";
    refuses(&["in/client.max.csr", "--as=client"], words);
    // A name that says nothing allows nothing.
    fs::rename(sandbox.path("in/client.max.csr"), sandbox.path("in/x.csr")).expect("a rename");
    refuses(&["in/x.csr", "--as=client"], "the request's subject is O=Cockroach,CN=root, and none was named");
    csr(&sandbox, "in", &["client", "max", "--tenant-scope=3"]);
    refuses(&["in/client.max.csr", "--as=client"], "it asks for URI:crdb://tenant/3/user/max, which");
    csr(&sandbox, "in", &["client", "bob"]);
    refuses(&["in/client.bob.csr", "--as=client"], "asks for a certificate for every tenant (it names none)");
    csr(&sandbox, "in", &["client", "eve"]);
    refuses(&["in/client.eve.csr", "--as=client"], "and none was named");
    // A node, in a directory that is called like it or not.
    csr(&sandbox, "a", &["node", "b", "--subject=O=Acme,CN=node"]);
    refuses(
        &["a/node.csr", NODE],
        "the request's subject is O=Acme,CN=node, and O=Cockroach,CN=node is allowed",
    );
    csr(&sandbox, "in", &["node", "a", "b"]);
    refuses(&["in/node.csr", NODE], &format!("it asks for DNS:b, {name}"));
    fs::remove_file(sandbox.path("in/node.key.pending")).expect("the key");
    csr(&sandbox, "in", &["node", "a", "c", "--overwrite"]);
    refuses(&["in/node.csr", NODE], name);
    fs::rename(sandbox.path("in/node.csr"), sandbox.path("in/b.csr")).expect("a rename");
    refuses(&["in/b.csr", NODE], "O=Acme,CN=node is allowed");
    // What flags allow comes on top.
    sign(&sandbox, &["in/b.csr", NODE, BY_MANIFEST, "--host=a,c"]).succeeds_silently();
    sign(&sandbox, &["in/client.max.csr", "--as=client", BY_MANIFEST, "--user=max", "--tenant-scope=3"])
        .succeeds_silently();
    sandbox.write("cluster.yml", "nodes: [a]\n");
    refuses(
        &["in/client.bob.csr", "--as=client"],
        "--manifest: there are no client certificates in cluster.yml",
    );
    sandbox.write("cluster.yml", "hosts: [a]\n");
    let run = sandbox.run(&[&["sign", "a/node.csr", NODE, BY_MANIFEST], &DIRS[..]].concat());
    assert!(run.status == Some(1) && run.stderr.contains("cluster.yml:1:1: unknown key"), "{run:?}");
}

#[test]
fn the_owner_of_a_directory_gets_nothing_of_another_folder() {
    let sandbox = with_manifest();
    sandbox.make_dir("max");
    let refuses = |file: &str, kind: &str, words: &str| {
        sandbox.refuses(&[&["sign", BY_MANIFEST, file, kind], &DIRS[..]].concat(), &[words]);
    };
    // However the directory is written.
    csr(&sandbox, "a", &["node", "c"]);
    std::os::unix::fs::symlink("a", sandbox.path("link")).expect("a link");
    for file in ["a/node.csr", "a/./node.csr", "a/../a/node.csr", "link/node.csr"] {
        refuses(file, NODE, "it asks for DNS:c, which you did not name");
    }
    let dirs = ["--certs-dir=../certs", "--ca-key=../my-safe-directory/ca.key"];
    let args = [&["sign", "node.csr", NODE, "--manifest=../cluster.yml"], &dirs[..]].concat();
    let run = sandbox.command(&args).current_dir(sandbox.path("a")).output().expect("the program");
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(1) && stderr.contains("DNS:c, which you did not name"), "{stderr}");
    // However its owner calls the file.
    fs::rename(sandbox.path("a/node.csr"), sandbox.path("a/c.csr")).expect("a rename");
    refuses("a/c.csr", NODE, "it asks for DNS:c, which you did not name");
    csr(&sandbox, "max", &["client", "root"]);
    refuses("max/client.root.csr", "--as=client", "CN=root, and none was named");
    csr(&sandbox, "in", &["client", "root"]);
    sign(&sandbox, &["in/client.root.csr", "--as=client", BY_MANIFEST]).succeeds_silently();
}
