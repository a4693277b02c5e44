//! Messages for the operator, on stderr (REFERENCE.md section 7).

use std::io::Write;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::cli::logging::{LogArgs, Severity};
use crate::error::printable;

struct Stderr;

/// Messages of this severity and above go to stderr from now on.
pub fn init(args: &LogArgs) {
    let filter = match args.logtostderr {
        Severity::Info => LevelFilter::Info,
        Severity::Warning => LevelFilter::Warn,
        Severity::Error | Severity::Fatal => LevelFilter::Error,
        Severity::None => LevelFilter::Off,
    };
    // Fails only if there is a logger already, and then this is the same one.
    let _ = log::set_logger(&Stderr);
    log::set_max_level(filter);
}

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("crdb_cert")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let severity = match record.level() {
                Level::Error => 'E',
                Level::Warn => 'W',
                Level::Info | Level::Debug | Level::Trace => 'I',
            };
            let time = DateTime::<Utc>::from(SystemTime::now()).format("%y%m%d %H:%M:%S%.6f");
            let (file, line) = (record.file().unwrap_or_default(), record.line().unwrap_or_default());
            let message = printable(&record.args().to_string());
            // A message that cannot be written has nowhere else to go.
            let _ = writeln!(std::io::stderr(), "{severity}{time} 1 {file}:{line} [-] {message}");
        }
    }

    fn flush(&self) {}
}
