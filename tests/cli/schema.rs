//! A judge by the JSON Schemas in `docs`.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::support::project;

/// The schema, which then allows no key that it does not describe.
fn strict(file: &str) -> Value {
    let path = project().join("docs").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut schema = serde_json::from_str(&text).expect("JSON");
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Why the schema in this file does not describe the value.
pub fn objection(file: &str, value: &Value) -> Option<String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let url = format!("https://example.org/{file}");
    compiler.add_resource(&url, strict(file)).expect("a resource");
    let schema = compiler.compile(&url, &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    schemas.validate(value, schema).err().map(|error| format!("{error:#}"))
}
