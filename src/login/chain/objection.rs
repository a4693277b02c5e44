//! What can be said against a chain: which certificate, which rule, and why.

use std::fmt;

/// Which certificate it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The client's.
    Leaf,
    /// One that is sent along; its place, from 1, and subject.
    Intermediate(usize, String),
    /// A trusted one; its place, from 1, and subject.
    Trusted(usize, String),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf => f.write_str("the certificate"),
            Self::Intermediate(place, subject) => {
                write!(f, "certificate {} of the file ({subject})", place + 1)
            }
            Self::Trusted(place, subject) => write!(f, "trusted CA certificate {place} ({subject})"),
        }
    }
}

/// What Go looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The certificate is no certificate to Go.
    Parse,
    /// The kind or size of a key.
    Key,
    /// The algorithm of a signature.
    Algorithm,
    /// The signature itself.
    Signature,
    /// No trusted certificate has the name of the issuer.
    Issuer,
    /// An extension that is critical and not understood.
    CriticalExtension,
    /// Not valid yet.
    NotYetValid,
    /// Not valid any more.
    Expired,
    /// Not a CA, by basicConstraints or keyUsage.
    NotACa,
    /// More CAs below than allowed.
    PathLength,
    /// A name that a CA above must not vouch for.
    NameConstraints,
    /// extendedKeyUsage without clientAuth.
    ExtendedKeyUsage,
    /// Certificate policies.
    Policies,
    /// More than Go is willing to do.
    Limit,
}

impl Rule {
    /// The rule as a word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Key => "key",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::CriticalExtension => "critical-extension",
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::NotACa => "not-a-ca",
            Self::PathLength => "path-length",
            Self::NameConstraints => "name-constraints",
            Self::ExtendedKeyUsage => "extended-key-usage",
            Self::Policies => "policies",
            Self::Limit => "limit",
        }
    }
}

/// Why a chain does not count, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Which certificate.
    pub which: Which,
    /// Which rule.
    pub rule: Rule,
    /// In words.
    pub why: String,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.which, self.why)
    }
}

/// A finding about one certificate: a refusal, or a doubt.
pub(super) struct Finding {
    pub(super) rule: Rule,
    pub(super) why: String,
    pub(super) doubt: bool,
}

impl Finding {
    pub(super) fn refusal(rule: Rule, why: impl Into<String>) -> Self {
        Self { rule, why: why.into(), doubt: false }
    }

    pub(super) fn doubt(rule: Rule, why: impl Into<String>) -> Self {
        Self { rule, why: why.into(), doubt: true }
    }
}
