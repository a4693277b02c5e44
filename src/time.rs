//! Times as text. Inside, they are seconds since 1970-01-01T00:00:00Z.

use chrono::DateTime;

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
    fn times_are_read_as_rfc_3339() {
        assert_eq!(parse("1970-01-02T00:00:00Z"), Some(86400));
        assert_eq!(parse("1970-01-01T02:00:00+02:00"), Some(0));
        for text in ["", "1970-01-01", "tomorrow", "1970-13-01T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
