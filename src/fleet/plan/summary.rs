//! The plan in one line.

use std::fmt;

use super::{Reason, Step};

/// How many certificates stay, are new, and are made anew, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Those that stay.
    pub kept: usize,
    /// Those that were missing.
    pub created: usize,
    /// Those that were there and are made anew.
    pub renewed: usize,
    /// Folders in which only CA files are written.
    pub authorities: usize,
    /// Why each is made anew.
    pub reasons: Vec<String>,
}

impl Summary {
    /// Counts a folder.
    pub fn add(&mut self, step: &Step<'_>) {
        let made: Vec<_> = step.made().map(|(_, reason)| *reason == Reason::Missing).collect();
        let created = made.iter().filter(|missing| **missing).count();
        self.kept += step.certificates.len() - made.len();
        self.created += created;
        self.renewed += made.len() - created;
        self.authorities += usize::from(made.is_empty() && !step.authorities.is_empty());
        let reasons = step.reasons().zip(&made);
        self.reasons.extend(reasons.filter(|(_, missing)| !**missing).map(|(reason, _)| reason));
    }
}

impl fmt::Display for Summary {
    /// `kept 97, created 2, renewed 1 (node7: expires in 12 days)`; of many reasons, the first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        write!(f, "kept {}, created {}, renewed {}", self.kept, self.created, self.renewed)?;
        let (first, rest) = self.reasons.split_at(self.reasons.len().min(SHOWN));
        if !first.is_empty() {
            let more = if rest.is_empty() { String::new() } else { format!("; and {} more", rest.len()) };
            write!(f, " ({}{more})", first.join("; "))?;
        }
        match self.authorities {
            0 => Ok(()),
            1 => f.write_str(", updated the CA files of 1 folder"),
            folders => write!(f, ", updated the CA files of {folders} folders"),
        }
    }
}
