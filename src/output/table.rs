//! The table of `list`, as the reference prints it (REFERENCE.md section 3).

use std::io::{self, Write};
use std::path::Path;

use prettytable::format::{Alignment, FormatBuilder, LinePosition, LineSeparator};
use prettytable::{Cell, Row, Table};

use crate::certs_dir::scan::Entry;
use crate::error::{clipped, printable};
use crate::time;

const HEADERS: [&str; 6] = ["Usage", "Certificate File", "Key File", "Expires", "Notes", "Error"];

/// The most bytes of a file name that are shown: a name of 255 control characters is longer once escaped.
const WIDEST_NAME: usize = 300;

/// How many rows become cells at a time: as cells, a large directory would take many times the memory of its
/// entries.
const CHUNK: usize = 256;

/// The widths of the columns, in terminal characters.
type Widths = [usize; HEADERS.len()];

/// Prints the entries of a directory.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(out: &mut impl Write, dir: &Path, entries: &[Entry]) -> io::Result<()> {
    let widths =
        entries.chunks(CHUNK).fold([0; HEADERS.len()], |widths, chunk| widths_of(&table(chunk, widths)));
    let frame = table(&[], widths);
    let (head, rule) = (frame.lines().take(3), frame.lines().take(1));
    writeln!(out, "Certificate directory: {}", printable(&dir.display().to_string()))?;
    head.into_iter().try_for_each(|line| writeln!(out, "{line}"))?;
    for chunk in entries.chunks(CHUNK) {
        let text = table(chunk, widths);
        text.lines().skip(4).take(chunk.len()).try_for_each(|line| writeln!(out, "{line}"))?;
    }
    rule.into_iter().try_for_each(|line| writeln!(out, "{line}"))?;
    let rows = if entries.len() == 1 { "row" } else { "rows" };
    writeln!(out, "({} {rows})", entries.len())
}

/// A table with columns of at least these widths: a rule, the titles, a rule, blanks for the widths, a line for
/// each entry, and a rule.
fn table(entries: &[Entry], widths: Widths) -> String {
    let blanks = widths.map(|width| " ".repeat(width));
    framed(&HEADERS, std::iter::once(blanks).chain(entries.iter().map(cells))).to_string()
}

/// A table with centred headers and left-aligned cells, framed as the reference does it. The cells are
/// printable.
pub(super) fn framed<const COLUMNS: usize>(
    headers: &[&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> Table {
    let rule = LineSeparator::new('-', '+', '+', '+');
    let format = FormatBuilder::new()
        .column_separator('|')
        .borders('|')
        .separators(&[LinePosition::Top, LinePosition::Title, LinePosition::Bottom], rule)
        .padding(1, 1)
        .build();
    let mut table = Table::new();
    table.set_format(format);
    let titles = headers.map(|header| Cell::new_align(header, Alignment::CENTER));
    table.set_titles(Row::new(titles.into()));
    for row in rows {
        table.add_row(row.iter().map(|cell| Cell::new(cell)).collect());
    }
    table
}

/// The widths of a table, from its first rule.
fn widths_of(table: &str) -> Widths {
    let mut columns = table.lines().next().unwrap_or_default().trim_matches('+').split('+');
    HEADERS.map(|_| columns.next().map_or(0, |dashes| dashes.len() - 2))
}

fn cells(entry: &Entry) -> [String; HEADERS.len()] {
    [
        entry.usage.kind().label.to_owned(),
        clipped(&entry.certificate_file, WIDEST_NAME),
        clipped(entry.key_file().unwrap_or_default(), WIDEST_NAME),
        // The last day.
        entry.not_after.map(time::date).unwrap_or_default(),
        entry.notes.to_string(),
        entry.error.as_deref().unwrap_or_default().to_owned(),
    ]
}
