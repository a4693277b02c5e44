//! Man pages and completions, as the program generates them.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::sandbox::{Run, Sandbox};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

#[test]
fn bash_completes_flags_and_commands() {
    let sandbox = Sandbox::new();
    let script = sandbox.path("crdb-cert.bash");
    sandbox.write("crdb-cert.bash", &sandbox.run(&["generate", "completions", "bash"]).succeeds().stdout);
    let complete = |words: &str, word: &str, before: &str| {
        let count = words.split(' ').count();
        let call = format!(
            "COMP_WORDS=({words}); COMP_CWORD={}; _crdb__cert crdb-cert '{word}' '{before}'",
            count - 1
        );
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("source '{}'; {call}; echo ${{COMPREPLY[@]}}", script.display())]);
        Run::of(&mut bash).succeeds().stdout
    };
    assert!(
        complete("crdb-cert create-ca --allow-ca", "--allow-ca", "create-ca").contains("--allow-ca-key-reuse")
    );
    assert!(complete("crdb-cert create-no", "create-no", "crdb-cert").contains("create-node"));
    assert!(complete("crdb-cert create-node --key-algorithm e", "e", "--key-algorithm").contains("ecdsa"));
}

/// How many commands the help names, apart from itself, with those that they have of their own.
fn commands(sandbox: &Sandbox) -> usize {
    let (all, of_export) = (named(sandbox, &["--help"]), named(sandbox, &["export", "--help"]));
    assert!(all > 10 && of_export > 3, "{all} {of_export}");
    all - 1 + of_export
}

fn named(sandbox: &Sandbox, args: &[&str]) -> usize {
    let help = sandbox.run(args).succeeds().stdout;
    let lines =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    lines.filter(|line| line.starts_with("  ") && !line.starts_with("   ")).count()
}

#[test]
fn every_command_has_a_page_with_examples_as_they_are_typed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["generate", "man", "man1"]).succeeds();
    let pages = sandbox.names("man1");
    assert_eq!(pages.len(), commands(&sandbox) + 1, "{pages:?}");
    for page in pages {
        let text = sandbox.read(&format!("man1/{page}"));
        for section in [
            ".SH NAME",
            ".SH SYNOPSIS",
            ".SH DESCRIPTION",
            ".SH OPTIONS",
            ".SH ENVIRONMENT",
            ".SH \"EXIT STATUS\"",
        ] {
            let plain = section.replace('"', "");
            assert!(text.contains(section) || text.contains(&plain), "{section} is not in {}", page);
        }
        let examples = text
            .split(".SH EXAMPLES\n.nf\n")
            .nth(1)
            .and_then(|rest| rest.split("\n.fi\n").next())
            .expect("examples");
        assert!(examples.starts_with("  crdb\\-cert "), "{}: {examples}", page);
    }
}

#[test]
fn the_directory_of_the_pages_is_a_new_one() {
    let sandbox = Sandbox::new();
    sandbox.make_dir("pages");
    symlink("pages", sandbox.path("link")).expect("a link");
    for (dir, why) in
        [("pages", "file exists"), ("link", "file exists"), ("no/pages", "no such file or directory")]
    {
        let error = format!("ERROR: could not create {dir}: {why}\nHINT: name a directory that does not exist");
        sandbox.refuses(&["generate", "man", dir], &[&error]);
    }
}

#[test]
fn what_help_hides_is_in_no_page_and_no_completion() {
    let sandbox = Sandbox::new();
    assert!(!sandbox.run(&["--help"]).succeeds().stdout.contains("generate"));
    for shell in SHELLS {
        let script = sandbox.run(&["generate", "completions", shell]).succeeds().stdout;
        assert!(
            script.contains("create-node") && !script.replace("also-generate", "").contains("generate"),
            "{shell}: {script}"
        );
    }
    sandbox.run(&["generate", "man", "pages"]).succeeds();
    for page in sandbox.names("pages") {
        let text = sandbox.read(&format!("pages/{page}"));
        assert!(!text.contains("cert\\-generate") && !text.contains("\\-help(1)"), "{page}: {text}");
    }
}

/// A machine that builds a package for hosts in FIPS mode need not be one.
#[test]
fn a_build_machine_needs_no_fips_provider() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["generate", "man", "pages"]);
    Run::of(command.env("CRDB_CERT_FIPS", "1").env("OPENSSL_CONF", "/dev/null")).succeeds();
    assert_eq!(sandbox.names("pages").len(), commands(&sandbox) + 1);
}

#[test]
fn only_the_servers_start_flags_are_under_their_heading() {
    let sandbox = Sandbox::new();
    let below = |command: &str| {
        let help = sandbox.run(&["help", command]).succeeds().stdout;
        let (others, below) = help.split_once("The server's start flags:\n").expect(command);
        (others.to_owned(), below.split("\nLogging:").next().unwrap_or_default().to_owned())
    };
    for command in ["create-ca", "create-node", "list", "renew", "remove-ca"] {
        let flags = below(command).1;
        let flags: Vec<_> = flags.split_whitespace().filter(|word| word.starts_with("--")).collect();
        let expected =
            ["--cert-principal-map", "--root-cert-distinguished-name", "--node-cert-distinguished-name"];
        assert_eq!(flags, expected, "{command}");
    }
    let (others, start) = below("check-login");
    for flag in ["--role-subject <", "--subject-required", "--tenant-id <", "--format <"] {
        assert!(others.contains(flag) && !start.contains(flag), "{flag}: {start}");
    }
    assert!(start.contains("--node-cert-san <") && start.contains("--cert-principal-map <"), "{start}");
}
