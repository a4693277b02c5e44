//! Host ranges as Ansible's inventories write them: `node[1:9].example.com`, `node[01:12]`, `rack[a:c]-[1:3]`.
//!
//! Both ends count. A step can follow (`[0:10:2]`), an empty start is 0, a start with leading zeros sets the
//! width. A dash does for the first colon. Of several ranges in one text the last runs fastest. Brackets with
//! anything else in them are no range, but may be an IPv6 address: `[::1]`.

use thiserror::Error;

/// The most texts that one pattern stands for.
pub const MAX: usize = 100_000;
/// The most octets between the brackets of a range: three numbers have 62.
const LONGEST: usize = 100;

/// A text with ranges in it, or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Numbers { start: u64, step: u64, count: u64, width: usize },
    Letters { start: u8, step: u64, count: u64 },
}

/// Why a range cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RangeError {
    /// It has nothing in it.
    #[error("the range [{0}] ends before it begins")]
    Backwards(String),
    /// `[01:3]`
    #[error("the range [{0}] begins with a zero, so both its ends need the same number of digits")]
    Width(String),
    /// `[1:3:0]`
    #[error("the step of the range [{0}] is not a number from 1")]
    Step(String),
    /// Too many hosts, or too large a number.
    #[error("the range [{0}] is too large: at most {MAX} names in one text")]
    TooLarge(String),
}

impl Pattern {
    /// Finds the ranges of a text.
    ///
    /// # Errors
    /// For the first range that has no end or none that makes sense.
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        let (mut parts, mut count, mut rest) = (Vec::new(), 1usize, text);
        let mut literal = String::new();
        while let Some((before, after)) = rest.split_once('[') {
            literal += before;
            let end = after.bytes().take(LONGEST).position(|b| b == b']');
            let range = end.map(|end| (&after[..end], &after[end + 1..], range(&after[..end])));
            if let Some((inner, after, Some(range))) = range {
                let range = range?;
                let too_large = || RangeError::TooLarge(inner.to_owned());
                let size = usize::try_from(range.count()).map_err(|_| too_large())?;
                count = count.checked_mul(size).filter(|count| *count <= MAX).ok_or_else(too_large)?;
                parts.push(Part::Text(std::mem::take(&mut literal)));
                parts.push(range);
                rest = after;
            } else {
                literal.push('[');
                rest = after;
            }
        }
        parts.push(Part::Text(literal + rest));
        Ok(Self { parts, count })
    }

    /// How many texts it stands for; at least 1.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Is there a range in it?
    pub fn is_range(&self) -> bool {
        self.parts.len() > 1
    }

    /// The texts, in order.
    pub fn texts(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.count).map(|index| self.text(index))
    }

    /// One of the texts, from 0.
    pub fn text(&self, index: usize) -> String {
        // The last range runs fastest, so its share of the index comes off first.
        let mut left = index as u64;
        let mut indices = vec![0; self.parts.len()];
        for (at, part) in indices.iter_mut().zip(&self.parts).rev() {
            (*at, left) = (left % part.count(), left / part.count());
        }
        self.parts.iter().zip(indices).map(|(part, at)| part.text(at)).collect()
    }
}

impl Part {
    fn count(&self) -> u64 {
        match self {
            Self::Text(_) => 1,
            Self::Numbers { count, .. } | Self::Letters { count, .. } => *count,
        }
    }

    fn text(&self, index: u64) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Numbers { start, step, width, .. } => format!("{:0width$}", start + index * step),
            Self::Letters { start, step, .. } => {
                let letter = u8::try_from(u64::from(*start) + index * step).unwrap_or(b'?');
                char::from(letter).to_string()
            }
        }
    }
}

/// The range between brackets, if it is one.
fn range(inner: &str) -> Option<Result<Part, RangeError>> {
    let (start, rest) = inner.split_once([':', '-'])?;
    let (end, step) = rest.split_once(':').map_or((rest, None), |(end, step)| (end, Some(step)));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // `[1::2]` is an address, `[1:2:x]` neither.
    if step.is_some_and(|step| !is_number(step)) {
        return None;
    }
    let letter = |text: &str| text.parse::<char>().ok().filter(char::is_ascii_alphabetic);
    if let (Some(start), Some(end)) = (letter(start), letter(end)) {
        let alike = start.is_ascii_lowercase() == end.is_ascii_lowercase();
        return alike.then(|| letters(inner, start, end, step));
    }
    // In a start without digits, the dash would be a sign.
    let has_start = is_number(start) || start.is_empty() && inner.starts_with(':');
    (has_start && is_number(end)).then(|| numbers(inner, start, end, step))
}

fn letters(inner: &str, start: char, end: char, step: Option<&str>) -> Result<Part, RangeError> {
    let step = parse_step(inner, step)?;
    let count = count(inner, u64::from(u32::from(start)), u64::from(u32::from(end)), step)?;
    Ok(Part::Letters { start: u8::try_from(start).unwrap_or_default(), step, count })
}

fn numbers(inner: &str, start: &str, end: &str, step: Option<&str>) -> Result<Part, RangeError> {
    let has_width = start.len() > 1 && start.starts_with('0');
    if has_width && start.len() != end.len() {
        return Err(RangeError::Width(inner.to_owned()));
    }
    let number = |text: &str| text.parse().map_err(|_| RangeError::TooLarge(inner.to_owned()));
    let first = if start.is_empty() { 0 } else { number(start)? };
    let step = parse_step(inner, step)?;
    let count = count(inner, first, number(end)?, step)?;
    Ok(Part::Numbers { start: first, step, count, width: if has_width { start.len() } else { 0 } })
}

fn parse_step(inner: &str, step: Option<&str>) -> Result<u64, RangeError> {
    step.map_or(Ok(1), str::parse)
        .ok()
        .filter(|step| *step > 0)
        .ok_or_else(|| RangeError::Step(inner.to_owned()))
}

fn count(inner: &str, start: u64, end: u64, step: u64) -> Result<u64, RangeError> {
    let length = end.checked_sub(start).ok_or_else(|| RangeError::Backwards(inner.to_owned()))?;
    (length / step).checked_add(1).ok_or_else(|| RangeError::TooLarge(inner.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expanded(text: &str) -> Result<Vec<String>, RangeError> {
        Pattern::parse(text).map(|pattern| pattern.texts().collect())
    }

    #[test]
    fn ranges_are_those_of_ansible() {
        for (text, expected) in [
            ("node1", "node1"),
            ("", ""),
            ("node[1:3].example.com", "node1.example.com node2.example.com node3.example.com"),
            ("node[1-3]", "node1 node2 node3"),
            ("node[08:11]", "node08 node09 node10 node11"),
            ("node[8:11]", "node8 node9 node10 node11"),
            ("node[0:2]", "node0 node1 node2"),
            ("node[:2]", "node0 node1 node2"),
            ("node[00:01]", "node00 node01"),
            ("db[a:c]", "dba dbb dbc"),
            ("db[X:Z]", "dbX dbY dbZ"),
            ("n[0:10:5]", "n0 n5 n10"),
            ("n[0-9:4]", "n0 n4 n8"),
            ("n[a:g:3]", "na nd ng"),
            ("r[1:2]n[a:b]", "r1na r1nb r2na r2nb"),
            ("[1:2]", "1 2"),
            ("10.0.[0:1].[1:2]", "10.0.0.1 10.0.0.2 10.0.1.1 10.0.1.2"),
            ("n[5:5]", "n5"),
        ] {
            assert_eq!(expanded(text).map(|texts| texts.join(" ")), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_brackets_are_left_alone() {
        for text in [
            "[::1]",
            "[::]",
            "[1::2]",
            "[fe80::1]",
            "[2001:db8::1]",
            "a[",
            "a]",
            "[]",
            "[1]",
            "[a:3]",
            "[a:Z]",
            "[ab:cd]",
            "[-3]",
            "[1:]",
            "[1:3:]",
            "[1:3:x]",
            "[1..3]",
            "[1:2",
            "{}",
        ] {
            assert_eq!(expanded(text), Ok(vec![text.to_owned()]), "{text}");
        }
        // Nobody looks far for the end of each.
        for text in ["[".repeat(50_000) + "]", "[1:".repeat(50_000), format!("[1:{}2]", "0".repeat(100))] {
            assert_eq!(expanded(&text), Ok(vec![text]));
        }
        assert_eq!(expanded("[::1][1:2]").map(|texts| texts.join(" ")), Ok("[::1]1 [::1]2".to_owned()));
    }

    #[test]
    fn ranges_without_sense_are_errors() {
        type Refusal = fn(String) -> RangeError;
        let cases: [(&str, Refusal); 9] = [
            ("3:1", RangeError::Backwards),
            ("c:a", RangeError::Backwards),
            ("01:3", RangeError::Width),
            ("001:12", RangeError::Width),
            ("1:3:0", RangeError::Step),
            ("1:3:99999999999999999999", RangeError::Step),
            ("1:100001", RangeError::TooLarge),
            ("0:18446744073709551615", RangeError::TooLarge),
            ("0:99999999999999999999", RangeError::TooLarge),
        ];
        for (range, refusal) in cases {
            assert_eq!(expanded(&format!("n[{range}]")), Err(refusal(range.to_owned())), "{range}");
        }
        assert_eq!(expanded("[1:1000]-[1:1000]"), Err(RangeError::TooLarge("1:1000".to_owned())));
    }

    proptest! {
        #[test]
        fn as_many_as_announced(text in "([a-c]|\\[([0-9a-c]{0,2}[:-]){1,2}[0-9a-c]{1,2}\\]){0,3}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                prop_assert_eq!(pattern.texts().take(5000).count(), pattern.count().min(5000));
            }
        }
    }
}
