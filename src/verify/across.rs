//! What only a look at all files tells.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::Checked;
use super::certificate::Identity;
use crate::certs_dir::layout::CertificateName;
use crate::error::printable;
use crate::finding::checks;
use crate::usage::Usage;
use crate::username;

/// The certificates seen so far. There may be hundreds of thousands: of each, a digest is kept.
pub struct Across<'a> {
    names: &'a [CertificateName],
    hasher: RandomState,
    /// The first certificate with this serial number: its place, and what it is.
    serials: HashMap<u64, (usize, u64)>,
    folded: HashMap<u64, usize>,
    seen: usize,
}

impl<'a> Across<'a> {
    /// For certificates of these names, to be looked at in order.
    pub fn new(names: &'a [CertificateName]) -> Self {
        let (hasher, serials, folded) = (RandomState::new(), HashMap::new(), HashMap::new());
        Self { names, hasher, serials, folded, seen: 0 }
    }

    /// Adds what another file before this one has to do with it.
    pub fn look(&mut self, checked: &mut Checked, identity: Option<Identity>) {
        let (at, names) = (self.seen, self.names);
        self.seen += 1;
        let name = |at: &usize| printable(&names[*at].certificate_file());
        if let Some(identity) = identity {
            // Signed by itself, a certificate may stand in several files.
            let signed = checked.usage.is_some_and(|usage| !usage.is_ca());
            let known = self.serials.get(&identity.serial).filter(|_| signed);
            match known.map(|(other, whole)| (name(other), *whole == identity.whole)) {
                // The nodes' certificate may be the DB Console's, too.
                Some((_, true)) => {}
                Some((other, false)) => {
                    let what = format!("it has the same serial number and the same CA as {other}");
                    let hint = "make one of the two anew, with --overwrite";
                    checked.findings.push(checks::DUPLICATE_SERIAL.found(&checked.file, what).hint(hint));
                }
                None => _ = self.serials.insert(identity.serial, (at, identity.whole)),
            }
        }
        let CertificateName { usage, name: user } = &names[at];
        if let (Usage::Client, Some(user)) = (usage, user) {
            let digest = self.hasher.hash_one(username::normalize(user));
            match self.folded.get(&digest).map(name) {
                Some(other) => {
                    let what =
                        format!("it is for the same user as {other}, as user names are folded to lower case");
                    let hint = "remove the one that is not meant";
                    checked.findings.push(checks::NAME_CLASH.found(&checked.file, what).hint(hint));
                }
                None => _ = self.folded.insert(digest, at),
            }
        }
    }
}
