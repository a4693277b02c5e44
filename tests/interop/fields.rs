//! Go, Java and Python read every field of every certificate, find what REFERENCE.md section 1 says, and nothing else.

use std::collections::BTreeMap;

use crate::expected::{self, Fields};
use crate::peers::Peer;
use crate::sandbox::Sandbox;
use crate::sets::{CERTIFICATES, KEYS};

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
    let files: Vec<_> =
        KEYS.iter().flat_map(|key| CERTIFICATES.map(|file| format!("{}/{file}", key.cluster()))).collect();
    let read = read(&sandbox, peer, &files);
    for (key, made) in KEYS.into_iter().zip(&made) {
        let of = |file| &read[&format!("{}/{file}", key.cluster())];
        let ca = of("ca.crt");
        assert_eq!(ca.0, expected::ca(key, made, ca), "{peer:?}, {key:?}: CA");
        for file in &CERTIFICATES[1..] {
            let leaf = of(file);
            let expected = expected::of_set(key, file).text(made, leaf, ca);
            assert_eq!(leaf.0, expected, "{peer:?}, {key:?}: {file}");
        }
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
