//! `list --timeline`: each certificate's validity as a bar over time, what expires first on top.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;

use super::terminal::{self, Colour, Paint};
use crate::certs_dir::scan::Entry;
use crate::error::{clipped, printable};
use crate::time;

const DAY: i64 = 86_400;

/// Nothing is shown that is more seconds away from today: a certificate without an end would leave no room for
/// the others.
const FAR: i64 = 20 * 366 * DAY;

/// What ends within so many seconds is marked.
const SOON: i64 = 30 * DAY;

/// The narrowest and the widest screen that the lines are made for.
const WIDTHS: (usize, usize) = (60, 1000);

/// Where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// In columns.
    pub width: usize,
    /// Can it show more than ASCII?
    pub unicode: bool,
    /// Are there colours?
    pub paint: Paint,
}

impl Screen {
    /// What stdout is.
    pub fn of_stdout() -> Self {
        let (width, unicode) = (terminal::width(), terminal::is_unicode());
        Self { width, unicode, paint: Paint::of_stdout() }
    }
}

/// A certificate, and what to say about it.
struct Bar<'a> {
    start: i64,
    end: i64,
    file: &'a str,
    words: String,
    colour: Colour,
}

/// The days that are shown, and in how many columns.
struct Scale {
    now: i64,
    from: i64,
    to: i64,
    columns: usize,
}

/// What a bar is drawn with.
struct Pens {
    valid: char,
    expired: char,
    today: char,
    valid_today: char,
    earlier: char,
    later: char,
}

const ASCII: Pens = Pens { valid: '=', expired: 'x', today: '|', valid_today: '+', earlier: '<', later: '>' };
const UNICODE: Pens = Pens {
    valid: '\u{2501}',
    expired: '\u{d7}',
    today: '\u{2502}',
    valid_today: '\u{253f}',
    earlier: '\u{25c0}',
    later: '\u{25b6}',
};

/// Prints the entries of a directory, as of `now`.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(out: &mut impl Write, dir: &Path, entries: &[Entry], now: i64, screen: Screen) -> io::Result<()> {
    let mut bars: Vec<_> = entries.iter().filter_map(|entry| Bar::of(entry, now)).collect();
    bars.sort_by_key(|bar| (bar.end, bar.file));
    writeln!(out, "Certificate directory: {}", printable(&dir.display().to_string()))?;
    if !bars.is_empty() {
        let width = screen.width.clamp(WIDTHS.0, WIDTHS.1);
        let longest = |length: fn(&Bar<'_>) -> usize| bars.iter().map(length).max().unwrap_or_default();
        let words = longest(|bar| bar.words.len());
        let names = longest(|bar| printable(bar.file).chars().count()).min(width / 3);
        let scale = Scale::of(&bars, now, width - names - words - 4);
        scale.head().iter().try_for_each(|line| writeln!(out, "{line}"))?;
        for bar in &bars {
            let (drawn, padding) = (scale.draw(bar, screen), " ".repeat(words - bar.words.len()));
            // The name comes last, so that its width does not matter.
            let (said, name) = (screen.paint.text(bar.colour, &bar.words), cut(bar.file, names));
            writeln!(out, "{drawn}  {said}{padding}  {name}")?;
        }
    }
    if entries.is_empty() {
        writeln!(out, "no certificates")?;
    }
    let mut unreadable = entries.iter().filter(|entry| Bar::of(entry, now).is_none()).peekable();
    if unreadable.peek().is_some() {
        writeln!(out, "\nThese cannot be read:")?;
    }
    unreadable.try_for_each(|entry| {
        let why = entry.error.as_deref().unwrap_or("its validity is no time");
        writeln!(out, "  {}: {}", printable(&entry.certificate_file), printable(why))
    })
}

impl Scale {
    /// From the first second of all bars to the last, with today.
    fn of(bars: &[Bar<'_>], now: i64, columns: usize) -> Self {
        let near = |time: i64| time.clamp(now - FAR, now + FAR);
        let from = bars.iter().map(|bar| near(bar.start)).fold(now, i64::min);
        let to = bars.iter().map(|bar| near(bar.end)).fold(now, i64::max);
        Self { now, from, to: to.max(from + 1), columns }
    }

    /// The column of a moment; the first or the last one for what is not shown.
    fn column(&self, time: i64) -> usize {
        let (after, span) = (time.clamp(self.from, self.to) - self.from, self.to - self.from);
        let columns = i64::try_from(self.columns).unwrap_or(i64::MAX);
        usize::try_from(after * (columns - 1) / span).unwrap_or_default()
    }

    /// The first and the last day, and today.
    fn head(&self) -> [String; 2] {
        let (from, to, today) = (time::day(self.from), time::day(self.to), time::day(self.now));
        let (at, columns) = (self.column(self.now), self.columns);
        let room = columns.saturating_sub(from.len()).max(to.len() + 2);
        let label = format!("today, {today}");
        // To the left of the mark if it is too long for the right.
        let fits = at + 2 + label.len() <= columns || at < label.len() + 1;
        let today = if fits { format!("{:at$}| {label}", "") } else { format!("{:>at$}|", label + " ") };
        [format!("{from}{to:>room$}"), today]
    }

    /// The bar, with today marked in it.
    fn draw(&self, bar: &Bar<'_>, screen: Screen) -> String {
        let pens = if screen.unicode { UNICODE } else { ASCII };
        let cells: Vec<_> = (0..self.columns).map(|at| self.cell(bar, at, &pens)).collect();
        let painted = |run: &[(char, bool)]| {
            let text: String = run.iter().map(|(pen, _)| pen).collect();
            if run[0].1 { screen.paint.text(bar.colour, &text) } else { text }
        };
        cells.chunk_by(|a, b| a.1 == b.1).map(painted).collect()
    }

    /// What is drawn in a column, and whether that is the bar.
    fn cell(&self, bar: &Bar<'_>, at: usize, pens: &Pens) -> (char, bool) {
        let (start, end, today) = (self.column(bar.start), self.column(bar.end), self.column(self.now));
        let is_first = at == 0 && bar.start < self.from;
        let is_last = at + 1 == self.columns && bar.end > self.to;
        match at {
            _ if at < start || at > end => (if at == today { pens.today } else { ' ' }, false),
            _ if is_first => (pens.earlier, true),
            _ if is_last => (pens.later, true),
            _ if bar.end < self.now => (pens.expired, true),
            _ if at == today => (pens.valid_today, true),
            _ => (pens.valid, true),
        }
    }
}

impl<'a> Bar<'a> {
    /// `None` if the certificate cannot be read.
    fn of(entry: &'a Entry, now: i64) -> Option<Self> {
        let (start, end, file) = (entry.not_before?, entry.not_after?, &*entry.certificate_file);
        let (left, until) = (end.saturating_sub(now), start.saturating_sub(now));
        let (verb, from_now, colour) = match (left, until) {
            (..0, _) => ("expired", left, Colour::Red),
            (_, 1..) => ("starts", until, Colour::Yellow),
            (..=SOON, _) => ("expires", left, Colour::Yellow),
            _ => ("expires", left, Colour::Green),
        };
        Some(Self { start, end, file, words: format!("{verb} {}", time::from_now(from_now)), colour })
    }
}

/// The name of a file in so many characters.
fn cut(file: &str, columns: usize) -> String {
    let name = printable(file);
    if name.chars().count() > columns { clipped(file, columns.saturating_sub(3)) } else { name }
}
