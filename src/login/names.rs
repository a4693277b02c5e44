//! The names of a certificate as the rules see them.

use super::scope::is_crdb;
use crate::certificate::Certificate;
use crate::username;

/// The common name as the rules for SQL see it: in lower case and NFC. Nothing else is normalized.
pub(super) fn normalized(certificate: &Certificate) -> String {
    username::normalize(certificate.common_name())
}

/// The subject alternative names in the server's words and order: `SAN:URI:...`, `SAN:IP:...`, `SAN:DNS:...`.
pub(super) fn sans(certificate: &Certificate) -> Vec<String> {
    let uris = certificate.uris().map(|uri| format!("SAN:URI:{uri}"));
    let ips = certificate.alt_names().filter_map(|name| name.address()).map(|ip| format!("SAN:IP:{ip}"));
    uris.chain(ips).chain(certificate.dns_names().map(|name| format!("SAN:DNS:{name}"))).collect()
}

/// Does Go perhaps print a URI of the certificate otherwise than it is encoded? It parses and joins it again.
pub(super) fn has_odd_uri(certificate: &Certificate) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@!$&'()*+,;=".contains(c);
    let scheme = |uri: &str| uri.split(':').next().is_some_and(|s| s.chars().all(|c| c.is_ascii_lowercase()));
    // Go drops a `//` with nothing behind it, and escapes some characters of a user before the host.
    let host = |uri: &str| match uri.split_once("://") {
        Some((_, rest)) => !rest.is_empty() && !rest.split('/').next().is_some_and(|host| host.contains('@')),
        None => true,
    };
    !certificate.uris().all(|uri| is_crdb(&uri) || uri.chars().all(plain) && scheme(&uri) && host(&uri))
}
