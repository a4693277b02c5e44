//! `make -C dev dist`, and what can be done with what it wrote and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

use crate::shell;

/// The names of a release's files begin with this.
const RELEASE: &str = concat!("crdb-cert-", env!("CARGO_PKG_VERSION"));

/// Makes `$1` a repository of its own with all that is in the project's, committed or not, in one commit.
const CLONE: &str = r#"
    mkdir "$1"
    if [ -e .git ]; then git -c safe.directory="$PWD" ls-files -z; else find . -path ./target -prune -o -type f -print0; fi >"$1.files"
    tar -cf "$1.tar" --null --files-from="$1.files"
    tar -xf "$1.tar" -C "$1"
    cd "$1"
    export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a GIT_COMMITTER_DATE=2026-01-02T03:04:05Z
    git init --quiet
    git add --all
    git commit --quiet --message=all
"#;

/// A clone, and where the release of it is to be.
struct Release {
    clone: PathBuf,
    dist: PathBuf,
}

impl Release {
    /// Not made yet.
    fn planned(parent: &Path, name: &str) -> Self {
        let clone = parent.join(name);
        shell::script(CLONE, &[clone.as_ref()]);
        let dist = clone.join("target/dist");
        Self { clone, dist }
    }

    /// With environment variables as in a shell, and what else comes before `make -C dev dist` there.
    fn new(parent: &Path, name: &str, before: &str) -> Self {
        let release = Self::planned(parent, name);
        release.script(&format!("{before} make -C dev dist"));
        release
    }

    /// Runs a shell script in the clone.
    fn script(&self, script: &str) -> String {
        shell::script(&format!("unset CARGO_TARGET_DIR; cd \"$1\"; {script}"), &[self.clone.as_ref()])
    }

    /// Name and contents of each file.
    fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(&self.dist).expect("the release").map(|entry| entry.expect("an entry"));
        entries
            .map(|entry| {
                let name = entry.file_name().into_string().expect("UTF-8");
                (name, fs::read(entry.path()).expect("a file"))
            })
            .collect()
    }
}

#[test]
fn two_runs_write_the_same_bytes() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let release = Release::new(parent.path(), "one", "");
    let one = release.contents();
    let ends = [".cdx.json", "-vendor.tar.xz", ".tar.xz"].map(|end| format!("{RELEASE}{end}"));
    let expected: BTreeSet<_> = ends.into_iter().chain(["SHA256SUMS".to_owned()]).collect();
    assert_eq!(one.keys().cloned().collect::<BTreeSet<_>>(), expected);
    shell::script(r#"cd "$1"; sha256sum --check --quiet SHA256SUMS"#, &[release.dist.as_ref()]);
    sbom_lists_what_is_linked(&one[&format!("{RELEASE}.cdx.json")]);

    let elsewhere = "umask 077; TZ=Pacific/Auckland XZ_OPT=--extreme TAR_OPTIONS=--exclude=README.md";
    let two = Release::new(parent.path(), "another one", elsewhere).contents();
    for (name, bytes) in &one {
        assert!(two.get(name) == Some(bytes), "{name} differs");
    }

    // With another time nothing but the times is another.
    release.script("SOURCE_DATE_EPOCH=86400 make -C dev dist");
    let times =
        r#"for archive in "$1"/*.tar.xz; do tar --list --verbose --utc --full-time --file "$archive"; done"#;
    let times = shell::script(times, &[release.dist.as_ref()]);
    assert!(times.lines().count() > 2000, "{times}");
    assert!(times.lines().all(|line| line.contains(" 1970-01-02 00:00:00 ")), "{times}");
    assert!(release.contents()[&format!("{RELEASE}.cdx.json")] != one[&format!("{RELEASE}.cdx.json")]);
}

#[test]
fn a_release_is_made_of_a_commit() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let release = Release::planned(parent.path(), "clone");
    let changes = "mkdir certs; touch certs/ca.key secret.key; rm LICENSE";
    let listed =
        release.script(&format!("{changes}; make -C dev dist 2>&1; tar tJf target/dist/{RELEASE}.tar.xz"));
    assert!(listed.contains("warning: these changes are not in a commit"), "{listed}");
    assert!(
        listed.contains(&format!("{RELEASE}/LICENSE\n")) && !listed.contains(&format!("{RELEASE}/secret.key")),
        "{listed}"
    );
    assert!(!listed.contains("ca.key"), "{listed}");

    let said = release.script("rm -rf .git target/dist; if make -C dev dist 2>&1; then exit 1; fi");
    assert!(said.contains("error: a release is made of a commit"), "{said}");
    assert!(release.contents().is_empty());
}

/// What packagers start from says the version of the program.
#[test]
fn every_package_has_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, line) in [
        ("packaging/debian/changelog", format!("crdb-cert ({version}-1) ")),
        ("packaging/rpm/crdb-cert.spec", format!("\nVersion:        {version}\n")),
        ("packaging/alpine/APKBUILD", format!("\npkgver={version}\n")),
    ] {
        let text = fs::read_to_string(shell::project().join(file)).expect(file);
        assert!(text.contains(&line), "{file} has another version than {version}");
    }
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
    let release = Release::new(parent.path(), "clone", "");
    let unpacked = parent.path().join("a place of its own");
    fs::create_dir(&unpacked).expect("a directory");
    let unpack = r#"tar xJf "$1/$3.tar.xz" -C "$2"; tar xJf "$1/$3-vendor.tar.xz" -C "$2/$3""#;
    shell::script(unpack, &[release.dist.as_ref(), unpacked.as_ref(), RELEASE.as_ref()]);
    let source: PathBuf = unpacked.join(RELEASE);
    let home = parent.path().join("home");
    fs::create_dir(&home).expect("a directory");

    let interfaces = shell::succeeds(&mut offline(&source, &home, &["cat", "/proc/net/dev"]));
    let interfaces = interfaces.lines().filter_map(|line| Some(line.split_once(':')?.0.trim()));
    assert_eq!(interfaces.collect::<Vec<_>>(), ["lo"]);
    shell::succeeds(&mut offline(&source, &home, &["make", "OFFLINE=1"]));
    let program = |path: &Path| fs::read(path).expect("a program");
    let (ours, theirs) = (shell::program(), source.join("target/release/crdb-cert"));
    assert!(program(&ours) == program(&theirs), "{} differs; is it what `make` makes now?", ours.display());
    let tests = shell::succeeds(&mut offline(&source, &home, &["make", "check", "OFFLINE=1"]));
    let passed = tests.lines().filter_map(|line| line.strip_prefix("test result: ok. ")?.split_once(" passed"));
    let passed: u32 = passed.map(|(count, _)| count.parse::<u32>().expect("a number")).sum();
    assert!(passed > 500, "{tests}");
}
