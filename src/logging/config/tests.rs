use proptest::prelude::*;

use super::*;

const JSON: Format = Format::Json { compact: false, fluent: false };

fn read(text: &str) -> Config {
    from_yaml(text).unwrap_or_else(|error| panic!("{text}: {error:#}"))
}

fn group(name: &str, dir: &str, filter: Severity) -> FileGroup {
    let sink = Sink { filter, ..FILE_DEFAULTS.sink };
    FileGroup { name: name.into(), dir: dir.into(), mode: 0o640, sink }
}

#[test]
fn nothing_said_is_warnings_on_stderr() {
    let expected = Config { stderr: STDERR, no_color: false, files: Vec::new(), ignored: Vec::new() };
    for text in ["", "{}", "sinks:", "sinks: {stderr: {}, file-groups: }", "file-defaults: {filter: ERROR}"] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn block_and_inline_say_the_same() {
    let inline = read("{sinks: {stderr: {filter: info, format: json, no-color: true}}}");
    let block = read("sinks:\n  stderr:\n    filter: INFO\n    format: json\n    no-color: true\n");
    assert_eq!(inline.stderr, Sink { filter: Severity::Info, format: JSON });
    assert!(inline.no_color);
    assert_eq!(inline, block);
}

#[test]
fn a_sink_without_our_channel_is_silent() {
    let filter = |channels: &str| read(&format!("sinks: {{stderr: {{channels: {channels}}}}}")).stderr.filter;
    assert_eq!(filter("OPS"), Severity::None);
    assert_eq!(filter("[OPS, DEV]"), Severity::Warning);
    assert_eq!(filter("{INFO: [DEV], ERROR: OPS}"), Severity::Info);
}

#[test]
fn file_groups_inherit_what_they_do_not_say() {
    let config = read(
        "file-defaults: {dir: logs, filter: ERROR, format: json, file-permissions: 600}
sinks:
  file-groups:
    a: {channels: DEV}
    b: {channels: {INFO: [DEV]}, dir: other, format: crdb-v2, file-permissions: '0o644'}
    c: {channels: OPS}
    d: {channels: all, filter: NONE}
",
    );
    let inherited = FileGroup {
        mode: 0o600,
        sink: Sink { filter: Severity::Error, format: JSON },
        ..group("a", "logs", Severity::Error)
    };
    assert_eq!(config.files, [inherited, FileGroup { mode: 0o644, ..group("b", "other", Severity::Info) }]);
}

#[test]
fn the_default_group_takes_what_no_group_takes() {
    for (text, expected) in [
        ("file-defaults: {dir: logs}", Some(group("default", "logs", Severity::Info))),
        ("file-defaults: {dir: logs, filter: NONE}", None),
        (
            "file-defaults: {dir: logs}\nsinks: {file-groups: {ops: {channels: OPS}}}",
            Some(group("default", "logs", Severity::Info)),
        ),
        ("sinks: {file-groups: {ops: {channels: OPS, dir: logs}}}", None),
        (
            "sinks: {file-groups: {default: {channels: OPS, dir: logs, filter: ERROR}}}",
            Some(group("default", "logs", Severity::Error)),
        ),
        ("sinks: {file-groups: {all: {channels: all}}}", None),
    ] {
        assert_eq!(read(text).files, Vec::from_iter(expected), "{text}");
    }
}

#[test]
fn each_key_without_meaning_is_told_once() {
    let config = read(
        "capture-stray-errors: {enable: true}
file-defaults: {redact: true, max-file-size: 10mib}
sinks: {stderr: {redact: false, buffering: NONE}, fluent-servers: {x: [whatever]}}",
    );
    let keys: Vec<_> = config.ignored.iter().filter_map(|message| message.split(' ').nth(1)).collect();
    assert_eq!(keys, ["capture-stray-errors", "redact", "max-file-size", "fluent-servers", "buffering"]);
}

#[test]
fn errors_point_at_what_is_wrong() {
    for (text, expected) in [
        (
            "sinks:\n  stder: {}",
            "line 2, column 3: unknown key \"stder\" in sinks, it is one of stderr, file-groups,",
        ),
        ("sinks: {stderr: {filter: LOUD}}", "line 1, column 26: unknown severity \"LOUD\", it is one of INFO,"),
        ("sinks: {stderr: {format: xml}}", "line 1, column 26: unknown format \"xml\", it is one of crdb-v2,"),
        ("sinks: {stderr: {dir: x}}", "line 1, column 18: unknown key \"dir\" in stderr"),
        ("sinks: {stderr: {no-color: maybe}}", "line 1, column 28: true or false"),
        ("file-defaults: {channels: DEV}", "line 1, column 17: unknown key \"channels\" in file-defaults"),
        ("file-defaults: {dir: ~/logs}", "line 1, column 22: the log directory cannot start with '~'"),
        ("file-defaults: {dir: ''}", "line 1, column 22: the log directory cannot be empty"),
        ("file-defaults: {file-permissions: 755}", "line 1, column 35: \"755\" is not a mode"),
        ("file-defaults: {file-permissions: rw}", "line 1, column 35: \"rw\" is not a mode"),
        ("sinks: {file-groups: {a: {dir: x}}}", "line 1, column 23: file group \"a\": no channel selected"),
        ("sinks: {file-groups: {a: {channels: X}}}", "line 1, column 37: unknown channel \"X\""),
        ("sinks: [stderr]", "line 1, column 8: keys with values"),
        ("text", "line 1, column 1: keys with values"),
        ("sinks: {stderr: {filter: [INFO]}}", "line 1, column 26: a single value"),
    ] {
        let error = format!("{:#}", from_yaml(text).expect_err(text));
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_understood_or_refused(text in r#"([a-z]|[-{}\[\]:,'"?&*!|>%@#.~\\\n\t ]|sinks|stderr|filter|INFO|\PC){0,40}"#) {
        if let Err(error) = from_yaml(&text) {
            prop_assert!(error.to_string().starts_with("line "), "{error}");
        }
    }
}
