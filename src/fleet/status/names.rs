//! Paths in a sentence: the first few of them, and how many there are.

use std::fmt;
use std::path::Path;

use super::{Folder, Held};
use crate::error::clipped;

/// The longest path in a sentence, in bytes.
pub const LONGEST: usize = 200;

/// So many are named.
const NAMED: usize = 3;

/// What a step is about.
#[derive(Default)]
pub struct Names {
    first: Vec<String>,
    count: usize,
}

impl<P: AsRef<Path>> FromIterator<P> for Names {
    fn from_iter<T: IntoIterator<Item = P>>(paths: T) -> Self {
        let mut names = Self::default();
        for path in paths {
            names.count += 1;
            if names.first.len() < NAMED {
                names.first.push(clipped(path.as_ref().display(), LONGEST));
            }
        }
        names
    }
}

impl Names {
    /// The files of these certificates; none if there are none.
    pub fn of_files(all: &[(&Folder, &Held)]) -> Option<Self> {
        // No more than are named.
        let paths: Vec<_> = all.iter().take(NAMED).map(|(folder, held)| folder.file(&held.file)).collect();
        let first = paths.iter().map(|path| clipped(path.display(), LONGEST)).collect();
        (!all.is_empty()).then_some(Self { first, count: all.len() })
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The verb that goes with them.
    pub fn verb(&self, one: &'static str, many: &'static str) -> &'static str {
        if self.count == 1 { one } else { many }
    }
}

impl fmt::Display for Names {
    /// `a, b, c and 4 more`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        match self.count - self.first.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
