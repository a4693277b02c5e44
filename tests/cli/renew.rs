//! Certificates are renewed: they say the same for another while.

use std::fs;

use openssl::ec::EcKey;

use crate::sandbox::{DIRS, Run, Sandbox};

const CERTS: &str = "--certs-dir=certs";

/// With one certificate of each kind.
fn with_all() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    let node =
        ["b.example.com", "*.a.example.com", "10.0.0.1", "::1", "--subject=O=Acm\u{e9},OU=x+CN=node,UID=n"];
    sandbox.create("create-node", &node).succeeds();
    let client =
        ["root", "--tenant-scope=2,3", "--also-generate-pkcs8-key", "--key-size=384", "--lifetime=30d"];
    sandbox.create("create-client", &client).succeeds();
    sandbox.create("create-ui", &["console.example.com", "--key-size=521"]).succeeds();
    sandbox.run(&[&["create-client", "node"], &DIRS[..]].concat()).succeeds();
    sandbox.create("create-tenant-client", &["2", "sql2.example.com"]).succeeds();
    sandbox.run(&["create-tenant-signing", "2", CERTS]).succeeds();
    sandbox
}

const ALL: [&str; 6] = ["node", "client.root", "ui", "client.node", "client-tenant.2", "tenant-signing.2"];

fn with_node() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds();
    sandbox
}

fn renew(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["renew"], args, &DIRS[..]].concat())
}

fn refuses(sandbox: &Sandbox, args: &[&str], words: &[&str]) {
    // Without the warning that others can write to a directory.
    sandbox.refuses(&[&["renew", "--logtostderr=ERROR"], args, &DIRS[..]].concat(), words);
}

/// What OpenSSL shows of a certificate with these options.
fn show(sandbox: &Sandbox, name: &str, options: &[&str]) -> String {
    sandbox.openssl(&[&["x509", "-noout", "-in", &format!("certs/{name}.crt")], options].concat())
}

/// All that must not change: the subject octet by octet, the issuer, the extensions.
fn says(sandbox: &Sandbox, name: &str) -> String {
    let subject =
        show(sandbox, name, &["-subject", "-issuer", "-nameopt", "RFC2253,dump_all,dump_der,-esc_msb"]);
    let extensions = "keyUsage,extendedKeyUsage,basicConstraints,subjectAltName,authorityKeyIdentifier";
    let key = show(sandbox, name, &["-text", "-certopt", "no_extensions,no_sigdump"]);
    let kind = key.lines().filter(|line| line.contains("Public") || line.contains("OID"));
    let extensions = show(sandbox, name, &["-ext", extensions]);
    // Who signs itself is its own authority, with a new key.
    let is_identifier = |line: &str| line.len() == 63 && line.matches(':').count() == 19;
    let extensions =
        extensions.lines().filter(|line| !(name.starts_with("tenant-signing") && is_identifier(line)));
    let mut said: Vec<_> = kind.chain(extensions).collect();
    // The order of extensions says nothing.
    said.sort_unstable();
    subject + &said.join("\n")
}

fn public_key(sandbox: &Sandbox, name: &str) -> String {
    show(sandbox, name, &["-pubkey"])
}

/// The seconds from the start to the end of a certificate's validity.
fn span(sandbox: &Sandbox, name: &str) -> i64 {
    let times = show(sandbox, name, &["-dates"]);
    let seconds = |line: &str| {
        let time = line.split_once('=').expect("a time").1;
        sandbox
            .script(&format!("date -ud '{time}' +%s"))
            .succeeds()
            .stdout
            .trim()
            .parse::<i64>()
            .expect("seconds")
    };
    let times: Vec<_> = times.lines().map(seconds).collect();
    times[1] - times[0]
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.split(", ").next().unwrap_or_default()).collect()
}

#[test]
fn a_certificate_says_the_same_as_before_with_a_new_key() {
    let sandbox = with_all();
    let state = || ALL.map(|name| (says(&sandbox, name), span(&sandbox, name)));
    let keys = || ALL.map(|name| public_key(&sandbox, name));
    let serials = || ALL.map(|name| show(&sandbox, name, &["-serial"]));
    let before = (state(), keys(), serials());
    assert!(before.0[0].0.contains("CN=#13046E6F6465+OU=#130178,O=#0C0541636DC3A9"), "{}", before.0[0].0);
    let run = renew(&sandbox, &[]).succeeds_silently_but_for_stdout();
    assert_eq!(
        lines(&run),
        ["node", "ui", "client.node", "client.root", "client-tenant.2", "tenant-signing.2"]
            .map(|name| format!("certs/{name}.crt: renewed"))
    );
    assert_eq!(state(), before.0);
    for (index, name) in ALL.iter().enumerate() {
        assert_ne!(keys()[index], before.1[index], "{name}");
        assert_ne!(serials()[index], before.2[index], "{name}");
        let key = sandbox.openssl(&["pkey", "-pubout", "-in", &format!("certs/{name}.key")]);
        assert_eq!(key, public_key(&sandbox, name), "{name}");
        assert_eq!(sandbox.mode(&format!("certs/{name}.key")), 0o600, "{name}");
        let ca = if name.starts_with("tenant-signing") { "certs/tenant-signing.2.crt" } else { "certs/ca.crt" };
        sandbox.verifies(ca, &format!("certs/{name}.crt"), "any");
    }
    let pkcs8 = ["pkey", "-pubout", "-inform", "DER", "-in", "certs/client.root.key.pk8"];
    assert_eq!(sandbox.openssl(&pkcs8), public_key(&sandbox, "client.root"));
    let label = sandbox.read("certs/client.root.key");
    assert!(label.starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
    renew(&sandbox, &[]).succeeds();
    assert_eq!(state(), before.0, "after the second time");
}

/// A node's certificate as the documentation of the database has OpenSSL make it, with these extensions.
fn made_elsewhere(sandbox: &Sandbox, extensions: &str) {
    let request = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout certs/node.key -subj /O=Cockroach/CN=node \
                   -out node.csr";
    sandbox.openssl(&request.split_whitespace().collect::<Vec<_>>());
    sandbox.chmod("certs/node.key", 0o600);
    sandbox.write("extensions", extensions);
    let sign = "x509 -req -in node.csr -CA certs/ca.crt -CAkey my-safe-directory/ca.key -days 365 -extfile extensions \
                -out certs/node.crt";
    sandbox.openssl(&sign.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn a_certificate_that_openssl_made_keeps_its_extensions() {
    let sandbox = Sandbox::with_ca();
    let extensions = "subjectAltName = critical,DNS:a,email:x@example.com,IP:10.0.0.1,URI:x:y\n\
                      keyUsage = critical,digitalSignature,keyEncipherment\nextendedKeyUsage = clientAuth,serverAuth\n\
                      basicConstraints = CA:FALSE\nauthorityKeyIdentifier = keyid\n";
    made_elsewhere(&sandbox, extensions);
    let before = (says(&sandbox, "node"), span(&sandbox, "node"));
    assert!(before.0.contains("X509v3 Subject Alternative Name: critical"), "{}", before.0);
    renew(&sandbox, &[]).succeeds();
    assert_eq!((says(&sandbox, "node"), span(&sandbox, "node")), before);
    sandbox.verifies("certs/ca.crt", "certs/node.crt", "sslserver");
}

#[test]
fn what_would_be_lost_is_a_refusal_of_all() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root"]).succeeds();
    made_elsewhere(&sandbox, "nsComment = made by hand\n");
    let words = [
        "failed to renew certificates: certs/node.crt has the extension nsComment, which would be lost\n",
        "HINT: make it anew: create-node --overwrite",
    ];
    refuses(&sandbox, &[], &words);
    refuses(&sandbox, &["--dry-run"], &words);
    made_elsewhere(&sandbox, "keyUsage = keyCertSign\n");
    refuses(
        &sandbox,
        &["node"],
        &["certs/node.crt has a keyUsage that crdb-cert gives to no leaf certificate"],
    );
    // Other certificates are none of its business.
    renew(&sandbox, &["root"]).succeeds();
    made_elsewhere(&sandbox, "");
    sandbox.write("certs/node.crt", &(sandbox.read("certs/node.crt") + &sandbox.read("certs/ca.crt")));
    refuses(&sandbox, &["node"], &["certs/node.crt holds 2 certificates, and all but the first would be lost"]);
}

#[test]
fn only_what_is_due_is_renewed() {
    let sandbox = with_node();
    sandbox.create("create-client", &["ann", "--lifetime=40d"]).succeeds();
    let node = public_key(&sandbox, "node");
    for (due, expected) in [
        ("39d", ["certs/client.ann.crt: not due", "certs/node.crt: not due"]),
        ("41d", ["certs/client.ann.crt: would be renewed", "certs/node.crt: not due"]),
    ] {
        let before = sandbox.snapshot();
        let dry = sandbox.run(&["renew", "--dry-run", "--if-due", due, CERTS]);
        let dry = dry.succeeds_silently_but_for_stdout();
        let mut shown = lines(&dry);
        shown.sort_unstable();
        assert_eq!(shown, expected);
        assert_eq!(sandbox.snapshot(), before);
    }
    let before = sandbox.snapshot();
    renew(&sandbox, &["--if-due=1/3", "--exec=touch hook"]).succeeds_silently();
    assert_eq!(sandbox.snapshot(), before);
    let run = renew(&sandbox, &["--if-due=960h", "--lifetime=100d"]).succeeds_silently_but_for_stdout();
    assert_eq!(lines(&run), ["certs/client.ann.crt: renewed"]);
    assert_eq!((public_key(&sandbox, "node"), span(&sandbox, "client.ann")), (node, 101 * 86400));
    for due in ["4/3", "soon", "-30d"] {
        let why = format!("--if-due: \"{due}\" is neither a part of the lifetime, such as 1/3, nor a time");
        refuses(&sandbox, &["--if-due", due], &[&why]);
    }
}

#[test]
fn a_certificate_that_is_due_as_soon_as_it_is_made_is_worth_a_warning() {
    let sandbox = with_node();
    let run = renew(&sandbox, &["--if-due=9000d", "--lifetime=30d"]).succeeds();
    assert!(run.stderr.contains("certs/node.crt is due again at once, by --if-due=216000h: "), "{run:?}");
    renew(&sandbox, &["--if-due=31d", "--lifetime=40d"]).succeeds_silently_but_for_stdout();
}

#[test]
fn a_certificate_that_has_expired_is_due() {
    let sandbox = with_node();
    sandbox.create("create-node", &["localhost", "--overwrite", "--lifetime=1s"]).succeeds();
    let run = renew(&sandbox, &["--if-due=1s", "--lifetime=1d"]).succeeds_silently_but_for_stdout();
    assert_eq!(lines(&run), ["certs/node.crt: renewed"]);
}

#[test]
fn the_hook_runs_after_a_renewal_only_and_decides_the_status() {
    let sandbox = with_node();
    fs::copy(sandbox.path("certs/node.crt"), sandbox.path("old.crt")).expect("a copy");
    renew(&sandbox, &["--dry-run", "--exec=touch hook"]).succeeds();
    assert!(!sandbox.path("hook").exists());
    let run =
        renew(&sandbox, &["--exec=cmp -s old.crt certs/node.crt || echo \"new & $((1 + 1))\""]).succeeds();
    assert!(
        run.stdout.starts_with("certs/node.crt: renewed, ") && run.stdout.ends_with("\nnew & 2\n"),
        "{run:?}"
    );
    let before = public_key(&sandbox, "node");
    let run = renew(&sandbox, &["--exec", "exit 3"]);
    let error = "ERROR: the certificates are renewed, but the command of --exec failed: exit status: 3\n\
                 HINT: run it again: exit 3\n";
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), error));
    assert_ne!(public_key(&sandbox, "node"), before);
    fs::remove_file(sandbox.path("my-safe-directory/ca.key")).expect("the key");
    refuses(&sandbox, &["--exec=touch hook"], &["could not read CA key file my-safe-directory/ca.key"]);
}

#[test]
fn a_key_can_stay() {
    let sandbox = with_node();
    let (key, public) = (sandbox.read("certs/node.key"), public_key(&sandbox, "node"));
    let serial = show(&sandbox, "node", &["-serial"]);
    renew(&sandbox, &["--keep-key"]).succeeds();
    assert_eq!((sandbox.read("certs/node.key"), public_key(&sandbox, "node")), (key, public));
    assert_ne!(show(&sandbox, "node", &["-serial"]), serial);
    sandbox.create("create-client", &["root"]).succeeds();
    fs::copy(sandbox.path("certs/client.root.key"), sandbox.path("certs/node.key")).expect("a copy");
    refuses(&sandbox, &["node", "--keep-key"], &["key file certs/node.key does not belong to its certificate"]);
    fs::remove_file(sandbox.path("certs/node.key")).expect("the key");
    let words = ["could not load key file certs/node.key: no such file", "HINT: leave --keep-key out"];
    refuses(&sandbox, &["node", "--keep-key"], &words);
    renew(&sandbox, &["node"]).succeeds();
    let key = sandbox.openssl(&["pkey", "-pubout", "-in", "certs/node.key"]);
    assert_eq!(key, public_key(&sandbox, "node"));
}

#[test]
fn certificates_are_named_by_file_or_by_who_they_are_for() {
    let sandbox = with_all();
    for (names, files) in [
        (&["node"][..], &["node"][..]),
        (&["node.crt", "certs/node.crt", "./certs/node.crt"], &["node"]),
        (&["client.node"], &["client.node"]),
        (&["root", "ui"], &["client.root", "ui"]),
        (&["tenant-signing.2.crt"], &["tenant-signing.2"]),
    ] {
        let dry = sandbox.run(&[&["renew", "--dry-run", CERTS], names].concat());
        let dry = dry.succeeds_silently_but_for_stdout();
        let expected: Vec<_> = files.iter().map(|file| format!("certs/{file}.crt: would be renewed")).collect();
        assert_eq!(lines(&dry), expected, "{names:?}");
    }
    sandbox.make_dir("other");
    for (name, words) in [
        ("2", "2: that can be client-tenant.2.crt or tenant-signing.2.crt\nHINT: name one of these files"),
        ("nobody", "nobody: there is no such certificate in certs\nHINT: see what there is: crdb-cert list"),
        (
            "ca",
            "ca: a CA certificate is not renewed by this command\nHINT: for a new certificate with the same key: create-ca",
        ),
        (
            "certs/ca-ui.crt",
            "a UI CA certificate is not renewed by this command\nHINT: for a new certificate with the same key: create-ui-ca",
        ),
        (
            "other/node.crt",
            "this file is not in the certs directory certs\nHINT: name its directory: --certs-dir=other",
        ),
        ("nowhere/node.crt", "this file is not in the certs directory certs"),
    ] {
        refuses(&sandbox, &[name], &[words]);
        refuses(&sandbox, &["root", name], &[words]);
    }
    let empty = "there is no certificate to renew in other\nHINT: make one with create-node";
    sandbox.refuses(&["renew", "--certs-dir=other"], &[empty]);
    sandbox.refuses(&["renew", "--certs-dir=nowhere"], &["there is no certs directory nowhere"]);
}

#[test]
fn a_ca_key_is_asked_for_where_one_is_needed_even_if_nothing_is_due() {
    let sandbox = with_node();
    sandbox.run(&["create-tenant-signing", "2", CERTS]).succeeds();
    let words = ["the path to the CA key is required\nHINT: name it: --ca-key="];
    sandbox.refuses(&["renew", "--if-due=1d", CERTS], &words);
    sandbox.run(&["renew", "tenant-signing.2", CERTS]).succeeds();
}

#[test]
fn what_another_ca_signed_is_not_renewed() {
    let sandbox = with_node();
    let elsewhere = ["--key-algorithm=ecdsa", "--certs-dir=public", "--ca-key=public.key"];
    for args in [&["create-ca"][..], &["create-ui", "console"]] {
        sandbox.run(&[args, &elsewhere].concat()).succeeds();
    }
    for file in ["ui.crt", "ui.key"] {
        fs::copy(sandbox.path("public").join(file), sandbox.path("certs").join(file)).expect(file);
    }
    refuses(
        &sandbox,
        &["ui"],
        &["certs/ui.crt: no CA of this directory signed it", "or make it anew: create-ui"],
    );
    let ui = sandbox.read("certs/ui.crt");
    let run = renew(&sandbox, &[]).succeeds();
    assert_eq!(lines(&run.stdout), ["certs/node.crt: renewed"]);
    assert!(run.stderr.contains("certs/ui.crt: not renewed, as no CA of this directory signed it"), "{run:?}");
    assert_eq!(sandbox.read("certs/ui.crt"), ui);
    fs::remove_file(sandbox.path("certs/node.crt")).expect("the node's");
    refuses(&sandbox, &[], &["no certificate was signed by a CA of this directory"]);
    assert_eq!(renew(&sandbox, &["--if-due=9000d"]).succeeds().stdout, "");
}

#[test]
fn nothing_outlives_its_ca() {
    let sandbox = Sandbox::new();
    sandbox.create("create-ca", &["--lifetime=48h"]).succeeds();
    sandbox.create("create-node", &["localhost", "--lifetime=24h"]).succeeds();
    let words = ["certs/node.crt: CA lifetime is 4", "rerun with --lifetime=4"];
    refuses(&sandbox, &["--lifetime=72h"], &words);
    renew(&sandbox, &[]).succeeds();
    refuses(&sandbox, &["--lifetime=0"], &["--lifetime: \"0\" is not positive"]);
    refuses(
        &sandbox,
        &["--lifetime=9000000000h"],
        &["would be valid beyond the year 9999\nHINT: say for how long"],
    );
}

#[test]
fn the_ca_key_is_opened_once_and_the_hook_cannot_read_its_passphrase() {
    let sandbox = Sandbox::new();
    sandbox.write("passphrase", "correct horse\n");
    sandbox.chmod("passphrase", 0o600);
    let script = "crdb-cert create-ca --key-algorithm=ecdsa --encrypt-ca-key --ca-key-passphrase-file=passphrase \
                  --certs-dir=certs --ca-key=ca.key
                  crdb-cert create-node localhost --key-algorithm=ecdsa --ca-key-passphrase-file=passphrase --certs-dir=certs --ca-key=ca.key
                  crdb-cert create-client root --key-algorithm=ecdsa --ca-key-passphrase-file=passphrase --certs-dir=certs --ca-key=ca.key
                  crdb-cert renew --ca-key-passphrase-fd=3 --certs-dir=certs --ca-key=ca.key 3<passphrase \
                      --exec='if cat <&3; then echo leaked; fi 2>errors'";
    let run = sandbox.script(script).succeeds();
    assert_eq!(lines(&run.stdout), ["certs/node.crt: renewed", "certs/client.root.crt: renewed"]);
    assert_ne!(sandbox.read("errors"), "");
}

#[test]
fn one_ca_key_does_not_renew_what_another_ca_signs() {
    let sandbox = with_node();
    sandbox.run(&["create-client-ca", "--key-algorithm=ecdsa", CERTS, "--ca-key=client.key"]).succeeds();
    let client = ["create-client", "node", "--key-algorithm=ecdsa", CERTS, "--ca-key=client.key"];
    sandbox.run(&client).succeeds();
    let words = [
        "does not belong to the first certificate in certs/ca-client.crt",
        "but to certificate 1 in certs/ca.crt\nHINT: name the key that",
        "or name what this key signs, as in: crdb-cert renew node (ca-client.crt and ca.crt have keys of their own)",
    ];
    refuses(&sandbox, &[], &words);
    renew(&sandbox, &["node"]).succeeds();
    sandbox.run(&["renew", "client.node", CERTS, "--ca-key=client.key"]).succeeds();
    sandbox.verifies("certs/ca-client.crt", "certs/client.node.crt", "sslclient");
}

/// Everybody has a copy of everybody's certificate: servers and clients send them.
#[test]
fn a_certificate_that_anybody_may_have_put_there_is_renewed_for_who_has_its_key_only() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root"]).succeeds();
    sandbox.create("create-client", &["ann"]).succeeds();
    let [root, ann] = ["root", "ann"].map(|user| format!("certs/client.{user}"));
    sandbox.chmod("certs", 0o777);
    let anybodys = "without it this may be anybody's certificate: make it anew: create-client --overwrite";
    let key = sandbox.read(&format!("{root}.key"));
    fs::remove_file(sandbox.path(&format!("{root}.key"))).expect("the key");
    refuses(&sandbox, &["root"], &["could not load key file certs/client.root.key: no such file", anybodys]);
    fs::copy(sandbox.path(&format!("{ann}.key")), sandbox.path(&format!("{root}.key"))).expect("a copy");
    refuses(&sandbox, &["root"], &["key file certs/client.root.key does not belong to its certificate"]);
    // With the public half of root's, which everybody knows, and the private half of ann's.
    let [root_key, ann_key] = [&key, &sandbox.read(&format!("{ann}.key"))]
        .map(|pem| EcKey::private_key_from_pem(pem.as_bytes()).expect("a key"));
    let group = root_key.group();
    let forged = EcKey::from_private_components(group, ann_key.private_key(), root_key.public_key());
    let forged = forged.and_then(|key| key.private_key_to_pem()).expect("a key");
    sandbox.write(&format!("{root}.key"), &forged);
    refuses(&sandbox, &["root"], &["key file certs/client.root.key does not belong to its certificate"]);
    sandbox.write(&format!("{root}.key"), &key);
    renew(&sandbox, &["root", "ann"]).succeeds();
    // Nobody else can write to the directory, but to the file.
    sandbox.chmod("certs", 0o755);
    fs::remove_file(sandbox.path(&format!("{root}.key"))).expect("the key");
    renew(&sandbox, &["root"]).succeeds();
    sandbox.chmod("certs/client.root.crt", 0o666);
    fs::remove_file(sandbox.path(&format!("{root}.key"))).expect("the key");
    refuses(&sandbox, &["root"], &[anybodys]);
}

#[test]
fn a_ca_that_anybody_may_have_put_there_vouches_for_nobody() {
    let sandbox = Sandbox::new();
    let elsewhere = |args: &[&str]| {
        let dirs = ["--key-algorithm=ecdsa", "--certs-dir=theirs", "--ca-key=their.key"];
        sandbox.run(&[args, &dirs].concat()).succeeds()
    };
    elsewhere(&["create-ca"]);
    elsewhere(&["create-client", "root"]);
    sandbox.create("create-ca", &[]).succeeds();
    let both = sandbox.read("certs/ca.crt") + &sandbox.read("theirs/ca.crt");
    sandbox.write("certs/ca.crt", &both);
    for file in ["client.root.crt", "client.root.key"] {
        fs::copy(sandbox.path("theirs").join(file), sandbox.path("certs").join(file)).expect(file);
    }
    sandbox.chmod("certs", 0o777);
    let words = [
        "certs/client.root.crt: an older CA signed it, and accounts that can write to certs could have put that CA there",
        "HINT: run this as the account that owns certs, or make it anew: create-client --overwrite",
    ];
    refuses(&sandbox, &[], &words);
    sandbox.chmod("certs", 0o755);
    sandbox.chmod("certs/ca.crt", 0o666);
    sandbox.chmod("certs/client.root.crt", 0o666);
    refuses(&sandbox, &[], &words[..1]);
    // In a rotation, with a directory of one's own, the CA in use takes over.
    sandbox.chmod("certs/ca.crt", 0o644);
    let [certificate, key] = ["crt", "key"].map(|end| sandbox.read(&format!("certs/client.root.{end}")));
    renew(&sandbox, &[]).succeeds();
    sandbox.verifies("certs/ca.crt", "certs/client.root.crt", "sslclient");
    sandbox.write("certs/client.root.crt", &certificate);
    sandbox.write("certs/client.root.key", &key);
    sandbox.chmod("certs/client.root.crt", 0o644);
    renew(&sandbox, &[]).succeeds();
    sandbox.write("ours.crt", &both.split_inclusive("-----END CERTIFICATE-----\n").next().expect("ours"));
    sandbox.verifies("ours.crt", "certs/client.root.crt", "sslclient");
}
