//! What `export` writes: PKCS#12 for Java, NSS, GnuTLS and Python; connections for psql and PostgreSQL's JDBC
//! driver.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::peers::Peer;
use crate::postgres::Server;
use crate::sandbox::Sandbox;
use crate::sets::{KEYS, Key};
use crate::support::Run;

const PASSPHRASE: &str = "correct horse";

fn export(sandbox: &Sandbox, cluster: &str, args: &[&str]) -> Run {
    let mut command = sandbox.ours(&[&["export"], args].concat());
    Run::of(command.arg(format!("--certs-dir={cluster}"))).succeeds()
}

/// `root.p12` of a set.
fn pkcs12(key: Key, flags: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    key.unpack(&sandbox);
    let secret = sandbox.path("secret");
    fs::write(&secret, PASSPHRASE).expect("a passphrase");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("a mode");
    let args = ["pkcs12", "root", "--passphrase-file=secret", "--out=root.p12"];
    export(&sandbox, key.cluster(), &[&args, flags].concat());
    sandbox
}

#[test]
fn java_has_a_key_with_its_chain_and_trusts_the_ca() {
    let expected = "trusted ca: CN=Cockroach CA,O=Cockroach\n\
                    key user: / CN=root,O=Cockroach / CN=Cockroach CA,O=Cockroach\n";
    let others = [(Key::P256, &["--legacy"][..]), (Key::Rsa2048, &["--legacy"]), (Key::P256, &["--no-mac"])];
    for (key, flags) in KEYS.map(|key| (key, &[][..])).into_iter().chain(others) {
        let sandbox = pkcs12(key, flags);
        let said = sandbox.tell(Peer::JavaStores, ["store", "root.p12", PASSPHRASE]);
        assert_eq!(said, expected, "{key:?} {flags:?}");
    }
    let sandbox = pkcs12(Key::P256, &["--name=Max"]);
    let said = sandbox.tell(Peer::Keytool, ["-list", "-keystore", "root.p12", "-storepass", PASSPHRASE]);
    assert!(
        said.contains("contains 2 entries") && said.contains("max, ") && said.contains("PrivateKeyEntry"),
        "{said}"
    );
}

/// While a CA is replaced, both may have one name.
#[test]
fn java_finds_the_ca_that_signed_among_two_of_one_name() {
    let sandbox = pkcs12(Key::P256, &[]);
    sandbox.create_in(&[], "p256", &["create-ca", "--ca-key=new.key", "--key-algorithm=ecdsa", "--overwrite"]);
    let args = ["pkcs12", "root", "--passphrase-file=secret", "--out=root.p12", "--overwrite"];
    export(&sandbox, "p256", &args);
    let ca = "CN=Cockroach CA,O=Cockroach";
    // It checks the signatures.
    let said = sandbox.tell(Peer::JavaStores, ["store", "root.p12", PASSPHRASE]);
    let expected = format!("trusted ca: {ca}\ntrusted ca-2: {ca}\nkey user: / CN=root,O=Cockroach / {ca}\n");
    assert_eq!(said, expected);
}

#[test]
fn nss_imports_the_key_and_the_certificates() {
    for key in KEYS {
        for flags in [&[][..], &["--legacy"]] {
            let sandbox = pkcs12(key, flags);
            fs::create_dir(sandbox.path("nss")).expect("a directory");
            sandbox.tell(Peer::Certutil, ["-N", "-d", "nss", "--empty-password"]);
            sandbox.tell(Peer::Pk12util, ["-i", "root.p12", "-d", "nss", "-W", PASSPHRASE]);
            let said = sandbox.tell(Peer::Certutil, ["-L", "-d", "nss"]);
            let rows: Vec<Vec<_>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
            assert!(
                rows.contains(&vec!["user", "u,u,u"]) && rows.contains(&vec!["ca", ",,"]),
                "{key:?}: {said}"
            );
        }
    }
}

#[test]
fn gnutls_reads_it() {
    for flags in [&[][..], &["--legacy"]] {
        let sandbox = pkcs12(Key::Rsa2048, flags);
        let answer = sandbox
            .ask(Peer::Certtool, ["--p12-info", "--inder", "--password", PASSPHRASE, "--infile", "root.p12"]);
        assert!(answer.success, "{}", answer.stderr);
        assert_eq!(answer.stdout.matches("-----BEGIN CERTIFICATE-----").count(), 2, "{}", answer.stdout);
        assert_eq!(answer.stdout.matches(" PRIVATE KEY-----").count(), 2, "{}", answer.stdout);
    }
}

/// The `cryptography` of the requirements comes with an OpenSSL that knows PBMAC1.
#[test]
fn python_reads_it_with_any_mac() {
    let expected = "key user CN=root,O=Cockroach\nca CN=Cockroach CA,O=Cockroach\n";
    for key in KEYS {
        for flags in [&[][..], &["--legacy"], &["--pbmac1"]] {
            let sandbox = pkcs12(key, flags);
            assert_eq!(
                sandbox.tell(Peer::PythonStores, ["root.p12", PASSPHRASE]),
                expected,
                "{key:?} {flags:?}"
            );
            // Nothing but the MAC: its salt, or its end.
            let mut der = fs::read(sandbox.path("root.p12")).expect("the file");
            let at = der.len() - 12;
            der[at] ^= 1;
            fs::write(sandbox.path("root.p12"), der).expect("written");
            assert!(!sandbox.ask(Peer::PythonStores, ["root.p12", PASSPHRASE]).success, "{key:?} {flags:?}");
        }
    }
}

/// A directory with an odd name, a user with an accent, and a database with a blank.
#[test]
fn psql_and_java_log_in_with_what_connection_prints() {
    let sandbox = Sandbox::within(Path::new("/tmp"));
    let (key, cluster) = (Key::Rsa2048, "it's a 100%+ dir & é?#");
    key.unpack(&sandbox);
    fs::rename(sandbox.path(key.cluster()), sandbox.path(cluster)).expect("renamed");
    fs::write(sandbox.path("secret"), PASSPHRASE).expect("a passphrase");
    fs::set_permissions(sandbox.path("secret"), fs::Permissions::from_mode(0o600)).expect("a mode");
    for user in ["root", "é"] {
        let pk8 = format!("{cluster}/client.{user}.key.pk8");
        export(&sandbox, cluster, &["pkcs8", user, "--overwrite", "--out", &pk8]);
    }
    export(&sandbox, cluster, &["pem", "é", "--out=both.pem"]);
    export(&sandbox, cluster, &["pkcs12", "é", "--passphrase-file=secret", "--out=é.p12"]);
    // Where the server will be.
    fs::create_dir(sandbox.path("link")).expect("a directory");
    for file in ["ca.crt", "node.crt", "node.key"] {
        fs::copy(sandbox.path(cluster).join(file), sandbox.path("link").join(file)).expect("a copy");
    }
    let server = Server::start(sandbox, "link");
    let host = format!("localhost:{}", server.port);
    let connection = |user: &str, database: &str, form: &str| {
        let host = ["--host", &host, "--database", database];
        export(&server.sandbox, cluster, &[&["connection", user, "--format", form], &host[..]].concat()).stdout
    };
    let psql = |url: &str, question: &str| server.run(Peer::Psql, &["-XAtw", "-d", url, "-c", question]);
    let url = connection("root", "postgres", "url");
    for question in ["create role \"é\" login", "create database \"a b\""] {
        let answer = psql(url.trim_end(), question);
        assert!(answer.success, "{}", answer.stderr);
    }
    let who = "select current_user || ' in ' || current_database()";
    let url = connection("é", "a b", "url");
    assert_eq!(psql(url.trim_end(), who).stdout, "é in a b\n");
    // One file has both.
    let both = server.sandbox.path("both.pem").display().to_string();
    let (before, after) = url.trim_end().split_once("&sslcert=").expect("the certificate");
    assert!(after.contains("&sslkey="), "{url}");
    assert_eq!(psql(&format!("{before}&sslcert={both}&sslkey={both}"), who).stdout, "é in a b\n");
    fs::write(server.sandbox.path("variables"), connection("é", "a b", "env")).expect("written");
    let script = format!("set -a; . ./variables; exec psql -XAtw -c \"{who}\"");
    assert_eq!(server.run(Peer::Shell, &["-c", &script]).stdout, "é in a b\n");

    let url = connection("é", "a b", "jdbc");
    assert_eq!(server.java(&["login", url.trim_end()]), "é in a b\n");
    // The file with a passphrase, as DBeaver has it.
    let (before, _) = url.trim_end().split_once("&sslcert=").expect("the certificate");
    let p12 = server.sandbox.path("%C3%A9.p12").display().to_string();
    let url = format!("{before}&sslkey={p12}&sslpassword=correct%20horse");
    assert_eq!(server.java(&["login", &url]), "é in a b\n");
}
