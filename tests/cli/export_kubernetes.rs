//! `export kubernetes`: manifests with what is read there, and nothing else.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::passphrase::run_at_terminal;
use crate::sandbox::{DIRS, Run, Sandbox, program};

/// With a CA, a node's certificate for the release `db` in the namespace `prod`, root's, and app's.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    let hosts =
        sandbox.run(&["export", "kubernetes", "--sans-for=operator", "--release=db", "--namespace=prod"]);
    let operator = hosts.succeeds_silently_but_for_stdout();
    let hosts =
        sandbox.run(&["export", "kubernetes", "--sans-for=statefulset", "--release=db", "--namespace=prod"]);
    let all = operator + &hosts.succeeds_silently_but_for_stdout();
    sandbox.create("create-node", &all.lines().collect::<Vec<_>>()).succeeds_silently();
    for user in ["root", "app"] {
        sandbox.create("create-client", &[user]).succeeds_silently();
    }
    sandbox
}

/// A secret in the directory's client CA's, UI CA's and tenants' names, too.
fn split(sandbox: &Sandbox) {
    for command in ["create-client-ca", "create-ui-ca", "create-tenant-client-ca"] {
        let key = format!("--ca-key=my-safe-directory/{command}.key");
        sandbox.run(&[command, "--key-algorithm=ecdsa", "--certs-dir=certs", &key]).succeeds_silently();
    }
    let client = |user: &str| {
        let key = "--ca-key=my-safe-directory/create-client-ca.key";
        let args = ["create-client", user, "--key-algorithm=ecdsa", "--overwrite", "--certs-dir=certs", key];
        sandbox.run(&args).succeeds_silently();
    };
    ["node", "root", "app"].into_iter().for_each(client);
    let ui = ["create-ui", "console", "--key-algorithm=ecdsa", "--certs-dir=certs"];
    sandbox.run(&[&ui[..], &["--ca-key=my-safe-directory/create-ui-ca.key"]].concat()).succeeds_silently();
}

fn export(sandbox: &Sandbox, args: &[&str]) -> Run {
    let usual = ["export", "kubernetes", "--release=db", "--namespace=prod", "--certs-dir=certs"];
    sandbox.run(&[&usual, args].concat())
}

/// The objects by name, as JSON has them.
fn objects(sandbox: &Sandbox, args: &[&str]) -> BTreeMap<String, Value> {
    let json = export(sandbox, &[args, &["--format=json"]].concat()).succeeds().stdout;
    let list: Value = serde_json::from_str(&json).expect("JSON");
    let items = list["items"].as_array().cloned().unwrap_or_else(|| vec![list]);
    items
        .into_iter()
        .map(|item| (item["metadata"]["name"].as_str().expect("a name").to_owned(), item))
        .collect()
}

/// Each object's type, name and keys.
fn shapes(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let shape = |(name, object): (String, Value)| {
        assert_eq!(object["metadata"], serde_json::json!({"name": name, "namespace": "prod"}));
        let of = object["type"].as_str().unwrap_or(object["kind"].as_str().expect("a kind")).to_owned();
        let keys: Vec<_> = object["data"].as_object().expect("data").keys().cloned().collect();
        format!("{of} {name}: {}", keys.join(" "))
    };
    objects(sandbox, args).into_iter().map(shape).collect()
}

fn decoded(object: &Value, key: &str) -> String {
    let base64 = object["data"][key].as_str().unwrap_or_else(|| panic!("{key} in {object}"));
    String::from_utf8(openssl::base64::decode_block(base64).expect("base64")).expect("UTF-8")
}

const TLS: &str = "kubernetes.io/tls";

#[test]
fn each_layout_has_exactly_the_keys_that_are_read() {
    let sandbox = sandbox();
    let three = "ca.crt tls.crt tls.key";
    let helm = |more: &str| {
        [
            format!("{TLS} app-client-secret: {three}"),
            more.to_owned(),
            format!("{TLS} db-cockroachdb-node: {three}"),
            format!("{TLS} db-cockroachdb-root: {three}"),
        ]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
    };
    assert_eq!(shapes(&sandbox, &["--layout=helm", "--user=app"]), helm(""));
    let operator = helm("ConfigMap db-cockroachdb-ca: ca.crt");
    assert_eq!(shapes(&sandbox, &["--layout=operator", "--user=app"]), operator);
    let ca = shapes(&sandbox, &[&["--layout=helm", "--user=app", "--with-ca-key"], &DIRS[1..]].concat());
    assert_eq!(ca, helm("Opaque db-cockroachdb-ca-secret: ca.crt ca.key"));
    let tls: Vec<_> = ["client-app", "node", "root"].map(|name| format!("{TLS} db-{name}: {three}")).into();
    assert_eq!(shapes(&sandbox, &["--layout=tls", "--user=app"]), tls);
    let statefulset = [
        "Opaque db.client.app: ca.crt client.app.crt client.app.key",
        "Opaque db.client.root: ca.crt client.root.crt client.root.key",
        "Opaque db.node: ca.crt node.crt node.key",
    ];
    assert_eq!(shapes(&sandbox, &["--layout=statefulset", "--user=app,root,app"]), statefulset);
}

#[test]
fn a_cluster_with_separate_cas_is_exported_where_there_is_a_place_for_them() {
    let sandbox = sandbox();
    split(&sandbox);
    let node = "Opaque db.node: ca-client-tenant.crt ca-client.crt ca-ui.crt ca.crt client.node.crt client.node.key \
                node.crt node.key ui.crt ui.key";
    assert_eq!(shapes(&sandbox, &["--layout=statefulset"])[1], node);
    let operator = shapes(&sandbox, &["--layout=operator"]);
    for line in [
        "ConfigMap db-cockroachdb-client-ca: ca.crt",
        "kubernetes.io/tls db-cockroachdb-node-client: ca.crt tls.crt tls.key",
        "kubernetes.io/tls db-cockroachdb-ui: tls.crt tls.key",
    ] {
        assert!(operator.contains(&line.to_owned()), "{operator:?}");
    }
    let said = export(&sandbox, &["--layout=helm"]).succeeds().stderr;
    for file in ["ca-client.crt", "ca-ui.crt", "ca-client-tenant.crt", "client.node.crt", "ui.crt"] {
        assert!(said.contains(&format!("warning: certs/{file} is left out")), "{said}");
    }
}

#[test]
fn the_ca_key_is_exported_only_with_the_flag() {
    let sandbox = sandbox();
    split(&sandbox);
    // As if somebody had left it there.
    fs::copy(sandbox.path("my-safe-directory/ca.key"), sandbox.path("certs/ca.key")).expect("a copy");
    let ca_key = sandbox.read("my-safe-directory/ca.key");
    let has_ca_key = |args: &[&str]| {
        let objects = objects(&sandbox, args);
        let all = objects.values().filter(|object| object["kind"] == "Secret").flat_map(|object| {
            object["data"].as_object().expect("data").keys().map(move |key| decoded(object, key))
        });
        all.filter(|pem| *pem == ca_key).count()
    };
    for layout in ["--layout=helm", "--layout=operator", "--layout=tls"] {
        assert_eq!(has_ca_key(&[layout, "--user=app", DIRS[1]]), 0, "{layout}");
        assert_eq!(has_ca_key(&[layout, "--with-ca-key=false", DIRS[1]]), 0, "{layout}");
        assert_eq!(has_ca_key(&[layout, "--with-ca-key", DIRS[1]]), 1, "{layout}");
    }
    assert_eq!(has_ca_key(&["--layout=statefulset", "--user=app", DIRS[1]]), 0);
    let refuses = |args: &[&str], words: &[&str]| {
        sandbox
            .refuses(&[&["export", "kubernetes", "--certs-dir=certs", "--with-ca-key"], args].concat(), words);
    };
    refuses(&["--layout=statefulset", DIRS[1]], &["nothing reads the CA key in this layout", "HINT: "]);
    refuses(&["--layout=cert-manager", "--issuer=a", DIRS[1]], &["a Certificate holds no key", "--layout=tls"]);
    refuses(&[], &["the path to the CA key is required"]);
    refuses(&["--ca-key=nowhere.key"], &["there is no CA key nowhere.key"]);
    let other = "--ca-key=my-safe-directory/create-ui-ca.key";
    refuses(&[other], &["create-ui-ca.key does not belong to the first certificate in certs/ca.crt"]);
}

#[test]
fn objects_hold_the_files_and_nothing_that_stands_beside_them() {
    let sandbox = sandbox();
    let (node, key) = (sandbox.read("certs/node.crt"), sandbox.read("certs/node.key"));
    // Text around a certificate, and another key behind a key, stay at home.
    sandbox.write("certs/node.crt", &format!("# the node\n{node}"));
    sandbox.write("certs/node.key", &(key.clone() + &sandbox.read("certs/client.app.key")));
    let objects = objects(&sandbox, &["--layout=statefulset"]);
    assert_eq!(decoded(&objects["db.node"], "node.crt"), node);
    assert_eq!(decoded(&objects["db.node"], "node.key"), key);
    let root = &objects["db.client.root"];
    assert_eq!(decoded(root, "client.root.key"), sandbox.read("certs/client.root.key"));
    assert_eq!(decoded(root, "ca.crt"), sandbox.read("certs/ca.crt"));
}

#[test]
fn yaml_says_the_same_as_json() {
    let sandbox = sandbox();
    for layout in ["helm", "operator", "statefulset", "tls"] {
        let layout = format!("--layout={layout}");
        let yaml = export(&sandbox, &[&layout, "--user=app"]).succeeds_silently_but_for_stdout();
        let objects = objects(&sandbox, &[&layout, "--user=app"]);
        assert_eq!(yaml.matches("---\napiVersion: v1\n").count(), objects.len(), "{yaml}");
        for object in objects.values().filter(|object| object["kind"] == "Secret") {
            for (key, value) in object["data"].as_object().expect("data") {
                let line = format!("\n  {key}: {}\n", value.as_str().expect("text"));
                assert!(yaml.contains(&line), "{key} of {layout}");
            }
        }
    }
}

#[test]
fn what_is_missing_is_named_with_the_command_that_makes_it() {
    let sandbox = Sandbox::new();
    let nowhere = ["export", "kubernetes", "--certs-dir=nowhere"];
    sandbox
        .refuses(&nowhere, &["ERROR: failed to export: there is no certs directory nowhere\nHINT: name the"]);
    sandbox.make_dir("certs");
    let refuses = |words: &[&str]| {
        sandbox
            .refuses(&["export", "kubernetes", "--release=db", "--namespace=prod", "--certs-dir=certs"], words);
    };
    let dirs = "--certs-dir=certs --ca-key=<file>";
    let hint = |command: &str| format!("HINT: make it: crdb-cert {command} {dirs}\n");
    refuses(&["there is no CA certificate certs/ca.crt", &hint("create-ca")]);
    sandbox.create("create-ca", &[]).succeeds_silently();
    let sans = "$(crdb-cert export kubernetes --sans-for=helm --release=db --namespace=prod)";
    refuses(&["there is no node certificate certs/node.crt", &hint(&format!("create-node {sans}"))]);
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    refuses(&["there is no client certificate certs/client.root.crt", &hint("create-client root")]);
    sandbox.create("create-client", &["root"]).succeeds_silently();
    let key = sandbox.read("certs/client.root.key");
    fs::remove_file(sandbox.path("certs/client.root.key")).expect("gone");
    let again = format!("make both anew: crdb-cert create-client root {dirs} --overwrite\n");
    refuses(&["could not read the key certs/client.root.key: no such file", &again]);
    sandbox.write("certs/client.root.key", &sandbox.read("certs/node.key"));
    refuses(&["the key certs/client.root.key does not belong to certs/client.root.crt", &again]);
    sandbox.write("certs/client.root.key", "no key");
    refuses(&["could not use the key certs/client.root.key: ", &again]);
    sandbox.write("certs/client.root.key", &key);
    // All the same, a server that is not reached by its name is of no use.
    let run = export(&sandbox, &[]).succeeds();
    let warning =
        "warning: certs/node.crt does not cover 127.0.0.1, db-cockroachdb-public, db-cockroachdb-public.prod, ";
    assert!(run.stderr.starts_with(warning) && run.stderr.contains(sans), "{}", run.stderr);
}

#[test]
fn what_has_expired_is_exported_with_a_warning() {
    let sandbox = sandbox();
    sandbox.create("create-client", &["root", "--lifetime=1s", "--overwrite"]).succeeds_silently();
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let said = export(&sandbox, &[]).succeeds().stderr;
    assert_eq!(said, "warning: certs/client.root.crt has expired\n");
}

#[test]
fn a_file_is_for_its_owner_alone_and_no_other_is_replaced() {
    let sandbox = sandbox();
    let stdout = export(&sandbox, &[]).succeeds_silently_but_for_stdout();
    export(&sandbox, &["--out=secrets.yaml"]).succeeds_silently();
    assert_eq!((sandbox.mode("secrets.yaml"), sandbox.read("secrets.yaml")), (0o600, stdout.clone()));
    let args = ["export", "kubernetes", "--certs-dir=certs", "--out=secrets.yaml"];
    sandbox.refuses(&args, &["secrets.yaml: it exists already", "--overwrite"]);
    sandbox.chmod("secrets.yaml", 0o644);
    export(&sandbox, &["--out=secrets.yaml", "--overwrite"]).succeeds_silently();
    assert_eq!((sandbox.mode("secrets.yaml"), &sandbox.read("secrets.yaml")), (0o600, &stdout));
    sandbox
        .refuses(&["export", "kubernetes", "--certs-dir=certs", "--out=certs"], &["it is not a regular file"]);
    for out in ["--out=certs/node.key", "--out=certs/../certs/ca.crt"] {
        let args = ["export", "kubernetes", "--certs-dir=certs", "--overwrite", out];
        sandbox.refuses(&args, &["is a file of the certs directory", "name another file"]);
    }
    let node_key = ["export", "kubernetes", "--certs-dir=certs", "--out=certs/node.key", "--overwrite"];
    sandbox.refuses(&node_key, &["--out: certs/node.key is a file of the certs directory"]);
    // As everywhere, - is standard output.
    assert_eq!(export(&sandbox, &["--out=-"]).succeeds_silently_but_for_stdout(), stdout);
    assert!(!sandbox.path("-").exists());
    sandbox.refuses(
        &["export", "kubernetes", "--certs-dir=certs", "--out=none/x"],
        &["no such file or directory"],
    );
    let key = ["export", "kubernetes", "--certs-dir=certs", "--out=certs/node.key", "--overwrite"];
    sandbox.refuses(&key, &["certs/node.key is a file of the certs directory"]);
}

#[test]
fn a_terminal_sees_no_private_key() {
    let sandbox = sandbox();
    let args = [program(), "export", "kubernetes", "--certs-dir=certs"];
    let (seen, succeeded) = run_at_terminal(&sandbox, &args, &[]);
    let error = "ERROR: failed to export: a private key is not printed on a terminal\n";
    let hint = "HINT: name a file with --out, or send it to a program: | program\n";
    assert_eq!((seen, succeeded), (format!("{error}{hint}"), false));
    let seen = sandbox.seen_on_terminal(80, &[], &["export", "kubernetes", "--sans-for=helm"]);
    assert!(seen.starts_with("localhost\n"), "{seen}");
}

#[test]
fn names_that_kubernetes_has_not_are_refused() {
    let sandbox = sandbox();
    let refuses = |flag: &str, words: &[&str]| {
        sandbox.refuses(&["export", "kubernetes", "--certs-dir=certs", flag], words);
        if !flag.starts_with("--user") && !flag.starts_with("--issuer") {
            sandbox.refuses(&["export", "kubernetes", "--sans-for=helm", flag], words);
        }
    };
    for flag in ["--release", "--namespace"] {
        for value in ["My", "a_b", "a.b", "-a", "a-", "a\nb: c", "a\"b", "\u{e9}"] {
            refuses(&format!("{flag}={value}"), &[flag, "is not a name in Kubernetes"]);
        }
        refuses(&format!("{flag}="), &[flag, "the name is empty"]);
    }
    refuses(&format!("--release={}", "a".repeat(54)), &["has more than 53 characters"]);
    refuses(&format!("--namespace={}", "a".repeat(64)), &["has more than 63 characters"]);
    refuses("--domain=cluster..local", &["--domain", "is not a name in Kubernetes"]);
    refuses(
        "--user=app_1",
        &["\"app_1-client-secret\" is not a name in Kubernetes", "kubectl create secret tls <name>"],
    );
    refuses("--user=a b", &["--user: username is invalid"]);
    refuses("--user=node", &["node is not a user"]);
    refuses(
        "--user=nobody",
        &["there is no client certificate certs/client.nobody.crt", "create-client nobody"],
    );
    refuses("--issuer=x", &["--issuer and --host are for cert-manager only"]);
}

#[test]
fn cert_manager_is_asked_for_what_is_there() {
    let sandbox = sandbox();
    let client =
        ["--subject=O=Acme\\, Inc,OU=prod,UID=app", "--tenant-scope=2", "--lifetime=720h", "--overwrite"];
    sandbox.create("create-client", &[&["app"], &client[..]].concat()).succeeds_silently();
    let args = ["--layout=cert-manager", "--user=app", "--issuer=ca", "--issuer-kind=ClusterIssuer"];
    let run = export(&sandbox, &args).succeeds_silently_but_for_stdout();
    assert!(!run.contains("PRIVATE") && !run.contains("tls.key"), "{run}");
    let objects = objects(&sandbox, &args);
    let names: Vec<_> = objects.keys().collect();
    assert_eq!(names, ["app-client-secret", "db-cockroachdb-node", "db-cockroachdb-root"]);
    let issuer = serde_json::json!({"name": "ca", "kind": "ClusterIssuer", "group": "cert-manager.io"});
    assert_eq!(
        objects["app-client-secret"]["spec"],
        serde_json::json!({
            "secretName": "app-client-secret",
            "duration": "720h",
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            // cert-manager reads it backwards, as RFC 4514 has it.
            "literalSubject": "UID=app,OU=prod,O=Acme\\, Inc",
            "uris": ["crdb://tenant/2/user/app"],
            "usages": ["digital signature", "client auth"],
            "issuerRef": issuer,
        })
    );
    let node = &objects["db-cockroachdb-node"]["spec"];
    assert_eq!(node["usages"], serde_json::json!(["digital signature", "server auth", "client auth"]));
    assert_eq!(node["ipAddresses"], serde_json::json!(["127.0.0.1"]));
    assert!(node["dnsNames"].as_array().expect("names").contains(&"*.db-cockroachdb.prod".into()));
}

#[test]
fn cert_manager_is_asked_by_names_without_a_certs_directory() {
    let sandbox = Sandbox::new();
    let args =
        ["--layout=cert-manager", "--issuer=ca", "--host=*.db,10.0.0.1", "--user=app", "--certs-dir=nowhere"];
    let objects = objects(&sandbox, &args);
    let node = &objects["db-cockroachdb-node"]["spec"];
    let names = (&node["dnsNames"], &node["ipAddresses"], &node["literalSubject"]);
    let expected = serde_json::json!([["*.db"], ["10.0.0.1"], "CN=node,O=Cockroach"]);
    assert_eq!(names, (&expected[0], &expected[1], &expected[2]));
    assert_eq!(objects["app-client-secret"]["spec"]["literalSubject"], "CN=app,O=Cockroach");
    let args = ["export", "kubernetes", "--layout=cert-manager", "--host=a"];
    sandbox.refuses(&args, &["cert-manager needs an issuer", "--issuer=<name>"]);
}

#[test]
fn the_names_of_a_node_are_those_of_its_services() {
    let sandbox = Sandbox::new();
    let hosts = |args: &[&str]| {
        sandbox
            .run(&[&["export", "kubernetes"], args].concat())
            .succeeds_silently_but_for_stdout()
            .replace('\n', " ")
    };
    let usual = "localhost 127.0.0.1 cockroachdb-public cockroachdb-public.default \
                 cockroachdb-public.default.svc.cluster.local *.cockroachdb *.cockroachdb.default \
                 *.cockroachdb.default.svc.cluster.local ";
    assert_eq!(hosts(&["--sans-for=helm"]), usual);
    assert_eq!(hosts(&["--sans-for=statefulset"]), usual);
    let join = "cockroachdb-join cockroachdb-join.default cockroachdb-join.default.svc.cluster.local ";
    assert_eq!(hosts(&["--sans-for=operator"]), format!("{usual}{join}"));
    let args = ["--sans-for=helm", "--release=db", "--namespace=prod", "--domain=k8s.example.com"];
    let elsewhere = "localhost 127.0.0.1 db-cockroachdb-public db-cockroachdb-public.prod \
                     db-cockroachdb-public.prod.svc.k8s.example.com *.db-cockroachdb *.db-cockroachdb.prod \
                     *.db-cockroachdb.prod.svc.k8s.example.com ";
    assert_eq!(hosts(&args), elsewhere);
}
