//! The server's settings.

use super::identity::IdentityMap;
use super::san::SanList;
use super::{NODE_USER, PrincipalMap, ROOT_USER, ServerVersion};
use crate::dn::DistinguishedName;

/// The server's settings. A distinguished name given as empty text is not set: pass `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSettings {
    /// The server's version.
    pub version: ServerVersion,
    /// The SUBJECT of the user's role; `root` and `node` have none.
    pub role_subject: Option<DistinguishedName>,
    /// `--root-cert-distinguished-name`.
    pub root_subject: Option<DistinguishedName>,
    /// `--node-cert-distinguished-name`.
    pub node_subject: Option<DistinguishedName>,
    /// The cluster setting `security.client_cert.subject_required.enabled`.
    pub subject_required: bool,
    /// `--root-cert-san`.
    pub root_sans: SanList,
    /// `--node-cert-san`.
    pub node_sans: SanList,
    /// The cluster setting `security.client_cert.san_required.enabled`.
    pub san_required: bool,
    /// `--disallow-root-login`.
    pub disallow_root_login: bool,
    /// `--allow-debug-user`.
    pub allow_debug_user: bool,
    /// `--cert-principal-map`.
    pub principal_map: PrincipalMap,
    /// The map that the line of the HBA configuration names.
    pub identity_map: Option<IdentityMap>,
    /// Clients have a CA of their own, in ca-client.crt. No rule, but advice, depends on it.
    pub client_ca: bool,
}

impl ServerSettings {
    /// The subject that the certificate of `identity` has to have, if any: rule 4.
    pub fn subject_for(&self, identity: &str) -> Option<&DistinguishedName> {
        match identity {
            ROOT_USER => self.root_subject.as_ref(),
            NODE_USER => self.node_subject.as_ref(),
            _ => self.role_subject.as_ref(),
        }
    }

    /// The subject alternative names that the certificate of `root` or `node` has to have; none for others.
    pub(super) fn sans_for(&self, identity: &str) -> Option<&SanList> {
        match identity {
            ROOT_USER => Some(&self.root_sans),
            NODE_USER => Some(&self.node_sans),
            _ => None,
        }
    }

    /// Whether rule 5 applies.
    pub(super) fn goes_by_san(&self) -> bool {
        self.san_required && self.version >= ServerVersion::SAN_RULES
    }

    pub(super) fn bans_root(&self) -> bool {
        self.disallow_root_login && self.version >= ServerVersion::LOGIN_BANS
    }

    pub(super) fn bans_debug_user(&self) -> bool {
        !self.allow_debug_user && self.version >= ServerVersion::LOGIN_BANS
    }

    /// What was given and does nothing, as the server's version does not know it.
    pub fn without_effect(&self) -> Vec<String> {
        let given = [
            ("--root-cert-san", !self.root_sans.is_empty(), ServerVersion::SAN_RULES),
            ("--node-cert-san", !self.node_sans.is_empty(), ServerVersion::SAN_RULES),
            ("--san-required", self.san_required, ServerVersion::SAN_RULES),
            ("--disallow-root-login", self.disallow_root_login, ServerVersion::LOGIN_BANS),
            ("--allow-debug-user", self.allow_debug_user, ServerVersion::LOGIN_BANS),
        ];
        let unknown = given.into_iter().filter(|(_, given, since)| *given && self.version < *since);
        unknown
            .map(|(flag, _, since)| format!("{flag} has no effect: servers have it from version {since} on"))
            .collect()
    }
}
