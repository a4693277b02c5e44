//! For people: grouped by file, worst first.

use std::io::{self, Write};
use std::path::Path;

use super::{Report, Summary};
use crate::error::printable;
use crate::verify::Checked;

/// The form.
pub struct Text<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Text<'a> {
    /// Prints to `out`.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }
}

impl Report for Text<'_> {
    fn directory(&mut self, dir: &Path) -> io::Result<()> {
        writeln!(self.out, "{}", printable(&dir.display().to_string()))
    }

    fn checked(&mut self, checked: &Checked) -> io::Result<()> {
        for finding in &checked.findings {
            writeln!(
                self.out,
                "{} {} [{}]: {}",
                finding.check.severity.name(),
                finding.file,
                finding.check.id,
                finding.what
            )?;
            finding.hint.iter().try_for_each(|hint| writeln!(self.out, "  type: {hint}"))?;
        }
        Ok(())
    }

    fn unreadable(&mut self, dir: &Path, why: &anyhow::Error) -> io::Result<()> {
        writeln!(self.out, "{}: {}", printable(&dir.display().to_string()), printable(&format!("{why:#}")))
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let Summary { good, warnings, errors, .. } = summary;
        writeln!(
            self.out,
            "{} files: {good} good, {warnings} warnings, {errors} errors",
            good + warnings + errors
        )
    }
}
