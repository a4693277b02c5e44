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
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    let running = openssl::version::version();
    let major = running.split(['.', ' ']).nth(1).expect("OpenSSL's version");
    assert!(lines[1].starts_with(&format!("built with:  OpenSSL {major}.")), "{text}");
    assert_eq!(lines[2], format!("running on:  {running}"));
    // `make -C dev fips` runs all tests on the FIPS provider.
    let fips = std::env::var_os("CRDB_CERT_FIPS").is_some();
    assert_eq!(lines[3], if fips { "FIPS:        enforced by --fips" } else { "FIPS:        not enforced" });
    let provider = if fips { "fips 3.".to_owned() } else { format!("default {major}.") };
    assert!(lines[4].starts_with("providers:   ") && lines[4].contains(&provider), "{text}");
}
