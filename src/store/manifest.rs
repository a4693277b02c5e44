//! The list of a change's files, stored beside them.
//!
//! It consists of fields that end with a NUL: a title, then for each file the policy, the SHA-256 of its
//! contents in hex, and its name.

use std::ffi::OsString;

use anyhow::Context;

use crate::der::hex;
use crate::pki;

/// Its name.
pub const FILE: &str = "crdb-cert.manifest";
/// Its largest size in bytes: a change has only a few files.
pub const LIMIT: u64 = 4096;

const TITLE: &str = "crdb-cert manifest 1";

/// What to do about a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Leave it, and undo the change.
    New,
    /// Replace it.
    Replace,
    /// Remove it: no new file takes its place.
    Remove,
}

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What to do about a file that is already there.
    pub policy: Policy,
    /// SHA-256 of the new contents, in hex: identifies the new file, wherever it is. That of the old contents,
    /// if the file is removed.
    pub digest: String,
    /// Its final name.
    pub name: String,
}

impl Record {
    /// The new file's name until then.
    pub fn staged(&self) -> OsString {
        format!("{STAGED}{}", self.name).into()
    }

    /// The name of the replaced file in the meantime.
    pub fn kept(&self) -> OsString {
        format!("{KEPT}{}", self.name).into()
    }
}

/// The temporary name of a file that is about to replace another.
pub const PUT: &str = "crdb-cert.put";
/// The temporary name of a file that is put in place alone.
pub const ALONE: &str = "crdb-cert.alone";
const STAGED: &str = "crdb-cert.new.";
const KEPT: &str = "crdb-cert.old.";

/// What a name in a directory of ours says: exactly those that the store gives. Another account may have given
/// our directory's name to another directory of root's, whose files are not ours to touch.
pub fn is_ours(name: &str, knows: fn(&str) -> bool) -> bool {
    let of_a_change = |prefix| name.strip_prefix(prefix).is_some_and(knows);
    [FILE, PUT, ALONE].contains(&name) || of_a_change(STAGED) || of_a_change(KEPT)
}

/// The records as bytes.
pub fn encode(records: &[Record]) -> Vec<u8> {
    let fields = records.iter().flat_map(|record| {
        let policy = match record.policy {
            Policy::New => "new",
            Policy::Replace => "replace",
            Policy::Remove => "remove",
        };
        [policy, &record.digest, &record.name]
    });
    std::iter::once(TITLE).chain(fields).flat_map(|field| [field.as_bytes(), b"\0"].concat()).collect()
}

/// The records from bytes; `None` for anything that [`encode`] did not write.
pub fn decode(bytes: &[u8]) -> Option<Vec<Record>> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\0')?;
    let fields: Vec<_> = text.split('\0').collect();
    let (title, fields) = fields.split_first()?;
    if *title != TITLE || fields.is_empty() || fields.len() % 3 != 0 {
        return None;
    }
    fields.chunks(3).map(decode_record).collect()
}

fn decode_record(fields: &[&str]) -> Option<Record> {
    let [policy, digest, name] = *fields else { return None };
    let policy = match policy {
        "new" => Policy::New,
        "replace" => Policy::Replace,
        "remove" => Policy::Remove,
        _ => return None,
    };
    let is_name = !name.is_empty() && !name.contains('/') && name != "." && name != "..";
    (is_name && digest.len() == 64).then(|| Record { policy, digest: digest.to_owned(), name: name.to_owned() })
}

/// SHA-256 of the contents, in hex.
///
/// # Errors
/// If OpenSSL's providers have no SHA-256.
pub fn digest(contents: &[u8]) -> anyhow::Result<String> {
    Ok(hex(&pki::sha256(contents).context("could not compute SHA-256")?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(name: &str) -> Record {
        Record { policy: Policy::New, digest: "0".repeat(64), name: name.to_owned() }
    }

    #[test]
    fn a_manifest_reads_back() {
        let records = vec![
            record("node.key"),
            Record { policy: Policy::Replace, ..record("client.a\n b.crt") },
            Record { policy: Policy::Remove, ..record("node.key.pending") },
        ];
        assert_eq!(decode(&encode(&records)), Some(records));
    }

    #[test]
    fn a_manifest_names_nothing_outside_its_directory() {
        for name in ["../x", "..", ".", "", "a/b", "/etc/passwd"] {
            assert_eq!(decode(&encode(&[record(name)])), None, "{name:?}");
        }
    }

    #[test]
    fn only_what_was_written_is_read() {
        let written = encode(&[record("a")]);
        let text = String::from_utf8(written.clone()).expect("text");
        for odd in [
            text.replace(TITLE, "another title"),
            format!("{TITLE}\0"),
            format!("{text}new\0"),
            text.replace("new\0", "other\0"),
            text.replacen('0', "", 1),
            text.trim_end_matches('\0').to_owned(),
        ] {
            assert_eq!(decode(odd.as_bytes()), None, "{odd:?}");
        }
        assert_eq!(decode(&written), Some(vec![record("a")]));
    }

    #[test]
    fn only_names_that_the_store_gives_are_its_own() {
        let knows = |name: &str| name == "node.key";
        let record = record("node.key");
        let given = [record.staged(), record.kept(), FILE.into(), PUT.into(), ALONE.into()];
        for name in &given {
            assert!(is_ours(name.to_str().expect("text"), knows), "{name:?}");
        }
        assert_ne!(record.staged(), record.kept());
        for name in ["node.key", "crdb-cert.new.", "crdb-cert.old.id_rsa", "crdb-cert.new.node.key.x", "x", ""]
        {
            assert!(!is_ours(name, knows), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
