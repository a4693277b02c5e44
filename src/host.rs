//! The addresses of a node: DNS names, wildcards and IP addresses.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use thiserror::Error;

use crate::pkcs11::Pkcs11Uri;

/// An address in the form that a certificate holds (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A DNS name of A-labels in lower case, possibly with `*.` in front.
    Dns(String),
    /// An IP address; never an IPv4-mapped IPv6 address.
    Ip(IpAddr),
}

/// Why the text is not a valid node address, and what to write instead.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("invalid host {host:?}: {why}")]
pub struct HostError {
    host: String,
    why: String,
}

impl Host {
    /// The name without its `*.`, if this is a wildcard.
    pub fn wildcard_base(&self) -> Option<&str> {
        match self {
            Self::Dns(name) => name.strip_prefix("*."),
            Self::Ip(_) => None,
        }
    }
}

/// The hosts on a command line, in order and without duplicates.
///
/// # Errors
/// For the first text that is not a host.
pub fn parse_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Host>, HostError> {
    let mut hosts = Vec::new();
    for text in texts {
        let host = text.parse()?;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    Ok(hosts)
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        if let Ok(ip) = bare(text).parse() {
            return Ok(Self::Ip(plain(ip)));
        }
        let refuse = |why| HostError { host: text.to_owned(), why };
        if let Some(why) = common_mistake(text) {
            return Err(refuse(why));
        }
        let (star, name) = match text.strip_prefix("*.") {
            Some(name) => ("*.", name),
            None => ("", text),
        };
        let name = ascii_name(name).map_err(refuse)?;
        Ok(Self::Dns(format!("{star}{name}")))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(f),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

/// The inside of `[::1]`.
fn bare(text: &str) -> &str {
    text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).filter(|t| t.contains(':')).unwrap_or(text)
}

/// `::ffff:10.0.0.1` is 10.0.0.1 in a certificate, as in the reference.
fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// Catches the near-addresses that people paste.
fn common_mistake(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("it is empty; write a host name or an IP address".to_owned());
    }
    if Pkcs11Uri::has_scheme(text.as_bytes()) {
        return Some("it is a PKCS#11 URI; name it in --ca-key".to_owned());
    }
    if text.contains(char::is_whitespace) {
        return Some("it has a space in it; write each host as an argument of its own".to_owned());
    }
    if text.contains(',') {
        return Some("it has a comma in it; write each host as an argument of its own".to_owned());
    }
    if let Some((_, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        return Some(format!("it is a URL; write {:?}", without_port(host)));
    }
    if let Some((address, zone)) = bare(text).split_once('%') {
        if address.parse::<Ipv6Addr>().is_ok() {
            return Some(format!("a certificate cannot hold the zone {zone:?}; write {address:?}"));
        }
    }
    if let Some((address, length)) = text.split_once('/') {
        return match bare(address).parse::<IpAddr>() {
            Ok(ip) if length.parse::<u8>().is_ok() => {
                Some(format!("it is a network; write one address, such as \"{ip}\""))
            }
            _ => Some(format!("it has a slash in it; write {:?}", without_port(address))),
        };
    }
    if text.contains(':') {
        return Some(match without_port(text) {
            host if host == text => "it has a colon in it but is no IPv6 address".to_owned(),
            host => format!("a certificate cannot hold a port; write {host:?}"),
        });
    }
    None
}

/// `host` of `host:port` and of `[::1]:port`.
pub fn without_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => match bare(host) {
            inner if inner != host || !host.contains(':') => inner,
            _ => text,
        },
        _ => bare(text),
    }
}

fn to_ascii(name: &str) -> Option<String> {
    let ascii = Uts46::new().to_ascii(name.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore);
    ascii.ok().map(|ascii| ascii.into_owned())
}

/// Does the UTS 46 mapping silently drop the character, as it does soft hyphens?
fn is_dropped(c: char) -> bool {
    !c.is_ascii() && to_ascii(&format!("a{c}b")).as_deref() == Some("ab")
}

/// The A-label form of a name without its wildcard, or why it has none.
fn ascii_name(name: &str) -> Result<String, String> {
    if name.contains('*') {
        return Err("a wildcard is a whole label at the left, as in \"*.example.com\", and only one".to_owned());
    }
    if let Some(name) = name.strip_suffix('.').filter(|name| !name.is_empty()) {
        return Err(format!("a certificate writes names without the dot at the end; write {name:?}"));
    }
    if name.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).any(str::is_empty) {
        return Err("a part between its dots is empty; write the name with one dot between parts".to_owned());
    }
    if let Some(c) = name.chars().find(|c| is_dropped(*c)) {
        let code = u32::from(c);
        return Err(format!("it has the invisible character U+{code:04X} in it; write the name without it"));
    }
    // Some host names have underscores, and every TLS library matches them.
    let ascii = to_ascii(name)
        .ok_or_else(|| "it is not a valid international name; write its A-labels (xn--...)".to_owned())?;
    if ascii.len() > 253 {
        return Err(format!("it has {} characters, and a DNS name has at most 253", ascii.len()));
    }
    for label in ascii.split('.') {
        if label.len() > 63 {
            return Err(format!(
                "the part {label:?} has {} characters, and a label has at most 63",
                label.len()
            ));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(format!("the part {label:?} begins or ends with a dash"));
        }
        if let Some(c) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
            return Err(format!("a DNS name has no {c:?}; write letters, digits, dashes and dots only"));
        }
    }
    let last = ascii.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err("it is neither an IP address nor a name, whose last part is never a number".to_owned());
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, String> {
        text.parse::<Host>().map(|host| host.to_string()).map_err(|error| error.why)
    }

    #[test]
    fn hosts_are_read_into_the_form_of_a_certificate() {
        for (text, host) in [
            ("localhost", "localhost"),
            ("node1.example.com", "node1.example.com"),
            ("Node1.Example.COM", "node1.example.com"),
            ("roach_1", "roach_1"),
            ("*.dev.example.com", "*.dev.example.com"),
            ("*.local", "*.local"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("*.b\u{fc}cher.example", "*.xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("\u{65e5}\u{672c}\u{3002}example", "xn--wgv71a.example"),
            ("3com.com", "3com.com"),
            ("1.example", "1.example"),
        ] {
            assert_eq!(read(text), Ok(host.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused_with_what_to_write() {
        let label = "a".repeat(64);
        let name = format!("{}com", "abcdefg.".repeat(32));
        assert!(read(&label[1..]).is_ok() && read(&name[6..]).is_ok() && read(&name[5..]).is_err());
        for (text, part_of_the_answer) in [
            ("", "empty"),
            ("node1.example.com:26257", "write \"node1.example.com\""),
            ("127.0.0.1:26257", "write \"127.0.0.1\""),
            ("[::1]:26257", "write \"::1\""),
            ("https://node1.example.com:8080/x", "write \"node1.example.com\""),
            ("postgres://root@h:26257/?sslmode=x", "write \"h\""),
            ("https://[::1]/", "write \"::1\""),
            ("node1 node2", "argument of its own"),
            ("node1,node2", "argument of its own"),
            ("10.0.0.0/24", "write one address, such as \"10.0.0.0\""),
            ("host/path", "write \"host\""),
            ("fe80::1%eth0", "write \"fe80::1\""),
            ("1:2:3", "no IPv6 address"),
            ("*", "whole label"),
            ("a*.example.com", "whole label"),
            ("a.*.com", "whole label"),
            ("*.*.com", "whole label"),
            ("*.", "is empty"),
            (".", "is empty"),
            ("a..b", "is empty"),
            (".a", "is empty"),
            ("a.example.", "write \"a.example\""),
            (&label, "at most 63"),
            (&name, "at most 253"),
            ("-a.b", "dash"),
            ("a-.b", "dash"),
            ("a$b", "no '$'"),
            ("user@host", "no '@'"),
            ("256.1.1.1", "neither an IP address nor a name"),
            ("1.2.3", "neither an IP address nor a name"),
            ("\u{202e}a.example", "international"),
            ("a\u{ad}b.example", "U+00AD"),
            ("\u{ad}.example", "U+00AD"),
            ("*.a\u{200b}.example", "U+200B"),
            ("a\u{feff}.example", "U+FEFF"),
            ("\u{2764}\u{fe0f}.example", "U+FE0F"),
            ("a\u{200d}b.example", "international"),
            ("PKCS11:a=b?pin-value=1://2&c=d", "PKCS#11 URI"),
        ] {
            let answer = read(text).expect_err(text);
            assert!(answer.contains(part_of_the_answer), "{text}: {answer}");
        }
    }

    #[test]
    fn a_duplicate_counts_once() {
        let hosts = parse_all(["b", "A", "a", "127.0.0.1", "::ffff:127.0.0.1"]).expect("hosts");
        let hosts: Vec<_> = hosts.iter().map(Host::to_string).collect();
        assert_eq!(hosts, ["b", "a", "127.0.0.1"]);
    }

    proptest! {
        #[test]
        fn a_host_is_its_own_form(text in "(\\*\\.)?\\PC{0,40}") {
            if let Ok(host) = text.parse::<Host>() {
                prop_assert_eq!(host.to_string().parse::<Host>(), Ok(host));
            }
        }
    }
}
