//! The power goes at any moment: every disk that this may leave, and the next command on it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use crate::disk::{CrossRename, Disk, Event, History};
use crate::inspect::public_key;
use crate::points::Points;
use crate::scenario::{DONE, Scenario};
use crate::trace;
use crate::world::{Item, Run, Snapshot, World, leftovers};

#[test]
fn the_power_goes_where_a_rename_is_one_change() {
    cut_the_power(Scenario::all(), CrossRename::OneChange);
}

#[test]
fn the_power_goes_where_a_rename_to_another_directory_is_two_changes() {
    cut_the_power(Scenario::all(), CrossRename::TwoChanges);
}

#[test]
fn the_power_goes_while_a_killed_change_is_completed() {
    cut_the_power(Scenario::interrupted(), CrossRename::OneChange);
}

#[test]
fn the_power_goes_while_a_killed_change_is_completed_and_a_rename_is_two_changes() {
    cut_the_power(Scenario::interrupted(), CrossRename::TwoChanges);
}

fn cut_the_power(scenarios: Vec<Scenario>, rename: CrossRename) {
    let mut points = Points::default();
    for scenario in scenarios {
        let (history, dir) = trace::history(&scenario.world, &scenario.args, rename).expect(scenario.name);
        let disks = history.disks();
        let (count, capped) = (disks.all.len(), disks.capped);
        let _ = writeln!(
            std::io::stdout().lock(),
            "{}: {count} disks after a power cut{}",
            scenario.name,
            if capped > 0 { format!(", and others at {capped} moments with too many") } else { String::new() }
        );
        points.try_all(
            disks.all.into_iter().collect(),
            |disk| format!("{}: {}", scenario.name, disk.describe()),
            |disk| judge(&scenario, disk, &dir),
        );
    }
    points.report(&format!("disks after a power cut ({rename:?})"), 100);
}

/// A command that syncs nothing is found out: this can fail.
#[test]
fn without_its_syncs_a_command_would_lose_files() {
    for scenario in [Scenario::first_node(), Scenario::node_again(), Scenario::new_ca_key()] {
        let (history, dir) =
            trace::history(&scenario.world, &scenario.args, CrossRename::OneChange).expect(scenario.name);
        let is_dir = |event: &Event| matches!(event, Event::Sync(node) if history.nodes[*node].names.is_some());
        for without in [|_: bool| true, |is_dir: bool| is_dir, |is_dir: bool| !is_dir] {
            let mut events = history.events.clone();
            events.retain(|event| !matches!(event, Event::Sync(_)) || !without(is_dir(event)));
            let careless = History { events, ..history.clone() };
            let lost = careless.disks().all.iter().any(|disk| judge(&scenario, disk, &dir).is_err());
            assert!(lost, "{}: nothing was lost", scenario.name);
        }
    }
}

/// What is there is good, or the next command makes it so.
fn judge(scenario: &Scenario, disk: &Disk, dir: &Path) -> Result<()> {
    let world = disk.make(dir);
    // Whatever was there at first is durable, and nothing has happened to it.
    if disk.is(&scenario.world.snapshot()) {
        ensure!(!disk.finished, "the command succeeded, and nothing of it is left");
        return Ok(());
    }
    lists(&world).context("at once")?;
    let copy = disk.make(dir);
    another(scenario, &copy, disk.finished).context("another command")?;
    again(scenario, &world, disk.finished).context("the same command again")
}

/// Another command does its work, if there is a CA.
fn another(scenario: &Scenario, world: &World, finished: bool) -> Result<()> {
    let keys: BTreeSet<_> = scenario.ca_keys.into_iter().flatten().collect();
    let runs: Vec<_> = keys.iter().map(|key| world.run(&scenario.another(key))).collect();
    let has_ca = world.path("certs/ca.crt").exists();
    ensure!(!has_ca || runs.iter().any(|run| run.success()), "failed: {runs:?}");
    good(scenario, world)?;
    let changed = !is_old(scenario, &world.snapshot());
    ensure!(changed || !finished, "the command succeeded, and its files are lost");
    Ok(())
}

/// The same command does its work or says why not, and leaves nothing of its own.
fn again(scenario: &Scenario, world: &World, finished: bool) -> Result<()> {
    let run = world.run(&scenario.args);
    let now = world.snapshot();
    ensure!(leftovers(&now).is_empty(), "left behind: {:?}: {run:?}", leftovers(&now));
    good(scenario, world).with_context(|| format!("{run:?}"))?;
    match run.status {
        Some(0) => ensure!(!is_old(scenario, &now), "nothing happened: {run:?}"),
        Some(1) if is_alone(scenario, &now) => {
            ensure!(run.stderr.contains("HINT: ") && !finished, "a CA key is alone: {run:?}");
            let args = [&scenario.args[..], &["--allow-ca-key-reuse".to_owned()]].concat();
            let run = world.run(&args);
            ensure!(run.success(), "with the CA key that was alone: {run:?}");
            good(scenario, world)?;
        }
        Some(1) => refused(scenario, &now, &run)?,
        _ => bail!("neither success nor failure: {run:?}"),
    }
    Ok(())
}

fn refused(scenario: &Scenario, now: &Snapshot, run: &Run) -> Result<()> {
    let why = DONE.iter().any(|why| run.stderr.contains(why));
    ensure!(why && !scenario.repeats && !is_old(scenario, now), "it failed: {run:?}");
    Ok(())
}

/// Is everything wholly old or wholly new, with each key there and right, and nothing lost?
fn good(scenario: &Scenario, world: &World) -> Result<()> {
    lists(world)?;
    let (before, now) = (&scenario.before, &world.snapshot());
    let is_key = |path: &Path| path.extension().is_some_and(|e| e == "key" || e == "pk8" || e == "pending");
    for (path, item) in now.iter().filter(|(path, _)| is_key(path) && !path.iter().any(is_ours)) {
        ensure!(item.mode & 0o077 == 0, "{} has mode {:o}", path.display(), item.mode);
        ensure!(before.get(path) == Some(item) || is_whole_key(item), "{} is not whole", path.display());
    }
    let is_written =
        |path: &Path| scenario.groups.iter().any(|group| group.files.iter().any(|f| path == Path::new(f)));
    for (path, item) in before {
        ensure!(is_written(path) || now.get(path) == Some(item), "{} was touched", path.display());
    }
    let old = certificates(before, "certs/ca.crt")?;
    let all = certificates(now, "certs/ca.crt")?;
    ensure!(old.iter().all(|certificate| all.contains(certificate)), "ca.crt lost certificates");
    for group in &scenario.groups {
        let changed = group.files.iter().filter(|file| before.get(Path::new(file)) != now.get(Path::new(file)));
        let changed: Vec<_> = changed.copied().collect();
        let alone = changed == [group.key] && is_alone(scenario, now);
        ensure!(changed.is_empty() || alone || changed.len() == group.files.len(), "half new: {changed:?}");
        if changed.is_empty() || alone {
            continue;
        }
        let public = public_key(group, now)?;
        for file in group.files.iter().filter(|file| **file != group.certificate).chain([&group.key]) {
            let key = key(now.get(Path::new(file)).with_context(|| format!("no {file}"))?)?;
            ensure!(key.public_eq(&public), "{file} does not belong to {}", group.certificate);
        }
    }
    Ok(())
}

/// Is there a new CA key whose certificate is not there? It came first, and comes into use when it is named
/// again.
fn is_alone(scenario: &Scenario, now: &Snapshot) -> bool {
    let same = |file: &str| scenario.before.get(Path::new(file)) == now.get(Path::new(file));
    let ca = scenario
        .groups
        .iter()
        .find(|group| group.certificate == "certs/ca.crt" && group.files.contains(&group.key));
    ca.is_some_and(|ca| same(ca.certificate) && !same(ca.key))
}

/// Is nothing of the scenario's own change there?
fn is_old(scenario: &Scenario, now: &Snapshot) -> bool {
    let group = scenario.groups.last().expect("a group");
    group.files.iter().all(|file| scenario.before.get(Path::new(file)) == now.get(Path::new(file)))
}

/// Does what is on its way begin like this? The next command that uses its directory removes it.
fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".crdb-cert.")
}

/// `list` has no error.
fn lists(world: &World) -> Result<()> {
    let (rows, stderr) = world.list()?;
    ensure!(rows.iter().all(|row| row.error.is_empty()), "list: {rows:?}: {stderr}");
    Ok(())
}

fn is_whole_key(item: &Item) -> bool {
    key(item).is_ok()
}

fn key(item: &Item) -> Result<PKey<Private>> {
    let contents = item.contents.as_ref().context("a directory")?;
    PKey::private_key_from_pem(contents).or_else(|_| PKey::private_key_from_pkcs8(contents)).context("no key")
}

fn certificates(snapshot: &Snapshot, file: &str) -> Result<Vec<X509>> {
    let contents = snapshot.get(Path::new(file)).and_then(|item| item.contents.as_ref());
    Ok(contents.map(|pem| X509::stack_from_pem(pem)).transpose()?.unwrap_or_default())
}
