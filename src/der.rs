//! The little DER (X.690) that we read and write ourselves. Pure code; OpenSSL checks everything that goes into
//! a certificate or key when it reads it.

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

/// Elements of definite length, one after another. Nothing is copied, so no key is either.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

/// An element: its identifier octet, its contents, and the whole encoding.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    pub tag: u8,
    pub contents: &'a [u8],
    pub whole: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(der: &'a [u8]) -> Self {
        Self { rest: der }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element, if it is of this kind; otherwise nothing is consumed.
    pub fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element.contents)
    }

    /// The contents of the next element, if it is of this kind.
    pub fn enter(&mut self, tag: u8) -> Option<Self> {
        self.read(tag).map(Self::new)
    }

    /// `Some` if nothing is left.
    pub fn end(&self) -> Option<()> {
        self.is_empty().then_some(())
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    /// The next element; `None` at the end, and if the element is incomplete.
    fn next(&mut self) -> Option<Element<'a>> {
        let (tag, after) = self.rest.split_first()?;
        let (first, after) = after.split_first()?;
        let count = usize::from(first.checked_sub(0x80).unwrap_or(0));
        let (length, after) = after.split_at_checked(count).filter(|_| count <= 4 && *first != 0x80)?;
        let long = length.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
        let (contents, rest) = after.split_at_checked(if count > 0 { long } else { usize::from(*first) })?;
        let whole = &self.rest[..self.rest.len() - rest.len()];
        self.rest = rest;
        Some(Element { tag: *tag, contents, whole })
    }
}

/// Does `der` have more elements than `limit`, over all levels? An octet string counts as the elements it may
/// hold, as in extensions. Unreadable data counts as the worst case, because OpenSSL also reads indefinite
/// lengths.
pub fn has_more_elements(der: &[u8], limit: usize) -> bool {
    let mut levels = vec![Reader::new(der)];
    let mut count = 0;
    while let Some(level) = levels.last_mut() {
        match level.next() {
            Some(Element { tag, contents, .. }) => {
                count += 1;
                if tag & 0x20 != 0 || tag == OCTET_STRING {
                    levels.push(Reader::new(contents));
                }
            }
            None => {
                count += level.rest.len() / 2;
                levels.pop();
            }
        }
        if count > limit {
            return true;
        }
    }
    false
}

/// An object identifier in dotted form (X.690 section 8.19); `None` if it is not one, or has arcs beyond 31
/// bits, which Go refuses.
pub fn dotted(contents: &[u8]) -> Option<String> {
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

/// Is the octet in the PrintableString set (X.680 section 41.4)?
pub fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet)
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
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let contents = vec![7; length];
            let der = [tlv(4, &contents), tlv(NULL, &[])].concat();
            let mut reader = Reader::new(&der);
            assert_eq!(reader.read(SEQUENCE), None);
            assert_eq!(reader.read(4), Some(&*contents));
            assert_eq!(reader.next().map(|element| element.whole), Some(&[5, 0][..]));
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn what_is_cut_or_of_no_definite_length_is_not_read() {
        for der in
            [&[][..], &[4], &[4, 1], &[4, 0x80, 0, 0], &[4, 0x85, 0, 0, 0, 0, 1, 0], &[4, 0x82, 1], &[4, 0xff]]
        {
            assert!(Reader::new(der).next().is_none(), "{der:x?}");
        }
    }

    #[test]
    fn object_identifiers_have_their_dotted_form() {
        for oid in ["2.5.4.3", "0.9.2342.19200300.100.1.25", "1.2.840.113549.1.9.1", "2.999.1"] {
            let object = openssl::asn1::Asn1Object::from_str(oid).expect(oid);
            assert_eq!(dotted(object.as_slice()).as_deref(), Some(oid));
        }
        for bad in [&[][..], &[0x80, 1], &[42, 0x80], &[42, 0x9f, 0xff, 0xff, 0xff, 0xff, 0x7f]] {
            assert_eq!(dotted(bad), None, "{bad:x?}");
        }
    }

    #[test]
    fn elements_are_counted_at_all_levels() {
        let extension = tlv(OCTET_STRING, &tlv(SEQUENCE, &[tlv(4, &[]), tlv(NULL, &[])].concat()));
        let der = tlv(SEQUENCE, &[tlv(INTEGER, &[0x30, 0]), extension].concat());
        assert!(has_more_elements(&der, 5) && !has_more_elements(&der, 6));
        let indefinite = [&[SEQUENCE, 0x80][..], &[NULL, 0].repeat(10), &[0, 0]].concat();
        assert!(has_more_elements(&indefinite, 11) && !has_more_elements(&indefinite, 12));
    }
}
