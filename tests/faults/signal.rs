//! Ctrl-C and its like, at every moment: the old files or the new ones, and no temporary ones.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::inspect::{State, inspect, recovers};
use crate::points::Points;
use crate::scenario::Scenario;
use crate::strace::{self, Call, Traced};
use crate::world::{Run, Snapshot, leftovers, words};

#[test]
fn interrupted_at_any_call() {
    let mut points = Points::default();
    for scenario in Scenario::all() {
        signal_at_each_call(&mut points, &scenario, "SIGINT");
    }
    for signal in ["SIGTERM", "SIGHUP", "SIGQUIT"] {
        signal_at_each_call(&mut points, &Scenario::node_again(), signal);
    }
    points.report("signal points", 500);
}

#[test]
fn interrupted_while_a_killed_change_is_completed() {
    let mut points = Points::default();
    for scenario in Scenario::interrupted() {
        signal_at_each_call(&mut points, &scenario, "SIGINT");
    }
    points.report("signal points after a crash", 200);
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let scenario = Scenario::node_again();
    let call = Call { name: "flock".to_owned(), nth: 1 };
    let strace = strace::command(&scenario.world, &scenario.args, &[strace::signal(&call, "SIGHUP")]);
    // What nohup does.
    let mut nohup = scenario.world.command("sh", &["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    let run = Run::of(nohup.arg(strace.get_program()).args(strace.get_args()));
    let log = std::fs::read_to_string(strace::log(&scenario.world)).expect("strace's log");
    assert!(run.success(), "{run:?}");
    assert!(log.contains("flock("), "{log}");
}

#[test]
fn an_export_that_is_interrupted_leaves_no_part_of_a_key() {
    let scenario = Scenario::node_again();
    let world = &scenario.world;
    world.create("create-client root --certs-dir=certs --ca-key=my-safe-directory/ca.key");
    let mut points = Points::default();
    for command in ["export kubernetes", "export pem node"] {
        let args = words(&format!("{command} --out=secret --certs-dir=certs"));
        points.try_all(
            strace::calls(world, &args, &[]),
            |call| format!("{command}: SIGTERM at {} #{}", call.name, call.nth),
            |call| {
                let world = world.copy();
                let traced = strace::run(&world, &args, &[strace::signal(call, "SIGTERM")]);
                let now = world.snapshot();
                let left = now.keys().find(|path| path.to_string_lossy().contains(".crdb-cert"));
                ensure!(left.is_none(), "left behind: {left:?}: {:?}", traced.run);
                Ok(())
            },
        );
    }
    points.report("signal points of exports", 40);
}

fn signal_at_each_call(points: &mut Points, scenario: &Scenario, signal: &str) {
    points.try_all(
        strace::calls(&scenario.world, &scenario.args, &[]),
        |call| format!("{}: {signal} at {} #{}", scenario.name, call.name, call.nth),
        |call| interrupt(scenario, call, signal),
    );
}

fn interrupt(scenario: &Scenario, call: &Call, signal: &str) -> Result<()> {
    let world = scenario.world.copy();
    let traced = strace::run(&world, &scenario.args, &[strace::signal(call, signal)]);
    let seen = inspect(scenario, &world)?;
    check_status(&traced, signal, seen.states.last() == Some(&State::New))?;
    let new: Vec<_> = without(&seen.now, &scenario.world.snapshot());
    ensure!(new.is_empty(), "left behind: {new:?}");
    if scenario.groups.len() == 1 && seen.states == [State::Old] {
        ensure!(seen.now == scenario.before, "something changed");
    }
    recovers(scenario, &world, &seen)
}

/// Success, or an error that says so, or an end by the signal, which leaves everything as it was.
fn check_status(traced: &Traced, signal: &str, changed: bool) -> Result<()> {
    let run = &traced.run;
    match run.status {
        Some(0) => ensure!(changed, "it did not succeed: {run:?}"),
        Some(1) => {
            ensure!(
                !changed && run.stderr.contains("interrupted; nothing was changed"),
                "it did not fail: {run:?}"
            );
        }
        _ => ensure!(traced.was_killed_by(signal), "neither success nor failure: {run:?}"),
    }
    Ok(())
}

/// The program's own files that are here and were not there.
fn without<'a>(now: &'a Snapshot, then: &Snapshot) -> Vec<&'a Path> {
    leftovers(now).into_iter().filter(|path| !then.contains_key(*path)).collect()
}
