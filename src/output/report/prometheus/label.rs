//! Labels: whatever a name is, it stays on its line, drives no terminal, and differs from all others.

use crate::error::misleads;

/// The most bytes of a name in a certificate that are shown: it can be as long as it likes.
const WIDEST: usize = 200;

/// The most octets of a serial number that is shown; RFC 5280 section 4.1.2.2 allows 20.
const LONGEST: usize = 64;

/// `name="value"`, for a value of any bytes. A backslash is `\\`, a character that could do harm `\u{1b}`, and
/// a byte that is not UTF-8 `\xff`. Two values are never shown alike: node_exporter refuses a file in which two
/// samples have the same labels. The text format then has each backslash twice.
pub fn label(name: &str, value: &[u8]) -> String {
    let mut text = format!("{name}=\"");
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => text += r"\\\\",
                '"' => text += "\\\"",
                c if misleads(c) => text += &format!("\\{}", c.escape_unicode()),
                c => text.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| text += &format!(r"\\x{byte:02x}"));
    }
    text + "\""
}

/// The same for a name that may be very long, and tells nothing apart; empty if there is none.
pub fn label_cut(name: &str, value: &str) -> String {
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() <= WIDEST;
    let end = value.char_indices().take_while(fits).map(|(at, c)| at + c.len_utf8()).last();
    match end {
        None => String::new(),
        Some(end) if end < value.len() => label(name, format!("{}...", &value[..end]).as_bytes()),
        Some(_) => label(name, value.as_bytes()),
    }
}

/// All of a sample's labels, without those that are empty.
pub fn braces(labels: &[&str]) -> String {
    let labels: Vec<_> = labels.iter().copied().filter(|label| !label.is_empty()).collect();
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}

/// The number that an INTEGER's contents octets stand for (X.690 section 8.3); empty if it is far too long.
pub fn decimal(octets: &[u8]) -> String {
    const LIMB: u64 = 1_000_000_000;
    if octets.is_empty() || octets.len() > LONGEST {
        return String::new();
    }
    let negative = octets[0] & 0x80 != 0;
    // The lowest first. The magnitude of a negative number is its complement, plus one.
    let mut limbs = vec![0];
    let mut times_and = |factor: u64, add: u64| {
        let mut carry = add;
        for limb in &mut limbs {
            let value: u64 = *limb * factor + carry;
            (*limb, carry) = (value % LIMB, value / LIMB);
        }
        if carry > 0 {
            limbs.push(carry);
        }
    };
    octets.iter().for_each(|octet| times_and(256, u64::from(if negative { !octet } else { *octet })));
    times_and(1, u64::from(negative));
    let (sign, (highest, rest)) = (if negative { "-" } else { "" }, limbs.split_last().unwrap_or((&0, &[])));
    rest.iter().rev().fold(format!("{sign}{highest}"), |text, limb| text + &format!("{limb:09}"))
}

#[cfg(test)]
mod tests {
    use openssl::bn::BigNum;
    use proptest::prelude::*;

    use super::*;

    /// What a reader of the text format makes of a label: its value, and what stands behind it.
    fn read(label: &str) -> (String, &str) {
        let text = label.strip_prefix("a=\"").expect("a label");
        let (mut value, mut chars) = (String::new(), text.char_indices());
        loop {
            match chars.next().expect("an end") {
                (at, '"') => return (value, &text[at + 1..]),
                (_, '\\') => match chars.next().expect("a character").1 {
                    c @ ('\\' | '"') => value.push(c),
                    c => panic!("\\{c}"),
                },
                (_, c) => value.push(c),
            }
        }
    }

    #[test]
    fn hostile_values_stay_in_their_quotes() {
        for (value, shown) in [
            (&b"root"[..], r#"a="root""#),
            (b"a\"} 1\nevil{b=\"", r#"a="a\"} 1\\u{a}evil{b=\"""#),
            (br"a\n", r#"a="a\\\\n""#),
            (b"\x1b[2J", r#"a="\\u{1b}[2J""#),
            ("b\u{fc}cher \u{202e}".as_bytes(), "a=\"b\u{fc}cher \\\\u{202e}\""),
            (b"\xff\xfe", r#"a="\\xff\\xfe""#),
        ] {
            assert_eq!(label("a", value), shown);
        }
    }

    #[test]
    fn long_names_are_cut_within_no_character() {
        let long = "\u{65e5}".repeat(100);
        assert_eq!(label_cut("a", &long), format!("a=\"{}...\"", "\u{65e5}".repeat(66)));
        assert_eq!(label_cut("a", "b"), "a=\"b\"");
        assert_eq!(label_cut("a", ""), "");
    }

    #[test]
    fn serial_numbers_are_decimal() {
        for (octets, shown) in [
            (&[0][..], "0"),
            (&[0x7f], "127"),
            (&[0x80], "-128"),
            (&[0xff], "-1"),
            (&[0x00, 0xff], "255"),
            (&[0x3b, 0x9a, 0xca, 0x00], "1000000000"),
            (&[0; 65], ""),
            (&[], ""),
        ] {
            assert_eq!(decimal(octets), shown, "{octets:?}");
        }
    }

    proptest! {
        #[test]
        fn different_values_are_shown_differently(
            one in prop::collection::vec(prop::sample::select(br#"a\"u{}x1b"#.iter().chain(b"\n\x1b\xff\xc3\xbc").copied().collect::<Vec<_>>()), 0..12),
            other in prop::collection::vec(prop::sample::select(br#"\u{}1b"#.iter().chain(b"\x1b").copied().collect::<Vec<_>>()), 0..8),
        ) {
            let (first, second) = (label("a", &one), label("a", &other));
            prop_assert_eq!(first == second, one == other);
            prop_assert_eq!(read(&first).1, "");
            prop_assert_eq!(read(&first).0 == read(&second).0, one == other);
            let harmless = !first.contains(['\n', '\u{1b}']);
            prop_assert!(harmless, "{first}");
        }

        #[test]
        fn serial_numbers_are_openssls(octets in prop::collection::vec(any::<u8>(), 1..=64)) {
            let magnitude = BigNum::from_slice(&octets).and_then(|n| n.to_dec_str().map(|text| text.to_string()));
            let mut positive = vec![0];
            positive.extend(&octets[1..]);
            let of_positive = BigNum::from_slice(&positive).and_then(|n| n.to_dec_str().map(|text| text.to_string()));
            prop_assert_eq!(decimal(&positive), of_positive.expect("a number"));
            if octets[0] & 0x80 == 0 {
                prop_assert_eq!(decimal(&octets), magnitude.expect("a number"));
            }
        }
    }
}
