//! The documents say which test keeps a promise: those tests are there.

use std::fs;
use std::path::{Path, PathBuf};

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All of our code, with the tests.
fn code(project: &Path) -> Vec<(PathBuf, String)> {
    let dirs = ["src", "tests"].map(|dir| walkdir::WalkDir::new(project.join(dir)));
    let files = dirs.into_iter().flatten().map(|entry| entry.expect("an entry").into_path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| (path.clone(), read(&path)))
        .collect()
}

#[test]
fn every_promise_names_a_test_that_is_there() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = code(project);
    let mut named = 0;
    for page in ["docs/promises.md", "SECURITY.md"] {
        let text = read(&project.join(page));
        let is_path = |text: &&str| {
            text.contains("::") && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b))
        };
        for path in text.split('`').filter(is_path) {
            let (module, test) = path.rsplit_once("::").expect("two colons");
            let module = module.rsplit("::").next().unwrap_or(module);
            let is_there = code.iter().any(|(file, contents)| {
                let of_module =
                    file.iter().any(|part| Path::new(part).file_stem().is_some_and(|stem| stem == module));
                of_module && contents.contains(&format!("fn {test}("))
                    || of_module && test == "tests" && contents.contains("mod tests")
            });
            assert!(is_there, "{page}: there is no test {path}");
            named += 1;
        }
    }
    assert!(named > 20, "only {named} tests are named");
}

#[test]
fn the_pages_that_the_readme_links_to_are_there() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = read(&project.join("README.md"));
    let links: Vec<_> = readme.split("](").skip(1).filter_map(|text| text.split(')').next()).collect();
    for link in &links {
        assert!(project.join(link).exists(), "{link}");
    }
    for page in fs::read_dir(project.join("docs")).expect("docs") {
        let page = format!("docs/{}", page.expect("a page").file_name().to_string_lossy());
        assert!(!page.ends_with(".md") || links.contains(&page.as_str()), "README.md does not link to {page}");
    }
    assert!(readme.lines().count() <= 120, "README.md has {} lines", readme.lines().count());
}
