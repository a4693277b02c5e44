//! YAML input: bounded, without repeated keys, and with errors that give line and column.

pub mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use anyhow::{Result, anyhow, bail};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, Visitor};

/// The longest accepted text, in bytes. In the worst case the parser's time grows with its square.
pub const MAX_LEN: usize = 64 * 1024;

/// Reads one document. The parser itself limits the nesting depth and the expansion of aliases.
///
/// # Errors
/// Errors give the line and column, both from 1, then the path of keys to that place.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    if text.len() > MAX_LEN {
        bail!("the text is longer than {MAX_LEN} bytes");
    }
    yaml_serde::from_str(text).map_err(|error| match error.location() {
        None => anyhow!(error),
        Some(at) => {
            let (line, column) = (at.line(), at.column());
            let message = error.to_string().replacen(&format!(" at line {line} column {column}"), "", 1);
            anyhow!("line {line}, column {column}: {message}")
        }
    })
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
            ("a: {b: ", "line 2, column 1: did not find expected node content"),
            ("a:\n\t- b", "line 2, column 1: "),
            ("a:\n  b: [c]", "line 2, column 6: a.b: invalid type: sequence, expected a string"),
            ("a: {}\nb: c", "line 2, column 4: b: invalid type: string \"c\", expected names with values"),
            ("a: {b: c, b: d}", "line 1, column 4: a: duplicate name \"b\""),
            ("a: {b: *c}", "line 1, column 8: unknown anchor"),
            ("a: {}\n---\nb: {}", "deserializing from YAML containing more than one document"),
        ] {
            let error = parse::<Names>(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn neither_size_nor_depth_nor_aliases_exhaust_memory() {
        let error = |text: &str| parse::<yaml_serde::Value>(text).expect_err("an error").to_string();
        assert!(error(&"a".repeat(MAX_LEN + 1)).contains("longer than 65536 bytes"));
        assert!(error(&"[".repeat(MAX_LEN / 16)).starts_with("line "));
        assert!(error(&"- ".repeat(MAX_LEN / 2)).contains("recursion limit exceeded"));
        let level = |n: usize| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(10));
        let bomb = "a0: &a0 [x]\n".to_owned() + &(1..20).map(level).collect::<String>();
        assert!(error(&bomb).contains("repetition limit exceeded"));
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(text in r#"([a-z]|[-{}\[\]:,'"?&*!|>%@#.~\\\n\t ]|\PC){0,40}"#) {
            let _ = parse::<yaml_serde::Value>(&text);
        }
    }
}
