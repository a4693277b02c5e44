//! Whatever is in the directory of a change that another process left: it is completed, undone or left alone.
//! Nothing outside of the change is touched, and readers saw the directory as it then is.
#![no_main]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crdb_cert::certs_dir::layout::{is_certificate, is_key, is_pending_key};
use crdb_cert::store::COMMIT;
use crdb_cert::store::change::{Pending, Recovered, recover};
use crdb_cert::store::dir::Dir;
use crdb_cert::store::manifest::{self, Policy, Record, decode, digest, encode, is_ours};
use crdb_cert::store::read::Regular;
use libfuzzer_sys::fuzz_target;

/// Names of files. The last is not one of ours, but a neighbour's.
const NAMES: [&str; 5] = ["node.crt", "node.key", "client.a.crt", "node.key.pending", "neighbour"];
/// What files hold.
const CONTENTS: [&[u8]; 3] = [b"old", b"new", b"other"];

/// A directory in memory, if there is such a place: syncing is quick there. It is there while an input is
/// tried.
static DIR: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    base.join(format!("crdb-cert-fuzz.{}", std::process::id()))
});

fn make_dir(dir: &Path) {
    DirBuilder::new().mode(0o700).create(dir).expect("a directory");
}

fn knows(name: &str) -> bool {
    is_certificate(name) || is_key(name) || is_pending_key(name)
}

/// All files in it, and what they hold.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry"));
    let files = entries.filter(|entry| entry.file_name() != COMMIT);
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().expect("UTF-8");
        (name, fs::read(entry.path()).expect("a file"))
    };
    files.map(read).collect()
}

/// Makes the directory: what is in it, and in that of the change. Each octet says where a file is, what it is
/// called, and what it holds.
fn lay_out(dir: &Path, layout: &[u8], journal: &[u8]) {
    let commit = dir.join(COMMIT);
    make_dir(dir);
    make_dir(&commit);
    fs::write(commit.join(manifest::FILE), journal).expect("written");
    for octet in layout.iter().map(|octet| usize::from(*octet)) {
        let (place, rest) = (octet % 3, octet / 3);
        let (name, contents) = (NAMES[rest % NAMES.len()], CONTENTS[rest / NAMES.len() % CONTENTS.len()]);
        let record = Record { policy: Policy::New, digest: String::new(), name: name.to_owned() };
        let path = match place {
            0 => dir.join(name),
            // Another directory of root's, with files that are not ours, is left alone: tests show that.
            _ if !knows(name) => continue,
            1 => commit.join(record.staged()),
            _ => commit.join(record.kept()),
        };
        fs::write(path, contents).expect("written");
    }
}

/// What readers see of a file, and whether it is what the change was to put there.
fn seen(dir: &Dir, pending: Option<&Pending>, name: &str) -> Option<Vec<u8>> {
    if pending.is_some_and(|pending| pending.removes(name)) {
        return None;
    }
    let staged = pending.and_then(|pending| pending.open(name));
    let opened = staged.unwrap_or_else(|| Regular::open_in(dir, OsStr::new(name)));
    opened.and_then(Regular::read).map(|contents| contents.to_vec()).ok()
}

/// Is each file the one that the journal speaks of, or gone, and each name there once? What somebody exchanged
/// since is not ours: it stays.
fn is_sound(dir: &Path, records: &[Record]) -> bool {
    records.iter().enumerate().all(|(at, record)| {
        let file = fs::read(match record.policy {
            Policy::Remove => dir.join(&record.name),
            Policy::New | Policy::Replace => dir.join(COMMIT).join(record.staged()),
        });
        let is_the_one = |contents: Vec<u8>| digest(&contents).expect("SHA-256") == record.digest;
        file.map_or(true, is_the_one) && records[..at].iter().all(|other| other.name != record.name)
    })
}

fn check(records: &[Record]) {
    let (commit, before) = (DIR.join(COMMIT), files(&DIR));
    let dir = Dir::open(&DIR).expect("open");
    let is_sound = is_sound(&DIR, records);
    if !records.iter().all(|record| knows(&record.name)) {
        assert!(recover(&dir, knows, &|| false).is_err() && files(&DIR) == before && commit.exists());
        return;
    }
    let view: BTreeMap<_, _> = {
        let pending = Pending::find(&dir, knows).expect("a change");
        let names = NAMES.iter().copied().chain(records.iter().map(|record| record.name.as_str()));
        names.filter_map(|name| Some((name.to_owned(), seen(&dir, pending.as_ref(), name)?))).collect()
    };
    let recovered = recover(&dir, knows, &|| false);
    let after = files(&DIR);
    let is_named = |name: &str| records.iter().any(|record| record.name == name);
    let others = |files: &BTreeMap<String, Vec<u8>>| {
        files.clone().into_iter().filter(|(name, _)| !is_named(name)).collect::<Vec<_>>()
    };
    assert_eq!(others(&before), others(&after));
    if let Ok(recovered) = recovered {
        assert!(!commit.exists());
        assert!(recover(&dir, knows, &|| false).is_ok_and(|nothing| nothing.is_none()));
        if recovered == Some(Recovered::Completed) && is_sound {
            assert_eq!(view, after);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((length, rest)) = bytes.split_first() else { return };
    let (layout, journal) = rest.split_at(rest.len().min(usize::from(length % 8)));
    let records = decode(journal);
    if let Some(records) = &records {
        assert_eq!(encode(records), journal);
        for record in records.iter().filter(|record| knows(&record.name)) {
            let ours = [record.staged(), record.kept()];
            assert!(ours.iter().all(|name| is_ours(name.to_str().expect("UTF-8"), knows)));
            assert!(!ours[0].to_str().is_some_and(knows));
        }
    }
    let is_short = |records: &Vec<Record>| records.len() <= 6 && journal.len() as u64 <= manifest::LIMIT;
    let Some(records) = records.filter(is_short) else { return };
    lay_out(&DIR, layout, journal);
    check(&records);
    fs::remove_dir_all(&*DIR).expect("removed");
});
