//! What others do to a directory, or beside it, while a change is pending there: no pair is torn, and nobody's
//! file is lost.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::inspect::{State, inspect, recovers};
use crate::points::Points;
use crate::scenario::Scenario;
use crate::strace::{self, Call};
use crate::world::{MANIFEST, World, leftovers, words};

/// Commands for another certs directory that put their CA key into the directories of the first.
const NEIGHBOURS: [&str; 2] = [
    "create-ca --certs-dir=other --ca-key=certs/other.key --key-algorithm=ecdsa",
    "create-ca --certs-dir=other --ca-key=my-safe-directory/other.key --key-algorithm=ecdsa",
];

#[test]
fn a_neighbour_sweeps_nothing_that_is_pending() {
    let mut points = Points::default();
    for scenario in Scenario::all() {
        let moments: Vec<_> =
            moments(&scenario).into_iter().flat_map(|at| NEIGHBOURS.map(|n| (at.clone(), n))).collect();
        points.try_all(
            moments,
            |(call, neighbour)| {
                format!("{}: killed at {} #{}, then {neighbour}", scenario.name, call.name, call.nth)
            },
            |(call, neighbour)| {
                let world = pending(&scenario, call);
                world.create(neighbour);
                for path in ["other", "certs/other.key", "my-safe-directory/other.key"] {
                    let path = world.path(path);
                    let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
                }
                let seen = inspect(&scenario, &world)?;
                ensure!(seen.pending, "it is not pending any more");
                finishes(&scenario, &world)
            },
        );
    }
    points.report("pending changes with a neighbour", 20);
}

#[test]
fn a_file_that_appears_before_a_change_is_completed_stays() {
    let mut points = Points::default();
    for scenario in
        [Scenario::first_ca(), Scenario::first_node(), Scenario::first_client(), Scenario::new_ca_key()]
    {
        let files = |at: Call| scenario.groups[0].files.iter().map(move |file| (at.clone(), *file));
        points.try_all(
            moments(&scenario).into_iter().flat_map(files).collect(),
            |(call, file)| {
                format!("{}: killed at {} #{}, then {file} appears", scenario.name, call.name, call.nth)
            },
            |(call, file)| {
                let world = pending(&scenario, call);
                if world.path(file).exists() {
                    return recovers(&scenario, &world, &inspect(&scenario, &world)?);
                }
                world.write(file, b"mine");
                let (rows, stderr) = world.list()?;
                let others =
                    rows.iter().filter(|row| !file.ends_with(&row.file)).all(|row| row.error.is_empty());
                ensure!(others && stderr.contains("is not finished"), "list: {rows:?}: {stderr}");
                finish_by_another(&world);
                ensure!(fs::read(world.path(file))? == b"mine", "it was replaced");
                fs::remove_file(world.path(file))?;
                let seen = inspect(&scenario, &world)?;
                // A CA key is no part of what is undone.
                let undone = if scenario.groups[0].is_ca() { State::KeyAlone } else { State::Old };
                ensure!(seen.states == [undone] && !seen.pending, "it was not undone: {:?}", seen.states);
                seen.is_clean()
            },
        );
    }
    points.report("files in the way of a pending change", 10);
}

#[test]
fn a_directory_in_the_place_of_a_file_stays() {
    let scenario = Scenario::node_again();
    let world = pending(&scenario, &moments(&scenario).pop().expect("a rename"));
    fs::remove_file(world.path("certs/node.crt")).expect("node.crt");
    fs::create_dir_all(world.path("certs/node.crt/mine")).expect("a directory");
    finish_by_another(&world);
    assert!(world.path("certs/node.crt/mine").is_dir());
    let snapshot = world.snapshot();
    assert!(leftovers(&snapshot).is_empty(), "{:?}", leftovers(&snapshot));
    let key = snapshot.get(Path::new("certs/node.key")).and_then(|item| item.contents.as_deref());
    assert!(key == old_key(&scenario), "the pair is half undone");
}

#[test]
fn files_restored_by_hand_are_not_mixed_with_new_ones() {
    let scenario = Scenario::node_again();
    let call = moments(&scenario).pop().expect("a rename");
    let world = pending(&scenario, &call);
    // The key was in its place already; an operator puts the old one back.
    world.write("certs/node.key", old_key(&scenario).expect("the old key"));
    finish_by_another(&world);
    let seen = inspect(&scenario, &world).expect("a good state");
    assert_eq!(seen.states, [State::Old]);
    seen.is_clean().expect("nothing left");
}

#[test]
fn a_ca_key_that_is_in_use_is_never_removed() {
    let scenario = Scenario::first_ca();
    let calls = strace::calls(&scenario.world, &scenario.args, &[]);
    let placed = calls.iter().rposition(|call| call.name == "linkat").expect("ca.crt comes into place");
    let call = calls[placed..].iter().find(|call| call.name == "unlinkat").expect("the list is removed");
    let world = pending(&scenario, call);
    // All was in place, and an operator adds another CA before the journal is found.
    let path = world.path("certs/ca.crt");
    let certificates = fs::read(&path).expect("ca.crt");
    fs::write(&path, certificates.repeat(2)).expect("ca.crt");
    finish_by_another(&world);
    let seen = inspect(&scenario, &world).expect("a good state");
    assert_eq!(seen.states, [State::New]);
    seen.is_clean().expect("nothing left");
}

#[test]
fn root_does_not_follow_what_another_user_left_pending() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scenario = Scenario::node_again();
    let world = pending(&scenario, &moments(&scenario).pop().expect("a rename"));
    let user = 4321;
    for path in world.snapshot().keys() {
        let path = world.dir().join(path);
        std::os::unix::fs::lchown(path, Some(user), Some(user)).expect("another owner");
    }
    let words = format!("certs/.crdb-cert.commit belongs to uid {user}, and is not ours to use");
    let (_, stderr) = world.list().expect("list");
    assert!(stderr.contains(&words) && stderr.contains("it is not looked at"), "{stderr}");
    let run = world.run(&scenario.args);
    assert!(run.status == Some(1) && run.stderr.contains(&words) && run.stderr.contains("HINT: "), "{run:?}");
}

fn old_key(scenario: &Scenario) -> Option<&[u8]> {
    scenario.before.get(Path::new("certs/node.key"))?.contents.as_deref()
}

/// The calls that put files in their places.
fn moments(scenario: &Scenario) -> Vec<Call> {
    let group = &scenario.groups[0];
    let files = group.files.iter().filter(|file| !group.is_ca_key(file));
    strace::placing(strace::calls(&scenario.world, &scenario.args, &[]), files.count())
}

/// A copy of the scenario's directory where the command was killed at this call.
fn pending(scenario: &Scenario, call: &Call) -> World {
    let world = scenario.world.copy();
    strace::run(&world, &scenario.args, &[strace::signal(call, "SIGKILL")]);
    assert!(world.path(MANIFEST).exists(), "{}: killed at {call:?}", scenario.name);
    world
}

/// A command that completes or undoes what is pending, and is refused then.
fn finish_by_another(world: &World) {
    let args = "create-client bob --certs-dir=certs --ca-key=my-safe-directory/no.key --key-algorithm=ecdsa";
    let run = world.run(&words(args));
    assert_eq!(run.status, Some(1), "{run:?}");
}

fn finishes(scenario: &Scenario, world: &World) -> Result<()> {
    finish_by_another(world);
    let seen = inspect(scenario, world).context("after another command")?;
    ensure!(!seen.pending, "it is still pending");
    recovers(scenario, world, &seen)
}
