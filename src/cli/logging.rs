//! The logging flags (REFERENCE.md section 7).

use clap::{Args, ValueEnum};

/// Logging, for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub struct LogArgs {
    /// Log to stderr from this severity up: INFO, WARNING, ERROR, FATAL or NONE; without a value, INFO
    #[arg(long, global = true, value_name = "SEVERITY", num_args = 0..=1, require_equals = true, ignore_case = true,
          default_value = "WARNING", default_missing_value = "INFO", hide_possible_values = true)]
    pub logtostderr: Severity,
}

/// The severities of log messages, and `NONE` for silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum Severity {
    /// What was done.
    Info,
    /// What the operator should look at.
    Warning,
    /// What failed.
    Error,
    /// What ended the program.
    Fatal,
    /// Nothing at all.
    None,
}
