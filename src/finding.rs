//! Findings about files and directories. The code that looks at them returns findings; commands report them.

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

/// Something worth knowing about a file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable name for programs, such as `dir-writable`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The file or directory it is about, as the operator named it.
    pub file: String,
    /// The problem, in one sentence without a full stop.
    pub what: String,
    /// The next command to type, if there is one.
    pub hint: Option<String>,
}

impl Finding {
    /// A warning with the next command to type.
    pub fn warning(
        id: &'static str,
        file: impl fmt::Display,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (file, what, hint) = (file.to_string(), what.into(), Some(hint.into()));
        Self { id, severity: Severity::Warning, file, what, hint }
    }

    /// A note.
    pub fn note(id: &'static str, file: impl fmt::Display, what: impl Into<String>) -> Self {
        Self { id, severity: Severity::Note, file: file.to_string(), what: what.into(), hint: None }
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
