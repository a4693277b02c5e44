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
    /// Those that requests were made for.
    pub requested: usize,
    /// Those that were asked for before, and whose keys wait.
    pub waiting: usize,
    /// Folders in which only CA files are written.
    pub authorities: usize,
    /// Are requests made instead of certificates?
    pub asks: bool,
    /// Why each is made anew.
    pub reasons: Vec<String>,
}

impl Summary {
    /// Counts a folder.
    pub fn add(&mut self, step: &Step<'_>) {
        let (made, requested, waiting) = (step.made().count(), step.asked().count(), step.awaited().count());
        let is_missing = |(_, reason): &(_, &Reason)| **reason == Reason::Missing;
        let created = step.made().filter(is_missing).count();
        self.kept += step.certificates.len() - made - requested - waiting;
        self.created += created;
        self.renewed += made - created;
        self.requested += requested;
        self.waiting += waiting;
        self.authorities += usize::from(made + requested == 0 && !step.authorities.is_empty());
        let new = step.made().chain(step.asked());
        let reasons = step.reasons().zip(new).filter(|(_, new)| !is_missing(new));
        self.reasons.extend(reasons.map(|(reason, _)| reason));
    }
}

impl fmt::Display for Summary {
    /// `kept 97, created 2, renewed 1 (node7: expires in 12 days)`; of many reasons, the first. With `--csr`,
    /// `kept 97, requested 2, waiting 1`, and what was made here only if there is any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        write!(f, "kept {}", self.kept)?;
        if !self.asks || self.created + self.renewed > 0 {
            write!(f, ", created {}, renewed {}", self.created, self.renewed)?;
        }
        if self.asks {
            write!(f, ", requested {}, waiting {}", self.requested, self.waiting)?;
        }
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
