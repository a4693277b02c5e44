//! `--version` and `version --verbose`.

use crate::sandbox::Sandbox;

#[test]
fn the_version_is_the_packages() {
    let sandbox = Sandbox::new();
    let expected = format!("crdb-cert {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(sandbox.run(&["--version"]).succeeds().stdout, expected);
    assert_eq!(sandbox.run(&["version"]).succeeds().stdout, expected);
}

#[test]
fn verbose_names_both_openssls_and_the_providers() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["version", "--verbose"]).succeeds().stdout;
    let running = openssl::version::version();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[1].starts_with("built with:  OpenSSL 3."), "{text}");
    assert_eq!(lines[2], format!("running on:  {running}"));
    assert!(lines[3].starts_with("providers:   ") && lines[3].contains("default"), "{text}");
}
