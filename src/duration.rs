//! Lifetimes of certificates, written as Go durations (REFERENCE.md section 2).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Nanoseconds in one second.
const SECOND: i128 = 1_000_000_000;
const HOUR: i128 = 3600 * SECOND;

/// The units of a Go duration, and `d`, in nanoseconds.
const UNITS: [(&str, i128); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", HOUR),
    ("d", 24 * HOUR),
];

/// How long a certificate is valid, in whole seconds; at least one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime {
    seconds: i64,
}

/// Why a text is not a lifetime.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LifetimeError {
    /// Not a Go duration.
    #[error("invalid duration {0:?}")]
    Syntax(String),
    /// Zero or less.
    #[error("{0:?} is not positive")]
    NotPositive(String),
    /// Less than the resolution of a certificate's times.
    #[error("{0:?} is shorter than a second")]
    TooShort(String),
    /// More than fits.
    #[error("{0:?} is too long")]
    TooLong(String),
}

impl Lifetime {
    /// Five years of 366 days, as all certificates but CAs have by default (REFERENCE.md section 2).
    pub const LEAF: Self = Self { seconds: 43_920 * 3600 };

    /// The lifetime in seconds.
    pub fn as_seconds(self) -> i64 {
        self.seconds
    }

    /// A lifetime of so many seconds; `None` for less than one.
    pub fn of_seconds(seconds: i64) -> Option<Self> {
        (seconds >= 1).then_some(Self { seconds })
    }

    /// The longest lifetime that is not longer than `seconds`, in whole hours if that is at least one; `None`
    /// for less than a second. Used to suggest what to type.
    pub fn at_most(seconds: i64) -> Option<Self> {
        let seconds = if seconds >= 3600 { seconds / 3600 * 3600 } else { seconds };
        (seconds >= 1).then_some(Self { seconds })
    }
}

impl fmt::Display for Lifetime {
    /// As short as it can be typed: `24h`, `90s`, `1h30m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.seconds / 3600, 'h'), (self.seconds / 60 % 60, 'm'), (self.seconds % 60, 's')];
        for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{count}{unit}")?;
        }
        Ok(())
    }
}

impl FromStr for Lifetime {
    type Err = LifetimeError;

    /// Reads `87840h0m0s`, `90m`, `1h30m`, `1.5h`, `30d`: the grammar of Go's `time.ParseDuration`, and `d` for
    /// 24 hours. Fractions of a second are dropped.
    fn from_str(text: &str) -> Result<Self, LifetimeError> {
        let nanoseconds = parse_nanoseconds(text).ok_or_else(|| LifetimeError::Syntax(text.to_owned()))?;
        if nanoseconds <= 0 {
            return Err(LifetimeError::NotPositive(text.to_owned()));
        }
        match i64::try_from(nanoseconds / SECOND) {
            Ok(0) => Err(LifetimeError::TooShort(text.to_owned())),
            Ok(seconds) => Ok(Self { seconds }),
            Err(_) => Err(LifetimeError::TooLong(text.to_owned())),
        }
    }
}

/// The sum of the parts; saturates, so that it accepts a number of any length. `None` if this is not a
/// duration.
fn parse_nanoseconds(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0i128;
    while !rest.is_empty() {
        let (whole, after) = split_digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => split_digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum
            .saturating_add(number(whole).saturating_mul(*scale))
            .saturating_add(fraction_of(fraction, *scale));
        rest = after;
    }
    Some(sign * sum)
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn number(digits: &str) -> i128 {
    digits.bytes().fold(0i128, |n, digit| n.saturating_mul(10).saturating_add((digit - b'0').into()))
}

/// `0.<digits>` of `scale`; digits below a nanosecond are dropped.
fn fraction_of(digits: &str, scale: i128) -> i128 {
    let (value, _) = digits
        .bytes()
        .fold((0, scale), |(value, scale), digit| (value + i128::from(digit - b'0') * scale / 10, scale / 10));
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_durations_are_read_as_go_reads_them() {
        for (text, seconds) in [
            ("87840h0m0s", 87840 * 3600),
            ("90m", 5400),
            ("1h30m", 5400),
            ("1.5h", 5400),
            (".5h", 1800),
            ("1.25h", 4500),
            ("1.h", 3600),
            ("30d", 30 * 86400),
            ("1d12h", 36 * 3600),
            ("1500ms", 1),
            ("1000000us", 1),
            ("1000000\u{b5}s", 1),
            ("1000000000ns", 1),
            ("+2s", 2),
            ("1h-0", 0),
        ] {
            let read = text.parse::<Lifetime>().map(Lifetime::as_seconds);
            if seconds == 0 {
                assert!(read.is_err(), "{text}");
            } else {
                assert_eq!(read, Ok(seconds), "{text}");
            }
        }
    }

    #[test]
    fn what_is_not_a_positive_duration_is_refused() {
        type Refusal = fn(String) -> LifetimeError;
        let cases: [(&str, Refusal); 15] = [
            ("", LifetimeError::Syntax),
            ("24", LifetimeError::Syntax),
            ("h", LifetimeError::Syntax),
            (".h", LifetimeError::Syntax),
            ("1y", LifetimeError::Syntax),
            ("1h 30m", LifetimeError::Syntax),
            ("one hour", LifetimeError::Syntax),
            ("--1h", LifetimeError::Syntax),
            ("1H", LifetimeError::Syntax),
            ("0", LifetimeError::NotPositive),
            ("0h0m0s", LifetimeError::NotPositive),
            ("-1h", LifetimeError::NotPositive),
            ("1ms", LifetimeError::TooShort),
            ("99999999999999999999999999h", LifetimeError::TooLong),
            ("999999999999999999999999999999999999999999999999h", LifetimeError::TooLong),
        ];
        for (text, refusal) in cases {
            assert_eq!(text.parse::<Lifetime>(), Err(refusal(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn advice_is_in_whole_hours_where_there_is_one() {
        let advice = |seconds| Lifetime::at_most(seconds).map(|lifetime| lifetime.to_string());
        assert_eq!(advice(86_399), Some("23h".to_owned()));
        assert_eq!(advice(3599), Some("59m59s".to_owned()));
        assert_eq!(advice(1), Some("1s".to_owned()));
        assert_eq!(advice(0), None);
        assert_eq!(advice(-5), None);
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = text.parse::<Lifetime>();
        }

        #[test]
        fn what_is_printed_reads_back(seconds in 1..i64::MAX / 2) {
            let lifetime = Lifetime { seconds };
            prop_assert_eq!(lifetime.to_string().parse::<Lifetime>(), Ok(lifetime));
        }
    }
}
