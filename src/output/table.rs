//! The table of `list`, as the reference prints it (REFERENCE.md section 3).

use std::path::Path;

use prettytable::format::{Alignment, FormatBuilder, LinePosition, LineSeparator};
use prettytable::{Cell, Row, Table};

use crate::certs_dir::scan::Entry;
use crate::error::printable;
use crate::time;
use crate::usage::Usage;

const HEADERS: [&str; 6] = ["Usage", "Certificate File", "Key File", "Expires", "Notes", "Error"];
const UNKNOWN: &str = "<unknown>";

/// The most characters of a cell that are shown: a certificate can have as many names as it likes, and every row is as wide as
/// the widest one.
const WIDEST: usize = 2000;

/// The entries of a directory.
pub fn render(dir: &Path, entries: &[Entry]) -> String {
    let table = framed(&HEADERS, entries.iter().map(cells));
    let rows = if entries.len() == 1 { "row" } else { "rows" };
    let dir = printable(&dir.display().to_string());
    format!("Certificate directory: {dir}\n{table}({} {rows})\n", entries.len())
}

/// A table with centred headers and left-aligned cells, framed as the reference does it.
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
        table.add_row(row.iter().map(|cell| Cell::new(&shown(cell))).collect());
    }
    table
}

fn cells(entry: &Entry) -> [String; 6] {
    [
        entry.name.usage.kind().label.to_owned(),
        entry.certificate_file.clone(),
        entry.key_file.clone().unwrap_or_default(),
        expires(entry),
        notes(entry),
        entry.error.clone().unwrap_or_default(),
    ]
}

fn shown(cell: &str) -> String {
    match cell.char_indices().nth(WIDEST) {
        Some((end, _)) => printable(&cell[..end]) + "...",
        None => printable(cell),
    }
}

/// The last day of the first certificate; empty where there is none to be read.
fn expires(entry: &Entry) -> String {
    entry.content.as_ref().and_then(|content| content.first.not_after).map(time::date).unwrap_or_default()
}

fn notes(entry: &Entry) -> String {
    let content = entry.content.as_ref();
    let unknown = || UNKNOWN.to_owned();
    match entry.name.usage {
        Usage::Ca | Usage::ClientCa | Usage::UiCa | Usage::TenantClientCa => {
            format!("num certs: {}", content.map_or_else(unknown, |content| content.count.to_string()))
        }
        Usage::Node | Usage::Ui => {
            let addresses = content
                .map(|content| [&*content.first.dns_names, &content.first.ip_addresses].concat().join(","));
            format!("addresses: {}", addresses.unwrap_or_else(unknown))
        }
        // Without a common name, only its subject says whose certificate it is, and the server knows by its settings.
        Usage::Client => match content.map(|content| content.first.common_name()) {
            Some("") => format!("user: {}", entry.name.name.as_deref().unwrap_or_default()),
            name => format!("user: {}", name.unwrap_or(UNKNOWN)),
        },
        Usage::TenantClient | Usage::TenantSigning => {
            format!("tenant: {}", content.and(entry.name.name.clone()).unwrap_or_else(unknown))
        }
    }
}
