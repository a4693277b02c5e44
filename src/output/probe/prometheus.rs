//! For Prometheus, in its text format: which servers are good, and when what they serve expires.
//!
//! All samples of a metric stand together, so what is needed of each server is kept until the end: a name and a
//! few numbers.

use std::io::{self, Write};

use super::{Report, Summary};
use crate::error::printable;
use crate::finding::Severity;
use crate::output::report::prometheus::label::{braces, label};
use crate::output::report::prometheus::metric;
use crate::probe::{Client, OnDisk, Probed};

/// The form.
pub struct Prometheus<'a> {
    out: &'a mut dyn Write,
    rows: Vec<Row>,
}

/// What is kept of a server.
struct Row {
    label: String,
    reached: bool,
    good: bool,
    not_after: Option<i64>,
    reloaded: Option<bool>,
    taken: Option<bool>,
    findings: [i64; 3],
}

impl<'a> Prometheus<'a> {
    /// Prints to `out`, all at the end.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, rows: Vec::new() }
    }
}

impl Report for Prometheus<'_> {
    fn server(&mut self, probed: &Probed) -> io::Result<()> {
        let mut findings = [0; 3];
        probed.findings().iter().for_each(|finding| findings[finding.check.severity as usize] += 1);
        let seen = probed.seen.as_ref().inspect_err(|why| {
            // The metric says that there is an error, and the log which.
            log::error!("{}: {}", probed.target, printable(&format!("{why:#}")));
        });
        self.rows.push(Row {
            label: label("server", probed.target.to_string().as_bytes()),
            reached: seen.is_ok(),
            good: seen.is_ok() && probed.severity() < Some(Severity::Warning),
            not_after: probed.judged.chain.first().and_then(|first| first.not_after),
            reloaded: match probed.judged.on_disk {
                OnDisk::Unknown => None,
                OnDisk::Same(_) => Some(true),
                OnDisk::Other(_) => Some(false),
            },
            taken: seen.ok().and_then(|seen| match seen.client {
                Client::Taken => Some(true),
                Client::Refused(_) => Some(false),
                Client::NotShown | Client::Unsure(_) => None,
            }),
            findings,
        });
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let (rows, out) = (&self.rows, &mut *self.out);
        let all = |value: fn(&Row) -> Option<i64>| {
            rows.iter().filter_map(move |row| Some((braces(&[&row.label]), value(row)?)))
        };
        let help = "1 if the server took the connection, else 0.";
        metric(out, "crdb_cert_probe_reached", help, all(|row| Some(row.reached.into())))?;
        let help = "1 if the server was reached and has no warning and no error, else 0.";
        metric(out, "crdb_cert_probe_good", help, all(|row| Some(row.good.into())))?;
        let help = "When the certificate that the server serves expires, in seconds since 1970.";
        metric(out, "crdb_cert_probe_expiration", help, all(|row| row.not_after))?;
        let help = "1 if the server serves the certificate that is on disk, else 0.";
        metric(out, "crdb_cert_probe_reloaded", help, all(|row| row.reloaded.map(i64::from)))?;
        let help = "1 if the server took the client certificate that it was shown, 0 if it refused it.";
        metric(out, "crdb_cert_probe_client_taken", help, all(|row| row.taken.map(i64::from)))?;
        // Of a server that was not reached, 0 would be good news.
        let findings = rows.iter().filter(|row| row.reached).flat_map(|row| {
            [Severity::Note, Severity::Warning, Severity::Error].map(|severity| {
                let severity_label = label("severity", severity.name().as_bytes());
                (braces(&[&row.label, &severity_label]), row.findings[severity as usize])
            })
        });
        metric(out, "crdb_cert_probe_findings", "Findings of crdb-cert probe.", findings)?;
        let run = std::iter::once((String::new(), summary.now));
        let help = "When crdb-cert probe looked, in seconds since 1970.";
        metric(out, "crdb_cert_probe_last_run_timestamp_seconds", help, run)
    }
}
