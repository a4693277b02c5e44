//! The pages about platforms: each block on them is run as printed, or says that no test runs it.

use std::fs;

use crate::sandbox::{Run, Sandbox};
use crate::support::project;

/// What stands before a block that no test runs.
const NOT_RUN: &str = "Not run by a test:";

/// A block of a page, and the paragraph before it.
struct Block {
    introduction: String,
    lines: Vec<String>,
}

/// What a test does with a block.
#[derive(PartialEq, Eq)]
enum Kind<'a> {
    NotRun,
    /// It is the contents of this file.
    File(&'a str),
    /// Commands, and what they print.
    Run,
}

fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(project().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
    assert!(!text.contains("```"), "{page}: a block is indented, so that this test sees it");
    let (mut blocks, mut introduction, mut is_after_block) = (Vec::<Block>::new(), String::new(), false);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let code = line.strip_prefix("    ");
        match (code, blocks.last_mut()) {
            (Some(code), Some(block)) if is_after_block => block.lines.push(code.to_owned()),
            (Some(code), _) => {
                let introduction = std::mem::take(&mut introduction);
                blocks.push(Block { introduction, lines: vec![code.to_owned()] });
            }
            (None, Some(block)) if is_after_block && line.is_empty() => {
                // Such a line may be within a block, as in a unit.
                if lines.peek().is_some_and(|next| next.starts_with("    ")) {
                    block.lines.push(String::new());
                } else {
                    is_after_block = false;
                }
                continue;
            }
            (None, _) if line.is_empty() => introduction = without_following_text(introduction, &mut lines),
            (None, _) => introduction = format!("{introduction} {line}"),
        }
        is_after_block = code.is_some();
    }
    blocks
}

/// The paragraph, if a block follows it; nothing if other text does.
fn without_following_text(paragraph: String, lines: &mut std::iter::Peekable<std::str::Lines<'_>>) -> String {
    if lines.peek().is_some_and(|next| next.starts_with("    ")) { paragraph } else { String::new() }
}

impl Block {
    fn kind(&self) -> Kind<'_> {
        let introduction = self.introduction.trim_end();
        if introduction.ends_with(NOT_RUN) {
            return Kind::NotRun;
        }
        let file = introduction.strip_suffix("`:").and_then(|text| text.rsplit('`').next());
        file.filter(|_| !self.lines[0].starts_with("$ ")).map_or(Kind::Run, Kind::File)
    }

    /// The commands as a script, and the lines that they are said to print.
    fn script(&self) -> (String, Vec<&str>) {
        let (mut script, mut printed, mut goes_on) = (String::new(), Vec::new(), false);
        for line in &self.lines {
            match line.strip_prefix("$ ") {
                Some(command) => script += &format!("{command}\n"),
                None if goes_on => script += &format!("{line}\n"),
                None => printed.push(line.as_str()),
            }
            goes_on = line.ends_with('\\');
        }
        (script, printed)
    }
}

/// Runs a page from its first block to its last. How many blocks were run, and how many were not.
fn follow(page: &str) -> (usize, usize) {
    let sandbox = Sandbox::new();
    // The page makes it.
    fs::remove_dir(sandbox.path("my-safe-directory")).expect("an empty directory");
    let (mut run, mut not_run) = (0, 0);
    for block in blocks(page) {
        match block.kind() {
            Kind::NotRun => not_run += 1,
            Kind::File(name) => sandbox.write(name, &(block.lines.join("\n") + "\n")),
            Kind::Run => {
                let (script, printed) = block.script();
                assert!(
                    block.lines[0].starts_with("$ "),
                    "{page}: neither commands, nor a file, nor {NOT_RUN:?}: {script}"
                );
                let Run { status, stdout, stderr, .. } = sandbox.script(&script);
                assert_eq!(status, Some(0), "{page}: {script}{stdout}{stderr}");
                assert!(!stderr.contains("warning"), "{page}: {script}{stderr}");
                let mut seen = stdout.lines();
                for line in printed {
                    assert!(seen.any(|seen| seen == line), "{page}: {line:?} is not printed: {stdout}");
                }
                run += 1;
            }
        }
    }
    (run, not_run)
}

#[test]
fn the_page_about_linux_works_as_printed() {
    assert_eq!(follow("docs/linux-systemd.md"), (2, 5));
}

#[test]
fn the_page_about_docker_compose_works_as_printed() {
    assert_eq!(follow("docs/docker-compose.md"), (3, 3));
}

#[test]
fn the_page_about_kubernetes_works_as_printed() {
    assert_eq!(follow("docs/kubernetes.md"), (8, 5));
}

#[test]
fn a_block_that_cannot_be_run_is_found() {
    let block =
        |introduction: &str, line: &str| Block { introduction: introduction.into(), lines: vec![line.into()] };
    assert!(block("Not run by a test:", "$ kubectl version").kind() == Kind::NotRun);
    assert!(block(" This is `a.yml`:", "a: b").kind() == Kind::File("a.yml"));
    // Nothing says what it is, and it is no command.
    assert!(block("This is not run:", "a: b").kind() == Kind::Run);
}
