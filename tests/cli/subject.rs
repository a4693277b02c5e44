//! `--subject` and `subject`: names, as the server reads them (REFERENCE.md section 5).

use crate::sandbox::Sandbox;

const ACME: &str = "O=Acme Inc,OU=movr-prod,UID=node";

/// What OpenSSL reads, in encoded order: types and string types.
fn asn1(sandbox: &Sandbox, file: &str) -> String {
    sandbox.openssl(&[
        "x509",
        "-in",
        file,
        "-noout",
        "-subject",
        "-nameopt",
        "sep_comma_plus,sname,show_type,utf8",
    ])
}

#[test]
fn a_subject_is_encoded_in_the_order_written() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-node", &["localhost", "--subject", ACME]).succeeds_silently();
    let subject =
        sandbox.openssl(&["x509", "-in", "certs/node.crt", "-noout", "-subject", "-nameopt", "RFC2253,sname"]);
    assert_eq!(subject, "subject=UID=node,OU=movr-prod,O=Acme Inc\n");
    assert_eq!(
        sandbox.run(&["subject", "certs/node.crt"]).succeeds_silently_but_for_stdout(),
        format!("{ACME}\n")
    );
}

#[test]
fn every_create_command_takes_a_subject() {
    let sandbox = Sandbox::new();
    sandbox.create("create-ca", &["--subject=O=Acme Inc,CN=Acme CA"]).succeeds_silently();
    sandbox.create("create-node", &["localhost", "--subject=UID=node"]).succeeds_silently();
    sandbox.create("create-client", &["root", "--subject=UID=root"]).succeeds_silently();
    for (file, subject) in [("ca", "O=Acme Inc,CN=Acme CA"), ("node", "UID=node"), ("client.root", "UID=root")]
    {
        let file = format!("certs/{file}.crt");
        assert_eq!(sandbox.run(&["subject", &file]).succeeds().stdout, format!("{subject}\n"));
        if file != "certs/ca.crt" {
            sandbox.openssl(&["verify", "-x509_strict", "-CAfile", "certs/ca.crt", &file]);
        }
    }
    let list = sandbox.run(&["list", "--certs-dir=certs"]).succeeds();
    assert!(list.stdout.contains("user: root ") && list.stderr.is_empty(), "{list:?}");
}

#[test]
fn values_have_the_string_types_of_rfc_5280() {
    let sandbox = Sandbox::with_ca();
    let subject = "DC=example+1.2.3.4=x,C=de,O=B\u{fc}ro,CN=a@b,emailAddress=a@b,UID=plain,OU=#160178";
    sandbox.create("create-client", &["root", "--subject", subject]).succeeds_silently();
    let expected = "subject=1.2.3.4=PRINTABLESTRING:x + DC=IA5STRING:example, C=PRINTABLESTRING:de, O=UTF8STRING:B\u{fc}ro, \
                    CN=UTF8STRING:a@b, emailAddress=IA5STRING:a@b, UID=PRINTABLESTRING:plain, OU=IA5STRING:x\n";
    let found = asn1(&sandbox, "certs/client.root.crt").replace(",", ", ").replace("+", " + ");
    assert_eq!(found.replace(",  ", ", ").replace(" +  ", " + "), expected);
}

#[test]
fn what_cannot_be_encoded_points_at_the_attribute_before_anything_is_written() {
    let sandbox = Sandbox::with_ca();
    for (subject, words) in [
        (
            "O=a,C=myCountry",
            "--subject: attribute 2 (C=myCountry) cannot be put into a certificate: a country is a code of two letters",
        ),
        (
            "DC=\u{e9}xample",
            "--subject: attribute 1 (DC=\u{e9}xample) cannot be put into a certificate: the value has to be ASCII",
        ),
        (
            "O=a,nonsense=b",
            "--subject: attribute 2 (nonsense=b) cannot be put into a certificate: \"nonsense\" is neither",
        ),
        ("O=a,", "--subject: attribute 2 (\"\"): is empty"),
        ("CN", "--subject: attribute 1 (\"CN\"): has no \"=\""),
        ("", "--subject: the name is empty"),
    ] {
        for (command, argument) in [("create-node", "localhost"), ("create-client", "root")] {
            sandbox.refuses_to_create(command, &[argument, "--subject", subject], &[words]);
        }
    }
}

#[test]
fn a_terminal_shows_what_the_server_needs() {
    let sandbox = Sandbox::with_ca();
    let seen = sandbox.create_on_terminal("create-node", &["localhost", "--subject", ACME]);
    let flag = "the server needs: --node-cert-distinguished-name='O=Acme Inc,OU=movr-prod,UID=node'\n";
    assert!(
        seen.ends_with(flag) && seen.contains("note: also make client.node.crt: create-client node\n"),
        "{seen}"
    );
    let seen =
        sandbox.create_on_terminal("create-node", &["localhost", "--overwrite", "--subject=O=a,CN=node"]);
    assert!(!seen.contains("also make"), "{seen}");
    let seen = sandbox.create_on_terminal("create-client", &["root", "--subject=O=Rock'n Roll,UID=root"]);
    let flag = "the server needs: --root-cert-distinguished-name='O=Rock'\\''n Roll,UID=root'\n";
    assert!(seen.ends_with(flag), "{seen}");
    let seen = sandbox.create_on_terminal("create-client", &["ann", "--subject=O=Rock'n Roll,UID=ann"]);
    assert!(
        seen.ends_with("the server needs: ALTER ROLE \"ann\" WITH SUBJECT 'O=Rock''n Roll,UID=ann';\n"),
        "{seen}"
    );
    let seen = sandbox.create_on_terminal("create-client", &["bob", "--subject=emailAddress=bob@example.com"]);
    assert!(
        seen.contains("note: no role can have this subject: SUBJECT contains illegal field type"),
        "{seen}"
    );
}

#[test]
fn a_dn_is_put_in_canonical_form() {
    let sandbox = Sandbox::new();
    for (text, canonical) in [
        (" cn=a\\2cb , o = \\23c ", "CN=a\\,b,O=\\#c"),
        ("O=Acme Inc;OU=x+UID=y", "O=Acme Inc,OU=x+UID=y"),
        ("CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\u{10d}i\u{107}"),
        ("", ""),
    ] {
        assert_eq!(
            sandbox.run(&["subject", text]).succeeds_silently_but_for_stdout(),
            format!("{canonical}\n")
        );
    }
}

#[test]
fn a_dn_that_no_role_can_have_is_refused_in_the_servers_words() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["subject", "O=a,emailAddress=b"]);
    let error = "ERROR: SUBJECT contains illegal field type \"emailAddress\", \
                 should be one of [\"CN\" \"L\" \"ST\" \"O\" \"OU\" \"C\" \"STREET\" \"DC\" \"UID\"]\n";
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (Some(1), "O=a,emailAddress=b\n", error)
    );
    // A start flag can.
    let flag =
        sandbox.run(&["subject", "O=a,emailAddress=b", "--flag=root"]).succeeds_silently_but_for_stdout();
    assert_eq!(flag, "--root-cert-distinguished-name='O=a,emailAddress=b'\n");
    sandbox.refuses(&["subject", "O=a,emailAddress=b", "--sql=ann"], &["illegal field type"]);
    sandbox.refuses(&["subject", "CN=a\\"], &["DN: attribute 1 (\"CN=a\\\\\")"]);
}

#[test]
fn statements_and_flags_are_quoted() {
    let sandbox = Sandbox::new();
    let print = |args: &[&str]| {
        sandbox.run(&[&["subject", "O=Rock'n Roll"], args].concat()).succeeds_silently_but_for_stdout()
    };
    assert_eq!(print(&["--sql=MaxRoach"]), "ALTER ROLE \"maxroach\" WITH SUBJECT 'O=Rock''n Roll';\n");
    assert_eq!(print(&["--flag=node"]), "--node-cert-distinguished-name='O=Rock'\\''n Roll'\n");
    for user in ["root", "node"] {
        let hint = format!("HINT: use the --{user}-cert-distinguished-name CLI flag to configure {user}");
        let what = format!("role \"{user}\" cannot have a SUBJECT");
        sandbox.refuses(&["subject", "O=a", "--sql", user], &[&what, &hint]);
    }
}

#[test]
fn what_the_server_reads_in_its_own_way_is_explained() {
    let sandbox = Sandbox::with_ca();
    let subject = "CN=bob,emailAddress=bob@example.com";
    sandbox.create("create-client", &["bob", "--subject", subject]).succeeds_silently();
    let run = sandbox.run(&["subject", "certs/client.bob.crt"]).succeeds();
    assert_eq!(run.stdout, "CN=bob,1.2.840.113549.1.9.1=#0c0f626f62406578616d706c652e636f6d\n");
    assert!(
        run.stderr.contains(
            "note: attribute 2: emailAddress: the server knows this type as 1.2.840.113549.1.9.1 only"
        ),
        "{run:?}"
    );
}

#[test]
fn what_servers_read_differently_is_not_judged() {
    let sandbox = Sandbox::with_ca();
    sandbox.create("create-client", &["bob", "--subject=CN=bob,OU=#30020500"]).succeeds_silently();
    sandbox.refuses(
        &["subject", "certs/client.bob.crt"],
        &["the subject is not judged, as servers read it differently: attribute 2: the value of OU is not a character string"],
    );
    sandbox.refuses(&["subject", "CN=bob,OU="], &["DN: attribute 2 (\"OU=\"): servers read it differently"]);
    sandbox.refuses(&["subject", "CN=bob,"], &["servers up to 26.2 read the name as \"CN=bob\""]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let sandbox = Sandbox::new();
    sandbox.refuses(
        &["subject", "certs/nobody.crt"],
        &["could not read certificate file certs/nobody.crt: no such file or directory"],
    );
    sandbox.write("x.crt", "hello");
    sandbox.refuses(
        &["subject", "x.crt"],
        &["could not load certificate file x.crt: no certificates found in x.crt"],
    );
}

#[test]
fn generated_subjects_are_read_back_by_openssl_and_by_us() {
    let sandbox = Sandbox::with_ca();
    // Deterministic, and varied in types, lengths, specials and scripts.
    let values = [
        "a",
        "x y",
        "comma\\, plus\\+",
        "\\#hash",
        "\\ edge\\ ",
        "semi\\;colon",
        "quote\\\"",
        "b\u{fc}cher",
        "\u{65e5}\u{672c}",
        "back\\\\slash",
        "1\\=1",
    ];
    let types = ["CN", "O", "OU", "L", "ST", "STREET", "UID"];
    for i in 0..40 {
        let attribute = |j: usize| {
            format!("{}={}", types[(i + j * 3) % types.len()], values[(i * 7 + j * 5) % values.len()])
        };
        let rdns: Vec<_> = (0..=i % 5).map(attribute).collect();
        let subject = rdns.join(",");
        sandbox.create("create-client", &["root", "--overwrite", "--subject", &subject]).succeeds();
        let ours = sandbox.run(&["subject", "certs/client.root.crt"]).succeeds().stdout;
        let again = sandbox.run(&["subject", &subject]).succeeds().stdout;
        assert_eq!(ours, again, "{subject}");
        let openssl = ["x509", "-in", "certs/client.root.crt", "-noout", "-subject", "-nameopt"];
        let theirs = sandbox.openssl(&[&openssl[..], &["RFC2253,sname,-esc_msb,utf8"]].concat());
        let reversed: Vec<_> = rdns.iter().rev().map(String::as_str).collect();
        // OpenSSL escapes no equals sign, and has a name of its own for one type.
        let expected = reversed.join(",").replace("\\=", "=").replace("STREET=", "street=");
        assert_eq!(theirs.trim_end_matches('\n'), format!("subject={expected}"), "{subject}");
    }
}

#[test]
fn a_missing_file_is_named_with_what_to_name_instead() {
    let words = [
        "nofile.crt: no such file or directory\nHINT: name a certificate's file, or write a DN: O=Acme,CN=root\n",
    ];
    Sandbox::new().refuses(&["subject", "nofile.crt"], &words);
}
