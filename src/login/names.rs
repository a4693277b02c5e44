//! The names of a certificate as the rules see them.

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

/// Those of them that the server surely has as they are encoded.
pub(super) fn exact_sans(certificate: &Certificate) -> Vec<String> {
    let mut sans = sans(certificate);
    sans.retain(|san| !san.strip_prefix("SAN:URI:").is_some_and(is_odd));
    sans
}

/// Does the server perhaps have a URI of the certificate otherwise than it is encoded?
pub(super) fn has_odd_uri(certificate: &Certificate) -> bool {
    certificate.uris().any(|uri| is_odd(&uri))
}

/// Does Go perhaps print it otherwise? It parses a URI and joins it again.
fn is_odd(uri: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@!$&'()*+,;=".contains(c);
    let scheme = uri.split(':').next().is_some_and(|s| s.chars().all(|c| c.is_ascii_lowercase()));
    // A `//` with nothing behind it is dropped, and some characters of a user before the host are escaped.
    let host = uri.split_once("://").is_none_or(|(_, rest)| {
        !rest.is_empty() && !rest.split('/').next().is_some_and(|host| host.contains('@'))
    });
    !(uri.chars().all(plain) && scheme && host)
}
