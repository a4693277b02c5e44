//! Answers for programs.

use std::path::Path;

use serde_json::{Value, json};

use crate::error::{misleads, without_pins};
use crate::login::{Comparison, Relation, ServerVersion, Tenant, Verdict};

/// The verdict of `check-login` as one JSON object.
pub fn verdict(login: &Login<'_>, verdict: &Verdict) -> String {
    harmless(&object(login, verdict).to_string())
}

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// The user; none for a connection between nodes.
    pub user: Option<&'a str>,
    /// The tenant that the user connects to.
    pub tenant: &'a Tenant,
    /// The certificate's file.
    pub certificate: &'a Path,
    /// The version of the server.
    pub version: ServerVersion,
    /// What else is to be said of the certificate or the settings.
    pub notes: &'a [String],
}

/// As an object. `allowed` is null where the login is not judged.
pub fn object(login: &Login<'_>, verdict: &Verdict) -> Value {
    let mut object = json!({
        "user": login.user,
        "certificate": login.certificate.to_string_lossy(),
        "tenant": { "id": login.tenant.id, "name": login.tenant.name },
        "server_version": login.version.to_string(),
        "verdict": verdict.name(),
        "allowed": match verdict {
            Verdict::NotJudged(_) => None,
            verdict => Some(verdict.is_allowed()),
        },
        "notes": login.notes,
    });
    let more = match verdict {
        Verdict::Allowed { because } => json!({ "because": because }),
        Verdict::NotJudged(doubt) => json!({ "message": doubt.why, "hint": doubt.advice }),
        Verdict::Refused(refusal) => json!({
            "rule": refusal.rule.name(),
            "message": refusal.message,
            "detail": refusal.detail,
            "comparison": refusal.comparison.as_deref().map(comparison),
            "hint": refusal.advice,
        }),
    };
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

/// JSON text whose characters cannot drive a terminal (JSON itself escapes fewer), and that shows no PIN.
pub fn harmless(json: &str) -> String {
    let mut escaped = false;
    // By strings: a PIN ends where its string does.
    let parts = json.split_inclusive(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let mut shown = String::with_capacity(json.len());
    for part in parts {
        let part = match part.strip_suffix('"') {
            Some(text) => without_pins(text) + "\"",
            None => without_pins(part),
        };
        for c in part.chars() {
            match misleads(c) {
                true => shown += &format!("\\u{:04x}", u32::from(c)),
                false => shown.push(c),
            }
        }
    }
    shown
}

fn comparison(comparison: &Comparison) -> Value {
    let positions: Vec<_> = comparison
        .positions
        .iter()
        .map(|position| json!({ "expected": position.expected, "found": position.found, "equal": position.equal }))
        .collect();
    json!({
        "relation": relation(comparison.relation),
        "first_difference": comparison.first_difference(),
        "positions": positions,
    })
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "equal",
        Relation::Reversed => "reversed",
        Relation::Swapped(..) => "swapped",
        Relation::Reordered => "reordered",
        Relation::Different => "different",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_hidden_and_the_rest_stays_json() {
        let value = json!({ "a": "pkcs11:x?pin-value=1\"2\\&b=c", "d": [1, "pin-value=\\", "\u{202e}"] });
        let shown = r#"{"a":"pkcs11:x?pin-value=<hidden>&b=c","d":[1,"pin-value=<hidden>","\u202e"]}"#;
        assert_eq!(harmless(&value.to_string()), shown);
    }
}
