//! Who may own a key, and its mode, on real files (REFERENCE.md section 4). The rule itself has its tests in
//! `access`.

use std::os::unix::fs::{MetadataExt, chown};

use crate::list::rows_with;
use crate::sandbox::{DIRS, Run, Sandbox};

/// An account that every Linux system has, with its user and primary group.
const ACCOUNT: &str = "daemon";

fn daemon() -> (u32, u32) {
    let passwd = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let line = passwd.lines().find(|line| line.starts_with("daemon:")).expect(ACCOUNT);
    let fields: Vec<_> = line.split(':').collect();
    (fields[2].parse().expect("a user id"), fields[3].parse().expect("a group id"))
}

fn with_node() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    sandbox
}

fn error(sandbox: &Sandbox, flags: &[&str]) -> String {
    let row = rows_with(sandbox, flags).into_iter().find(|row| row[1] == "node.crt").expect("node.crt");
    row[5].clone()
}

#[test]
fn an_unknown_account_is_an_error() {
    let args = ["list", "--certs-dir=certs", "--server-user=no-such-account"];
    let words = ["--server-user: there is no account \"no-such-account\" on this system", "HINT: "];
    Sandbox::new().refuses(&args, &words);
}

#[test]
fn keys_are_judged_for_the_named_account() {
    let sandbox = with_node();
    let key = sandbox.path("certs/node.key");
    let (uid, gid) = daemon();
    let me = rustix::process::getuid().as_raw();
    if me != 0 {
        // An ordinary user cannot give files away: its own key is a stranger's to the account.
        let expected = format!(
            "key file certs/node.key is owned by uid {me}, not by the server's account (uid {uid}) or root"
        );
        assert_eq!(error(&sandbox, &["--server-user=daemon"]), expected);
        return;
    }
    for (owner, group, mode, expected) in [
        (uid, gid, 0o600, ""),
        (uid, gid, 0o640, "key file certs/node.key has permissions -rw-r-----, exceeds -rwx------"),
        (0, gid, 0o640, ""),
        (0, gid, 0o740, ""),
        (0, gid, 0o660, "key file certs/node.key has permissions -rw-rw----, exceeds -rwxr-----"),
        (0, 0, 0o640, "key file certs/node.key has permissions -rw-r-----, exceeds -rwx------"),
        (4242, gid, 0o600, "key file certs/node.key is owned by uid 4242, not by the server's account"),
    ] {
        chown(&key, Some(owner), Some(group)).expect("chown");
        sandbox.chmod("certs/node.key", mode);
        let found = error(&sandbox, &["--server-user=daemon"]);
        assert!(
            found.starts_with(expected) && found.is_empty() == expected.is_empty(),
            "{owner}:{group} {mode:o}: {found}"
        );
    }
}

#[test]
fn root_without_a_named_account_takes_any_owner() {
    let sandbox = with_node();
    if rustix::process::getuid().is_root() {
        chown(sandbox.path("certs/node.key"), Some(4242), Some(4242)).expect("chown");
    }
    assert_eq!(error(&sandbox, &[]), "");
}

#[test]
fn a_ca_key_that_others_can_read_is_a_warning_with_what_to_type() {
    let sandbox = Sandbox::with_ca();
    sandbox.chmod("my-safe-directory/ca.key", 0o644);
    let run = sandbox.create("create-node", &["localhost"]).succeeds();
    let warning = "the CA key my-safe-directory/ca.key has permissions -rw-r--r--, so that others can use it; \
                   type: chmod 600 my-safe-directory/ca.key\n";
    assert!(run.stderr.starts_with('W') && run.stderr.ends_with(warning), "{}", run.stderr);
}

#[test]
fn what_another_account_owns_is_a_warning_with_what_to_type() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    for (file, owner, words) in [
        (
            "certs",
            1,
            "the certs directory certs belongs to daemon, who can replace what is put there; type: --owner=daemon",
        ),
        (
            "my-safe-directory",
            4242,
            "the CA key's directory my-safe-directory belongs to 4242, who can replace what is put there; type: chown 0 my-safe-directory",
        ),
        (
            "my-safe-directory/ca.key",
            4242,
            "the CA key my-safe-directory/ca.key belongs to uid 4242, who can use it; type: chown 0 my-safe-directory/ca.key",
        ),
    ] {
        let sandbox = Sandbox::with_ca();
        chown(sandbox.path(file), Some(owner), None).expect("chown");
        let run = sandbox.create("create-node", &["localhost"]).succeeds();
        assert!(run.stderr.contains(words) && run.stderr.lines().count() == 1, "{file}: {}", run.stderr);
        if file == "certs" {
            sandbox.create("create-node", &["localhost", "--overwrite", "--owner=daemon"]).succeeds_silently();
        }
    }
}

#[test]
fn who_may_not_write_beside_the_ca_key_is_not_told_of_it() {
    let sandbox = Sandbox::with_ca();
    let is_root = rustix::process::getuid().is_root();
    let as_others = if is_root { "setpriv --bounding-set=-dac_override,-dac_read_search" } else { "" };
    let create = || {
        sandbox.script(&format!(
            "{as_others} crdb-cert create-node localhost --overwrite --key-algorithm=ecdsa {}",
            DIRS.join(" ")
        ))
    };
    sandbox.chmod("my-safe-directory", 0o500);
    let readable = create();
    sandbox.chmod("my-safe-directory", 0);
    let closed = create();
    sandbox.chmod("my-safe-directory", 0o700);
    readable.succeeds_silently();
    assert_eq!((closed.status, closed.stderr.starts_with("ERROR: ")), (Some(1), true), "{closed:?}");
    assert!(closed.stderr.contains("permission denied"), "{closed:?}");
}

#[test]
fn a_ca_key_has_no_name_that_the_certs_directory_gives_to_others() {
    let sandbox = Sandbox::with_ca();
    for name in ["node.key", "client.root.key", "client.root.key.pk8", "ui.crt", ".crdb-cert.new", "my.crt"] {
        for (certs_dir, path) in [("certs", format!("certs/{name}")), ("new", format!("new/{name}"))] {
            let flags = [format!("--certs-dir={certs_dir}"), format!("--ca-key={path}")];
            let words = format!("--ca-key: in the certs directory {path} is not the name of a CA key");
            sandbox.refuses(&["create-ca", "--key-algorithm=ecdsa", &flags[0], &flags[1]], &[&words, "HINT: "]);
        }
    }
}

#[test]
fn a_ca_key_has_no_name_that_temporary_files_have() {
    let args =
        ["create-ca", "--key-algorithm=ecdsa", "--certs-dir=certs", "--ca-key=my-safe-directory/crdb-cert.key"];
    let words =
        "--ca-key: my-safe-directory/crdb-cert.key has a name that this program gives to temporary files";
    Sandbox::new().refuses(&args, &[words, "HINT: "]);
}

#[test]
fn a_certs_directory_that_others_can_write_to_is_a_warning_with_what_to_type() {
    let sandbox = Sandbox::with_ca();
    sandbox.chmod("certs", 0o775);
    let warning = "the certs directory certs has permissions -rwxrwxr-x, so that others can write to it; type: chmod go-w certs\n";
    let list = sandbox.run(&["list", "--certs-dir=certs"]).succeeds();
    assert!(list.stderr.ends_with(warning), "{}", list.stderr);
    let create = sandbox.create("create-node", &["localhost"]).succeeds();
    assert!(create.stderr.ends_with(warning) && create.stderr.lines().count() == 1, "{}", create.stderr);
}

#[test]
fn a_replaced_file_keeps_its_owner_as_if_it_had_been_written_in_place() {
    use std::os::unix::fs::MetadataExt;
    let sandbox = with_node();
    let owner = |file: &str| {
        sandbox.path(file).metadata().map(|metadata| (metadata.uid(), metadata.gid())).expect(file)
    };
    let expected = if rustix::process::getuid().is_root() {
        for file in ["certs", "certs/node.key", "certs/node.crt"] {
            chown(sandbox.path(file), Some(4242), Some(4243)).expect("chown");
        }
        (4242, 4243)
    } else {
        owner("certs/node.key")
    };
    sandbox.create("create-node", &["localhost", "--overwrite"]).succeeds();
    assert_eq!((owner("certs/node.key"), owner("certs/node.crt")), (expected, expected));
    assert_eq!(sandbox.mode("certs/node.key"), 0o600);
}

#[test]
fn a_replaced_file_of_a_stranger_is_refused() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let sandbox = with_node();
    chown(sandbox.path("certs/node.key"), Some(4242), Some(4243)).expect("chown");
    let words = ["certs/node.key belongs to uid 4242, which does not own certs: ", "HINT: ", "--owner"];
    sandbox.refuses_to_create("create-node", &["localhost", "--overwrite"], &words);
    // The directory's owner is no better where others could have put the file there.
    chown(sandbox.path("certs"), Some(4242), None).expect("chown");
    sandbox.chmod("certs", 0o1775);
    let words = ["certs/node.key belongs to uid 4242, and others can write to certs: ", "HINT: "];
    let args = ["localhost", "--overwrite", "--logtostderr=ERROR"];
    sandbox.refuses_to_create("create-node", &args, &words);
}

#[test]
fn new_files_are_for_the_owner_that_is_named() {
    let sandbox = Sandbox::with_ca();
    if !rustix::process::getuid().is_root() {
        let words = ["--owner=daemon: only root can give files to another account", "HINT: "];
        sandbox.refuses_to_create("create-node", &["localhost", "--owner=daemon"], &words);
        return;
    }
    let (uid, gid) = daemon();
    sandbox.create("create-node", &["localhost", "--owner=daemon"]).succeeds_silently();
    sandbox
        .create("create-client", &["root", "--also-generate-pkcs8-key", "--owner=daemon:0"])
        .succeeds_silently();
    sandbox.refuses_to_create("create-node", &["localhost", "--owner=nobody:no-such-group"], &["no group"]);
    let owner = |file: &str| {
        use std::os::unix::fs::MetadataExt;
        sandbox.path(file).metadata().map(|metadata| (metadata.uid(), metadata.gid())).expect(file)
    };
    for file in ["node.crt", "node.key"] {
        assert_eq!(owner(&format!("certs/{file}")), (uid, gid), "{file}");
    }
    for file in ["client.root.crt", "client.root.key", "client.root.key.pk8"] {
        assert_eq!(owner(&format!("certs/{file}")), (uid, 0), "{file}");
    }
    // A CA key is nobody else's, and a certs directory that is made is for the same account.
    let args = ["create-ca", "--certs-dir=new", "--ca-key=new.key", "--key-algorithm=ecdsa"];
    let mut command = sandbox.command(&args);
    Run::of(command.env("COCKROACH_CERTS_OWNER", "daemon")).succeeds_silently();
    assert_eq!((owner("new"), owner("new/ca.crt")), ((uid, gid), (uid, gid)));
    assert_eq!(owner("new.key").0, 0);
}

/// The account that has the old key gets the one that waits, and then the new one.
#[test]
fn a_key_that_waits_belongs_to_who_has_the_one_that_it_will_replace() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let sandbox = with_node();
    let (uid, gid) = daemon();
    for file in ["certs", "certs/node.key"] {
        chown(sandbox.path(file), Some(uid), Some(gid)).expect("chown");
    }
    let owner = |file: &str| std::fs::metadata(sandbox.path(file)).expect("metadata").uid();
    sandbox.run(&["csr", "--from=certs/node.crt", "--key-algorithm=ecdsa", "--certs-dir=certs"]).succeeds();
    assert_eq!(owner("certs/node.key.pending"), uid);
    let sign = ["sign", "certs/node.csr", "--as=node", "--host=localhost", "--out=-"];
    let answer = sandbox.run(&[&sign[..], &DIRS].concat()).succeeds().stdout;
    sandbox.write("answer.pem", &answer);
    let import = ["import", "answer.pem", "--overwrite", "--certs-dir=certs"];
    sandbox.run(&import).succeeds();
    assert_eq!(owner("certs/node.key"), uid);
    // Of another account, in a directory where that one can rename files, it is not taken.
    sandbox.run(&["csr", "--from=certs/node.crt", "--key-algorithm=ecdsa", "--certs-dir=certs"]).succeeds();
    let answer = sandbox.run(&[&sign[..], &DIRS].concat()).succeeds().stdout;
    sandbox.write("answer.pem", &answer);
    chown(sandbox.path("certs/node.key.pending"), Some(0), Some(0)).expect("chown");
    let before = sandbox.snapshot();
    let run = sandbox.run(&import);
    let words = format!("it would be uid {uid}'s, and the key in certs/node.key.pending is uid 0's");
    assert!(run.status == Some(1) && run.stderr.contains(&words), "{run:?}");
    assert!(run.stderr.contains(&format!("chown -h {uid} certs/node.key.pending")), "{run:?}");
    assert_eq!(sandbox.snapshot(), before);
}
