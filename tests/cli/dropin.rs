//! The drop-in promise: Makefiles and scripts that were written for `cockroach` do their work with the program
//! instead.
//!
//! A directory of `tests/dropin` is what an operator has. Beside it are `calls`, the calls of `cockroach` that
//! are made, as its stand-in `recorder` writes them down, and `files`, what is there after the same calls of
//! the program.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::{Run, Sandbox, program};

/// Beside an operator's files.
const EXPECTED: [&str; 2] = ["calls", "files"];

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dropin").join(name)
}

/// The operator's directory in a sandbox, and a program that is `cockroach` to it, in PATH and in `$COCKROACH`.
fn start(case: &str, cockroach: &Path, command: &str) -> (Sandbox, Run) {
    let sandbox = Sandbox::new();
    sandbox.make_dir("bin");
    // Under its own name, too, where no Makefile stumbles over a space in the project's path.
    let name = cockroach.file_name().and_then(|name| name.to_str()).expect("a name");
    for link in ["cockroach", name] {
        symlink(cockroach, sandbox.path("bin").join(link)).expect("a link");
    }
    sandbox.make_dir("work");
    for file in originals(case) {
        fs::copy(place(case).join(&file), sandbox.path("work").join(&file)).expect("a copy");
    }
    let script = format!(
        "PATH=$PWD/bin:$PATH CALLS=$PWD/calls COCKROACH=$PWD/bin/{name}
        export PATH CALLS COCKROACH
        umask 022
        cd work
        {command}"
    );
    let run = sandbox.script(&script);
    (sandbox, run)
}

/// The operator's own files.
fn originals(case: &str) -> Vec<String> {
    let entries = fs::read_dir(place(case)).expect("the directory of the case");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    names.filter(|name| !EXPECTED.contains(&name.as_str())).collect()
}

/// What was made, a line for each: mode, kind and path.
fn made(sandbox: &Sandbox, case: &str) -> String {
    let work = sandbox.path("work");
    let originals = originals(case);
    let entries = walkdir::WalkDir::new(&work).min_depth(1).sort_by_file_name();
    let lines = entries.into_iter().filter_map(|entry| {
        let entry = entry.expect("an entry");
        let path = entry.path().strip_prefix(&work).expect("below").to_str().expect("UTF-8");
        let kind = if entry.file_type().is_dir() { "/" } else { "" };
        let mode = sandbox.mode(&format!("work/{path}"));
        let is_new = originals.iter().all(|original| original != path);
        is_new.then(|| format!("{mode:04o} {path}{kind}\n"))
    });
    lines.collect()
}

/// `list` shows every certificate that was made, and an error for none.
fn all_is_well(sandbox: &Sandbox, made: &str) {
    let mut certificates = BTreeMap::<_, usize>::new();
    for line in made.lines().filter(|line| line.ends_with(".crt")) {
        let (directory, _) = line[5..].rsplit_once('/').expect("a certs directory");
        *certificates.entry(directory).or_default() += 1;
    }
    assert!(!certificates.is_empty(), "{made}");
    for (directory, count) in certificates {
        let list = sandbox.run(&["list", &format!("--certs-dir=work/{directory}")]);
        let list = list.succeeds_silently_but_for_stdout();
        let rows = list.lines().filter(|line| line.starts_with('|')).skip(1);
        let errors: Vec<_> =
            rows.filter_map(|row| row.trim_matches('|').rsplit('|').next()).map(str::trim).collect();
        assert_eq!(errors, vec![""; count], "{list}");
    }
}

/// What the operator's `command` makes of `cockroach`, and of the program instead.
fn drops_in(case: &str, command: &str) {
    if let Err(error) = Command::new("make").arg("--version").output() {
        assert_ne!(error.kind(), ErrorKind::NotFound, "make is missing: install the package make");
    }
    let expected = |file| fs::read_to_string(place(case).join(file)).expect(file);

    let (sandbox, run) = start(case, &place("recorder"), command);
    run.succeeds();
    assert_eq!(sandbox.read("calls"), expected("calls"), "{case}");

    let (sandbox, run) = start(case, Path::new(program()), command);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{case}: {}", run.stdout);
    let made = made(&sandbox, case);
    assert_eq!(made, expected("files"), "{case}");
    all_is_well(&sandbox, &made);
}

#[test]
fn a_makefile_with_a_pattern_rule_for_nodes() {
    drops_in("nodes", "make");
}

#[test]
fn a_makefile_that_says_everything_in_variables() {
    drops_in("environment", "make COCKROACH=\"$COCKROACH\"");
}

#[test]
fn a_makefile_that_finds_cockroach_in_path_and_has_separate_cas() {
    drops_in("path", "unset COCKROACH; make");
}

#[test]
fn a_makefile_for_tenants() {
    drops_in("tenants", "make -s");
}

#[test]
fn a_script_of_functions_that_makes_what_is_not_there() {
    drops_in("functions", "sh certs.sh node1 10.0.0.1");
}

#[test]
fn an_entry_point_of_a_container() {
    drops_in(
        "entrypoint",
        "export HOME=$PWD NODE_NAME=db-0.db.default.svc.cluster.local DATABASE_USERS='root MaxRoach'
        sh docker-entrypoint.sh true",
    );
}

#[test]
fn a_script_that_rotates_cas() {
    drops_in("rotation", "sh rotate.sh 2026 2027");
}
