//! `kill -9` and power cuts: the program is killed at every system call on files in turn.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::inspect::{inspect, recovers};
use crate::points::Points;
use crate::scenario::{DIRS, Scenario};
use crate::strace::{self, Call, PLAIN};
use crate::world::{Snapshot, World, leftovers, words};

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

#[test]
fn killed_while_it_removes_an_expired_ca() {
    let world = World::new();
    for args in
        ["--ca-key=my-safe-directory/old.key --lifetime=1s", "--ca-key=my-safe-directory/ca.key --overwrite"]
    {
        world.create(&format!("create-ca {args} {DIRS}"));
    }
    // The first CA was made for a second, and dates are in whole ones.
    thread::sleep(Duration::from_millis(2100));
    let args = words("remove-expired-ca --certs-dir=certs");
    let [with, without] = [world.copy(), world.copy()];
    assert!(without.run(&args).success());
    let [with, without] = [with.snapshot(), without.snapshot()];
    assert!(with != without);

    let mut points = Points::default();
    points.try_all(
        strace::calls(&world, &args, &[]),
        |call| format!("killed at {} #{}", call.name, call.nth),
        |call| {
            let world = world.copy();
            strace::kill(&world, &args, &[strace::signal(call, "SIGKILL")])?;
            let ca = |snapshot: &Snapshot| snapshot.get(Path::new("certs/ca.crt")).cloned();
            let now = ca(&world.snapshot());
            ensure!(now == ca(&with) || now == ca(&without), "ca.crt is neither with nor without");
            let again = world.run(&args);
            ensure!(again.success(), "{again:?}");
            ensure!(world.snapshot() == without, "the same command left something else");
            Ok(())
        },
    );
    points.report("crash points of remove-expired-ca", 40);
}

#[test]
fn killed_while_it_renews_two_certificates() {
    let world = World::new();
    for args in ["create-ca", "create-node localhost", "create-client root --also-generate-pkcs8-key"] {
        world.create(&format!("{args} --ca-key=my-safe-directory/ca.key {DIRS}"));
    }
    let args = words("renew --certs-dir=certs --ca-key=my-safe-directory/ca.key");
    let files = ["node.crt", "node.key", "client.root.crt", "client.root.key", "client.root.key.pk8"];
    let before = world.snapshot();
    let mut points = Points::default();
    points.try_all(
        strace::calls(&world, &args, &[]),
        |call| format!("killed at {} #{}", call.name, call.nth),
        |call| {
            let world = world.copy();
            strace::kill(&world, &args, &[strace::signal(call, "SIGKILL")])?;
            let next = world.run(&words("create-tenant-signing 2 --certs-dir=certs"));
            ensure!(next.success(), "{next:?}");
            let now = world.snapshot();
            let is_new = |file: &&str| {
                let file = Path::new("certs").join(file);
                now.get(&file).map(|item| &item.contents) != before.get(&file).map(|item| &item.contents)
            };
            let count = files.iter().filter(|file| is_new(file)).count();
            ensure!([0, files.len()].contains(&count), "{count} of {} files are new", files.len());
            ensure!(leftovers(&now).is_empty(), "left behind: {:?}", leftovers(&now));
            let again = world.run(&args);
            ensure!(again.success(), "{again:?}");
            Ok(())
        },
    );
    points.report("crash points of renew", 40);
}

/// `sign` puts the certificates of a directory in place together.
#[test]
fn killed_while_it_signs_two_requests() {
    let world = World::new();
    world.create(&format!("create-ca --ca-key=my-safe-directory/ca.key {DIRS}"));
    for user in ["alice", "bob"] {
        world.create(&format!("csr client {user} --key-algorithm=ecdsa --certs-dir=in"));
    }
    let args = words(
        "sign in/client.alice.csr in/client.bob.csr --as=client --user=alice --user=bob --certs-dir=certs \
         --ca-key=my-safe-directory/ca.key",
    );
    let recover = words("csr client carol --key-algorithm=ecdsa --certs-dir=in");
    let before = world.snapshot();
    let mut points = Points::default();
    points.try_all(
        strace::calls(&world, &args, &[]),
        |call| format!("killed at {} #{}", call.name, call.nth),
        |call| {
            let world = world.copy();
            strace::kill(&world, &args, &[strace::signal(call, "SIGKILL")])?;
            let run = world.run(&recover);
            ensure!(run.success(), "{run:?}");
            let now = world.snapshot();
            for (path, item) in &before {
                ensure!(now.get(path) == Some(item), "{} was touched", path.display());
            }
            let there = |user: &str| now.contains_key(Path::new(&format!("in/client.{user}.crt")));
            ensure!(there("alice") == there("bob"), "one was signed, and one was not");
            ensure!(leftovers(&now).is_empty(), "left behind: {:?}", leftovers(&now));
            Ok(())
        },
    );
    points.report("crash points of sign", 40);
}

/// `import` puts a renewed pair in place, and removes the key that waited. That key is never lost.
#[test]
fn killed_while_it_imports() {
    let world = World::new();
    for args in ["create-ca", "create-node localhost"] {
        world.create(&format!("{args} --ca-key=my-safe-directory/ca.key {DIRS}"));
    }
    world.create(&format!("csr node localhost {DIRS}"));
    let sign = "sign certs/node.csr --as=node --host=localhost --out=- --ca-key=my-safe-directory/ca.key";
    let answer = world.run(&words(&format!("{sign} --certs-dir=certs")));
    world.write("answer.pem", answer.stdout.as_bytes());
    let args = words("import answer.pem --overwrite --certs-dir=certs");
    let mut points = Points::default();
    for file_system in [&[][..], &[PLAIN], &[PLAIN, "linkat:error=EPERM"]] {
        let calls = match file_system {
            [] => strace::calls(&world, &args, &[]),
            _ => strace::calls_under_lock(&world, &args, file_system),
        };
        points.try_all(
            calls,
            |call| format!("{file_system:?}: killed at {} #{}", call.name, call.nth),
            |call| {
                let world = world.copy();
                let mut injections: Vec<_> = file_system.iter().map(|text| (*text).to_owned()).collect();
                injections.push(strace::signal(call, "SIGKILL"));
                imports_or_not(&world, &args, &injections)
            },
        );
    }
    points.report("crash points of import", 100);
}

fn imports_or_not(world: &World, args: &[String], injections: &[String]) -> Result<()> {
    let before = world.snapshot();
    let file = |snapshot: &Snapshot, name: &str| {
        snapshot.get(&Path::new("certs").join(name)).and_then(|item| item.contents.clone())
    };
    let waiting = file(&before, "node.key.pending");
    strace::kill(world, args, injections)?;
    let killed = world.snapshot();
    ensure!(killed.values().any(|item| item.contents == waiting), "the key that waited is lost");
    // A server that reads now finds a pair, by whatever the list of the change says.
    let (rows, _) = world.list()?;
    ensure!(rows.iter().all(|row| row.error.is_empty()), "list: {rows:?}");

    let next = world.run(&words("create-tenant-signing 2 --certs-dir=certs"));
    ensure!(next.success(), "{next:?}");
    let now = world.snapshot();
    ensure!(leftovers(&now).is_empty(), "left behind: {:?}", leftovers(&now));
    let is_old = ["node.crt", "node.key", "node.csr", "node.key.pending"]
        .iter()
        .all(|name| file(&now, name) == file(&before, name));
    if is_old {
        let again = world.run(args);
        ensure!(again.success(), "{again:?}");
    }
    let after = world.snapshot();
    ensure!(file(&after, "node.key") == waiting, "node.key is not the key that waited");
    ensure!(file(&after, "node.crt") == before[Path::new("answer.pem")].contents, "node.crt is another");
    for gone in ["node.csr", "node.key.pending"] {
        ensure!(file(&after, gone).is_none(), "{gone} is still there");
    }
    Ok(())
}

fn kill_at_each_call(points: &mut Points, scenario: &Scenario, calls: Vec<Call>, file_system: &[&str]) {
    points.try_all(
        calls,
        |call| format!("{}: killed at {} #{}", scenario.name, call.name, call.nth),
        |call| {
            let world = scenario.world.copy();
            let mut injections: Vec<_> = file_system.iter().map(|text| (*text).to_owned()).collect();
            injections.push(strace::signal(call, "SIGKILL"));
            strace::kill(&world, &scenario.args, &injections)?;
            recovers(scenario, &world, &inspect(scenario, &world)?)
        },
    );
}
