//! Full disks, broken disks, missing permissions: every system call on files fails in turn.

use anyhow::ensure;

use crate::inspect::{check_answer, inspect, recovers};
use crate::points::Points;
use crate::scenario::Scenario;
use crate::strace::{self, Call, PLAIN};

/// The calls that change a directory: what a disk refuses from some moment on.
const CHANGES: [&str; 12] = [
    "renameat2",
    "renameat",
    "linkat",
    "unlinkat",
    "unlink",
    "rmdir",
    "fsync",
    "fchmod",
    "fchmodat",
    "chmod",
    "mkdirat",
    "mkdir",
];

/// Calls on what is open already, and not for writing: neither room nor permission is asked for.
const READ_ONLY: [&str; 5] = ["close", "fstat", "getdents64", "lseek", "read"];

/// The calls that a signal can interrupt.
const INTERRUPTIBLE: [&str; 6] = ["open", "openat", "read", "write", "flock", "fsync"];

#[test]
fn any_call_fails() {
    let mut points = Points::default();
    for scenario in Scenario::all() {
        let calls = calls(&scenario);
        let faults = calls.iter().flat_map(|call| {
            let errors: &[_] =
                if READ_ONLY.contains(&&*call.name) { &["EIO"] } else { &["ENOSPC", "EIO", "EACCES"] };
            let interrupted = INTERRUPTIBLE.contains(&&*call.name).then_some(&"EINTR");
            errors.iter().chain(interrupted).map(|error| vec![fault(call, error)])
        });
        fail(&mut points, &scenario, faults.collect());
    }
    points.report("fault points", 2000);
}

#[test]
fn all_calls_fail_from_one_on() {
    let mut points = Points::default();
    for scenario in Scenario::all().into_iter().chain(Scenario::interrupted()) {
        let calls = calls(&scenario);
        let moments = (0..calls.len()).filter(|at| CHANGES.contains(&&*calls[*at].name));
        let faults = moments.flat_map(|at| ["EROFS", "EIO", "ENOSPC"].map(|error| all_from(&calls, at, error)));
        fail(&mut points, &scenario, faults.collect());
    }
    points.report("fault points of a disk that goes away", 300);
}

/// All changes fail from this call on. Each name has a counter of its own.
fn all_from(calls: &[Call], at: usize, error: &str) -> Vec<String> {
    let from = |name: &&str| {
        let later = calls[at..].iter().find(|call| call.name == *name).map(|call| call.nth);
        let nth = later.or_else(|| calls.iter().rfind(|call| call.name == *name).map(|call| call.nth + 1));
        format!("?{name}:error={error}:when={}+", nth.unwrap_or(1))
    };
    // The one it is about comes first.
    let mut names = CHANGES.to_vec();
    names.sort_by_key(|name| *name != calls[at].name);
    names.iter().map(from).collect()
}

#[test]
fn any_call_fails_while_a_killed_change_is_completed() {
    let mut points = Points::default();
    for scenario in Scenario::interrupted() {
        let calls = calls(&scenario);
        fail(&mut points, &scenario, calls.iter().map(|call| vec![fault(call, "EIO")]).collect());
    }
    points.report("fault points after a crash", 200);
}

#[test]
fn any_call_fails_on_a_plain_file_system() {
    let mut points = Points::default();
    for scenario in Scenario::all() {
        let calls = strace::calls_under_lock(&scenario.world, &scenario.args, &[PLAIN]);
        let faults = calls.iter().map(|call| vec![PLAIN.to_owned(), fault(call, "EIO")]);
        fail(&mut points, &scenario, faults.collect());
    }
    points.report("fault points on a plain file system", 300);
}

#[test]
fn killed_while_a_failed_change_is_taken_back() {
    let mut points = Points::default();
    for scenario in Scenario::all() {
        let calls = calls(&scenario).into_iter().filter(|call| ["fsync", "renameat2"].contains(&&*call.name));
        for call in calls {
            let failed = fault(&call, "EIO");
            let after = strace::run(&scenario.world.copy(), &scenario.args, std::slice::from_ref(&failed));
            // strace has one rule a call.
            let after = after.calls_after_fault().into_iter().filter(|after| after.name != call.name);
            let kills = after.map(|after| vec![failed.clone(), strace::signal(&after, "SIGKILL")]);
            points.try_all(
                kills.collect(),
                |injections| format!("{}: {}", scenario.name, injections.join(", then ")),
                |injections| {
                    let world = scenario.world.copy();
                    strace::kill(&world, &scenario.args, injections)?;
                    recovers(&scenario, &world, &inspect(&scenario, &world)?)
                },
            );
        }
    }
    points.report("crash points after a fault", 300);
}

fn fault(call: &Call, error: &str) -> String {
    format!("{}:error={error}:when={}", call.name, call.nth)
}

/// The calls of an undisturbed run.
fn calls(scenario: &Scenario) -> Vec<Call> {
    strace::calls(&scenario.world, &scenario.args, &[])
}

fn fail(points: &mut Points, scenario: &Scenario, faults: Vec<Vec<String>>) {
    points.try_all(
        faults,
        |injections| format!("{}: {}", scenario.name, injections[..injections.len().min(2)].join(", ")),
        |injections| {
            let world = scenario.world.copy();
            let traced = strace::run(&world, &scenario.args, injections);
            ensure!(traced.was_injected(), "nothing failed: {:?}", traced.run);
            let seen = inspect(scenario, &world)?;
            check_answer(scenario, &traced.run, &seen, injections)?;
            recovers(scenario, &world, &seen)
        },
    );
}
