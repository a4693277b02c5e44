//! What `make` installs, or says is to be installed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::shell;

/// What a machine has that has nothing but make and git: a shell, and the tools of any shell script.
const BASE: [&str; 7] = ["sh", "sed", "dirname", "ls", "cat", "basename", "chmod"];

/// A PATH with the base, and with programs that write their arguments to the file `said`.
struct Machine(TempDir);

impl Machine {
    fn new(programs: &[(&str, &str)]) -> Self {
        let machine = Self(tempfile::tempdir().expect("a temporary directory"));
        for tool in BASE {
            let real = shell::script(&format!("command -v {tool}"), &[]);
            symlink(real.trim(), machine.0.path().join(tool)).expect("a link");
        }
        for (name, script) in programs {
            let path = machine.0.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        }
        machine
    }

    /// Status, and stderr.
    fn prerequisites(&self, offline: &str) -> (Option<i32>, String) {
        let script = Path::new("build/install-prerequisites");
        let mut command = shell::command(shell::project(), "env");
        command.args(["-i", &format!("PATH={}", self.0.path().display()), &format!("OFFLINE={offline}"), "sh"]);
        let output = command.arg(script).arg("openssl:openssl").output().expect("the script");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    }
}

const USER: (&str, &str) = ("id", "echo 1000");
const ROOT: (&str, &str) = ("id", "echo 0");

/// A package manager that puts what a build needs where it is found.
const MANAGER: &str = r#"
    cd "$(dirname "$0")"
    echo "$(basename "$0") $*" >>said
    printf '#!/bin/sh\necho cargo 1.85.0 \(hash\)\n' >cargo
    chmod +x cargo"#;

#[test]
fn an_ordinary_user_is_told_exactly_what_to_install() {
    for (manager, expected) in [
        ("dnf", "dnf install -q -y cargo gcc pkgconf-pkg-config openssl-devel openssl"),
        ("apk", "apk add cargo gcc musl-dev pkgconf openssl-dev openssl"),
    ] {
        let machine = Machine::new(&[(manager, MANAGER), USER]);
        let (status, said) = machine.prerequisites("0");
        // A machine without certificates needs them, too.
        let said = said.replace(" ca-certificates", "");
        assert_eq!(status, Some(1));
        assert!(said.ends_with(&format!("; run as root: {expected}\n")), "{said}");
        assert!(!machine.0.path().join("said").exists(), "something was installed");
    }
    let debian = Machine::new(&[("apt-get", MANAGER), USER]).prerequisites("0").1;
    assert!(
        debian.contains("apt-get install -q -y --no-upgrade cargo") && debian.contains("libssl-dev"),
        "{debian}"
    );
    let (status, said) = Machine::new(&[USER]).prerequisites("0");
    assert_eq!(status, Some(1));
    assert!(said.starts_with("error: missing: Rust 1.85 a C compiler pkg-config OpenSSL 3"), "{said}");
}

#[test]
fn root_installs_it_unless_offline() {
    let machine = Machine::new(&[("dnf", MANAGER), ROOT]);
    let (status, said) = machine.prerequisites("1");
    assert_eq!(status, Some(1));
    assert!(said.contains("; run as root: dnf install"), "{said}");
    assert!(!machine.0.path().join("said").exists(), "something was installed");

    let (status, said) = machine.prerequisites("0");
    assert_eq!(status, Some(0), "{said}");
    let ran = fs::read_to_string(machine.0.path().join("said")).expect("dnf ran");
    assert!(ran.starts_with("dnf install -q -y cargo") && ran.lines().count() == 1, "{ran}");
}

#[test]
fn a_rust_that_is_too_old_is_left_alone() {
    let old = ("cargo", "echo cargo 1.63.0");
    let machine = Machine::new(&[("dnf", MANAGER), ROOT, old]);
    let (status, said) = machine.prerequisites("0");
    assert_eq!(status, Some(1));
    assert!(said.contains("Rust 1.63, and 1.85 is the oldest that will do; run: rustup update"), "{said}");
    assert!(!machine.0.path().join("said").exists(), "something was installed");
}

#[test]
fn a_distribution_without_a_new_rust_is_no_success() {
    let old = MANAGER.replace("1.85.0", "1.75.0");
    let (status, said) = Machine::new(&[("dnf", &old), ROOT]).prerequisites("0");
    assert_eq!(status, Some(1));
    assert!(
        said.ends_with("error: this distribution has no Rust 1.85; install it by https://rustup.rs\n"),
        "{said}"
    );
}
