//! The formats of an entry, as the reference documents them under "Log formats" (REFERENCE.md section 7).

use std::time::Duration;

use crate::cli::logging::Severity;
use crate::error::printable;
use crate::output::json::harmless;
use crate::time::Utc;

/// A message and its origin.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub severity: Severity,
    /// Since 1970-01-01T00:00:00Z.
    pub time: Duration,
    /// The source file, below `src`.
    pub file: &'a str,
    pub line: u32,
    /// The entry's number in its sink, from 1; a file's header lines have none.
    pub counter: Option<u64>,
    pub message: &'a str,
}

/// The reference's names for formats, and what is written under each.
pub const FORMATS: [(&str, Format); 10] = [
    ("crdb-v2", Format::CrdbV2),
    ("crdb-v2-tty", Format::CrdbV2Tty),
    ("json", Format::Json),
    ("crdb-v1", Format::CrdbV2),
    ("crdb-v1-count", Format::CrdbV2),
    ("crdb-v1-tty", Format::CrdbV2Tty),
    ("crdb-v1-tty-count", Format::CrdbV2Tty),
    ("json-compact", Format::Json),
    ("json-fluent", Format::Json),
    ("json-fluent-compact", Format::Json),
];

/// The formats that are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    CrdbV2,
    /// `crdb-v2`, in color on a terminal.
    CrdbV2Tty,
    Json,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::CrdbV2 => "crdb-v2",
            Self::CrdbV2Tty => "crdb-v2-tty",
            Self::Json => "json",
        }
    }

    /// The entry as one line. It holds no terminal controls but our own colors.
    pub fn render(self, entry: &Entry<'_>, colors: bool) -> String {
        match self {
            Self::Json => json(entry),
            Self::CrdbV2 | Self::CrdbV2Tty => text(entry, colors && self == Self::CrdbV2Tty),
        }
    }
}

/// The number, name and color of a severity. Its letter is the first of its name.
fn severity(severity: Severity) -> (u8, &'static str, &'static str) {
    match severity {
        Severity::Info => (1, "INFO", "\x1b[36m"),
        Severity::Warning => (2, "WARNING", "\x1b[33m"),
        Severity::Error => (3, "ERROR", "\x1b[31m"),
        Severity::Fatal | Severity::None => (4, "FATAL", "\x1b[31m"),
    }
}

/// `I210116 21:49:17.073282 1 pki/key.rs:464  [-] 23  message`: two spaces before the tags mark an entry that
/// cannot be redacted. Line breaks in the message are escaped, so that no message can look like another entry.
fn text(entry: &Entry<'_>, colors: bool) -> String {
    let paint = |code: &'static str| if colors { code } else { "" };
    let [gray, blue, cyan, reset] = ["\x1b[90m", "\x1b[34m", "\x1b[36m", "\x1b[0m"].map(paint);
    let (_, name, color) = severity(entry.severity);
    let (letter, color) = (&name[..1], paint(color));
    let Utc { year, month, day, hour, minute, second } = Utc::of(entry.time);
    let date = format!("{:02}{month:02}{day:02}", year % 100);
    let time = format!("{hour:02}:{minute:02}:{second:02}.{:06}", entry.time.subsec_micros());
    let Entry { file, line, .. } = entry;
    let tags = entry.counter.map_or("config", |_| "-");
    let counter = entry.counter.map_or_else(String::new, |n| format!("{cyan}{n}{reset}"));
    let source = format!("{color}{letter}{date}{gray} {time} 1 {file}:{line}{reset}");
    format!("{source}  {blue}[{tags}]{reset} {counter}  {}\n", printable(entry.message))
}

/// One line with a JSON object, its keys in the order of the reference. Every message is on channel DEV, 0.
fn json(entry: &Entry<'_>) -> String {
    let quoted = |text: &str| harmless(&serde_json::Value::from(text).to_string());
    let (seconds, nanoseconds) = (entry.time.as_secs(), entry.time.subsec_nanos());
    let version = env!("CARGO_PKG_VERSION");
    let time = format!(r#""timestamp":"{seconds}.{nanoseconds:09}","version":"v{version}""#);
    let source = format!(r#""goroutine":1,"file":{},"line":{}"#, quoted(entry.file), entry.line);
    let fields = match entry.counter {
        None => format!(r#""header":1,{time},{source},"redactable":0,"tags":{{"config":""}}"#),
        Some(counter) => {
            let (number, name, _) = severity(entry.severity);
            let severity = format!(r#""severity_numeric":{number},"severity":"{name}""#);
            let channel = r#""channel_numeric":0,"channel":"DEV""#;
            format!(r#"{channel},{time},{severity},{source},"entry_counter":{counter},"redactable":0"#)
        }
    };
    format!("{{{fields},\"message\":{}}}\n", quoted(entry.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &str) -> Entry<'_> {
        let time = Duration::new(1_610_833_757, 73_282_620);
        Entry { severity: Severity::Info, time, file: "pki/key.rs", line: 464, counter: Some(23), message }
    }

    #[test]
    fn a_line_is_as_documented() {
        let header = "I210116 21:49:17.073282 1 pki/key.rs:464  ";
        let render = |entry: &Entry<'_>| Format::CrdbV2.render(entry, true);
        assert_eq!(render(&entry("a\nb\x1b")), format!("{header}[-] 23  a\\nb\\u{{1b}}\n"));
        assert_eq!(render(&Entry { counter: None, ..entry("a") }), format!("{header}[config]   a\n"));
        for (severity, letter) in [(Severity::Warning, "W"), (Severity::Error, "E"), (Severity::Fatal, "F")] {
            assert!(render(&Entry { severity, ..entry("a") }).starts_with(letter));
        }
        let colored = "\x1b[36mI210116\x1b[90m 21:49:17.073282 1 pki/key.rs:464\x1b[0m  ".to_owned()
            + "\x1b[34m[-]\x1b[0m \x1b[36m23\x1b[0m  a\n";
        assert_eq!(Format::CrdbV2Tty.render(&entry("a"), true), colored);
    }

    #[test]
    fn json_has_the_keys_of_the_reference() {
        let version = env!("CARGO_PKG_VERSION");
        let time = format!(r#""timestamp":"1610833757.073282620","version":"v{version}","#);
        let source = r#""goroutine":1,"file":"pki/key.rs","line":464,"#;
        let expected = r#"{"channel_numeric":0,"channel":"DEV","#.to_owned()
            + &time
            + r#""severity_numeric":1,"severity":"INFO","#
            + source
            + r#""entry_counter":23,"redactable":0,"message":"\"a\"\n\u001b\u202eü"}"#;
        assert_eq!(Format::Json.render(&entry("\"a\"\n\x1b\u{202e}\u{fc}"), true), expected + "\n");
        let tags = r#""redactable":0,"tags":{"config":""},"message":"a"}"#;
        let header = Format::Json.render(&Entry { counter: None, ..entry("a") }, true);
        assert_eq!(header, format!("{{\"header\":1,{time}{source}{tags}\n"));
    }
}
