//! Reads a tree into types of ours, with serde.

use std::fmt::{self, Display};

use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::tree::{At, Key, Kind, Node, Value};

/// What is wrong with a value.
#[derive(Debug)]
pub struct Error {
    at: Option<At>,
    /// The keys that lead to the value, the last one first.
    path: Vec<String>,
    what: String,
}

impl Error {
    /// Where nothing nearer is known.
    fn at(mut self, at: At) -> Self {
        self.at.get_or_insert(at);
        self
    }

    fn within(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }
}

impl Display for Error {
    /// `line 2, column 6: a.b: invalid type: sequence, expected a string`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(At { line, column }) = self.at {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            let path: Vec<_> = self.path.iter().rev().map(String::as_str).collect();
            write!(f, "{}: ", path.join("."))?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: Display>(what: T) -> Self {
        Self { at: None, path: Vec::new(), what: what.to_string() }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let visited = match &self.value {
            Value::List(values) => visitor.visit_seq(Values(values.iter())),
            Value::Map(entries) => visitor.visit_map(Entries { entries: entries.iter(), value: None }),
            Value::Scalar { text, .. } => match self.value.kind() {
                Kind::Null => visitor.visit_unit(),
                Kind::Boolean => visitor.visit_bool(text.eq_ignore_ascii_case("true")),
                _ => visitor.visit_borrowed_str(text),
            },
        };
        visited.map_err(|error| error.at(self.at))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::Scalar { text, .. } => {
                visitor.visit_borrowed_str(text).map_err(|error: Error| error.at(self.at))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value.kind() {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Nothing is a mapping without keys: `quiet:`.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value.kind() {
            Kind::Null => visitor.visit_map(Entries { entries: [].iter(), value: None }),
            // Serde would take the values for those of the keys, in their order.
            Kind::List => Err(<Error as de::Error>::invalid_type(Unexpected::Seq, &visitor).at(self.at)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct enum identifier ignored_any
    }
}

struct Values<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Values<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|node| seed.deserialize(node)).transpose()
    }
}

struct Entries<'de> {
    entries: std::slice::Iter<'de, (Key, Node)>,
    value: Option<&'de (Key, Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.value = self.entries.next();
        let Some((key, _)) = self.value else { return Ok(None) };
        let read = seed.deserialize(key.text.as_str().into_deserializer());
        read.map(Some).map_err(|error: Error| error.at(key.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, node)) = self.value.take() else {
            return Err(de::Error::custom("a value without its key"));
        };
        seed.deserialize(node).map_err(|error| error.within(&key.text))
    }
}
