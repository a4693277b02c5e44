//! Messages for the operator, on stderr and in files (REFERENCE.md section 7).
//!
//! `config` turns flags and YAML into a typed configuration, `format` turns an entry into text, and `file`
//! writes text into the files of a directory. The logger here passes each message to the sinks that accept it.

mod config;
mod file;
mod format;

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::cli::logging::{LogArgs, Severity};
use config::{Config, Sink};
use file::LogFile;
use format::Entry;

/// Sends messages where the flags say, from now on.
///
/// # Errors
/// If the configuration is invalid, or a log directory is not writable. After that, a message that cannot be
/// written does not stop a command.
pub fn init(args: &LogArgs) -> Result<()> {
    let config = config::from_args(args)?;
    let mut outputs = vec![Output::new(config.stderr, Target::Stderr { colors: colors(&config) })];
    for group in &config.files {
        outputs.push(Output::new(group.sink, Target::File(LogFile::new(group)?)));
    }
    let level = outputs.iter().map(|output| level(output.sink.filter)).max();
    log::set_max_level(level.unwrap_or(LevelFilter::Off));
    // Fails only if there already is a logger, which happens only in tests.
    let _ = log::set_boxed_logger(Box::new(Logger(outputs)));
    if !config.ignored.is_empty() {
        let effect = if config.ignored.len() == 1 { "it has no effect" } else { "they have no effect" };
        log::warn!("ignoring {}: {effect} here", config.ignored.join(", "));
    }
    Ok(())
}

struct Logger(Vec<Output>);

/// A sink in use.
struct Output {
    sink: Sink,
    /// How many entries it has written, and where.
    state: Mutex<(u64, Target)>,
}

enum Target {
    Stderr { colors: bool },
    File(LogFile),
}

impl Output {
    fn new(sink: Sink, target: Target) -> Self {
        Self { sink, state: Mutex::new((0, target)) }
    }

    fn write(&self, entry: Entry<'_>) {
        // A thread that panics while it writes leaves nothing inconsistent behind.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (counter, target) = &mut *state;
        *counter += 1;
        let entry = Entry { counter: Some(*counter), ..entry };
        match target {
            Target::File(file) => file.write(&self.sink.format.render(&entry, false), entry.time),
            Target::Stderr { colors } => {
                let text = self.sink.format.render(&entry, *colors);
                // A message that cannot be written has nowhere else to go.
                let _ = io::stderr().lock().write_all(text.as_bytes());
            }
        }
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("crdb_cert")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let severity = match record.level() {
            Level::Error => Severity::Error,
            Level::Warn => Severity::Warning,
            Level::Info | Level::Debug | Level::Trace => Severity::Info,
        };
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let file = record.file().unwrap_or_default();
        let file = file.strip_prefix("src/").unwrap_or(file);
        let (line, message) = (record.line().unwrap_or_default(), &record.args().to_string());
        let entry = Entry { severity, time, file, line, counter: None, message };
        self.0.iter().filter(|output| severity >= output.sink.filter).for_each(|output| output.write(entry));
    }

    fn flush(&self) {}
}

/// What the `log` crate must let through.
fn level(filter: Severity) -> LevelFilter {
    match filter {
        Severity::Info => LevelFilter::Info,
        Severity::Warning => LevelFilter::Warn,
        Severity::Error | Severity::Fatal => LevelFilter::Error,
        Severity::None => LevelFilter::Off,
    }
}

/// Is stderr a terminal that shows colors, and are colors not turned off?
fn colors(config: &Config) -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let capable = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    !config.no_color && !unwanted && capable && io::stderr().is_terminal()
}
