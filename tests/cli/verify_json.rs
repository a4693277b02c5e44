//! `verify --format=json`: as its schema says.

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};
use crate::schema;

fn objection(report: &Value) -> Option<String> {
    schema::objection("verify.schema.json", report)
}

fn verified(sandbox: &Sandbox, args: &[&str], status: i32) -> Value {
    let run: Run = sandbox.run(&[&["verify", "--format=json"], args].concat());
    assert_eq!(run.status, Some(status), "{run:?}");
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout));
    assert_eq!(objection(&report), None, "{}", run.stdout);
    assert_eq!(report["summary"]["files"], report["files"].as_array().map_or(0, Vec::len));
    report
}

/// The entry of a file.
fn entry<'a>(report: &'a Value, directory: &str, file: &Value) -> &'a Value {
    let files = report["files"].as_array().expect("files");
    let is_it = |entry: &&Value| entry["directory"] == directory && entry["file"] == *file;
    files.iter().find(is_it).unwrap_or_else(|| panic!("{file} is not in {report:#}"))
}

#[test]
fn a_good_directory_is_as_the_schema_says() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    sandbox.run(&["create-tenant-signing", "2", "--certs-dir=certs"]).succeeds_silently();
    let report = verified(&sandbox, &["--certs-dir=certs"], 0);
    let root = entry(&report, "certs", &json!("client.root.crt"));
    assert_eq!(
        (&root["user"], &root["usage"], &root["status"]),
        (&json!("root"), &json!("Client"), &json!("good"))
    );
    assert_eq!(entry(&report, "certs", &json!("tenant-signing.2.crt"))["tenant"], "2");
    let serial = sandbox.openssl(&["x509", "-in", "certs/client.root.crt", "-noout", "-serial"]);
    assert_eq!(serial.trim_end(), format!("serial={}", root["serial"].as_str().expect("a serial number")));
    let date = |option| {
        let args = ["x509", "-in", "certs/client.root.crt", "-noout", "-dateopt", "iso_8601", option];
        sandbox.openssl(&args).trim_end().replace(' ', "T")
    };
    assert_eq!(date("-startdate"), format!("notBefore={}", root["not_before"].as_str().expect("a time")));
    assert_eq!(date("-enddate"), format!("notAfter={}", root["not_after"].as_str().expect("a time")));
    let first = &report["summary"]["first_to_expire"];
    assert_eq!((&first["path"], &first["not_after"]), (&json!("certs/client.root.crt"), &root["not_after"]));
}

#[test]
fn findings_and_directories_are_as_the_schema_says() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["root"]).succeeds_silently();
    sandbox.chmod("certs/client.root.key", 0o644);
    sandbox.write("certs/node.crt", "x");
    sandbox.chmod("certs", 0o777);
    for args in [&["--certs-dir=certs"][..], &["--certs-dir=.", "--recursive"]] {
        let report = verified(&sandbox, args, 2);
        let dir = report["files"][0]["directory"].as_str().expect("a directory").to_owned();
        assert!(dir.ends_with("certs"), "{dir}");
        let (itself, root) =
            (entry(&report, &dir, &Value::Null), entry(&report, &dir, &json!("client.root.crt")));
        assert_eq!(
            (&itself["status"], &itself["findings"][0]["id"]),
            (&json!("warning"), &json!("dir-writable"))
        );
        let finding = &root["findings"][0];
        assert_eq!((&finding["id"], &finding["file"]), (&json!("key-access"), &json!("client.root.key")));
        assert_eq!(finding["hint"], format!("chmod 600 {dir}/client.root.key"));
        let node = entry(&report, &dir, &json!("node.crt"));
        assert_eq!((&node["status"], &node["not_after"]), (&json!("error"), &Value::Null));
    }
}

#[test]
fn a_directory_that_cannot_be_looked_at_is_as_the_schema_says() {
    let report = verified(&Sandbox::new(), &["--certs-dir=nowhere"], 3);
    assert_eq!((&report["files"], &report["summary"]["unreadable"]), (&json!([]), &json!(1)));
    assert_eq!(report["unreadable"][0]["directory"], "nowhere");
}

#[test]
fn the_schema_refuses_what_it_does_not_describe() {
    let report = verified(&Sandbox::with_ca(), &["--certs-dir=certs"], 0);
    for (pointer, wrong) in [
        ("/version", json!(2)),
        ("/files/0/usage", json!("Cheese")),
        ("/files/0/not_after", json!("2031/11/25")),
        ("/files/0/serial", json!("0a")),
        ("/summary/first_to_expire", json!({})),
        ("/unreadable", json!([{ "directory": "certs" }])),
        ("/summary", json!([])),
    ] {
        let mut report = report.clone();
        *report.pointer_mut(pointer).expect(pointer) = wrong;
        assert!(objection(&report).is_some(), "{pointer}");
    }
}
