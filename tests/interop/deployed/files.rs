//! The certificates: good ones, and those that are wrong in one way.

use std::fs;

use crate::sandbox::Sandbox;
use crate::support::Run;

/// All in order.
pub const GOOD: &str = "good";
/// By another CA of the same name.
pub const STRANGER: &str = "stranger";
/// Over.
pub const EXPIRED: &str = "expired";
/// Not yet valid.
pub const FUTURE: &str = "future";
/// Of another host.
pub const ELSEWHERE: &str = "elsewhere";
/// All in order, with ECDSA keys.
pub const ECDSA: &str = "ecdsa";

/// The directories that the clients and servers have, of the stems of files that are there.
const DIRS: [(&str, &[&str]); 6] = [
    (GOOD, &["node", "ui", "client.maxroach", "client.root"]),
    (STRANGER, &["node", "ui", "client.maxroach", "client.root"]),
    (EXPIRED, &["node", "ui", "client.maxroach", "client.root"]),
    (FUTURE, &["node", "ui", "client.maxroach", "client.root"]),
    (ELSEWHERE, &["node", "ui"]),
    (ECDSA, &["client.maxroach"]),
];

/// The passphrase of PKCS#12 files.
pub const PASSPHRASE: &str = "open sesame";

/// `openssl ca` signs whatever it is shown, as it is.
const REDATER: &str = "\
[ca]
default_ca = redater
[redater]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
preserve = yes
unique_subject = no
copy_extensions = copyall
[any]
organizationName = optional
commonName = supplied
";

/// Makes all files in the sandbox.
pub fn make(sandbox: &Sandbox) {
    for ca in [GOOD, STRANGER] {
        sandbox.create(ca, &["create-ca"]);
        leaves(sandbox, ca, ca, "localhost", &["127.0.0.1"]);
        for user in ["maxroach", "root"] {
            sandbox.create(ca, &["create-client", user]);
        }
    }
    for dir in [EXPIRED, FUTURE, ELSEWHERE, ECDSA] {
        fs::create_dir(sandbox.path(dir)).expect("a certs directory");
        fs::copy(sandbox.path(&format!("{GOOD}/ca.crt")), sandbox.path(&format!("{dir}/ca.crt")))
            .expect("ca.crt");
    }
    leaves(sandbox, ELSEWHERE, GOOD, "node9.example.com", &[]);
    let ecdsa = ["create-client", "maxroach", "--key-algorithm=ecdsa", "--ca-key=good.ca.key"];
    sandbox.create_in(&[], ECDSA, &ecdsa);

    sandbox.write("redater.cnf", REDATER);
    sandbox.write("index.txt", "");
    sandbox.write("passphrase", PASSPHRASE);
    redate(sandbox, EXPIRED, ["20200101000000Z", "20210101000000Z"]);
    redate(sandbox, FUTURE, ["20450101000000Z", "20460101000000Z"]);
    for (dir, stems) in DIRS {
        for stem in stems {
            export(sandbox, dir, stem);
        }
    }
}

fn leaves(sandbox: &Sandbox, dir: &str, ca: &str, host: &str, hosts: &[&str]) {
    let key = format!("--ca-key={ca}.ca.key");
    sandbox.create_in(&[], dir, &[&["create-node", host, &key], hosts].concat());
    sandbox.create_in(&[], dir, &["create-ui", host, &key]);
}

/// The good certificates and keys, valid at another time.
fn redate(sandbox: &Sandbox, dir: &str, [start, end]: [&str; 2]) {
    let openssl = |command: &str| {
        let args: Vec<_> = command.split(' ').collect();
        Run::of(sandbox.command("openssl").args(args)).succeeds();
    };
    let (_, stems) = DIRS[0];
    for stem in stems {
        let (good, new) = (format!("{GOOD}/{stem}"), format!("{dir}/{stem}"));
        fs::copy(sandbox.path(&format!("{good}.key")), sandbox.path(&format!("{new}.key"))).expect("a key");
        openssl(&format!(
            "x509 -x509toreq -copy_extensions copyall -in {good}.crt -signkey {good}.key -out {new}.csr"
        ));
        openssl(&format!(
            "ca -config redater.cnf -batch -notext -cert {GOOD}/ca.crt -keyfile {GOOD}.ca.key -startdate {start} \
             -enddate {end} -in {new}.csr -out {new}.crt"
        ));
    }
}

/// The forms that programs read, beside the files they are made of.
fn export(sandbox: &Sandbox, dir: &str, stem: &str) {
    let certs = format!("--certs-dir={dir}");
    let out = |extension: &str| format!("--out={dir}/{stem}{extension}");
    let export = |args: &[&str]| {
        Run::of(&mut sandbox.ours(&[&["export"], args, &[&certs]].concat())).succeeds();
    };
    let file = format!("{stem}.crt");
    export(&["pem", &file, &out(".pem")]);
    if stem.starts_with("client.") {
        export(&["pkcs8", &file, &out(".key.pk8")]);
        export(&["pkcs12", &file, "--passphrase-file=passphrase", &out(".p12")]);
    }
}

/// Gives another sandbox the directories.
pub fn copy(from: &Sandbox, to: &Sandbox) {
    for (dir, _) in DIRS {
        fs::create_dir(to.path(dir)).expect("a certs directory");
        for name in from.names(dir) {
            let name = format!("{dir}/{name}");
            if from.path(&name).is_file() {
                fs::copy(from.path(&name), to.path(&name)).expect("a copy");
            }
        }
    }
}
