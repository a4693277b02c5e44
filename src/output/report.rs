//! What `verify` found, in the form that was asked for.

pub mod prometheus;
mod text;

use std::io::{self, Write};
use std::path::Path;

use crate::cli::ReportFormat;
use crate::finding::Severity;
use crate::verify::Checked;
use prometheus::{Metrics, Prometheus};

/// How many files are how good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files without a finding, or with notes only.
    pub good: usize,
    /// Files with a warning, and no error.
    pub warnings: usize,
    /// Files with an error.
    pub errors: usize,
    /// What expires first of all: its path and its last second, since 1970 UTC.
    pub first_to_expire: Option<(String, i64)>,
    /// The time, in seconds since 1970 UTC.
    pub now: i64,
}

impl Summary {
    /// Counts one more file.
    pub fn count(&mut self, dir: &Path, checked: &Checked) {
        match checked.severity() {
            Some(Severity::Error) => self.errors += 1,
            Some(Severity::Warning) => self.warnings += 1,
            Some(Severity::Note) | None => self.good += 1,
        }
        let end = checked.facts.as_ref().and_then(|facts| facts.not_after);
        if let Some(end) = end.filter(|end| self.first_to_expire.as_ref().is_none_or(|(_, first)| end < first))
        {
            self.first_to_expire = Some((dir.join(&*checked.file).display().to_string(), end));
        }
    }
}

/// A form of report. What is found comes one by one, and nothing of it need be kept.
pub trait Report {
    /// The directory that the next files are in.
    ///
    /// # Errors
    /// If it cannot be printed.
    fn directory(&mut self, dir: &Path) -> io::Result<()>;
    /// The directory itself, or a file of it.
    ///
    /// # Errors
    /// If it cannot be printed.
    fn checked(&mut self, checked: &Checked) -> io::Result<()>;
    /// A directory that could not be looked at, and why.
    ///
    /// # Errors
    /// If it cannot be printed.
    fn unreadable(&mut self, dir: &Path, why: &anyhow::Error) -> io::Result<()>;
    /// The end, after all directories.
    ///
    /// # Errors
    /// If it cannot be printed.
    fn end(&mut self, summary: &Summary) -> io::Result<()>;
}

/// The form, printed to `out`; `metrics` are for Prometheus.
pub fn of<'a>(format: ReportFormat, metrics: Metrics, out: &'a mut dyn Write) -> Box<dyn Report + 'a> {
    match format {
        ReportFormat::Text | ReportFormat::Json | ReportFormat::Tap => Box::new(text::Text::new(out)),
        ReportFormat::Prometheus => Box::new(Prometheus::new(metrics, out)),
    }
}
