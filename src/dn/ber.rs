//! The BER elements that a `#hex` value can hold, read as the server's BER library reads them.

use crate::der::{is_printable, push_length};

/// Why octets are not one BER element (X.690 section 8, and the limits of the server's library).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BerError {
    /// The element ends before its length says so.
    #[error("the element is cut off")]
    Truncated,
    /// Octets after the element, and how many.
    #[error("{0} octets after the element")]
    TrailingOctets(usize),
    /// A tag that starts with a zero octet or is too large.
    #[error("the tag is malformed")]
    Tag,
    /// A length that is reserved, too large, or indefinite where that is not allowed.
    #[error("the length is malformed")]
    Length,
    /// An end-of-contents marker inside an element of definite length, or contents that overrun it.
    #[error("the elements inside do not fit the length around them")]
    Nesting,
    /// Elements nested deeper than the limit.
    #[error("more than {MAX_DEPTH} elements nested in each other")]
    TooDeep,
    /// Contents that do not belong into this string type.
    #[error("not a valid {0}")]
    Contents(&'static str),
}

/// How deep elements may nest: enough for any name, and safe for the stack.
const MAX_DEPTH: usize = 1000;

/// The contents octets of the one element in `octets`. Those of a constructed element are its parts, each
/// encoded again with a definite and minimal length: so does the server, and so it compares them.
pub(super) fn contents(octets: &[u8]) -> Result<Vec<u8>, BerError> {
    let mut reader = Reader { rest: octets };
    let element = reader.element(0)?;
    match reader.rest.len() {
        0 => Ok(element.contents),
        left => Err(BerError::TrailingOctets(left)),
    }
}

/// The contents octets of the first element in `octets`, whatever follows it.
pub(super) fn contents_of_first(octets: &[u8]) -> Option<Vec<u8>> {
    Reader { rest: octets }.element(0).ok().map(|element| element.contents)
}

struct Element {
    identifier: u8,
    tag: u64,
    contents: Vec<u8>,
}

impl Element {
    fn is_end_of_contents(&self) -> bool {
        self.identifier == 0 && self.contents.is_empty()
    }

    fn push_to(&self, out: &mut Vec<u8>) {
        if self.tag < 0x1f {
            out.push((self.identifier & 0xe0) | self.tag as u8);
        } else {
            out.push(self.identifier | 0x1f);
            let groups = (64 - self.tag.leading_zeros()).div_ceil(7);
            for group in (0..groups).rev() {
                let more = if group > 0 { 0x80 } else { 0 };
                out.push((self.tag >> (7 * group)) as u8 & 0x7f | more);
            }
        }
        push_length(out, self.contents.len());
        out.extend_from_slice(&self.contents);
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn octet(&mut self) -> Result<u8, BerError> {
        let (first, rest) = self.rest.split_first().ok_or(BerError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    fn element(&mut self, depth: usize) -> Result<Element, BerError> {
        if depth >= MAX_DEPTH {
            return Err(BerError::TooDeep);
        }
        let identifier = self.octet()?;
        let tag = self.tag(identifier)?;
        let length = self.length()?;
        let contents = if identifier & 0x20 != 0 {
            self.parts(length, depth)?
        } else {
            let (contents, rest) =
                self.rest.split_at_checked(length.ok_or(BerError::Length)?).ok_or(BerError::Truncated)?;
            self.rest = rest;
            check_contents(identifier, tag, contents)?;
            contents.to_vec()
        };
        Ok(Element { identifier, tag, contents })
    }

    /// The parts of a constructed element; without a length, up to an end-of-contents marker.
    fn parts(&mut self, length: Option<usize>, depth: usize) -> Result<Vec<u8>, BerError> {
        let (start, mut out) = (self.rest.len(), Vec::new());
        while length != Some(start - self.rest.len()) {
            if length.is_some_and(|length| start - self.rest.len() > length) {
                return Err(BerError::Nesting);
            }
            let part = self.element(depth + 1)?;
            match (part.is_end_of_contents(), length) {
                (false, _) => part.push_to(&mut out),
                (true, None) => break,
                (true, Some(_)) => return Err(BerError::Nesting),
            }
        }
        Ok(out)
    }

    fn tag(&mut self, identifier: u8) -> Result<u64, BerError> {
        if identifier & 0x1f != 0x1f {
            return Ok(u64::from(identifier & 0x1f));
        }
        let mut tag = 0;
        for count in 1..=9 {
            let octet = self.octet()?;
            tag = tag << 7 | u64::from(octet & 0x7f);
            if count == 1 && tag == 0 {
                return Err(BerError::Tag);
            }
            if octet & 0x80 == 0 {
                return Ok(tag);
            }
        }
        Err(BerError::Tag)
    }

    /// The length, or none for the indefinite form.
    fn length(&mut self) -> Result<Option<usize>, BerError> {
        match self.octet()? {
            0x80 => Ok(None),
            short if short < 0x80 => Ok(Some(usize::from(short))),
            long if long & 0x7f <= 8 => {
                let mut length = 0_u64;
                for _ in 0..long & 0x7f {
                    length = length << 8 | u64::from(self.octet()?);
                }
                i64::try_from(length)
                    .ok()
                    .and_then(|length| usize::try_from(length).ok())
                    .map(Some)
                    .ok_or(BerError::Length)
            }
            _ => Err(BerError::Length),
        }
    }
}

/// The string types whose characters the server's library checks; it takes every other content as it is.
fn check_contents(identifier: u8, tag: u64, contents: &[u8]) -> Result<(), BerError> {
    let universal = identifier & 0xc0 == 0;
    let (valid, kind) = match tag {
        0x0c if universal => (std::str::from_utf8(contents).is_ok(), "UTF8String"),
        0x13 if universal => (contents.iter().all(|c| is_printable(*c)), "PrintableString"),
        0x16 if universal => (contents.iter().all(|c| *c < 0x7f), "IA5String"),
        _ => (true, ""),
    };
    if valid { Ok(()) } else { Err(BerError::Contents(kind)) }
}
