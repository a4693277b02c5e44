//! The forms of an entry, as the reference documents them under "Log formats" (REFERENCE.md section 7).

use chrono::{DateTime, Utc};

use super::channels::DEV;
use crate::cli::logging::Severity;
use crate::error::printable;
use crate::output::json::harmless;

/// What the JSON formats call the version of the program.
const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// How many bytes of a message the text formats put on one line. The reference leaves room for what must not be broken.
const MAX_LINE: usize = 16_000 - 6;

/// A message and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub program: &'a str,
    pub severity: Severity,
    pub time: DateTime<Utc>,
    /// The source file, below `src`.
    pub file: &'a str,
    pub line: u32,
    /// Counts the entries of a sink from 1; the first lines of a file have none.
    pub counter: Option<u64>,
    pub message: &'a str,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `crdb-v2`, and with colours on a terminal `crdb-v2-tty`.
    Text { colors: bool },
    /// The JSON formats: short keys or long ones, and with a tag for Fluentd or without.
    Json { compact: bool, fluent: bool },
}

/// The names of the formats.
pub const FORMATS: [(&str, Format); 6] = [
    ("crdb-v2", Format::Text { colors: false }),
    ("crdb-v2-tty", Format::Text { colors: true }),
    ("json", Format::Json { compact: false, fluent: false }),
    ("json-compact", Format::Json { compact: true, fluent: false }),
    ("json-fluent", Format::Json { compact: false, fluent: true }),
    ("json-fluent-compact", Format::Json { compact: true, fluent: true }),
];

/// The codes that switch colours on, and all of them off.
pub struct Palette {
    red: &'static str,
    green: &'static str,
    yellow: &'static str,
    blue: &'static str,
    cyan: &'static str,
    gray: &'static str,
    reset: &'static str,
}

/// No colours.
pub static PLAIN: Palette = Palette { red: "", green: "", yellow: "", blue: "", cyan: "", gray: "", reset: "" };

/// The colours that every terminal has.
pub static COLORS: Palette = Palette {
    red: "\x1b[31m",
    green: "\x1b[32m",
    yellow: "\x1b[33m",
    blue: "\x1b[34m",
    cyan: "\x1b[36m",
    gray: "\x1b[90m",
    reset: "\x1b[0m",
};

impl Format {
    pub fn from_name(name: &str) -> Option<Self> {
        FORMATS.into_iter().find(|(known, _)| *known == name).map(|(_, format)| format)
    }

    pub fn name(self) -> &'static str {
        FORMATS.into_iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// The entry's lines. Nothing in them drives a terminal but the palette's colours.
    pub fn render(self, entry: &Entry<'_>, palette: &Palette) -> String {
        match self {
            Self::Text { colors: true } => text(entry, palette),
            Self::Text { colors: false } => text(entry, &PLAIN),
            Self::Json { compact, fluent } => json(entry, compact, fluent),
        }
    }
}

/// `I210116 21:49:17.073282 1 pki/key.rs:464  [-] 23  message`: two spaces before the tags say that the entry cannot be
/// redacted, two after them that it has no counter. Further lines of a message begin with `+`, the rest of a long one
/// with `|`, both after the same header, so that no message can pass for another entry.
fn text(entry: &Entry<'_>, palette: &Palette) -> String {
    let Palette { green, blue, cyan, gray, reset, .. } = palette;
    let (letter, color) = match entry.severity {
        Severity::Info => ('I', palette.cyan),
        Severity::Warning => ('W', palette.yellow),
        Severity::Error => ('E', palette.red),
        Severity::Fatal | Severity::None => ('F', palette.red),
    };
    let (date, time) = (entry.time.format("%y%m%d"), entry.time.format("%H:%M:%S%.6f"));
    let (file, line) = (entry.file, entry.line);
    let tags = entry.counter.map_or("config", |_| "-");
    let counter = entry.counter.map_or_else(String::new, |n| format!("{cyan}{n}{reset}"));
    let header =
        format!("{color}{letter}{date}{gray} {time} 1 {file}:{line}{reset}  {blue}[{tags}]{reset} {counter} ");
    let mut lines = String::new();
    for (n, line) in entry.message.trim_end_matches('\n').split('\n').enumerate() {
        for (part, chunk) in chunks(&printable(line)).enumerate() {
            let continuation = match (n, part) {
                (0, 0) => " ".to_owned(),
                (_, 0) => format!("{green}+{reset}"),
                _ => format!("{green}|{reset}"),
            };
            lines += &format!("{header}{continuation}{chunk}\n");
        }
    }
    lines
}

/// The text in parts that fit on a line, whole characters each; an empty text is one part.
fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = (MAX_LINE..text.len()).find(|at| text.is_char_boundary(*at));
        let (chunk, after) = text.split_at(end.unwrap_or(text.len()));
        rest = end.map(|_| after);
        Some(chunk)
    })
}

/// One line with a JSON object, its keys in the order of the reference.
fn json(entry: &Entry<'_>, compact: bool, fluent: bool) -> String {
    let key = |short: &'static str, long: &'static str| if compact { short } else { long };
    let tag = |channel: &str| quoted(&format!("{}.{channel}", entry.program));
    let severity = match entry.severity {
        Severity::Info => ["1", "I", "INFO"],
        Severity::Warning => ["2", "W", "WARNING"],
        Severity::Error => ["3", "E", "ERROR"],
        Severity::Fatal | Severity::None => ["4", "F", "FATAL"],
    };
    let [number, letter, name] = severity.map(str::to_owned);
    let (seconds, nanoseconds) = (entry.time.timestamp(), entry.time.timestamp_subsec_nanos());
    let is_header = entry.counter.is_none();
    // An empty key leaves the field out.
    let only = |wanted: bool, key: &'static str| if wanted { key } else { "" };
    let fields = [
        (only(fluent, "tag"), if is_header { tag("unknown") } else { tag("dev") }),
        (only(is_header, "header"), "1".to_owned()),
        (only(!is_header, key("c", "channel_numeric")), "0".to_owned()),
        (only(!is_header && !compact, "channel"), quoted(DEV)),
        (key("t", "timestamp"), format!("\"{seconds}.{nanoseconds:09}\"")),
        (key("v", "version"), quoted(VERSION)),
        (only(!is_header, key("s", "severity_numeric")), number),
        (only(!is_header, key("sev", "severity")), quoted(if compact { &letter } else { &name })),
        (key("g", "goroutine"), "1".to_owned()),
        (key("f", "file"), quoted(entry.file)),
        (key("l", "line"), entry.line.to_string()),
        (only(!is_header, key("n", "entry_counter")), entry.counter.unwrap_or_default().to_string()),
        (key("r", "redactable"), "0".to_owned()),
        (only(is_header, "tags"), "{\"config\":\"\"}".to_owned()),
        ("message", quoted(entry.message)),
    ];
    let fields = fields.iter().filter(|(key, _)| !key.is_empty());
    let fields: Vec<_> = fields.map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}\n", fields.join(","))
}

/// A JSON string; what could drive a terminal is escaped beyond what JSON asks for.
fn quoted(text: &str) -> String {
    harmless(&serde_json::Value::from(text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &str) -> Entry<'_> {
        Entry {
            program: "crdbcert",
            severity: Severity::Info,
            time: DateTime::from_timestamp(1_610_833_757, 73_282_620).expect("a time"),
            file: "pki/key.rs",
            line: 464,
            counter: Some(23),
            message,
        }
    }

    const CRDB_V2: Format = Format::Text { colors: false };

    #[test]
    fn a_line_is_as_documented() {
        let render = |entry: &Entry<'_>| CRDB_V2.render(entry, &COLORS);
        assert_eq!(render(&entry("a")), "I210116 21:49:17.073282 1 pki/key.rs:464  [-] 23  a\n");
        let header = Entry { counter: None, ..entry("a") };
        assert_eq!(render(&header), "I210116 21:49:17.073282 1 pki/key.rs:464  [config]   a\n");
        for (severity, letter) in [(Severity::Warning, "W"), (Severity::Error, "E"), (Severity::Fatal, "F")] {
            assert!(render(&Entry { severity, ..entry("a") }).starts_with(letter));
        }
    }

    #[test]
    fn a_message_of_several_lines_repeats_the_header() {
        let header = "I210116 21:49:17.073282 1 pki/key.rs:464  [-] 23 ";
        let expected = format!("{header} a\n{header}+b\\u{{1b}}\\t\n{header}+\n{header}+c\n");
        assert_eq!(CRDB_V2.render(&entry("a\nb\x1b\t\n\nc\n\n"), &PLAIN), expected);
        assert_eq!(CRDB_V2.render(&entry(""), &PLAIN), format!("{header} \n"));
    }

    #[test]
    fn a_long_line_is_broken_between_characters() {
        let long = format!("{}\u{20ac}{}", "a".repeat(MAX_LINE - 1), "b".repeat(MAX_LINE + 1));
        let lines = CRDB_V2.render(&entry(&format!("{long}\nc")), &PLAIN);
        let parts: Vec<_> = lines.lines().map(|line| line.split_at(50)).collect();
        assert_eq!(parts.len(), 4);
        assert!(parts[0].0.ends_with("23  ") && parts[0].1.ends_with("a\u{20ac}"), "{}", parts[0].0);
        assert!(parts[1].0.ends_with("23 |") && parts[1].1.len() == MAX_LINE, "{}", parts[1].0);
        assert_eq!((parts[2].1, parts[3].1), ("b", "c"));
        assert!(parts[2].0.ends_with("23 |") && parts[3].0.ends_with("23 +"));
    }

    #[test]
    fn a_terminal_gets_colors() {
        let lines = Format::Text { colors: true }.render(&entry("a\nb"), &COLORS);
        let header = "\x1b[36mI210116\x1b[90m 21:49:17.073282 1 pki/key.rs:464\x1b[0m  \x1b[34m[-]\x1b[0m \x1b[36m23\x1b[0m ";
        assert_eq!(lines, format!("{header} a\n{header}\x1b[32m+\x1b[0mb\n"));
    }

    #[test]
    fn json_has_the_keys_of_the_reference() {
        let json = |name: &str, entry: &Entry<'_>| Format::from_name(name).expect(name).render(entry, &COLORS);
        let message = entry("\"a\"\n\x1b\u{9b}\u{202e}\u{fc}");
        let text = r#""message":"\"a\"\n\u001b\u009b\u202eü""#;
        let long = format!(
            r#""channel_numeric":0,"channel":"DEV","timestamp":"1610833757.073282620","version":"{VERSION}","#
        ) + r#""severity_numeric":1,"severity":"INFO","goroutine":1,"file":"pki/key.rs","line":464,"#
            + r#""entry_counter":23,"redactable":0,"#;
        let short = format!(r#""c":0,"t":"1610833757.073282620","v":"{VERSION}","s":1,"sev":"I","g":1,"#)
            + r#""f":"pki/key.rs","l":464,"n":23,"r":0,"#;
        assert_eq!(json("json", &message), format!("{{{long}{text}}}\n"));
        assert_eq!(json("json-fluent", &message), format!("{{\"tag\":\"crdbcert.dev\",{long}{text}}}\n"));
        assert_eq!(json("json-compact", &message), format!("{{{short}{text}}}\n"));
        assert_eq!(
            json("json-fluent-compact", &message),
            format!("{{\"tag\":\"crdbcert.dev\",{short}{text}}}\n")
        );
        let header = Entry { counter: None, ..entry("a") };
        assert_eq!(
            json("json-compact", &header),
            format!(
                r#"{{"header":1,"t":"1610833757.073282620","v":"{VERSION}","g":1,"f":"pki/key.rs","l":464,"#
            ) + r#""r":0,"tags":{"config":""},"message":"a"}"#
                + "\n"
        );
    }

    #[test]
    fn names_go_both_ways() {
        for (name, format) in FORMATS {
            assert_eq!((Format::from_name(name), format.name()), (Some(format), name));
        }
    }
}
