//! What is written is what is read.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::yaml::tree;

fn from_yaml(node: tree::Node) -> Json {
    match node.value {
        tree::Value::Scalar { text, quoted: false } if text.parse::<u64>().is_ok() => {
            text.parse::<u64>().expect("a number").into()
        }
        tree::Value::Scalar { text, .. } => text.into(),
        tree::Value::List(items) => items.into_iter().map(from_yaml).collect(),
        tree::Value::Map(entries) => {
            entries.into_iter().map(|(key, value)| (key.text, from_yaml(value))).collect()
        }
    }
}

/// The objects as they are read from YAML, which must be what is read from JSON.
fn read_back(objects: &[Value]) -> Vec<Json> {
    let yaml = yaml(objects);
    let documents = yaml.strip_prefix("---\n").expect("a document").split("\n---\n");
    let read =
        |text: &str| from_yaml(tree::read(text).unwrap_or_else(|error| panic!("{error}: {}", yaml.as_str())));
    let read: Vec<_> = documents.map(read).collect();
    let json: Json = serde_json::from_str(&super::json(objects)).expect("JSON");
    let expected = match objects {
        [_] => read[0].clone(),
        _ => json!({"apiVersion": "v1", "kind": "List", "items": read}),
    };
    assert_eq!(json, expected);
    read
}

#[test]
fn objects_are_documents_of_yaml_and_a_list_of_json() {
    let name = "db.node".parse().expect("a name");
    let namespace = "prod".parse().expect("a namespace");
    let pem = Zeroizing::new(b"-----BEGIN X-----\nAAAA\n-----END X-----\n".to_vec());
    let data = [("ca.crt".to_owned(), pem)];
    let secret = object(Kind::Opaque, &name, Some(&namespace), &data);
    let config = object(Kind::ConfigMap, &name, None, &data);
    let objects = [secret, config];
    assert!(yaml(&objects).contains("\n  ca.crt: |\n    -----BEGIN X-----\n    AAAA\n"), "lines stay lines");
    let read = read_back(&objects);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db.node", "namespace": "prod"}, "type": "Opaque",
        "data": {"ca.crt": "LS0tLS1CRUdJTiBYLS0tLS0KQUFBQQotLS0tLUVORCBYLS0tLS0K"},
    });
    let config = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "db.node"},
        "data": {"ca.crt": "-----BEGIN X-----\nAAAA\n-----END X-----\n"},
    });
    assert_eq!(read, [secret, config]);
}

#[test]
fn text_stays_text() {
    for text in [
        "",
        "no",
        "Yes",
        "NULL",
        "~",
        "1",
        "1e3",
        "0x1f",
        "1:20",
        "2026-01-01",
        "a: b",
        "a #b",
        "- a",
        "\u{1f980}",
        " a\nb\n",
        "a\n\nb\n",
        "a\n\n",
        "a\nb",
        "a\n\u{1f980}\n",
        "\nb\n",
    ] {
        assert_eq!(read_back(&[map([("a", text.into())])]), [json!({ "a": text })]);
        assert!(!is_plain(text), "{text}");
    }
    let value = map([("size", Value::Number(2048)), ("none", Value::Texts(Vec::new())), ("no", map([]))]);
    assert_eq!(read_back(&[value]), [json!({"size": 2048, "none": [], "no": {}})]);
}

#[test]
fn a_key_is_written_without_moving() {
    let pem = Zeroizing::new(vec![0xff; 3000]);
    let name = "db".parse().expect("a name");
    let objects = [object(Kind::Tls, &name, None, &[("tls.key".to_owned(), pem)])];
    let room = Text::for_all(&objects).0.capacity();
    assert!(yaml(&objects).len() <= room && json(&objects).len() <= room);
    let longest = [map([("a", "\u{7f}".repeat(3000).as_str().into())])];
    let room = Text::for_all(&longest).0.capacity();
    assert!(yaml(&longest).len() <= room && json(&longest).len() <= room);
}

proptest! {
    #[test]
    fn any_text_is_read_back_from_both(name in "[a-z#:\\- ]{1,9}|\\PC{1,9}", text in r#"([a-z]|[-{}\[\]:,'"?&*!|>%@#.~\\\n\t ]|\PC){0,40}|([!-~]{1,9}\n){0,3}"#) {
        let read = read_back(&[map([(&name, text.as_str().into()), ("all of them", Value::Texts(vec![text.clone()]))])]);
        prop_assert_eq!(&read[0][&name], &Json::from(text.as_str()));
    }
}
