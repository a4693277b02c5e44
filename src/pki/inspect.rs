//! What a certificate says, in plain types.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use openssl::nid::Nid;
use openssl::x509::X509Ref;

use super::issue::unix_seconds;

/// What the certs directory and the server look at in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The subject's common name: the last one, as in Go; empty if there is none.
    pub common_name: String,
    /// dNSName entries of subjectAltName.
    pub dns_names: Vec<String>,
    /// iPAddress entries of subjectAltName.
    pub ip_addresses: Vec<String>,
    /// The last second of its validity, since 1970-01-01T00:00:00Z; `None` if it is no valid time.
    pub not_after: Option<i64>,
}

impl Facts {
    /// Reads them.
    pub fn of(certificate: &X509Ref) -> Self {
        let names = certificate.subject_alt_names();
        let names = || names.iter().flatten();
        Self {
            common_name: common_name(certificate),
            dns_names: names().filter_map(|name| name.dnsname()).map(str::to_owned).collect(),
            ip_addresses: names().filter_map(|name| name.ipaddress()).map(ip_address).collect(),
            not_after: unix_seconds(certificate.not_after()).ok(),
        }
    }

    /// The identities that the certificate is for by its names: the common name, then the DNS names.
    pub fn principals(&self) -> Vec<&str> {
        std::iter::once(&self.common_name).chain(&self.dns_names).map(String::as_str).collect()
    }
}

fn common_name(certificate: &X509Ref) -> String {
    let last = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).last();
    last.and_then(|entry| entry.data().to_string().ok()).unwrap_or_default()
}

/// As text; in hex where it has the length of no IP address.
fn ip_address(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        IpAddr::from(Ipv4Addr::from(v4)).to_string()
    } else if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        IpAddr::from(Ipv6Addr::from(v6)).to_string()
    } else {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
