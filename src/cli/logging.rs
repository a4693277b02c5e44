//! The logging flags (REFERENCE.md section 7), and the deprecated ones of `cockroach`, which are hidden.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Args, FromArgMatches, ValueEnum};

use crate::go_bool::parser as go_bool;

/// Logging.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub struct LogArgs {
    /// Log to stderr at this severity and above: INFO, WARNING, ERROR, FATAL or NONE; no value means INFO
    /// [default: WARNING]
    #[arg(long, value_name = "SEVERITY", num_args = 0..=1, require_equals = true, ignore_case = true,
          default_missing_value = "INFO", hide_possible_values = true)]
    pub logtostderr: Option<Severity>,
    /// Logging configuration in YAML, such as '{sinks: {stderr: {filter: INFO, format: json}}}'
    #[arg(long, value_name = "YAML", overrides_with = "log_config_file")]
    pub log: Option<String>,
    /// File with the logging configuration
    #[arg(long, value_name = "FILE", overrides_with = "log")]
    pub log_config_file: Option<PathBuf>,
    /// Environment variables that the logging configuration may use as $NAME, separated by commas; repeatable
    #[arg(long, value_name = "NAME", value_delimiter = ',', hide_short_help = true)]
    pub log_config_vars: Vec<String>,
    /// Also log to files in this directory, at INFO and above
    #[arg(long, value_name = "DIR")]
    pub log_dir: Option<OsString>,
    /// Log to files at this severity and above
    #[arg(long, value_name = "SEVERITY", ignore_case = true, hide = true)]
    pub log_file_verbosity: Option<Severity>,
    /// Log to stderr without colors
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool(), hide_possible_values = true)]
    pub no_color: Option<bool>,
    /// Flags that are accepted and have no effect.
    #[command(flatten)]
    pub idle: IdleLogArgs,
}

/// Logging flags that mean nothing here but that scripts may still pass, and whether their value is optional.
const IDLE_LOG_FLAGS: [(&str, bool); 11] = [
    ("vmodule", false),
    ("verbosity", false),
    ("log-file-max-size", false),
    ("log-group-max-size", false),
    ("log-dir-max-size", false),
    ("sql-audit-dir", false),
    ("log-backtrace-at", false),
    ("redactable-logs", true),
    ("no-redirect-stderr", true),
    ("show-logs", true),
    ("alsologtostderr", true),
];

/// Which of these flags were given.
#[derive(Debug, Default)]
pub struct IdleLogArgs {
    /// Their names, without the leading dashes.
    pub given: Vec<&'static str>,
}

impl Args for IdleLogArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(IDLE_LOG_FLAGS.map(|(name, alone)| {
            let arg = clap::Arg::new(name).long(name).hide(true).action(ArgAction::Set);
            if alone { arg.num_args(0..=1).require_equals(true) } else { arg }
        }))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for IdleLogArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let names = IDLE_LOG_FLAGS.map(|(name, _)| name);
        Ok(Self { given: names.into_iter().filter(|name| matches.contains_id(name)).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        Self::from_arg_matches(matches).map(|given| *self = given)
    }
}

/// The severities of log messages, and `NONE` for silence. The aliases are those of `cockroach`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum Severity {
    /// What was done.
    #[value(aliases = ["DEFAULT", "TRUE", "1"])]
    Info,
    /// What needs the operator's attention.
    #[value(aliases = ["UNKNOWN", "2"])]
    Warning,
    /// What failed.
    #[value(alias = "3")]
    Error,
    /// What ended the program.
    #[value(alias = "4")]
    Fatal,
    /// Nothing at all.
    #[value(aliases = ["FALSE", "5"])]
    None,
}
