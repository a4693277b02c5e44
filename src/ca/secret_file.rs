//! Files that hold a secret.

use std::fs::Metadata;
use std::path::Path;

use zeroize::Zeroizing;

use crate::finding::Finding;
use crate::store::read::{ReadError, Regular};

/// The contents, in a buffer that wipes itself; what `check` says of the open file is added to `findings`.
///
/// # Errors
/// See [`Regular::open`] and [`Regular::read`].
pub fn read(
    path: &Path,
    check: fn(&Path, &Metadata) -> Vec<Finding>,
    findings: &mut Vec<Finding>,
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let file = Regular::open(path)?;
    findings.extend(check(path, file.metadata()));
    file.read()
}
