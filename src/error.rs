//! Errors for operators: what failed and why on one line, then what to type next.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io;

pub use crate::pkcs11::without_pins;

/// An error that says what to do about it.
#[derive(Debug)]
pub struct Advice {
    what: String,
    hint: String,
}

impl Advice {
    /// What failed, and what to type next.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)
    }
}

impl Error for Advice {}

/// The two lines an operator sees: `ERROR: <what failed>: <why>` and, if there is a next step,
/// `HINT: <what to do>` (REFERENCE.md section 2). Control characters are escaped, because the lines contain
/// names from files and arguments.
pub fn render(error: &anyhow::Error) -> String {
    let hint = advice(error);
    let mut text = format!("ERROR: {}", printable(&format!("{error:#}")));
    if let Some(advice) = hint {
        text += &format!("\nHINT: {}", printable(&advice.hint));
    }
    text
}

/// What to type next, if the error says so.
pub fn hint(error: &anyhow::Error) -> Option<&str> {
    advice(error).map(|advice| &*advice.hint)
}

fn advice(error: &anyhow::Error) -> Option<&Advice> {
    // The error chain does not show a context's type.
    error.downcast_ref().or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<Advice>()))
}

/// The same error, with what else went wrong because of it.
pub fn also(error: &anyhow::Error, besides: &str) -> anyhow::Error {
    let what = format!("{error:#}; {besides}");
    match advice(error) {
        Some(advice) => Advice::new(what, &advice.hint).into(),
        None => anyhow::Error::msg(what),
    }
}

/// The system's reason in the words that `cockroach` uses: lower case, without a number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Does the character control a terminal, reorder text, or hide in it?
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `text` as one word for a POSIX shell.
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The same, quoted only where it has to be.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_./-".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.into() } else { shell_quoted(text) }
}

/// The text made safe to print: without PINs, and with all characters escaped that control a terminal, reorder
/// text or hide.
pub fn printable(text: &str) -> String {
    let shown = |c: char| if misleads(c) { c.escape_default().to_string() } else { c.to_string() };
    without_pins(text).chars().map(shown).collect()
}

/// [`printable`] text of at most so many bytes, with `...` if it was cut. Formats no more of the text than is
/// shown.
pub fn clipped(text: impl fmt::Display, limit: usize) -> String {
    let mut clip = Clip { shown: String::new(), limit };
    if write!(clip, "{text}").is_err() {
        clip.shown += "...";
    }
    clip.shown
}

/// Takes text until it is full.
struct Clip {
    shown: String,
    limit: usize,
}

impl fmt::Write for Clip {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        let escaped = misleads(c).then(|| c.escape_default());
        let length = escaped.as_ref().map_or(c.len_utf8(), ExactSizeIterator::len);
        if self.shown.len() + length > self.limit {
            return Err(fmt::Error);
        }
        match escaped {
            Some(escaped) => self.shown.extend(escaped),
            None => self.shown.push(c),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_and_a_hint() {
        let cause = anyhow::Error::new(Advice::new("the file\nis gone", "make a new one"));
        let error = cause.context("failed to read");
        assert_eq!(render(&error), "ERROR: failed to read: the file\\nis gone\nHINT: make a new one");
    }

    #[test]
    fn advice_that_is_a_context_is_a_hint_too() {
        let error =
            anyhow::anyhow!("no space").context(Advice::new("half done", "run it again")).context("failed");
        assert_eq!(render(&error), "ERROR: failed: half done: no space\nHINT: run it again");
    }

    #[test]
    fn reasons_are_in_lower_case_and_without_number() {
        assert_eq!(reason(&io::Error::from_raw_os_error(2)), "no such file or directory");
    }

    #[test]
    fn nothing_printed_has_a_pin_in_it() {
        let cause = Advice::new("a\n?pin-value=12\n34", "see PKCS11:token=ca?Pin-Value=1]2'3 4&module-name=m");
        let shown =
            "ERROR: a\\n?pin-value=<hidden>\nHINT: see PKCS11:token=ca?Pin-Value=<hidden>&module-name=m";
        assert_eq!(render(&cause.into()), shown);
    }

    #[test]
    fn nothing_printed_drives_a_terminal() {
        assert_eq!(printable("a\x1b[2Jb\u{202e}c\u{9b}d"), "a\\u{1b}[2Jb\\u{202e}c\\u{9b}d");
        assert_eq!(clipped("a\x1b[2Jb\u{202e}c\u{9b}d", 100), printable("a\x1b[2Jb\u{202e}c\u{9b}d"));
        assert_eq!(printable("b\u{fc}cher \u{65e5}"), "b\u{fc}cher \u{65e5}");
    }

    #[test]
    fn text_is_cut_after_it_is_escaped_and_never_within_a_character() {
        for (text, limit, shown) in [
            ("abc", 3, "abc"),
            ("abc", 2, "ab..."),
            ("a\x1bb", 6, "a..."),
            ("a\x1bb", 7, "a\\u{1b}..."),
            ("\u{65e5}", 2, "..."),
        ] {
            assert_eq!(clipped(text, limit), shown, "{text:?}");
        }
    }
}
