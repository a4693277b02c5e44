//! Objects as text: YAML documents, or one JSON object.

use openssl::base64::encode_block;
use zeroize::Zeroizing;

use super::layout::Kind;
use super::name::{Namespace, Subdomain};
use crate::error::misleads;

/// A value of a manifest.
pub enum Value {
    /// Text, which may be a key.
    Text(Zeroizing<String>),
    /// A number.
    Number(u64),
    /// Texts.
    Texts(Vec<String>),
    /// Values with names, in this order.
    Map(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Zeroizing::new(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Zeroizing::new(text))
    }
}

/// Values with names.
pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The metadata of an object.
pub fn metadata(name: &Subdomain, namespace: Option<&Namespace>) -> Value {
    let name = [("name".to_owned(), name.to_string().into())];
    let namespace = namespace.map(|namespace| ("namespace".to_owned(), namespace.to_string().into()));
    Value::Map(name.into_iter().chain(namespace).collect())
}

/// A secret or a ConfigMap with these contents, which are PEM.
pub fn object(
    kind: Kind,
    name: &Subdomain,
    namespace: Option<&Namespace>,
    data: &[(String, Zeroizing<Vec<u8>>)],
) -> Value {
    let text = |pem: &Zeroizing<Vec<u8>>| {
        Zeroizing::new(match kind {
            Kind::ConfigMap => String::from_utf8_lossy(pem).into_owned(),
            Kind::Opaque | Kind::Tls => encode_block(pem),
        })
    };
    let data = Value::Map(data.iter().map(|(key, pem)| (key.clone(), Value::Text(text(pem)))).collect());
    let (of, kind) = match kind {
        Kind::Opaque => (Some("Opaque"), "Secret"),
        Kind::Tls => (Some("kubernetes.io/tls"), "Secret"),
        Kind::ConfigMap => (None, "ConfigMap"),
    };
    let mut members =
        vec![("apiVersion", "v1".into()), ("kind", kind.into()), ("metadata", metadata(name, namespace))];
    members.extend(of.map(|of| ("type", of.into())));
    members.push(("data", data));
    Value::Map(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// YAML, a document each object.
pub fn yaml(objects: &[Value]) -> Zeroizing<String> {
    let mut out = Text::for_all(objects);
    for object in objects {
        out.push("---");
        out.yaml(object, 0);
    }
    out.0
}

/// JSON: the object, or a `List` if there are several.
pub fn json(objects: &[Value]) -> Zeroizing<String> {
    let mut out = Text::for_all(objects);
    if let [object] = objects {
        out.json(object, 0);
    } else {
        out.push("{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [");
        for (at, object) in objects.iter().enumerate() {
            out.push(if at == 0 { "\n    " } else { ",\n    " });
            out.json(object, 4);
        }
        out.push("\n  ]\n}");
    }
    out.push("\n");
    out.0
}

/// Text as it grows, which never moves: that would leave a copy of a key behind.
struct Text(Zeroizing<String>);

impl Text {
    fn for_all(objects: &[Value]) -> Self {
        Self(Zeroizing::new(String::with_capacity(1024 + objects.iter().map(room).sum::<usize>())))
    }

    fn push(&mut self, text: &str) {
        self.0.push_str(text);
    }

    fn line(&mut self, indent: usize) {
        self.push("\n");
        (0..indent).for_each(|_| self.push(" "));
    }

    /// A value behind the name of a member, or at the beginning of a document.
    fn yaml(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Text(text) if text.trim_end_matches('\n').contains('\n') && is_block(text) => {
                self.push(" |");
                for line in text.lines() {
                    self.line(indent);
                    self.push(line);
                }
            }
            Value::Text(text) => {
                self.push(" ");
                self.scalar(text);
            }
            Value::Number(number) => self.push(&format!(" {number}")),
            Value::Texts(texts) if texts.is_empty() => self.push(" []"),
            Value::Texts(texts) => {
                for text in texts {
                    self.line(indent);
                    self.push("- ");
                    self.scalar(text);
                }
            }
            Value::Map(entries) if entries.is_empty() => self.push(" {}"),
            Value::Map(entries) => {
                for (name, value) in entries {
                    self.line(indent);
                    self.scalar(name);
                    self.push(":");
                    self.yaml(value, indent + 2);
                }
            }
        }
        if indent == 0 {
            self.push("\n");
        }
    }

    /// Text as it is where no reader takes it for anything else, quoted otherwise.
    fn scalar(&mut self, text: &str) {
        if is_plain(text) { self.push(text) } else { self.quoted(text) }
    }

    /// Text in double quotes, for JSON and YAML alike.
    fn quoted(&mut self, text: &str) {
        self.push("\"");
        for c in text.chars() {
            match c {
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\n' => self.push("\\n"),
                // All of these are in the first plane, so that one escape will do for JSON and YAML.
                c if misleads(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                    self.push(&format!("\\u{:04x}", c as u32))
                }
                c => self.0.push(c),
            }
        }
        self.push("\"");
    }

    fn json(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Text(text) => self.quoted(text),
            Value::Number(number) => self.push(&number.to_string()),
            Value::Texts(texts) => {
                self.push("[");
                for (at, text) in texts.iter().enumerate() {
                    self.push(if at == 0 { "" } else { ", " });
                    self.quoted(text);
                }
                self.push("]");
            }
            Value::Map(entries) => {
                self.push("{");
                for (at, (name, value)) in entries.iter().enumerate() {
                    self.push(if at == 0 { "" } else { "," });
                    self.line(indent + 2);
                    self.quoted(name);
                    self.push(": ");
                    self.json(value, indent + 2);
                }
                self.line(indent);
                self.push("}");
            }
        }
    }
}

/// The most octets that a value takes: six for each character, and a line of its own for each 64.
fn room(value: &Value) -> usize {
    let text = |text: &str| 6 * text.len() + 64;
    match value {
        Value::Text(value) => text(value),
        Value::Number(_) => 64,
        Value::Texts(texts) => texts.iter().map(|value| text(value)).sum(),
        Value::Map(entries) => entries.iter().map(|(name, value)| text(name) + room(value)).sum(),
    }
}

/// Can it be a block of lines, as PEM can?
fn is_block(text: &str) -> bool {
    let is_plain = |line: &str| {
        !line.starts_with(' ') && !line.is_empty() && line.bytes().all(|b| matches!(b, b' '..=b'~'))
    };
    text.ends_with('\n') && text.lines().all(is_plain)
}

/// Words that a reader of YAML 1.1 or 1.2 takes for something other than text, in any case.
const WORDS: [&str; 9] = ["false", "n", "no", "null", "off", "on", "true", "y", "yes"];

/// Is it text to every reader of YAML without quotes? Nothing that begins with a letter is a number.
fn is_plain(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._/+=".contains(&b);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(known)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
