//! For people: grouped by file, worst first.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Report, Summary};
use crate::error::{hint, printable};
use crate::finding::{Finding, Severity};
use crate::output::terminal::{Colour, Paint};
use crate::time;
use crate::verify::Checked;

/// How many bytes of a directory are kept, for some 100,000 files. With more, bounded memory goes before order.
const KEPT: usize = 24 << 20;

/// The form. Files with errors are printed at once; the lines of the directory's other files are kept until all
/// its errors are printed.
pub struct Text<'a> {
    out: &'a mut dyn Write,
    paint: Paint,
    dir: PathBuf,
    /// Was something of this directory printed?
    has_heading: bool,
    dirs: usize,
    unreadable: usize,
    warnings: String,
    notes: String,
    /// The most bytes of both.
    room: usize,
}

impl<'a> Text<'a> {
    /// Prints to `out`.
    pub fn new(out: &'a mut dyn Write, paint: Paint) -> Self {
        let (dir, has_heading, warnings, notes) = (PathBuf::new(), false, String::new(), String::new());
        Self { out, paint, dir, has_heading, dirs: 0, unreadable: 0, warnings, notes, room: KEPT }
    }

    /// Prints the directory's name, once.
    fn heading(&mut self) -> io::Result<()> {
        if !self.has_heading {
            self.has_heading = true;
            let dir = printable(&self.dir.display().to_string());
            writeln!(
                self.out,
                "{}\n",
                self.paint.text(Colour::Bold, &format!("Certificate directory: {dir}"))
            )?;
        }
        Ok(())
    }

    fn print(&mut self, paragraph: &str) -> io::Result<()> {
        self.heading()?;
        self.out.write_all(paragraph.as_bytes())
    }

    /// Prints what was kept of the directory.
    fn finish(&mut self) -> io::Result<()> {
        for kept in [std::mem::take(&mut self.warnings), std::mem::take(&mut self.notes)] {
            if !kept.is_empty() {
                self.print(&kept)?;
            }
        }
        Ok(())
    }

    /// A file, what is wrong with it, and a blank line.
    fn paragraph(&self, checked: &Checked) -> String {
        let mut text = self.paint.text(Colour::Bold, &super::path(&self.dir, checked)) + "\n";
        let mut findings: Vec<_> = checked.findings.iter().collect();
        findings.sort_by_key(|finding| Reverse(finding.check.severity));
        for finding in findings {
            let severity = finding.check.severity;
            text += &self.line(severity.name(), colour(severity), &sentence(finding, checked));
            if let Some(hint) = &finding.hint {
                text += &self.next(hint);
            }
        }
        text + "\n"
    }

    fn line(&self, label: &str, colour: Colour, what: &str) -> String {
        line(self.paint, label, colour, what)
    }

    fn next(&self, hint: &str) -> String {
        self.line("next", Colour::Green, hint)
    }
}

impl Report for Text<'_> {
    fn directory(&mut self, dir: &Path) -> io::Result<()> {
        self.finish()?;
        (self.dir, self.has_heading) = (dir.to_owned(), false);
        self.dirs += 1;
        Ok(())
    }

    fn checked(&mut self, checked: &Checked) -> io::Result<()> {
        match checked.severity() {
            None => {}
            Some(Severity::Error) => self.print(&self.paragraph(checked))?,
            Some(Severity::Warning) => self.warnings += &self.paragraph(checked),
            Some(Severity::Note) => self.notes += &self.paragraph(checked),
        }
        if self.warnings.len() + self.notes.len() > self.room { self.finish() } else { Ok(()) }
    }

    fn unreadable(&mut self, _: &Path, why: &anyhow::Error) -> io::Result<()> {
        self.unreadable += 1;
        let next = hint(why).map(|hint| self.next(hint)).unwrap_or_default();
        let error = self.line(Severity::Error.name(), Colour::Red, &format!("{why:#}"));
        self.print(&format!("{error}{next}\n"))
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        self.finish()?;
        if self.dirs == 1 {
            self.heading()?;
        }
        writeln!(self.out, "{}", self.counts(summary))?;
        match &summary.first_to_expire {
            Some((file, end)) => writeln!(self.out, "{}", self.first_to_expire(file, *end, summary.now)),
            None => Ok(()),
        }
    }
}

impl Text<'_> {
    /// `12 files: 10 good, 1 warning, 1 error`, and how many directories there were if more than one.
    fn counts(&self, summary: &Summary) -> String {
        let Summary { good, warnings, errors, .. } = *summary;
        let mut text = counted(good + warnings + errors, "file");
        if self.dirs > 1 {
            let _ = match self.dirs - self.unreadable {
                1 => write!(text, " in 1 directory"),
                n => write!(text, " in {n} directories"),
            };
        }
        text += &format!(": {}", self.paint.text(Colour::Green, &format!("{good} good")));
        for (count, noun, colour) in [(warnings, "warning", Colour::Yellow), (errors, "error", Colour::Red)] {
            if count > 0 {
                let _ = write!(text, ", {}", self.paint.text(colour, &counted(count, noun)));
            }
        }
        match self.unreadable {
            0 => text,
            1 => text + "; 1 directory could not be read",
            n => text + &format!("; {n} directories could not be read"),
        }
    }

    /// `certs/node.crt expires first: in 5 years, on 2031-11-25`.
    fn first_to_expire(&self, file: &str, end: i64, now: i64) -> String {
        let (file, left) = (printable(file), end.saturating_sub(now));
        let (far, day) = (time::from_now(left), time::day(end));
        let text = match left {
            ..0 => format!("{file} {}", self.paint.text(Colour::Red, &format!("expired {far}"))),
            _ => format!("{file} expires first: {far}"),
        };
        if day.is_empty() { text } else { format!("{text}, on {day}") }
    }
}

/// What is wrong, and the id. The file goes before if it is not the paragraph's and the sentence lacks it.
fn sentence(finding: &Finding, checked: &Checked) -> String {
    let Finding { check, file, what, .. } = finding;
    match **file == *checked.file || what.contains(&**file) {
        true => format!("{what} [{}]", check.id),
        false => format!("{file}: {what} [{}]", check.id),
    }
}

/// A line of a paragraph, below its label.
pub fn line(paint: Paint, label: &str, colour: Colour, what: &str) -> String {
    let padding = " ".repeat("warning".len().saturating_sub(label.len()));
    format!("  {}{padding} {}\n", paint.text(colour, &format!("{label}:")), printable(what))
}

/// The colour of its label.
pub fn colour(severity: Severity) -> Colour {
    match severity {
        Severity::Error => Colour::Red,
        Severity::Warning => Colour::Yellow,
        Severity::Note => Colour::Cyan,
    }
}

/// `1 file`, `2 files`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::checks;

    fn checked(file: &str, findings: Vec<Finding>) -> Checked {
        Checked { usage: None, name: None, file: file.into(), facts: None, findings }
    }

    #[test]
    fn errors_come_before_warnings_and_warnings_before_notes() {
        let (mut out, dir) = (Vec::new(), Path::new("certs"));
        let mut text = Text::new(&mut out, Paint::PLAIN);
        text.directory(dir).expect("memory");
        let note = checks::CA_EXPIRED_OLD.found("ca.crt", "an old one has expired");
        let warning = checks::CLIENT_PRINCIPAL.found("a.crt", "it is for b").hint("type this");
        let error = checks::KEY_MISSING.found("b.key", "there is no key");
        for (file, findings) in [
            ("ca.crt", vec![note.clone()]),
            ("a.crt", vec![note, warning.clone()]),
            ("good.crt", vec![]),
            ("b.crt", vec![warning, error]),
        ] {
            text.checked(&checked(file, findings)).expect("memory");
        }
        let summary = Summary { good: 2, warnings: 1, errors: 1, first_to_expire: None, now: 0 };
        text.end(&summary).expect("memory");
        let expected = "\
Certificate directory: certs

certs/b.crt
  error:   b.key: there is no key [key-missing]
  warning: a.crt: it is for b [client-principal]
  next:    type this

certs/a.crt
  warning: it is for b [client-principal]
  next:    type this
  note:    ca.crt: an old one has expired [old-ca-expired]

certs/ca.crt
  note:    an old one has expired [old-ca-expired]

4 files: 2 good, 1 warning, 1 error
";
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
    }

    #[test]
    fn more_than_fits_is_not_kept() {
        let mut out = Vec::new();
        let mut text = Text { room: 100, ..Text::new(&mut out, Paint::PLAIN) };
        for _ in 0..2 {
            let warning = checks::CLIENT_PRINCIPAL.found("a.crt", "x".repeat(60));
            text.checked(&checked("a.crt", vec![warning])).expect("memory");
        }
        assert!(text.warnings.is_empty());
        assert!(out.len() > 120);
    }

    #[test]
    fn what_expires_first_is_said_in_words() {
        let text = |end| Text::new(&mut Vec::new(), Paint::PLAIN).first_to_expire("certs/a.crt", end, 0);
        assert_eq!(text(12 * 86_400), "certs/a.crt expires first: in 12 days, on 1970-01-13");
        assert_eq!(text(0), "certs/a.crt expires first: in less than a minute, on 1970-01-01");
        assert_eq!(text(-3 * 86_400), "certs/a.crt expired 3 days ago, on 1969-12-29");
        assert_eq!(text(i64::MAX), "certs/a.crt expires first: in 292277024626 years");
    }
}
