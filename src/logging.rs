//! Messages for the operator, on stderr and in files (REFERENCE.md section 7).
//!
//! `config` turns flags and YAML into a typed configuration; `format` turns an entry into text; `file` puts text into
//! the files of a directory. What is left here hands each message to the sinks that want it. All messages are on
//! channel `DEV`, as those of `cockroach cert` are.

mod channels;
mod config;
mod file;
mod format;
mod process;
mod yaml;

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::SystemTime;

use anyhow::Result;
use chrono::{DateTime, Utc};
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::cli::logging::{LogArgs, Severity};
use config::{Config, Sink};
use file::LogFile;
use format::{Entry, Palette};
use process::Process;

/// Messages go where the flags say from now on.
///
/// # Errors
/// If the configuration cannot be understood, or a log directory cannot be written to. Later errors in writing a message
/// are no reason to stop a command.
pub fn init(args: &LogArgs) -> Result<()> {
    let config = config::from_args(args)?;
    let logger = Logger::new(&config)?;
    let level = logger.outputs.iter().map(|output| level(output.sink.filter)).max();
    log::set_max_level(level.unwrap_or(LevelFilter::Off));
    // Fails only if there is a logger already, which only tests bring about.
    let _ = log::set_boxed_logger(Box::new(logger));
    for ignored in &config.ignored {
        log::warn!("{ignored}");
    }
    Ok(())
}

struct Logger {
    process: Process,
    outputs: Vec<Output>,
}

/// A sink at work.
struct Output {
    sink: Sink,
    palette: &'static Palette,
    state: Mutex<State>,
}

struct State {
    /// How many entries there were.
    counter: u64,
    /// `None` is stderr.
    file: Option<LogFile>,
}

impl Logger {
    fn new(config: &Config) -> Result<Self> {
        let palette = if colors(config) { &format::COLORS } else { &format::PLAIN };
        let mut outputs = vec![Output::new(config.stderr, palette, None)];
        for group in &config.files {
            outputs.push(Output::new(group.sink, &format::PLAIN, Some(LogFile::new(group)?)));
        }
        Ok(Self { process: Process::current(), outputs })
    }
}

impl Output {
    fn new(sink: Sink, palette: &'static Palette, file: Option<LogFile>) -> Self {
        Self { sink, palette, state: Mutex::new(State { counter: 0, file }) }
    }

    fn write(&self, entry: &Entry<'_>, process: &Process) {
        // A thread that panicked while it wrote leaves nothing behind that could be wrong.
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.counter += 1;
        let entry = Entry { counter: Some(state.counter), ..*entry };
        let text = self.sink.format.render(&entry, self.palette);
        match &mut state.file {
            Some(file) => file.write(&text, self.sink.format, process, entry.time),
            // A message that cannot be written has nowhere else to go.
            None => drop(io::stderr().lock().write_all(text.as_bytes())),
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
        let file = record.file().unwrap_or_default();
        let entry = Entry {
            program: &self.process.program,
            severity,
            time: DateTime::<Utc>::from(SystemTime::now()),
            file: file.strip_prefix("src/").unwrap_or(file),
            line: record.line().unwrap_or_default(),
            counter: None,
            message: &record.args().to_string(),
        };
        for output in self.outputs.iter().filter(|output| severity >= output.sink.filter) {
            output.write(&entry, &self.process);
        }
    }

    fn flush(&self) {}
}

/// What the `log` crate has to let pass.
fn level(filter: Severity) -> LevelFilter {
    match filter {
        Severity::Info => LevelFilter::Info,
        Severity::Warning => LevelFilter::Warn,
        Severity::Error | Severity::Fatal => LevelFilter::Error,
        Severity::None => LevelFilter::Off,
    }
}

/// Is stderr a terminal that can show colours, and nobody objects?
fn colors(config: &Config) -> bool {
    let objects = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let capable = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    !config.no_color && !objects && capable && io::stderr().is_terminal()
}
