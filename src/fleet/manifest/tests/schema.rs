//! A judge by the JSON Schema, as far as ours goes.

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

/// Does the schema accept it? Panics at a keyword that is not judged here.
pub fn accepts(root: &Value, schema: &Value, value: &Value) -> bool {
    schema.as_object().expect("a schema").iter().all(|(keyword, rule)| match keyword.as_str() {
        "$schema" | "$defs" | "title" | "description" => true,
        "$ref" => accepts(root, resolve(root, rule), value),
        "anyOf" => rule.as_array().expect("schemas").iter().any(|schema| accepts(root, schema, value)),
        "type" => type_of(value) == rule,
        "const" => value == rule,
        "enum" => rule.as_array().expect("values").contains(value),
        "minimum" => value.as_u64() >= rule.as_u64(),
        "maximum" => value.as_u64() <= rule.as_u64(),
        "items" => value.as_array().is_none_or(|values| values.iter().all(|value| accepts(root, rule, value))),
        "minItems" => {
            value.as_array().is_none_or(|values| values.len() as u64 >= rule.as_u64().expect("a number"))
        }
        "required" => {
            rule.as_array().expect("keys").iter().all(|key| value.get(key.as_str().expect("a key")).is_some())
        }
        "properties" => rule
            .as_object()
            .expect("schemas")
            .iter()
            .all(|(key, schema)| value.get(key).is_none_or(|value| accepts(root, schema, value))),
        "additionalProperties" => {
            assert_eq!(rule, &json!(false));
            value
                .as_object()
                .is_none_or(|object| object.keys().all(|key| schema["properties"].get(key).is_some()))
        }
        _ => panic!("{keyword} is not judged"),
    })
}

fn resolve<'a>(root: &'a Value, reference: &Value) -> &'a Value {
    let path = reference.as_str().expect("a reference").strip_prefix('#').expect("one of this schema");
    root.pointer(path).expect("what it refers to")
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
