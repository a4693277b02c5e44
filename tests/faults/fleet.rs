//! `apply`: killed at any call, and with a disk that is full or read-only, each folder is old or new as a
//! whole, and the next run does the rest.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use openssl::pkey::PKey;
use openssl::x509::{X509, X509Req};
use serde_json::Value;

use crate::points::Points;
use crate::scenario::DIRS;
use crate::strace::{self, Call};
use crate::world::{Item, Run, Snapshot, World, is_own, leftovers, words};

const MANIFEST: &str = "{defaults: {key-algorithm: ecdsa}, nodes: [a], clients: [root], \
    tenants: [{id: 2, client: false, signing: true}]}";
/// Its folders with the pair in each.
const FOLDERS: [(&str, &str); 3] =
    [("nodes/a", "node"), ("clients/root", "client.root"), ("tenants/2", "tenant-signing.2")];
/// Calls that need room, or a file system that can be written to.
const WRITES: [&str; 5] = ["write", "mkdir", "mkdirat", "linkat", "fsync"];

/// What is disturbed.
struct Scenario {
    name: &'static str,
    world: World,
    before: Snapshot,
    args: Vec<String>,
    /// How many folders it changes.
    changed: usize,
}

impl Scenario {
    fn new(name: &'static str, world: World, ca_key: &str, more: &str, changed: usize) -> Self {
        let args = format!(
            "apply cluster.yml --out=fleet --jobs=1 --certs-dir=certs --ca-key=my-safe-directory/{ca_key}{more}"
        );
        Self { name, before: world.snapshot(), world, args: words(&args), changed }
    }

    /// Nothing is there yet.
    fn first() -> Self {
        let world = World::new();
        world.create(&format!("create-ca --ca-key=my-safe-directory/ca.key {DIRS}"));
        world.write("cluster.yml", MANIFEST);
        Self::new("a first fleet", world, "ca.key", "", FOLDERS.len())
    }

    /// A new CA signs, and one folder is not in the manifest any more.
    fn again(more: &str) -> Self {
        let Self { world, args, .. } = Self::first();
        world.write("cluster.yml", &MANIFEST.replace("[a]", "[a, old]"));
        assert!(world.run(&args).success());
        world.create(&format!("create-ca --ca-key=my-safe-directory/new.key --overwrite {DIRS}"));
        world.write("cluster.yml", MANIFEST);
        Self::new("a new CA", world, "new.key", more, FOLDERS.len())
    }
}

/// What became of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Old,
    New,
    /// Neither: the next run completes the change.
    Pending,
}

/// Each folder is wholly old or wholly new, and there are no CA keys in it.
fn states(scenario: &Scenario, now: &Snapshot) -> Result<Vec<State>> {
    let ca_keys: Vec<_> = now.iter().filter(|(path, _)| path.starts_with("my-safe-directory")).collect();
    for (path, item) in now.iter().filter(|(path, item)| path.starts_with("fleet") && item.contents.is_some()) {
        ensure!(ca_keys.iter().all(|(_, key)| key.contents != item.contents), "a CA key in {}", path.display());
        let secret =
            item.contents.as_ref().is_some_and(|text| text.windows(11).any(|part| part == b"PRIVATE KEY"));
        ensure!(!secret || item.mode == 0o600, "{} has mode {:o}", path.display(), item.mode);
    }
    let others = |snapshot: &Snapshot| -> Snapshot {
        let is_other = |path: &Path| !path.starts_with("fleet") && !is_own(path);
        snapshot
            .iter()
            .filter(|(path, _)| is_other(path))
            .map(|(path, item)| (path.clone(), item.clone()))
            .collect()
    };
    ensure!(others(now) == others(&scenario.before), "something else changed");
    FOLDERS.iter().map(|(folder, pair)| state(scenario, now, folder, pair).context(*folder)).collect()
}

fn state(scenario: &Scenario, now: &Snapshot, folder: &str, pair: &str) -> Result<State> {
    let dir = Path::new("fleet").join(folder);
    let files = |snapshot: &Snapshot| -> Vec<(String, Item)> {
        let own = snapshot.iter().filter(|(path, _)| path.parent() == Some(&dir) && !is_own(path));
        own.map(|(path, item)| (path.file_name().expect("a name").to_string_lossy().into(), item.clone()))
            .collect()
    };
    let (was, is) = (files(&scenario.before), files(now));
    if was == is {
        return Ok(State::Old);
    }
    if now.contains_key(&dir.join(".crdb-cert.commit/crdb-cert.manifest")) {
        return Ok(State::Pending);
    }
    let names: Vec<_> = is.iter().map(|(name, _)| name.clone()).collect();
    let mut expected = ["ca.crt".to_owned(), format!("{pair}.crt"), format!("{pair}.key")];
    expected.sort();
    ensure!(names == expected, "half done: {names:?}");
    let contents = |name: &str| {
        is.iter()
            .find(|(file, _)| file == name)
            .and_then(|(_, item)| item.contents.as_deref())
            .context("contents")
    };
    let ca = now.get(Path::new("certs/ca.crt")).and_then(|item| item.contents.as_deref());
    ensure!(Some(contents("ca.crt")?) == ca, "ca.crt is another one");
    let certificate = X509::from_pem(contents(&format!("{pair}.crt"))?)?;
    let key = PKey::private_key_from_pem(contents(&format!("{pair}.key"))?)?;
    ensure!(key.public_eq(&*certificate.public_key()?), "the key is that of another certificate");
    // The tenant's certificate signs itself: it stays with the new CA.
    if pair != "tenant-signing.2" {
        let issuer = X509::from_pem(contents("ca.crt")?)?;
        ensure!(certificate.verify(&*issuer.public_key()?)?, "the first CA did not sign it");
    }
    Ok(State::New)
}

/// The next run does the rest, and the one after it nothing.
fn recovers(scenario: &Scenario, world: &World) -> Result<()> {
    let next = world.run(&scenario.args);
    ensure!(next.success(), "the next run: {next:?}");
    let now = world.snapshot();
    ensure!(states(scenario, &now)? == [State::New; 3], "the next run did not do it all");
    ensure!(leftovers(&now).is_empty(), "left behind: {:?}", leftovers(&now));
    let prunes = scenario.args.iter().any(|arg| arg == "--prune");
    let old = now.keys().find(|path| path.starts_with("fleet/nodes/old"));
    ensure!(!prunes || old.is_none(), "not removed: {old:?}");
    let text: Vec<_> = scenario.args.iter().filter(|arg| !arg.starts_with("--format")).collect();
    let last = world.run(&text);
    ensure!(last.stdout.ends_with("kept 3, created 0, renewed 0\n"), "the last run: {last:?}");
    ensure!(world.snapshot() == now, "the last run changed something");
    Ok(())
}

#[test]
fn apply_is_killed_at_any_call() {
    let mut points = Points::default();
    for scenario in [Scenario::first(), Scenario::again(" --prune")] {
        points.try_all(
            strace::calls(&scenario.world, &scenario.args, &[]),
            |call| format!("{}: killed at {} #{}", scenario.name, call.name, call.nth),
            |call| {
                let world = scenario.world.copy();
                strace::kill(&world, &scenario.args, &[strace::signal(call, "SIGKILL")])?;
                states(&scenario, &world.snapshot())?;
                recovers(&scenario, &world)
            },
        );
    }
    points.report("crash points of apply", 300);
}

/// One call fails, or all from there on: what is said is what was done.
#[test]
fn apply_on_a_disk_that_is_full_or_read_only() {
    let mut points = Points::default();
    for scenario in [Scenario::first(), Scenario::again("")] {
        let calls = strace::calls(&scenario.world, &scenario.args, &[]).into_iter();
        let faults = calls.filter(|call| WRITES.contains(&&*call.name)).flat_map(|call| {
            // Were no write to work any more, it could not say so either.
            let kinds = [("ENOSPC", ""), ("EROFS", ""), ("ENOSPC", "+")];
            let kinds = kinds.into_iter().take(if call.name == "write" { 2 } else { 3 });
            kinds.map(move |(error, on)| (call.clone(), error, on))
        });
        points.try_all(
            faults.collect(),
            |(call, error, on)| format!("{}: {error} at {} #{}{on}", scenario.name, call.name, call.nth),
            |(Call { name, nth }, error, on)| {
                let world = scenario.world.copy();
                let fault = format!("{name}:error={error}:when={nth}{on}");
                let traced = strace::run(&world, &scenario.args, &[fault]);
                let states = states(&scenario, &world.snapshot())?;
                is_as_said(&scenario, &traced.run, &states)?;
                recovers(&scenario, &world)
            },
        );
    }
    points.report("full and read-only disks under apply", 200);
}

fn is_as_said(scenario: &Scenario, run: &Run, states: &[State]) -> Result<()> {
    let done = states.iter().filter(|state| **state == State::New).count();
    if run.success() {
        ensure!(done == scenario.changed, "it did not succeed: {states:?}: {run:?}");
        return Ok(());
    }
    ensure!(run.status == Some(1) && run.stderr.contains("ERROR: "), "no reason: {run:?}");
    for ((folder, _), state) in FOLDERS.iter().zip(states) {
        let reported = run.stderr.contains(&format!("ERROR: fleet/{folder}: "));
        // Before and after the folders, what fails is the whole.
        let whole = run.stderr.contains("ERROR: failed to apply the manifest: could not ");
        let printed = !run.stderr.contains("could not print");
        ensure!(reported || whole || *state == State::New, "{folder} is {state:?}, and not a word: {run:?}");
        ensure!(
            !printed || !reported || *state != State::New,
            "{folder} is done, and said to have failed: {run:?}"
        );
    }
    Ok(())
}

/// Ctrl-C: what is begun is done or left as it was, and programs are told which.
#[test]
fn apply_is_interrupted_at_any_call() {
    let mut points = Points::default();
    let mut scenario = Scenario::again("");
    scenario.args.push("--format=json".to_owned());
    // What changes names or writes them to disk.
    let calls = strace::calls(&scenario.world, &scenario.args, &[]).into_iter();
    let calls = calls.filter(|call| ["mkdirat", "fsync", "renameat", "unlinkat"].contains(&&*call.name));
    points.try_all(
        calls.collect(),
        |call| format!("interrupted at {} #{}", call.name, call.nth),
        |call| {
            let world = scenario.world.copy();
            let run = strace::run(&world, &scenario.args, &[strace::signal(call, "SIGINT")]).run;
            let states = states(&scenario, &world.snapshot())?;
            ensure!(run.status == Some(0) || run.stderr.contains("interrupted"), "{run:?}");
            ensure!(!run.stderr.contains("ERROR: fleet/"), "one sentence is enough: {run:?}");
            if run.stdout.is_empty() {
                let nothing = states == [State::Old; 3] && run.status == Some(1);
                ensure!(nothing, "{states:?}, and programs do not hear of it: {run:?}");
            } else {
                let said: Value = serde_json::from_str(&run.stdout)?;
                let is_whole = states == [State::New; 3];
                ensure!(is_whole == (run.status == Some(0)), "{states:?}: {run:?}");
                for ((folder, _), state) in FOLDERS.iter().zip(&states) {
                    let folders = said["folders"].as_array().context("folders")?;
                    let of = folders.iter().find(|of| of["folder"] == *folder).context("a folder")?;
                    ensure!(
                        (of["status"] == "changed") == (*state == State::New),
                        "{folder} is {state:?}: {said}"
                    );
                }
            }
            recovers(&scenario, &world)
        },
    );
    points.report("interruptions of apply", 40);
}

/// A fleet in use whose manifest wants other names; `asked` before, or not.
fn asking(asked: bool) -> (World, Vec<String>) {
    let Scenario { world, args, .. } = Scenario::first();
    assert!(world.run(&args).success());
    let args = words("apply cluster.yml --out=fleet --jobs=1 --certs-dir=certs --csr");
    world.write("cluster.yml", &MANIFEST.replace("[a]", "[{name: a, hosts: [b]}]"));
    if asked {
        assert!(world.run(&args).success());
        world.write("cluster.yml", &MANIFEST.replace("[a]", "[{name: a, hosts: [c]}]"));
    }
    (world, args)
}

/// The pair in use stays; the request is for the key that waits, which stays, too, once it is there.
#[test]
fn apply_that_asks_is_killed_at_any_call() {
    let mut points = Points::default();
    for asked in [false, true] {
        let (world, args) = asking(asked);
        let file =
            |snapshot: &Snapshot, name: &str| snapshot.get(&Path::new("fleet/nodes/a").join(name)).cloned();
        let before = world.snapshot();
        points.try_all(
            strace::calls(&world, &args, &[]),
            |call| format!("asked before: {asked}: killed at {} #{}", call.name, call.nth),
            |call| {
                let world = world.copy();
                let traced = strace::run(&world, &args, &[strace::signal(call, "SIGKILL")]);
                ensure!(traced.was_killed_by("SIGKILL"), "it was not killed: {:?}", traced.run);
                let killed = world.snapshot();
                for name in ["node.crt", "node.key", "ca.crt"] {
                    ensure!(file(&killed, name) == file(&before, name), "{name} changed");
                }
                let keys = [&before, &killed].map(|snapshot| file(snapshot, "node.key.pending"));
                ensure!(keys[0].is_none() || keys[0] == keys[1], "the key that waited is lost");
                let next = world.run(&args);
                ensure!(next.success() && next.stdout.contains("kept 2, requested "), "the next run: {next:?}");
                let now = world.snapshot();
                let key = file(&now, "node.key.pending");
                ensure!(keys[1].is_none() || keys[1] == key, "the key that waited is lost");
                let contents = |item: Option<Item>| item.and_then(|item| item.contents).context("contents");
                let request = X509Req::from_pem(&contents(file(&now, "node.csr"))?)?;
                let key = PKey::private_key_from_pem(&contents(key)?)?;
                ensure!(key.public_eq(&*request.public_key()?), "the request is for another key");
                ensure!(leftovers(&now).is_empty(), "left behind: {:?}", leftovers(&now));
                let last = world.run(&args);
                ensure!(last.stdout.ends_with("kept 2, requested 0, waiting 1\n"), "the last run: {last:?}");
                ensure!(world.snapshot() == now, "the last run changed something");
                Ok(())
            },
        );
    }
    points.report("crash points of apply --csr", 100);
}

#[test]
fn a_system_without_threads_to_spare_is_enough() {
    let Scenario { world, args, .. } = Scenario::first();
    let args: Vec<_> = args.iter().map(|arg| arg.replace("--jobs=1", "--jobs=4")).collect();
    for injection in ["clone3:error=EAGAIN", "clone3:error=EAGAIN:when=2+"] {
        let world = world.copy();
        let traced = strace::run(&world, &args, &[injection.to_owned()]);
        assert!(traced.was_injected() && traced.run.success(), "{injection}: {:?}", traced.run);
        assert!(world.run(&args).stdout.contains("created 0"), "{injection}");
    }
}
