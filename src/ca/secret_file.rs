//! Files that hold a secret.

use std::fs::Metadata;
use std::path::Path;

use zeroize::Zeroizing;

use crate::store::read::{ReadError, Regular};

/// The contents, in a buffer that wipes itself; `warn` gets the open file's metadata.
///
/// # Errors
/// See [`Regular::open`] and [`Regular::read`].
pub fn read(path: &Path, warn: fn(&Path, &Metadata)) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let file = Regular::open(path)?;
    warn(path, file.metadata());
    file.read()
}
