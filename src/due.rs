//! When a certificate is due for renewal.

use std::fmt;

use thiserror::Error;

use crate::duration::Lifetime;
use crate::pki::issue::BACKDATED_SECONDS;

/// How much of its lifetime a certificate has left when it is due: a part of it, or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due(Rule);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// A fraction, greater than 0 and less than 1.
    Part { numerator: u32, denominator: u32 },
    /// So long before its end.
    Left(Lifetime),
}

/// Why a text is not such a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is neither a part of the lifetime, such as 1/3, nor a time, such as 30d or 720h")]
pub struct DueError(String);

impl Due {
    /// Reads `1/3` (of the lifetime is left), `30d` or a Go duration such as `720h`.
    ///
    /// # Errors
    /// If it is neither, or the part is not between 0 and 1, or the time not positive.
    pub fn parse(text: &str) -> Result<Self, DueError> {
        let rule = match text.split_once('/') {
            Some((numerator, denominator)) => part(numerator, denominator),
            None => text.parse().ok().map(Rule::Left),
        };
        rule.map(Self).ok_or_else(|| DueError(text.to_owned()))
    }

    /// Is a certificate with this validity due? All times are seconds since 1970-01-01T00:00:00Z.
    ///
    /// Our certificates begin a day before they are made; this day is no part of the lifetime, or one of a few
    /// hours would be due at once.
    pub fn is_due(&self, not_before: i64, not_after: i64, now: i64) -> bool {
        let left = i128::from(not_after) - i128::from(now);
        match self.0 {
            Rule::Left(time) => left <= time.as_seconds().into(),
            Rule::Part { numerator, denominator } => {
                let whole = i128::from(not_after) - i128::from(not_before);
                let backdated = i128::from(BACKDATED_SECONDS);
                let lifetime = if whole > backdated { whole - backdated } else { whole };
                left * i128::from(denominator) <= lifetime * i128::from(numerator)
            }
        }
    }

    /// Is a certificate with this lifetime not due as soon as it is made?
    pub fn leaves_time(&self, lifetime: Lifetime) -> bool {
        !self.is_due(-BACKDATED_SECONDS, lifetime.as_seconds(), 0)
    }
}

fn part(numerator: &str, denominator: &str) -> Option<Rule> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
    let (numerator, denominator) = (number(numerator)?, number(denominator)?);
    (0 < numerator && numerator < denominator).then_some(Rule::Part { numerator, denominator })
}

impl fmt::Display for Due {
    /// As it can be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Rule::Part { numerator, denominator } => write!(f, "{numerator}/{denominator}"),
            Rule::Left(time) => time.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn a_rule_is_a_part_of_the_lifetime_or_a_time() {
        for (text, shown) in
            [("1/3", "1/3"), ("2/3", "2/3"), ("30d", "720h"), ("720h", "720h"), ("90m", "1h30m")]
        {
            assert_eq!(Due::parse(text).map(|due| due.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for text in
            ["", "1", "/", "1/", "/3", "0/3", "3/3", "4/3", "1/0", "-1/3", "+1/3", "1/3/4", "0", "-30d", "30 d"]
        {
            assert_eq!(Due::parse(text), Err(DueError(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_certificate_is_due_when_no_more_than_that_is_left() {
        // Made on day 0, valid for 90 days, from a day before.
        for (rule, due_from) in [("1/3", 60), ("2/3", 30), ("1/2", 45), ("30d", 60), ("24h", 89)] {
            let due = Due::parse(rule).expect(rule);
            assert!(!due.is_due(-DAY, 90 * DAY, due_from * DAY - 1), "{rule}");
            assert!(due.is_due(-DAY, 90 * DAY, due_from * DAY), "{rule}");
            assert!(due.is_due(-DAY, 90 * DAY, 1000 * DAY), "{rule}");
        }
        // Somebody else's of a day, not backdated.
        assert!(!Due::parse("1/3").expect("a rule").is_due(0, DAY, 15 * 3600));
        assert!(Due::parse("1/3").expect("a rule").is_due(0, DAY, 16 * 3600));
    }

    #[test]
    fn a_time_that_is_longer_than_the_lifetime_leaves_none() {
        let leaves_time =
            |rule, lifetime: &str| Due::parse(rule).expect(rule).leaves_time(lifetime.parse().expect(lifetime));
        assert!(leaves_time("60d", "61d") && !leaves_time("60d", "60d") && !leaves_time("60d", "30d"));
        assert!(leaves_time("1/3", "1h") && leaves_time("2/3", "30s"));
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "\\PC*", times: [i64; 3]) {
            if let Ok(due) = Due::parse(&text) {
                due.is_due(times[0], times[1], times[2]);
            }
        }

        #[test]
        fn what_is_due_stays_due(a: u32, b: u32, times: [i64; 3], later: i64) {
            if let Ok(due) = Due::parse(&format!("{a}/{b}")) {
                if due.is_due(times[0], times[1], times[2]) {
                    prop_assert!(due.is_due(times[0], times[1], times[2].max(later)));
                }
            }
        }
    }
}
