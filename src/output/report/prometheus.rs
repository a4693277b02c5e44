//! For Prometheus, in its text format: what expires when, and what is good.
//!
//! All samples of a metric stand together, so what is needed of each file is kept until the end: a name and a
//! few numbers.

pub(in crate::output) mod label;

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Report, Summary};
use crate::certs_dir::layout::CertificateName;
use crate::cli::MetricNames;
use crate::error::printable;
use crate::finding::Severity;
use crate::usage::Usage;
use crate::verify::{Checked, Facts};
use label::{braces, decimal, label, label_cut};

/// What the metrics are called, and what their labels are.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Whose names they have.
    pub names: MetricNames,
    /// The user that nodes are for each other.
    pub node_user: String,
    /// Is each directory a label? Otherwise there is only one.
    pub recursive: bool,
}

/// What the server calls a kind of certificate (REFERENCE.md section 8).
struct Kind {
    usage: Usage,
    name: &'static str,
    noun: &'static str,
    /// What tells several of the kind apart.
    label: Option<&'static str>,
}

const fn kind(usage: Usage, name: &'static str, noun: &'static str, label: Option<&'static str>) -> Kind {
    Kind { usage, name, noun, label }
}

const NODE_CLIENT: &str = "node_client";

/// All that the server has metrics for. The certificate by which nodes are each other's clients goes by its
/// user. A server runs as one tenant: its metric of that has no label.
static KINDS: [Kind; 9] = [
    kind(Usage::Ca, "ca", "CA", None),
    kind(Usage::ClientCa, "client_ca", "client CA", None),
    kind(Usage::UiCa, "ui_ca", "UI CA", None),
    kind(Usage::TenantClientCa, "ca_client_tenant", "tenant client CA", None),
    kind(Usage::Node, "node", "node", None),
    kind(Usage::Client, NODE_CLIENT, "node's client", None),
    kind(Usage::Ui, "ui", "UI", None),
    kind(Usage::Client, "client", "client", Some("sql_user")),
    kind(Usage::TenantClient, "client_tenant", "tenant client", Some("tenant_id")),
];

/// What is kept of a directory.
#[derive(Default)]
struct Directory {
    path: PathBuf,
    /// Its label, if directories have one.
    label: String,
    /// Is it good, with all in it that is no certificate? `None` before that is known.
    good: Option<bool>,
    /// The findings by severity.
    findings: [i64; 3],
    unreadable: bool,
}

/// What is kept of a certificate.
struct Row {
    /// The place of its directory in the list of all.
    dir: usize,
    good: bool,
    /// The place in [`KINDS`].
    kind: Option<u8>,
    /// The file, without directory.
    file: Box<str>,
    not_before: Option<i64>,
    not_after: Option<i64>,
    /// More labels, for x509-certificate-exporter's metrics.
    labels: Box<str>,
}

/// What is kept of all.
struct Found {
    dirs: Vec<Directory>,
    rows: Vec<Row>,
}

/// The form.
pub struct Prometheus<'a> {
    out: &'a mut dyn Write,
    metrics: Metrics,
    found: Found,
}

impl<'a> Prometheus<'a> {
    /// Prints to `out`, all at the end.
    pub fn new(metrics: Metrics, out: &'a mut dyn Write) -> Self {
        Self { out, metrics, found: Found { dirs: Vec::new(), rows: Vec::new() } }
    }

    fn kind(&self, checked: &Checked) -> Option<u8> {
        let is_nodes = checked.usage == Some(Usage::Client)
            && checked.name.as_deref() == Some(self.metrics.node_user.as_str());
        let is_kind = |kind: &Kind| Some(kind.usage) == checked.usage && is_nodes == (kind.name == NODE_CLIENT);
        KINDS.iter().position(is_kind).and_then(|at| u8::try_from(at).ok())
    }
}

impl Report for Prometheus<'_> {
    fn directory(&mut self, dir: &Path) -> io::Result<()> {
        let bytes = dir.as_os_str().as_bytes();
        let label = if self.metrics.recursive { label("certs_dir", bytes) } else { String::new() };
        self.found.dirs.push(Directory { path: dir.to_owned(), label, ..Directory::default() });
        Ok(())
    }

    fn checked(&mut self, checked: &Checked) -> io::Result<()> {
        let good = checked.severity() < Some(Severity::Warning);
        let (kind, facts) = (self.kind(checked), checked.facts.as_ref());
        let Found { dirs, rows } = &mut self.found;
        let Some(at) = dirs.len().checked_sub(1) else { return Ok(()) };
        let dir = &mut dirs[at];
        checked.findings.iter().for_each(|finding| dir.findings[finding.check.severity as usize] += 1);
        if checked.usage.is_none() {
            dir.good = Some(good && dir.good != Some(false));
            return Ok(());
        }
        let labels = match (self.metrics.names, facts) {
            (MetricNames::X509CertificateExporter, Some(facts)) => exporter_labels(facts),
            _ => String::new(),
        };
        rows.push(Row {
            dir: at,
            good,
            kind,
            file: checked.file.clone(),
            not_before: facts.and_then(|facts| facts.not_before),
            not_after: facts.and_then(|facts| facts.not_after),
            labels: labels.into(),
        });
        Ok(())
    }

    fn unreadable(&mut self, dir: &Path, why: &anyhow::Error) -> io::Result<()> {
        // The metric says that there is an error, and the log which.
        log::error!("{}: {}", printable(&dir.display().to_string()), printable(&format!("{why:#}")));
        let known = self.found.dirs.last_mut().filter(|known| known.path == dir);
        known.into_iter().for_each(|dir| dir.unreadable = true);
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        match self.metrics.names {
            MetricNames::Cockroach => self.found.servers(self.out, summary.now)?,
            MetricNames::X509CertificateExporter => self.found.exporters(self.out, summary.now)?,
        }
        self.found.ours(self.out, summary.now)
    }
}

impl Found {
    /// The metrics of a server. 0 stands for a certificate that cannot be read, as there; one that is missing
    /// has no sample.
    fn servers(&self, out: &mut dyn Write, now: i64) -> io::Result<()> {
        let ends = |row: &Row| row.not_after.unwrap_or(0);
        for (at, Kind { name, noun, label: by, .. }) in KINDS.iter().enumerate() {
            let of_kind = || self.rows.iter().filter(move |row| row.kind.map(usize::from) == Some(at));
            let labels = |row: &Row| {
                let user = by.and_then(|by| Some(label(by, name_of(&row.file)?.as_bytes())));
                braces(&[&self.dirs[row.dir].label, user.as_deref().unwrap_or_default()])
            };
            let help =
                format!("When the {noun} certificate expires, in seconds since 1970; 0 if it cannot be read.");
            let samples = of_kind().map(|row| (labels(row), ends(row)));
            metric(out, &format!("security_certificate_expiration_{name}"), &help, samples)?;
            let help = format!("Seconds until the {noun} certificate expires; 0 if it has, or cannot be read.");
            let samples = of_kind().map(|row| (labels(row), ends(row).saturating_sub(now).max(0)));
            metric(out, &format!("security_certificate_ttl_{name}"), &help, samples)?;
        }
        Ok(())
    }

    /// The metrics of x509-certificate-exporter, for the first certificate of each file.
    fn exporters(&self, out: &mut dyn Write, now: i64) -> io::Result<()> {
        let labels = |row: &Row, more: &str| {
            let path = self.dirs[row.dir].path.join(&*row.file);
            let path = label("filepath", path.as_os_str().as_bytes());
            let file = label("filename", row.file.as_bytes());
            braces(&[&self.dirs[row.dir].label, &file, &path, more])
        };
        let rows = || self.rows.iter();
        let times = |time: fn(&Row) -> Option<i64>| {
            rows().filter_map(move |row| Some((labels(row, &row.labels), time(row)?)))
        };
        let help = "The first second of the certificate's validity, since 1970.";
        metric(out, "x509_cert_not_before", help, times(|row| row.not_before))?;
        let help = "The last second of the certificate's validity, since 1970.";
        metric(out, "x509_cert_not_after", help, times(|row| row.not_after))?;
        let expired =
            rows().filter_map(|row| Some((labels(row, &row.labels), i64::from(row.not_after? < now))));
        metric(out, "x509_cert_expired", "1 if the certificate has expired, else 0.", expired)?;
        let errors = rows().map(|row| (labels(row, ""), i64::from(row.not_after.is_none())));
        metric(out, "x509_cert_error", "1 if the certificate cannot be read, else 0.", errors)
    }

    /// Our own.
    fn ours(&self, out: &mut dyn Write, now: i64) -> io::Result<()> {
        let good = |dir: &Directory, file: &str, good: bool| {
            (braces(&[&dir.label, &label("file", file.as_bytes())]), i64::from(good))
        };
        let dirs = self.dirs.iter().filter_map(|dir| Some(good(dir, ".", dir.good?)));
        let files = self.rows.iter().map(|row| good(&self.dirs[row.dir], &row.file, row.good));
        let help = "1 if the file has no warning and no error, else 0; \".\" is the directory.";
        metric(out, "crdb_cert_good", help, dirs.chain(files))?;
        // Of a directory that was not looked at, 0 would be good news.
        let looked_at = self.dirs.iter().filter(|dir| dir.good.is_some());
        let findings = looked_at.flat_map(|dir| {
            let severities = [Severity::Note, Severity::Warning, Severity::Error];
            severities.map(|severity| {
                let labels = braces(&[&dir.label, &label("severity", severity.name().as_bytes())]);
                (labels, dir.findings[severity as usize])
            })
        });
        metric(
            out,
            "crdb_cert_findings",
            "Findings of crdb-cert verify, which reads no key for this.",
            findings,
        )?;
        let errors = self.dirs.iter().map(|dir| (braces(&[&dir.label]), i64::from(dir.unreadable)));
        metric(out, "crdb_cert_error", "1 if the directory could not be looked at, else 0.", errors)?;
        let run = std::iter::once((String::new(), now));
        metric(
            out,
            "crdb_cert_last_run_timestamp_seconds",
            "When crdb-cert verify looked, in seconds since 1970.",
            run,
        )
    }
}

/// The user or tenant of a file.
fn name_of(file: &str) -> Option<String> {
    CertificateName::from_file(file)?.ok()?.name
}

/// What x509-certificate-exporter says of a certificate.
fn exporter_labels(facts: &Facts) -> String {
    let serial = decimal(&facts.serial);
    let labels =
        [("serial_number", &*serial), ("subject_CN", &facts.subject_cn), ("issuer_CN", &facts.issuer_cn)];
    let labels = labels.map(|(name, value)| label_cut(name, value));
    labels.into_iter().filter(|label| !label.is_empty()).collect::<Vec<_>>().join(",")
}

/// Prints a metric with all its samples, and nothing of one that has none.
pub(in crate::output) fn metric(
    out: &mut dyn Write,
    name: &str,
    help: &str,
    samples: impl Iterator<Item = (String, i64)>,
) -> io::Result<()> {
    let mut samples = samples.peekable();
    if samples.peek().is_some() {
        writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")?;
    }
    samples.try_for_each(|(labels, value)| writeln!(out, "{name}{labels} {value}"))
}
