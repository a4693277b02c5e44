//! For programs: one object, described by `docs/verify.schema.json`. Files are printed as they come.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{Report, Summary};
use crate::error::hint;
use crate::finding::{Finding, Severity};
use crate::output::json::harmless;
use crate::time;
use crate::usage::Usage;
use crate::verify::{Checked, Facts};

/// Goes up when a key goes away or gets another meaning; not when one is added.
const VERSION: u32 = 1;

/// The most octets of a serial number: RFC 5280 allows 20.
const LONGEST_SERIAL: usize = 64;

/// The form.
pub struct Json<'a> {
    out: &'a mut dyn Write,
    dir: String,
    has_files: bool,
    unreadable: Vec<Unreadable>,
}

#[derive(Serialize)]
struct File<'a> {
    directory: &'a str,
    /// `None` for the directory itself.
    file: Option<&'a str>,
    usage: Option<&'static str>,
    user: Option<&'a str>,
    tenant: Option<&'a str>,
    status: &'static str,
    not_before: Option<String>,
    not_after: Option<String>,
    serial: Option<String>,
    findings: Vec<Found<'a>>,
}

/// A finding.
#[derive(Serialize)]
pub struct Found<'a> {
    id: &'static str,
    severity: &'static str,
    file: &'a str,
    what: &'a str,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct Unreadable {
    directory: String,
    what: String,
    hint: Option<String>,
}

#[derive(Serialize)]
struct Counts<'a> {
    time: Option<String>,
    files: usize,
    good: usize,
    warnings: usize,
    errors: usize,
    unreadable: usize,
    first_to_expire: Option<First<'a>>,
}

#[derive(Serialize)]
struct First<'a> {
    path: &'a str,
    not_after: String,
}

impl<'a> Json<'a> {
    /// Prints to `out`.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, dir: String::new(), has_files: false, unreadable: Vec::new() }
    }

    /// What comes before a file, or before the end of the list.
    fn start(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.has_files, true) {
            true => writeln!(self.out, ","),
            false => writeln!(self.out, "{{\"version\":{VERSION},\"files\":["),
        }
    }
}

impl Report for Json<'_> {
    fn directory(&mut self, dir: &Path) -> io::Result<()> {
        self.dir = dir.to_string_lossy().into_owned();
        Ok(())
    }

    fn checked(&mut self, checked: &Checked) -> io::Result<()> {
        let is_directory = super::is_directory(Path::new(&self.dir), checked);
        if is_directory && checked.findings.is_empty() {
            return Ok(());
        }
        self.start()?;
        let file = File::of(&self.dir, checked, is_directory);
        self.out.write_all(text(&file)?.as_bytes())
    }

    fn unreadable(&mut self, dir: &Path, why: &anyhow::Error) -> io::Result<()> {
        let (directory, what) = (dir.to_string_lossy().into_owned(), format!("{why:#}"));
        self.unreadable.push(Unreadable { directory, what, hint: hint(why).map(str::to_owned) });
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        if !self.has_files {
            self.start()?;
        }
        let Summary { good, warnings, errors, .. } = *summary;
        let first = summary.first_to_expire.as_ref();
        let counts = Counts {
            time: time::rfc3339(summary.now),
            files: good + warnings + errors,
            good,
            warnings,
            errors,
            unreadable: self.unreadable.len(),
            first_to_expire: first
                .and_then(|(path, end)| Some(First { path, not_after: time::rfc3339(*end)? })),
        };
        let (unreadable, counts) = (text(&self.unreadable)?, text(&counts)?);
        writeln!(self.out, "\n],\"unreadable\":{unreadable},\"summary\":{counts}}}")
    }
}

impl<'a> File<'a> {
    fn of(directory: &'a str, checked: &'a Checked, is_directory: bool) -> Self {
        let Checked { usage, name, file, facts, findings } = checked;
        let name_of =
            |usages: &[Usage]| name.as_deref().filter(|_| usage.is_some_and(|it| usages.contains(&it)));
        let time = |of: fn(&Facts) -> Option<i64>| facts.as_ref().and_then(of).and_then(time::rfc3339);
        Self {
            directory,
            file: Some(&**file).filter(|_| !is_directory),
            usage: usage.map(|usage| usage.kind().label),
            user: name_of(&[Usage::Client]),
            tenant: name_of(&[Usage::TenantClient, Usage::TenantSigning]),
            status: Severity::status(checked.severity()),
            not_before: time(|facts| facts.not_before),
            not_after: time(|facts| facts.not_after),
            serial: facts.as_ref().and_then(|facts| serial(&facts.serial)),
            findings: findings.iter().map(Found::of).collect(),
        }
    }
}

impl<'a> Found<'a> {
    /// What a finding says.
    pub fn of(finding: &'a Finding) -> Self {
        let Finding { check, file, what, hint } = finding;
        Self { id: check.id, severity: check.severity.name(), file, what, hint: hint.as_deref() }
    }
}

/// As `openssl x509 -serial` prints it: upper case, without the octet that keeps it from being negative.
pub fn serial(octets: &[u8]) -> Option<String> {
    let shown = match octets {
        [] => return None,
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    (shown.len() <= LONGEST_SERIAL).then(|| shown.iter().map(|octet| format!("{octet:02X}")).collect())
}

fn text(value: &impl Serialize) -> io::Result<String> {
    Ok(harmless(&serde_json::to_string(value)?))
}
