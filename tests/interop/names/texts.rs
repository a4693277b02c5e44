//! RFC 4514 texts: half of them keep to what the RFC and all parsers take, the others have something odd here
//! and there.

use super::random::Random;

const TYPES: [&str; 9] = ["CN", "L", "ST", "O", "OU", "C", "STREET", "DC", "UID"];

const ODD_TYPES: [&str; 16] = [
    "cn",
    "Ou",
    "1.2.840.113549.1.9.1",
    "1.2.3",
    "2.5.4.3",
    "foo",
    "foo-1",
    "1.2.",
    "-a",
    "a b",
    "",
    r"C\4e",
    "01.2",
    "ö",
    "9",
    "9.1",
];

const HEXES: [&str; 15] = [
    "#04024869",
    "#0C024869",
    "#13024869",
    "#0c02c3b6",
    "#04024",
    "#0402486900",
    "#040248",
    "#",
    "#zz",
    "#3003040141",
    "#4869",
    "#0c01ff",
    "#130140",
    " #04024869",
    "#04024869 ",
];

const ODD_PARTS: [&str; 23] = [
    " ", "  ", "\t", "\n", "\x7f", "=", "#", r"\ff", r"\c3", r"\zz", r"\a", "\\", r"\é", "\\\t", "\"", "<",
    ">", "\0", ",", "+", ";", "\r", "\\\\ ",
];

const ODD_NAMES: [&str; 14] =
    ["", " ", "\t", ",", "+", "CN", "=", "=CN=a", "CN=a,", "CN=a+", ",CN=a", "CN=a,,O=b", "CN=a;", "CN=a++O=b"];

const HEX_PAIRS: [&str; 10] =
    [r"\20", r"\2c", r"\2C", r"\c3\b6", r"\C3\B6", r"\0d", r"\41", r"\00", r"\e6\bc\a2", r"\c3\A9"];

/// The next text.
pub fn generate(r: &mut Random) -> String {
    let odd = r.pick(&[0, 0, 0, 50, 100, 200]);
    if r.chance(odd / 4) {
        return r.pick(&ODD_NAMES).to_owned();
    }
    let mut out = String::new();
    for i in 0..r.pick(&[1, 1, 2, 3, 5]) {
        if i > 0 {
            out +=
                if r.chance(odd) { r.pick(&[";", " , ", ", ", "+ "]) } else { r.pick(&[",", ",", ",", "+"]) };
        }
        let kind = if r.chance(odd) { r.pick(&ODD_TYPES) } else { r.pick(&TYPES) };
        out += kind;
        out += if r.chance(odd) { r.pick(&[" = ", " =", "= "]) } else { "=" };
        out += &value(r, kind, odd);
    }
    out
}

fn value(r: &mut Random, kind: &str, odd: usize) -> String {
    if kind == "C" && !r.chance(odd) {
        return r.pick(&["DE", "US", r"\44E"]).to_owned();
    }
    if r.chance(odd / 2) {
        return r.pick(&HEXES).to_owned();
    }
    let mut out = String::new();
    if kind == "CN" {
        out.push(r.letter("abcXYZ019.-_"));
    }
    for _ in 0..r.pick(&[0, 1, 2, 2, 3, 5, 8]) {
        match r.below(1000) {
            part if part < odd => out += r.pick(&ODD_PARTS),
            0..500 => out.push(r.letter("abcXYZ019.-_'*")),
            500..600 => out += r.pick(&["a b", "a=b", "a#b", "a  b", "=", "a\tb"]),
            600..750 => out.push(r.letter("ö漢\u{1f600}é")),
            750..900 => out.extend(['\\', r.letter(" \"#+,;<=>\\")]),
            _ => out += r.pick(&HEX_PAIRS),
        }
    }
    out
}
