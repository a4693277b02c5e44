//! Where keys go.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use super::{cluster, export, refuses};
use crate::passphrase::run_at_terminal;
use crate::sandbox::program;

const PEM: [&str; 3] = ["pem", "node", "--out=out/node.pem"];

#[test]
fn a_file_is_for_its_owner_alone_whatever_the_umask() {
    let sandbox = cluster();
    sandbox.make_dir("out");
    for umask in ["0", "022", "0777"] {
        let script = format!("umask {umask}; crdb-cert export {} --overwrite --certs-dir=certs", PEM.join(" "));
        sandbox.script(&script).succeeds_silently();
        assert_eq!(sandbox.mode("out/node.pem"), 0o600, "{umask}");
    }
    // Not even the mode of the file before it.
    sandbox.chmod("out/node.pem", 0o644);
    export(&sandbox, &[&PEM[..], &["--overwrite"]].concat()).succeeds_silently();
    assert_eq!(sandbox.mode("out/node.pem"), 0o600);
    assert_eq!(sandbox.names("out"), ["node.pem"]);
}

#[test]
fn a_file_is_replaced_only_if_somebody_says_so() {
    let sandbox = cluster();
    sandbox.make_dir("out");
    sandbox.write("out/node.pem", "precious");
    let words =
        ["could not write out/node.pem: it exists already\nHINT: name another file, or add --overwrite"];
    refuses(&sandbox, &PEM, &words);
    // Nobody is asked for a passphrase in vain.
    refuses(&sandbox, &["pkcs12", "node", "--out=out/node.pem"], &words);
    fs::remove_file(sandbox.path("out/node.pem")).expect("removed");
    sandbox.write("precious", "precious");
    symlink("../precious", sandbox.path("out/node.pem")).expect("a link");
    refuses(&sandbox, &PEM, &words);
    export(&sandbox, &[&PEM[..], &["--overwrite"]].concat()).succeeds_silently();
    assert!(sandbox.path("out/node.pem").symlink_metadata().expect("the file").is_file());
    assert_eq!(sandbox.read("precious"), "precious");
}

#[test]
fn a_file_that_cannot_be_written_is_one_error() {
    let sandbox = cluster();
    sandbox.make_dir("out");
    sandbox.make_dir("out/node.pem");
    refuses(&sandbox, &PEM, &["could not write out/node.pem: it is not a regular file\nHINT: leave --out out"]);
    refuses(
        &sandbox,
        &["pem", "node", "--out="],
        &["ERROR: failed to export: \"\" is not the path of a file\nHINT: name a file"],
    );
    refuses(
        &sandbox,
        &["pem", "node", "--out=out/.."],
        &["\"out/..\" is not the path of a file\nHINT: name a file"],
    );
    refuses(&sandbox, &["pem", "node", "--out=no/node.pem"], &["could not write no/node.pem: no such file"]);
    refuses(&sandbox, &["pem", "node", "--out=/dev/null"], &["it is not a regular file"]);
    refuses(&sandbox, &["pem", "node", "--out=/dev/stdout"], &["could not write /dev/stdout"]);
}

#[test]
fn a_full_disk_is_said_in_our_words() {
    let sandbox = cluster();
    let run = sandbox.script("crdb-cert export pem node --certs-dir=certs >/dev/full");
    let error = "ERROR: failed to export: could not print the key and certificates: no space left on device\n";
    assert_eq!((run.status, &*run.stderr), (Some(1), error));
}

#[test]
fn the_files_of_the_certs_directory_stay() {
    let sandbox = cluster();
    symlink("certs", sandbox.path("link")).expect("a link");
    for out in
        ["certs/node.key", "certs/client.x.key", "certs/../certs/ca.crt", "link/node.crt", "certs/node.key.pk8"]
    {
        let words = [out, " is a file of the certs directory\nHINT: name another file"];
        refuses(&sandbox, &["pem", "node", "--overwrite", "--out", out], &words);
        refuses(&sandbox, &["pkcs8", "root", "--overwrite", "--out", out], &words);
    }
    let own = "--out=certs/client.root.key.pk8";
    refuses(&sandbox, &["pkcs8", "root", "--format=pem", own], &["is a file of the certs directory"]);
    let expected = [sandbox.names("certs"), vec!["client.root.key.pk8".to_owned()]].concat();
    export(&sandbox, &["pkcs8", "root", own]).succeeds_silently();
    let names = sandbox.names("certs");
    assert!(names.len() == expected.len() && names.iter().all(|name| expected.contains(name)), "{names:?}");
    // Elsewhere, a file may be called anything.
    export(&sandbox, &["pem", "node", "--out=node.key"]).succeeds_silently();
}

#[test]
fn no_key_is_printed_on_a_terminal() {
    let sandbox = cluster();
    for what in [&["pem", "node"][..], &["pkcs8", "root"], &["pkcs12", "root"], &["pem", "node", "--out=-"]] {
        let args = [&[program(), "export"], what, &["--certs-dir=certs"]].concat();
        let (seen, succeeded) = run_at_terminal(&sandbox, &args, &[]);
        let hint = "HINT: name a file with --out, or send it to a program: | program\n";
        let error = "ERROR: failed to export: a private key is not printed on a terminal\n";
        assert_eq!((seen, succeeded), (format!("{error}{hint}"), false), "{what:?}");
    }
    let args = [&[program(), "export"], &["pem", "node", "--out=node.pem", "--certs-dir=certs"][..]].concat();
    let (seen, succeeded) = run_at_terminal(&sandbox, &args, &[]);
    assert_eq!((&*seen, succeeded), ("created node.pem (keep it secret)\n", true));
}

#[test]
fn the_owner_gets_the_file() {
    let sandbox = cluster();
    sandbox.make_dir("out");
    if rustix::process::getuid().is_root() {
        export(&sandbox, &[&PEM[..], &["--owner=daemon"]].concat()).succeeds_silently();
        let file = sandbox.path("out/node.pem").metadata().expect("the file");
        assert_eq!((file.uid() != 0, file.mode() & 0o7777), (true, 0o600));
    } else {
        let run = export(&sandbox, &[&PEM[..], &["--owner=daemon"]].concat());
        assert_eq!((run.status, sandbox.names("out").len()), (Some(1), 0), "{run:?}");
    }
    refuses(&sandbox, &["pem", "node", "--out=x", "--owner=no-such-account"], &["no-such-account"]);
}
