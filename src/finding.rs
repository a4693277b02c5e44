//! Findings about files and directories. The code that looks at them returns findings; commands report them.

pub mod checks;

use std::fmt;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Works, but should be fixed.
    Warning,
    /// Does not work.
    Error,
}

impl Severity {
    /// The severity as a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// How good something is of which this is the worst that was found, in a word for programs.
    pub fn status(worst: Option<Self>) -> &'static str {
        worst.filter(|worst| *worst > Self::Note).map_or("good", Self::name)
    }
}

/// One thing that is checked: a row of the table in [`checks`].
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// A stable name for programs, such as `dir-writable`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in general; for `docs/verify.md`.
    pub about: &'static str,
}

impl Check {
    /// A finding about a file or directory, as the operator named it; the problem in one sentence without a
    /// full stop.
    pub fn found(&'static self, file: impl fmt::Display, what: impl Into<String>) -> Finding {
        Finding { check: self, file: file.to_string(), what: what.into(), hint: None }
    }
}

/// Something worth knowing about a file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub check: &'static Check,
    /// The file or directory it is about: a file of the certs directory by its name alone.
    pub file: String,
    /// The problem, in one sentence without a full stop.
    pub what: String,
    /// The next command to type, if there is one.
    pub hint: Option<String>,
}

impl Finding {
    /// The same with the next command to type.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Finding {
    /// On one line, for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hint {
            Some(hint) => write!(f, "{}; type: {hint}", self.what),
            None => self.what.fmt(f),
        }
    }
}
