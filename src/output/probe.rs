//! What `probe` found, in the form that was asked for. Servers come one by one.

mod json;
mod prometheus;
mod text;

use std::io::{self, Write};

use super::terminal::Paint;
use crate::cli::ProbeFormat;
use crate::finding::Severity;
use crate::probe::Probed;

/// How many servers are how good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Servers without a finding, or with notes only.
    pub good: usize,
    /// Servers with a warning, and no error.
    pub warnings: usize,
    /// Servers with an error.
    pub errors: usize,
    /// Servers that could not be reached.
    pub unreached: usize,
    /// The time, in seconds since 1970 UTC.
    pub now: i64,
}

impl Summary {
    /// Counts one more server.
    pub fn count(&mut self, probed: &Probed) {
        match (&probed.seen, probed.severity()) {
            (Err(_), _) => self.unreached += 1,
            (_, Some(Severity::Error)) => self.errors += 1,
            (_, Some(Severity::Warning)) => self.warnings += 1,
            (_, Some(Severity::Note) | None) => self.good += 1,
        }
    }

    /// The exit status, by the rules of monitoring plug-ins.
    pub fn status(&self) -> u8 {
        match self {
            Self { unreached: 1.., .. } => 3,
            Self { errors: 1.., .. } => 2,
            Self { warnings: 1.., .. } => 1,
            _ => 0,
        }
    }
}

/// A form of report.
pub trait Report {
    /// A server.
    ///
    /// # Errors
    /// If it cannot be printed.
    fn server(&mut self, probed: &Probed) -> io::Result<()>;
    /// The end, after all servers.
    ///
    /// # Errors
    /// If it cannot be printed.
    fn end(&mut self, summary: &Summary) -> io::Result<()>;
}

/// The form, printed to `out`: in colour where the form is for people, who are told how far `now` is from other
/// times.
pub fn of<'a>(format: ProbeFormat, paint: Paint, now: i64, out: &'a mut dyn Write) -> Box<dyn Report + 'a> {
    match format {
        ProbeFormat::Text => Box::new(text::Text::new(out, paint, now)),
        ProbeFormat::Json => Box::new(json::Json::new(out)),
        ProbeFormat::Prometheus => Box::new(prometheus::Prometheus::new(out)),
    }
}
