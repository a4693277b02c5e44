//! Regular expressions of identity maps.

use super::super::pattern::Pattern;

#[test]
fn a_pattern_matches_as_in_go() {
    for (pattern, text, group) in [
        ("a", "xay", Some("")),
        ("^a", "xay", None),
        ("a$", "xay", None),
        ("^a$", "a", Some("")),
        ("^$", "", Some("")),
        ("", "x", Some("")),
        ("^(.*)@x$", "a@b@x", Some("a@b")),
        ("(.*)@", "a@b@x", Some("a@b")),
        ("(b+)", "abbbc", Some("bbb")),
        ("(b*)", "abbbc", Some("")),
        ("(ab?)c?", "xabc", Some("ab")),
        ("^ab?c$", "abc", Some("")),
        ("^ab?c$", "ac", Some("")),
        ("^ab?c$", "abbc", None),
        ("(ab?)b", "xabc", Some("a")),
        ("^(a*)(b)(c*)$", "aabcc", Some("aa")),
        ("^(.)$", "\u{f6}", Some("\u{f6}")),
        ("^.$", "\n", None),
        ("^a.+b$", "a\nb", None),
        (r"^([a-c_.-]+)\d$", "a_b.c-9", Some("a_b.c-")),
        ("^([^@]+)@", "ann@x", Some("ann")),
        ("^[^a]$", "\n", Some("")),
        (r"^[\.\]]+$", ".]", Some("")),
        (r"^[\d]+$", "12", Some("")),
        (r"^\w\s\\\.$", "_ \\.", Some("")),
        (r"^\w$", "-", None),
        (r"^\s$", "\x0b", None),
        ("^a+$", "", None),
        ("A", "a", None),
    ] {
        let found = Pattern::parse(pattern).unwrap().first_group(text).unwrap();
        assert_eq!(found.as_deref(), group, "{pattern:?} {text:?}");
    }
    assert_eq!(Pattern::parse("(a)(b)").unwrap().groups(), 2);
}

#[test]
fn what_is_not_understood_is_refused() {
    for pattern in [
        "a|b",
        "a{2}",
        "a*?",
        "a++",
        "(?i)a",
        "((a))",
        "((a)",
        "(a)*",
        "(a){2}",
        "(a)?",
        "(a",
        "a)",
        "a^",
        "a$b",
        "(a$)",
        "*a",
        "+",
        "[a",
        "[]a]",
        "[[:alpha:]]",
        "[z-a]",
        "[a-\\d]",
        "[-a]",
        "\\pL",
        "\\b",
        "\\",
        "a}",
        "]",
        "[^]",
        "x{",
    ] {
        assert!(Pattern::parse(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn patience_has_an_end() {
    let slow = Pattern::parse("(x*)x*x*x*x*y").unwrap();
    assert_eq!(slow.first_group("xxxy").unwrap().as_deref(), Some("xxx"));
    let error = slow.first_group(&"x".repeat(2000)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the regular expression cannot be judged: it takes too long for this certificate"
    );
}

#[test]
fn the_longest_pattern_has_an_end() {
    let pattern = Pattern::parse(&"a?".repeat(1000)).unwrap();
    assert_eq!(pattern.first_group("a").unwrap().as_deref(), Some(""));
    let error = Pattern::parse(&"a?".repeat(100_000)).and_then(|long| long.first_group("a")).unwrap_err();
    assert_eq!(error.to_string(), "the regular expression cannot be judged: it is too long");
}
