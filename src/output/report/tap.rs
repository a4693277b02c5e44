//! The Test Anything Protocol: a test point for each directory and each file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Report, Summary};
use crate::error::{hint, printable};
use crate::finding::Severity;
use crate::output::json::harmless;
use crate::verify::Checked;

/// What is printed is valid in TAP 13 and 14. Test::Harness, with its `prove`, fails on a version beyond 13.
const VERSION: u32 = 13;

/// The form.
pub struct Tap<'a> {
    out: &'a mut dyn Write,
    dir: PathBuf,
    points: usize,
}

impl<'a> Tap<'a> {
    /// Prints to `out`.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, dir: PathBuf::new(), points: 0 }
    }

    /// A test point. One with a directive may fail: consumers list it as something to do.
    fn point(&mut self, is_ok: bool, path: &str, to_do: Option<&str>) -> io::Result<()> {
        if self.points == 0 {
            writeln!(self.out, "TAP version {VERSION}")?;
        }
        self.points += 1;
        let (not, path) = (if is_ok { "" } else { "not " }, path.replace('\\', r"\\").replace('#', r"\#"));
        let to_do = to_do.map(|why| format!(" # TODO {why}")).unwrap_or_default();
        writeln!(self.out, "{not}ok {} - {path}{to_do}", self.points)
    }

    /// A diagnostic block in YAML, a list of mappings. JSON and YAML have quoted values in common.
    fn diagnose(&mut self, mappings: &[[(&str, Option<&str>); 5]]) -> io::Result<()> {
        writeln!(self.out, "  ---\n  findings:")?;
        for mapping in mappings {
            writeln!(self.out, "    -")?;
            for (key, value) in mapping.iter().filter_map(|(key, value)| Some((key, (*value)?))) {
                writeln!(self.out, "      {key}: {}", harmless(&serde_json::to_string(value)?))?;
            }
        }
        writeln!(self.out, "  ...")
    }
}

impl Report for Tap<'_> {
    fn directory(&mut self, dir: &Path) -> io::Result<()> {
        self.dir = dir.to_owned();
        Ok(())
    }

    fn checked(&mut self, checked: &Checked) -> io::Result<()> {
        let worst = checked.findings.iter().max_by_key(|finding| finding.check.severity);
        let to_do = worst.filter(|worst| worst.check.severity == Severity::Warning).map(|worst| worst.check.id);
        let is_ok = checked.severity().is_none_or(|severity| severity == Severity::Note);
        self.point(is_ok, &super::path(&self.dir, checked), to_do)?;
        if checked.findings.is_empty() {
            return Ok(());
        }
        let mappings: Vec<_> = checked
            .findings
            .iter()
            .map(|finding| {
                [
                    ("id", Some(finding.check.id)),
                    ("severity", Some(finding.check.severity.name())),
                    ("file", Some(&*finding.file)),
                    ("what", Some(&*finding.what)),
                    ("hint", finding.hint.as_deref()),
                ]
            })
            .collect();
        self.diagnose(&mappings)
    }

    fn unreadable(&mut self, dir: &Path, why: &anyhow::Error) -> io::Result<()> {
        let (path, what) = (printable(&dir.display().to_string()), format!("{why:#}"));
        self.point(false, &path, None)?;
        self.diagnose(&[[
            ("id", None),
            ("severity", Some(Severity::Error.name())),
            ("file", Some(&path)),
            ("what", Some(&what)),
            ("hint", hint(why)),
        ]])
    }

    fn end(&mut self, _: &Summary) -> io::Result<()> {
        writeln!(self.out, "1..{}", self.points)
    }
}
