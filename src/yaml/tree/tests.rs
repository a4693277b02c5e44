use proptest::prelude::*;

use super::*;

/// The tree in short: places, and types of scalars.
fn shown(node: &Node) -> String {
    let inner = match &node.value {
        Value::Scalar { text, .. } => format!("{text:?}"),
        Value::List(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Value::Map(entries) => {
            let entry = |(key, value): &(Key, Node)| format!("{}@{}={}", key.text, key.at, shown(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
        }
    };
    format!("{inner}@{}", node.at)
}

fn tree(text: &str) -> Result<String, String> {
    read(text).map(|node| shown(&node)).map_err(|error| error.to_string())
}

#[test]
fn every_value_knows_its_place() {
    for (text, expected) in [
        ("", "\"\"@1:1"),
        ("a: b\nc:\n  - d\n  - 'e'\n", "{a@1:1=\"b\"@1:4 c@2:1=[\"d\"@3:5 \"e\"@4:5]@3:3}@1:1"),
        ("{\n\t\"a\": [1,\n\t\t\"\\u00fc\"]\n}\n", "{a@2:2=[\"1\"@2:8 \"\u{fc}\"@3:3]@2:7}@1:1"),
        ("a: &x [1]\nb: *x\r\n", "{a@1:1=[\"1\"@1:8]@1:4 b@2:1=[\"1\"@1:8]@2:4}@1:1"),
        ("\u{fc}: {\u{e9}: 1}", "{\u{fc}@1:1={\u{e9}@1:5=\"1\"@1:8}@1:4}@1:1"),
        ("\u{feff}a: 1", "{a@1:1=\"1\"@1:4}@1:1"),
        ("# nothing\n", "\"\"@1:1"),
    ] {
        assert_eq!(tree(text), Ok(expected.to_owned()), "{text:?}");
    }
}

#[test]
fn scalars_have_the_types_of_the_core_schema() {
    for (text, kind) in [
        ("", Kind::Null),
        ("~", Kind::Null),
        ("true", Kind::Boolean),
        ("yes", Kind::Text),
        ("12", Kind::Integer),
        ("-0", Kind::Integer),
        ("0x1f", Kind::Float),
        ("1.", Kind::Float),
        (".5", Kind::Float),
        ("1e3", Kind::Float),
        ("-.inf", Kind::Float),
        ("1/3", Kind::Text),
        ("10.0.0.1", Kind::Text),
        ("8760h", Kind::Text),
        ("e3", Kind::Text),
        (".", Kind::Text),
        ("\"12\"", Kind::Text),
        ("[1]", Kind::List),
        ("{a: 1}", Kind::Map),
    ] {
        assert_eq!(read(text).map(|node| node.value.kind()), Ok(kind), "{text}");
    }
}

#[test]
fn what_is_no_document_is_refused_where_it_goes_wrong() {
    for (text, expected) in [
        ("a:\n- [b\n", "3:1: "),
        ("a: 1\n---\nb: 2\n", "2:1: a second document"),
        ("a: !!str 1", "1:4: tags are not supported"),
        ("a: !x {}", "1:4: tags are not supported"),
        ("[1]: 2", "1:1: a key is a single value"),
        ("a: *b", "1:4: "),
        ("a: &b [*b]", "1:8: "),
    ] {
        let error = tree(text).expect_err(text);
        assert!(error.starts_with(expected), "{text:?}: {error}");
    }
}

#[test]
fn neither_size_nor_depth_nor_aliases_exhaust_memory() {
    let error = |text: &str| tree(text).expect_err("an error");
    assert!(error(&"a".repeat(MAX_LEN + 1)).contains("longer than"));
    assert!(error(&"[".repeat(MAX_DEPTH + 1)).contains("nested too deeply"));
    assert!(error(&"[".repeat(100_000)).contains("recursion limit exceeded"));
    assert!(error(&"- ".repeat(100_000)).contains("nested too deeply"));
    let level = |n: usize| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(10));
    let bomb = "a0: &a0 [x]\n".to_owned() + &(1..20).map(level).collect::<String>();
    assert!(error(&bomb).contains("too many values"), "{}", error(&bomb));
    let long = "a".repeat(100_000);
    for anchor in [format!("&a {long}"), format!("&a {{{long}: b}}")] {
        let copies = format!("- {anchor}\n{}", "- *a\n".repeat(1000));
        assert!(error(&copies).contains("too many values"), "{}", error(&copies));
    }
}

proptest! {
    #[test]
    fn any_text_is_understood_or_refused(text in r#"([a-z]|[-{}\[\]:,'"?&*!|>%@#.~\\\n\t ]|\PC){0,40}"#) {
        let _ = read(&text);
    }
}
