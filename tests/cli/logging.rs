//! Where messages go, and how they look (REFERENCE.md section 7).

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

/// A client certificate's worth of messages at INFO: two, both from one source file.
fn create(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.create("create-client", &[&["root", "--overwrite"], args].concat())
}

/// `create-client` with logging flags that must be refused before anything is done.
fn refuses(sandbox: &Sandbox, args: &[&str], words: &[&str]) {
    sandbox.refuses_to_create("create-client", &[&["root", "--overwrite"], args].concat(), words);
}

/// Lines with their times, numbers and sources' lines as `N`.
fn masked(text: &str) -> String {
    let digits =
        |text: &str| -> String { text.chars().map(|c| if c.is_ascii_digit() { 'N' } else { c }).collect() };
    let masked = digits(text);
    // Source lines have any number of digits.
    let (mut short, mut last) = (String::new(), ' ');
    for c in masked.chars() {
        if c != 'N' || last != 'N' {
            short.push(c);
        }
        last = c;
    }
    short
}

/// The one log file of a program or group in a directory, which its link leads to.
fn log_file(sandbox: &Sandbox, dir: &str, prefix: &str) -> String {
    let names = sandbox.names(dir);
    let files: Vec<_> =
        names.iter().filter(|name| name.starts_with(&format!("{prefix}.")) && name.len() > 20).collect();
    let [file] = files[..] else { panic!("{names:?}") };
    let link = fs::read_link(sandbox.path(dir).join(format!("{prefix}.log"))).expect("a link");
    assert_eq!(link.to_str(), Some(file.as_str()));
    format!("{dir}/{file}")
}

#[test]
fn by_default_only_warnings_are_seen() {
    let sandbox = Sandbox::with_ca();
    create(&sandbox, &[]).succeeds_silently();
    sandbox.write("certs/unknown.crt", "");
    for (args, sees_it) in [
        (&[][..], true),
        (&["--logtostderr=WARNING"], true),
        (&["--logtostderr=info"], true),
        (&["--logtostderr"], true),
        (&["--logtostderr=DEFAULT"], true),
        (&["--logtostderr=Error"], false),
        (&["--logtostderr=FATAL"], false),
        (&["--logtostderr=NONE"], false),
        (&["--logtostderr=INFO", "--logtostderr=NONE"], false),
        (&["--log={sinks: {stderr: {filter: ERROR}}}"], false),
        (&["--log={sinks: {stderr: {filter: none}}}"], false),
        (&["--log={sinks: {stderr: {}}}"], true),
        (&["--log={sinks: {stderr: , file-groups: }, file-defaults: {filter: ERROR}}"], true),
        (&["--log={}"], true),
        (&["--log="], true),
        (&["--log=", "--log-config-vars=HOME"], true),
    ] {
        let run = sandbox.run(&[&["list", "--certs-dir=certs"], args].concat()).succeeds();
        assert_eq!(run.stderr.contains("unknown prefix"), sees_it, "{args:?}: {}", run.stderr);
    }
}

#[test]
fn logging_flags_are_taken_in_front_of_the_command_too() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("certs/unknown.crt", "");
    for flags in [
        &["--logtostderr=NONE"][..],
        &["--log", "{sinks: {stderr: {filter: NONE}}}"],
        &["--no-color", "--vmodule", "cert=2", "--logtostderr=NONE"],
        &["--log-dir", "", "--logtostderr=ERROR"],
    ] {
        let args = [flags, &["cert", "list", "--certs-dir=certs"]].concat();
        let run = sandbox.run(&args).succeeds();
        assert_eq!(run.stderr, "", "{args:?}");
    }
}

#[test]
fn lines_on_stderr_are_those_of_the_reference() {
    let sandbox = Sandbox::with_ca();
    let run = create(&sandbox, &["--log={sinks: {stderr: {filter: INFO}}}"]).succeeds();
    let header = "IN N:N:N.N N command/leaf.rs:N  [-] N  ";
    let expected = format!(
        "{header}generated client certificate: certs/client.root.crt\n{header}generated client key: certs/client.root.key\n"
    );
    assert_eq!(masked(&run.stderr), expected);
    assert!(run.stderr.contains(" [-] 1  generated") && run.stderr.contains(" [-] 2  generated"));
}

#[test]
fn json_is_an_object_a_line() {
    let sandbox = Sandbox::with_ca();
    let run = create(&sandbox, &["--log={sinks: {stderr: {filter: INFO, format: json}}}"]).succeeds();
    let entries: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0]["message"], "generated client certificate: certs/client.root.crt");
    assert_eq!(entries[0]["channel"], "DEV");
    assert_eq!(entries[0]["severity"], "INFO");
    assert_eq!(entries[0]["file"], "command/leaf.rs");
    assert_eq!(
        (&entries[0]["entry_counter"], &entries[1]["entry_counter"]),
        (&Value::from(1), &Value::from(2))
    );
}

#[test]
fn colors_are_for_terminals_that_want_them() {
    let sandbox = Sandbox::with_ca();
    let colored = |env: &[(&str, &str)], args: &[&str]| {
        let seen =
            sandbox.create_on_terminal_with(env, "create-client", &[&["root", "--overwrite"], args].concat());
        assert!(seen.contains("generated client key"), "{seen}");
        seen.contains("\x1b[")
    };
    let info = &["--logtostderr"][..];
    assert!(colored(&[("TERM", "xterm")], info));
    assert!(!colored(&[("TERM", "xterm")], &["--logtostderr", "--no-color"]));
    assert!(colored(&[("TERM", "xterm")], &["--logtostderr", "--no-color=false"]));
    assert!(!colored(&[("TERM", "dumb")], info));
    assert!(!colored(&[], info));
    assert!(!colored(&[("TERM", "xterm"), ("NO_COLOR", "1")], info));
    assert!(!colored(&[("TERM", "xterm")], &["--log={sinks: {stderr: {filter: INFO, format: crdb-v2}}}"]));
    assert!(!colored(&[("TERM", "xterm")], &["--log={sinks: {stderr: {filter: INFO, no-color: true}}}"]));
    let run = sandbox.script(&format!(
        "TERM=xterm crdb-cert create-client root --overwrite --logtostderr {}",
        crate::sandbox::DIRS.join(" ")
    ));
    assert!(!run.succeeds().stderr.contains('\x1b'));
}

#[test]
fn a_log_directory_gets_a_file_and_a_link_to_it() {
    let sandbox = Sandbox::with_ca();
    create(&sandbox, &["--log-dir=logs/new"]).succeeds_silently();
    let file = log_file(&sandbox, "logs/new", "crdbcert");
    let pid = file.strip_suffix(".log").and_then(|file| file.rsplit_once('.')).expect(&file).1;
    assert!(pid.len() >= 6 && pid.parse::<u32>().is_ok(), "{file}");
    let parts = masked(&file);
    assert!(parts.ends_with(".N-N-NTN_N_NZ.N.log"), "{parts}");
    let text = sandbox.read(&file);
    assert_eq!(text.lines().count(), 8, "{text}");
    for words in [
        "[config]   file created at: ",
        "[config]   binary: crdb-cert ",
        "create-client --key-algorithm=ecdsa root --overwrite --log-dir=logs/new --certs-dir=certs",
        "[config]   log format (utf8=\u{2713}): crdb-v2\n",
        " [-] 1  generated client certificate: certs/client.root.crt\n",
        " [-] 2  generated client key: certs/client.root.key\n",
    ] {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
}

#[test]
fn a_log_file_is_for_owner_and_group_less_the_umask() {
    for (umask, dir, file) in [("022", 0o755, 0o640), ("077", 0o700, 0o600), ("000", 0o755, 0o640)] {
        let sandbox = Sandbox::with_ca();
        let dirs = crate::sandbox::DIRS.join(" ");
        let command = "crdb-cert create-client root --key-algorithm=ecdsa --log-dir=logs";
        sandbox.script(&format!("umask {umask}; {command} {dirs}")).succeeds_silently();
        assert_eq!(sandbox.mode("logs"), dir, "{umask}");
        assert_eq!(sandbox.mode(&log_file(&sandbox, "logs", "crdbcert")), file, "{umask}");
    }
    let sandbox = Sandbox::with_ca();
    create(&sandbox, &["--log=file-defaults: {dir: logs, file-permissions: 600}"]).succeeds_silently();
    assert_eq!(sandbox.mode(&log_file(&sandbox, "logs", "crdbcert")), 0o600);
}

#[test]
fn nothing_to_say_makes_no_file() {
    let sandbox = Sandbox::with_ca();
    sandbox.run(&["list", "--certs-dir=certs", "--log-dir=logs"]).succeeds();
    assert_eq!(sandbox.names("logs"), [] as [&str; 0]);
    for args in [&["--log-dir="][..], &["--log-dir=other", "--log-dir", ""]] {
        create(&sandbox, args).succeeds_silently();
        assert!(!sandbox.path("other").exists());
    }
    create(&sandbox, &["--log-dir=logs", "--log-file-verbosity=WARNING"]).succeeds_silently();
    assert_eq!(sandbox.names("logs"), [] as [&str; 0]);
}

#[test]
fn a_program_called_cockroach_logs_as_cockroach() {
    let sandbox = Sandbox::with_ca();
    symlink(crate::sandbox::program(), sandbox.path("cockroach")).expect("a link");
    let dirs = crate::sandbox::DIRS.join(" ");
    let script = format!("./cockroach cert create-client root --key-algorithm=ecdsa --log-dir=logs {dirs}");
    sandbox.script(&script).succeeds_silently();
    log_file(&sandbox, "logs", "cockroach");
}

#[test]
fn file_groups_take_their_share() {
    let sandbox = Sandbox::with_ca();
    sandbox.write(
        "logs.yaml",
        "file-defaults:
  dir: logs
  filter: ERROR
  file-permissions: '0o600'
sinks:
  file-groups:
    audit:
      filter: INFO
      format: json
    open: {dir: more, filter: info, file-permissions: 644}
    quiet:
    silent: {filter: NONE}
  stderr:
    filter: NONE
",
    );
    create(&sandbox, &["--log-config-file=logs.yaml"]).succeeds_silently();
    let audit = log_file(&sandbox, "logs", "crdbcert-audit");
    assert_eq!(sandbox.mode(&audit), 0o600);
    let text = sandbox.read(&audit);
    let entries: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(entries.len(), 7, "{text}");
    assert!(entries[..5].iter().all(|entry| entry["header"] == 1));
    assert_eq!(entries[6]["message"], "generated client key: certs/client.root.key");
    assert_eq!(sandbox.names("logs").len(), 2);
    let open = log_file(&sandbox, "more", "crdbcert-open");
    assert_eq!(sandbox.mode(&open), 0o644);
    assert!(sandbox.read(&open).contains("[config]   log format (utf8=\u{2713}): crdb-v2\n"));
}

#[test]
fn a_file_group_needs_a_directory() {
    let sandbox = Sandbox::with_ca();
    for (log, files) in [
        ("sinks: {file-groups: {a: {filter: INFO}}}", 0),
        ("file-defaults: {dir: logs, filter: NONE}", 0),
        ("file-defaults: {dir: logs}\nsinks: {file-groups: {}}", 2),
    ] {
        create(&sandbox, &[&format!("--log={log}")]).succeeds_silently();
        let made = if sandbox.path("logs").exists() { sandbox.names("logs").len() } else { 0 };
        assert_eq!(made, files, "{log}");
    }
}

#[test]
fn files_that_would_have_one_name_get_two() {
    let sandbox = Sandbox::with_ca();
    let groups = "{a.b: {}, ab: {}, a/b: {filter: INFO}}";
    let log = format!("--log={{file-defaults: {{dir: logs}}, sinks: {{file-groups: {groups}}}}}");
    create(&sandbox, &[&log]).succeeds_silently();
    let names = sandbox.names("logs");
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(names[0], "crdbcert-ab.log");
    for name in &names {
        assert_eq!(sandbox.read(&format!("logs/{name}")).lines().count(), 8, "{name}");
    }
}

#[test]
fn environment_variables_are_for_those_who_are_named() {
    let sandbox = Sandbox::with_ca();
    let run = |args: &[&str]| {
        let args =
            [&["create-client", "root", "--overwrite", "--log=file-defaults: {dir: $LOGS}"], args].concat();
        let args = [&args[..], &crate::sandbox::DIRS].concat();
        Run::of(sandbox.command(&args).env("LOGS", "logs").env("COCKROACH_X", "x"))
    };
    run(&["--log-config-vars=HOME,LOGS"]).succeeds_silently();
    log_file(&sandbox, "logs", "crdbcert");
    let refused = run(&["--log-config-vars=HOME"]);
    assert_eq!(refused.status, Some(1));
    assert!(refused.stderr.starts_with("ERROR: --log: the environment variable LOGS is not set\nHINT: "));
    let refused = run(&["--log-config-vars=LOGS,COCKROACH_X"]);
    assert!(refused.stderr.contains("COCKROACH_X cannot be used in the logging configuration"), "{refused:?}");
}

#[test]
fn the_last_configuration_counts() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("silent.yaml", "sinks: {stderr: {filter: NONE}}");
    sandbox.write("certs/unknown.crt", "");
    let loud = "--log=sinks: {stderr: {filter: INFO}}";
    let silent = "--log-config-file=silent.yaml";
    for (args, sees_it) in [([loud, silent], false), ([silent, loud], true), ([silent, silent], false)] {
        let run = sandbox.run(&[&["list", "--certs-dir=certs"], &args[..]].concat()).succeeds();
        assert_eq!(!run.stderr.is_empty(), sees_it, "{args:?}: {}", run.stderr);
    }
}

#[test]
fn a_wrong_configuration_stops_everything() {
    let sandbox = Sandbox::with_ca();
    sandbox.write("bad.yaml", "sinks:\n  stderr:\n    filter: LOUD\n");
    fs::write(sandbox.path("latin1.yaml"), b"# \xfc\n").expect("a file");
    sandbox.write("long.yaml", &"#".repeat(65_537));
    sandbox.write("file", "");
    for (args, words) in [
        (&["--log={sinks: {stderr: "][..], "ERROR: --log: line 2, column 1: "),
        (
            &["--log-config-file=bad.yaml"],
            "--log-config-file bad.yaml: line 3, column 13: sinks.stderr.filter: ",
        ),
        (&["--log-config-file=none.yaml"], "--log-config-file none.yaml: no such file or directory"),
        (&["--log-config-file=certs"], "--log-config-file certs: is a directory"),
        (&["--log-config-file=latin1.yaml"], "--log-config-file latin1.yaml: this is not UTF-8"),
        (&["--log-config-file=long.yaml"], "--log-config-file long.yaml: the text is longer than 65536 bytes"),
        (&["--log-dir=file"], "could not create the log directory file: "),
        (&["--log-dir=file/logs"], "could not create the log directory file/logs: not a directory"),
        (&["--log-dir=~/logs"], "--log-dir: the log directory cannot start with '~': ~/logs"),
        (
            &["--log=", "--logtostderr"],
            "--log is incompatible with legacy discrete logging flags, such as --logtostderr",
        ),
        (&["--log=", "--no-color"], "such as --no-color\nHINT: say it in the logging configuration: sinks: "),
        (&["--log-config-file=bad.yaml", "--log-dir="], "such as --log-dir"),
    ] {
        refuses(&sandbox, args, &[words]);
    }
    let run = sandbox.run(&["list", "--logtostderr=LOUD"]);
    assert_eq!(run.status, Some(2), "{run:?}");
    let run = sandbox.run(&["check-login", "root", "--certs-dir=certs", "--log=["]);
    assert_eq!(run.status, Some(2), "a login was not refused: {run:?}");
}

#[test]
fn errors_point_at_what_is_wrong_in_the_yaml() {
    let sandbox = Sandbox::with_ca();
    for (yaml, expected) in [
        (
            "{sinks: {stderr: {filter: LOUD}}}",
            "line 1, column 27: sinks.stderr.filter: unknown severity \"LOUD\", use INFO,",
        ),
        ("sinks:\n  stder: {}", "line 2, column 3: sinks: unknown field `stder`, expected one of `stderr`,"),
        (
            "sinks: {stderr: {format: xml}}",
            "line 1, column 26: sinks.stderr.format: unknown format \"xml\", use crdb-v2, crdb-v2-tty or json",
        ),
        ("sinks: {stderr: {dir: x}}", "line 1, column 18: sinks.stderr: unknown field `dir`"),
        ("sinks: {stderr: {no-color: maybe}}", "line 1, column 28: sinks.stderr.no-color: "),
        (
            "file-defaults: {dir: ~/logs}",
            "line 1, column 22: file-defaults.dir: the log directory cannot start with",
        ),
        ("file-defaults: {dir: ''}", "line 1, column 22: file-defaults.dir: the log directory cannot be empty"),
        (
            "file-defaults: {file-permissions: 755}",
            "line 1, column 35: file-defaults.file-permissions: \"755\" is not a mode",
        ),
        (
            "file-defaults: {file-permissions: rw}",
            "line 1, column 35: file-defaults.file-permissions: \"rw\" is not a mode",
        ),
        (
            "sinks: {file-groups: {a: {filter: X}}}",
            "line 1, column 35: sinks.file-groups.a.filter: unknown severity",
        ),
        ("sinks: {file-groups: {a: {}, a: {}}}", "line 1, column 22: sinks.file-groups: duplicate name \"a\""),
        ("sinks: {stderr: {}, stderr: {}}", "line 1, column 8: sinks: duplicate field `stderr`"),
        ("sinks: [stderr]", "line 1, column 8: sinks: invalid type: sequence, expected keys with values"),
        ("text", "line 1, column 1: invalid type: string \"text\", expected keys with values"),
        ("sinks: {stderr: *x}", "line 1, column 17: while parsing node, found unknown anchor"),
    ] {
        refuses(&sandbox, &[&format!("--log={yaml}")], &[&format!("ERROR: --log: {expected}")]);
    }
}

#[test]
fn what_has_no_effect_here_is_accepted_with_a_warning() {
    let sandbox = Sandbox::with_ca();
    for (args, name) in [
        (&["--vmodule=cert=2"][..], "--vmodule"),
        (&["--vmodule", "cert=2"], "--vmodule"),
        (&["--verbosity=2", "--verbosity=3"], "--verbosity"),
        (&["--log-file-max-size=10MiB"], "--log-file-max-size"),
        (&["--log-group-max-size=10MiB"], "--log-group-max-size"),
        (&["--log-dir-max-size=10MiB"], "--log-dir-max-size"),
        (&["--sql-audit-dir=audit"], "--sql-audit-dir"),
        (&["--redactable-logs"], "--redactable-logs"),
        (&["--redactable-logs=false"], "--redactable-logs"),
        (&["--log={fluent-defaults: {}}"], "fluent-defaults"),
        (&["--log={sinks: {http-servers: {a: {address: x}}, stderr: {}}}"], "http-servers"),
        (&["--log={sinks: {stderr: {channels: OPS}}}"], "channels"),
        (
            &["--log={file-defaults: {redact: true, channels: all}}", "--vmodule=x"],
            "channels, redact, --vmodule",
        ),
        (&["--log={sinks: {file-groups: {a: {channels: {INFO: [DEV]}}, b: {channels: [OPS]}}}}"], "channels"),
    ] {
        let stderr = create(&sandbox, args).succeeds().stderr;
        assert!(stderr.starts_with('W') && stderr.lines().count() == 1, "{args:?}: {stderr}");
        let effect = if name.contains(", ") { "they have no effect" } else { "it has no effect" };
        assert!(stderr.ends_with(&format!("  ignoring {name}: {effect} here\n")), "{args:?}: {stderr}");
        if !args[0].starts_with("--log=") {
            create(&sandbox, &[args, &["--logtostderr=ERROR"]].concat()).succeeds_silently();
        }
    }
}

#[test]
fn other_formats_of_the_reference_are_accepted_with_a_warning() {
    let sandbox = Sandbox::with_ca();
    for (other, own) in [
        ("crdb-v1", "crdb-v2"),
        ("crdb-v1-count", "crdb-v2"),
        ("crdb-v1-tty", "crdb-v2-tty"),
        ("crdb-v1-tty-count", "crdb-v2-tty"),
        ("json-compact", "json"),
        ("json-fluent", "json"),
        ("json-fluent-compact", "json"),
    ] {
        let warning = format!("ignoring format {other} (using {own}): it has no effect here");
        for log in [
            format!("{{sinks: {{stderr: {{format: {other}}}}}}}"),
            format!("{{file-defaults: {{format: {other}}}}}"),
            format!("{{sinks: {{file-groups: {{a: {{format: {other}}}}}}}}}"),
        ] {
            let stderr = create(&sandbox, &[&format!("--log={log}")]).succeeds().stderr;
            let is_json = stderr.starts_with('{');
            assert!(stderr.contains(&warning) && stderr.lines().count() == 1, "{log}: {stderr}");
            assert_eq!(is_json, log.starts_with("{sinks: {stderr") && own == "json", "{log}: {stderr}");
        }
    }
}

#[test]
fn a_planted_link_is_not_written_through() {
    let sandbox = Sandbox::with_ca();
    sandbox.make_dir("logs");
    sandbox.write("precious", "untouched");
    symlink("../precious", sandbox.path("logs/crdbcert.log")).expect("a link");
    create(&sandbox, &["--log-dir=logs"]).succeeds_silently();
    assert_eq!(sandbox.read("precious"), "untouched");
    log_file(&sandbox, "logs", "crdbcert");
    // What is no link was not made by us.
    sandbox.make_dir("more");
    sandbox.write("more/crdbcert.log", "somebody's own");
    create(&sandbox, &["--log-dir=more"]).succeeds_silently();
    assert_eq!(sandbox.read("more/crdbcert.log"), "somebody's own");
    assert_eq!(sandbox.names("more").len(), 2);
}

#[test]
fn a_message_that_cannot_be_written_stops_nothing() {
    let sandbox = Sandbox::with_ca();
    let dirs = crate::sandbox::DIRS.join(" ");
    let command =
        format!("crdb-cert create-client root --overwrite --key-algorithm=ecdsa --logtostderr {dirs}");
    sandbox.script(&format!("{command} 2>/dev/full")).succeeds_silently();
    sandbox.script(&format!("{command} 2>&-")).succeeds_silently();
    sandbox.write("certs/unknown.crt", "");
    let list = "crdb-cert list --certs-dir=certs --log-dir=logs >/dev/null";
    let run = sandbox.script(&format!("ulimit -f 0; trap '' XFSZ; {list}")).succeeds();
    assert!(run.stderr.contains("unknown prefix"), "{run:?}");
    assert_eq!(sandbox.read(&log_file(&sandbox, "logs", "crdbcert")), "");
}

#[test]
fn names_in_messages_cannot_drive_a_terminal_or_forge_an_entry() {
    let sandbox = Sandbox::with_ca();
    let name = "x\n\x1b[2JE250101 00:00:00.000000 1 a.rs:1  [-] 1  forged.crt";
    fs::write(sandbox.path("certs").join(name), "").expect("a file");
    for format in ["crdb-v2", "crdb-v2-tty", "json"] {
        let log = format!("--log={{sinks: {{stderr: {{filter: INFO, format: {format}}}}}}}");
        let run = sandbox.run(&["list", "--certs-dir=certs", &log]).succeeds();
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(!run.stderr.contains('\x1b'), "{}", run.stderr);
    }
}
