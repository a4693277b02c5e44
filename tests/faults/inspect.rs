//! Is what is in the directory wholly the old or wholly the new, and fit for use?

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use openssl::pkey::{PKey, Private, Public};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Req, X509StoreContext};

use crate::scenario::{DONE, Group, Scenario};
use crate::world::{Item, MANIFEST, Run, Snapshot, World, is_own, leftovers};

/// What became of a group of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As before, byte for byte.
    Old,
    /// All of them are new.
    New,
    /// A new CA key without its certificate, as a kill leaves it between the two.
    KeyAlone,
    /// Neither: only a change that is pending excuses that.
    Mixed,
}

/// What is there, once nothing is wrong with it.
pub struct Seen {
    pub now: Snapshot,
    /// By group, as the files are, whatever the journal says.
    pub states: Vec<State>,
    /// Is there a change that the next command will complete?
    pub pending: bool,
}

impl Seen {
    /// Does the scenario's own change stand, or is it going to?
    pub fn changed(&self) -> bool {
        self.pending || self.states.last() == Some(&State::New)
    }

    pub fn leftovers(&self) -> Vec<&Path> {
        leftovers(&self.now)
    }

    /// Nothing is pending and nothing is left.
    pub fn is_clean(&self) -> Result<()> {
        ensure!(self.leftovers().is_empty(), "left behind: {:?}", self.leftovers());
        Ok(())
    }
}

/// Looks at everything that has to be true at any time.
pub fn inspect(scenario: &Scenario, world: &World) -> Result<Seen> {
    let (before, now) = (&scenario.before, world.snapshot());
    if now == *before {
        return Ok(Seen { now, states: vec![State::Old; scenario.groups.len()], pending: false });
    }
    let written =
        |path: &Path| scenario.groups.iter().any(|group| group.files.iter().any(|f| path == Path::new(f)));
    for (path, item) in before {
        ensure!(written(path) || now.get(path) == Some(item), "{} was touched", path.display());
    }
    for (path, item) in &now {
        let expected = before.contains_key(path) || written(path) || is_own(path) || path == Path::new("certs");
        ensure!(expected || is_carols(path), "{} appeared", path.display());
        check_mode(path, item, before)?;
    }
    if let Some(old) = contents(before, "certs/ca.crt") {
        let all = contents(&now, "certs/ca.crt").context("ca.crt is gone")?;
        ensure!(all.ends_with(old), "ca.crt lost certificates");
    }
    let pending = now.contains_key(Path::new(MANIFEST));
    let states: Vec<_> = scenario.groups.iter().map(|group| state(group, before, &now)).collect();
    for (group, state) in scenario.groups.iter().zip(&states) {
        match state {
            State::New => check_group(group, before, &now).with_context(|| format!("{group:?}"))?,
            State::Mixed if !pending => bail!("half old, half new, and nothing pending: {group:?}"),
            State::Old | State::KeyAlone | State::Mixed => {}
        }
    }
    if !pending {
        // Earlier changes were pending: they happened.
        let (_, earlier) = states.split_last().context("a group")?;
        ensure!(earlier.iter().all(|state| *state == State::New), "an interrupted change is lost: {states:?}");
    }
    let seen = Seen { now, states, pending };
    check_list(scenario, world, &seen)?;
    Ok(seen)
}

/// `list` shows each certificate with its key, and says when there is a change under way.
fn check_list(scenario: &Scenario, world: &World, seen: &Seen) -> Result<()> {
    let (rows, stderr) = world.list()?;
    ensure!(stderr.contains("is not finished") == seen.pending, "list says: {stderr}");
    ensure!(rows.iter().all(|row| row.error.is_empty()), "list: {rows:?}");
    let row = |file: &str| rows.iter().find(|row| format!("certs/{}", row.file) == file);
    let certificates = |snapshot: &Snapshot| -> Vec<String> {
        let is_certificate = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "crt");
        let paths = snapshot.keys().filter(|path| !is_own(path)).filter(is_certificate);
        paths.map(|path| path.display().to_string()).collect()
    };
    for file in certificates(&scenario.before).iter().chain(&certificates(&seen.now)) {
        ensure!(row(file).is_some(), "list has no {file}: {rows:?}");
    }
    for (group, state) in scenario.groups.iter().zip(&seen.states).filter(|(group, _)| !group.is_request()) {
        let old_count = contents(&scenario.before, group.certificate).map_or(0, |pem| count(pem));
        let Some(row) = row(group.certificate) else {
            ensure!(
                [State::Old, State::KeyAlone].contains(state),
                "list has no {}: {rows:?}",
                group.certificate
            );
            continue;
        };
        if !group.is_ca() {
            ensure!(format!("certs/{}", row.key) == group.key, "list: {row:?}");
        } else if ![State::Old, State::KeyAlone].contains(state) {
            let listed = row.notes.strip_prefix("num certs: ").and_then(|n| n.parse::<usize>().ok());
            ensure!(listed > Some(old_count), "list: {row:?}");
        }
    }
    Ok(())
}

/// The client that shows that the directory still works.
fn is_carols(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "client.carol")
}

/// Keys are for their owner alone, and so is anything on its way that is not a certificate.
fn check_mode(path: &Path, item: &Item, before: &Snapshot) -> Result<()> {
    let (limit, what) = match &item.contents {
        None if before.contains_key(path) => return Ok(()),
        None => (0o700, "directory"),
        Some(pem) if pem.starts_with(b"-----BEGIN CERTIFICATE") => (0o644, "certificate or request"),
        Some(_) if is_own(path) => (0o600, "temporary file"),
        Some(_) if path.extension().is_some_and(|e| e == "key" || e == "pk8" || e == "pending") => {
            (0o600, "key")
        }
        Some(_) => return Ok(()),
    };
    ensure!(item.mode & !limit == 0, "the {what} {} has mode {:o}", path.display(), item.mode);
    Ok(())
}

fn state(group: &Group, before: &Snapshot, now: &Snapshot) -> State {
    let is = |test: fn(Option<&Item>, Option<&Item>) -> bool| {
        group.files.iter().all(|file| test(before.get(Path::new(file)), now.get(Path::new(file))))
    };
    if is(|before, now| before == now) {
        State::Old
    } else if is(|before, now| {
        now.is_some_and(|now| before.is_none_or(|before| before.contents != now.contents))
    }) {
        State::New
    } else if group.is_ca()
        && group.files.iter().all(|file| {
            let same = before.get(Path::new(file)) == now.get(Path::new(file));
            same != group.is_ca_key(file)
        })
    {
        State::KeyAlone
    } else {
        State::Mixed
    }
}

/// The key belongs to the certificate, whatever its form, and the CA vouches for it.
fn check_group(group: &Group, before: &Snapshot, now: &Snapshot) -> Result<()> {
    let public = public_key(group, now)?;
    let mode = |file: &str| now.get(Path::new(file)).map(|item| item.mode);
    for file in group.files.iter().filter(|file| **file != group.certificate).chain([&group.key]) {
        let key = contents(now, file).with_context(|| format!("no {file}"))?;
        let key: PKey<Private> = match file.strip_suffix(".pk8") {
            Some(_) => PKey::private_key_from_pkcs8(key)?,
            None => PKey::private_key_from_pem(key)?,
        };
        ensure!(key.public_eq(&public), "{file} does not belong to its certificate");
        ensure!(mode(file) == Some(0o600), "{file} has mode {:o}", mode(file).unwrap_or_default());
    }
    if group.is_request() {
        return Ok(());
    }
    let certificates = X509::stack_from_pem(contents(now, group.certificate).context("no certificate")?)?;
    let certificate = certificates.first().context("no certificate")?;
    if group.is_ca() {
        let old = contents(before, group.certificate).map_or(0, |pem| count(pem));
        ensure!(certificates.len() > old, "{} certificates, had {old}", certificates.len());
    }
    ensure!(verifies(certificate, now)?, "the CA does not vouch for {}", group.certificate);
    Ok(())
}

/// The public key of a group's first certificate, or of its request, if its own signature is good.
pub fn public_key(group: &Group, now: &Snapshot) -> Result<PKey<Public>> {
    let pem = contents(now, group.certificate).with_context(|| format!("no {}", group.certificate))?;
    if group.is_request() {
        let request = X509Req::from_pem(pem)?;
        let public = request.public_key()?;
        ensure!(request.verify(&public)?, "the signature of {} is broken", group.certificate);
        return Ok(public);
    }
    Ok(X509::stack_from_pem(pem)?.first().context("no certificate")?.public_key()?)
}

/// What `openssl verify -CAfile ca.crt` finds.
fn verifies(certificate: &X509, now: &Snapshot) -> Result<bool> {
    let mut store = X509StoreBuilder::new()?;
    for ca in X509::stack_from_pem(contents(now, "certs/ca.crt").context("no CA")?)? {
        store.add_cert(ca)?;
    }
    let chain = Stack::new()?;
    Ok(X509StoreContext::new()?.init(&store.build(), certificate, &chain, |context| context.verify_cert())?)
}

fn contents<'a>(snapshot: &'a Snapshot, file: &str) -> Option<&'a Vec<u8>> {
    snapshot.get(Path::new(file))?.contents.as_ref()
}

fn count(pem: &[u8]) -> usize {
    X509::stack_from_pem(pem).map_or(0, |certificates| certificates.len())
}

/// What the program says is what it did, whatever was injected. Where it cannot remove a directory, an empty
/// certs directory may stay.
pub fn check_answer(scenario: &Scenario, run: &Run, seen: &Seen, injections: &[String]) -> Result<()> {
    let injected = |what: &str| injections.iter().any(|injection| injection.contains(what));
    let can_remove = !injected("rmdir");
    let says = |words: &str| run.stderr.contains(words);
    match run.status {
        Some(0) => {
            ensure!(
                !seen.pending && seen.states.iter().all(|s| *s == State::New),
                "it did not succeed: {run:?}"
            );
            // What an earlier command left beside the CA key stays if it cannot be removed, and stops nothing.
            if says("could not look for temporary files in my-safe-directory") {
                return Ok(());
            }
            // That is not worth a word to somebody who may not write there.
            let beside_key = |path: &&Path| path.starts_with("my-safe-directory");
            if injected("EACCES") && seen.leftovers().iter().all(beside_key) {
                return Ok(());
            }
            seen.is_clean()
        }
        Some(1) => {
            ensure!(run.stderr.lines().any(|line| line.starts_with("ERROR: ")), "no reason: {run:?}");
            if says("HINT: mend the cause; the next command that writes") {
                ensure!(!seen.leftovers().is_empty(), "there is nothing to do: {run:?}");
                return Ok(());
            }
            // An earlier change may have been completed, or be pending still: there is no need to say so here.
            // Where nothing can be removed any more, a new CA key stays, and the answer says so.
            if seen.states.last() == Some(&State::KeyAlone) {
                ensure!(
                    says("; the new CA key stays: ") || says("; the new file stays: "),
                    "it did not fail: {run:?}"
                );
                return Ok(());
            }
            let failed =
                seen.states.last() == Some(&State::Old) && (!seen.pending || scenario.groups.len() > 1);
            ensure!(failed, "it did not fail: {:?}, {run:?}", seen.states);
            if scenario.groups.len() == 1 && !says("could not remove temporary files") {
                let mut changed = difference(&scenario.before, &seen.now);
                changed.retain(|path| can_remove || *path != Path::new("certs"));
                ensure!(changed.is_empty(), "left behind: {changed:?}: {}", run.stderr);
            }
            Ok(())
        }
        _ => bail!("neither success nor failure: {run:?}"),
    }
}

fn difference<'a>(was: &'a Snapshot, now: &'a Snapshot) -> Vec<&'a PathBuf> {
    was.keys().chain(now.keys()).filter(|path| was.get(*path) != now.get(*path)).collect()
}

/// The next command does its work, this one again or another, and leaves no trace.
pub fn recovers(scenario: &Scenario, world: &World, seen: &Seen) -> Result<()> {
    if seen.now == scenario.before {
        return Ok(());
    }
    another_command_works(scenario, &world.copy(), seen)?;
    same_command_works(scenario, world, seen).with_context(|| format!("{:?}", seen.states))
}

/// Another command does its work, and completes what is pending first.
fn another_command_works(scenario: &Scenario, world: &World, seen: &Seen) -> Result<()> {
    let Some(ca_key) = scenario.ca_key(seen.changed()) else {
        return Ok(());
    };
    let run = world.run(&scenario.another(ca_key));
    ensure!(run.success(), "another command failed: {}", run.stderr);
    let then = inspect(scenario, world).context("after another command")?;
    ensure!(!then.pending, "another command completed nothing");
    if seen.pending {
        then.is_clean()?;
        ensure!(then.states[0] == State::New, "another command completed nothing: {:?}", then.states);
    } else {
        ensure!(then.states == seen.states, "another command changed {:?} to {:?}", seen.states, then.states);
    }
    Ok(())
}

/// The same command does its work, or says why not, and nothing is left in either case.
fn same_command_works(scenario: &Scenario, world: &World, seen: &Seen) -> Result<()> {
    let run = world.run(&scenario.args);
    if seen.states.last() == Some(&State::KeyAlone) && !seen.pending {
        let says =
            ["key reuse is disabled", "--allow-ca-key-reuse"].iter().all(|words| run.stderr.contains(words));
        ensure!(run.status == Some(1) && says, "the same command again: {run:?}");
        let again = world.run(&[&scenario.args[..], &["--allow-ca-key-reuse".to_owned()]].concat());
        ensure!(again.success(), "with the key that is there: {again:?}");
    } else if seen.changed() && !scenario.repeats {
        let refused = DONE.iter().any(|words| run.stderr.contains(words));
        ensure!(run.status == Some(1) && refused, "the same command again: {run:?}");
    } else {
        ensure!(run.success(), "the same command failed: {}", run.stderr);
    }
    let then = inspect(scenario, world).context("after the same command")?;
    then.is_clean().context("after the same command")?;
    ensure!(then.states.iter().all(|state| *state == State::New), "the same command: {:?}", then.states);
    Ok(())
}
