//! Names in DER, of all string types and others, well-formed and not. BOOLEAN values are left out, as releases
//! of Go differ on them.

use super::random::Random;

/// The types that Go or the server have a name for, then others.
const OIDS: [&str; 17] = [
    "2.5.4.6",
    "2.5.4.10",
    "2.5.4.11",
    "2.5.4.3",
    "2.5.4.5",
    "2.5.4.7",
    "2.5.4.8",
    "2.5.4.9",
    "2.5.4.17",
    "0.9.2342.19200300.100.1.1",
    "0.9.2342.19200300.100.1.25",
    "1.2.840.113549.1.9.1",
    "2.5.4.4",
    "1.3.6.1.4.1.1466.0",
    "2.999.1",
    "2.25.2147483647",
    "2.25.2147483648",
];

const UTF8_STRING: u8 = 12;
const TELETEX_STRING: u8 = 20;
const BMP_STRING: u8 = 30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// UTF8String, PrintableString, IA5String, TeletexString, BMPString and NumericString.
const STRINGS: [u8; 10] = [UTF8_STRING, 12, 12, 19, 19, 22, 22, TELETEX_STRING, BMP_STRING, 18];
const OTHERS: [u8; 13] = [2, 3, 4, 6, UTC_TIME, GENERALIZED_TIME, 5, 10, 0x30, 0x80, 0x1c, 0x1a, 0x31];

const UTC_TIMES: [&str; 11] = [
    "240102030405Z",
    "491231235959Z",
    "500101000000Z",
    "690101000000Z",
    "240230000000Z",
    "24010203040Z",
    "241301000000Z",
    "000229000000Z",
    "990229000000Z",
    "990101240000Z",
    "24010203040ö",
];

const GENERALIZED_TIMES: [&str; 8] = [
    "20240102030405Z",
    "19300102030405Z",
    "20500102030405Z",
    "20240102030405.5Z",
    "00010101000000Z",
    "00000101000000Z",
    "99991231235959Z",
    "20240102030460Z",
];

const ALPHABETS: [&str; 7] =
    [" ab", " ,+\"\\<>;=#ab01", "aöč漢\u{1f600} ,#", "ab_@*&'()", " \t\n\x7f#\x01a", "\0a", "abcdefghij ABC"];

/// The next name.
pub fn generate(r: &mut Random) -> Vec<u8> {
    let count = r.pick(&[0, 1, 1, 1, 2, 3, 4]);
    let rdns: Vec<_> = (0..count).flat_map(|_| rdn(r)).collect();
    element(0x30, &rdns)
}

fn rdn(r: &mut Random) -> Vec<u8> {
    let count = if r.chance(200) { r.pick(&[1, 1, 1, 2, 3, 0]) } else { 1 };
    let kinds = if r.chance(200) { &OIDS[..] } else { &OIDS[..13] };
    let attribute = |r: &mut Random| element(0x30, &[oid(r.pick(kinds)), value(r)].concat());
    let attributes: Vec<_> = (0..count).flat_map(|_| attribute(r)).collect();
    element(0x31, &attributes)
}

fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let length = &length[length.iter().position(|b| *b > 0).unwrap_or(length.len() - 1)..];
    let long = (contents.len() > 0x7f).then(|| 0x80 | u8::try_from(length.len()).expect("a short length"));
    [tag].into_iter().chain(long).chain(length.iter().copied()).chain(contents.iter().copied()).collect()
}

fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().expect("a number")).collect();
    let mut contents = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let groups = (1..10).take_while(|group| arc >> (7 * group) > 0).count();
        let octet = |group: usize| (arc >> (7 * group)) as u8 & 0x7f | if group > 0 { 0x80 } else { 0 };
        contents.extend((0..=groups).rev().map(octet));
    }
    element(6, &contents)
}

fn text(r: &mut Random) -> String {
    let alphabet = r.pick(&ALPHABETS);
    (0..r.pick(&[0, 0, 1, 1, 2, 3, 5, 8, 8, 200])).map(|_| r.letter(alphabet)).collect()
}

fn octets(r: &mut Random, alphabet: &[u8], most: usize) -> Vec<u8> {
    let any: Vec<_> = (0..=u8::MAX).collect();
    let alphabet = if alphabet.is_empty() { &any } else { alphabet };
    (0..r.below(most + 1)).map(|_| r.pick(alphabet)).collect()
}

fn value(r: &mut Random) -> Vec<u8> {
    let tag = if r.chance(500) { r.pick(&[&STRINGS[..], &OTHERS].concat()) } else { UTF8_STRING };
    let text = text(r);
    let contents = match tag {
        UTF8_STRING if r.chance(50) => octets(r, &[], 3),
        UTF8_STRING => text.into_bytes(),
        18 | 19 | 22 if r.chance(300) => text.into_bytes(),
        18 | 19 | 22 => {
            let plain = |c: &char| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(*c);
            text.chars().filter(plain).collect::<String>().into_bytes()
        }
        TELETEX_STRING if r.chance(500) => text.chars().filter_map(|c| u8::try_from(c).ok()).collect(),
        TELETEX_STRING => octets(r, b"a \xe4\xff\xc3\xb6#,", 5),
        BMP_STRING => {
            let end: &[u8] = r.pick(&[b"", b"", b"\0\0", b"\0", b"\xd8\0"]);
            text.encode_utf16().flat_map(u16::to_be_bytes).chain(end.iter().copied()).collect()
        }
        UTC_TIME => r.pick(&UTC_TIMES).into(),
        GENERALIZED_TIME => r.pick(&GENERALIZED_TIMES).into(),
        constructed if constructed & 0x20 > 0 => element(UTF8_STRING, text.as_bytes()),
        2 => octets(r, &[0, 1, 5, 0x7f, 0x80, 0xff], 9),
        3 => octets(r, &[0, 0, 1, 4, 8, 0x80, 0xf0], 6),
        6 => octets(r, &[0x2a, 0x80, 0x81, 1, 0x86, 0xff, 0x78, 0x50, 0x4f], 6),
        _ => octets(r, &[], 6),
    };
    element(tag, &contents)
}
