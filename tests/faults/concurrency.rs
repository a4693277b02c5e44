//! Several writers at once, and a file that somebody else puts in the way meanwhile.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

use crate::inspect::{State, inspect};
use crate::points::Points;
use crate::scenario::Scenario;
use crate::strace::{self, Call, PLAIN};
use crate::world::{Run, World, is_own, program, words};

/// After this long the program hangs.
const HANGS: Duration = Duration::from_secs(120);

#[test]
fn thirty_two_clients_at_once() {
    let world = Scenario::node_again().world;
    let command = |n| format!("create-client user{n} --certs-dir=certs --ca-key=my-safe-directory/ca.key");
    let runs =
        at_once((0..32).map(|n| spawn(&world, &words(&format!("{} --key-algorithm=ecdsa", command(n))))));
    for run in runs {
        assert!(run.success() && run.stderr.is_empty(), "{run:?}");
    }
    let (rows, _) = world.list().expect("list");
    let good = |user: usize| {
        rows.iter().any(|row| {
            (&*row.notes, &*row.error, &*row.key)
                == (&format!("user: user{user}"), "", &format!("client.user{user}.key"))
        })
    };
    assert!((0..32).all(good), "{rows:?}");
    assert_eq!(rows.len(), 32 + 3, "{rows:?}");
}

#[test]
fn one_of_many_makes_the_file() {
    let scenario = Scenario::first_node();
    let runs = at_once((0..8).map(|_| spawn(&scenario.world, &scenario.args)));
    let (good, bad): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run.success());
    assert_eq!(good.len(), 1, "{good:?}");
    for run in bad {
        assert!(run.status == Some(1) && run.stderr.contains("file exists"), "{run:?}");
    }
    let seen = inspect(&scenario, &scenario.world).expect("a good state");
    assert_eq!(seen.states, [State::New]);
    seen.is_clean().expect("nothing left");
}

#[test]
fn many_overwrite_the_same_files() {
    let scenario = Scenario::node_again();
    for run in at_once((0..8).map(|_| spawn(&scenario.world, &scenario.args))) {
        assert!(run.success(), "{run:?}");
    }
    let seen = inspect(&scenario, &scenario.world).expect("a good state");
    assert_eq!(seen.states, [State::New]);
    seen.is_clean().expect("nothing left");
}

#[test]
fn a_list_among_writers_shows_no_torn_pair() {
    let scenario = Scenario::node_again();
    let world = &scenario.world;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..60 {
                let run = world.run(&scenario.args);
                assert!(run.success(), "{run:?}");
            }
        });
        while !writer.is_finished() {
            let (rows, stderr) = world.list().expect("list");
            assert!(rows.len() == 3 && rows.iter().all(|row| row.error.is_empty()), "{rows:?}");
            assert_eq!(stderr, "");
        }
    });
}

#[test]
fn who_holds_the_lock_for_too_long_is_named() {
    let scenario = Scenario::first_node();
    let _lock = lock(&scenario.world, "certs");
    let run = scenario.world.run(&scenario.args);
    let name = fs::read_to_string("/proc/self/comm").expect("the name of this process");
    let holder = format!("certs is locked by process {} ({})", std::process::id(), name.trim_end());
    assert!(run.status == Some(1) && run.stderr.contains(&holder), "{holder}: {run:?}");
    assert!(run.stderr.contains("HINT: "), "{run:?}");
    assert!(is_unchanged(&scenario));
}

#[test]
fn a_writer_waits_its_turn() {
    let scenario = Scenario::first_node();
    let lock = lock(&scenario.world, "certs");
    let mut child = strace::command(&scenario.world, &scenario.args, &[]).spawn().expect("strace");
    wait_for(&scenario.world, &mut child, "flock(", "EAGAIN").expect("it waits");
    assert!(is_unchanged(&scenario));
    drop(lock);
    assert!(child.wait().expect("the program").success());
    assert_eq!(inspect(&scenario, &scenario.world).expect("a good state").states, [State::New]);
}

#[test]
fn interrupted_while_it_waits() {
    for signal in ["SIGINT", "SIGTERM", "SIGHUP"] {
        for (scenario, dir) in [(Scenario::first_node(), "certs"), (Scenario::first_ca(), "my-safe-directory")]
        {
            let _lock = lock(&scenario.world, dir);
            // A lock that is free first; or the first try at this one.
            let call = Call { name: "flock".to_owned(), nth: 4 };
            let traced = strace::run(&scenario.world, &scenario.args, &[strace::signal(&call, signal)]);
            assert_eq!(traced.run.status, Some(1), "{traced:?}");
            assert!(traced.run.stderr.contains("interrupted; nothing was changed"), "{traced:?}");
            assert!(is_unchanged(&scenario), "{signal}");
        }
    }
}

#[test]
fn a_file_that_appears_is_never_replaced() {
    let mut points = Points::default();
    for (scenario, file_system) in [
        (Scenario::first_ca(), None),
        (Scenario::first_node(), None),
        (Scenario::first_client(), None),
        (Scenario::first_client(), Some(PLAIN)),
    ] {
        let file_system: Vec<_> = file_system.into_iter().collect();
        let calls = strace::calls(&scenario.world, &scenario.args, &file_system);
        let files =
            |call: &Call| scenario.groups[0].files.iter().map(|file| (call.clone(), *file)).collect::<Vec<_>>();
        points.try_all(
            calls.iter().flat_map(files).collect(),
            |(call, file)| format!("{}: {file} appears after {} #{}", scenario.name, call.name, call.nth),
            |(call, file)| appear(&scenario, call, file, &file_system),
        );
    }
    points.report("moments for a file to appear", 500);
}

/// Stops the program after the call, and creates the file if it can be created then.
fn appear(scenario: &Scenario, call: &Call, file: &str, file_system: &[&str]) -> Result<()> {
    let world = scenario.world.copy();
    let mut injections: Vec<_> = file_system.iter().map(|text| (*text).to_owned()).collect();
    injections.push(strace::signal(call, "SIGSTOP"));
    let mut command = strace::command(&world, &scenario.args, &injections);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let pid = wait_for(&world, &mut child, "--- stopped by", "SIGSTOP")?;
    let appeared = File::options().write(true).create_new(true).mode(0o600).open(world.path(file)).is_ok();
    kill_process(pid, Signal::CONT)?;
    let output = child.wait_with_output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !appeared {
        ensure!(output.status.success(), "{stderr}");
        ensure!(inspect(scenario, &world)?.states == [State::New], "{stderr}");
        return Ok(());
    }
    ensure!(output.status.code() == Some(1), "it did not fail: {stderr}");
    ensure!(fs::read(world.path(file))?.is_empty(), "it was replaced: {stderr}");
    fs::remove_file(world.path(file))?;
    let (mut now, mut before) = (world.snapshot(), scenario.before.clone());
    // The directory that the program makes has to stay when somebody else uses it.
    now.remove(Path::new("certs"));
    before.remove(Path::new("certs"));
    ensure!(now == before, "something else changed: {:?}: {stderr}", now.keys());
    Ok(())
}

/// Waits for a line of strace's log with both of these in it; the process it is about.
fn wait_for(world: &World, child: &mut Child, what: &str, how: &str) -> Result<Pid> {
    let begin = Instant::now();
    loop {
        let log = fs::read_to_string(strace::log(world)).unwrap_or_default();
        if let Some(line) = log.lines().find(|line| line.contains(what) && line.contains(how)) {
            let pid = line.split(' ').next().and_then(|pid| Pid::from_raw(pid.parse().ok()?));
            return pid.with_context(|| format!("no process in {line}"));
        }
        if child.try_wait()?.is_some() || begin.elapsed() > HANGS {
            bail!("no {what} {how} in the log: {log}");
        }
        sleep(Duration::from_millis(1));
    }
}

/// Has the lock of the directory, as a writer does.
fn lock(world: &World, dir: &str) -> File {
    let path = world.path(dir).join(".crdb-cert.new");
    fs::DirBuilder::new().mode(0o700).create(&path).expect("the writers' directory");
    let dir = File::open(path).expect("the writers' directory");
    flock(&dir, FlockOperation::NonBlockingLockExclusive).expect("the lock");
    dir
}

/// Is nothing there but the lock?
fn is_unchanged(scenario: &Scenario) -> bool {
    let mut now = scenario.world.snapshot();
    now.retain(|path, _| !is_own(path));
    now == scenario.before
}

fn spawn(world: &World, args: &[String]) -> Child {
    let mut command = world.command(program(), args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program")
}

/// What became of processes that run at the same time.
fn at_once(children: impl Iterator<Item = Child>) -> Vec<Run> {
    let children: Vec<_> = children.collect();
    children.into_iter().map(|child| Run::from(child.wait_with_output().expect("the program"))).collect()
}
