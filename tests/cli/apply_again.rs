//! `apply` of any manifest, again, and after an edit.

use std::collections::BTreeMap;
use std::fs;
use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::sample::Index;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use walkdir::WalkDir;

use crate::sandbox::{DIRS, Run, Sandbox};

/// An entry of a manifest: a node's, a client's or a tenant's, which may be edited.
#[derive(Debug, Clone)]
struct Entry {
    kind: usize,
    hosts: Vec<u8>,
    flag: bool,
    is_edited: bool,
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let entry = (0..3_usize, proptest::collection::vec(any::<u8>(), 0..3), any::<bool>());
    let entry = entry.prop_map(|(kind, hosts, flag)| Entry { kind, hosts, flag, is_edited: false });
    proptest::collection::vec(entry, 1..5)
}

impl Entry {
    /// The folder, and what the manifest says, of the entry with this number.
    fn written(&self, number: usize) -> (String, String) {
        let Self { kind, hosts, flag, is_edited } = self;
        let mut hosts: Vec<_> = hosts.iter().map(|host| format!("'10.{number}.0.{host}'")).collect();
        hosts.extend(is_edited.then(|| format!("new{number}")));
        let (hosts, number) = (hosts.join(", "), number + 2);
        match kind {
            0 => (format!("nodes/n{number}"), format!("{{name: n{number}, hosts: [{hosts}]}}")),
            1 => {
                let scope = if *is_edited { ", tenant-scope: [7]" } else { "" };
                (format!("clients/c{number}"), format!("{{user: c{number}, pkcs8: {flag}{scope}}}"))
            }
            _ => (
                format!("tenants/{number}"),
                format!("{{id: {number}, signing: {flag}, hosts: [x{number}, {hosts}]}}"),
            ),
        }
    }
}

fn manifest(entries: &[Entry]) -> String {
    let mut text = "defaults: {key-algorithm: ecdsa}\n".to_owned();
    for (kind, key) in ["nodes", "clients", "tenants"].iter().enumerate() {
        let own = entries.iter().enumerate().filter(|(_, entry)| entry.kind == kind);
        let own: Vec<_> = own.map(|(number, entry)| format!("- {}\n", entry.written(number).1)).collect();
        if !own.is_empty() {
            text += &format!("{key}:\n{}", own.concat());
        }
    }
    text
}

/// The contents and times of all that is in the fleet; it has a lock in its own directory while it is worked
/// on.
fn state(sandbox: &Sandbox) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let entries =
        WalkDir::new(sandbox.path("fleet")).min_depth(1).into_iter().map(|entry| entry.expect("an entry"));
    let state = entries.map(|entry| {
        let modified = entry.metadata().expect("metadata").modified().expect("a time");
        let contents =
            if entry.file_type().is_dir() { Vec::new() } else { fs::read(entry.path()).expect("a file") };
        let path = entry.path().strip_prefix(sandbox.path("fleet")).expect("a path in it").to_owned();
        (path, (modified, contents))
    });
    state.collect()
}

fn apply(sandbox: &Sandbox, entries: &[Entry]) -> String {
    sandbox.write("cluster.yml", &manifest(entries));
    let run = sandbox.run(&[&["apply", "cluster.yml", "--out=fleet"], &DIRS[..]].concat());
    run.succeeds_silently_but_for_stdout()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applied_again_nothing_changes_and_after_an_edit_one_folder(entries in entries(), edited: Index) {
        let sandbox = Sandbox::with_ca();
        apply(&sandbox, &entries);
        let first = state(&sandbox);
        let said = apply(&sandbox, &entries);
        prop_assert!(said.starts_with("kept ") && said.ends_with(" created 0, renewed 0\n"), "{}", said);
        prop_assert!(state(&sandbox) == first, "the second run changed something");

        let edited = edited.index(entries.len());
        let mut entries = entries;
        entries[edited].is_edited = true;
        let said = apply(&sandbox, &entries);
        let now = state(&sandbox);
        let folder = entries[edited].written(edited).0;
        for path in first.keys().chain(now.keys()) {
            let same = first.get(path) == now.get(path);
            prop_assert!(same || path.starts_with(&folder), "{} changed, not {folder} alone: {said}", path.display());
        }
        let renewed = |path: &PathBuf| path.extension().is_some_and(|crt| crt == "crt") && first.get(path) != now.get(path);
        prop_assert!(now.keys().any(renewed), "{folder} did not change: {said}");
    }
}

#[test]
fn an_interruption_while_folders_are_looked_at_is_one_sentence() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("cluster.yml", "defaults: {key-algorithm: ecdsa}\nnodes: ['n[1:2]']\n");
    let args = [&["apply", "cluster.yml", "--out=fleet", "--jobs=2"], &DIRS[..]].concat();
    sandbox.run(&args).succeeds_silently_but_for_stdout();
    // Another process is completing a change: whoever looks at the folder waits.
    let busy = "fleet/nodes/n2/.crdb-cert.commit";
    sandbox.make_dir(busy);
    let commit = fs::File::open(sandbox.path(busy)).expect("the directory");
    flock(&commit, FlockOperation::LockExclusive).expect("a lock");
    let before = sandbox.snapshot();
    let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).expect("inotify");
    inotify::add_watch(&fd, sandbox.path(busy), WatchFlags::OPEN).expect("a watch");
    let mut command = sandbox.command(&args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let mut buffer = [MaybeUninit::uninit(); 512];
    while inotify::Reader::new(&fd, &mut buffer).next().is_err() {
        assert_eq!(child.try_wait().expect("the program"), None, "it does not wait");
        sleep(Duration::from_millis(1));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a signal");
    let run = Run::from(child.wait_with_output().expect("the program"));
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    assert_eq!(run.stderr, "ERROR: failed to apply the manifest: interrupted; nothing was changed\n");
    drop(commit);
    assert_eq!(sandbox.snapshot(), before);
}
