//! For people: what each server serves, and what is wrong.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::{Report, Summary};
use crate::certificate::Certificate;
use crate::error::{clipped, hint, printable};
use crate::finding::{Finding, Severity};
use crate::output::report::text::{colour, counted, line};
use crate::output::terminal::{Colour, Paint};
use crate::probe::{Client, OnDisk, Probed, Seen};
use crate::time;

/// The most certificates of a chain that are shown.
const MOST: usize = 8;
/// The most bytes of a name.
const WIDEST: usize = 200;

/// The form.
pub struct Text<'a> {
    out: &'a mut dyn Write,
    paint: Paint,
    now: i64,
}

impl<'a> Text<'a> {
    /// Prints to `out`.
    pub fn new(out: &'a mut dyn Write, paint: Paint, now: i64) -> Self {
        Self { out, paint, now }
    }

    /// What is served.
    fn served(&self, probed: &Probed, seen: &Seen) -> Vec<(&'static str, String)> {
        let mut lines = vec![("address", seen.address.to_string())];
        if let Some((version, cipher)) = &seen.agreed {
            lines.push(("tls", format!("TLS {version}, {cipher}")));
        }
        let chain = &probed.judged.chain;
        lines.extend(chain.iter().take(MOST).map(|one| ("serves", self.certificate(one))));
        if chain.len() > MOST {
            lines.push(("serves", format!("{} more", chain.len() - MOST)));
        }
        match &probed.judged.on_disk {
            OnDisk::Unknown => {}
            OnDisk::Same(path) => lines.push(("on disk", format!("{path} is the same"))),
            OnDisk::Other(path) => lines.push(("on disk", format!("{path} is another"))),
        }
        if let (Some(file), Client::Taken) = (&probed.client, &seen.client) {
            lines.push(("client", format!("the server took {file}")));
        }
        lines
    }

    fn certificate(&self, certificate: &Certificate) -> String {
        let subject = clipped(certificate.subject_text(), WIDEST);
        let end = match certificate.not_after {
            None => "has no valid end".to_owned(),
            Some(end) => {
                let (far, day) = (time::from_now(end.saturating_sub(self.now)), time::day(end));
                format!("{} {far}, on {day}", if end < self.now { "expired" } else { "expires" })
            }
        };
        format!("{subject}; {end}")
    }

    fn finding(&self, finding: &Finding, server: &str) -> String {
        let Finding { check, file, what, hint } = finding;
        let what =
            if file == server || what.contains(&**file) { what.clone() } else { format!("{file}: {what}") };
        let mut text =
            line(self.paint, check.severity.name(), colour(check.severity), &format!("{what} [{}]", check.id));
        text.extend(hint.as_ref().map(|hint| line(self.paint, "next", Colour::Green, hint)));
        text
    }
}

impl Report for Text<'_> {
    fn server(&mut self, probed: &Probed) -> io::Result<()> {
        let server = probed.target.to_string();
        let mut text = self.paint.text(Colour::Bold, &printable(&server)) + "\n";
        match &probed.seen {
            Err(why) => {
                text += &line(self.paint, Severity::Error.name(), Colour::Red, &format!("{why:#}"));
                text.extend(hint(why).map(|hint| line(self.paint, "next", Colour::Green, hint)));
            }
            Ok(seen) => {
                let lines = self.served(probed, seen);
                text.extend(lines.iter().map(|(label, what)| line(self.paint, label, Colour::Cyan, what)));
            }
        }
        let mut findings: Vec<_> = probed.findings().iter().collect();
        findings.sort_by_key(|finding| Reverse(finding.check.severity));
        text.extend(findings.into_iter().map(|finding| self.finding(finding, &server)));
        writeln!(self.out, "{text}")
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let Summary { good, warnings, errors, unreached, .. } = *summary;
        let total = counted(good + warnings + errors + unreached, "server");
        let mut text = format!("{total}: {}", self.paint.text(Colour::Green, &format!("{good} good")));
        for (count, noun, colour) in [(warnings, "warning", Colour::Yellow), (errors, "error", Colour::Red)] {
            if count > 0 {
                text += &format!(", {}", self.paint.text(colour, &counted(count, noun)));
            }
        }
        if unreached > 0 {
            text += &format!(", {}", self.paint.text(Colour::Red, &format!("{unreached} not reached")));
        }
        writeln!(self.out, "{text}")
    }
}
