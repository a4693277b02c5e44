//! What a disk holds after a power cut, by the trace of what a command did to it, as ALICE and CrashMonkey have
//! it: a change of a directory is certain once the directory was synced after it, the contents of a file once
//! the file was. All the rest has happened or not, in any combination.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::world::{Snapshot, World, is_own};

/// More combinations than this at one moment are not all built: then those where at most [`FEW`] changes, or
/// all but so many, have happened.
const MOST: usize = 1 << 13;
const FEW: u32 = 2;

/// What a rename from one directory to another is on this disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrossRename {
    /// Two changes: the old name can be gone before the new one is there.
    TwoChanges,
    /// One change, certain when either directory was synced: file systems with a journal or copy on write.
    OneChange,
}

pub type Inode = usize;

/// A name in a directory comes to mean something else.
#[derive(Debug, Clone)]
pub struct Change {
    pub dir: Inode,
    pub name: String,
    pub to: Option<Inode>,
}

/// What happened to the disk, in this order.
#[derive(Debug, Clone)]
pub enum Event {
    /// Together or not at all.
    Names(Vec<Change>),
    Contents(Inode, Vec<u8>),
    Mode(Inode, u32),
    Sync(Inode),
}

/// Everything that was ever a file (without names) or a directory, as it was at first.
#[derive(Debug, Clone)]
pub struct Node {
    pub names: Option<BTreeMap<String, Inode>>,
    pub contents: Vec<u8>,
    pub mode: u32,
}

impl Node {
    pub fn new(is_dir: bool, mode: u32) -> Self {
        Self { names: is_dir.then(BTreeMap::new), contents: Vec::new(), mode }
    }
}

/// A disk before a command, and what the command did to it; the first node is the top directory.
#[derive(Debug, Clone)]
pub struct History {
    pub nodes: Vec<Node>,
    pub events: Vec<Event>,
}

/// A file or directory after the power cut: its first name, mode, and contents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    first: PathBuf,
    mode: u32,
    contents: Option<Vec<u8>>,
}

/// A disk after a power cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disk {
    found: BTreeMap<PathBuf, Found>,
    /// Was the command at its end?
    pub finished: bool,
}

/// The disks that power cuts may leave, and for how many moments there were too many to build them all.
pub struct Disks {
    pub all: BTreeSet<Disk>,
    pub capped: usize,
}

impl History {
    /// All disks that a power cut may leave, at any moment.
    pub fn disks(&self) -> Disks {
        let mut disks = Disks { all: BTreeSet::new(), capped: 0 };
        // Between two syncs the last moment has all that the earlier ones have.
        let syncs = self.events.iter().enumerate().filter(|(_, event)| matches!(event, Event::Sync(_)));
        for (moment, finished) in syncs.map(|(at, _)| (at, false)).chain([(self.events.len(), true)]) {
            self.add_disks(moment, finished, &mut disks);
        }
        disks
    }

    fn add_disks(&self, moment: usize, finished: bool, disks: &mut Disks) {
        let events = &self.events[..moment];
        let synced = |at: usize, node: Inode| {
            events[at..].iter().any(|event| matches!(event, Event::Sync(synced) if *synced == node))
        };
        let open: Vec<_> = (0..moment)
            .filter(|at| {
                matches!(&events[*at],
            Event::Names(changes) if !changes.iter().any(|change| synced(*at, change.dir)))
            })
            .collect();
        let files: BTreeSet<_> = (0..moment)
            .filter_map(|at| match &events[at] {
                Event::Contents(file, _) | Event::Mode(file, _) if !synced(at, *file) => Some(*file),
                _ => None,
            })
            .collect();
        let files: Vec<_> =
            files.into_iter().map(|file| (file, versions(&self.nodes[file], file, events))).collect();
        let versions: usize = files.iter().map(|(_, versions)| versions.len()).product();
        let is_capped = open.len() >= 16 || versions << open.len() > MOST;
        disks.capped += usize::from(is_capped);
        for subset in 0..1_u64 << open.len() {
            let few = subset.count_ones().min(open.len() as u32 - subset.count_ones()) <= FEW;
            if is_capped && !few {
                continue;
            }
            let nodes = self.replay(events, |at| {
                open.iter().position(|open| *open == at).is_none_or(|bit| subset >> bit & 1 == 1)
            });
            for mut version in 0..versions {
                let mut nodes = nodes.clone();
                for (file, versions) in &files {
                    (nodes[*file].contents, nodes[*file].mode) = versions[version % versions.len()].clone();
                    version /= versions.len();
                }
                let mut found = BTreeMap::new();
                find(&nodes, 0, Path::new(""), &mut BTreeMap::new(), &mut found);
                disks.all.insert(Disk { found, finished });
            }
        }
    }

    /// The nodes after those events that happened.
    fn replay(&self, events: &[Event], happened: impl Fn(usize) -> bool) -> Vec<Node> {
        let mut nodes = self.nodes.clone();
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Names(changes) if happened(at) => {
                    changes.iter().for_each(|change| apply(&mut nodes, change))
                }
                Event::Contents(file, contents) => nodes[*file].contents.clone_from(contents),
                Event::Mode(file, mode) => nodes[*file].mode = *mode,
                Event::Names(_) | Event::Sync(_) => {}
            }
        }
        nodes
    }
}

pub fn apply(nodes: &mut [Node], change: &Change) {
    if let Some(names) = &mut nodes[change.dir].names {
        match change.to {
            Some(to) => drop(names.insert(change.name.clone(), to)),
            None => drop(names.remove(&change.name)),
        }
    }
}

/// What a file may hold, and its mode: as it was synced, empty, cut off, or whole.
fn versions(node: &Node, file: Inode, events: &[Event]) -> Vec<(Vec<u8>, u32)> {
    let state = |events: &[Event]| {
        let mut state = (node.contents.clone(), node.mode);
        for event in events {
            match event {
                Event::Contents(of, contents) if *of == file => state.0.clone_from(contents),
                Event::Mode(of, mode) if *of == file => state.1 = *mode,
                _ => {}
            }
        }
        state
    };
    let last = events.iter().rposition(|event| matches!(event, Event::Sync(synced) if *synced == file));
    let (synced, now) = (state(&events[..last.unwrap_or(0)]), state(events));
    let mut versions = vec![synced.clone(), now.clone(), (synced.0.clone(), now.1), (now.0.clone(), synced.1)];
    if synced.0 != now.0 {
        versions.extend([(Vec::new(), synced.1), (now.0[..now.0.len() / 2].to_vec(), synced.1)]);
    }
    versions.sort();
    versions.dedup();
    versions
}

/// What can be reached by names.
fn find(
    nodes: &[Node],
    at: Inode,
    path: &Path,
    first: &mut BTreeMap<Inode, PathBuf>,
    found: &mut BTreeMap<PathBuf, Found>,
) {
    for (name, inode) in nodes[at].names.iter().flatten() {
        let (node, path) = (&nodes[*inode], path.join(name));
        let is_known = first.contains_key(inode);
        let first_name = first.entry(*inode).or_insert_with(|| path.clone()).clone();
        let contents = node.names.is_none().then(|| node.contents.clone());
        found.insert(path.clone(), Found { first: first_name, mode: node.mode, contents });
        // A directory that moved can have both names.
        if !is_known {
            find(nodes, *inode, &path, first, found);
        }
    }
}

impl Disk {
    /// Is it as in this snapshot?
    pub fn is(&self, snapshot: &Snapshot) -> bool {
        self.found.len() == snapshot.len()
            && self.found.iter().all(|(path, found)| {
                snapshot
                    .get(path)
                    .is_some_and(|item| item.mode == found.mode && item.contents == found.contents)
            })
    }

    /// Makes it: a world that was at `from` when the trace was made, as absolute paths in our own files say.
    pub fn make(&self, from: &Path) -> World {
        let world = World::nothing();
        for (path, found) in &self.found {
            let to = world.dir().join(path);
            match &found.contents {
                None => fs::create_dir(&to).expect("a directory"),
                Some(_) if found.first != *path => {
                    fs::hard_link(world.dir().join(&found.first), &to).expect("a hard link");
                }
                Some(contents) if is_own(path) => {
                    fs::write(&to, moved(contents, from, world.dir())).expect("a file");
                }
                Some(contents) => fs::write(&to, contents).expect("a file"),
            }
            fs::set_permissions(&to, fs::Permissions::from_mode(found.mode)).expect("a mode");
        }
        world
    }

    /// What is there, and how much of it.
    pub fn describe(&self) -> String {
        let files = self.found.iter().map(|(path, found)| {
            let size = found
                .contents
                .as_ref()
                .map_or_else(|| "/".to_owned(), |contents| format!(" {}", contents.len()));
            format!("{}{size}", path.display())
        });
        files.collect::<Vec<_>>().join(", ")
    }
}

fn moved(contents: &[u8], from: &Path, to: &Path) -> Vec<u8> {
    let [from, to] = [from, to].map(|path| path.as_os_str().as_encoded_bytes());
    let mut moved = Vec::new();
    let mut rest = contents;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        moved.extend([&rest[..at], to].concat());
        rest = &rest[at + from.len()..];
    }
    [moved, rest.to_vec()].concat()
}
