//! `verify`: every check, tripped by a directory that other programs made.

use crate::sandbox::{Run, Sandbox};

/// A case: what is done to a good directory, the arguments, and what is found: severity, file and id.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

mod cases;

/// What is found in the directory that a script makes of a good one.
fn found(script: &str, args: &[&str]) -> (Vec<String>, Run) {
    let sandbox = Sandbox::new();
    sandbox.script(&format!("{}\n{script}", include_str!("by-openssl"))).succeeds();
    let run = sandbox.run(&[&["verify", "--certs-dir=certs"], args].concat());
    (findings(&run), run)
}

/// Severity, file and id of each finding.
fn findings(run: &Run) -> Vec<String> {
    let lines = run.stdout.lines().filter_map(|line| {
        let (severity, rest) = line.split_once(' ')?;
        let (file, rest) = rest.split_once(" [")?;
        let (id, _) = rest.split_once("]: ")?;
        Some(format!("{severity} {file} {id}"))
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

/// All cases that do not come out as expected.
fn check(cases: &[Case]) {
    let mut wrong = String::new();
    for (script, args, expected) in cases {
        let (found, run) = found(script, args);
        let mut expected = expected.to_vec();
        expected.sort();
        let worst = |severity: &str| found.iter().any(|finding| finding.starts_with(severity));
        let status = if worst("error") { 2 } else { i32::from(worst("warning")) };
        if found != expected || run.status != Some(status) {
            wrong += &format!("\n{script} {args:?}\n  expected {expected:?}\n  found    {found:?}\n{run:?}\n");
        }
    }
    assert_eq!(wrong, "");
}
