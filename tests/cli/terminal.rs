//! What a person at a terminal is told; scripts are told nothing.

use crate::sandbox::Sandbox;

fn without_times(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { 'N' } else { c }).collect()
}

#[test]
fn a_line_a_file_with_its_expiry() {
    let sandbox = Sandbox::new();
    let seen = sandbox.create_on_terminal("create-ca", &[]);
    let expected = "created my-safe-directory/ca.key (keep it secret)\n\
                    created certs/ca.crt (expires NNNN-NN-NN NN:NN:NN UTC)\n";
    assert_eq!(without_times(&seen), expected);
    let seen = sandbox.create_on_terminal("create-client", &["root", "--also-generate-pkcs8-key"]);
    let expected = "created certs/client.root.crt (expires NNNN-NN-NN NN:NN:NN UTC)\n\
                    created certs/client.root.key (keep it secret)\n\
                    created certs/client.root.key.pkN (keep it secret)\n";
    assert_eq!(without_times(&seen), expected);
}

#[test]
fn a_wildcard_is_explained() {
    let sandbox = Sandbox::with_ca();
    let seen = sandbox.create_on_terminal("create-node", &["*.example.com", "localhost"]);
    let note = "note: *.example.com covers one level only: a.example.com, but neither example.com nor a.b.example.com\n";
    assert!(seen.ends_with(note), "{seen}");
}

#[test]
fn a_reused_key_is_not_said_to_be_made() {
    let sandbox = Sandbox::with_ca();
    let seen = sandbox.create_on_terminal("create-ca", &["--allow-ca-key-reuse", "--overwrite"]);
    assert!(seen.starts_with("created certs/ca.crt") && !seen.contains("ca.key"), "{seen}");
}

#[test]
fn at_info_the_log_says_what_was_made() {
    let sandbox = Sandbox::new();
    let messages = |command: &str, args: &[&str]| {
        let run = sandbox.create(command, &[args, &["--logtostderr"]].concat()).succeeds();
        // Two spaces before the tags, and two after the number of the entry.
        let after_header = |line: &str| line.splitn(3, "  ").nth(2).unwrap_or_default().to_owned();
        run.stderr.lines().map(after_header).collect::<Vec<_>>()
    };
    assert_eq!(
        messages("create-ca", &[]),
        ["generated CA key my-safe-directory/ca.key", "wrote 1 certificates to certs/ca.crt"]
    );
    let again = messages("create-ca", &["--allow-ca-key-reuse", "--overwrite"]);
    assert_eq!(
        again,
        ["using CA key from file my-safe-directory/ca.key", "wrote 2 certificates to certs/ca.crt"]
    );
    let node = messages("create-node", &["localhost"]);
    assert_eq!(node, ["generated node certificate: certs/node.crt", "generated node key: certs/node.key"]);
    let client = messages("create-client", &["root", "--also-generate-pkcs8-key"]);
    let expected = [
        "generated client certificate: certs/client.root.crt",
        "generated client key: certs/client.root.key",
        "generated PKCS8 client key: certs/client.root.key.pk8",
    ];
    assert_eq!(client, expected);
}
