//! `list` for programs: the columns of its table, in the forms that `cockroach` has for its own (`--format`).
//! A row is printed as it comes, and none is kept.

use std::io::{self, Write};

use serde::Serialize;

use super::json::harmless;
use crate::certs_dir::scan::Entry;
use crate::error::printable;
use crate::time;

/// The columns of a separated form. In the others they are the names of [`Row`].
const COLUMNS: [&str; 6] = ["usage", "certificate_file", "key_file", "expires", "notes", "error"];

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Titles, then values, with this character between them (RFC 4180, as Go's `encoding/csv` has it).
    Separated(char),
    /// An array of JSON objects.
    Array,
    /// A JSON object a line.
    Lines,
}

/// Prints rows to `out`.
pub struct Rows<W> {
    out: W,
    form: Form,
    has_rows: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    usage: &'static str,
    certificate_file: &'a str,
    key_file: Option<&'a str>,
    expires: Option<&'a str>,
    notes: &'a str,
    error: Option<&'a str>,
}

impl<W: Write> Rows<W> {
    /// Prints what comes before the first row.
    ///
    /// # Errors
    /// If `out` cannot be written to.
    pub fn begin(mut out: W, form: Form) -> io::Result<Self> {
        match form {
            Form::Separated(separator) => writeln!(out, "{}", separated(&COLUMNS, separator))?,
            Form::Array => write!(out, "[")?,
            Form::Lines => {}
        }
        Ok(Self { out, form, has_rows: false })
    }

    /// Prints a row.
    ///
    /// # Errors
    /// If `out` cannot be written to.
    pub fn row(&mut self, entry: &Entry) -> io::Result<()> {
        let (key_file, expires) = (entry.key_file(), entry.not_after.and_then(time::rfc3339));
        let row = Row {
            usage: entry.usage.kind().label,
            certificate_file: &entry.certificate_file,
            key_file: key_file.as_deref(),
            expires: expires.as_deref(),
            notes: &entry.notes,
            error: entry.error.as_deref(),
        };
        let is_first = !std::mem::replace(&mut self.has_rows, true);
        match self.form {
            Form::Separated(separator) => writeln!(self.out, "{}", separated(&row.cells(), separator)),
            Form::Array => {
                write!(self.out, "{}\n  {}", if is_first { "" } else { "," }, row.json()?)
            }
            Form::Lines => writeln!(self.out, "{}", row.json()?),
        }
    }

    /// Prints what comes after the last row.
    ///
    /// # Errors
    /// If `out` cannot be written to.
    pub fn end(mut self) -> io::Result<()> {
        match self.form {
            Form::Array => write!(self.out, "\n]\n"),
            Form::Separated(_) | Form::Lines => Ok(()),
        }
    }
}

impl Row<'_> {
    fn json(&self) -> io::Result<String> {
        Ok(harmless(&serde_json::to_string(self)?))
    }

    fn cells(&self) -> [String; COLUMNS.len()] {
        let or_empty = Option::unwrap_or_default;
        [
            self.usage,
            self.certificate_file,
            or_empty(self.key_file),
            or_empty(self.expires),
            self.notes,
            or_empty(self.error),
        ]
        .map(printable)
    }
}

/// A line without its end.
fn separated(cells: &[impl AsRef<str>], separator: char) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell.as_ref(), separator)).collect();
    cells.join(separator.encode_utf8(&mut [0; 4]))
}

/// In quotation marks if it has to be.
fn quoted(cell: &str, separator: char) -> String {
    let special = |c| c == separator || matches!(c, '"' | '\r' | '\n');
    // PostgreSQL takes `\.` for the end of its input.
    if cell.contains(special) || cell.starts_with(char::is_whitespace) || cell == r"\." {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `cockroach sql --format=csv` and `tsv` print of such values.
    #[test]
    fn values_are_quoted_as_cockroach_quotes_them() {
        for (value, csv, tsv) in [
            ("", "", ""),
            ("ab", "ab", "ab"),
            ("a b", "a b", "a b"),
            (" a", "\" a\"", "\" a\""),
            ("a\nbc", "\"a\nbc\"", "\"a\nbc\""),
            ("a, b", "\"a, b\"", "a, b"),
            ("\"a\", \"b\"", "\"\"\"a\"\", \"\"b\"\"\"", "\"\"\"a\"\", \"\"b\"\"\""),
            ("'a', 'b'", "\"'a', 'b'\"", "'a', 'b'"),
            ("a\\,b", "\"a\\,b\"", "a\\,b"),
            ("a\tb", "a\tb", "\"a\tb\""),
            ("\\.", "\"\\.\"", "\"\\.\""),
        ] {
            assert_eq!((quoted(value, ','), quoted(value, '\t')), (csv.to_owned(), tsv.to_owned()), "{value}");
        }
    }
}
