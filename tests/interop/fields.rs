//! Go, Java and Python read every field of every certificate, find what REFERENCE.md section 1 says, and
//! nothing else.

use std::collections::BTreeMap;

use crate::expected::{self, Fields};
use crate::peers::Peer;
use crate::sandbox::Sandbox;
use crate::sets::{self, AUTHORITIES, KEYS, Key, LEAVES, SIGNING};

/// What `peer` reads in certificate files, by file.
pub fn read(sandbox: &Sandbox, peer: Peer, files: &[String]) -> BTreeMap<String, Fields> {
    let arguments = ["fields"].into_iter().chain(files.iter().map(String::as_str));
    let text = sandbox.tell(peer, arguments);
    let read: BTreeMap<_, _> = text
        .split("file: ")
        .skip(1)
        .map(|part| {
            let (file, fields) = part.split_once('\n').expect("a line for the file");
            (file.to_owned(), Fields(fields.to_owned()))
        })
        .collect();
    assert!(files.iter().all(|file| read.contains_key(file)), "{text}");
    read
}

fn every_field_is_as_promised(peer: Peer) {
    let sandbox = Sandbox::new();
    let made = KEYS.map(|key| key.unpack(&sandbox));
    let path = |key: Key, name| format!("{}/{name}.crt", key.cluster());
    let files: Vec<_> = KEYS.iter().flat_map(|key| sets::certificates().map(|name| path(*key, name))).collect();
    let read = read(&sandbox, peer, &files);
    for (key, made) in KEYS.into_iter().zip(&made) {
        let of = |name| &read[&path(key, name)];
        for name in AUTHORITIES {
            let ca = of(name);
            assert_eq!(ca.0, expected::ca(key, made, ca), "{peer:?}, {key:?}: {name}");
        }
        for (name, ca) in LEAVES {
            let leaf = of(name);
            let expected = expected::of_set(key, name).text(made, leaf, of(ca));
            assert_eq!(leaf.0, expected, "{peer:?}, {key:?}: {name}");
        }
        let signing = of(SIGNING);
        assert_eq!(signing.0, expected::signing(made, signing), "{peer:?}, {key:?}: {SIGNING}");
    }
}

#[test]
fn go_reads_every_field_as_promised() {
    every_field_is_as_promised(Peer::Go);
}

#[test]
fn java_reads_every_field_as_promised() {
    every_field_is_as_promised(Peer::Java);
}

#[test]
fn python_reads_every_field_as_promised() {
    every_field_is_as_promised(Peer::Python);
}
