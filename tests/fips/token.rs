//! CA keys in a hardware token: SoftHSM, by way of OpenSSL's pkcs11 provider.

use std::process::Command;

use crate::modules::{fact, run_with};
use crate::support::{Run, Sandbox};

const PIN: &str = "123456";
const FROM_FILE: &str = "--ca-key-passphrase-file=pin";

/// A token `ca` with the key `ca-key` of this type in it.
fn token(key_type: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.make_dir("tokens");
    let tokens = sandbox.path("tokens");
    let configuration =
        format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
    sandbox.write("softhsm2.conf", &configuration);
    sandbox.write("pin", PIN);
    sandbox.chmod("pin", 0o600);
    let init = ["--init-token", "--free", "--label", "ca", "--pin", PIN, "--so-pin", "654321"];
    tool(&sandbox, "softhsm2-util", &init);
    let module = fact("softhsm");
    let pair = [
        "--module",
        &module,
        "--login",
        "--pin",
        PIN,
        "--keypairgen",
        "--key-type",
        key_type,
        "--label",
        "ca-key",
        "--id",
        "01",
    ];
    tool(&sandbox, "pkcs11-tool", &pair);
    sandbox
}

fn tool(sandbox: &Sandbox, program: &str, args: &[&str]) {
    let mut command = Command::new(program);
    command.args(args).env("SOFTHSM2_CONF", sandbox.path("softhsm2.conf")).env_remove("OPENSSL_CONF");
    Run::of(&mut command).succeeds();
}

fn run(sandbox: &Sandbox, args: &[&str]) -> Run {
    let configuration = sandbox.path("softhsm2.conf");
    run_with(sandbox, "pkcs11.cnf", &[("SOFTHSM2_CONF", configuration.to_str().expect("UTF-8"))], args)
}

/// A CA, a node and a client, signed by the key in the token; all is as with a key in a file.
fn signs(sandbox: &Sandbox, ca_key: &str, flags: &[&str]) {
    let key = format!("--ca-key={ca_key}");
    let dirs = [&["--certs-dir=certs", &key], flags].concat();
    let refused = run(sandbox, &[&["create-ca"], &dirs[..]].concat());
    assert!(
        refused.status == Some(1) && refused.stderr.contains("exists, but key reuse is disabled"),
        "{refused:?}"
    );
    run(sandbox, &[&["create-ca", "--allow-ca-key-reuse"], &dirs[..]].concat()).succeeds_silently();
    run(sandbox, &[&["create-node", "localhost", "--key-algorithm=ecdsa"], &dirs[..]].concat())
        .succeeds_silently();
    run(sandbox, &[&["create-client", "root", "--key-algorithm=ecdsa"], &dirs[..]].concat())
        .succeeds_silently();
    sandbox.verifies("certs/ca.crt", "certs/node.crt", "sslserver");
    sandbox.verifies("certs/ca.crt", "certs/client.root.crt", "sslclient");
    assert_eq!(
        sandbox.names("certs"),
        ["ca.crt", "client.root.crt", "client.root.key", "node.crt", "node.key"]
    );
    let list = sandbox.run(&["list", "--certs-dir=certs"]).succeeds();
    assert!(list.stdout.ends_with("(3 rows)\n") && list.stderr.is_empty(), "{list:?}");
}

#[test]
fn a_uri_names_the_key_and_a_file_the_pin() {
    for key_type in ["EC:prime256v1", "EC:secp384r1", "rsa:2048"] {
        signs(&token(key_type), "pkcs11:token=ca;object=ca-key;type=private", &[FROM_FILE]);
    }
}

#[test]
fn the_uri_can_name_the_source_of_the_pin() {
    let sandbox = token("EC:prime256v1");
    let source =
        format!("pkcs11:token=ca;object=ca-key;type=private?pin-source=file:{}", sandbox.path("pin").display());
    signs(&sandbox, &source, &[]);
}

#[test]
fn a_pem_file_can_name_the_uri() {
    let sandbox = token("EC:prime256v1");
    let uri =
        format!("pkcs11:token=ca;object=ca-key;type=private?pin-source=file:{}", sandbox.path("pin").display());
    // SEQUENCE { VisibleString, UTF8String }, as pkcs11-provider's uri2pem writes it.
    let tlv = |tag: u8, contents: &[u8]| match u8::try_from(contents.len()) {
        Ok(length @ 0..128) => [&[tag, length], contents].concat(),
        Ok(length) => [&[tag, 0x81, length], contents].concat(),
        Err(_) => panic!("{} bytes", contents.len()),
    };
    let strings = [tlv(0x1a, b"PKCS#11 Provider URI v1.0"), tlv(0x0c, uri.as_bytes())].concat();
    let base64 = openssl::base64::encode_block(&tlv(0x30, &strings));
    let lines: Vec<_> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let pem = format!(
        "-----BEGIN PKCS#11 PROVIDER URI-----\n{}\n-----END PKCS#11 PROVIDER URI-----\n",
        lines.join("\n")
    );
    sandbox.write("token.pem", &pem);
    sandbox.chmod("token.pem", 0o600);
    signs(&sandbox, "token.pem", &[]);
}

#[test]
fn without_the_provider_or_the_key_the_error_names_the_uri_without_its_pin() {
    let sandbox = token("EC:prime256v1");
    let args = [
        "create-ca",
        "--allow-ca-key-reuse",
        "--certs-dir=certs",
        "--ca-key=pkcs11:token=ca;object=ca-key?pin-value=123456",
    ];
    let run_plain = sandbox.run(&args);
    let words = [
        "could not load CA key pkcs11:token=ca;object=ca-key?pin-value=<hidden>: ",
        "HINT: activate OpenSSL's pkcs11 provider",
    ];
    for words in words {
        assert!(run_plain.status == Some(1) && run_plain.stderr.contains(words), "{words}: {run_plain:?}");
    }
    assert!(!run_plain.stderr.contains(PIN), "{run_plain:?}");
    let missing = [
        "create-ca",
        "--allow-ca-key-reuse",
        "--certs-dir=certs",
        "--ca-key=pkcs11:token=ca;object=nothing;type=private",
        FROM_FILE,
    ];
    let missing = run(&sandbox, &missing);
    assert!(
        missing.status == Some(1)
            && missing.stderr.contains("could not load CA key pkcs11:token=ca;object=nothing"),
        "{missing:?}"
    );
    assert!(!sandbox.path("certs").exists());
}
