//! `kill -9` and power cuts: the program is killed at every system call on files in turn.

use anyhow::ensure;

use crate::inspect::{inspect, recovers};
use crate::points::Points;
use crate::scenario::Scenario;
use crate::strace::{self, Call, PLAIN};

#[test]
fn killed_at_any_call() {
    let mut points = Points::default();
    for scenario in Scenario::all() {
        let calls = strace::calls(&scenario.world, &scenario.args, &[]);
        kill_at_each_call(&mut points, &scenario, calls, &[]);
    }
    points.report("crash points", 500);
}

#[test]
fn killed_while_completing_a_change_that_was_killed() {
    let mut points = Points::default();
    for scenario in Scenario::interrupted() {
        let calls = strace::calls(&scenario.world, &scenario.args, &[]);
        kill_at_each_call(&mut points, &scenario, calls, &[]);
    }
    points.report("crash points after a crash", 200);
}

#[test]
fn killed_on_a_plain_file_system() {
    let mut points = Points::default();
    for scenario in Scenario::all() {
        let calls = strace::calls_under_lock(&scenario.world, &scenario.args, &[PLAIN]);
        kill_at_each_call(&mut points, &scenario, calls, &[PLAIN]);
    }
    points.report("crash points on a plain file system", 300);
}

fn kill_at_each_call(points: &mut Points, scenario: &Scenario, calls: Vec<Call>, file_system: &[&str]) {
    points.try_all(
        calls,
        |call| format!("{}: killed at {} #{}", scenario.name, call.name, call.nth),
        |call| {
            let world = scenario.world.copy();
            let mut injections: Vec<_> = file_system.iter().map(|text| (*text).to_owned()).collect();
            injections.push(strace::signal(call, "SIGKILL"));
            let traced = strace::run(&world, &scenario.args, &injections);
            ensure!(traced.was_killed_by("SIGKILL"), "it was not killed: {:?}", traced.run);
            recovers(scenario, &world, &inspect(scenario, &world)?)
        },
    );
}
