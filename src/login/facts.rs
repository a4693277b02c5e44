//! What the rules look at in a certificate.

use super::scope::is_crdb;
use crate::dn::DistinguishedName;
use crate::username::normalize;

/// What the TLS handshake looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// Why the server cannot even parse the certificate, if it cannot.
    pub unreadable: Option<String>,
    /// Whether a chain leads to a certificate in the CA file for clients, or why not.
    pub chain: Result<(), String>,
    /// Whether the extended key usage allows clientAuth; without that extension it does (RFC 5280 section 4.2.1.12).
    pub client_auth: bool,
    /// First second of validity, in seconds since 1970 UTC.
    pub not_before: i64,
    /// Last second of validity, in seconds since 1970 UTC.
    pub not_after: i64,
}

/// A subject that cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectProblem {
    /// The server cannot read it, and says so in these words.
    Unreadable(String),
    /// Servers read it differently.
    NotJudged(String),
    /// Servers read it differently, and some refuse the certificate in the TLS handshake for it.
    MayFailHandshake(String),
}

/// What a certificate says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// What the TLS handshake looks at.
    pub tls: TlsFacts,
    /// The subject as the server reads it, or why it cannot be compared.
    pub subject: Result<DistinguishedName, SubjectProblem>,
    /// All OU values of the subject.
    pub organizational_units: Vec<String>,
    /// The last CN of the subject as encoded, or empty: the server counts an absent CN as the user "".
    pub common_name: String,
    /// The DNS names among the subject alternative names, in order.
    pub dns_names: Vec<String>,
    /// The URIs among the subject alternative names, in order, as encoded.
    pub uris: Vec<String>,
    /// The IP addresses among the subject alternative names, in order, as Go prints them.
    pub ip_addresses: Vec<String>,
    /// The OCSP responders that the certificates of the chain name (RFC 5280 section 4.2.2.1), but for the root.
    pub ocsp_responders: Vec<String>,
}

impl CertificateFacts {
    /// The common name as the rules for SQL see it: in lower case and NFC. Nothing else is normalized.
    pub(super) fn normalized_name(&self) -> String {
        normalize(&self.common_name)
    }

    /// The subject alternative names in the server's words and order: `SAN:URI:...`, `SAN:IP:...`, `SAN:DNS:...`.
    pub(super) fn sans(&self) -> Vec<String> {
        let kinds = [("URI", &self.uris), ("IP", &self.ip_addresses), ("DNS", &self.dns_names)];
        kinds.iter().flat_map(|(kind, values)| values.iter().map(move |v| format!("SAN:{kind}:{v}"))).collect()
    }

    /// Whether Go prints a URI of the certificate otherwise than it is encoded, perhaps: it parses and joins it again.
    pub(super) fn has_odd_uri(&self) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@!$&'()*+,;=".contains(c);
        let scheme =
            |uri: &str| uri.split(':').next().is_some_and(|s| s.chars().all(|c| c.is_ascii_lowercase()));
        !self.uris.iter().all(|uri| is_crdb(uri) || uri.chars().all(plain) && scheme(uri))
    }
}
