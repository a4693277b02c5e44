//! Units and shell lines as they are found on servers.

use super::*;

fn read(text: &str) -> ServerFlags {
    ServerFlags::read(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn problem(text: &str) -> String {
    match ServerFlags::read(text) {
        Ok(flags) => panic!("{flags:?}\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// A unit that starts the server with these words.
fn unit(words: &str) -> String {
    format!("[Service]\nExecStart=/usr/local/bin/cockroach start {words}\n")
}

/// A shell line that does.
fn line(words: &str) -> String {
    format!("cockroach start {words}\n")
}

fn root(flags: &ServerFlags) -> Option<&str> {
    flags.root_cert_distinguished_name.as_deref()
}

const UNIT: &str = r#"
[Unit]
Description=Cockroach Database cluster node
ExecStart=/bin/false
[Service]
Type=notify
WorkingDirectory=/var/lib/cockroach
Environment="DN=O=Acme Inc,OU=movr-prod" GOMEMLIMIT=1
# A comment.
ExecStart=/usr/local/bin/cockroach start --certs-dir=certs --advertise-addr=node1 \
  --join=node1,node2 --cache=.25 --max-sql-memory .25 \
  # not this: --disallow-root-login
  "--root-cert-distinguished-name=${DN},UID=root" \
  --node-cert-distinguished-name='O=Acme Inc,OU=movr-prod,UID=node' \
  --cert-principal-map=a:b --cert-principal-map c:d --allow-debug-user \
  --root-cert-san DNS=root.example.com --node-cert-san=URI=spiffe://x/n --disallow-root-login=false
User=cockroach
[Install]
WantedBy=multi-user.target
"#;

#[test]
fn a_unit_is_read() {
    let flags = ServerFlags {
        certs_dir: Some("/var/lib/cockroach/certs".into()),
        cert_principal_map: vec!["a:b".into(), "c:d".into()],
        root_cert_distinguished_name: Some("O=Acme Inc,OU=movr-prod,UID=root".into()),
        node_cert_distinguished_name: Some("O=Acme Inc,OU=movr-prod,UID=node".into()),
        root_cert_san: Some("DNS=root.example.com".into()),
        node_cert_san: Some("URI=spiffe://x/n".into()),
        disallow_root_login: Some(false),
        allow_debug_user: Some(true),
    };
    assert_eq!(read(UNIT), flags);
    // A drop-in behind it, as `systemctl cat` prints it.
    let empty = "RootDirectory=\n";
    assert_eq!(read(&UNIT.replace("User=cockroach\n", empty)), flags);
    let drop_in = "\n# /etc/systemd/system/x.d/a.conf\n[Service]\nExecStart=\nExecStart=cockroach start\n";
    assert_eq!(read(&(UNIT.to_owned() + drop_in)), ServerFlags::default());
}

#[test]
fn the_certs_directory_may_be_a_variable() {
    let certs_dir = |text: &str| read(text).certs_dir.map(|dir| dir.display().to_string());
    for (text, expected) in [
        (unit("") + "Environment=COCKROACH_CERTS_DIR=/x/y\n", Some("/x/y")),
        (unit("--certs-dir=/z") + "Environment=COCKROACH_CERTS_DIR=/x/y\n", Some("/z")),
        (unit("") + "Environment=COCKROACH_CERTS_DIR=certs\nWorkingDirectory=/x\n", Some("/x/certs")),
        (unit("") + "Environment=COCKROACH_CERTS_DIR=\n", None),
        // The file may say otherwise.
        (unit("") + "Environment=COCKROACH_CERTS_DIR=/x\nEnvironmentFile=/etc/x\n", None),
        ("COCKROACH_CERTS_DIR=/x/y cockroach start".into(), Some("/x/y")),
        ("COCKROACH_CERTS_DIR=/x COCKROACH_CERTS_DIR=/y exec cockroach start".into(), Some("/y")),
        ("COCKROACH_CERTS_DIR=/x/y cockroach start --certs-dir=/z".into(), Some("/z")),
        ("COCKROACH_CERTS_DIR=/x true; cockroach start".into(), None),
    ] {
        assert_eq!(certs_dir(&text).as_deref(), expected, "{text}");
    }
    let unknown = |what: &str| format!("COCKROACH_CERTS_DIR: it is not known what {what} stands for");
    for (text, expected) in [
        (unit("") + "Environment=COCKROACH_CERTS_DIR=%h/x\n", "%h"),
        (unit("") + "Environment=COCKROACH_CERTS_DIR=${HOME}/x\n", "${HOME}/x"),
        ("\"COCKROACH_CERTS_DIR=$HOME/x\" cockroach start".into(), "$HOME"),
        ("COCKROACH_CERTS_DIR=~/x cockroach start".into(), "~"),
    ] {
        assert!(problem(&text).ends_with(&unknown(expected)), "{}", problem(&text));
    }
}

#[test]
fn a_shell_line_is_read() {
    for (text, expected) in [
        (line(r#"--root-cert-distinguished-name="O=Acme Inc,UID=root" # other flags"#), "O=Acme Inc,UID=root"),
        (line(r"--root-cert-distinguished-name=O=Acme\ Inc,UID=root"), "O=Acme Inc,UID=root"),
        (line("--root-cert-distinguished-name 'O=a\\,b'"), "O=a\\,b"),
        (line(r#"--root-cert-distinguished-name "O=\"a\"\,b\\""#), "O=\"a\"\\,b\\"),
        (
            "set -e\nexec /opt/cockroach start \\\n --root-cert-distinguished-name=CN=a\\\nb &\necho done\n"
                .into(),
            "CN=ab",
        ),
        ("X=1 cockroach start-single-node --root-cert-distinguished-name=CN=a >>log 2>&1 &".into(), "CN=a"),
        ("cockroach start --root-cert-distinguished-name=CN=a &>log; cockroach sql".into(), "CN=a"),
        (line("--root-cert-distinguished-name=CN=a --root-cert-distinguished-name=CN=b"), "CN=b"),
        (
            line("--background --store=\"$HOME/x\" --root-cert-distinguished-name=CN=a#b -- --insecure"),
            "CN=a#b",
        ),
        (line("--root-cert-distinguished-name=CN=a''b\"\""), "CN=ab"),
        (line("--store=/a~b --root-cert-distinguished-name=CN=a~b"), "CN=a~b"),
        ("X=$(a $(b; cockroach start)) cockroach start --root-cert-distinguished-name=CN=a".into(), "CN=a"),
        (line("--root-cert-distinguished-name=CN=a & x --root-cert-distinguished-name=CN=b"), "CN=a"),
        ("F=$(date \"+%s\") # $(\ncockroach start --root-cert-distinguished-name=CN=a".into(), "CN=a"),
    ] {
        assert_eq!(root(&read(&text)), Some(expected), "{text}");
    }
    assert_eq!(read(&line("--certs-dir=certs")).certs_dir, Some("certs".into()));
    assert_eq!(
        read(&line("--root-cert-distinguished-name=")).root_cert_distinguished_name.as_deref(),
        Some("")
    );
    assert_eq!(read(&line("--disallow-root-login --insecure=false")).disallow_root_login, Some(true));
}

#[test]
fn quotes_escapes_and_variables_of_units() {
    for (words, expected) in [
        (r#"--root-cert-distinguished-name="O=a b""#, "O=a b"),
        (r#"'--root-cert-distinguished-name=O=a b'"#, "O=a b"),
        (r"--root-cert-distinguished-name=O=a\sb", "O=a b"),
        (r"--root-cert-distinguished-name=O=a\\,b", r"O=a\,b"),
        (r#"'--root-cert-distinguished-name=O=\"a\'b\t'"#, "O=\"a'b\t"),
        ("--root-cert-distinguished-name=O=100%%", "O=100%"),
        ("--root-cert-distinguished-name=O=$$a", "O=$a"),
        ("--store=%i --join=${JOIN} --root-cert-distinguished-name=O=a", "O=a"),
    ] {
        assert_eq!(root(&read(&unit(words))), Some(expected), "{words}");
    }
    let variables = |environment: &str, words: &str| {
        let text = unit(words);
        read(&format!("{text}{environment}\n")).root_cert_distinguished_name
    };
    let flag = "--root-cert-distinguished-name";
    let braces = format!("{flag}=${{A}}");
    assert_eq!(variables("Environment=A=x\nEnvironment=A=y", &braces).as_deref(), Some("y"));
    assert_eq!(variables("Environment='A=x y' B=z", &braces).as_deref(), Some("x y"));
    assert_eq!(variables(&format!("Environment=A_1={flag}=x"), "$A_1").as_deref(), Some("x"));
    assert_eq!(variables("Environment=A=x\nEnvironment=\nEnvironment=A=z", &braces).as_deref(), Some("z"));
    assert_eq!(
        variables(&format!("Environment='OPTIONS={flag}=CN=a --background'"), "$OPTIONS").as_deref(),
        Some("CN=a")
    );
    let literal = format!("[Service]\nExecStart=:cockroach start {flag}=$A\n");
    assert_eq!(root(&read(&literal)), Some("$A"));
    assert_eq!(root(&read(&format!("[Service]\nExecStart=-+cockroach start {flag}=a\n"))), Some("a"));
}

#[test]
fn long_units_are_read_or_refused_and_not_multiplied() {
    let dn = "--root-cert-distinguished-name=O=a";
    let continued = unit(&format!("{dn}{}", " \\\n".repeat(200_000)));
    assert_eq!(root(&read(&continued)), Some("O=a"));
    let many: String = (0..20_000).map(|n| format!("Environment=V{n}=x\n")).collect();
    let all = unit(&format!("{dn} {}", "$V0 ".repeat(20_000))) + &many;
    assert_eq!(root(&read(&all)), Some("O=a"));
    for variable in ["$A ", "${A}"] {
        let text = unit(&variable.repeat(100_000)) + &format!("Environment=A={}\n", "a".repeat(100_000));
        assert_eq!(problem(&text), "line 2: ExecStart= is too long once its variables are put in");
    }
}

#[test]
fn what_cannot_be_read_for_sure_is_an_error_that_names_line_and_flag() {
    let dn = "--root-cert-distinguished-name";
    for (text, expected) in [
        // Variables and patterns in a shell.
        (
            line(&format!("{dn}=\"$DN\"")),
            "line 1: --root-cert-distinguished-name: it is not known what $DN stands for",
        ),
        (line("--certs-dir=\"${HOME}/certs\""), "line 1: --certs-dir: it is not known what ${HOME} stands for"),
        (line("--store=$DIR"), "line 1: $DIR: it is not known what stands there, and it may be any flag"),
        (line("\"$FLAGS\""), "line 1: $FLAGS: it is not known what stands there, and it may be any flag"),
        (line("--join=`cat x`"), "line 1: `cat x`: it is not known what stands there, and it may be any flag"),
        (line("--join={a,b}"), "line 1: {: it is not known what stands there, and it may be any flag"),
        (line("--certs-dir ~/certs"), "line 1: --certs-dir: it is not known what ~ stands for"),
        // Quotes.
        ("\n\ncockroach start 'a\n".into(), "line 3: a quote is not closed"),
        (line("\"a"), "line 1: a quote is not closed"),
        (unit("'a"), "line 2: a quote is not closed"),
        (unit(r"--store=a\,b"), r"line 2: \, is an escape that is not read here; a backslash is written \\"),
        (line("--store=\"$(a"), "line 1: $(a\n: ) is missing"),
        // Flags whose value may be the next word.
        (
            line("--frobnicate --disallow-root-login"),
            "line 1: --frobnicate: it is not known here whether it takes the next word; write --frobnicate=...",
        ),
        (line("-s path"), "line 1: -s: write the long form of this flag"),
        (line("--certs-dir"), "line 1: --certs-dir has no value"),
        (line("--allow-debug-user=maybe"), "line 1: --allow-debug-user: \"maybe\" is neither true nor false"),
        (
            line("--insecure"),
            "line 1: --insecure: such a server looks at no certificate, and lets everybody in",
        ),
        (line("&>log --disallow-root-login"), "line 1: flags stand behind a redirection; put them before it"),
        (line(">log --disallow-root-login"), "line 1: flags stand behind a redirection; put them before it"),
        // Variables and specifiers of units.
        (
            unit(&format!("{dn}=${{DN}}")),
            "line 2: --root-cert-distinguished-name: it is not known what ${DN} stands for",
        ),
        (unit("--x$Y"), "line 2: $Y: it is not known what stands there, and it may be any flag"),
        (unit("$Y=z"), "line 2: $Y=z: it is not known what stands there, and it may be any flag"),
        (
            format!("{}Environment=A-B=--insecure\n", unit("$A-B")),
            "line 2: $A-B: it is not known what stands there, and it may be any flag",
        ),
        (unit("$OPTIONS"), "line 2: $OPTIONS: it is not known what stands there, and it may be any flag"),
        (unit("${OPTIONS}"), "line 2: ${OPTIONS}: it is not known what stands there, and it may be any flag"),
        (
            unit(&format!("{dn}=a$B")),
            "line 2: --root-cert-distinguished-name: it is not known what $B stands for",
        ),
        (
            unit(&format!("{dn}=%i")),
            "line 2: --root-cert-distinguished-name: it is not known what %i stands for",
        ),
        (
            format!("{}Environment=DN=CN=a\nEnvironmentFile=-/etc/default/x\n", unit(&format!("{dn}=${{DN}}"))),
            "line 2: --root-cert-distinguished-name: it is not known what ${DN} stands for",
        ),
        (
            format!("{}Environment=A=x\nEnvironment=\n", unit("$A")),
            "line 2: $A: it is not known what stands there, and it may be any flag",
        ),
        (
            format!("{}Environment=\"A='x y'\"\n", unit("$A")),
            "line 2: $A: it is not known what stands there, and it may be any flag",
        ),
        // Paths of units.
        (
            unit("--certs-dir=certs"),
            "line 2: --certs-dir is relative, and the unit names no absolute WorkingDirectory=",
        ),
        (
            format!("{}WorkingDirectory=~\n", unit("--certs-dir=certs")),
            "line 2: --certs-dir is relative, and the unit names no absolute WorkingDirectory=",
        ),
        (
            format!("{}RootDirectory=/srv\n", unit("--certs-dir=/certs")),
            "line 3: --certs-dir is below the RootDirectory= of the unit; name it with --certs-dir",
        ),
        // Which command it is.
        (
            "[Service]\nExecStart=/bin/sh -c 'cockroach start'\n".into(),
            "line 2: ExecStart= does not start the server itself; give the line that does",
        ),
        (
            "[Service]\nExecStart=@cockroach x start\n".into(),
            "line 2: ExecStart=@...: the name before the command cannot be told from flags",
        ),
        (
            "[Service]\nExecStart=-@/bin/cockroach x start\n".into(),
            "line 2: ExecStart=@...: the name before the command cannot be told from flags",
        ),
        (unit("; cockroach start"), "line 2: ExecStart= holds several commands; give one alone"),
        (unit("") + &unit(""), "line 4: another server is started here; give one start alone"),
        (
            "sleep 1\n\n\ncockroach \\\n start \\\n --store=$X".into(),
            "line 4: $X: it is not known what stands there, and it may be any flag",
        ),
        (line("") + &line(""), "line 2: another server is started here; give one start alone"),
        (
            "cockroach sql\n# cockroach start\n".into(),
            "line 1: nothing here starts a server: no command `cockroach start` or start-single-node",
        ),
        (
            "[Service]\n".into(),
            "line 1: nothing here starts a server: no command `cockroach start` or start-single-node",
        ),
    ] {
        assert_eq!(problem(&text), expected, "{text}");
    }
}
