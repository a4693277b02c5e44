//! What the flags say, or the YAML of `--log` or `--log-config-file`, as one typed configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::channels::{self, DEV, Selection};
use super::format::{FORMATS, Format};
use super::yaml::{self, Node, Value};
use crate::cli::logging::{LogArgs, Severity};
use crate::error::{Advice, reason};
use crate::expand::expand;

/// Where messages go, and which.
#[derive(Debug, PartialEq, Eq)]
pub struct Config {
    pub stderr: Sink,
    /// Stderr is without colours even if it is a terminal.
    pub no_color: bool,
    pub files: Vec<FileGroup>,
    /// What was set and means nothing here, as messages.
    pub ignored: Vec<String>,
}

/// What a sink takes of channel `DEV`, and how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sink {
    pub filter: Severity,
    pub format: Format,
}

/// A sink that is a series of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileGroup {
    pub name: String,
    pub dir: PathBuf,
    /// Permission bits of a new file, less the umask.
    pub mode: u32,
    pub sink: Sink,
}

/// What a file group has not said for itself.
#[derive(Debug, Clone)]
struct FileDefaults {
    dir: Option<PathBuf>,
    mode: u32,
    sink: Sink,
}

/// On stderr, from WARNING up.
const STDERR: Sink = Sink { filter: Severity::Warning, format: Format::Text { colors: true } };

const FILE_DEFAULTS: FileDefaults = FileDefaults {
    dir: None,
    mode: 0o640,
    sink: Sink { filter: Severity::Info, format: Format::Text { colors: false } },
};

/// Keys of the reference that mean nothing here: networks, redaction, buffers and the size of files.
const TOP_IDLE: &[&str] = &["fluent-defaults", "http-defaults", "otlp-defaults", "capture-stray-errors"];
const SINKS_IDLE: &[&str] = &["fluent-servers", "http-servers", "otlp-servers"];
const STDERR_IDLE: &[&str] =
    &["format-options", "redact", "redactable", "exit-on-error", "auditable", "buffering"];
const FILE_IDLE: &[&str] = &[
    "format-options",
    "redact",
    "redactable",
    "exit-on-error",
    "auditable",
    "buffering",
    "max-file-size",
    "max-group-size",
    "buffered-writes",
];

/// # Errors
/// If the configuration cannot be read or understood: they name the flag, or the file, and the line and column in it.
pub fn from_args(args: &LogArgs) -> Result<Config> {
    let mut config = match source(args)? {
        None => from_flags(args)?,
        Some((name, text)) => {
            refuse_discrete_flags(args)?;
            let text = with_variables(text, &args.log_config_vars).with_context(|| name.clone())?;
            from_yaml(&text).with_context(|| name)?
        }
    };
    let idle = args.idle.given.iter().map(|flag| format!("ignoring --{flag}, which means nothing here"));
    config.ignored.extend(idle);
    Ok(config)
}

/// The YAML, if there is any, and what to call it.
fn source(args: &LogArgs) -> Result<Option<(String, String)>> {
    // The parser leaves the last one.
    if let Some(path) = &args.log_config_file {
        let name = format!("--log-config-file {}", path.display());
        let bytes = std::fs::read(path).map_err(|error| anyhow!("{name}: {}", reason(&error)))?;
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{name}: this is not UTF-8"))?;
        return Ok(Some((name, text)));
    }
    Ok(args.log.clone().map(|text| ("--log".to_owned(), text)))
}

/// Flags that say a part of what the YAML says cannot be combined with it, as in the reference.
fn refuse_discrete_flags(args: &LogArgs) -> Result<()> {
    let discrete = [
        (args.logtostderr.is_some(), "logtostderr", "sinks: {stderr: {filter: ...}}"),
        (args.no_color.is_some(), "no-color", "sinks: {stderr: {no-color: ...}}"),
        (args.log_dir.is_some(), "log-dir", "file-defaults: {dir: ...}"),
        (args.log_file_verbosity.is_some(), "log-file-verbosity", "file-defaults: {filter: ...}"),
    ];
    match discrete.iter().find(|(given, ..)| *given) {
        None => Ok(()),
        Some((_, flag, yaml)) => Err(Advice::new(
            format!("--log is incompatible with legacy discrete logging flags, such as --{flag}"),
            format!("say it in the logging configuration: {yaml}"),
        )
        .into()),
    }
}

/// The text with the environment variables that may be used in it.
fn with_variables(text: String, allowed: &[String]) -> Result<String> {
    if allowed.is_empty() {
        return Ok(text);
    }
    // As in the reference: settings of the program itself are not for use here.
    if let Some(name) = allowed.iter().find(|name| name.to_ascii_uppercase().starts_with("COCKROACH_")) {
        bail!("the environment variable {name} cannot be used in the logging configuration");
    }
    let is_allowed = |name: &str| allowed.iter().any(|allowed| allowed == name);
    let lookup = |name: &str| is_allowed(name).then(|| std::env::var_os(name)).flatten();
    let text = expand(text.as_ref(), lookup).map_err(|error| {
        Advice::new(error.to_string(), format!("set {0}, and name it: --log-config-vars={0}", error.0))
    })?;
    text.into_string().map_err(|_| anyhow!("an environment variable in it is not UTF-8"))
}

fn from_flags(args: &LogArgs) -> Result<Config> {
    let mut defaults = FILE_DEFAULTS;
    defaults.sink.filter = args.log_file_verbosity.unwrap_or(defaults.sink.filter);
    // An empty one is how file logging is switched off.
    if let Some(dir) = args.log_dir.as_deref().filter(|dir| !dir.is_empty()) {
        defaults.dir = Some(directory(Path::new(dir)).context("--log-dir")?);
    }
    Ok(Config {
        stderr: Sink { filter: args.logtostderr.unwrap_or(STDERR.filter), ..STDERR },
        no_color: args.no_color.unwrap_or(false),
        files: defaults.group("default").into_iter().collect(),
        ignored: Vec::new(),
    })
}

/// # Errors
/// They say line and column.
fn from_yaml(text: &str) -> Result<Config> {
    let root = yaml::parse(text)?;
    let mut reader = Reader { ignored: Vec::new() };
    let top = ["file-defaults", "sinks"];
    let [file_defaults, sinks] = reader.section(Some(&root), "the configuration", top, TOP_IDLE)?;
    let (defaults, _) = reader.file(file_defaults, "file-defaults", &FILE_DEFAULTS, false)?;
    let [stderr, groups] = reader.section(sinks, "sinks", ["stderr", "file-groups"], SINKS_IDLE)?;
    let (stderr, no_color) = reader.stderr(stderr)?;
    let files = reader.file_groups(groups, &defaults)?;
    Ok(Config { stderr, no_color, files, ignored: reader.ignored })
}

/// Reads sections, and remembers the keys that mean nothing here.
struct Reader {
    ignored: Vec<String>,
}

impl Reader {
    /// The values of the `known` keys in a section, in their order; none for a key without value.
    fn section<'n, const N: usize>(
        &mut self,
        node: Option<&'n Node>,
        name: &str,
        known: [&str; N],
        idle: &[&str],
    ) -> Result<[Option<&'n Node>; N]> {
        let mut values = [None; N];
        for (key, value) in node.map_or(Ok(&[][..]), Node::entries)? {
            let text = key.text()?;
            if let Some(at) = known.iter().position(|known| *known == text) {
                values[at] = Some(value).filter(|value| value.value != Value::Null);
            } else if idle.contains(&text) {
                let message = format!("ignoring {text} in the logging configuration, which means nothing here");
                if !self.ignored.contains(&message) {
                    self.ignored.push(message);
                }
            } else {
                let known = [&known[..], idle].concat().join(", ");
                return Err(key.error(format_args!("unknown key {text:?} in {name}, it is one of {known}")));
            }
        }
        Ok(values)
    }

    fn stderr(&mut self, node: Option<&Node>) -> Result<(Sink, bool)> {
        let known = ["filter", "format", "channels", "no-color"];
        let [filter, format, channels, no_color] = self.section(node, "stderr", known, STDERR_IDLE)?;
        let mut sink = sink(filter, format, STDERR)?;
        if let Some(node) = channels {
            sink.filter = filter_of_dev(&channels::parse(node, sink.filter)?).unwrap_or(Severity::None);
        }
        Ok((sink, no_color.map_or(Ok(false), boolean)?))
    }

    /// A file group, or the defaults of all, which have no channels.
    fn file(
        &mut self,
        node: Option<&Node>,
        name: &str,
        defaults: &FileDefaults,
        has_channels: bool,
    ) -> Result<(FileDefaults, Selection)> {
        let known = ["filter", "format", "dir", "file-permissions"];
        let (values, channels) = if has_channels {
            let [a, b, c, d] = known;
            let [values @ .., channels] = self.section(node, name, [a, b, c, d, "channels"], FILE_IDLE)?;
            (values, channels)
        } else {
            (self.section(node, name, known, FILE_IDLE)?, None)
        };
        let [filter, format, dir, permissions] = values;
        let mut file = FileDefaults { sink: sink(filter, format, defaults.sink)?, ..defaults.clone() };
        if let Some(node) = dir {
            file.dir = Some(directory(Path::new(node.text()?)).map_err(|error| node.error(error))?);
        }
        if let Some(node) = permissions {
            file.mode = mode(node)?;
        }
        let channels = channels.map(|node| channels::parse(node, file.sink.filter)).transpose()?;
        Ok((file, channels.unwrap_or_default()))
    }

    /// The groups that take messages of ours. If no group says that it takes channel `DEV`, the default one does.
    fn file_groups(&mut self, node: Option<&Node>, defaults: &FileDefaults) -> Result<Vec<FileGroup>> {
        let mut files = Vec::new();
        let mut default = defaults.clone();
        let mut dev_is_taken = false;
        for (key, value) in node.map_or(Ok(&[][..]), Node::entries)? {
            let name = key.text()?;
            let (mut file, channels) =
                self.file(Some(value), &format!("file group {name:?}"), defaults, true)?;
            if channels.is_empty() {
                return Err(key.error(format_args!("file group {name:?}: no channel selected")));
            }
            if let Some(filter) = filter_of_dev(&channels) {
                dev_is_taken = true;
                file.sink.filter = filter;
                files.extend(file.group(name));
            } else if name == "default" {
                default = file;
            }
        }
        if !dev_is_taken {
            files.extend(default.group("default"));
        }
        Ok(files)
    }
}

impl FileDefaults {
    /// The group, if it has a directory and lets anything pass.
    fn group(self, name: &str) -> Option<FileGroup> {
        let Self { dir, mode, sink } = self;
        let dir = dir.filter(|_| sink.filter != Severity::None)?;
        Some(FileGroup { name: name.to_owned(), dir, mode, sink })
    }
}

fn filter_of_dev(selection: &Selection) -> Option<Severity> {
    selection.iter().find(|(channel, _)| *channel == DEV).map(|(_, filter)| *filter)
}

fn sink(filter: Option<&Node>, format: Option<&Node>, default: Sink) -> Result<Sink> {
    let filter = filter.map_or(Ok(default.filter), channels::severity)?;
    let format = format.map_or(Ok(default.format), format_named)?;
    Ok(Sink { filter, format })
}

fn format_named(node: &Node) -> Result<Format> {
    let text = node.text()?;
    Format::from_name(text).ok_or_else(|| {
        let known = FORMATS.map(|(name, _)| name).join(", ");
        node.error(format_args!("unknown format {text:?}, it is one of {known}"))
    })
}

fn boolean(node: &Node) -> Result<bool> {
    match node.text()?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Ok(true),
        "false" | "no" | "off" | "n" => Ok(false),
        _ => Err(node.error("true or false is expected here")),
    }
}

/// Three octal digits, which let nobody execute the file.
fn mode(node: &Node) -> Result<u32> {
    let text = node.text()?;
    let mode = u32::from_str_radix(text.trim_start_matches("0o"), 8);
    let mode = mode.ok().filter(|mode| *mode <= 0o777 && mode & 0o111 == 0);
    mode.ok_or_else(|| node.error(format_args!("{text:?} is not a mode such as 640, without x for anybody")))
}

fn directory(path: &Path) -> Result<PathBuf> {
    match path.as_os_str().as_encoded_bytes().first() {
        None => bail!("the log directory cannot be empty; specify '.' for the current directory"),
        // The shell leaves it so in --log-dir=~/logs.
        Some(b'~') => bail!("the log directory cannot start with '~': {}", path.display()),
        Some(_) => Ok(path.to_owned()),
    }
}

#[cfg(test)]
mod tests;
