//! The configurations in the documentation.

/// What follows a line that ends with the name of the file, indented.
pub fn configuration(file: &str) -> String {
    let page = include_str!("../../../docs/proxies.md");
    let end = format!("`{file}`:");
    let after = page.lines().skip_while(|line| !line.ends_with(&end)).skip(1);
    let block = after.take_while(|line| line.is_empty() || line.starts_with("    "));
    let text: String = block.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    assert!(!text.trim().is_empty(), "docs/proxies.md has no {file}");
    text
}

/// The text with these parts replaced, each of which has to be there.
pub fn with(text: &str, replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "docs/proxies.md has no {old:?}");
        text.replace(old, new)
    })
}
