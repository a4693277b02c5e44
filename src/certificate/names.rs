//! The names in subjectAltName (RFC 5280 section 4.2.1.6).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::der::{self, Element, SEQUENCE, tlv};
use crate::host::Host;

/// The tags of a GeneralName (RFC 5280 section 4.2.1.6).
pub const EMAIL: u8 = 0x81;
pub const DNS: u8 = 0x82;
pub const URI: u8 = 0x86;
pub const IP: u8 = 0x87;

/// A subject alternative name, to be issued or as read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AltName {
    /// dNSName
    Dns(String),
    /// iPAddress
    Ip(IpAddr),
    /// uniformResourceIdentifier, as encoded
    Uri(String),
    /// rfc822Name
    Email(String),
    /// Of another kind, or none that its tag allows: text that is not UTF-8, an address of 5 octets.
    Other {
        /// The identifier octet.
        tag: u8,
        /// The contents octets.
        contents: Vec<u8>,
    },
}

impl AltName {
    /// The names of a node: DNS names, then IP addresses.
    pub fn of_hosts(hosts: &[Host]) -> Vec<Self> {
        let mut names: Vec<_> = hosts
            .iter()
            .map(|host| match host {
                Host::Dns(name) => Self::Dns(name.clone()),
                Host::Ip(ip) => Self::Ip(*ip),
            })
            .collect();
        names.sort_by_key(|name| matches!(name, Self::Ip(_)));
        names
    }

    /// Reads a GeneralName.
    pub(crate) fn read(name: &Element<'_>) -> Self {
        let Element { tag, contents, .. } = *name;
        let text = |of: fn(String) -> Self| String::from_utf8(contents.to_vec()).ok().map(of);
        let known = match tag {
            DNS => text(Self::Dns),
            URI => text(Self::Uri),
            EMAIL => text(Self::Email),
            IP => ip_address(contents).map(Self::Ip),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other { tag, contents: contents.to_vec() })
    }

    /// The GeneralName in DER.
    pub fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Dns(name) => tlv(DNS, name.as_bytes()),
            Self::Uri(uri) => tlv(URI, uri.as_bytes()),
            Self::Email(address) => tlv(EMAIL, address.as_bytes()),
            Self::Ip(IpAddr::V4(ip)) => tlv(IP, &ip.octets()),
            Self::Ip(IpAddr::V6(ip)) => tlv(IP, &ip.octets()),
            Self::Other { tag, contents } => tlv(*tag, contents),
        }
    }

    /// The value of a subjectAltName extension.
    pub fn extension(names: &[Self]) -> Vec<u8> {
        tlv(SEQUENCE, &names.iter().flat_map(Self::to_der).collect::<Vec<_>>())
    }

    /// The address of an iPAddress as Go prints it, which takes an IPv4 address in IPv6 form for one of IPv4;
    /// in hex where it has the length of none.
    pub fn address(&self) -> Option<String> {
        match self {
            Self::Ip(ip) => Some(ip.to_canonical().to_string()),
            Self::Other { tag: IP, contents } => Some(der::hex(contents)),
            _ => None,
        }
    }

    /// Is it text as RFC 5280 section 4.2.1.6 asks, ASCII, or no text at all? Go refuses certificates with
    /// others.
    pub fn is_ascii(&self) -> bool {
        match self {
            Self::Dns(text) | Self::Uri(text) | Self::Email(text) => text.is_ascii(),
            Self::Other { tag, .. } => !matches!(*tag, DNS | URI | EMAIL),
            Self::Ip(_) => true,
        }
    }
}

impl fmt::Display for AltName {
    /// As OpenSSL and operators write it: `DNS:a.example.com`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Ip(ip) => write!(f, "IP:{ip}"),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Other { tag, contents } => write!(f, "a name of tag {tag:#x}: {}", der::hex(contents)),
        }
    }
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).into());
    v4.or_else(|| <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_were_written() {
        for name in [
            AltName::Dns("a.example.com".into()),
            AltName::Ip([10, 0, 0, 1].into()),
            AltName::Ip("2001:db8::1".parse().expect("an address")),
            AltName::Uri("crdb://tenant/2/user/alice".into()),
            AltName::Email("a@example.com".into()),
            AltName::Other { tag: IP, contents: vec![1; 5] },
            AltName::Other { tag: DNS, contents: vec![0xff] },
            AltName::Other { tag: 0x88, contents: vec![0x2a] },
        ] {
            let der = name.to_der();
            let element = der::only(&der, der[0]).expect("DER");
            assert_eq!(AltName::read(&element), name);
        }
    }

    #[test]
    fn addresses_are_printed_as_go_prints_them() {
        let read = |contents| AltName::read(&der::Element { tag: IP, contents, encoded: &[] });
        for (contents, expected) in [
            (&[10, 0, 0, 1][..], "10.0.0.1"),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1], "10.0.0.1"),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "::1"),
            (&[10, 0, 0, 1, 2], "0a00000102"),
        ] {
            assert_eq!(read(contents).address().as_deref(), Some(expected));
        }
        assert_eq!(AltName::Dns("10.0.0.1".into()).address(), None);
    }
}
