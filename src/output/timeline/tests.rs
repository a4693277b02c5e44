//! What the timeline looks like.

use super::*;
use crate::usage::Usage;

/// 2026-11-22.
const NOW: i64 = 1_795_305_600;
const YEAR: i64 = 365 * DAY;

fn entry((file, start, end): (&str, i64, i64)) -> Entry {
    Entry {
        usage: Usage::Client,
        certificate_file: file.into(),
        has_key: true,
        not_before: Some(NOW.saturating_add(start)),
        not_after: Some(NOW.saturating_add(end)),
        notes: Box::default(),
        error: None,
    }
}

fn drawn(width: usize, paint: Paint, certificates: &[(&str, i64, i64)]) -> Vec<String> {
    let entries: Vec<_> = certificates.iter().copied().map(entry).collect();
    let (mut out, screen) = (Vec::new(), Screen { width, unicode: false, paint });
    write(&mut out, Path::new("certs"), &entries, NOW, screen).expect("memory");
    String::from_utf8(out).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn bars_are_drawn_to_scale_with_today_marked() {
    type Case<'a> = (usize, &'a [(&'a str, i64, i64)], &'a [&'a str]);
    let cases: [Case<'_>; 7] = [
        (60, &[], &["no certificates"]),
        (
            60,
            &[("b", -YEAR, YEAR), ("a", -YEAR / 2, 12 * DAY)],
            &[
                "2025-11-22               2027-11-22",
                "                 | today, 2026-11-22",
                "        =========+                   expires in 12 days    a",
                "=================+=================  expires in 11 months  b",
            ],
        ),
        (
            100,
            &[("a", -DAY, 5 * YEAR)],
            &[
                "2026-11-21                                                         2031-11-21",
                "| today, 2026-11-22",
                "+============================================================================  expires in 4 years  a",
            ],
        ),
        // All have expired.
        (
            60,
            &[("b", -2 * YEAR, -YEAR), ("a", -4 * YEAR, -3 * DAY)],
            &[
                "2022-11-23              2026-11-22",
                "               today, 2026-11-22 |",
                "                xxxxxxxxx        |  expired 11 months ago  b",
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|  expired 3 days ago     a",
            ],
        ),
        // One is not yet valid.
        (
            60,
            &[("b", 12 * DAY, YEAR), ("a", -YEAR, YEAR / 2)],
            &[
                "2025-11-22                2027-11-22",
                "                 | today, 2026-11-22",
                "=================+=========           expires in 5 months  a",
                "                 |==================  starts in 12 days    b",
            ],
        ),
        // Times far apart.
        (
            60,
            &[
                ("b", -60 * YEAR, 8000 * YEAR),
                ("a", -DAY, YEAR),
                ("c", i64::MIN, -50 * YEAR),
                ("d", 50 * YEAR, i64::MAX),
            ],
            &[
                "2006-11-07              2046-12-07",
                "                | today, 2026-11-22",
                "<               |                   expired 49 years ago   c",
                "                +=                  expires in 11 months   a",
                "<===============+================>  expires in 7994 years  b",
                "                |                >  starts in 49 years     d",
            ],
        ),
        // Too narrow.
        (
            1,
            &[("a-name-of-more-than-a-third-of-the-screen", 0, 0)],
            &[
                "2026-11-22  2026-11-22",
                "| today, 2026-11-22",
                "+        expires in less than a minute  a-name-of-more-th...",
            ],
        ),
    ];
    for (width, certificates, lines) in cases {
        assert_eq!(drawn(width, Paint::PLAIN, certificates)[1..], *lines, "{certificates:?}");
    }
}

#[test]
fn what_expires_is_red_or_yellow_and_the_rest_green() {
    let lines = drawn(60, Paint::COLOURED, &[("a", -DAY, -1), ("b", -DAY, SOON), ("c", -DAY, SOON + 1)]);
    for (line, code) in lines[3..].iter().zip(["1;31", "1;33", "32"]) {
        assert_eq!(line.matches(&format!("\x1b[{code}m")).count(), 2, "{line:?}");
    }
}

#[test]
fn what_cannot_be_read_is_named_below() {
    let mut bad = entry(("client.x\x1b.crt", 0, 0));
    (bad.not_after, bad.error) = (None, Some("no certificates found".into()));
    let (mut out, screen) = (Vec::new(), Screen { width: 80, unicode: true, paint: Paint::PLAIN });
    write(&mut out, Path::new("certs"), &[bad], NOW, screen).expect("memory");
    let expected =
        "Certificate directory: certs\n\nThese cannot be read:\n  client.x\\u{1b}.crt: no certificates found\n";
    assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
}
