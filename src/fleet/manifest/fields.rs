//! Reads the values of a tree by tables of keys, and collects all that is wrong with them.

use std::fmt::Display;

use crate::yaml::tree::{At, Kind, Node, Value};

/// Something wrong in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub at: At,
    /// What, in one sentence without a full stop.
    pub what: String,
}

/// The most problems that are listed: nobody reads more.
const MOST_PROBLEMS: usize = 100;

/// All that is wrong so far.
#[derive(Debug, Default)]
pub struct Report {
    pub problems: Vec<Problem>,
}

impl Report {
    pub fn add(&mut self, at: At, what: impl Display) {
        match self.problems.len() {
            ..MOST_PROBLEMS => self.problems.push(Problem { at, what: what.to_string() }),
            MOST_PROBLEMS => {
                let what = "more is wrong, which is not listed".to_owned();
                self.problems.push(Problem { at, what });
            }
            _ => {}
        }
    }

    /// Are there so many that no more are listed?
    pub fn is_full(&self) -> bool {
        self.problems.len() > MOST_PROBLEMS
    }

    /// The value, or a note of what is wrong at this place.
    pub fn ok<T, E: Display>(&mut self, at: At, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(at, error)).ok()
    }

    fn expect(&mut self, key: &str, node: &Node, expected: Kind) -> bool {
        let found = node.value.kind();
        if found != expected {
            let hint = match (expected, found) {
                (Kind::Text, Kind::Integer | Kind::Float | Kind::Boolean) => ": put it in quotes",
                (Kind::List, Kind::Null) => ": write [] for none",
                (Kind::List, Kind::Text) => ": put it in brackets",
                _ => "",
            };
            self.add(node.at, format_args!("{key}: expected {expected}, found {found}{hint}"));
        }
        found == expected
    }

    fn scalar<'a>(&mut self, key: &str, node: &'a Node, kind: Kind) -> Option<&'a str> {
        let is_one = self.expect(key, node, kind);
        match &node.value {
            Value::Scalar { text, .. } if is_one => Some(text),
            _ => None,
        }
    }

    /// A text.
    pub fn text<'a>(&mut self, key: &str, node: &'a Node) -> Option<&'a str> {
        self.scalar(key, node, Kind::Text)
    }

    /// A text that stands for something.
    pub fn parsed<T, E: Display>(
        &mut self,
        key: &str,
        node: &Node,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = parse(self.text(key, node)?).map_err(|error| format!("{key}: {error}"));
        self.ok(node.at, parsed)
    }

    /// The digits of a whole number, as written.
    pub fn digits<'a>(&mut self, key: &str, node: &'a Node) -> Option<&'a str> {
        self.scalar(key, node, Kind::Integer)
    }

    /// True or false.
    pub fn boolean(&mut self, key: &str, node: &Node) -> Option<bool> {
        self.scalar(key, node, Kind::Boolean).map(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The values of a list.
    pub fn list<'a>(&mut self, key: &str, node: &'a Node) -> &'a [Node] {
        match &node.value {
            Value::List(values) => values,
            _ => {
                self.expect(key, node, Kind::List);
                &[]
            }
        }
    }
}

/// The values of a mapping whose keys are in a table.
pub struct Fields<'a> {
    keys: &'static [&'static str],
    values: Vec<Option<&'a Node>>,
}

impl<'a> Fields<'a> {
    /// Notes keys that are not in the table, and those that are there twice. `what` is for the message if it is
    /// no mapping.
    pub fn read(what: &str, node: &'a Node, keys: &'static [&'static str], report: &mut Report) -> Self {
        let mut fields = Self { keys, values: vec![None; keys.len()] };
        let Value::Map(entries) = &node.value else {
            report.expect(what, node, Kind::Map);
            return fields;
        };
        for (key, value) in entries {
            match keys.iter().position(|known| *known == key.text) {
                None => report.add(key.at, unknown("key", &key.text, keys.iter().copied())),
                Some(at) => match &mut fields.values[at] {
                    Some(first) => {
                        let line = first.at.line;
                        report.add(
                            key.at,
                            format_args!("{} is there twice: the first is in line {line}", key.text),
                        );
                    }
                    place => *place = Some(value),
                },
            }
        }
        fields
    }

    /// The value of a key of the table.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        let at = self.keys.iter().position(|known| *known == key);
        debug_assert!(at.is_some(), "{key} is not in the table");
        self.values[at?]
    }

    /// The values of a list; none if the key is not there.
    pub fn list(&self, key: &str, report: &mut Report) -> &'a [Node] {
        self.get(key).map_or(&[], |node| report.list(key, node))
    }

    /// True or false, or `usual` if the key is not there.
    pub fn boolean(&self, key: &str, usual: bool, report: &mut Report) -> bool {
        self.get(key).and_then(|node| report.boolean(key, node)).unwrap_or(usual)
    }
}

/// What to say of a name that is not known; the likeliest of those that are known, or all if they are few.
pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    const FEW: usize = 12;
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let asked = plain(name);
    let far = |candidate: &str| {
        let candidate = plain(candidate);
        let begins = asked.len() >= 3 && candidate.starts_with(&asked) || asked.starts_with(&candidate);
        if begins { 1 } else { distance(&asked, &candidate) }
    };
    // Names are compared only where there are so few that somebody typed them.
    let nearest =
        known.clone().take(1000).map(|candidate| (far(candidate), candidate)).min_by_key(|(far, _)| *far);
    match nearest {
        Some((far, candidate)) if far <= 2 && far < asked.chars().count() => {
            format!("unknown {what} {name:?}; did you mean {candidate:?}?")
        }
        _ if known.clone().take(FEW + 1).count() <= FEW => {
            format!("unknown {what} {name:?}; known are {}", known.collect::<Vec<_>>().join(", "))
        }
        _ => format!("unknown {what} {name:?}"),
    }
}

/// How many letters have to be changed, added or left out (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    // Nobody mistypes a word so long.
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row: Vec<_> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("hosts", "host", 1),
            ("", "abc", 3),
            ("lifetiem", "lifetime", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_likeliest_name_is_suggested() {
        let keys = ["name", "hosts", "key-size", "tenant-scope"];
        for (name, expected) in [
            ("host", "did you mean \"hosts\"?"),
            ("key_size", "did you mean \"key-size\"?"),
            ("Names", "did you mean \"name\"?"),
            ("ten", "did you mean \"tenant-scope\"?"),
            ("x", "known are name, hosts, key-size, tenant-scope"),
        ] {
            let text = unknown("key", name, keys.into_iter());
            assert!(text.ends_with(expected), "{name}: {text}");
        }
        // Any letter is one letter away from any other.
        assert_eq!(unknown("key", "x", ["a", "b"].into_iter()), "unknown key \"x\"; known are a, b");
        let many = ["a"; 13];
        assert!(unknown("key", "name", many[1..].iter().copied()).contains("known are a, a"));
        assert_eq!(unknown("key", "name", many.into_iter()), "unknown key \"name\"");
    }
}
