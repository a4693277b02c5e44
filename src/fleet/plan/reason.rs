//! Why a certificate is made anew, for people.

use std::fmt;

use crate::error::clipped;

/// Why a certificate is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There is none.
    Missing,
    /// It or its key cannot be used.
    Broken(String),
    /// Its names are not those of the manifest.
    Names {
        /// Those it lacks.
        added: Vec<String>,
        /// Those it has too many.
        removed: Vec<String>,
    },
    /// It is valid on other tenants than the manifest says.
    Scopes,
    /// Its subject is another one.
    Subject {
        /// What it was.
        was: String,
    },
    /// Its key is of another kind or size.
    KeyKind,
    /// It may not be used for all that its kind is used for.
    Usages,
    /// It does not name the OCSP responder of the manifest.
    Responder,
    /// Not the CA in use signed it, but an older one, or another.
    Signer,
    /// It is due, or over.
    Due {
        /// The seconds to its end; negative after it.
        left: i64,
    },
}

/// The most names in a reason, and the longest of them.
const NAMES: usize = 5;
const LENGTH: usize = 100;

impl Reason {
    /// A stable name for programs.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Broken(_) => "broken",
            Self::Names { .. } => "names",
            Self::Scopes => "scopes",
            Self::Subject { .. } => "subject",
            Self::KeyKind => "key-kind",
            Self::Usages => "usages",
            Self::Responder => "ocsp-url",
            Self::Signer => "signer",
            Self::Due { left } if *left < 0 => "expired",
            Self::Due { .. } => "due",
        }
    }
}

impl fmt::Display for Reason {
    /// What follows the certificate's name and a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Broken(why) => f.write_str(&clipped(why, 3 * LENGTH)),
            Self::Names { added, removed } => write_names(f, added, removed),
            Self::Scopes => f.write_str("tenant scopes changed"),
            Self::Subject { was } => write!(f, "subject changed, was {}", clipped(was, LENGTH)),
            Self::KeyKind => f.write_str("kind of key changed"),
            Self::Usages => f.write_str("lacks an extended key usage"),
            Self::Responder => f.write_str("ocsp-url changed"),
            Self::Signer => f.write_str("not signed by the CA in use"),
            Self::Due { left } if *left < 0 => write!(f, "expired {} ago", duration(left.unsigned_abs())),
            Self::Due { left } => write!(f, "expires in {}", duration(left.unsigned_abs())),
        }
    }
}

/// `names changed: +db.example.com -10.0.0.4`
fn write_names(f: &mut fmt::Formatter<'_>, added: &[String], removed: &[String]) -> fmt::Result {
    f.write_str("names changed:")?;
    let all = added.iter().map(|name| ('+', name)).chain(removed.iter().map(|name| ('-', name)));
    for (sign, name) in all.clone().take(NAMES) {
        write!(f, " {sign}{}", clipped(name, LENGTH))?;
    }
    match all.count().saturating_sub(NAMES) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// In the largest unit of which there are at least two; never more than there is.
fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (length, unit) = UNITS.into_iter().find(|(length, _)| seconds >= 2 * length).unwrap_or((1, "second"));
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_words() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let day = 86_400;
        for (reason, id, words) in [
            (Reason::Missing, "missing", "is missing"),
            (Reason::Broken("node.key is missing".into()), "broken", "node.key is missing"),
            (
                Reason::Names { added: names(&["db"]), removed: names(&["10.0.0.4"]) },
                "names",
                "names changed: +db -10.0.0.4",
            ),
            (
                Reason::Names { added: names(&["a", "b", "c", "d"]), removed: names(&["e", "f\x1b"]) },
                "names",
                "names changed: +a +b +c +d -e and 1 more",
            ),
            (Reason::Subject { was: "CN=a\x1b".into() }, "subject", "subject changed, was CN=a\\u{1b}"),
            (Reason::Broken("x".repeat(300)), "broken", &"x".repeat(300)),
            (Reason::Due { left: 12 * day + 3600 }, "due", "expires in 12 days"),
            (Reason::Due { left: day }, "due", "expires in 24 hours"),
            (Reason::Due { left: 36 * 3600 }, "due", "expires in 36 hours"),
            (Reason::Due { left: 3601 }, "due", "expires in 60 minutes"),
            (Reason::Due { left: 1 }, "due", "expires in 1 second"),
            (Reason::Due { left: 0 }, "due", "expires in 0 seconds"),
            (Reason::Due { left: -2 * day }, "expired", "expired 2 days ago"),
            (Reason::Due { left: i64::MIN }, "expired", "expired 106751991167300 days ago"),
        ] {
            assert_eq!((reason.id(), reason.to_string().as_str()), (id, words));
        }
    }
}
