//! `[Service]` sections of systemd units, as `systemctl cat` prints them (systemd.syntax(7),
//! systemd.service(5)).

use std::collections::HashMap;
use std::path::Path;

use super::flags;
use super::words::{self, Word};
use super::{CERTS_DIR, FlagsError, ServerFlags};

/// The most octets of a command's words on Linux (`ARG_MAX`, execve(2)).
const LONGEST: usize = 2 << 20;

/// What a unit says that matters here.
#[derive(Default)]
struct Unit {
    commands: Vec<(usize, String)>,
    environment: HashMap<String, String>,
    /// Something that sets variables elsewhere.
    other_environment: bool,
    working_directory: Option<String>,
    root: Option<(usize, String)>,
}

pub(super) fn read(text: &str) -> Result<ServerFlags, FlagsError> {
    let unit = unit(text)?;
    unit.check_length()?;
    let mut starts = Vec::new();
    for (line, command) in &unit.commands {
        let words = unit.words(command, *line)?;
        match words::start(&words, 0) {
            Some(rest) => starts.push((*line, rest.to_vec())),
            None => {
                let why = "ExecStart= does not start the server itself; give the line that does";
                return Err(FlagsError::new(*line, why));
            }
        }
    }
    let (line, rest) = words::only(starts)?;
    let mut flags = flags::read(&rest, line)?;
    if flags.certs_dir.is_none() {
        flags.certs_dir = unit
            .variable(CERTS_DIR)
            .map(|dir| words::known_dir(specifiers(dir, Word::default()), line))
            .transpose()?
            .flatten();
    }
    if let Some(dir) = &flags.certs_dir {
        flags.certs_dir = Some(unit.place(dir, line)?);
    }
    Ok(flags)
}

/// The logical lines of the text, each with the number of its first one: a backslash at the end joins lines
/// with a space, over comments.
fn lines(text: &str) -> Vec<(usize, String)> {
    let (mut out, mut open): (Vec<(usize, String)>, bool) = (Vec::new(), false);
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match out.last_mut().filter(|_| open) {
            Some((_, line)) => {
                line.push(' ');
                line.push_str(part);
            }
            None => out.push((number, part.to_owned())),
        }
        open = goes_on;
    }
    out
}

fn unit(text: &str) -> Result<Unit, FlagsError> {
    let (mut unit, mut in_service) = (Unit::default(), false);
    for (number, line) in lines(text) {
        let line = line.trim();
        if line.starts_with('[') {
            in_service = line == "[Service]";
        }
        let Some((key, value)) = line.split_once('=').filter(|_| in_service) else { continue };
        let (key, value) = (key.trim_end(), value.trim_start());
        match key {
            "ExecStart" if value.is_empty() => unit.commands.clear(),
            "ExecStart" => unit.commands.push((number, value.into())),
            "Environment" if value.is_empty() => unit.environment.clear(),
            "Environment" => {
                for word in split(value, number)? {
                    if let Some((name, value)) = word.split_once('=') {
                        unit.environment.insert(name.into(), value.into());
                    }
                }
            }
            "EnvironmentFile" | "PassEnvironment" | "UnsetEnvironment" | "SetCredential" => {
                unit.other_environment = true
            }
            "WorkingDirectory" => unit.working_directory = Some(value.trim_start_matches('-').into()),
            "RootDirectory" | "RootImage" if !value.is_empty() => unit.root = Some((number, key.into())),
            _ => {}
        }
    }
    Ok(unit)
}

impl Unit {
    /// The words of a command, variables put in.
    fn words(&self, command: &str, line: usize) -> Result<Vec<Word>, FlagsError> {
        let plain = command.trim_start_matches(['@', '-', ':', '+', '!', '|']);
        let prefix = &command[..command.len() - plain.len()];
        if prefix.contains('@') {
            return Err(FlagsError::new(
                line,
                "ExecStart=@...: the name before the command cannot be told from flags",
            ));
        }
        let mut words = Vec::new();
        for word in split(plain.trim_start(), line)? {
            if word == ";" {
                return Err(FlagsError::new(line, "ExecStart= holds several commands; give one alone"));
            }
            if prefix.contains(':') {
                words.push(specifiers(&word, Word::default()));
            } else {
                words.extend(self.expanded(&word));
            }
        }
        Ok(words)
    }

    /// A word that is a variable is split at white space; elsewhere `${NAME}` is put in as it is.
    fn expanded(&self, word: &str) -> Vec<Word> {
        if let Some(name) = word.strip_prefix('$').filter(|name| is_name(name)) {
            let value = self.variable(name).filter(|value| !value.contains(['"', '\'', '\\', '$']));
            return match value {
                Some(value) => value.split_whitespace().map(|text| specifiers(text, Word::default())).collect(),
                None => vec![Word { text: String::new(), unknown: Some(word.into()) }],
            };
        }
        let (mut out, mut rest) = (Word::default(), word);
        while let Some((before, after)) = rest.split_once('$') {
            out = specifiers(before, out);
            let braces = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            rest = match (after.strip_prefix('$'), braces) {
                (Some(rest), _) => {
                    out.text.push('$');
                    rest
                }
                (None, Some((name, rest))) => {
                    match self.variable(name) {
                        Some(value) => out = specifiers(value, out),
                        None => out.unknown = out.unknown.or_else(|| Some(format!("${{{name}}}"))),
                    }
                    rest
                }
                (None, None) => {
                    out.unknown = out.unknown.or_else(|| Some(format!("${after}")));
                    after
                }
            };
        }
        vec![specifiers(rest, out)]
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.get(name).map(String::as_str);
        found.filter(|_| !self.other_environment)
    }

    /// Could the commands become longer than any that Linux runs, once variables are put in?
    fn check_length(&self) -> Result<(), FlagsError> {
        let longest = self.environment.values().map(String::len).max().unwrap_or_default();
        let variables: usize = self.commands.iter().map(|(_, command)| command.matches('$').count()).sum();
        match self.commands.first() {
            Some((line, _)) if variables.saturating_mul(longest) > LONGEST => {
                Err(FlagsError::new(*line, "ExecStart= is too long once its variables are put in"))
            }
            _ => Ok(()),
        }
    }

    /// Where a path is that the server was given.
    fn place(&self, dir: &Path, line: usize) -> Result<std::path::PathBuf, FlagsError> {
        if let Some((line, key)) = &self.root {
            return Err(FlagsError::new(
                *line,
                format!("--certs-dir is below the {key}= of the unit; name it with --certs-dir"),
            ));
        }
        if dir.is_absolute() {
            return Ok(dir.into());
        }
        match self.working_directory.as_deref().filter(|base| base.starts_with('/') && !base.contains('%')) {
            Some(base) => Ok(Path::new(base).join(dir)),
            None => {
                let why = "--certs-dir is relative, and the unit names no absolute WorkingDirectory=";
                Err(FlagsError::new(line, why))
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Adds text to a word: `%%` stands for one of them, and any other specifier for something that is not known
/// here.
fn specifiers(text: &str, mut word: Word) -> Word {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        word.text.push_str(before);
        rest = match after.strip_prefix('%') {
            Some(rest) => {
                word.text.push('%');
                rest
            }
            None => {
                word.unknown =
                    word.unknown.or_else(|| Some(format!("%{}", after.chars().take(1).collect::<String>())));
                after
            }
        };
    }
    word.text.push_str(rest);
    word
}

/// Splits at white space; quotes of both kinds hold words together, and a backslash escapes in and out of them.
fn split(text: &str, line: usize) -> Result<Vec<String>, FlagsError> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) => word.get_or_insert_default().push(escaped(&mut chars, line)?),
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_ascii_whitespace() => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(FlagsError::new(line, "a quote is not closed"));
    }
    words.extend(word);
    Ok(words)
}

/// The character that stands behind a backslash. Some releases keep the backslash of an escape they do not
/// know.
fn escaped(chars: &mut std::str::Chars<'_>, line: usize) -> Result<char, FlagsError> {
    Ok(match chars.next() {
        Some('a') => '\x07',
        Some('b') => '\x08',
        Some('f') => '\x0c',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('v') => '\x0b',
        Some('s') => ' ',
        Some(c @ ('\\' | '"' | '\'')) => c,
        other => {
            let shown: String = ['\\'].into_iter().chain(other).collect();
            return Err(FlagsError::new(
                line,
                format!("{shown} is an escape that is not read here; a backslash is written \\\\"),
            ));
        }
    })
}
