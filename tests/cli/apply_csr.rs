//! `apply --csr`: a whole cluster whose CA is elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::import::enterprise;
use crate::sandbox::{Run, Sandbox};
use crate::schema::objection;
use crate::support::project;

const CLUSTER: &str = "\
defaults: {key-algorithm: ecdsa, hosts: [db.example.com]}
nodes: ['node[1:2]']
clients: [root, {user: app, tenant-scope: [2]}]
";

/// With a root and a CA below it in `corp`, the root in `certs`, and a manifest.
fn sandbox(manifest: &str) -> Sandbox {
    let sandbox = enterprise();
    sandbox.make_dir("certs");
    fs::copy(sandbox.path("corp/root.pem"), sandbox.path("certs/ca.crt")).expect("a copy");
    sandbox.write("cluster.yml", manifest);
    sandbox
}

const ARGUMENTS: [&str; 5] = ["apply", "cluster.yml", "--out=fleet", "--certs-dir=certs", "--csr"];

fn apply(sandbox: &Sandbox, more: &[&str]) -> Run {
    sandbox.run(&[&ARGUMENTS, more].concat())
}

/// What a run that succeeds prints.
fn applied(sandbox: &Sandbox, more: &[&str]) -> String {
    apply(sandbox, more).succeeds_silently_but_for_stdout()
}

/// The last line of that.
fn summary(sandbox: &Sandbox, more: &[&str]) -> String {
    applied(sandbox, more).lines().last().expect("a summary").to_owned()
}

fn edit(sandbox: &Sandbox, from: &str, to: &str) {
    let manifest = sandbox.read("cluster.yml");
    assert!(manifest.contains(from), "{from:?} is not in {manifest}");
    sandbox.write("cluster.yml", &manifest.replacen(from, to, 1));
}

/// What `apply --csr` says when a folder stays as it was: the error, and stdout.
fn refuses(sandbox: &Sandbox, more: &[&str], words: &[&str]) {
    let before = sandbox.snapshot_of("fleet");
    let run = apply(sandbox, more);
    assert_eq!(run.status, Some(1), "{run:?}");
    for words in words {
        assert!(run.stderr.contains(words), "{words:?} is not in {}", run.stderr);
    }
    assert_eq!(sandbox.snapshot_of("fleet"), before, "something changed on disk");
}

/// Signed by the CA below the root, and imported.
fn answer(sandbox: &Sandbox, folder: &str, stem: &str) {
    crate::import::sign(sandbox, &format!("{folder}/{stem}.csr"), &[]);
    let dir = format!("--certs-dir={folder}");
    sandbox.run(&["import", "leaf.pem", "corp/ca.pem", "--overwrite", &dir]).succeeds_silently();
}

fn answer_all(sandbox: &Sandbox) {
    for (folder, stem) in [
        ("fleet/nodes/node1", "node"),
        ("fleet/nodes/node2", "node"),
        ("fleet/clients/root", "client.root"),
        ("fleet/clients/app", "client.app"),
    ] {
        answer(sandbox, folder, stem);
    }
}

fn public_key(sandbox: &Sandbox, request: &str) -> String {
    sandbox.openssl(&["req", "-in", request, "-noout", "-verify", "-pubkey"])
}

fn names(sandbox: &Sandbox, request: &str) -> String {
    let text = sandbox.openssl(&["req", "-in", request, "-noout", "-text"]);
    let mut lines = text.lines().skip_while(|line| !line.contains("Subject Alternative Name"));
    lines.nth(1).expect("names").trim().to_owned()
}

#[test]
fn every_folder_gets_its_keys_and_requests() {
    let sandbox = sandbox(CLUSTER);
    let said = applied(&sandbox, &["--dry-run"]);
    assert!(said.contains("would create fleet/nodes/node1/node.csr\n"), "{said}");
    assert!(said.ends_with("dry run, nothing changed: kept 0, requested 4, waiting 0\n"), "{said}");
    assert!(!sandbox.path("fleet").exists());

    let said = applied(&sandbox, &["--jobs=2"]);
    assert!(said.contains("created fleet/clients/app/client.app.csr\n"), "{said}");
    assert!(said.ends_with("\nkept 0, requested 4, waiting 0\n"), "{said}");
    assert_eq!(sandbox.names("fleet/nodes/node1"), ["ca.crt", "node.csr", "node.key.pending"]);
    assert_eq!(sandbox.names("fleet/clients/app"), ["ca.crt", "client.app.csr", "client.app.key.pending"]);
    assert_eq!(sandbox.mode("fleet/nodes/node1/node.key.pending"), 0o600);
    assert_eq!(sandbox.mode("fleet/nodes/node1"), 0o700);
    assert_eq!(names(&sandbox, "fleet/nodes/node2/node.csr"), "DNS:node2, DNS:db.example.com");
    assert_eq!(names(&sandbox, "fleet/clients/app/client.app.csr"), "URI:crdb://tenant/2/user/app");
    assert_ne!(
        public_key(&sandbox, "fleet/nodes/node1/node.csr"),
        public_key(&sandbox, "fleet/nodes/node2/node.csr")
    );
    // The requests are what csr makes.
    let csr = ["csr", "node", "node1", "db.example.com", "--key-algorithm=ecdsa", "--certs-dir=one"];
    sandbox.run(&csr).succeeds_silently();
    let text = |file: &str| {
        let text = sandbox.openssl(&["req", "-in", file, "-noout", "-text", "-reqopt", "no_pubkey,no_sigdump"]);
        text.lines()
            .filter(|line| !line.contains("Signature"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    assert_eq!(text("one/node.csr"), text("fleet/nodes/node1/node.csr"));
}

#[test]
fn what_was_asked_for_waits_and_what_arrived_is_kept() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    let status = sandbox.run(&["status", "--out=fleet", "--certs-dir=certs"]).succeeds().stdout;
    let next = "next: crdb-cert import <answer> --overwrite --certs-dir=fleet/clients/app\n";
    let words = [next, "fleet/nodes/node1: trusts ", "\n  node.crt: asked for, its key waits\n"];
    assert!(words.iter().all(|words| status.contains(words)), "{status}");
    let before = sandbox.snapshot_of("fleet");
    let said = applied(&sandbox, &[]);
    assert!(said.starts_with("waiting for the certificate of fleet/nodes/node1/node.csr\n"), "{said}");
    assert!(said.ends_with("client.app.csr\nkept 0, requested 0, waiting 4\n"), "{said}");
    assert_eq!(sandbox.snapshot_of("fleet"), before);

    answer(&sandbox, "fleet/nodes/node2", "node");
    assert_eq!(summary(&sandbox, &[]), "kept 1, requested 0, waiting 3");
    answer(&sandbox, "fleet/nodes/node1", "node");
    answer(&sandbox, "fleet/clients/root", "client.root");
    answer(&sandbox, "fleet/clients/app", "client.app");
    let before = sandbox.snapshot_of("fleet");
    assert_eq!(applied(&sandbox, &[]), "kept 4, requested 0, waiting 0\n");
    // Whoever asks is told the same.
    let plain = [&ARGUMENTS[..4], &["--dry-run"]].concat();
    let said = sandbox.run(&plain).succeeds_silently_but_for_stdout();
    assert_eq!(said, "dry run, nothing changed: kept 4, created 0, renewed 0\n");
    assert_eq!(sandbox.snapshot_of("fleet"), before);
    let verify = sandbox.run(&["verify", "--recursive", "--certs-dir=fleet"]);
    assert_eq!(verify.status, Some(0), "{verify:?}");
}

#[test]
fn a_running_pair_stays_until_the_certificate_arrives() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    answer_all(&sandbox);
    let pair = ["node.crt", "node.key"].map(|file| format!("fleet/nodes/node1/{file}"));
    let before = pair.each_ref().map(|file| sandbox.read(file));
    edit(&sandbox, "['node[1:2]']", "[{name: node1, hosts: [10.0.0.1]}, node2]");
    let said = applied(&sandbox, &[]);
    let reason = "names changed: +10.0.0.1";
    assert_eq!(
        said,
        format!(
            "created fleet/nodes/node1/node.csr: {reason}\n\
             kept 3, requested 1, waiting 0 (node1: {reason})\n"
        )
    );
    assert_eq!(pair.each_ref().map(|file| sandbox.read(file)), before);
    let all = ["ca.crt", "node.crt", "node.csr", "node.key", "node.key.pending"];
    assert_eq!(sandbox.names("fleet/nodes/node1"), all);
    answer(&sandbox, "fleet/nodes/node1", "node");
    assert_eq!(summary(&sandbox, &[]), "kept 4, requested 0, waiting 0");
}

#[test]
fn a_changed_manifest_is_asked_for_with_the_key_that_waits() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    let request = "fleet/nodes/node1/node.csr";
    let (public, key) = (public_key(&sandbox, request), sandbox.read("fleet/nodes/node1/node.key.pending"));
    for (from, to, expected) in [
        ("db.example.com", "sql.example.com", "DNS:node1, DNS:sql.example.com"),
        // Fewer names are other names.
        (", hosts: [sql.example.com]", "", "DNS:node1"),
        ("ecdsa}", "ecdsa, subject: 'O=Acme,CN={}'}", "DNS:node1"),
    ] {
        edit(&sandbox, from, to);
        let said = applied(&sandbox, &[]);
        assert!(said.contains(&format!("created {request}\n")), "{to}: {said}");
        assert_eq!(names(&sandbox, request), expected);
        assert_eq!(public_key(&sandbox, request), public);
        assert_eq!(sandbox.read("fleet/nodes/node1/node.key.pending"), key);
    }
    let subject = sandbox.openssl(&["req", "-in", request, "-noout", "-subject"]);
    assert!(subject.replace(' ', "").ends_with("O=Acme,CN=node\n"), "{subject}");
    // A request that is gone, or is for another key, is made again.
    fs::remove_file(sandbox.path(request)).expect("the request");
    fs::copy(sandbox.path(&request.replace("node1", "node2")), sandbox.path(request)).expect("a copy");
    assert_eq!(summary(&sandbox, &[]), "kept 0, requested 1, waiting 3");
    assert_eq!(public_key(&sandbox, request), public);
}

#[test]
fn another_kind_of_key_does_not_replace_the_one_that_waits() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    edit(&sandbox, "nodes: ['node[1:2]']", "nodes: [{name: node1, key-size: 384}, node2]");
    let words = [
        "fleet/nodes/node1: node.key.pending waits for its certificate, and the manifest asks for another kind of key",
        "rm fleet/nodes/node1/node.key.pending fleet/nodes/node1/node.csr",
        "1 folder is not as it should be; the others are done",
    ];
    refuses(&sandbox, &[], &words);
    refuses(&sandbox, &["--dry-run"], &words[..2]);
    for file in ["node.key.pending", "node.csr"] {
        fs::remove_file(sandbox.path(&format!("fleet/nodes/node1/{file}"))).expect("the file");
    }
    assert_eq!(summary(&sandbox, &[]), "kept 0, requested 1, waiting 3");
}

#[test]
fn a_key_that_cannot_be_trusted_is_not_asked_with() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    let folder = sandbox.path("fleet/clients/root");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("permissions");
    refuses(
        &sandbox,
        &[],
        &[
            "fleet/clients/root: others can change client.root.key.pending or its directory",
            "if nobody has, make it yours alone",
        ],
    );
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("permissions");
    sandbox.write("fleet/clients/root/client.root.key.pending", "hello");
    fs::remove_file(folder.join("client.root.csr")).expect("the request");
    refuses(&sandbox, &[], &["fleet/clients/root: client.root.key.pending: no private key in PEM form"]);
}

#[test]
fn the_root_of_the_ca_may_come_later() {
    let sandbox = sandbox(CLUSTER);
    fs::remove_file(sandbox.path("certs/ca.crt")).expect("the root");
    assert_eq!(summary(&sandbox, &[]), "kept 0, requested 4, waiting 0");
    assert_eq!(sandbox.names("fleet/nodes/node1"), ["node.csr", "node.key.pending"]);
    crate::import::sign(&sandbox, "fleet/nodes/node1/node.csr", &[]);
    let import = ["import", "leaf.pem", "corp/ca.pem", "corp/root.pem", "--add-root"];
    sandbox.run(&[&import[..], &["--certs-dir=fleet/nodes/node1"]].concat()).succeeds();
    assert!(!applied(&sandbox, &[]).contains("not in the manifest"));
    fs::copy(sandbox.path("corp/root.pem"), sandbox.path("certs/ca.crt")).expect("a copy");
    let said = applied(&sandbox, &[]);
    assert!(said.contains("updated fleet/nodes/node2/ca.crt\n"), "{said}");
    assert!(said.ends_with("kept 1, requested 0, waiting 3, updated the CA files of 3 folders\n"), "{said}");
    // Without --csr there has to be one.
    fs::remove_file(sandbox.path("certs/ca.crt")).expect("the root");
    let run = sandbox.run(&ARGUMENTS[..4]);
    assert!(run.status == Some(1) && run.stderr.contains("certs/ca.crt"), "{run:?}");
    // Nor is a directory needed.
    fs::remove_dir(sandbox.path("certs")).expect("the directory");
    assert_eq!(summary(&sandbox, &[]), "kept 1, requested 0, waiting 3");
}

#[test]
fn what_signs_itself_is_made_at_once() {
    let sandbox = sandbox("tenants: [{id: 2, signing: true, key-algorithm: ecdsa}]\n");
    assert_eq!(summary(&sandbox, &[]), "kept 0, created 1, renewed 0, requested 1, waiting 0");
    let all = [
        "ca.crt",
        "client-tenant.2.csr",
        "client-tenant.2.key.pending",
        "tenant-signing.2.crt",
        "tenant-signing.2.key",
    ];
    assert_eq!(sandbox.names("fleet/tenants/2"), all);
    assert_eq!(summary(&sandbox, &[]), "kept 1, requested 0, waiting 1");
}

/// As in the chapter about split certificates of docs/outside-ca.md.
#[test]
fn beside_a_client_certificate_of_its_own_a_node_is_a_server_only() {
    let sandbox = sandbox(
        "defaults: {key-algorithm: ecdsa}\n\
         nodes: [{name: node1, subject: 'O=Corp,CN=node1'}]\nclients: [{user: node, nodes: all}]\n",
    );
    applied(&sandbox, &[]);
    let key = "--ca-key=my-safe-directory/ca.key";
    sandbox.run(&["create-client-ca", "--key-algorithm=ecdsa", "--certs-dir=certs", key]).succeeds();
    sandbox.run(&["create-client", "node", "--key-algorithm=ecdsa", "--certs-dir=certs", key]).succeeds();
    for file in ["client.node.crt", "client.node.key"] {
        fs::copy(sandbox.path(&format!("certs/{file}")), sandbox.path(&format!("fleet/nodes/node1/{file}")))
            .expect("a copy");
    }
    applied(&sandbox, &[]);
    sandbox.write("leaf.ext", "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:node1\n");
    crate::import::sign(
        &sandbox,
        "fleet/nodes/node1/node.csr",
        &["-copy_extensions", "none", "-extfile", "leaf.ext"],
    );
    sandbox.run(&["import", "leaf.pem", "corp/ca.pem", "--certs-dir=fleet/nodes/node1"]).succeeds();
    assert_eq!(summary(&sandbox, &[]), "kept 2, requested 0, waiting 0");
}

#[test]
fn keys_that_wait_are_no_strays_and_no_prey() {
    let sandbox = sandbox(CLUSTER);
    applied(&sandbox, &[]);
    // Somebody signs here now: what waits stays where it is.
    fs::remove_file(sandbox.path("certs/ca.crt")).expect("the root");
    sandbox.create("create-ca", &[]).succeeds();
    let plain = |more: &[&str]| {
        let key = ["--ca-key=my-safe-directory/ca.key"];
        sandbox.run(&[&ARGUMENTS[..4], &key, more].concat())
    };
    let waiting = sandbox.read("fleet/nodes/node1/node.key.pending");
    let said = plain(&["--prune"]).succeeds_silently_but_for_stdout();
    assert!(
        said.ends_with("kept 0, created 4, renewed 0\n") && !said.contains("not in the manifest"),
        "{said}"
    );
    assert_eq!(sandbox.read("fleet/nodes/node1/node.key.pending"), waiting);
    let all = ["ca.crt", "node.crt", "node.csr", "node.key", "node.key.pending"];
    assert_eq!(sandbox.names("fleet/nodes/node1"), all);
    let verify = sandbox.run(&["verify", "--recursive", "--certs-dir=fleet"]);
    assert_eq!(verify.status, Some(0), "{verify:?}");
    let status = sandbox.run(&["status", "--out=fleet", "--certs-dir=certs"]).succeeds();
    assert!(!status.stdout.contains("pending"), "{status:?}");
    assert!(status.stdout.contains("node1/node.crt and 1 more were asked for"), "{status:?}");

    // A folder that is no longer in the manifest stays whole while a key waits there.
    edit(&sandbox, "node[1:2]", "node1");
    let before = sandbox.snapshot_of("fleet/nodes/node2");
    let run = plain(&["--prune"]);
    let words = "fleet/nodes/node2/node.key.pending waits for its certificate, and stays";
    assert!(run.status == Some(1) && run.stderr.contains(words), "{run:?}");
    assert_eq!(sandbox.snapshot_of("fleet/nodes/node2"), before);
    fs::remove_file(sandbox.path("fleet/nodes/node2/node.key.pending")).expect("the key");
    plain(&["--prune"]).succeeds();
    assert!(!sandbox.path("fleet/nodes/node2").exists());
}

#[test]
fn the_forms_for_programs_are_as_the_schema_says() {
    let sandbox = sandbox(CLUSTER);
    let parsed = |more: &[&str]| -> Value {
        let json = applied(&sandbox, &[&["--format=json"], more].concat());
        let value = serde_json::from_str(&json).expect(&json);
        assert_eq!(objection("apply.schema.json", &value), None, "{json}");
        value
    };
    for (more, requested, waiting, status, action) in [
        (&["--dry-run"][..], 4, 0, "changed", "request"),
        (&[], 4, 0, "changed", "request"),
        (&[], 0, 4, "kept", "wait"),
    ] {
        let value = parsed(more);
        assert_eq!((&value["requested"], &value["waiting"]), (&json!(requested), &json!(waiting)), "{value}");
        let folder = &value["folders"][0];
        assert_eq!((&folder["status"], &folder["certificates"][0]["action"]), (&json!(status), &json!(action)));
        assert_eq!(folder["certificates"][0]["reason"], json!("missing"));
    }
}

#[test]
fn a_ca_key_means_nothing_for_requests() {
    let sandbox = sandbox(CLUSTER);
    for flag in [
        "--ca-key=x",
        "--client-ca-key=x",
        "--ui-ca-key=x",
        "--tenant-client-ca-key=x",
        "--sign-with=x",
        "--ca-key-passphrase-file=x",
        "--ca-only",
    ] {
        let run = apply(&sandbox, &[flag]);
        assert!(run.status == Some(2) && run.stderr.contains("cannot be used with"), "{flag}: {run:?}");
    }
    assert!(!sandbox.path("fleet").exists());
}

/// The operator of the CA signs what the manifest says, and nothing else.
#[test]
fn requests_are_signed_by_the_manifest_and_imported() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("cluster.yml", CLUSTER);
    applied(&sandbox, &[]);
    let sign = |files: &[&str], kind: &str| {
        let flags = ["--manifest=cluster.yml", kind, "--certs-dir=certs", "--ca-key=my-safe-directory/ca.key"];
        sandbox.run(&[&["sign"], files, &flags].concat()).succeeds_silently();
    };
    let nodes = ["fleet/nodes/node1/node.csr", "fleet/nodes/node2/node.csr"];
    let clients = ["fleet/clients/app/client.app.csr", "fleet/clients/root/client.root.csr"];
    sign(&nodes, "--as=node");
    sign(&clients, "--as=client");
    // Signed where they are: import finds the key, and needs --overwrite for the certificate.
    for request in nodes.iter().chain(&clients) {
        let certificate = request.replace(".csr", ".crt");
        let dir = format!("--certs-dir={}", request.rsplit_once('/').expect("a path").0);
        sandbox.run(&["import", &certificate, "--overwrite", &dir]).succeeds_silently();
    }
    assert_eq!(sandbox.names("fleet/nodes/node1"), ["ca.crt", "node.crt", "node.key"]);
    assert_eq!(applied(&sandbox, &[]), "kept 4, requested 0, waiting 0\n");
    let verify = sandbox.run(&["verify", "--recursive", "--certs-dir=fleet"]);
    assert_eq!(verify.status, Some(0), "{verify:?}");
    let text = sandbox.openssl(&[
        "x509",
        "-in",
        "fleet/clients/app/client.app.crt",
        "-noout",
        "-ext",
        "subjectAltName",
    ]);
    assert!(text.contains("URI:crdb://tenant/2/user/app"), "{text}");
}

/// Its commands, as they are printed.
#[test]
fn the_chapter_about_a_whole_cluster_works_as_printed() {
    let page = fs::read_to_string(project().join("docs/outside-ca.md")).expect("the page");
    let chapter =
        page.split("\n## ").find(|chapter| chapter.starts_with("A whole cluster\n")).expect("the chapter");
    let commands = chapter.lines().filter_map(|line| line.strip_prefix("    "));
    let script: Vec<_> = commands.map(|line| line.strip_prefix("$ ").unwrap_or(line)).collect();
    assert_eq!(script.iter().filter(|line| line.contains("crdb-cert")).count(), 5, "{script:#?}");
    let sandbox = Sandbox::with_ca();
    sandbox.write("cluster.yml", CLUSTER);
    fs::rename(sandbox.path("certs"), sandbox.path("ca")).expect("the CA's directory");
    sandbox.make_dir("certs");
    fs::copy(sandbox.path("ca/ca.crt"), sandbox.path("certs/ca.crt")).expect("a copy");
    let said = sandbox.script(&script.join("\n")).succeeds_silently_but_for_stdout();
    assert!(said.ends_with("\nkept 4, requested 0, waiting 0\n"), "{said}");
}
