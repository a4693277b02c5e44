//! The logging configuration: what the flags say, or the YAML of `--log` and `--log-config-file`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use serde::de::{Deserialize, Deserializer, IgnoredAny};

use super::format::{FORMATS, Format};
use crate::cli::logging::{LogArgs, Severity};
use crate::error::{Advice, reason};
use crate::expand::{ExpandError, expand};
use crate::yaml::{self, Named};

/// Which messages go where.
pub struct Config {
    pub stderr: Sink,
    /// Keep stderr free of colors even if it is a terminal.
    pub no_color: bool,
    pub files: Vec<FileGroup>,
    /// The given flags, keys and formats that have no effect here.
    pub ignored: Vec<String>,
}

/// Which messages a sink accepts, and how it writes them.
#[derive(Clone, Copy)]
pub struct Sink {
    pub filter: Severity,
    pub format: Format,
}

/// A sink that writes a series of files.
#[derive(Clone)]
pub struct FileGroup {
    pub name: String,
    pub dir: PathBuf,
    /// Permission bits of a new file, before the umask.
    pub mode: u32,
    pub sink: Sink,
}

const STDERR: Sink = Sink { filter: Severity::Warning, format: Format::CrdbV2Tty };
const FILE: Sink = Sink { filter: Severity::Info, format: Format::CrdbV2 };
const FILE_MODE: u32 = 0o640;

/// Declares a section of the YAML: the keys that matter, then the reference's keys that have no effect here.
macro_rules! section {
    ($name:ident { $($key:ident: $type:ty),* } ignores { $($idle:ident),* }) => {
        #[derive(Default, serde::Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case", expecting = "keys with values")]
        struct $name { $($key: Option<$type>,)* $($idle: Option<IgnoredAny>,)* }

        impl $name {
            /// The given keys that have no effect.
            fn ignored(&self) -> impl Iterator<Item = String> {
                let given = [$((stringify!($idle), self.$idle.is_some())),*];
                given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key.replace('_', "-"))
            }
        }
    };
}

section!(Top { file_defaults: FileSink, sinks: Sinks }
    ignores { fluent_defaults, http_defaults, otlp_defaults, capture_stray_errors });
section!(Sinks { stderr: Stderr, file_groups: Named<FileSink> }
    ignores { fluent_servers, http_servers, otlp_servers });
section!(Stderr { filter: Severity, format: NamedFormat, no_color: bool }
    ignores { channels, format_options, redact, redactable, exit_on_error, auditable, buffering });
section!(FileSink { filter: Severity, format: NamedFormat, dir: Dir, file_permissions: Permissions }
    ignores { channels, format_options, redact, redactable, exit_on_error, auditable, buffering, max_file_size,
        max_group_size, buffered_writes });

impl<'de> Deserialize<'de> for Severity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        yaml::scalar(deserializer, |text| {
            let known = "use INFO, WARNING, ERROR, FATAL or NONE";
            Self::from_str(text, true).map_err(|_| format!("unknown severity {text:?}, {known}"))
        })
    }
}

/// A format, and the name that was given.
#[derive(Clone, Copy)]
struct NamedFormat(&'static str, Format);

impl<'de> Deserialize<'de> for NamedFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        yaml::scalar(deserializer, |text| {
            let format = FORMATS.into_iter().find(|(name, _)| *name == text);
            let known = "use crdb-v2, crdb-v2-tty or json";
            format
                .map(|(name, format)| Self(name, format))
                .with_context(|| format!("unknown format {text:?}, {known}"))
        })
    }
}

/// A format with a name that is not the format's own.
fn substituted(format: Option<NamedFormat>) -> Option<String> {
    let NamedFormat(name, format) = format?;
    (name != format.name()).then(|| format!("format {name} (using {})", format.name()))
}

/// A log directory.
#[derive(Clone)]
struct Dir(PathBuf);

impl<'de> Deserialize<'de> for Dir {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        yaml::scalar(deserializer, |text| directory(Path::new(text)).map(Self))
    }
}

/// Permission bits, written as three octal digits.
#[derive(Clone, Copy)]
struct Permissions(u32);

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        yaml::scalar(deserializer, |text| {
            let mode = u32::from_str_radix(text.trim_start_matches("0o"), 8);
            let mode = mode.ok().filter(|mode| *mode <= 0o777 && mode & 0o111 == 0).map(Self);
            mode.with_context(|| format!("{text:?} is not a mode such as 640, without x for anybody"))
        })
    }
}

/// # Errors
/// If the configuration cannot be read or is invalid. Errors name the flag or file, and the line and column.
pub fn from_args(args: &LogArgs) -> Result<Config> {
    let top = match source(args)? {
        None => from_flags(args)?,
        Some((name, text)) => {
            refuse_discrete_flags(args)?;
            let text = with_variables(text, &args.log_config_vars).with_context(|| name.clone())?;
            yaml::parse::<Option<Top>>(&text).context(name)?.unwrap_or_default()
        }
    };
    let mut config = config(top);
    config.ignored.extend(args.idle.given.iter().map(|flag| format!("--{flag}")));
    Ok(config)
}

/// The YAML, if any, and its name in errors. The parser keeps the last of the two flags.
fn source(args: &LogArgs) -> Result<Option<(String, String)>> {
    let Some(path) = &args.log_config_file else {
        return Ok(args.log.clone().map(|text| ("--log".to_owned(), text)));
    };
    let name = format!("--log-config-file {}", path.display());
    let mut bytes = Vec::new();
    // One byte more than the parser accepts, so that it refuses a text cut off here.
    let limit = yaml::MAX_LEN as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    read.map_err(|error| anyhow!("{name}: {}", reason(&error)))?;
    let text = String::from_utf8(bytes).map_err(|_| anyhow!("{name}: this is not UTF-8"))?;
    Ok(Some((name, text)))
}

/// Flags for settings that are also in the YAML cannot be combined with it, as in the reference.
fn refuse_discrete_flags(args: &LogArgs) -> Result<()> {
    let discrete = [
        (args.logtostderr.is_some(), "logtostderr", "sinks: {stderr: {filter: ...}}"),
        (args.no_color.is_some(), "no-color", "sinks: {stderr: {no-color: ...}}"),
        (args.log_dir.is_some(), "log-dir", "file-defaults: {dir: ...}"),
        (args.log_file_verbosity.is_some(), "log-file-verbosity", "file-defaults: {filter: ...}"),
    ];
    let Some((_, flag, yaml)) = discrete.iter().find(|(given, ..)| *given) else { return Ok(()) };
    let what = format!("--log is incompatible with legacy discrete logging flags, such as --{flag}");
    Err(Advice::new(what, format!("say it in the logging configuration: {yaml}")).into())
}

/// The text with its permitted environment variables expanded.
fn with_variables(text: String, allowed: &[String]) -> Result<String> {
    if allowed.is_empty() {
        return Ok(text);
    }
    // As in the reference, the program's own settings cannot be used here.
    if let Some(name) = allowed.iter().find(|name| name.to_ascii_uppercase().starts_with("COCKROACH_")) {
        bail!("the environment variable {name} cannot be used in the logging configuration");
    }
    let is_allowed = |name: &str| allowed.iter().any(|allowed| allowed == name);
    let lookup = |name: &str| is_allowed(name).then(|| std::env::var_os(name)).flatten();
    let text = expand(text.as_ref(), lookup).map_err(|error| match &error {
        ExpandError::Unset(name) => {
            let hint = format!("set {name}, and name it: --log-config-vars={name}");
            anyhow!(Advice::new(error.to_string(), hint))
        }
        ExpandError::Unclosed(_) => anyhow!(error),
    })?;
    text.into_string().map_err(|_| anyhow!("an environment variable in it is not UTF-8"))
}

/// The flags as the equivalent of the YAML.
fn from_flags(args: &LogArgs) -> Result<Top> {
    // An empty directory turns file logging off.
    let dir = args.log_dir.as_deref().filter(|dir| !dir.is_empty());
    let dir = dir.map(|dir| directory(Path::new(dir))).transpose().context("--log-dir")?;
    let file = FileSink { dir: dir.map(Dir), filter: args.log_file_verbosity, ..FileSink::default() };
    let stderr = Stderr { filter: args.logtostderr, no_color: args.no_color, ..Stderr::default() };
    let sinks = Sinks { stderr: Some(stderr), ..Sinks::default() };
    Ok(Top { file_defaults: Some(file), sinks: Some(sinks), ..Top::default() })
}

fn config(top: Top) -> Config {
    let mut ignored: Vec<_> = top.ignored().collect();
    let defaults = top.file_defaults.unwrap_or_default();
    let sinks = top.sinks.unwrap_or_default();
    ignored.extend(defaults.ignored().chain(sinks.ignored()));
    let stderr = sinks.stderr.unwrap_or_default();
    ignored.extend(stderr.ignored());
    ignored.extend([stderr.format, defaults.format].into_iter().filter_map(substituted));
    let files = match sinks.file_groups.as_deref().filter(|groups| !groups.is_empty()) {
        None => FileSink::default().group("default", &defaults).into_iter().collect(),
        Some(groups) => {
            ignored.extend(groups.values().flat_map(FileSink::ignored));
            ignored.extend(groups.values().filter_map(|group| substituted(group.format)));
            groups.iter().filter_map(|(name, group)| group.group(name, &defaults)).collect()
        }
    };
    ignored.sort();
    ignored.dedup();
    let sink = STDERR.with(stderr.filter, stderr.format);
    Config { stderr: sink, no_color: stderr.no_color.unwrap_or(false), files, ignored }
}

impl Sink {
    fn with(self, filter: Option<Severity>, format: Option<NamedFormat>) -> Self {
        Self { filter: filter.unwrap_or(self.filter), format: format.map_or(self.format, |format| format.1) }
    }
}

impl FileSink {
    /// The group, if it has a directory and logs anything at all.
    fn group(&self, name: &str, defaults: &FileSink) -> Option<FileGroup> {
        let sink = FILE.with(defaults.filter, defaults.format).with(self.filter, self.format);
        let Dir(dir) = self.dir.clone().or(defaults.dir.clone())?;
        let mode = self.file_permissions.or(defaults.file_permissions).map_or(FILE_MODE, |mode| mode.0);
        (sink.filter != Severity::None).then(|| FileGroup { name: name.to_owned(), dir, mode, sink })
    }
}

fn directory(path: &Path) -> Result<PathBuf> {
    match path.as_os_str().as_encoded_bytes().first() {
        None => bail!("the log directory cannot be empty; specify '.' for the current directory"),
        // The shell does not expand it in --log-dir=~/logs.
        Some(b'~') => bail!("the log directory cannot start with '~': {}", path.display()),
        Some(_) => Ok(path.to_owned()),
    }
}
