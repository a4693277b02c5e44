//! What the files of a change are, on disk beside them.
//!
//! Its form is fields that end with a NUL: a title, then for each file the policy, the SHA-256 of its contents in hex, and its name.

use std::ffi::OsString;

use anyhow::Context;

use crate::der::hex;
use crate::pki;

/// Its name.
pub const FILE: &str = "crdb-cert.manifest";
/// The most bytes that one can have: a change has a few files.
pub const LIMIT: u64 = 4096;

const TITLE: &str = "crdb-cert manifest 1";

/// What to do about a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Leave it, and undo the change.
    New,
    /// Replace it.
    Replace,
}

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What to do about a file that is already there.
    pub policy: Policy,
    /// SHA-256 of the new contents, in hex: tells the new file from all others, wherever it is.
    pub digest: String,
    /// The name it has in the end.
    pub name: String,
}

impl Record {
    /// What the new file is called until then.
    pub fn staged(&self) -> OsString {
        format!("{STAGED}{}", self.name).into()
    }

    /// What the file that it replaces is called meanwhile.
    pub fn kept(&self) -> OsString {
        format!("{KEPT}{}", self.name).into()
    }
}

const STAGED: &str = "crdb-cert.new.";
const KEPT: &str = "crdb-cert.old.";

/// Could this be the name of a file of ours in a directory of ours? Another account may have put another directory of root's in its place.
pub fn is_ours(name: &str) -> bool {
    name.starts_with("crdb-cert.")
}

/// The records as bytes.
pub fn encode(records: &[Record]) -> Vec<u8> {
    let fields = records.iter().flat_map(|record| {
        let policy = match record.policy {
            Policy::New => "new",
            Policy::Replace => "replace",
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
        let records =
            vec![record("node.key"), Record { policy: Policy::Replace, ..record("client.a\n b.crt") }];
        assert_eq!(decode(&encode(&records)), Some(records));
    }

    #[test]
    fn a_manifest_names_nothing_outside_its_directory() {
        for name in ["../x", "..", ".", "", "a/b", "/etc/passwd"] {
            assert_eq!(decode(&encode(&[record(name)])), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
