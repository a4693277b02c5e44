//! YAML as a tree in which everything knows where it was written.

use anyhow::{Result, anyhow};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// Deeper than any configuration of the reference.
const MAX_DEPTH: usize = 32;

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

/// Where something begins, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// What the configuration is made of. Types of scalars are the business of whoever reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Scalar(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl Place {
    /// The parser's place of an error; what is missing at the end is missed on the last line, not behind it.
    fn within(text: &str, marker: Marker) -> Self {
        match text.lines().enumerate().last() {
            Some((last, end)) if marker.line() > last + 1 => {
                Self { line: last + 1, column: end.chars().count() + 1 }
            }
            _ => marker.into(),
        }
    }

    /// An error that points here.
    pub fn error(self, what: impl std::fmt::Display) -> anyhow::Error {
        anyhow!("line {}, column {}: {what}", self.line, self.column)
    }
}

impl From<Marker> for Place {
    fn from(marker: Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }
}

impl Node {
    pub fn error(&self, what: impl std::fmt::Display) -> anyhow::Error {
        self.place.error(what)
    }

    /// # Errors
    /// If this is something else than one value.
    pub fn text(&self) -> Result<&str> {
        match &self.value {
            Value::Scalar(text) => Ok(text),
            _ => Err(self.error("a single value is expected here")),
        }
    }

    /// # Errors
    /// If this is something else than keys with values; nothing at all is no keys.
    pub fn entries(&self) -> Result<&[(Self, Self)]> {
        match &self.value {
            Value::Mapping(entries) => Ok(entries),
            Value::Null => Ok(&[]),
            _ => Err(self.error("keys with values are expected here")),
        }
    }
}

/// A sequence or mapping that has not ended yet.
struct Open {
    place: Place,
    is_mapping: bool,
    nodes: Vec<Node>,
}

/// Reads one document. Aliases are refused, and so are keys that are there twice.
///
/// # Errors
/// They say line and column.
pub fn parse(text: &str) -> Result<Node> {
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Place::within(text, *error.marker()).error(error.info()))?;
        let place = Place::from(span.start);
        let value = match event {
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() == MAX_DEPTH => {
                return Err(place.error("this is nested too deeply"));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                let is_mapping = matches!(event, Event::MappingStart(..));
                open.push(Open { place, is_mapping, nodes: Vec::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close).transpose()?,
            Event::Scalar(text, style, ..) => Some(Node { place, value: scalar(&text, style) }),
            Event::Alias(_) => return Err(place.error("aliases are not supported, write the value out")),
            Event::DocumentStart(_) if root.is_some() => {
                return Err(place.error("only one document is expected"));
            }
            _ => None,
        };
        match open.last_mut() {
            Some(parent) => parent.nodes.extend(value),
            None => root = root.or(value),
        }
    }
    Ok(root.unwrap_or(Node { place: Place { line: 1, column: 1 }, value: Value::Null }))
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let is_null = style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    if is_null { Value::Null } else { Value::Scalar(text.to_owned()) }
}

impl Open {
    fn close(self) -> Result<Node> {
        if !self.is_mapping {
            return Ok(Node { place: self.place, value: Value::Sequence(self.nodes) });
        }
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut nodes = self.nodes.into_iter();
        while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
            let name = key.text()?;
            if entries.iter().any(|(earlier, _)| earlier.value == key.value) {
                return Err(key.error(format_args!("the key {name:?} is there twice")));
            }
            entries.push((key, value));
        }
        Ok(Node { place: self.place, value: Value::Mapping(entries) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).expect_err(text).to_string()
    }

    #[test]
    fn block_and_flow_are_the_same() {
        let shape = |text: &str| {
            fn shape(node: &Node) -> String {
                match &node.value {
                    Value::Null => "null".into(),
                    Value::Scalar(text) => format!("{text:?}"),
                    Value::Sequence(nodes) => format!("{:?}", nodes.iter().map(shape).collect::<Vec<_>>()),
                    Value::Mapping(entries) => {
                        let entries = entries.iter().map(|(key, value)| (shape(key), shape(value)));
                        format!("{:?}", entries.collect::<Vec<_>>())
                    }
                }
            }
            shape(&parse(text).expect(text))
        };
        assert_eq!(shape("a:\n  b: [c, 'd e']\n  f:\n"), shape("{a: {b: [c, d e], f: ~}}"));
        assert_eq!(shape(""), "null");
        assert_eq!(shape("'null'"), "\"null\"");
        assert_eq!(shape("---\n# nothing else\n"), "null");
    }

    #[test]
    fn errors_say_line_and_column() {
        for (text, expected) in [
            ("{sinks: {stderr: ", "line 1, column 18: "),
            ("a:\n  {b\n", "line 2, column 5: "),
            ("a: 1\nb: 2\na: 3", "line 3, column 1: the key \"a\" is there twice"),
            ("a: &x 1\nb: *x", "line 2, column 4: aliases are not supported"),
            ("a: 1\n---\nb: 2", "line 2, column 1: only one document"),
            ("? [a]\n: b", "line 1, column 3: a single value"),
            ("a:\n\t- b", "line 2, column "),
            ("a: b: c", "line 1, column "),
        ] {
            let error = error(text);
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
        assert!(error(&format!("{}{}", "[".repeat(40), "]".repeat(40))).contains("nested too deeply"));
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(error(&format!("{}a", "- ".repeat(1000))).contains("nested too deeply"));
    }
}
