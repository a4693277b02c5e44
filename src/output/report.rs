//! What `verify` found, in the form that was asked for.

pub(super) mod json;
pub mod prometheus;
mod tap;
pub(super) mod text;

use std::io::{self, Write};
use std::path::Path;

use super::terminal::Paint;
use crate::cli::ReportFormat;
use crate::error::printable;
use crate::finding::Severity;
use crate::verify::Checked;
use prometheus::{Metrics, Prometheus};

/// How many files are how good. A directory counts as one if something is wrong with it.
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
            None if is_directory(dir, checked) => {}
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

/// Is this the directory itself?
fn is_directory(dir: &Path, checked: &Checked) -> bool {
    checked.usage.is_none() && *checked.file == *printable(&dir.display().to_string())
}

/// The path of what was checked, as it can be shown.
fn path(dir: &Path, checked: &Checked) -> String {
    match is_directory(dir, checked) {
        true => checked.file.to_string(),
        false => printable(&dir.join(&*checked.file).display().to_string()),
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

/// The form, printed to `out`: in colour where the form is for people; `metrics` are for Prometheus.
pub fn of<'a>(
    format: ReportFormat,
    metrics: Metrics,
    paint: Paint,
    out: &'a mut dyn Write,
) -> Box<dyn Report + 'a> {
    match format {
        ReportFormat::Text => Box::new(text::Text::new(out, paint)),
        ReportFormat::Json => Box::new(json::Json::new(out)),
        ReportFormat::Tap => Box::new(tap::Tap::new(out)),
        ReportFormat::Prometheus => Box::new(Prometheus::new(metrics, out)),
    }
}
