//! What stdout can show: colours, more than ASCII, and how many columns.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};

use rustix::termios::tcgetwinsize;

/// The columns of a terminal that does not say how many it has.
const WIDTH: usize = 80;

/// What text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Does not work.
    Red,
    /// Should be fixed.
    Yellow,
    /// Good.
    Green,
    /// Good to know.
    Cyan,
    /// What a paragraph is about.
    Bold,
}

impl Colour {
    /// The parameters of ECMA-48's SGR.
    fn code(self) -> &'static str {
        match self {
            Self::Red => "1;31",
            Self::Yellow => "1;33",
            Self::Green => "32",
            Self::Cyan => "36",
            Self::Bold => "1",
        }
    }
}

/// Are there colours?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// None, as for a file.
    pub const PLAIN: Self = Self(false);
    /// Always.
    #[cfg(test)]
    pub const COLOURED: Self = Self(true);

    /// On a terminal that can, and whose user has not said no (no-color.org).
    pub fn of_stdout() -> Self {
        Self(io::stdout().is_terminal() && wants_colours(|name| env::var_os(name)))
    }

    /// The text in a colour.
    pub fn text(self, colour: Colour, text: &str) -> String {
        if self.0 { format!("\x1b[{}m{text}\x1b[0m", colour.code()) } else { text.to_owned() }
    }
}

fn wants_colours(var: impl Fn(&str) -> Option<OsString>) -> bool {
    let can = var("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    can && var("NO_COLOR").is_none_or(|no| no.is_empty())
}

/// Can the locale show more than ASCII?
pub fn is_unicode() -> bool {
    is_utf8(|name| env::var_os(name))
}

fn is_utf8(var: impl Fn(&str) -> Option<OsString>) -> bool {
    // The first that is set counts (POSIX, section 8.2).
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|value| !value.is_empty());
    let locale = locale.unwrap_or_default().to_string_lossy().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The columns of the terminal: what COLUMNS says, or the terminal itself.
pub fn width() -> usize {
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.parse::<u16>().ok());
    let asked = || tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col);
    said.filter(|columns| *columns > 0)
        .or_else(|| asked().filter(|columns| *columns > 0))
        .map_or(WIDTH, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(set: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| set.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into())
    }

    #[test]
    fn there_are_colours_unless_the_terminal_or_its_user_has_none() {
        for (set, wanted) in [
            (&[("TERM", "xterm")][..], true),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], true),
            (&[("TERM", "xterm"), ("NO_COLOR", "0")], false),
            (&[("TERM", "dumb")], false),
            (&[("TERM", "")], false),
            (&[], false),
        ] {
            assert_eq!(wants_colours(of(set)), wanted, "{set:?}");
        }
    }

    #[test]
    fn the_first_locale_that_is_set_counts() {
        for (set, utf8) in [
            (&[][..], false),
            (&[("LANG", "C")], false),
            (&[("LANG", "de_DE.UTF-8")], true),
            (&[("LANG", "C.utf8@x")], true),
            (&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")], true),
            (&[("LC_ALL", "POSIX"), ("LANG", "C.UTF-8")], false),
        ] {
            assert_eq!(is_utf8(of(set)), utf8, "{set:?}");
        }
    }

    #[test]
    fn text_is_coloured_only_where_there_are_colours() {
        assert_eq!(Paint::PLAIN.text(Colour::Red, "a"), "a");
        assert_eq!(Paint::COLOURED.text(Colour::Red, "a"), "\x1b[1;31ma\x1b[0m");
    }
}
