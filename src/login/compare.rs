//! Two subjects, position by position.

use std::collections::HashMap;
use std::fmt;

use crate::dn::{DistinguishedName, Rdn};

/// One position of two subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The RDN the server expects here, as text, if it expects one.
    pub expected: Option<String>,
    /// The RDN the certificate has here, as text, if it has one.
    pub found: Option<String>,
    /// Whether they are equal.
    pub equal: bool,
    /// Whether they differ in nothing but upper and lower case, or in spaces.
    pub almost: bool,
}

/// How the certificate's subject differs from the one expected. Positions count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Not at all.
    Equal,
    /// The same RDNs in the opposite order, and nothing else.
    Reversed,
    /// Two RDNs have changed places, and nothing else.
    Swapped(usize, usize),
    /// The same RDNs in another order.
    Reordered,
    /// There are RDNs that only one of them has.
    Different,
}

/// The subject that is expected, beside the one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// All positions of the longer subject.
    pub positions: Vec<Position>,
    /// How the two are related.
    pub relation: Relation,
}

impl Comparison {
    /// Compares the subject the server expects with the certificate's.
    pub fn new(expected: &DistinguishedName, found: &DistinguishedName) -> Self {
        let length = expected.rdns().len().max(found.rdns().len());
        let positions = (0..length).map(|i| position(expected.rdns().get(i), found.rdns().get(i))).collect();
        Self { positions, relation: relation(expected.rdns(), found.rdns()) }
    }

    /// The first position, counted from 1, where the subjects differ.
    pub fn first_difference(&self) -> Option<usize> {
        self.positions.iter().position(|position| !position.equal).map(|i| i + 1)
    }
}

fn position(expected: Option<&Rdn>, found: Option<&Rdn>) -> Position {
    let text = |rdn: Option<&Rdn>| rdn.map(ToString::to_string);
    let loose = |rdn: Option<&Rdn>| text(rdn).map(|text| text.replace(['\\', ' '], "").to_lowercase());
    let equal = expected == found;
    let almost = !equal && loose(expected) == loose(found);
    Position { expected: text(expected), found: text(found), equal, almost }
}

fn relation(expected: &[Rdn], found: &[Rdn]) -> Relation {
    if expected == found {
        return Relation::Equal;
    }
    if expected.len() != found.len() {
        return Relation::Different;
    }
    if expected.iter().eq(found.iter().rev()) {
        return Relation::Reversed;
    }
    let differing: Vec<usize> = (0..expected.len()).filter(|i| expected[*i] != found[*i]).collect();
    match differing[..] {
        [a, b] if expected[a] == found[b] && expected[b] == found[a] => {
            return Relation::Swapped(a + 1, b + 1);
        }
        _ => {}
    }
    let mut balance: HashMap<&Rdn, isize> = HashMap::new();
    expected.iter().for_each(|rdn| *balance.entry(rdn).or_default() += 1);
    found.iter().for_each(|rdn| *balance.entry(rdn).or_default() -= 1);
    if balance.values().all(|count| *count == 0) { Relation::Reordered } else { Relation::Different }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => f.write_str("The subjects are equal."),
            Self::Reversed => {
                f.write_str("The certificate's subject is reversed; that is the only difference.")
            }
            Self::Swapped(a, b) => {
                write!(f, "Positions {a} and {b} have changed places; that is the only difference.")
            }
            Self::Reordered => f.write_str("The parts are the same, their order is not."),
            Self::Different => f.write_str("The parts themselves differ."),
        }
    }
}

const EXPECTED: &str = "the server expects";

impl fmt::Display for Comparison {
    /// A table, the first difference marked, and one sentence on the relation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let lengths = self.positions.iter().map(|position| shown(&position.expected).chars().count());
        let width = lengths.chain([EXPECTED.len()]).max().unwrap_or(0);
        writeln!(f, "       {EXPECTED:width$}   the certificate has")?;
        let first = self.first_difference();
        for (i, position) in (1..).zip(&self.positions) {
            let mark = if Some(i) == first { '>' } else { ' ' };
            let sign = if position.equal { ' ' } else { '!' };
            write!(f, "{mark} {i:>3}{sign} {:width$}   {}", shown(&position.expected), shown(&position.found))?;
            if Some(i) == first {
                f.write_str("   <- first difference")?;
            }
            f.write_str(if position.almost { " (only case or spaces)\n" } else { "\n" })?;
        }
        write!(f, "{}", self.relation)
    }
}
