//! A line for a POSIX shell, or a script with one that starts the server. Nothing is run, and no variable is
//! looked up.

use std::path::PathBuf;

use super::flags;
use super::words::{self, Word};
use super::{CERTS_DIR, FlagsError, ServerFlags};

/// A simple command.
#[derive(Default)]
struct Command {
    line: usize,
    words: Vec<Word>,
    /// Where the words behind a redirection begin.
    redirected: Option<usize>,
}

pub(super) fn read(text: &str) -> Result<ServerFlags, FlagsError> {
    let mut starts = Vec::new();
    for command in Reader::new(text).commands()? {
        // A redirection and its target are words to nobody else.
        let end = command.redirected.unwrap_or(command.words.len());
        let (own, later) = command.words.split_at(end);
        let Some((at, rest)) = (0..own.len()).find_map(|at| Some((at, words::start(own, at)?))) else {
            continue;
        };
        if later.iter().any(|word| word.unknown.is_some() || word.text.starts_with('-')) {
            return Err(FlagsError::new(command.line, "flags stand behind a redirection; put them before it"));
        }
        starts.push((command.line, (certs_dir(&own[..at], command.line)?, rest.to_vec())));
    }
    let (line, (certs_dir, rest)) = words::only(starts)?;
    let flags = flags::read(&rest, line)?;
    Ok(ServerFlags { certs_dir: flags.certs_dir.or(certs_dir), ..flags })
}

/// The variable, where it is set on the line itself. What the script exports elsewhere may not reach the
/// server.
fn certs_dir(before: &[Word], line: usize) -> Result<Option<PathBuf>, FlagsError> {
    let set = before.iter().rev().find_map(|word| {
        let text = word.text.strip_prefix(CERTS_DIR)?.strip_prefix('=')?;
        // The shell puts a home directory there.
        let unknown = word.unknown.clone().or_else(|| text.starts_with('~').then(|| "~".to_owned()));
        Some(Word { text: text.into(), unknown })
    });
    Ok(set.map(|word| words::known_dir(word, line)).transpose()?.flatten())
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    commands: Vec<Command>,
    command: Command,
    word: Option<Word>,
    /// The word may be several.
    loose: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            chars: text.chars().peekable(),
            line: 1,
            commands: Vec::new(),
            command: Command::default(),
            word: None,
            loose: false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn commands(mut self) -> Result<Vec<Command>, FlagsError> {
        while let Some(c) = self.next() {
            match c {
                ' ' | '\t' => self.end_word(),
                '\n' | ';' | '|' | '(' | ')' => self.end_command(),
                '&' if self.chars.peek() == Some(&'>') => {}
                '&' => self.end_command(),
                '<' | '>' => self.redirect(),
                '#' if self.word.is_none() => while self.chars.next_if(|c| *c != '\n').is_some() {},
                '\\' => match self.next() {
                    Some('\n') | None => {}
                    Some(c) => self.push(c),
                },
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted()?,
                '$' | '`' => {
                    let shown = self.expansion(c)?;
                    self.unknown(shown, true);
                }
                '*' | '?' | '[' | '{' => self.unknown(c.into(), true),
                '~' if self.word.is_none() => self.unknown("~".into(), false),
                c => self.push(c),
            }
        }
        self.end_command();
        Ok(self.commands)
    }

    fn push(&mut self, c: char) {
        if self.command.words.is_empty() && self.word.is_none() {
            self.command.line = self.line;
        }
        self.word.get_or_insert_default().text.push(c);
    }

    fn unknown(&mut self, shown: String, loose: bool) {
        self.loose |= loose;
        let unknown = &mut self.word.get_or_insert_default().unknown;
        unknown.get_or_insert(shown);
    }

    fn end_word(&mut self) {
        let loose = std::mem::take(&mut self.loose);
        let word =
            self.word.take().map(|word| Word { text: if loose { String::new() } else { word.text }, ..word });
        self.command.words.extend(word);
    }

    fn end_command(&mut self) {
        self.end_word();
        self.commands.push(std::mem::take(&mut self.command));
    }

    /// The number before it is not a word, and what is behind it names a file.
    fn redirect(&mut self) {
        if self.word.as_ref().is_some_and(|word| word.text.bytes().all(|c| c.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        let at = self.command.words.len();
        self.command.redirected.get_or_insert(at);
        while self.chars.next_if(|c| "<>&|".contains(*c)).is_some() {}
    }

    fn single_quoted(&mut self) -> Result<(), FlagsError> {
        let start = self.line;
        self.word.get_or_insert_default();
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some(c) => self.push(c),
                None => return Err(FlagsError::new(start, "a quote is not closed")),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<(), FlagsError> {
        let start = self.line;
        self.word.get_or_insert_default();
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.next() {
                    Some('\n') => {}
                    Some(c @ ('$' | '`' | '"' | '\\')) => self.push(c),
                    Some(c) => {
                        self.push('\\');
                        self.push(c);
                    }
                    None => return Err(FlagsError::new(start, "a quote is not closed")),
                },
                Some(c @ ('$' | '`')) => {
                    let shown = self.expansion(c)?;
                    self.unknown(shown, false);
                }
                Some(c) => self.push(c),
                None => return Err(FlagsError::new(start, "a quote is not closed")),
            }
        }
    }

    /// A variable or a command's output, as it is written.
    fn expansion(&mut self, first: char) -> Result<String, FlagsError> {
        let start = self.line;
        let (open, close) = match (first, self.chars.peek()) {
            ('`', _) => (None, '`'),
            (_, Some('(')) => (self.next(), ')'),
            (_, Some('{')) => (self.next(), '}'),
            _ => {
                let mut shown = String::from(first);
                while let Some(c) = self.chars.next_if(|c| c.is_ascii_alphanumeric() || "_@*#?!$".contains(*c))
                {
                    shown.push(c);
                }
                return Ok(shown);
            }
        };
        let (mut shown, mut depth) = (String::from(first), 1);
        shown.extend(open);
        while depth > 0 {
            let c =
                self.next().ok_or_else(|| FlagsError::new(start, format!("{shown}: {close} is missing")))?;
            depth -= usize::from(c == close);
            depth += usize::from(Some(c) == open);
            shown.push(c);
        }
        Ok(shown)
    }
}
