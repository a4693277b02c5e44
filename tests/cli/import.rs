//! `import`: certificates from a CA elsewhere.

use std::fs;
use std::process::Stdio;

use crate::sandbox::{Run, Sandbox};

/// `openssl` with its own providers: some of what it makes here no FIPS provider would.
fn openssl(sandbox: &Sandbox, args: &[&str]) {
    let dir: &crate::support::Dir = sandbox;
    Run::of(&mut dir.command("openssl", args)).succeeds();
}

const EC: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/// An enterprise CA: a root, and a CA below it that issues.
fn enterprise() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.make_dir("corp");
    let usage = "keyUsage=critical,keyCertSign,cRLSign";
    let root = ["req", "-x509", "-keyout", "corp/root.key", "-out", "corp/root.pem", "-days", "3000"];
    let root_is =
        ["-subj", "/O=Corp/CN=Corp Root", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", usage];
    openssl(&sandbox, &[&root[..], &EC, &root_is].concat());
    let issuing =
        ["req", "-new", "-keyout", "corp/ca.key", "-out", "corp/ca.csr", "-subj", "/O=Corp/CN=Corp Issuing"];
    openssl(&sandbox, &[&issuing[..], &EC].concat());
    let extensions =
        format!("basicConstraints=critical,CA:TRUE,pathlen:0\n{usage}\nsubjectKeyIdentifier=hash\n");
    sandbox.write("corp/ca.ext", &extensions);
    let sign = ["x509", "-req", "-in", "corp/ca.csr", "-out", "corp/ca.pem", "-days", "2000"];
    let by_root = ["-CA", "corp/root.pem", "-CAkey", "corp/root.key", "-extfile", "corp/ca.ext"];
    openssl(&sandbox, &[&sign[..], &by_root].concat());
    sandbox
}

/// The same, trusted in `certs`, with a request for this certificate.
pub fn asked(args: &[&str]) -> Sandbox {
    let sandbox = enterprise();
    csr(&sandbox, args);
    fs::copy(sandbox.path("corp/root.pem"), sandbox.path("certs/ca.crt")).expect("a copy");
    sandbox
}

fn csr(sandbox: &Sandbox, args: &[&str]) {
    let csr = ["csr", "--key-algorithm=ecdsa", "--certs-dir=certs"];
    sandbox.run(&[&csr, args].concat()).succeeds_silently();
}

/// What the enterprise CA makes of a request, in `leaf.pem`: what is asked for.
pub fn sign(sandbox: &Sandbox, request: &str, more: &[&str]) {
    let sign = ["x509", "-req", "-in", request, "-out", "leaf.pem", "-days", "365"];
    let by = ["-CA", "corp/ca.pem", "-CAkey", "corp/ca.key", "-copy_extensions", "copy"];
    openssl(sandbox, &[&sign[..], &by, more].concat());
}

/// Another certificate with these extensions and this subject, in `leaf.pem`.
fn sign_as(sandbox: &Sandbox, request: &str, subject: &str, extensions: &str) {
    sandbox.write("leaf.ext", extensions);
    let sign = ["x509", "-req", "-in", request, "-out", "leaf.pem", "-days", "365", "-subj", subject];
    let by = ["-CA", "corp/ca.pem", "-CAkey", "corp/ca.key", "-extfile", "leaf.ext"];
    openssl(sandbox, &[&sign[..], &by].concat());
}

fn concat(sandbox: &Sandbox, files: &[&str], into: &str) {
    sandbox.write(into, &files.iter().map(|file| sandbox.read(file)).collect::<String>());
}

pub fn import(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["import", "--certs-dir=certs"], args].concat())
}

fn refuses(sandbox: &Sandbox, args: &[&str], words: &[&str]) {
    sandbox.refuses(&[&["import", "--certs-dir=certs"], args].concat(), words);
}

/// A file with itself as passphrase.
fn secret(sandbox: &Sandbox, text: &str) {
    sandbox.write(text, &format!("{text}\n"));
    sandbox.chmod(text, 0o600);
}

/// What `openssl ca` makes of a request, in `leaf.pem`.
fn openssl_ca(sandbox: &Sandbox, request: &str, more: &[&str]) {
    sandbox.write("corp/index.txt", "");
    sandbox.write(
        "corp/ca.cnf",
        "[ca]\ndefault_ca=c\n[c]\ndir=corp\ndatabase=corp/index.txt\nrand_serial=yes\nnew_certs_dir=corp\n\
         certificate=corp/ca.pem\nprivate_key=corp/ca.key\ndefault_md=sha256\ndefault_days=90\npolicy=p\n\
         copy_extensions=copy\nx509_extensions=x\n[p]\norganizationName=optional\ncommonName=supplied\n[x]\n\
         authorityKeyIdentifier=keyid\n",
    );
    let ca = ["ca", "-batch", "-config", "corp/ca.cnf", "-in", request, "-out", "leaf.pem"];
    openssl(sandbox, &[&ca[..], more].concat());
}

/// The subjects of the certificates in a file.
fn subjects(sandbox: &Sandbox, file: &str) -> Vec<String> {
    let text = sandbox.openssl(&["storeutl", "-noout", "-text", "-certs", file]);
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("Subject: "));
    lines.map(|line| line.replace(" = ", "=")).collect()
}

const NODE: [&str; 3] = ["node", "localhost", "10.0.0.1"];
const NODE_EXTENSIONS: &str = "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:localhost,IP:10.0.0.1\n";
const NODE_SUBJECT: &str = "/O=Cockroach/CN=node";

/// FIPS providers lack the key derivation that protects PKCS#12.
fn is_fips() -> bool {
    std::env::var_os("CRDB_CERT_FIPS").is_some()
}

#[test]
fn every_form_of_an_answer_becomes_the_same_files() {
    let sandbox = asked(&NODE);
    sign(&sandbox, "certs/node.csr", &[]);
    concat(&sandbox, &["leaf.pem", "corp/ca.pem", "corp/root.pem"], "chain.pem");
    concat(&sandbox, &["corp/root.pem", "corp/ca.pem", "leaf.pem"], "turned.pem");
    concat(&sandbox, &["corp/ca.pem", "corp/root.pem"], "cas.pem");
    openssl(&sandbox, &["x509", "-in", "leaf.pem", "-outform", "DER", "-out", "leaf.der"]);
    for (form, file) in [("PEM", "chain.p7b"), ("DER", "chain.p7c")] {
        let args = ["crl2pkcs7", "-nocrl", "-certfile", "turned.pem", "-outform", form, "-out", file];
        openssl(&sandbox, &args);
    }
    let export =
        ["pkcs12", "-export", "-nokeys", "-in", "chain.pem", "-out", "chain.pfx", "-passout", "pass:secret"];
    openssl(&sandbox, &export);
    secret(&sandbox, "secret");
    let pem = |file| sandbox.read(file);
    let data = serde_json::json!({
        "certificate": pem("leaf.pem"),
        "issuing_ca": pem("corp/ca.pem"),
        "ca_chain": [pem("corp/ca.pem"), pem("corp/root.pem")],
        "serial_number": "01:02",
    });
    sandbox.write("vault.json", &serde_json::json!({ "request_id": "1", "data": data }).to_string());
    sandbox.write("data.json", &data.to_string());
    let pkcs12: &[_] = if is_fips() { &[] } else { &["chain.pfx", "--passphrase-file=secret"] };
    for args in [
        &["chain.pem"][..],
        &["turned.pem"],
        &["cas.pem", "leaf.der"],
        &["leaf.pem", "corp/ca.pem"],
        &["chain.p7b"],
        &["chain.p7c"],
        &["vault.json"],
        &["data.json"],
        &["turned.pem", "--as=node"],
    ]
    .into_iter()
    .chain((!pkcs12.is_empty()).then_some(pkcs12))
    {
        let before = ["node.key.pending", "node.csr"].map(|file| sandbox.read(&format!("certs/{file}")));
        import(&sandbox, args).succeeds_silently();
        assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.key"], "{args:?}");
        assert_eq!(sandbox.read("certs/node.key"), before[0], "{args:?}");
        let both = [pem("leaf.pem"), pem("corp/ca.pem")].concat();
        assert_eq!(sandbox.read("certs/node.crt"), both, "{args:?}");
        assert_eq!(sandbox.read("certs/ca.crt"), pem("corp/root.pem"), "{args:?}");
        sandbox.run(&["verify", "--certs-dir=certs"]).succeeds();
        // As it was.
        for (file, contents) in ["node.key.pending", "node.csr"].iter().zip(before) {
            sandbox.write(&format!("certs/{file}"), &contents);
        }
        for file in ["node.crt", "node.key"] {
            fs::remove_file(sandbox.path(&format!("certs/{file}"))).expect("removed");
        }
    }
    let mut command = sandbox.command(&["import", "--certs-dir=certs", "-"]);
    let input = fs::File::open(sandbox.path("turned.pem")).expect("the answer");
    Run::of(command.stdin(Stdio::from(input))).succeeds();
    assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.key"]);
}

#[test]
fn what_was_not_asked_for_is_refused_by_name() {
    let sandbox = asked(&["node", "localhost", "10.0.0.1", "--subject=O=Acme Inc,OU=movr-prod,CN=node"]);
    let (csr, subject) = ("certs/node.csr", "/O=Acme Inc/OU=movr-prod/CN=node");
    let usages = "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n";
    let names = "subjectAltName=DNS:localhost,IP:10.0.0.1\n";
    let all = format!("{usages}{names}");
    let server_only = format!("keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n{names}");
    for (subject, extensions, words) in [
        (NODE_SUBJECT, &*all, "asked O=Acme Inc,OU=movr-prod,CN=node, got O=Cockroach,CN=node"),
        (
            "/CN=node/OU=movr-prod/O=Acme Inc",
            &all,
            "asked O=Acme Inc,OU=movr-prod,CN=node, got CN=node,OU=movr-prod,O=Acme Inc",
        ),
        (
            subject,
            &format!("{usages}subjectAltName=DNS:localhost\n"),
            "asked IP:10.0.0.1, which the certificate does not have",
        ),
        (
            subject,
            &format!("{usages}subjectAltName=DNS:localhost,IP:10.0.0.1,DNS:root\n"),
            "got DNS:root, which nobody asked for",
        ),
        (subject, &server_only, "asked the extended key usage clientAuth, got serverAuth"),
        (
            subject,
            &format!("{all}basicConstraints=critical,CA:TRUE\n"),
            "it is the certificate of a CA (CA:TRUE)",
        ),
        (
            subject,
            &format!("extendedKeyUsage=serverAuth,clientAuth\nkeyUsage=critical,keyEncipherment\n{names}"),
            "its key usage lacks digitalSignature",
        ),
        (subject, &format!("{all}1.2.3.4=critical,DER:0500\n"), "critical extension"),
    ] {
        sign_as(&sandbox, csr, subject, extensions);
        refuses(&sandbox, &["leaf.pem", "corp/ca.pem"], &["node.crt: ", words, "\nHINT: nothing was changed"]);
    }
    // Both sides of everything, at once.
    sign_as(&sandbox, csr, "/CN=x", "extendedKeyUsage=serverAuth\n");
    let all =
        ["asked O=Acme Inc,OU=movr-prod,CN=node, got CN=x", "asked DNS:localhost, IP:10.0.0.1", "clientAuth"];
    refuses(&sandbox, &["leaf.pem"], &[&all[..], &["no chain to ca.crt"]].concat());
}

#[test]
fn what_would_not_work_is_refused_by_name() {
    let sandbox = asked(&NODE);
    let csr = "certs/node.csr";
    // Its CA is missing.
    sign(&sandbox, csr, &[]);
    refuses(
        &sandbox,
        &["leaf.pem"],
        &["node.crt: no chain to ca.crt: its CA (O=Corp,CN=Corp Issuing) is not in ca.crt"],
    );
    // Expired.
    openssl_ca(&sandbox, csr, &["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"]);
    refuses(&sandbox, &["leaf.pem", "corp/ca.pem"], &["node.crt: expired on 2020-01-02"]);
    // Signed by itself.
    let own = ["x509", "-req", "-in", csr, "-out", "leaf.pem", "-copy_extensions", "copy"];
    openssl(&sandbox, &[&own[..], &["-signkey", "certs/node.key.pending"]].concat());
    refuses(&sandbox, &["leaf.pem"], &["it is signed by its own key, not by a CA"]);
    // For another key.
    sandbox
        .run(&["csr", "node", "localhost", "10.0.0.1", "--key-algorithm=ecdsa", "--certs-dir=other"])
        .succeeds();
    sign(&sandbox, "other/node.csr", &[]);
    let other = "no certificate is for this key, only for other keys: O=Cockroach,CN=node (looked at certs/node.key.pending)";
    refuses(&sandbox, &["leaf.pem"], &[other, "HINT: the CA has to sign the request that csr made"]);
    // From a CA that is not trusted, though it is called the same.
    let root =
        ["req", "-x509", "-keyout", "corp/root.key", "-out", "corp/root2.pem", "-subj", "/O=Corp/CN=Corp Root"];
    openssl(&sandbox, &[&root[..], &EC].concat());
    sign(&sandbox, csr, &["-CA", "corp/root2.pem", "-CAkey", "corp/root.key"]);
    refuses(
        &sandbox,
        &["leaf.pem", "corp/root2.pem"],
        &["no chain to ca.crt", "pass --add-root to trust it: O=Corp,CN=Corp Root (SHA-256 "],
    );
    // Two for one key.
    sign(&sandbox, csr, &[]);
    fs::rename(sandbox.path("leaf.pem"), sandbox.path("first.pem")).expect("renamed");
    sign(&sandbox, csr, &[]);
    refuses(&sandbox, &["first.pem", "leaf.pem"], &["2 certificates are for this key"]);
}

#[test]
fn a_missing_uri_is_refused() {
    let sandbox = asked(&["client", "max", "--tenant-scope=2,3"]);
    let usages = "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n";
    let uri = "subjectAltName=URI:crdb://tenant/2/user/max\n";
    sign_as(&sandbox, "certs/client.max.csr", "/O=Cockroach/CN=max", &format!("{usages}{uri}"));
    refuses(
        &sandbox,
        &["leaf.pem", "corp/ca.pem"],
        &["client.max.crt: asked URI:crdb://tenant/3/user/max, which the certificate does not have"],
    );
    sign_as(&sandbox, "certs/client.max.csr", "/O=Cockroach/CN=max", usages);
    refuses(
        &sandbox,
        &["leaf.pem", "corp/ca.pem"],
        &["asked URI:crdb://tenant/2/user/max, URI:crdb://tenant/3/user/max"],
    );
    sign(&sandbox, "certs/client.max.csr", &[]);
    import(&sandbox, &["leaf.pem", "corp/ca.pem", "--also-generate-pkcs8-key"]).succeeds_silently();
    let files = ["ca.crt", "client.max.crt", "client.max.key", "client.max.key.pk8"];
    assert_eq!(sandbox.names("certs"), files);
    assert_eq!(sandbox.mode("certs/client.max.key"), 0o600);
    sandbox.run(&["check-login", "max", "--tenant-id=3", "--certs-dir=certs"]).succeeds();
    // The next one: the key for Java follows its key.
    let before = fs::read(sandbox.path("certs/client.max.key.pk8")).expect("a key");
    csr(&sandbox, &["--from=certs/client.max.crt"]);
    sign(&sandbox, "certs/client.max.csr", &[]);
    refuses(&sandbox, &["leaf.pem", "corp/ca.pem"], &["certs/client.max.key: file exists", "pass --overwrite"]);
    import(&sandbox, &["leaf.pem", "corp/ca.pem", "--overwrite"]).succeeds_silently();
    assert_eq!(sandbox.names("certs"), files);
    assert_ne!(fs::read(sandbox.path("certs/client.max.key.pk8")).expect("a key"), before);
    sandbox.run(&["verify", "--certs-dir=certs"]).succeeds();
}

#[test]
fn a_root_is_trusted_only_if_asked() {
    let sandbox = enterprise();
    csr(&sandbox, &NODE);
    sign(&sandbox, "certs/node.csr", &[]);
    concat(&sandbox, &["corp/root.pem", "corp/ca.pem", "leaf.pem"], "all.pem");
    refuses(
        &sandbox,
        &["all.pem"],
        &[
            "there is no ca.crt",
            "HINT: if this is the root of your CA, pass --add-root to trust it: O=Corp,CN=Corp Root (SHA-256 ",
        ],
    );
    refuses(&sandbox, &["leaf.pem", "corp/ca.pem", "--add-root"], &["no root certificate came along"]);
    let dry = import(&sandbox, &["all.pem", "--add-root", "--dry-run"]).succeeds();
    let expected = "would write the key certs/node.key\nwould write certs/node.crt\nwould write certs/ca.crt\n\
                    would remove certs/node.key.pending\nwould remove certs/node.csr\n";
    assert_eq!(dry.stdout, expected);
    assert_eq!(sandbox.names("certs"), ["node.csr", "node.key.pending"]);
    // Others stay in front.
    sandbox.create("create-ca", &[]).succeeds();
    let own = sandbox.read("certs/ca.crt");
    let run = import(&sandbox, &["all.pem", "--add-root"]).succeeds();
    assert!(
        run.stderr.contains("whoever this CA gives a certificate for clients can log in with it"),
        "{run:?}"
    );
    assert_eq!(sandbox.read("certs/ca.crt"), own + &sandbox.read("corp/root.pem"));
    assert_eq!(subjects(&sandbox, "certs/node.crt"), ["O=Cockroach, CN=node", "O=Corp, CN=Corp Issuing"]);
    // What browsers trust, servers do not.
    csr(&sandbox, &["ui", "localhost"]);
    sign(&sandbox, "certs/ui.csr", &[]);
    let before = sandbox.read("certs/ca.crt");
    import(&sandbox, &["leaf.pem", "corp/ca.pem", "corp/root.pem", "--add-root"]).succeeds_silently();
    assert_eq!(sandbox.read("certs/ca-ui.crt"), sandbox.read("corp/root.pem"));
    assert_eq!(sandbox.read("certs/ca.crt"), before);
}

#[test]
fn pkcs12_brings_its_key() {
    let sandbox = asked(&NODE);
    sign(&sandbox, "certs/node.csr", &[]);
    let export = [
        "pkcs12",
        "-export",
        "-in",
        "leaf.pem",
        "-inkey",
        "certs/node.key.pending",
        "-certfile",
        "corp/ca.pem",
    ];
    openssl(&sandbox, &[&export[..], &["-out", "node.pfx", "-passout", "pass:secret"]].concat());
    fs::remove_file(sandbox.path("certs/node.csr")).expect("removed");
    let key = sandbox.read("certs/node.key.pending");
    fs::remove_file(sandbox.path("certs/node.key.pending")).expect("removed");
    secret(&sandbox, "secret");
    secret(&sandbox, "wrong");
    if is_fips() {
        let words = [
            "could not read node.pfx: OpenSSL's providers do not know what protects it",
            "HINT: make PEM of it",
        ];
        return refuses(&sandbox, &["node.pfx", "--passphrase-file=secret"], &words);
    }
    refuses(
        &sandbox,
        &["node.pfx", "--passphrase-file=wrong"],
        &["could not read node.pfx: the passphrase is wrong"],
    );
    refuses(&sandbox, &["node.pfx", "--passphrase-file=secret", "--as=client"], &["name it with --user"]);
    import(&sandbox, &["node.pfx", "--passphrase-file=secret"]).succeeds_silently();
    assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.key"]);
    assert_eq!(sandbox.read("certs/node.key"), key);
    assert_eq!(sandbox.mode("certs/node.key"), 0o600);
    sandbox.run(&["verify", "--certs-dir=certs"]).succeeds();
    // What is not plain has to be said.
    sandbox.run(&["csr", "ui", "localhost", "--key-algorithm=ecdsa", "--certs-dir=other"]).succeeds();
    sign(&sandbox, "other/ui.csr", &[]);
    concat(&sandbox, &["leaf.pem", "other/ui.key.pending"], "both.pem");
    refuses(
        &sandbox,
        &["both.pem", "corp/ca.pem"],
        &["what the certificate O=Cockroach,CN=localhost is for is not plain", "--as=ui"],
    );
    import(&sandbox, &["both.pem", "corp/ca.pem", "--as=ui"]).succeeds();
    assert_eq!(sandbox.read("certs/ui.key"), sandbox.read("other/ui.key.pending"));
}

#[test]
fn a_renewal_keeps_its_key() {
    let sandbox = asked(&NODE);
    sign(&sandbox, "certs/node.csr", &[]);
    import(&sandbox, &["leaf.pem", "corp/ca.pem"]).succeeds_silently();
    let key = sandbox.read("certs/node.key");
    sandbox.run(&["csr", "--from=certs/node.crt", "--keep-key", "--certs-dir=certs"]).succeeds();
    sign(&sandbox, "certs/node.csr", &[]);
    refuses(&sandbox, &["leaf.pem", "corp/ca.pem"], &["certs/node.crt: file exists"]);
    import(&sandbox, &["leaf.pem", "corp/ca.pem", "--overwrite"]).succeeds_silently();
    assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.key"]);
    assert_eq!(sandbox.read("certs/node.key"), key);
    assert!(sandbox.read("certs/node.crt").starts_with(&sandbox.read("leaf.pem")));
}

#[test]
fn split_certificates_come_together() {
    let sandbox = enterprise();
    sandbox.create("create-ca", &[]).succeeds();
    csr(&sandbox, &["node", "node1.corp.example", "--subject=O=Corp,CN=node1.corp.example"]);
    csr(&sandbox, &["client", "node"]);
    let extensions = "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:node1.corp.example\n";
    sign_as(&sandbox, "certs/node.csr", "/O=Corp/CN=node1.corp.example", extensions);
    concat(&sandbox, &["leaf.pem", "corp/ca.pem", "corp/root.pem"], "server.pem");
    // Alone, it is no node's.
    refuses(
        &sandbox,
        &["server.pem", "--add-root"],
        &[
            "asked the extended key usage clientAuth, got serverAuth",
            "validating node cert",
            "\nHINT: nothing was changed; where the CA cannot issue such a certificate",
        ],
    );
    let sign = ["sign", "certs/client.node.csr", "--as=client", "--user=node", "--out=-"];
    let own = sandbox.run(&[&sign[..], &crate::sandbox::DIRS].concat()).succeeds().stdout;
    sandbox.write("client.pem", &own);
    import(&sandbox, &["server.pem", "client.pem", "--add-root"]).succeeds();
    assert_eq!(
        sandbox.names("certs"),
        ["ca.crt", "client.node.crt", "client.node.key", "node.crt", "node.key"]
    );
    sandbox.run(&["check-login", "--rpc", "--certs-dir=certs"]).succeeds();
    assert_eq!(
        sandbox.run(&["verify", "--certs-dir=certs"]).status,
        Some(1),
        "a warning: another CA than the first"
    );
}

/// As in docs/outside-ca.md.
#[test]
fn split_certificates_with_a_client_ca_trust_the_enterprise_for_servers_only() {
    let sandbox = enterprise();
    let ca_key = "--ca-key=my-safe-directory/ca-client.key";
    sandbox.run(&["create-client-ca", "--key-algorithm=ecdsa", "--certs-dir=certs", ca_key]).succeeds();
    sandbox.run(&["create-client", "node", "--key-algorithm=ecdsa", "--certs-dir=certs", ca_key]).succeeds();
    csr(&sandbox, &["node", "node1.corp.example", "--subject=O=Corp,CN=node1.corp.example"]);
    let extensions = "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:node1.corp.example\n";
    sign_as(&sandbox, "certs/node.csr", "/O=Corp/CN=node1.corp.example", extensions);
    import(&sandbox, &["leaf.pem", "corp/ca.pem", "corp/root.pem", "--add-root"]).succeeds_silently();
    assert_eq!(sandbox.read("certs/ca.crt"), sandbox.read("corp/root.pem"));
    sandbox.run(&["verify", "--certs-dir=certs"]).succeeds();
    sandbox.run(&["check-login", "--rpc", "--certs-dir=certs"]).succeeds();
}

#[test]
fn the_answer_of_an_openssl_ca_is_imported() {
    let sandbox = asked(&NODE);
    openssl_ca(&sandbox, "certs/node.csr", &[]);
    // With the text that `openssl ca` writes before it.
    assert!(sandbox.read("leaf.pem").starts_with("Certificate:"));
    import(&sandbox, &["leaf.pem", "corp/ca.pem"]).succeeds_silently();
    assert!(!sandbox.read("certs/node.crt").contains("Certificate:"));
    sandbox.run(&["verify", "--certs-dir=certs"]).succeeds();
}

#[test]
fn hostile_files_are_refused_by_name() {
    let sandbox = asked(&NODE);
    sign(&sandbox, "certs/node.csr", &[]);
    let pem = sandbox.read("leaf.pem");
    let many = pem.repeat(101);
    let deep = "[".repeat(100_000);
    for (contents, words) in [
        ("", "the file is empty"),
        ("hello\n", "it is neither PEM, DER, PKCS#7 nor PKCS#12"),
        ("{\"data\": {}}", "it has no data.certificate"),
        (
            "{\"data\": {\"certificate\": 1, \"private_key\": \"geheim\"}}",
            "another type of value is expected in line 1",
        ),
        (&format!("{{\"x\":{deep}"), "malformed JSON"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "certificate 1 in it cannot be read",
        ),
        ("-----BEGIN PKCS7-----\nMAMGAQM=\n-----END PKCS7-----\n", "it is not PKCS#7"),
        ("0\u{3}\u{2}\u{1}\u{3}", "it is not PKCS#12 in DER"),
        (&many, "there are more than 100 certificates in it"),
        (&"x".repeat((1 << 20) + 1), "more than the limit of 1048576"),
    ] {
        sandbox.write("hostile", contents);
        refuses(
            &sandbox,
            &["leaf.pem", "hostile"],
            &["failed to import certificates: could not read hostile: ", words],
        );
    }
    refuses(
        &sandbox,
        &["missing"],
        &["could not read missing: no such file or directory", "HINT: name the file"],
    );
    refuses(&sandbox, &["corp"], &["could not read corp: not a regular file"]);
    // A key that came is not shown.
    sandbox.write("hostile", "{\"data\": {\"certificate\": \"x\", \"private_key\": \"geheim\"}}");
    let run = import(&sandbox, &["hostile"]);
    assert!(run.status == Some(1) && !run.stderr.contains("geheim"), "{run:?}");
}

#[test]
fn without_a_key_there_is_nothing_to_import() {
    let sandbox = enterprise();
    sandbox.make_dir("certs");
    refuses(
        &sandbox,
        &["corp/ca.pem"],
        &["no key in certs waits for a certificate", "make the key and the request first"],
    );
    refuses(&sandbox, &["corp/ca.pem", "--as=ui"], &["no key in certs waits for ui.crt"]);
    refuses(
        &sandbox,
        &["corp/ca.pem", "--as=ui", "--user=max"],
        &["--user means nothing for a UI certificate"],
    );
    refuses(&sandbox, &["corp/ca.pem", "--user=max"], &["--user and --tenant-id go with --as"]);
}

#[test]
fn a_request_for_another_key_is_not_compared() {
    let sandbox = asked(&NODE);
    sandbox.run(&["csr", "node", "x", "--key-algorithm=ecdsa", "--certs-dir=other"]).succeeds();
    sign_as(&sandbox, "certs/node.csr", NODE_SUBJECT, NODE_EXTENSIONS);
    fs::copy(sandbox.path("other/node.csr"), sandbox.path("certs/node.csr")).expect("a copy");
    let run = import(&sandbox, &["leaf.pem", "corp/ca.pem"]).succeeds();
    assert!(run.stderr.contains("note: certs/node.csr is for another key"), "{run:?}");
    assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.csr", "node.key"]);
}
