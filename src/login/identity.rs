//! `map=NAME` in the HBA configuration, and the identity map it names (`server.identity_map.configuration`).

use super::pattern::{Pattern, PatternError};
use super::verdict::{No, Rule, refuse};
use super::{ServerSettings, advice, names};
use crate::certificate::Certificate;
use crate::dn::quoted;
use crate::username::normalize;

/// One map of the configuration. Its lines are tried in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityMap(Vec<Line>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    number: usize,
    identity: Identities,
    user: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Identities {
    One(String),
    Matching(Result<Pattern, PatternError>),
}

/// A configuration that the server refuses, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityMapError {
    /// Not three words.
    #[error("unable to parse line {number}: {}", quoted(.text))]
    Line {
        /// Its number, from 1.
        number: usize,
        /// The line, without comment.
        text: String,
    },
    /// Nothing to put there.
    #[error("saw \\1 substitution on line {0}, but pattern contains no subexpressions")]
    NoGroup(usize),
}

impl IdentityMap {
    /// The map of this name in the configuration: lines of `NAME IDENTITY USER`, an identity with a slash
    /// before it is a regular expression, `#` starts a comment.
    ///
    /// # Errors
    /// For the first line that the server refuses, in whatever map.
    pub fn read(configuration: &str, name: &str) -> Result<Self, IdentityMapError> {
        let mut lines = Vec::new();
        for (number, text) in (1..).zip(configuration.lines()) {
            let text = text.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            let words: Vec<_> =
                text.split([' ', '\t', '\n', '\x0c', '\r']).filter(|word| !word.is_empty()).collect();
            let [map, identity, user] = words[..] else {
                return Err(IdentityMapError::Line { number, text: text.into() });
            };
            let line = Line::read(number, identity, user)?;
            if map == name {
                lines.push(line);
            }
        }
        Ok(Self(lines))
    }

    /// The users that these identities stand for, each with its identity and line, in the order of identities,
    /// then lines.
    fn users<'a>(&self, identities: &'a [String]) -> Result<Vec<(&'a str, String, usize)>, No> {
        let mut users = Vec::new();
        for identity in identities {
            for line in &self.0 {
                let user = line.user(identity).map_err(|why| {
                    let why = format!("line {} of the identity map: {why}", line.number);
                    No::not_judged(why, "Ask the server: log in, or give the map without that line.")
                })?;
                let user = user.filter(|user| !user.is_empty());
                users.extend(user.map(|user| (identity.as_str(), normalize(&user), line.number)));
            }
        }
        Ok(users)
    }
}

impl Line {
    fn read(number: usize, identity: &str, user: &str) -> Result<Self, IdentityMapError> {
        let identity = match identity.strip_prefix('/') {
            Some(pattern) => Identities::Matching(Pattern::parse(pattern)),
            None => Identities::One(identity.into()),
        };
        let groups = match &identity {
            Identities::One(_) => Some(0),
            Identities::Matching(pattern) => pattern.as_ref().ok().map(Pattern::groups),
        };
        match groups {
            Some(0) if user.contains("\\1") => Err(IdentityMapError::NoGroup(number)),
            _ => Ok(Self { number, identity, user: user.into() }),
        }
    }

    fn user(&self, identity: &str) -> Result<Option<String>, PatternError> {
        match &self.identity {
            Identities::One(one) => Ok((one == identity).then(|| self.user.clone())),
            Identities::Matching(pattern) => {
                let group = pattern.as_ref().map_err(Clone::clone)?.first_group(identity)?;
                Ok(group.map(|group| self.user.replacen("\\1", &group, 1)))
            }
        }
    }
}

/// Who the certificate is for before the rules apply: the user, or what the identity map was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// The user, as no map applies, or the common name.
    Name(String),
    /// A subject alternative name, as `SAN:TYPE:value`.
    San(String),
}

impl Identity {
    /// The identity in the words of the server.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(text) | Self::San(text) => text,
        }
    }
}

/// Passes the certificate through the identity map, if one applies. The server does so before it looks at
/// anything else.
pub(super) fn resolve(
    certificate: &Certificate,
    settings: &ServerSettings,
    user: &str,
) -> Result<Identity, No> {
    // A line that nobody can change goes before all others of the HBA configuration: root's, without a map.
    let map = settings.identity_map.as_ref().filter(|_| user != super::ROOT_USER);
    let Some(map) = map else { return Ok(Identity::Name(user.into())) };
    let by_san = settings.goes_by_san();
    let refused = |message: String| refuse(Rule::IdentityMap, message, advice::for_unmapped(user));
    let identities = if by_san { names::sans(certificate) } else { vec![names::normalized(certificate)] };
    if identities.is_empty() {
        return Err(refused("client certificate SAN is required".into()));
    }
    if by_san && names::has_odd_uri(certificate) {
        return Err(odd_uri(settings, user));
    }
    let users = map.users(&identities)?;
    if let Some((identity, reserved, line)) = users.iter().find(|(_, user, _)| is_reserved(user)) {
        let advice = advice::for_reserved_in_map(*line, reserved);
        let (identity, reserved) = (quoted(identity), quoted(reserved));
        let message = format!("system identity {identity} mapped to reserved database role {reserved}");
        return Err(refuse(Rule::IdentityMap, message, advice));
    }
    let shown = if by_san {
        format!("[{}]", identities.iter().map(|identity| quoted(identity)).collect::<Vec<_>>().join(" "))
    } else {
        quoted(&identities[0])
    };
    let kind = if by_san { "SAN identities" } else { "system identity" };
    match users.iter().find(|(_, mapped, _)| mapped == user) {
        Some((identity, ..)) if by_san => Ok(Identity::San((*identity).into())),
        // Which no rule takes for anybody.
        Some(("", ..)) => Err(refused("user is missing".into())),
        Some((identity, ..)) => Ok(Identity::Name((*identity).into())),
        None if !users.is_empty() => Err(refused(format!(
            "requested user identity {} does not correspond to any mapping for {kind} {shown}",
            quoted(user)
        ))),
        None if by_san => Err(refused(format!("system identities {shown} did not map to any database role"))),
        None => Err(refused(format!("system identity {shown} did not map to a database role"))),
    }
}

/// The users that the identity map takes the certificate for, as far as that can be told.
pub(super) fn mapped_users(certificate: &Certificate, settings: &ServerSettings) -> Vec<String> {
    let identities =
        if settings.goes_by_san() { names::sans(certificate) } else { vec![names::normalized(certificate)] };
    let users = settings.identity_map.as_ref().and_then(|map| map.users(&identities).ok());
    users.unwrap_or_default().into_iter().map(|(_, user, _)| user).collect()
}

/// What to say of a URI that the server may print in its own way.
pub(super) fn odd_uri(settings: &ServerSettings, user: &str) -> No {
    No::not_judged(
        "a URI among the certificate's subject alternative names is not one that the server prints as it is encoded"
            .into(),
        &advice::for_new_certificate(settings, user),
    )
}

/// No map leads there.
fn is_reserved(user: &str) -> bool {
    matches!(user, super::ROOT_USER | super::NODE_USER | "public" | "none")
        || user.starts_with("pg_")
        || user.starts_with("crdb_internal_")
}
