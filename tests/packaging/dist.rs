//! `make dist`, and what can be done with what it wrote and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

use crate::shell;

/// The names of a release's files begin with this.
const RELEASE: &str = concat!("crdb-cert-", env!("CARGO_PKG_VERSION"));

fn dist(directory: &Path) {
    shell::script(r#"make dist DISTDIR="$1""#, &[directory.as_ref()]);
}

/// Name and contents of each file.
fn contents(directory: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let entries = fs::read_dir(directory).expect("the release").map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.file_name(), fs::read(entry.path()).expect("a file"))).collect()
}

#[test]
fn two_runs_write_the_same_bytes() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let [one, two] = ["one", "two"].map(|name| parent.path().join(name));
    dist(&one);
    // Later, by another user, somewhere else.
    let elsewhere = r#"umask 077; TZ=Pacific/Auckland make dist DISTDIR="$1""#;
    shell::script(elsewhere, &[two.as_ref()]);
    let [one, two] = [one, two].map(|directory| contents(&directory));
    let names: Vec<_> = one.keys().map(|name| name.to_string_lossy().into_owned()).collect();
    let ends = [".cdx.json", "-vendor.tar.xz", ".tar.xz"].map(|end| format!("{RELEASE}{end}"));
    let expected: BTreeSet<_> = ends.into_iter().chain(["SHA256SUMS".to_owned()]).collect();
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), expected);
    for (name, bytes) in &one {
        assert!(two.get(name) == Some(bytes), "{} differs", name.display());
    }

    shell::script(r#"cd "$1/one"; sha256sum --check --quiet SHA256SUMS"#, &[parent.path().as_ref()]);
    sbom_lists_what_is_linked(&one[&OsString::from(format!("{RELEASE}.cdx.json"))]);
}

/// Each crate that the program is made of is in the SBOM, with the checksum of Cargo.lock.
fn sbom_lists_what_is_linked(sbom: &[u8]) {
    let text = std::str::from_utf8(sbom).expect("UTF-8");
    assert!(!text.contains(env!("CARGO_MANIFEST_DIR")) && !text.contains("/tmp/"), "a path of this machine");
    let sbom: Value = serde_json::from_slice(sbom).expect("JSON");
    assert_eq!((sbom["bomFormat"].as_str(), sbom["specVersion"].as_str()), (Some("CycloneDX"), Some("1.5")));
    let component = |value: &Value| {
        Some((value["purl"].as_str()?.to_owned(), value["hashes"][0]["content"].as_str()?.to_owned()))
    };
    let listed: BTreeSet<_> =
        sbom["components"].as_array().expect("components").iter().filter_map(component).collect();

    let lock = fs::read_to_string(shell::project().join("Cargo.lock")).expect("Cargo.lock");
    let tree = "cargo tree --locked --edges normal,no-proc-macro --target x86_64-unknown-linux-gnu --prefix none --format '{p}'";
    let tree = shell::script(tree, &[]);
    let linked: BTreeSet<_> = tree.lines().skip(1).filter_map(|line| line.split_once(" v")).collect();
    assert!(linked.len() > 30, "{tree}");
    for (name, version) in linked {
        let version = version.split(' ').next().unwrap_or(version);
        let package = lock
            .split("[[package]]")
            .find(|package| package.contains(&format!("\nname = \"{name}\"\nversion = \"{version}\"\n")));
        let checksum = package
            .and_then(|package| package.split("checksum = \"").nth(1))
            .and_then(|rest| rest.split('"').next());
        let expected = (format!("pkg:cargo/{name}@{version}"), checksum.expect(name).to_owned());
        assert!(listed.contains(&expected), "{expected:?} is not in the SBOM");
    }
}

/// A command without network: in a namespace that has no interface but a loopback that is down.
fn offline(directory: &Path, home: &Path, args: &[&str]) -> Command {
    let mut command = shell::command(directory, "unshare");
    // Root needs no user namespace, in which it could give no file to anybody else.
    let user: &[_] = if rustix::process::geteuid().is_root() { &[] } else { &["--user", "--map-current-user"] };
    command.args(user).arg("--net").args(args);
    // Neither the crates nor the settings of whoever runs this; a toolchain of rustup's is below the home.
    let rustup = env::var_os("RUSTUP_HOME")
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".rustup").into_os_string()));
    command
        .env("RUSTUP_HOME", rustup.unwrap_or_default())
        .env("HOME", home)
        .env("CARGO_HOME", home.join("cargo"));
    command.env_remove("CARGO_TARGET_DIR");
    command
}

#[test]
fn the_two_archives_build_and_pass_the_tests_without_network_into_the_same_program() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let release = parent.path().join("release");
    dist(&release);
    let unpacked = parent.path().join("elsewhere");
    fs::create_dir(&unpacked).expect("a directory");
    let unpack = r#"tar xJf "$1/$3.tar.xz" -C "$2"; tar xJf "$1/$3-vendor.tar.xz" -C "$2/$3""#;
    shell::script(unpack, &[release.as_ref(), unpacked.as_ref(), RELEASE.as_ref()]);
    let source: PathBuf = unpacked.join(RELEASE);
    let home = parent.path().join("home");
    fs::create_dir(&home).expect("a directory");

    let interfaces = shell::succeeds(&mut offline(&source, &home, &["cat", "/proc/net/dev"]));
    assert_eq!(
        interfaces
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name.trim())
            .collect::<Vec<_>>(),
        ["lo"]
    );
    shell::succeeds(&mut offline(&source, &home, &["make", "OFFLINE=1"]));
    let program = source.join("target/release/crdb-cert");
    assert!(
        fs::read(program).expect("the program") == fs::read(shell::program()).expect("the program"),
        "the programs differ"
    );
    let tests = shell::succeeds(&mut offline(&source, &home, &["make", "check", "OFFLINE=1"]));
    assert!(tests.contains("test result: ok. 1"), "{tests}");
}
