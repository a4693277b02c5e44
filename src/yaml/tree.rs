//! A YAML or JSON document as a tree in which every value knows its line and column.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};
use thiserror::Error;

/// The longest accepted text, in bytes: a cluster of some 50,000 nodes without ranges.
pub const MAX_LEN: usize = 16 * 1024 * 1024;
/// The most values, aliases counted as what they stand for: long texts as a value for every so many bytes.
const MAX_NODES: usize = 1 << 20;
const BYTES_OF_A_NODE: usize = 64;
/// The deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 64;

/// A place in the text, from line 1 and column 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for At {
    /// As editors and compilers write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl From<&Marker> for At {
    fn from(marker: &Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }
}

/// Why a text is not a document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{at}: {what}")]
pub struct SyntaxError {
    /// Where.
    pub at: At,
    /// Why.
    pub what: String,
}

/// A value, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub at: At,
    /// The value.
    pub value: Value,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A single value.
    Scalar {
        /// Its text, without quotes and escapes.
        text: String,
        /// Was it in quotes, or a block? It is text then, whatever it looks like.
        quoted: bool,
    },
    /// Values in order.
    List(Vec<Node>),
    /// Keys and values in the order written. Keys may repeat here: who reads the mapping says so.
    Map(Vec<(Key, Node)>),
}

/// The key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it begins.
    pub at: At,
    /// Its text.
    pub text: String,
}

/// The types of the YAML 1.2 core schema (and of JSON).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A whole number in decimal.
    Integer,
    /// Any other number.
    Float,
    /// Everything else that is a single value.
    Text,
    /// A list.
    List,
    /// A mapping.
    Map,
}

impl fmt::Display for Kind {
    /// With its article, for a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "nothing",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Map => "a mapping",
        })
    }
}

impl Value {
    /// The type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
            Self::Scalar { quoted: true, .. } => Kind::Text,
            Self::Scalar { text, .. } => plain_kind(text),
        }
    }
}

/// The type of a scalar without quotes (YAML 1.2.2 section 10.3.2).
fn plain_kind(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return Kind::Boolean,
        ".nan" | ".NaN" | ".NAN" => return Kind::Float,
        _ => {}
    }
    let number = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |digits: &str, of: fn(char) -> bool| !digits.is_empty() && digits.chars().all(of);
    let radix = |prefix: &str, of: fn(char) -> bool| text.strip_prefix(prefix).is_some_and(|n| all(n, of));
    if all(number, |c| c.is_ascii_digit()) {
        Kind::Integer
    } else if radix("0x", |c| c.is_ascii_hexdigit())
        || radix("0o", |c| matches!(c, '0'..='7'))
        || is_float(number)
    {
        Kind::Float
    } else {
        Kind::Text
    }
}

/// `.inf`, or `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(number: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
        None => (number, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let some_digits = !(whole.is_empty() && fraction.is_empty());
    matches!(number, ".inf" | ".Inf" | ".INF")
        || some_digits && digits(whole) && digits(fraction) && !exponent.is_empty() && digits(exponent)
}

/// Reads the one document of a text.
///
/// # Errors
/// If it is no YAML, has several documents or tags, or is longer, deeper or (by aliases) larger than anybody
/// writes.
pub fn read(text: &str) -> Result<Node, SyntaxError> {
    let start = At { line: 1, column: 1 };
    if text.len() > MAX_LEN {
        return Err(SyntaxError { at: start, what: format!("the text is longer than {MAX_LEN} bytes") });
    }
    let mut builder = Builder { open: Vec::new(), anchors: HashMap::new(), left: MAX_NODES, root: None };
    let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        builder.take(event, span)?;
    }
    let nothing = || Node { at: start, value: Value::Scalar { text: String::new(), quoted: false } };
    Ok(builder.root.unwrap_or_else(nothing))
}

fn scan_error(error: &ScanError) -> SyntaxError {
    SyntaxError { at: error.marker().into(), what: error.info().to_owned() }
}

/// Makes a tree of the parser's events, without recursion.
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// How many more values there may be.
    left: usize,
    root: Option<Node>,
}

/// A list or mapping that is not at its end.
struct Open {
    at: At,
    anchor: usize,
    contents: Contents,
}

enum Contents {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let at = At::from(&span.start);
        match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                refuse(at, "tags are not supported: write the value without its tag")
            }
            Event::Scalar(text, style, anchor, None) => {
                let quoted = style != ScalarStyle::Plain;
                let node = Node { at, value: Value::Scalar { text: text.into_owned(), quoted } };
                self.count(at, 1)?;
                self.add(node, anchor)
            }
            Event::SequenceStart(anchor, None) => self.begin(at, anchor, Contents::List(Vec::new())),
            Event::MappingStart(anchor, None) => self.begin(at, anchor, Contents::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                // The anchor of a list or mapping is known after its end only: none is inside itself.
                let Some(node) = self.anchors.get(&anchor) else {
                    return refuse(at, "an alias of what it is in");
                };
                let node = Node { at, ..node.clone() };
                self.count(at, size(&node))?;
                self.add(node, 0)
            }
            Event::DocumentStart(_) if self.root.is_some() => refuse(at, "a second document: only one is read"),
            _ => Ok(()),
        }
    }

    fn count(&mut self, at: At, nodes: usize) -> Result<(), SyntaxError> {
        match self.left.checked_sub(nodes) {
            Some(left) => self.left = left,
            None => return refuse(at, "too many values, aliases counted as what they stand for"),
        }
        Ok(())
    }

    fn begin(&mut self, at: At, anchor: usize, contents: Contents) -> Result<(), SyntaxError> {
        self.count(at, 1)?;
        if self.open.len() == MAX_DEPTH {
            return refuse(at, "lists and mappings are nested too deeply");
        }
        self.open.push(Open { at, anchor, contents });
        Ok(())
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        let Some(Open { at, anchor, contents }) = self.open.pop() else { return Ok(()) };
        let value = match contents {
            Contents::List(values) => Value::List(values),
            Contents::Map(entries, _) => Value::Map(entries),
        };
        self.add(Node { at, value }, anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.count(node.at, size(&node))?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.contents) {
            None => self.root = Some(node),
            Some(Contents::List(values)) => values.push(node),
            Some(Contents::Map(entries, key)) => match (key.take(), node.value) {
                (Some(of), value) => entries.push((of, Node { at: node.at, value })),
                (None, Value::Scalar { text, .. }) => *key = Some(Key { at: node.at, text }),
                (None, _) => return refuse(node.at, "a key is a single value"),
            },
        }
        Ok(())
    }
}

/// How many values it is, itself included: as much as it takes to copy it.
fn size(node: &Node) -> usize {
    let of_text = |text: &str| 1 + text.len() / BYTES_OF_A_NODE;
    match &node.value {
        Value::Scalar { text, .. } => of_text(text),
        Value::List(values) => values.iter().fold(1, |sum, value| sum + size(value)),
        Value::Map(entries) => entries.iter().fold(1, |sum, (key, of)| sum + of_text(&key.text) + size(of)),
    }
}

fn refuse(at: At, what: &str) -> Result<(), SyntaxError> {
    Err(SyntaxError { at, what: what.to_owned() })
}
