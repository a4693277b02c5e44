//! What others read in the manifests of `export kubernetes`: kubernetes-validate, by the schemas of Kubernetes,
//! and PyYAML.

use crate::shell::installed;
use crate::support::{Run, Sandbox};

const LAYOUTS: [&str; 4] = ["helm", "operator", "statefulset", "tls"];

/// With certificates for a node, root and app, with a CA for clients.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost"]).succeeds_silently();
    let client_ca = ["--key-algorithm=ecdsa", "--certs-dir=certs", "--ca-key=my-safe-directory/ca-client.key"];
    sandbox.run(&[&["create-client-ca"], &client_ca[..]].concat()).succeeds_silently();
    for user in ["node", "root", "app"] {
        sandbox.run(&[&["create-client", user], &client_ca[..]].concat()).succeeds_silently();
    }
    sandbox
}

fn export(sandbox: &Sandbox, layout: &str, format: &str) -> String {
    let flags =
        [format!("--layout={layout}"), format!("--format={format}"), format!("--out={layout}.{format}")];
    let usual = ["export", "kubernetes", "--namespace=prod", "--user=app", "--issuer=ca", "--certs-dir=certs"];
    let usual = usual.into_iter().filter(|flag| layout == "cert-manager" || *flag != "--issuer=ca");
    let args: Vec<_> = usual.chain(flags.iter().map(String::as_str)).collect();
    sandbox.run(&args).succeeds();
    format!("{layout}.{format}")
}

fn validate(sandbox: &Sandbox, file: &str) -> Run {
    let validator = installed("kubernetes-validate");
    Run::of(&mut sandbox.command_of(validator.to_str().expect("UTF-8"), &["--strict", file]))
}

#[test]
fn kubernetes_validate_finds_nothing_wrong_with_the_manifests() {
    let sandbox = sandbox();
    for layout in LAYOUTS {
        let file = export(&sandbox, layout, "yaml");
        let run = validate(&sandbox, &file).succeeds();
        let said = run.stdout + &run.stderr;
        let objects = sandbox.read(&file).matches("\nkind: ").count();
        assert_eq!((said.matches(" passed for ").count(), said.lines().count()), (objects, objects), "{said}");
    }
    // It would say so.
    let wrong = sandbox.read("helm.yaml").replacen("\ndata:", "\nkeys:", 1);
    sandbox.write("wrong.yaml", &wrong);
    assert_eq!(validate(&sandbox, "wrong.yaml").status, Some(1));
}

/// Whether the documents of the first file are the objects of the second.
const SAME: &str = "\
import json, sys, yaml
documents = list(yaml.safe_load_all(open(sys.argv[1])))
whole = json.load(open(sys.argv[2]))
sys.exit(documents != (whole['items'] if whole['kind'] == 'List' else [whole]))
";

#[test]
fn pyyaml_reads_the_same_as_is_in_the_json() {
    let sandbox = sandbox();
    let python = installed("python");
    let same = |yaml: &str, json: &str| {
        Run::of(&mut sandbox.command_of(python.to_str().expect("UTF-8"), &["-c", SAME, yaml, json])).status
    };
    for layout in LAYOUTS.into_iter().chain(["cert-manager"]) {
        let files = ["yaml", "json"].map(|format| export(&sandbox, layout, format));
        assert_eq!(same(&files[0], &files[1]), Some(0), "{layout}");
    }
    assert_eq!(same("helm.yaml", "tls.json"), Some(1));
}
