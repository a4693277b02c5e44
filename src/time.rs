//! Times as text. Internally, they are seconds since 1970-01-01T00:00:00Z.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01T00:00:00Z.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// `2031/11/25`, as `list` prints dates; empty outside the years 0 to 9999.
pub fn date(seconds: i64) -> String {
    let text = |Utc { year, month, day, .. }| format!("{year:04}/{month:02}/{day:02}");
    Utc::at(seconds).map(text).unwrap_or_default()
}

/// `2031-11-25 21:38:13 UTC`; empty outside the years 0 to 9999.
pub fn utc(seconds: i64) -> String {
    let text = |Utc { year, month, day, hour, minute, second }| {
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    };
    Utc::at(seconds).map(text).unwrap_or_default()
}

/// `2031-11-25T21:38:13Z`, as in RFC 3339; `None` outside the years 0 to 9999.
pub fn rfc3339(seconds: i64) -> Option<String> {
    Utc::at(seconds).map(|Utc { year, month, day, hour, minute, second }| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    })
}

/// `2031-11-25`; empty outside the years 0 to 9999.
pub fn day(seconds: i64) -> String {
    date(seconds).replace('/', "-")
}

/// How far off so many seconds from now are: `in 5 years`, `in 12 days`, `3 days ago`. Rounded down.
pub fn from_now(seconds: i64) -> String {
    const MINUTE: u64 = 60;
    const DAY: u64 = 86_400;
    // The units, their average length, and how many there have to be.
    const UNITS: [(&str, u64, u64); 5] = [
        ("year", 31_556_952, 2),
        ("month", 2_629_746, 3),
        ("day", DAY, 2),
        ("hour", 60 * MINUTE, 2),
        ("minute", MINUTE, 1),
    ];
    let distance = seconds.unsigned_abs();
    let unit = UNITS.into_iter().find(|(_, length, least)| distance >= length * least);
    let words = unit.map_or_else(
        || "less than a minute".to_owned(),
        |(unit, length, _)| {
            let count = distance / length;
            format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
        },
    );
    if seconds < 0 { format!("{words} ago") } else { format!("in {words}") }
}

/// Parses RFC 3339: `2031-11-25T21:38:13Z`, with a space or with an offset. A fraction of a second is dropped.
pub fn parse(text: &str) -> Option<i64> {
    let (time, rest) = text.split_at_checked("2031-11-25T21:38:13".len())?;
    let shape = |(at, b): (usize, u8)| match at {
        4 | 7 => b == b'-',
        10 => matches!(b, b'T' | b't' | b' '),
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    };
    let number = |range: std::ops::Range<usize>| time.get(range)?.parse().ok();
    if !time.bytes().enumerate().all(shape) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let seconds = Utc { year, month, day, hour, minute, second }.seconds()?;
    let fraction = rest.strip_prefix('.');
    let zone = fraction.map_or(rest, |fraction| fraction.trim_start_matches(|c: char| c.is_ascii_digit()));
    let has_digits = fraction.is_none_or(|fraction| fraction.len() > zone.len());
    has_digits.then_some(seconds - offset(zone, ":")?)
}

/// The contents of a UTCTime (tag 0x17) or GeneralizedTime (0x18) in the forms of RFC 5280 section 4.1.2.5.
/// Seconds may be missing in the first, and a time zone stand in both, as Go and OpenSSL have it.
pub fn from_asn1(tag: u8, contents: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(contents).ok()?;
    let (digits, zone) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
    let (year, at) = match (tag, digits.len()) {
        (0x17, 10 | 12) => (number(0..2).map(|short| short + if short < 50 { 2000 } else { 1900 })?, 2),
        (0x18, 14) => (number(0..4)?, 4),
        _ => return None,
    };
    let field = |index: usize| number(at + 2 * index..at + 2 * index + 2);
    let (month, day, hour, minute, second) =
        (field(0)?, field(1)?, field(2)?, field(3)?, field(4).unwrap_or(0));
    let local = Utc { year, month, day, hour, minute, second }.seconds()?;
    Some(local - offset(zone, "").filter(|_| zone != "z")?)
}

/// The seconds that a zone such as `Z` or `+02:00` is ahead of UTC, with this between its hours and minutes.
fn offset(zone: &str, colon: &str) -> Option<i64> {
    let sign = match zone.bytes().next()? {
        b'Z' | b'z' => return (zone.len() == 1).then_some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let two_digits = |text: &str| {
        let all = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        all.then(|| text.parse::<i64>().ok())?
    };
    let (hours, minutes) = zone.get(1..)?.split_at_checked(2)?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes.strip_prefix(colon)?)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

/// A moment in UTC, in the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utc {
    /// From 0 to 9999.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    /// From 0 to 23.
    pub hour: i64,
    /// From 0 to 59.
    pub minute: i64,
    /// From 0 to 59: there are no leap seconds.
    pub second: i64,
}

impl Utc {
    /// The moment this many seconds after 1970-01-01T00:00:00Z; `None` outside the years 0 to 9999.
    pub fn at(seconds: i64) -> Option<Self> {
        // Years begin in March, so that a leap day ends its year. An era is 400 years, and always has the same
        // length.
        let (days, second) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let year = era * 400 + year + i64::from(month > 9);
        let month = if month > 9 { month - 9 } else { month + 3 };
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        (0..=9999).contains(&year).then_some(Self { year, month, day, hour, minute, second })
    }

    /// The moment this long after 1970-01-01T00:00:00Z; 1970 itself beyond the year 9999.
    pub fn of(since: Duration) -> Self {
        let seconds = i64::try_from(since.as_secs()).ok();
        let epoch = Self { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
        seconds.and_then(Self::at).unwrap_or(epoch)
    }

    /// The inverse of `at`; `None` if there is no such moment, as on 30 February.
    fn seconds(self) -> Option<i64> {
        let (year, month) =
            if self.month > 2 { (self.year, self.month - 3) } else { (self.year - 1, self.month + 9) };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day = (153 * month + 2) / 5 + self.day - 1 + of_era * 365 + of_era / 4 - of_era / 100;
        let days = era * 146_097 + day - 719_468;
        let seconds = ((days * 24 + self.hour) * 60 + self.minute) * 60 + self.second;
        (Self::at(seconds) == Some(self)).then_some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_in_utc() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(date(253_402_300_799), "9999/12/31");
        for seconds in [253_402_300_800, -62_167_219_201, i64::MAX, i64::MIN] {
            assert_eq!(date(seconds), "", "{seconds}");
        }
        // Centuries have no leap day, but for each fourth.
        for (seconds, shown) in [
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (4_107_456_000, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(day(seconds), shown);
        }
    }

    #[test]
    fn the_time_left_is_said_in_words() {
        const DAY: i64 = 86_400;
        for (seconds, words) in [
            (0, "in less than a minute"),
            (59, "in less than a minute"),
            (60, "in 1 minute"),
            (7199, "in 119 minutes"),
            (7200, "in 2 hours"),
            (2 * DAY - 1, "in 47 hours"),
            (12 * DAY + 5, "in 12 days"),
            (91 * DAY, "in 91 days"),
            (92 * DAY, "in 3 months"),
            (730 * DAY, "in 23 months"),
            (731 * DAY, "in 2 years"),
            (5 * 366 * DAY, "in 5 years"),
            (-1, "less than a minute ago"),
            (-3 * DAY, "3 days ago"),
            (i64::MIN, "292277024626 years ago"),
            (i64::MAX, "in 292277024626 years"),
        ] {
            assert_eq!(from_now(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn times_of_certificates_are_read() {
        for (tag, text, expected) in [
            (0x17, "700101000000Z", Some(0)),
            (0x17, "7001010000Z", Some(0)),
            (0x17, "700101010000+0100", Some(0)),
            (0x17, "491231235959Z", Some(2_524_607_999)),
            (0x17, "500101000000Z", Some(-631_152_000)),
            (0x18, "20500101000000Z", Some(2_524_608_000)),
            (0x18, "99991231235959Z", Some(253_402_300_799)),
            (0x18, "19700101000000-0130", Some(5400)),
            (0x18, "197001010000Z", None),
            (0x18, "20230229000000Z", None),
            (0x17, "700101000060Z", None),
            (0x17, "700101000000", None),
            (0x17, "700101000000ZZ", None),
            (0x17, "700101000000+01", None),
            (0x17, "700101000000z", None),
            (0x17, "700101000000+01:00", None),
            (0x18, "19700101000000+2400", None),
            (0x16, "700101000000Z", None),
        ] {
            assert_eq!(from_asn1(tag, text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn times_are_read_as_rfc_3339() {
        for (text, seconds) in [
            ("1970-01-02T00:00:00Z", 86400),
            ("1970-01-01t00:00:01.75z", 1),
            ("1970-01-01 00:00:00Z", 0),
            ("1970-01-01T02:00:00+02:00", 0),
            ("1969-12-31T20:30:00-03:30", 0),
            ("2024-02-29T12:00:00Z", 1_709_208_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "1970-01-01",
            "tomorrow",
            "1970-13-01T00:00:00Z",
            "1970-00-01T00:00:00Z",
            "2023-02-29T12:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:60:00Z",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00Z ",
            "1970-01-01T00:00:00+0200",
            "1970-01-01T00:00:00+1:034",
            "1970-01-01T00:00:00+24:00",
            "1970-01-01T00:00:00+01:60",
            "1970-01-01T00:00:00+-1:00",
            "+970-01-01T00:00:00Z",
            "1970-01-01T00:00:0\u{fc}Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_calendar_is_openssls(seconds in -62_167_219_200..=253_402_300_799_i64) {
            const MONTHS: [&str; 12] =
                ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            let Utc { year, month, day, hour, minute, second } = Utc::at(seconds).expect("a year up to 9999");
            let month = MONTHS[usize::try_from(month).expect("a month") - 1];
            let shown = Asn1Time::from_unix(seconds).expect("a time").to_string();
            prop_assert_eq!(shown, format!("{month} {day:>2} {hour:02}:{minute:02}:{second:02} {year} GMT"));
            prop_assert_eq!(parse(&utc(seconds).replace(" UTC", "Z")), Some(seconds));
            prop_assert_eq!(rfc3339(seconds).as_deref().and_then(parse), Some(seconds));
        }
    }
}
