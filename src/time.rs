//! Times as text. Inside, they are seconds since 1970-01-01T00:00:00Z.

use chrono::{DateTime, NaiveDate};

/// `2031/11/25`, as `list` prints dates; empty beyond the range of dates.
pub fn date(seconds: i64) -> String {
    format(seconds, "%Y/%m/%d")
}

/// `2031-11-25 21:38:13 UTC`; empty beyond the range of dates.
pub fn utc(seconds: i64) -> String {
    format(seconds, "%Y-%m-%d %H:%M:%S UTC")
}

/// Reads RFC 3339: `2031-11-25T21:38:13Z`, with a space or with an offset.
pub fn parse(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp())
}

/// The contents of a UTCTime (tag 0x17) or GeneralizedTime (0x18) in the forms of RFC 5280 section 4.1.2.5. Seconds may be
/// missing in the first, and a time zone stand in both, as Go and OpenSSL have it.
pub fn from_asn1(tag: u8, contents: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(contents).ok().filter(|text| text.is_ascii())?;
    let (digits, zone) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok();
    let (year, at) = match (tag, digits.len()) {
        (0x17, 10 | 12) => (number(0..2).map(|short| short + if short < 50 { 2000 } else { 1900 })?, 2),
        (0x18, 14) => (number(0..4)?, 4),
        _ => return None,
    };
    let field = |index: usize| number(at + 2 * index..at + 2 * index + 2);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, field(0)?, field(1)?)?;
    let local = date.and_hms_opt(field(2)?, field(3)?, field(4).unwrap_or(0))?.and_utc().timestamp();
    Some(local - zone_offset(zone)?)
}

/// Seconds east of UTC: `Z`, `+0130`.
fn zone_offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("Z", "") => return Some(0),
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let all = digits.len() == 4 && digits.bytes().all(|c| c.is_ascii_digit());
    let (hours, minutes) = digits.split_at_checked(2).filter(|_| all)?;
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
}

fn format(seconds: i64, pattern: &str) -> String {
    DateTime::from_timestamp(seconds, 0).map(|time| time.format(pattern).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(date(253_402_300_799), "9999/12/31");
        assert_eq!(date(i64::MAX), "");
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
            (0x16, "700101000000Z", None),
        ] {
            assert_eq!(from_asn1(tag, text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn times_are_read_as_rfc_3339() {
        assert_eq!(parse("1970-01-02T00:00:00Z"), Some(86400));
        assert_eq!(parse("1970-01-01T02:00:00+02:00"), Some(0));
        for text in ["", "1970-01-01", "tomorrow", "1970-13-01T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
