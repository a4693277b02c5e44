//! Refuses a libcrypto that has no providers, and makes the man pages and shell completions from `src/cli.rs`.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use clap::ValueEnum;

#[path = "build/openssl_version.rs"]
mod openssl_version;

#[allow(dead_code, missing_docs)]
#[path = "src/cli.rs"]
mod cli;

fn main() -> io::Result<()> {
    for path in ["build.rs", "build", "src/cli.rs", "src/cli"] {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=CRDB_CERT_ASSETS_DIR");

    let version = env::var("DEP_OPENSSL_VERSION_NUMBER").ok();
    let found = openssl_version::Found {
        libressl: env::var_os("DEP_OPENSSL_LIBRESSL_VERSION_NUMBER").is_some(),
        boringssl: env::var_os("DEP_OPENSSL_BORINGSSL").is_some() || env::var_os("DEP_OPENSSL_AWSLC").is_some(),
        version: version.as_deref().and_then(|v| u64::from_str_radix(v, 16).ok()),
    };
    if let Err(sentence) = openssl_version::check(found) {
        eprintln!("error: {sentence}");
        process::exit(1);
    }
    println!("cargo:rustc-env=CRDB_CERT_BUILT_WITH_OPENSSL={}", version.unwrap_or_default());

    // A fixed place on request, so that `make install` need not search cargo's build directories.
    let assets = env::var_os("CRDB_CERT_ASSETS_DIR")
        .or_else(|| env::var_os("OUT_DIR"))
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    man_pages(&assets.join("man"))?;
    completions(&assets.join("completions"))
}

/// One page for the program and one for each command.
fn man_pages(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    clap_mangen::generate_to(cli::command(), dir)
}

fn completions(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for shell in clap_complete::Shell::value_variants() {
        clap_complete::generate_to(*shell, &mut cli::command(), "crdb-cert", dir)?;
    }
    Ok(())
}
