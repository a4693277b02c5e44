//! A whole cluster from its description, made, kept, and changed.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::sandbox::{DIRS, Run, Sandbox};
use crate::schema::objection;

const CLUSTER: &str = "\
defaults: {key-algorithm: ecdsa, lifetime: 90d, hosts: [db.example.com]}
nodes:
  - {name: 'node[1:3]', hosts: ['10.0.0.[1:3]']}
clients: [root, {user: app, pkcs8: true, nodes: [node2]}]
";

/// With a CA and a manifest.
fn sandbox(manifest: &str) -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.write("cluster.yml", manifest);
    sandbox
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["apply", "cluster.yml", "--out=fleet"], &DIRS[..], more].concat()
}

fn apply(sandbox: &Sandbox, more: &[&str]) -> Run {
    sandbox.run(&arguments(more))
}

/// What a run that succeeds prints.
fn applied(sandbox: &Sandbox, more: &[&str]) -> String {
    apply(sandbox, more).succeeds_silently_but_for_stdout()
}

/// The last line of that.
fn summary(sandbox: &Sandbox, more: &[&str]) -> String {
    applied(sandbox, more).lines().last().expect("a summary").to_owned()
}

/// The folders in which anything differs.
fn changed_folders(sandbox: &Sandbox, change: impl FnOnce()) -> Vec<String> {
    let before = sandbox.snapshot_of("fleet");
    change();
    let after = sandbox.snapshot_of("fleet");
    let all = before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path));
    let mut folders: Vec<_> = all
        .map(|path| path.iter().skip(1).take(2).collect::<std::path::PathBuf>().display().to_string())
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

#[test]
fn each_folder_is_a_certs_directory_ready_to_be_copied() {
    let sandbox = sandbox(CLUSTER);
    assert_eq!(summary(&sandbox, &[]), "kept 0, created 6, renewed 0");
    assert_eq!(sandbox.names("fleet"), ["clients", "nodes"]);
    assert_eq!(sandbox.names("fleet/nodes"), ["node1", "node2", "node3"]);
    assert_eq!(sandbox.names("fleet/nodes/node1"), ["ca.crt", "node.crt", "node.key"]);
    assert_eq!(sandbox.names("fleet/nodes/node2").len(), 6);
    assert_eq!(
        sandbox.names("fleet/clients/app"),
        ["ca.crt", "client.app.crt", "client.app.key", "client.app.key.pk8"]
    );
    for dir in ["fleet", "fleet/nodes", "fleet/nodes/node1", "fleet/clients/root"] {
        assert_eq!(sandbox.mode(dir), 0o700, "{dir}");
    }
    assert_eq!(sandbox.mode("fleet/nodes/node1/node.key"), 0o600);
    sandbox.verifies("fleet/nodes/node3/ca.crt", "fleet/nodes/node3/node.crt", "sslserver");
    sandbox.verifies("fleet/clients/app/ca.crt", "fleet/clients/app/client.app.crt", "sslclient");
    let text = sandbox.openssl(&["x509", "-in", "fleet/nodes/node3/node.crt", "-noout", "-text"]);
    assert!(text.contains("DNS:node3, DNS:db.example.com, IP Address:10.0.0.3\n"), "{text}");
    assert!(text.contains("CN = node\n") || text.contains("CN=node\n"), "{text}");
    for folder in ["nodes/node2", "clients/root"] {
        let listed = sandbox.run(&["list", &format!("--certs-dir=fleet/{folder}")]).succeeds().stdout;
        assert!(!listed.contains("match") && !listed.contains("could not"), "{listed}");
    }
    // Two nodes never share a key.
    assert_ne!(sandbox.read("fleet/nodes/node1/node.key"), sandbox.read("fleet/nodes/node2/node.key"));
    let ca_key = sandbox.read("my-safe-directory/ca.key");
    for (path, item) in sandbox.snapshot_of("fleet") {
        assert_ne!(item.contents.as_deref(), Some(ca_key.as_bytes()), "{}", path.display());
    }
}

#[test]
fn a_second_run_changes_nothing_and_needs_no_ca_key() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    std::fs::remove_file(sandbox.path("my-safe-directory/ca.key")).expect("the CA key");
    assert_eq!(
        changed_folders(&sandbox, || assert_eq!(applied(&sandbox, &[]), "kept 6, created 0, renewed 0\n")),
        [""; 0]
    );
}

#[test]
fn an_edit_changes_the_folder_of_its_entry_only() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    for (from, to, folders, reasons) in [
        ("clients: [root,", "clients: [root, new,", &["clients/new"][..], "created 1, renewed 0"),
        (
            "app, pkcs8: true",
            "app, pkcs8: true, tenant-scope: [2]",
            &["clients/app", "nodes/node2"],
            "renewed 2 (node2/client.app.crt: tenant scopes changed; app: tenant scopes changed)",
        ),
        (
            "clients:",
            "  - {name: node4, subject: 'O=Acme,CN=node'}\nclients:",
            &["nodes/node4"],
            "created 1, renewed 0",
        ),
        ("O=Acme,", "O=Acme Inc,", &["nodes/node4"], "renewed 1 (node4: subject changed, was O=Acme,CN=node)"),
        (
            "'O=Acme Inc,CN=node'",
            "'O=Acme Inc,CN=node', key-size: 384",
            &["nodes/node4"],
            "renewed 1 (node4: kind of key changed)",
        ),
        (
            "key-size: 384",
            "key-size: 384, hosts: [10.0.0.4]",
            &["nodes/node4"],
            "renewed 1 (node4: names changed: +10.0.0.4)",
        ),
    ] {
        sandbox.write("cluster.yml", &sandbox.read("cluster.yml").replacen(from, to, 1));
        let edited = changed_folders(&sandbox, || {
            let said = applied(&sandbox, &[]);
            assert!(said.contains(reasons), "{to}: {said}");
        });
        let edited: Vec<_> = edited.iter().map(String::as_str).filter(|path| path.contains('/')).collect();
        assert_eq!(edited, folders, "{to}");
        assert!(summary(&sandbox, &[]).ends_with("created 0, renewed 0"));
    }
}

#[test]
fn what_is_broken_or_missing_is_made_anew_and_said() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    let swap = |a: &str, b: &str| std::fs::copy(sandbox.path(a), sandbox.path(b)).expect("a copy");
    for (file, breakage, reason) in [
        ("nodes/node1/node.key", None, "renewed fleet/nodes/node1/node.crt: node.key is missing"),
        ("nodes/node1/node.key", Some("junk"), "renewed fleet/nodes/node1/node.crt: node.key: "),
        (
            "nodes/node1/node.crt",
            Some(""),
            "renewed fleet/nodes/node1/node.crt: empty certificate file: node.crt",
        ),
        ("nodes/node1/node.crt", None, "created fleet/nodes/node1/node.crt\n"),
        (
            "clients/app/client.app.key.pk8",
            None,
            "renewed fleet/clients/app/client.app.crt: client.app.key.pk8 is missing",
        ),
        ("clients/root/ca.crt", None, "updated fleet/clients/root/ca.crt\n"),
        ("clients/root/ca.crt", Some("old"), "updated fleet/clients/root/ca.crt\n"),
    ] {
        let path = sandbox.path(&format!("fleet/{file}"));
        match breakage {
            None => std::fs::remove_file(path).expect(file),
            Some(text) => std::fs::write(path, text).expect(file),
        }
        let said = applied(&sandbox, &[]);
        assert!(said.starts_with(reason), "{file}: {said}");
        assert_eq!(summary(&sandbox, &[]), "kept 6, created 0, renewed 0", "{file}");
    }
    swap("fleet/nodes/node2/node.key", "fleet/nodes/node1/node.key");
    let reason = "kept 5, created 0, renewed 1 (node1: node.key does not belong to its certificate)";
    assert_eq!(summary(&sandbox, &[]), reason);
}

#[test]
fn what_is_due_is_renewed_and_the_rest_stays() {
    let sandbox = sandbox(
        "{nodes: [{name: a, lifetime: 90d}, {name: b, lifetime: 20d}], defaults: {key-algorithm: ecdsa}}",
    );
    applied(&sandbox, &[]);
    // 20 days are left of 20, and of 90.
    sandbox.write("cluster.yml", &sandbox.read("cluster.yml").replace("20d", "91d"));
    assert_eq!(summary(&sandbox, &[]), "kept 2, created 0, renewed 0");
    let said = summary(&sandbox, &["--renew-within=60d"]);
    assert!(said.starts_with("kept 1, created 0, renewed 1 (b: expires in "), "{said}");
    assert_eq!(summary(&sandbox, &["--renew-within=60d"]), "kept 2, created 0, renewed 0");
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let sandbox = sandbox(CLUSTER);
    let before = sandbox.snapshot();
    let said = applied(&sandbox, &["--dry-run"]);
    assert!(said.starts_with("would create fleet/nodes/node1/node.crt\n"), "{said}");
    assert!(said.ends_with("\ndry run, nothing changed: kept 0, created 6, renewed 0\n"), "{said}");
    assert_eq!(sandbox.snapshot(), before);
    applied(&sandbox, &[]);
    sandbox.write("cluster.yml", &CLUSTER.replace("root, ", ""));
    let before = sandbox.snapshot();
    let said = applied(&sandbox, &["--dry-run", "--prune"]);
    assert_eq!(
        said,
        "would remove fleet/clients/root\ndry run, nothing changed: kept 5, created 0, renewed 0\n"
    );
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn all_errors_of_a_manifest_are_said_before_anything_is_made() {
    let sandbox = sandbox("nodes:\n  - name: a\n    host: [b]\n  - a\nclients: [x y]\n");
    let before = sandbox.snapshot();
    let run = apply(&sandbox, &[]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines[0], "cluster.yml:3:5: unknown key \"host\"; did you mean \"hosts\"?");
    assert_eq!(lines[1], "cluster.yml:4:5: node a is there twice: the first is in line 2");
    assert!(lines[2].starts_with("cluster.yml:5:11: user: \"x y\": username is invalid"), "{}", lines[2]);
    assert_eq!(lines[3], "ERROR: failed to apply the manifest: cluster.yml has 3 errors; nothing was made");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn what_cannot_be_done_for_all_is_refused_before_anything_is_made() {
    let sandbox = sandbox(CLUSTER);
    let refuses = |more: &[&str], words: &[&str]| sandbox.refuses(&arguments(more), words);
    refuses(
        &["--renew-within=90d"],
        &["--renew-within: certificates of nodes/node1 are valid for 2160h, and would be due again at once"],
    );
    refuses(&["--renew-within=3/2"], &["--renew-within: \"3/2\" is neither a part of the lifetime"]);
    refuses(&["--out="], &["--out: the path is empty"]);
    refuses(&["--out=none/fleet"], &["the directory none does not exist"]);
    refuses(
        &["--ca-key=my-safe-directory/none.key"],
        &["could not read CA key file my-safe-directory/none.key"],
    );
    refuses(&["--certs-dir=none"], &["could not read CA certificate none/ca.crt", "create-ca"]);
    sandbox.write("cluster.yml", &CLUSTER.replace("90d", "99999h"));
    refuses(
        &[],
        &["nodes/node1/node.crt would be valid longer (99999h) than its CA in certs/ca.crt, which expires "],
    );
    sandbox.refuses(
        &[&["apply", "none.yml", "--out=fleet"], &DIRS[..]].concat(),
        &["could not read the manifest none.yml: no such file"],
    );
}

#[test]
fn a_folder_that_cannot_be_made_does_not_stop_the_others() {
    let sandbox = sandbox(CLUSTER);
    sandbox.make_dir("fleet");
    sandbox.make_dir("fleet/nodes");
    sandbox.make_dir("elsewhere");
    symlink("../../elsewhere", sandbox.path("fleet/nodes/node1")).expect("a link");
    sandbox.write("fleet/nodes/node3", "a file");
    let run = apply(&sandbox, &[]);
    assert_eq!(run.status, Some(1));
    for words in [
        "ERROR: fleet/nodes/node1: ",
        "ERROR: fleet/nodes/node3: ",
        "2 folders are not as they should be; the others are done",
        "it does the rest",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(run.stdout.ends_with("kept 0, created 4, renewed 0\n"), "{}", run.stdout);
    assert!(sandbox.names("elsewhere").is_empty(), "a link was followed");
    assert_eq!(sandbox.names("fleet/nodes/node2").len(), 6);
    for name in ["node1", "node3"] {
        std::fs::remove_file(sandbox.path(&format!("fleet/nodes/{name}"))).expect(name);
    }
    assert_eq!(summary(&sandbox, &[]), "kept 4, created 2, renewed 0");
}

#[test]
fn what_the_manifest_no_longer_names_stays_until_it_is_pruned() {
    let sandbox = sandbox(&(CLUSTER.to_owned() + "ui: {hosts: [console]}\n"));
    applied(&sandbox, &[]);
    sandbox.write("cluster.yml", "{nodes: ['node[1:2]'], defaults: {key-algorithm: ecdsa, lifetime: 90d}}");
    sandbox.write("fleet/nodes/node3/notes.txt", "mine");
    let stays = |path: &str| format!("not in the manifest: fleet/{path} (--prune removes it)\n");
    let paths = [
        "nodes/node2/client.app.crt",
        "nodes/node2/client.app.key",
        "nodes/node2/client.app.key.pk8",
        "nodes/node3",
        "clients/app",
        "clients/root",
        "ui",
    ];
    let said = applied(&sandbox, &[]);
    assert!(said.contains(&paths.map(stays).concat()), "{said}");
    let run = apply(&sandbox, &["--prune"]);
    // What is not ours is not removed.
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("fleet/nodes/node3 holds other files than certificates and keys"),
        "{}",
        run.stderr
    );
    assert_eq!(sandbox.names("fleet/nodes/node3"), ["notes.txt"]);
    std::fs::remove_file(sandbox.path("fleet/nodes/node3/notes.txt")).expect("notes");
    applied(&sandbox, &["--prune"]);
    assert_eq!(sandbox.names("fleet/nodes"), ["node1", "node2"]);
    assert_eq!(sandbox.names("fleet/nodes/node2"), ["ca.crt", "node.crt", "node.key"]);
    assert_eq!(sandbox.names("fleet/clients"), [""; 0]);
    assert!(!sandbox.path("fleet/ui").exists());
}

#[test]
fn a_rotation_goes_through_the_folders_step_by_step() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    let leaf = sandbox.read("fleet/nodes/node1/node.crt");
    let new_key = "--ca-key=my-safe-directory/ca-new.key";
    sandbox
        .run(&["create-ca", "--overwrite", "--key-algorithm=ecdsa", "--certs-dir=certs", new_key])
        .succeeds();
    // 1. All trust both CAs; no key is needed.
    let said = sandbox
        .run(&["apply", "cluster.yml", "--out=fleet", "--ca-only", "--certs-dir=certs"])
        .succeeds_silently_but_for_stdout();
    assert!(said.ends_with("kept 6, created 0, renewed 0, updated the CA files of 5 folders\n"), "{said}");
    assert_eq!(sandbox.read("fleet/nodes/node1/ca.crt").matches("BEGIN").count(), 2);
    assert_eq!(sandbox.read("fleet/nodes/node1/node.crt"), leaf);
    sandbox.verifies("fleet/nodes/node1/ca.crt", "fleet/nodes/node1/node.crt", "sslserver");
    // 2. The new CA signs.
    let said = summary(&sandbox, &[new_key]);
    assert!(said.starts_with("kept 0, created 0, renewed 6 (node1: not signed by the CA in use; "), "{said}");
    assert!(said.ends_with("and 3 more)"), "{said}");
    assert_eq!(summary(&sandbox, &[new_key]), "kept 6, created 0, renewed 0");
    // A folder that is not there yet has no CA files to bring up to date.
    sandbox.write("cluster.yml", &CLUSTER.replace("root,", "root, new,"));
    applied(&sandbox, &["--ca-only"]);
    assert_eq!(sandbox.names("fleet/clients"), ["app", "root"]);
}

#[test]
fn each_ca_signs_its_own_kind_with_its_own_key() {
    let sandbox =
        sandbox(&(CLUSTER.to_owned() + "ui: {hosts: [console]}\ntenants: [{id: 2, signing: true}]\n"));
    let flags = ["--client-ca-key=my-safe-directory/c.key", "--ui-ca-key=my-safe-directory/u.key"];
    for (command, key) in [("create-client-ca", flags[0]), ("create-ui-ca", flags[1])] {
        let key = format!("--ca-key={}", key.split_once('=').expect("a flag").1);
        sandbox.run(&[command, "--key-algorithm=ecdsa", "--certs-dir=certs", &key]).succeeds();
    }
    sandbox.refuses(
        &arguments(&[flags[1]]),
        &[
            "does not belong to the first certificate in certs/ca-client.crt",
            "HINT: name the key that the first certificate in certs/ca-client.crt was made with in --client-ca-key\n",
        ],
    );
    assert_eq!(summary(&sandbox, &flags), "kept 0, created 12, renewed 0");
    let files = "ca-client.crt ca-ui.crt ca.crt client.node.crt client.node.key node.crt node.key";
    assert_eq!(sandbox.names("fleet/nodes/node1").join(" "), files);
    sandbox.verifies("fleet/clients/app/ca-client.crt", "fleet/clients/app/client.app.crt", "sslclient");
    sandbox.verifies("fleet/ui/ca-ui.crt", "fleet/ui/ui.crt", "sslserver");
    sandbox.verifies("fleet/tenants/2/ca-client.crt", "fleet/tenants/2/client-tenant.2.crt", "sslclient");
    sandbox.verifies("fleet/nodes/node1/ca.crt", "fleet/nodes/node1/node.crt", "sslserver");
    assert_eq!(summary(&sandbox, &flags), "kept 12, created 0, renewed 0");
}

#[test]
fn what_was_made_is_all_good_with_each_of_the_cas() {
    let sandbox = sandbox(
        &(CLUSTER.replace("root,", "root, {user: node, nodes: [node1]},")
            + "ui: {hosts: [console], nodes: all}\ntenants: [{id: 2, signing: true}]\n"),
    );
    let mut flags = Vec::new();
    for (ca, certificates) in [("", 12), ("client", 14), ("ui", 14), ("tenant-client", 14)] {
        if !ca.is_empty() {
            let key = format!("my-safe-directory/{ca}.key");
            let (command, key_flag) = (format!("create-{ca}-ca"), format!("--ca-key={key}"));
            sandbox.run(&[&command, "--key-algorithm=ecdsa", "--certs-dir=certs", &key_flag]).succeeds();
            flags.push(format!("--{ca}-ca-key={key}"));
        }
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        // It warns that other hosts do not trust a new CA yet.
        apply(&sandbox, &flags).succeeds();
        assert_eq!(summary(&sandbox, &flags), format!("kept {certificates}, created 0, renewed 0"), "{ca}");
        let said =
            sandbox.run(&["verify", "--recursive", "--certs-dir=fleet"]).succeeds_silently_but_for_stdout();
        assert!(!said.contains("error") && !said.contains("warning"), "{ca}: {said}");
    }
    // Without the client CA its file would go on to decide who is a client.
    std::fs::remove_file(sandbox.path("certs/ca-client.crt")).expect("the client CA");
    let said = applied(&sandbox, &["--prune", &flags[1], &flags[2]]);
    for file in ["nodes/node2/ca-client.crt", "nodes/node2/client.node.crt", "nodes/node2/client.node.key"] {
        assert!(said.contains(&format!("removed fleet/{file}\n")), "{file}: {said}");
        assert!(!sandbox.path(&format!("fleet/{file}")).exists(), "{file}");
    }
    assert!(sandbox.path("fleet/nodes/node1/client.node.crt").exists());
    sandbox.run(&["verify", "--recursive", "--certs-dir=fleet"]).succeeds();
}

#[test]
fn the_ca_key_is_opened_once() {
    let sandbox = Sandbox::new();
    sandbox.write("cluster.yml", CLUSTER);
    sandbox.write("passphrase", "correct horse battery staple\n");
    sandbox.chmod("passphrase", 0o600);
    sandbox.create("create-ca", &["--encrypt-ca-key", "--ca-key-passphrase-file=passphrase"]).succeeds();
    // What comes through a pipe can be read once.
    let dirs = DIRS.join(" ");
    let script =
        format!("cat passphrase | crdb-cert apply cluster.yml --out=fleet --ca-key-passphrase-fd=0 {dirs}");
    assert!(sandbox.script(&script).succeeds().stdout.ends_with("kept 0, created 6, renewed 0\n"));
}

#[test]
fn programs_get_one_object() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    std::fs::remove_file(sandbox.path("fleet/nodes/node1/node.key")).expect("a key");
    let json = object(&apply(&sandbox, &["--format=json", "--jobs=2"]).succeeds());
    assert_eq!(
        (&json["version"], &json["kept"], &json["created"], &json["renewed"]),
        (&1.into(), &5.into(), &0.into(), &1.into())
    );
    let folders = json["folders"].as_array().expect("folders");
    assert_eq!(folders.len(), 5);
    assert_eq!(folders[0]["folder"], "nodes/node1");
    assert_eq!(folders[0]["status"], "changed");
    assert_eq!(folders[0]["certificates"][0]["action"], "renew");
    assert_eq!(folders[0]["certificates"][0]["reason"], "broken");
    assert_eq!(folders[0]["certificates"][0]["message"], "node.key is missing");
    assert_eq!(folders[1]["status"], "kept");
}

/// The object for programs, which is as its schema says.
fn object(run: &Run) -> Value {
    let object = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    assert_eq!(objection("apply.schema.json", &object), None, "{run:?}");
    object
}

#[test]
fn the_object_is_as_the_schema_says() {
    let sandbox = sandbox(CLUSTER);
    let said = |more: &[&str], status: i32| {
        let run = apply(&sandbox, &[&["--format=json"], more].concat());
        assert_eq!(run.status, Some(status), "{run:?}");
        object(&run)
    };
    let statuses = |object: &Value| -> Vec<String> {
        let folders = object["folders"].as_array().expect("folders").iter();
        folders.map(|folder| folder["status"].as_str().expect("a status").to_owned()).collect()
    };
    assert_eq!(statuses(&said(&["--dry-run"], 0)), ["changed"; 5]);
    std::fs::create_dir_all(sandbox.path("fleet/clients")).expect("clients");
    sandbox.write("fleet/clients/root", "a file");
    let failed = said(&[], 1);
    assert_eq!(statuses(&failed)[4], "failed");
    assert_eq!((&failed["failed_folders"], &failed["created"]), (&1.into(), &5.into()));
    assert!(
        failed["folders"][4]["error"].as_str().is_some_and(|why| why.contains("not a directory")),
        "{failed}"
    );
    sandbox.write("cluster.yml", "{nodes: ['node[1:2]'], defaults: {key-algorithm: ecdsa, lifetime: 90d}}");
    sandbox.write("fleet/nodes/node3/notes.txt", "mine");
    let stray = |object: &Value, path: &str| -> Value {
        let all = object["not_in_manifest"].as_array().expect("an array").iter();
        all.clone().find(|stray| stray["path"] == path).unwrap_or_else(|| panic!("no {path}: {object}")).clone()
    };
    let kept = said(&[], 0);
    assert_eq!(
        stray(&kept, "fleet/clients/app"),
        json!({"path": "fleet/clients/app", "removed": false, "error": null})
    );
    let pruned = said(&["--prune"], 1);
    assert_eq!(stray(&pruned, "fleet/clients/app")["removed"], true);
    let refused = stray(&pruned, "fleet/nodes/node3");
    assert_eq!(refused["removed"], false);
    assert!(refused["error"].as_str().is_some_and(|why| why.contains("other files")), "{refused}");
    said(&["--ca-only"], 0);
    // A schema that accepts everything would prove nothing.
    for (pointer, wrong) in [
        ("/version", json!(2)),
        ("/kept", json!(-1)),
        ("/folders/0/status", json!("done")),
        ("/folders/0/folder", json!("../nodes")),
        ("/folders/0/certificates/0/reason", json!("moody")),
        ("/not_in_manifest/0/more", json!(1)),
    ] {
        let mut object = pruned.clone();
        match object.pointer_mut(pointer) {
            Some(value) => *value = wrong,
            None => object["not_in_manifest"][0]["more"] = wrong,
        }
        assert!(objection("apply.schema.json", &object).is_some(), "{pointer}");
    }
}

#[test]
fn what_a_killed_run_left_in_a_folder_does_not_stop_its_removal() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    sandbox.make_dir("fleet/clients/root/.crdb-cert.new");
    sandbox.write("fleet/clients/root/.crdb-cert.new/crdb-cert.new.client.root.key", "half a key");
    sandbox.write("cluster.yml", &CLUSTER.replace("root, ", ""));
    assert!(applied(&sandbox, &["--prune"]).contains("removed fleet/clients/root\n"));
    assert_eq!(sandbox.names("fleet/clients"), ["app"]);
}

#[test]
fn the_manifest_can_come_from_stdin() {
    let sandbox = sandbox(CLUSTER);
    let script = format!("crdb-cert apply - --out=fleet {} <cluster.yml", DIRS.join(" "));
    assert!(sandbox.script(&script).succeeds().stdout.ends_with("kept 0, created 6, renewed 0\n"));
    sandbox.write("cluster.yml", "nodes: 1");
    assert!(
        sandbox.script(&format!("{script} || true")).stderr.starts_with("stdin:1:8: nodes: expected a list")
    );
}

#[test]
fn of_two_at_once_one_waits_and_finds_nothing_to_do() {
    let sandbox = sandbox(CLUSTER);
    let start = || {
        let mut command = sandbox.command(&arguments(&[]));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program")
    };
    let runs = [start(), start()].map(|child| Run::from(child.wait_with_output().expect("the program")));
    let mut said =
        runs.map(|run| run.succeeds_silently_but_for_stdout().lines().last().expect("a line").to_owned());
    said.sort();
    assert_eq!(said, ["kept 0, created 6, renewed 0", "kept 6, created 0, renewed 0"]);
    assert_eq!(sandbox.names("fleet"), ["clients", "nodes"]);
}

#[test]
fn the_example_is_applied() {
    let sandbox = Sandbox::with_ca();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cluster.yml");
    let example = example.to_str().expect("UTF-8");
    let said = sandbox
        .run(&[&["apply", example, "--out=fleet"], &DIRS[..]].concat())
        .succeeds_silently_but_for_stdout();
    assert!(said.ends_with("kept 0, created 31, renewed 0\n"), "{said}");
}

/// `tests/interop` asks the responder.
#[test]
fn the_manifest_names_the_ocsp_responder() {
    let sandbox = sandbox(
        "defaults: {key-algorithm: ecdsa}\nnodes: [node1]\nclients: [root]\ntenants: [{id: 2, client: false, signing: true}]\n",
    );
    applied(&sandbox, &[]);
    let edit = |from: &str, to: &str| {
        sandbox.write("cluster.yml", &sandbox.read("cluster.yml").replacen(from, to, 1));
    };
    let uri = |file: &str| sandbox.openssl(&["x509", "-in", file, "-noout", "-ocsp_uri"]).trim().to_owned();
    let files = ["fleet/nodes/node1/node.crt", "fleet/clients/root/client.root.crt"];
    edit("ecdsa}", "ecdsa, ocsp-url: 'http://a.example.com'}");
    // A CA elsewhere decides on its responder itself.
    for (flag, expected) in
        [("--csr", "kept 3, requested 0, waiting 0\n"), ("--sign-with=false", "kept 3, created 0, renewed 0\n")]
    {
        let run = sandbox.run(&["apply", "cluster.yml", "--out=fleet", "--certs-dir=certs", flag]);
        assert_eq!(run.succeeds_silently_but_for_stdout(), expected);
    }
    let reasons = "renewed 2 (node1: ocsp-url changed; root: ocsp-url changed)";
    assert!(summary(&sandbox, &[]).ends_with(reasons));
    assert_eq!(files.map(uri), ["http://a.example.com"; 2]);
    assert_eq!(summary(&sandbox, &[]), "kept 3, created 0, renewed 0");
    edit("clients: [root]", "clients: [{user: root, ocsp-url: 'http://b.example.com'}]");
    assert!(summary(&sandbox, &[]).ends_with("renewed 1 (root: ocsp-url changed)"));
    assert_eq!(files.map(uri), ["http://a.example.com", "http://b.example.com"]);
    // Without one, what is there is as good.
    edit(", ocsp-url: 'http://a.example.com'", "");
    assert_eq!(summary(&sandbox, &[]), "kept 3, created 0, renewed 0");
    edit("http://b.example.com", "b.example.com");
    let run = apply(&sandbox, &[]);
    assert!(
        run.stderr.contains("cluster.yml:3:34: ocsp-url: \"b.example.com\" does not begin with http://"),
        "{run:?}"
    );
}
