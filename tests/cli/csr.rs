//! `csr`: requests that a CA elsewhere signs.

use crate::sandbox::{DIRS, Run, Sandbox};

const FAST: &str = "--key-algorithm=ecdsa";
const CERTS: &str = "--certs-dir=certs";

/// `csr` with a key that is quick to make.
fn csr(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["csr", FAST, CERTS], args].concat())
}

fn refuses(sandbox: &Sandbox, args: &[&str], words: &[&str]) {
    sandbox.refuses(&[&["csr", FAST, CERTS], args].concat(), words);
}

/// What `openssl req` reads, once it has verified the signature.
fn text(sandbox: &Sandbox, file: &str) -> String {
    let names = ["-nameopt", "RFC2253", "-subject"];
    let text = sandbox.openssl(&[&["req", "-verify", "-noout", "-text", "-in", file][..], &names].concat());
    text.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

#[test]
fn openssl_reads_what_was_asked_for() {
    let sandbox = Sandbox::new();
    for (args, file, subject, parts) in [
        (
            &["node", "b.example.com", "10.0.0.1", "A.example.com"][..],
            "node.csr",
            "subject=CN=node,O=Cockroach\n",
            &[
                "DNS:b.example.com, DNS:a.example.com, IP Address:10.0.0.1",
                "TLS Web Server Authentication, TLS Web Client Authentication",
            ][..],
        ),
        (
            &["ui", "console.example.com"],
            "ui.csr",
            "subject=CN=console.example.com,O=Cockroach\n",
            &["DNS:console.example.com", ":\nTLS Web Server Authentication\n"],
        ),
        (
            &["client", "Max", "--tenant-scope=2", "--tenant-name-scope=app"],
            "client.max.csr",
            "subject=CN=max,O=Cockroach\n",
            &["URI:crdb://tenant/2/user/max, URI:crdb://tenant-name/app/user/max", "Client Authentication\n"],
        ),
        (
            &["tenant-client", "7", "sql.example.com"],
            "client-tenant.7.csr",
            "subject=CN=7,OU=Tenants,O=Cockroach\n",
            &["DNS:sql.example.com", "TLS Web Client Authentication, TLS Web Server Authentication"],
        ),
        (
            &["client", "bob", "--subject=O=Acme Inc,OU=movr-prod,UID=bob"],
            "client.bob.csr",
            "subject=UID=bob,OU=movr-prod,O=Acme Inc\n",
            &[],
        ),
    ] {
        csr(&sandbox, args).succeeds_silently();
        let text = text(&sandbox, &format!("certs/{file}"));
        assert!(text.contains(subject), "{args:?}: {text}");
        for part in parts.iter().chain(&["Key Usage: critical\nDigital Signature\n", "ecdsa-with-SHA256"]) {
            assert!(text.contains(part), "{args:?}: {part:?} is not in {text}");
        }
        assert!(!text.contains("Basic Constraints"), "{args:?}: {text}");
        let key = file.replace(".csr", ".key.pending");
        assert_eq!(sandbox.mode(&format!("certs/{key}")), 0o600);
        let public = sandbox.openssl(&["pkey", "-pubout", "-in", &format!("certs/{key}")]);
        assert_eq!(sandbox.openssl(&["req", "-noout", "-pubkey", "-in", &format!("certs/{file}")]), public);
    }
    let names = sandbox.names("certs");
    assert_eq!(names.len(), 10, "{names:?}");
    assert_eq!(sandbox.mode("certs"), 0o700);
}

#[test]
fn an_rsa_key_may_encipher_and_bigger_curves_have_bigger_digests() {
    let sandbox = Sandbox::new();
    sandbox.run(&["csr", "ui", "a", CERTS]).succeeds_silently();
    let rsa = text(&sandbox, "certs/ui.csr");
    assert!(rsa.contains("Digital Signature, Key Encipherment") && rsa.contains("sha256With"), "{rsa}");
    csr(&sandbox, &["node", "a", "--key-size=384"]).succeeds_silently();
    assert!(text(&sandbox, "certs/node.csr").contains("ecdsa-with-SHA384"));
}

#[test]
fn a_pair_in_use_stays_and_list_and_verify_pass_over_the_rest() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    let judged = |sandbox: &Sandbox| {
        let list = sandbox.run(&["list", CERTS]).succeeds().stdout;
        (list, sandbox.run(&["verify", CERTS, "--host=localhost"]))
    };
    let (list, verify) = judged(&sandbox);
    let before = sandbox.snapshot();
    csr(&sandbox, &["node", "localhost"]).succeeds_silently();
    let after = sandbox.snapshot();
    for (path, item) in before {
        assert!(item.kind.is_dir() || after.get(&path) == Some(&item), "{path:?} has changed");
    }
    assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.csr", "node.key", "node.key.pending"]);
    let (list_now, verify_now) = judged(&sandbox);
    assert_eq!(list_now, list);
    assert_eq!((verify_now.status, verify_now.stdout), (verify.status, verify.stdout));
}

#[test]
fn a_key_that_waits_is_not_lost_unless_somebody_says_so() {
    let sandbox = Sandbox::new();
    csr(&sandbox, &["node", "a"]).succeeds_silently();
    let waits = "failed to generate node certificate request and key: certs/node.key.pending waits for its certificate already";
    refuses(
        &sandbox,
        &["node", "a"],
        &[waits, "HINT: put that certificate in place first; or pass --overwrite"],
    );
    let key = sandbox.read("certs/node.key.pending");
    let run = csr(&sandbox, &["node", "a", "--overwrite"]).succeeds();
    assert!(run.stderr.contains("replaced the key certs/node.key.pending"), "{run:?}");
    assert_ne!(sandbox.read("certs/node.key.pending"), key);
    // A request without its key is in the way as any file is.
    std::fs::remove_file(sandbox.path("certs/node.key.pending")).expect("the key");
    refuses(&sandbox, &["node", "a"], &["could not write certs/node.csr: file exists"]);
}

#[test]
fn a_key_in_use_can_be_kept() {
    let sandbox = Sandbox::with_ca();
    sandbox.refuses(
        &["csr", "node", "a", "--keep-key", CERTS],
        &["--keep-key: could not use certs/node.key: no such file or directory"],
    );
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox.run(&["csr", "node", "localhost", "--keep-key", CERTS]).succeeds_silently();
    assert_eq!(sandbox.names("certs"), ["ca.crt", "node.crt", "node.csr", "node.key"]);
    let public = sandbox.openssl(&["pkey", "-pubout", "-in", "certs/node.key"]);
    assert_eq!(sandbox.openssl(&["req", "-noout", "-verify", "-pubkey", "-in", "certs/node.csr"]), public);
    // No FIPS provider makes it.
    let weak = "unset OPENSSL_CONF OPENSSL_MODULES; openssl genrsa -traditional -out certs/node.key 1024";
    sandbox.script(weak).succeeds();
    let weak = ["an RSA key of 1024 bits is too weak", "HINT: make a new key: leave out --keep-key"];
    sandbox.refuses(&["csr", "node", "localhost", "--keep-key", "--overwrite", CERTS], &weak);
    let run = sandbox.run(&["csr", "node", "a", "--keep-key", FAST, CERTS]);
    assert_eq!(run.status, Some(2), "{run:?}");
}

/// The file's public half is the victim's: such a request would prove nothing.
#[test]
fn a_key_whose_public_half_is_another_keys_makes_no_request() {
    let sandbox = Sandbox::with_ca();
    let group = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).expect("a curve");
    let make = || openssl::ec::EcKey::generate(&group).expect("a key");
    let (own, victim) = (make(), make());
    let forged = openssl::ec::EcKey::from_private_components(&group, own.private_key(), victim.public_key());
    sandbox.write("certs/node.key", &forged.and_then(|key| key.private_key_to_pem()).expect("PEM"));
    let words = ["could not make the request: the public half of the key belongs to another key"];
    sandbox.refuses(&["csr", "node", "a", "--keep-key", CERTS], &words);
}

#[test]
fn a_renewal_asks_for_the_same_subject_and_names_byte_for_byte() {
    let sandbox = Sandbox::with_ca();
    // OpenSSL writes UTF8String where we would write PrintableString.
    let subject = "/O=Acme Inc/OU=movr-prod/UID=node/CN=a\u{e9}";
    let names = "subjectAltName=DNS:b.example.com,IP:10.0.0.1,DNS:a.example.com,URI:spiffe://x/y";
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "old.key"];
    let made =
        [&["req", "-x509", "-utf8", "-subj", subject, "-addext", names, "-out", "node.crt"][..], &key].concat();
    sandbox.openssl(&made);
    csr(&sandbox, &["--from=node.crt"]).succeeds_silently();
    let typed = ["-noout", "-subject", "-nameopt", "RFC2253,show_type,-esc_msb,utf8"];
    let of = |kind, file| sandbox.openssl(&[&[kind, "-in", file][..], &typed].concat());
    assert_eq!(of("req", "certs/node.csr"), of("x509", "node.crt"));
    let asked = text(&sandbox, "certs/node.csr");
    assert!(
        asked.contains("DNS:b.example.com, IP Address:10.0.0.1, DNS:a.example.com, URI:spiffe://x/y"),
        "{asked}"
    );

    sandbox.openssl(&["x509", "-in", "node.crt", "-out", "old.pem"]);
    csr(&sandbox, &["client", "max", "--from=old.pem"]).succeeds_silently();
    assert_eq!(of("req", "certs/client.max.csr"), of("x509", "node.crt"));
}

#[test]
fn a_renewal_needs_to_know_what_the_certificate_is() {
    let sandbox = Sandbox::with_ca();
    sandbox.openssl(&["x509", "-in", "certs/ca.crt", "-out", "old.pem"]);
    let unknown = "is not called like a certificate that a CA signs";
    refuses(&sandbox, &["--from=old.pem"], &[unknown, "HINT: say what it is: csr node --from=old.pem"]);
    refuses(&sandbox, &["--from=certs/ca.crt"], &[unknown]);
    refuses(&sandbox, &["--from=node.crt"], &["could not read certificate file node.crt: no such file"]);
    refuses(
        &sandbox,
        &["node", "a", "--from=old.pem"],
        &["with --from, the hosts are those of the certificate"],
    );
    refuses(&sandbox, &["client", "--from=old.pem"], &["with --from, name the user or the tenant"]);
    refuses(
        &sandbox,
        &["client", "a", "--tenant-scope=2", "--from=old.pem"],
        &["the tenants are those of the"],
    );
}

#[test]
fn what_is_not_a_certificate_of_that_kind_is_an_error() {
    let sandbox = Sandbox::new();
    for (args, words) in [
        (&["node"][..], "a node certificate requires at least one host name or address"),
        (&["ui"], "a UI certificate requires at least one host name or address"),
        (&["client"], "a client certificate is for a user: name one"),
        (&["client", "a", "b"], "a client certificate is for one user, and \"b\" is another"),
        (&["client", "a/b"], "username is invalid"),
        (&["client", "a", "--subject=OU=Tenants,CN=a"], "servers refuse it as a tenant client certificate"),
        (&["tenant-client"], "a tenant client certificate is for a tenant: name its ID"),
        (&["tenant-client", "0"], "tenant"),
        (&["node", "a b"], "invalid host \"a b\""),
        (&["node", "a", "--tenant-scope=2"], "--tenant-scope means nothing for a node certificate"),
        (&["node", "a", "--subject="], "--subject: the name is empty"),
    ] {
        refuses(&sandbox, args, &[words]);
    }
    for args in [&["csr"][..], &["csr", "ca", "a"], &["csr", "--from=x", "--subject=CN=x"]] {
        let run = sandbox.run(&[args, &[CERTS]].concat());
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args:?}: {run:?}");
    }
}

#[test]
fn a_ca_key_cannot_have_the_name_of_a_request_or_of_a_key_that_waits() {
    let sandbox = Sandbox::with_ca();
    for name in ["node.csr", "node.key.pending"] {
        let key = format!("--ca-key=certs/{name}");
        let words = format!("in the certs directory certs/{name} is not the name of a CA key");
        sandbox.refuses(&["create-node", "a", CERTS, &key], &[&words]);
    }
}

/// What `openssl ca` and `openssl x509 -req` make of a request is what `create-node` would have made.
#[test]
fn openssl_signs_it_with_all_that_was_asked() {
    let sandbox = Sandbox::with_ca();
    csr(&sandbox, &["node", "localhost", "10.0.0.1", "--subject=O=Acme Inc,OU=movr-prod,UID=node"])
        .succeeds_silently();
    let (ca, key) = ("certs/ca.crt", "my-safe-directory/ca.key");
    let flags = ["-CA", ca, "-CAkey", key, "-CAcreateserial", "-days", "30", "-copy_extensions", "copyall"];
    sandbox.openssl(&[&["x509", "-req", "-in", "certs/node.csr", "-out", "x509.crt"][..], &flags].concat());
    sandbox.make_dir("db");
    sandbox.write("db/index.txt", "");
    sandbox.write(
        "ca.cnf",
        "[ca]\ndefault_ca=x\n[x]\ndatabase=db/index.txt\nnew_certs_dir=db\nrand_serial=yes\ndefault_md=sha256\n\
         policy=any\ncopy_extensions=copyall\npreserve=yes\n[any]\norganizationName=optional\n\
         organizationalUnitName=optional\ncommonName=optional\nUID=optional\n",
    );
    let flags = ["-cert", ca, "-keyfile", key, "-days", "30", "-in", "certs/node.csr", "-out", "ca.crt"];
    sandbox.openssl(&[&["ca", "-batch", "-notext", "-config", "ca.cnf"][..], &flags].concat());
    for file in ["x509.crt", "ca.crt"] {
        sandbox.verifies("certs/ca.crt", file, "sslserver");
        sandbox.verifies("certs/ca.crt", file, "sslclient");
        let text = sandbox.openssl(&["x509", "-noout", "-text", "-nameopt", "RFC2253", "-in", file]);
        for part in ["Subject: UID=node,OU=movr-prod,O=Acme Inc\n", "DNS:localhost, IP Address:10.0.0.1"] {
            assert!(text.contains(part), "{file}: {text}");
        }
    }
}

#[test]
fn the_request_goes_where_the_documents_say() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&[&["csr", "node", "a"], &DIRS[..]].concat());
    assert_eq!(run.status, Some(2), "csr takes no CA key: {run:?}");
}
