//! YAML input: bounded, without repeated keys, and with errors that give line and column.

mod de;
pub mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use anyhow::{Result, anyhow, bail};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, Visitor};

/// The longest accepted text, in bytes.
pub const MAX_LEN: usize = 64 * 1024;

/// Reads one document.
///
/// # Errors
/// Errors give the line and column, both from 1, then the path of keys to that place.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    if text.len() > MAX_LEN {
        bail!("the text is longer than {MAX_LEN} bytes");
    }
    let root = tree::read(text).map_err(|error| {
        let tree::At { line, column } = error.at;
        anyhow!("line {line}, column {column}: {}", error.what)
    })?;
    Ok(T::deserialize(&root)?)
}

/// Parses a value from one scalar, so that an error from `read` gives the scalar's position.
///
/// # Errors
/// If there is no scalar, or `read` refuses it.
pub fn scalar<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(ScalarVisitor(read, PhantomData))
}

struct ScalarVisitor<F, T>(F, PhantomData<T>);

impl<T, E: fmt::Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for ScalarVisitor<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a single value")
    }

    fn visit_str<E2: Error>(self, text: &str) -> Result<T, E2> {
        (self.0)(text).map_err(E2::custom)
    }
}

/// A mapping whose keys are names chosen by the user, without duplicates.
#[derive(Debug)]
pub struct Named<T>(BTreeMap<String, T>);

impl<T> Deref for Named<T> {
    type Target = BTreeMap<String, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedVisitor(PhantomData))
    }
}

struct NamedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedVisitor<T> {
    type Value = Named<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut named = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if named.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate name {name:?}")));
            }
            named.insert(name, map.next_value()?);
        }
        Ok(Named(named))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Names = Named<Named<String>>;

    #[test]
    fn names_lead_to_values() {
        let read = parse::<Names>("a: {b: c, d: 007}\n'e': {}\n").expect("YAML");
        assert_eq!((read["a"]["b"].as_str(), read["a"]["d"].as_str(), read["e"].len()), ("c", "007", 0));
    }

    #[test]
    fn errors_give_line_and_column() {
        for (text, expected) in [
            ("a: {b: ", "line 2, column 1: while parsing a node, did not find expected node content"),
            ("a:\n\t- b", "line 2, column 2: "),
            ("a:\n  b: [c]", "line 2, column 6: a.b: invalid type: sequence, expected a string"),
            ("a: {}\nb: c", "line 2, column 4: b: invalid type: string \"c\", expected names with values"),
            ("a: {b: c, b: d}", "line 1, column 4: a: duplicate name \"b\""),
            ("a: {b: *c}", "line 1, column 8: while parsing node, found unknown anchor"),
            ("a: {}\n---\nb: {}", "line 2, column 1: a second document: only one is read"),
        ] {
            let error = parse::<Names>(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        let error = parse::<Names>(&"a".repeat(MAX_LEN + 1)).expect_err("an error").to_string();
        assert!(error.contains("longer than 65536 bytes"));
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(text in r#"([a-z]|[-{}\[\]:,'"?&*!|>%@#.~\\\n\t ]|\PC){0,40}"#) {
            let _ = parse::<Names>(&text);
        }
    }
}
