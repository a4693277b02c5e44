//! What the server will say, and what cannot be known.

use std::fmt;

use super::Comparison;
use crate::error::printable;

/// The rule of REFERENCE.md section 6 that refused a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The TLS handshake fails.
    Tls,
    /// The identity map leads elsewhere.
    IdentityMap,
    /// Rule 2: a `crdb:` URI that the server cannot read.
    MalformedScope,
    /// Rule 3: a tenant client certificate.
    TenantCertificate,
    /// Rule 4: a subject is required and not set.
    SubjectRequired,
    /// Rule 5: the subject alternative names differ.
    San,
    /// Rule 6: the server cannot read the certificate's subject.
    UnreadableSubject,
    /// Rule 6: the subject differs.
    SubjectMismatch,
    /// Rule 7: root may not log in.
    RootBanned,
    /// Rule 7: debug_user may not log in.
    DebugUserBanned,
    /// Rule 7: no scope of the certificate covers the user on the tenant.
    Scope,
}

impl Rule {
    /// The rule as a word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::IdentityMap => "identity-map",
            Self::MalformedScope => "malformed-scope",
            Self::TenantCertificate => "tenant-certificate",
            Self::SubjectRequired => "subject-required",
            Self::San => "san",
            Self::UnreadableSubject => "unreadable-subject",
            Self::SubjectMismatch => "subject-mismatch",
            Self::RootBanned => "root-banned",
            Self::DebugUserBanned => "debug-user-banned",
            Self::Scope => "scope",
        }
    }
}

/// A refused login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that refused it.
    pub rule: Rule,
    /// The server's own message; for [`Rule::Tls`] ours, as TLS tells a client next to nothing.
    pub message: String,
    /// The server's detail, where it gives one; for [`Rule::Tls`] what else would fail.
    pub detail: Option<String>,
    /// For [`Rule::SubjectMismatch`], the two subjects position by position.
    pub comparison: Option<Box<Comparison>>,
    /// What to do about it.
    pub advice: String,
}

/// A login of which cannot be said whether it succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Why not.
    pub why: String,
    /// How to be sure.
    pub advice: String,
}

/// What the server will say to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The login succeeds.
    Allowed {
        /// What about the certificate lets the user in.
        because: String,
    },
    /// The login fails.
    Refused(Refusal),
    /// It may succeed, and it may fail.
    NotJudged(Doubt),
}

impl Verdict {
    /// Whether the login succeeds.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// The verdict as a word or two.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Allowed { .. } => "allowed",
            Self::Refused(_) => "refused",
            Self::NotJudged(_) => "not judged",
        }
    }

    /// Why, in one sentence.
    pub fn reason(&self) -> &str {
        match self {
            Self::Allowed { because } => because,
            Self::Refused(refusal) => &refusal.message,
            Self::NotJudged(doubt) => &doubt.why,
        }
    }
}

impl fmt::Display for Verdict {
    /// The answer for a person, over several lines, without a newline at the end. What the certificate says
    /// cannot add lines of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), printable(self.reason()))?;
        let advice = match self {
            Self::Allowed { .. } => return Ok(()),
            Self::NotJudged(doubt) => &doubt.advice,
            Self::Refused(refusal) => {
                refusal.detail.iter().try_for_each(|detail| write!(f, "\nDETAIL: {}", printable(detail)))?;
                refusal.comparison.iter().try_for_each(|comparison| write!(f, "\n{comparison}"))?;
                &refusal.advice
            }
        };
        write!(f, "\nHINT: {}", printable(advice))
    }
}

/// Anything but a yes.
#[derive(Clone, Debug)]
pub(super) enum No {
    Refused(Box<Refusal>),
    NotJudged(Box<Doubt>),
}

impl No {
    pub fn not_judged(why: String, advice: &str) -> Self {
        Self::NotJudged(Box::new(Doubt { why, advice: advice.into() }))
    }
}

pub(super) fn refuse(rule: Rule, message: String, advice: String) -> No {
    No::Refused(Box::new(Refusal { rule, message, detail: None, comparison: None, advice }))
}

impl From<Result<String, No>> for Verdict {
    fn from(answer: Result<String, No>) -> Self {
        match answer {
            Ok(because) => Self::Allowed { because },
            Err(No::Refused(refusal)) => Self::Refused(*refusal),
            Err(No::NotJudged(doubt)) => Self::NotJudged(*doubt),
        }
    }
}
