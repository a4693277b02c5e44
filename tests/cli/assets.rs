//! Man pages and completions, as the build makes them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sandbox::Run;

const ASSETS: &str = env!("CRDB_CERT_ASSETS");

#[test]
fn bash_completes_flags_and_commands() {
    let script = Path::new(ASSETS).join("completions/crdb-cert.bash");
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

#[test]
fn every_command_has_a_page_with_examples_as_they_are_typed() {
    let pages = fs::read_dir(Path::new(ASSETS).join("man")).expect("man pages");
    let pages: Vec<_> = pages.map(|page| page.expect("a page").path()).collect();
    assert_eq!(pages.len(), 15, "{pages:?}");
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page");
        for section in [
            ".SH NAME",
            ".SH SYNOPSIS",
            ".SH DESCRIPTION",
            ".SH OPTIONS",
            ".SH ENVIRONMENT",
            ".SH \"EXIT STATUS\"",
        ] {
            let plain = section.replace('"', "");
            assert!(text.contains(section) || text.contains(&plain), "{section} is not in {}", page.display());
        }
        let examples = text
            .split(".SH EXAMPLES\n.nf\n")
            .nth(1)
            .and_then(|rest| rest.split("\n.fi\n").next())
            .expect("examples");
        assert!(examples.starts_with("  crdb\\-cert "), "{}: {examples}", page.display());
    }
}
