//! Where the modules are, and the program with a configuration of OpenSSL.

use std::path::PathBuf;

use crate::support::{Run, Sandbox};

/// The directory that `install-modules` filled.
pub fn dir() -> PathBuf {
    let default = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("fips");
    let dir = std::env::var_os("CRDB_CERT_FIPS_DIR").map_or_else(default, PathBuf::from);
    assert!(dir.join("modules").exists(), "{} is not there: run tests/fips/install-modules", dir.display());
    dir
}

/// What `install-modules` found out.
pub fn fact(name: &str) -> String {
    std::fs::read_to_string(dir().join(name)).expect(name).trim().to_owned()
}

/// Runs the program with one of the configurations, and more variables.
pub fn run_with(sandbox: &Sandbox, configuration: &str, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let mut command = sandbox.command(args);
    command
        .env_remove("CRDB_CERT_FIPS")
        .env("OPENSSL_CONF", dir().join(configuration))
        .env("OPENSSL_MODULES", fact("modules"));
    Run::of(command.envs(variables.iter().copied()))
}
