//! A judge by the JSON Schema.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::yaml::tree::{self, Kind, Node};

pub fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../docs/cluster.schema.json")).expect("JSON")
}

/// The tree as JSON: the types of YAML's core schema are those of JSON.
pub fn to_json(node: &Node) -> Value {
    match (&node.value, node.value.kind()) {
        (tree::Value::List(values), _) => values.iter().map(to_json).collect(),
        (tree::Value::Map(entries), _) => {
            Value::Object(entries.iter().map(|(key, value)| (key.text.clone(), to_json(value))).collect())
        }
        (_, Kind::Null) => Value::Null,
        (tree::Value::Scalar { text, .. }, Kind::Boolean) => json!(text.eq_ignore_ascii_case("true")),
        (tree::Value::Scalar { text, .. }, Kind::Integer | Kind::Float) => {
            serde_json::from_str(text).unwrap_or(json!(0.5))
        }
        (tree::Value::Scalar { text, .. }, _) => json!(text),
    }
}

/// Does the schema accept them?
pub fn accepts(values: &[Value]) -> Vec<bool> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let url = "https://example.org/cluster.schema.json";
    compiler.add_resource(url, schema()).expect("a resource");
    let schema = compiler.compile(url, &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    values.iter().map(|value| schemas.validate(value, schema).is_ok()).collect()
}
