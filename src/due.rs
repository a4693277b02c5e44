//! When a certificate is due for renewal.

use thiserror::Error;

use crate::duration::{Lifetime, LifetimeError};
use crate::pki::issue::Validity;

/// How much time a certificate may have left before it is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due(Left);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// So many seconds.
    Seconds(i64),
    /// This part of the lifetime.
    Part { numerator: u32, denominator: u32 },
}

/// Why a text does not say when a certificate is due.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DueError {
    /// A fraction that is not between 0 and 1.
    #[error("{0:?} is not a part of a lifetime: it has to be between 0 and 1, such as 1/3")]
    Fraction(String),
    /// Not a duration.
    #[error(transparent)]
    Duration(#[from] LifetimeError),
}

impl Due {
    /// Reads `1/3` (a third of the lifetime is left), `30d` or `720h` (so much time is left).
    ///
    /// # Errors
    /// If the text is neither a fraction between 0 and 1 nor a positive duration.
    pub fn parse(text: &str) -> Result<Self, DueError> {
        let Some((numerator, denominator)) = text.split_once('/') else {
            return Ok(Self(Left::Seconds(text.parse::<Lifetime>()?.as_seconds())));
        };
        let number =
            |digits: &str| digits.parse::<u32>().ok().filter(|number| *number > 0 && !digits.starts_with('+'));
        match (number(numerator), number(denominator)) {
            (Some(numerator), Some(denominator)) if numerator < denominator => {
                Ok(Self(Left::Part { numerator, denominator }))
            }
            _ => Err(DueError::Fraction(text.to_owned())),
        }
    }

    /// Is a certificate with this validity due at `now`? All are seconds since 1970-01-01T00:00:00Z. One that
    /// has expired always is. The lifetime counts from the moment the certificate was made: see
    /// [`Validity::lifetime`].
    pub fn is_due(&self, not_before: i64, not_after: i64, now: i64) -> bool {
        let left = i128::from(not_after) - i128::from(now);
        let lifetime = i128::from(Validity { not_before, not_after }.lifetime());
        left < 0
            || match self.0 {
                Left::Seconds(seconds) => left <= seconds.into(),
                Left::Part { numerator, denominator } => {
                    left * i128::from(denominator) <= lifetime * i128::from(numerator)
                }
            }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn a_certificate_is_due_from_the_second_on_that_is_named() {
        // Made on day 1 for 90 days, so valid from day 0.
        for (due, first) in [("1/3", 61), ("2/3", 31), ("30d", 61), ("720h", 61), ("1d", 90), ("1000d", -909)] {
            let due = Due::parse(due).expect(due);
            let is_due = |now| due.is_due(0, 91 * DAY, now);
            assert!(is_due(first * DAY) && !is_due(first * DAY - 1), "{due:?}");
        }
    }

    #[test]
    fn the_day_before_a_certificate_was_made_is_no_part_of_its_lifetime() {
        // Made at noon for 12 hours, and not due at once.
        let due = Due::parse("1/3").expect("a fraction");
        let (made, end) = (DAY, DAY + DAY / 2);
        assert!(!due.is_due(0, end, made) && due.is_due(0, end, end - DAY / 6));
    }

    #[test]
    fn what_is_neither_a_fraction_nor_a_duration_is_refused() {
        for text in [
            "0/3",
            "3/3",
            "4/3",
            "1/0",
            "-1/3",
            "+1/3",
            "1/",
            "/3",
            "1/3/5",
            "1 / 3",
            "99999999999/999999999999",
        ] {
            assert_eq!(Due::parse(text), Err(DueError::Fraction(text.to_owned())), "{text}");
        }
        for text in ["", "30", "0", "-30d", "a third"] {
            assert!(matches!(Due::parse(text), Err(DueError::Duration(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_due_stays_due(not_before: i64, not_after: i64, now: i64, later: u32, text in "[1-9]/[1-9][0-9]|[1-9]d") {
            let due = Due::parse(&text).expect("a due date");
            let then = now.saturating_add(later.into());
            prop_assert!(!due.is_due(not_before, not_after, now) || due.is_due(not_before, not_after, then));
            prop_assert!(not_after >= now || due.is_due(not_before, not_after, now));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Due::parse(&text);
        }
    }
}
