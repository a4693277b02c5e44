//! Which channels a sink takes, and from which severity: the `channels` of a sink's configuration.

use anyhow::{Result, bail};
use clap::ValueEnum;

use super::yaml::{Node, Value};
use crate::cli::logging::Severity;

/// The channels of the reference. All messages of this program are on the first.
const CHANNELS: [&str; 16] = [
    DEV,
    "OPS",
    "HEALTH",
    "STORAGE",
    "SESSIONS",
    "SQL_SCHEMA",
    "USER_ADMIN",
    "PRIVILEGES",
    "SENSITIVE_ACCESS",
    "SQL_EXEC",
    "SQL_PERF",
    "SQL_INTERNAL_PERF",
    "TELEMETRY",
    "KV_DISTRIBUTION",
    "CHANGEFEED",
    "KV_EXEC",
];

/// The channel of our messages, which has the number 0.
pub const DEV: &str = "DEV";

/// The channels that are selected, each with the severity from which it is.
pub type Selection = Vec<(&'static str, Severity)>;

/// Reads `all`, `DEV,OPS`, `[DEV, OPS]`, `all except OPS`, or such a list for each severity: `{INFO: [DEV], ERROR: all}`.
///
/// # Errors
/// For a channel or severity that is unknown or there twice; they say line and column.
pub fn parse(node: &Node, default: Severity) -> Result<Selection> {
    let Value::Mapping(lists) = &node.value else {
        return Ok(list(node)?.into_iter().map(|channel| (channel, default)).collect());
    };
    let mut selection = Selection::new();
    for (key, value) in lists {
        let filter = severity(key)?;
        for channel in list(value)? {
            if selection.iter().any(|(earlier, _)| *earlier == channel) {
                return Err(value.error(format_args!("the channel {channel} is selected twice")));
            }
            selection.push((channel, filter));
        }
    }
    Ok(selection)
}

/// Reads a severity, in any case.
///
/// # Errors
/// If it is none; they say line and column.
pub fn severity(node: &Node) -> Result<Severity> {
    let text = node.text()?;
    Severity::from_str(text, true).map_err(|_| {
        let known = "it is one of INFO, WARNING, ERROR, FATAL, NONE";
        node.error(format_args!("unknown severity {text:?}, {known}"))
    })
}

fn list(node: &Node) -> Result<Vec<&'static str>> {
    let selected = match &node.value {
        Value::Sequence(nodes) => {
            let names = nodes.iter().map(Node::text).collect::<Result<Vec<_>>>()?;
            select(names)
        }
        _ => selected_by(node.text()?),
    };
    selected.map_err(|error| node.error(error))
}

/// Reads the spellings that are one text.
fn selected_by(text: &str) -> Result<Vec<&'static str>> {
    let text = text.trim().to_ascii_uppercase();
    let excepted = text.strip_prefix("ALL EXCEPT ");
    let names = excepted.unwrap_or(&text).trim();
    let names = match names.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').ok_or_else(|| anyhow::anyhow!("unbalanced brackets"))?,
        None => names,
    };
    let named = select(names.split(','))?;
    let is_selected = |channel: &&str| excepted.is_none() || !named.contains(channel);
    let all = if excepted.is_some() { CHANNELS.to_vec() } else { named.clone() };
    Ok(all.into_iter().filter(is_selected).collect())
}

fn select<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<&'static str>> {
    let names: Vec<_> = names.into_iter().map(|name| name.trim().to_ascii_uppercase()).collect();
    if names == ["ALL"] {
        return Ok(CHANNELS.to_vec());
    }
    let mut selected = Vec::new();
    for name in &names {
        match CHANNELS.iter().find(|channel| *channel == name) {
            _ if name == "ALL" => bail!("ALL cannot stand with other channels"),
            None => bail!("unknown channel {name:?}"),
            Some(channel) if selected.contains(channel) => bail!("the channel {channel} is selected twice"),
            Some(channel) => selected.push(*channel),
        }
    }
    Ok(selected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::yaml;

    fn dev(text: &str) -> Option<Severity> {
        let selection = parse(&yaml::parse(text).expect(text), Severity::Error).expect(text);
        selection.into_iter().find(|(channel, _)| *channel == DEV).map(|(_, severity)| severity)
    }

    #[test]
    fn all_spellings_of_the_reference_are_read() {
        for text in [
            "DEV",
            "dev , OPS",
            "[DEV, ops]",
            "'[dev,OPS]'",
            "all",
            "[all]",
            "'[all]'",
            "all except ops",
            "all except [ops, HEALTH]",
        ] {
            assert_eq!(dev(text), Some(Severity::Error), "{text}");
        }
        for text in ["OPS", "[OPS]", "[]", "all except DEV ,sessions", "all except [dev]", "all except all"] {
            assert_eq!(dev(text), None, "{text}");
        }
        assert_eq!(dev("WARNING: all except [DEV, OPS]\ninfo: [DEV, OPS]"), Some(Severity::Info));
        assert_eq!(dev("{NONE: dev}"), Some(Severity::None));
    }

    #[test]
    fn what_cannot_be_meant_is_an_error() {
        for (text, expected) in [
            ("DEVEL", "unknown channel \"DEVEL\""),
            ("''", "unknown channel \"\""),
            ("[all, dev]", "ALL cannot stand with other channels"),
            ("DEV,DEV", "DEV is selected twice"),
            ("{INFO: DEV, ERROR: all}", "DEV is selected twice"),
            ("'[DEV'", "unbalanced brackets"),
            ("{LOUD: DEV}", "unknown severity \"LOUD\""),
            ("[[DEV]]", "line 1, column 2: a single value"),
            ("{INFO: {ERROR: DEV}}", "line 1, column 8: a single value"),
        ] {
            let error = parse(&yaml::parse(text).expect(text), Severity::Info).expect_err(text).to_string();
            assert!(error.starts_with("line 1, column ") && error.contains(expected), "{text}: {error}");
        }
    }
}
