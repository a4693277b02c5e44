//! The little DER (X.690) that we read and write ourselves. Pure code; OpenSSL checks everything that goes into
//! a certificate or key when it reads it.

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OBJECT_IDENTIFIER: u8 = 0x06;
pub const UTF8_STRING: u8 = 0x0c;
pub const PRINTABLE_STRING: u8 = 0x13;
pub const IA5_STRING: u8 = 0x16;
pub const VISIBLE_STRING: u8 = 0x1a;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// Tag, length and contents (X.690 section 8.1).
pub fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    // Allocated at once, so that growing leaves behind no copy of a possible secret.
    let mut out = Vec::with_capacity(contents.len() + 10);
    out.push(tag);
    push_length(&mut out, contents.len());
    out.extend_from_slice(contents);
    out
}

/// A length in the shortest form (X.690 section 8.1.3).
pub fn push_length(out: &mut Vec<u8>, length: usize) {
    let octets = length.to_be_bytes();
    let significant = &octets[length.leading_zeros() as usize / 8..];
    match significant {
        [] => out.push(0),
        [short @ 0..0x80] => out.push(*short),
        long => {
            out.push(0x80 | long.len() as u8);
            out.extend_from_slice(long);
        }
    }
}

/// Is the octet in the PrintableString set (X.680 section 41.4)?
pub fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet)
}

/// Octets that are not DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed DER")]
pub struct Malformed;

/// An element.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets.
    pub contents: &'a [u8],
    /// Identifier, length and contents.
    pub encoded: &'a [u8],
}

impl<'a> Element<'a> {
    /// The elements inside.
    pub fn parts(&self) -> Reader<'a> {
        Reader::new(self.contents)
    }
}

/// Reads elements one after the other, as Go's `cryptobyte` does: one-octet tags, and lengths in the shortest
/// form only. Nothing is copied, so that no key is.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the next element.
    pub fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let (&tag, &first) = (self.rest.first().ok_or(Malformed)?, self.rest.get(1).ok_or(Malformed)?);
        let count = usize::from(first.saturating_sub(0x80));
        let octets = self.rest.get(2..2 + count).filter(|_| count <= 4 && first != 0x80).ok_or(Malformed)?;
        let long = octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
        let shortest = count == 0 || long >= 0x80 && octets[0] != 0;
        let length = if count == 0 { usize::from(first) } else { long };
        let end = length.checked_add(2 + count).filter(|_| shortest && tag & 0x1f != 0x1f).ok_or(Malformed)?;
        let (encoded, rest) = self.rest.split_at_checked(end).ok_or(Malformed)?;
        self.rest = rest;
        Ok(Element { tag, contents: &encoded[2 + count..], encoded })
    }

    /// Takes the next element, which has this tag.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        self.optional(tag)?.ok_or(Malformed)
    }

    /// Takes the next element if it has this tag.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Malformed> {
        if self.rest.first() == Some(&tag) { self.element().map(Some) } else { Ok(None) }
    }

    /// There must be nothing left.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// The one element that `octets` are, which has this tag.
pub fn only(octets: &[u8], tag: u8) -> Result<Element<'_>, Malformed> {
    let mut reader = Reader::new(octets);
    let element = reader.expect(tag)?;
    reader.end().map(|()| element)
}

/// The element that `octets` begin with, which has this tag.
pub fn first(octets: &[u8], tag: u8) -> Result<Element<'_>, Malformed> {
    Reader::new(octets).expect(tag)
}

/// The contents of an OBJECT IDENTIFIER as dotted text; none if an arc is malformed or beyond 31 bits, the
/// limit in Go.
pub fn object_identifier(contents: &[u8]) -> Option<String> {
    let (mut arcs, mut arc) = (Vec::new(), 0_u64);
    for (i, octet) in contents.iter().enumerate() {
        let starts = i == 0 || contents[i - 1] < 0x80;
        arc = (if starts { 0 } else { arc << 7 }) | u64::from(octet & 0x7f);
        if starts && *octet == 0x80 || arc > i32::MAX as u64 {
            return None;
        }
        if *octet < 0x80 {
            arcs.push(arc);
        }
    }
    let first = *arcs.first().filter(|_| contents.last().is_some_and(|last| *last < 0x80))?;
    let (root, second) = if first < 80 { (first / 40, first % 40) } else { (2, first - 80) };
    let rest = arcs[1..].iter().map(|arc| format!(".{arc}"));
    Some(format!("{root}.{second}") + &rest.collect::<String>())
}

/// Does `der` have more elements than `limit`, all levels together? Octet strings count as what they may hold:
/// extensions do. What is malformed may be elements to OpenSSL, which is not so strict: it counts as the most
/// that it could be.
pub fn has_more_elements(der: &[u8], limit: usize) -> bool {
    let mut levels = vec![Reader::new(der)];
    let mut count = 0;
    while let Some(level) = levels.last_mut().filter(|_| count <= limit) {
        match level.element() {
            Ok(Element { tag, contents, .. }) => {
                count += 1;
                if tag & 0x20 != 0 || tag == OCTET_STRING {
                    levels.push(Reader::new(contents));
                }
            }
            Err(Malformed) => {
                // None is shorter than two octets. At the end of a level nothing is left.
                count += level.rest.len() / 2;
                levels.pop();
            }
        }
    }
    count > limit
}

/// The contents of an INTEGER that is not negative and has at most 64 bits.
pub fn unsigned(contents: &[u8]) -> Option<u64> {
    let negative = contents.first().is_none_or(|first| *first >= 0x80);
    let octets = contents.strip_prefix(&[0]).unwrap_or(contents);
    let fold = || octets.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet));
    (!negative && octets.len() <= 8).then(fold)
}

/// The length in bits of the contents of an INTEGER that is not negative.
pub fn bits(contents: &[u8]) -> usize {
    let significant = &contents[contents.iter().take_while(|octet| **octet == 0).count()..];
    significant.first().map_or(0, |first| 8 * significant.len() - first.leading_zeros() as usize)
}

/// Octets as hex, two lower-case digits each.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_the_shortest_form() {
        assert_eq!(tlv(4, &[0; 127])[..2], [4, 127]);
        assert_eq!(tlv(4, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[0; 256])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for length in [0, 1, 127, 128, 255, 256, 65535, 65536] {
            let written = tlv(4, &vec![7; length]);
            assert_eq!(only(&written, 4).map(|element| element.contents.len()), Ok(length));
            assert!(only(&written, 5).is_err());
            assert!(only(&written[..written.len() - 1], 4).is_err());
            assert!(only(&[&written[..], &[0]].concat(), 4).is_err());
        }
        for octets in [
            &[][..],
            &[4],
            &[4, 1],
            &[4, 0xff],
            &[4, 0x80, 0, 0],
            &[4, 0x81, 1, 7],
            &[4, 0x82, 0, 0x80],
            &[4, 0x82, 1],
            &[4, 0x85, 0, 0, 0, 0, 1, 7],
            &[0x1f, 1, 7],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(Reader::new(octets).element().is_err(), "{octets:x?}");
        }
        // An indefinite length, and one whose lowest 64 bits alone would fit.
        for start in [&[4, 0x80][..], &[4, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0x80]] {
            let octets = [start, &[0; 0x80]].concat();
            assert!(Reader::new(&octets).element().is_err(), "{start:x?}");
        }
    }

    #[test]
    fn object_identifiers_have_their_dotted_form() {
        let well_known = ["2.5.4.3", "0.9.2342.19200300.100.1.25", "1.2.840.113549.1.9.1", "2.999.1"];
        let limits = ["0.0", "1.39.127.128.16383.16384", "2.0.2147483647"];
        for oid in well_known.into_iter().chain(limits) {
            let object = openssl::asn1::Asn1Object::from_str(oid).expect(oid);
            assert_eq!(object_identifier(object.as_slice()).as_deref(), Some(oid));
        }
        assert_eq!(object_identifier(&[39]).as_deref(), Some("0.39"));
        for bad in [
            &[][..],
            &[0x80, 1],
            &[42, 0x80],
            &[0x55, 0x80, 3],
            &[0x55, 0x84],
            &[42, 0x81, 0x80],
            &[42, 0x88, 0x80, 0x80, 0x80, 0],
            &[42, 0x9f, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            assert_eq!(object_identifier(bad), None, "{bad:x?}");
        }
    }

    #[test]
    fn elements_are_counted_at_all_levels() {
        let extension = tlv(OCTET_STRING, &tlv(SEQUENCE, &[tlv(4, &[]), tlv(NULL, &[])].concat()));
        let der = tlv(SEQUENCE, &[tlv(INTEGER, &[0x30, 0]), extension].concat());
        assert!(has_more_elements(&der, 5) && !has_more_elements(&der, 6));
    }

    #[test]
    fn what_only_openssl_would_read_counts_as_the_most_elements() {
        let nulls = tlv(NULL, &[]).repeat(100);
        let indefinite = [&[SEQUENCE, 0x80][..], &nulls, &[0, 0]].concat();
        let long_form = [&[SEQUENCE, 0x82, 0, 200][..], &nulls].concat();
        for der in [indefinite, long_form] {
            for der in [tlv(OCTET_STRING, &der), der] {
                assert!(has_more_elements(&der, 100) && !has_more_elements(&der, 110));
            }
        }
    }
}
