//! The contents of each kind of certificate (REFERENCE.md section 1), written out as in the certificate.

use crate::certificate::{CLIENT_AUTH, SERVER_AUTH};
use crate::dn::{Attribute, AttributeValue, DistinguishedName, Rdn};

/// The contents of a kind of certificate, apart from names, times and keys.
#[derive(Debug)]
pub struct Profile {
    /// The subject in encoded order; `{}` is the name of the user, tenant or node.
    pub subject: &'static [(&'static str, &'static str)],
    /// keyUsage, always critical (RFC 5280 section 4.2.1.3).
    pub key_usage: &'static [KeyUsage],
    /// extendedKeyUsage (RFC 5280 section 4.2.1.12); left out if empty.
    pub extended_key_usage: &'static [ExtendedKeyUsage],
    /// For CAs, how many CAs may be below (RFC 5280 section 4.2.1.9).
    pub path_length: Option<u32>,
    /// Whether to state CA:FALSE explicitly, for certificates without extended key usage.
    pub not_a_ca: bool,
}

impl Profile {
    /// The subject of a certificate for this user, tenant or node.
    pub fn subject_of(&self, name: &str) -> DistinguishedName {
        let attribute = |(kind, value): &(&str, &str)| {
            let value = AttributeValue::text(value.replace("{}", name));
            // The types above are not empty.
            Attribute::new(*kind, value).ok().map(Rdn::from)
        };
        DistinguishedName::new(self.subject.iter().filter_map(attribute).collect())
    }
}

/// The keyUsage bits used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUsage {
    /// digitalSignature
    DigitalSignature,
    /// nonRepudiation, now called contentCommitment
    NonRepudiation,
    /// keyEncipherment: for RSA keys only, as an ECDSA key encrypts nothing (RFC 8813 section 3)
    KeyEncipherment,
    /// keyCertSign
    KeyCertSign,
}

/// The extendedKeyUsage purposes used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedKeyUsage {
    /// id-kp-serverAuth
    ServerAuth,
    /// id-kp-clientAuth
    ClientAuth,
}

impl ExtendedKeyUsage {
    /// Its object identifier (RFC 5280 section 4.2.1.12).
    pub fn oid(self) -> &'static str {
        match self {
            Self::ServerAuth => SERVER_AUTH,
            Self::ClientAuth => CLIENT_AUTH,
        }
    }
}

use ExtendedKeyUsage::{ClientAuth, ServerAuth};
use KeyUsage::{DigitalSignature, KeyCertSign, KeyEncipherment, NonRepudiation};

/// Any CA.
pub static CA: Profile = Profile {
    subject: &[("O", "Cockroach"), ("CN", "Cockroach CA")],
    key_usage: &[DigitalSignature, NonRepudiation, KeyEncipherment, KeyCertSign],
    extended_key_usage: &[],
    path_length: Some(1),
    not_a_ca: false,
};

/// A node: a server to its clients, a client of the other nodes.
pub static NODE: Profile = Profile {
    subject: &[("O", "Cockroach"), ("CN", "{}")],
    key_usage: &[DigitalSignature, KeyEncipherment],
    extended_key_usage: &[ServerAuth, ClientAuth],
    path_length: None,
    not_a_ca: false,
};

/// The DB Console.
pub static UI: Profile = Profile {
    subject: &[("O", "Cockroach"), ("CN", "{}")],
    key_usage: &[DigitalSignature, KeyEncipherment],
    extended_key_usage: &[ServerAuth],
    path_length: None,
    not_a_ca: false,
};

/// A SQL user.
pub static CLIENT: Profile = Profile {
    subject: &[("O", "Cockroach"), ("CN", "{}")],
    key_usage: &[DigitalSignature, KeyEncipherment],
    extended_key_usage: &[ClientAuth],
    path_length: None,
    not_a_ca: false,
};

/// A SQL server process of a tenant: the OU keeps it from being used as a user's certificate.
pub static TENANT_CLIENT: Profile = Profile {
    subject: &[("O", "Cockroach"), ("OU", "Tenants"), ("CN", "{}")],
    key_usage: &[DigitalSignature, KeyEncipherment],
    extended_key_usage: &[ClientAuth, ServerAuth],
    path_length: None,
    not_a_ca: false,
};

/// The key that signs the session tokens of a tenant.
pub static TENANT_SIGNING: Profile = Profile {
    subject: &[("CN", "Tenant {} Token Signing Certificate")],
    key_usage: &[DigitalSignature],
    extended_key_usage: &[],
    path_length: None,
    not_a_ca: true,
};
