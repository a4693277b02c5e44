//! Name constraints (RFC 5280 section 4.2.1.10), as Go parses and applies them.

use std::net::IpAddr;

use super::{Finding, Rule, uri};
use crate::certificate::{AltName, Certificate};
use crate::der::{self, Malformed, Reader, SEQUENCE};

/// Go gives up after so many comparisons (before 1.27).
const MOST_COMPARISONS: usize = 250_000;

/// A constraint on one kind of name.
enum Constraint<'a> {
    Dns(&'a str),
    Email(&'a str),
    Uri(&'a str),
    /// Address and mask.
    Ip(&'a [u8], &'a [u8]),
    /// A kind that Go does not understand.
    Other,
}

struct Constraints<'a> {
    permitted: Vec<Constraint<'a>>,
    excluded: Vec<Constraint<'a>>,
}

impl<'a> Constraints<'a> {
    fn all(&self) -> impl Iterator<Item = &Constraint<'a>> {
        self.permitted.iter().chain(&self.excluded)
    }
}

/// Does a name match a constraint?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Yes,
    No,
    /// Servers differ.
    Maybe,
}

fn read(value: &[u8]) -> Result<Constraints<'_>, String> {
    let invalid = |_: Malformed| "x509: invalid NameConstraints extension".to_owned();
    let mut fields = der::only(value, SEQUENCE).map_err(invalid)?.parts();
    let mut read = || {
        let permitted = fields.optional(0xa0)?.map_or(&[][..], |all| all.contents);
        let excluded = fields.optional(0xa1)?.map_or(&[][..], |all| all.contents);
        fields.end().map(|()| (permitted, excluded))
    };
    let (permitted, excluded) = read().map_err(invalid)?;
    if permitted.is_empty() && excluded.is_empty() {
        return Err("x509: empty name constraints extension".into());
    }
    Ok(Constraints { permitted: read_subtrees(permitted)?, excluded: read_subtrees(excluded)? })
}

fn read_subtrees(octets: &[u8]) -> Result<Vec<Constraint<'_>>, String> {
    let invalid = |_: Malformed| "x509: invalid NameConstraints extension".to_owned();
    let mut subtrees = Reader::new(octets);
    let mut all = Vec::new();
    while !subtrees.is_empty() {
        let name = subtrees.expect(SEQUENCE).and_then(|subtree| subtree.parts().element()).map_err(invalid)?;
        let text = || {
            let text = std::str::from_utf8(name.contents).ok().filter(|text| text.is_ascii());
            text.ok_or_else(|| "x509: invalid constraint value: not ASCII".to_owned())
        };
        all.push(match name.tag {
            0x81 => Constraint::Email(text()?),
            0x82 => Constraint::Dns(text()?),
            0x86 => Constraint::Uri(text()?),
            0x87 => ip_range(name.contents)?,
            _ => Constraint::Other,
        });
    }
    Ok(all)
}

fn ip_range(octets: &[u8]) -> Result<Constraint<'_>, String> {
    if !matches!(octets.len(), 8 | 32) {
        return Err(format!("x509: IP constraint contained value of length {}", octets.len()));
    }
    let (address, mask) = octets.split_at(octets.len() / 2);
    let after_ones = mask.iter().skip_while(|octet| **octet == 0xff);
    let ones_first = after_ones
        .enumerate()
        .all(|(at, octet)| *octet == 0 || at == 0 && octet.leading_ones() + octet.trailing_zeros() == 8);
    if !ones_first {
        return Err(format!("x509: IP constraint contained invalid mask {}", der::hex(mask)));
    }
    Ok(Constraint::Ip(address, mask))
}

/// What Go says of the extension as it parses the certificate.
pub(super) fn parsed(value: &[u8]) -> Result<Vec<Finding>, String> {
    let constraints = read(value)?;
    let mut doubts = Vec::new();
    for constraint in constraints.all() {
        let (text, kind) = match constraint {
            Constraint::Dns(text) => (*text, "dnsName"),
            Constraint::Email(text) => (*text, "rfc822Name"),
            Constraint::Uri(text) => (*text, "URI"),
            Constraint::Ip(address, _) => {
                let mapped = <[u8; 16]>::try_from(*address)
                    .is_ok_and(|a| std::net::Ipv6Addr::from(a).to_ipv4_mapped().is_some());
                if mapped {
                    doubts.push(unsure());
                }
                continue;
            }
            Constraint::Other => continue,
        };
        let mailbox = kind == "rfc822Name" && text.contains('@');
        let is_ip = kind == "URI" && text.parse::<IpAddr>().is_ok();
        let no_domain =
            text.bytes().any(|octet| !(33..=126).contains(&octet)) || text.len() > 1 && text.ends_with('.');
        if !mailbox && (is_ip || no_domain) {
            return Err(format!("x509: failed to parse {kind} constraint {text:?}"));
        }
        if !is_plain_constraint(text) {
            doubts.push(unsure());
        }
    }
    doubts.truncate(1);
    Ok(doubts)
}

fn unsure() -> Finding {
    Finding::doubt(Rule::NameConstraints, "servers read its name constraints differently")
}

/// Does Go understand every kind of name in them?
pub(super) fn all_understood(value: &[u8]) -> bool {
    read(value)
        .is_ok_and(|constraints| constraints.all().all(|constraint| !matches!(constraint, Constraint::Other)))
}

/// A domain name that all versions of Go read alike.
fn is_plain(domain: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_*".contains(&octet);
    domain.split('.').all(|label| !label.is_empty() && label.bytes().all(plain))
}

/// A constraint that all versions of Go read alike: a mailbox, a domain, or with a dot in front what is below
/// one.
fn is_plain_constraint(text: &str) -> bool {
    match text.contains('@') {
        true => is_plain_mailbox(text),
        false => text.is_empty() || is_plain(text.strip_prefix('.').unwrap_or(text)),
    }
}

fn is_plain_mailbox(address: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_+".contains(&octet);
    address.split_once('@').is_some_and(|(local, domain)| {
        local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(plain)) && is_plain(domain)
    })
}

/// What the constraints say of the names of the certificates below.
pub(super) fn findings<'a>(value: &[u8], below: impl Iterator<Item = &'a Certificate>) -> Vec<Finding> {
    // Where they do not parse, that is refused already.
    let Ok(constraints) = read(value) else { return Vec::new() };
    let (count, mut comparisons, mut doubts) = (constraints.all().count(), 0, Vec::new());
    for certificate in below {
        for name in certificate.alt_names() {
            comparisons += count;
            if comparisons > MOST_COMPARISONS {
                return vec![Finding::doubt(
                    Rule::Limit,
                    "its name constraints need more comparisons than servers make",
                )];
            }
            match judge(&constraints, &name) {
                Ok(true) => {}
                Ok(false) => doubts = vec![unsure()],
                Err(why) => return vec![Finding::refusal(Rule::NameConstraints, why)],
            }
        }
    }
    doubts
}

/// Is the name certainly allowed?
///
/// # Errors
/// Why it is certainly not.
fn judge(constraints: &Constraints<'_>, name: &AltName) -> Result<bool, String> {
    let Some(shown) = readable(constraints, name)? else { return Ok(false) };
    let same_kind =
        |all: &[Constraint<'_>]| all.iter().filter_map(|one| compare(one, name)).collect::<Vec<_>>();
    let (permitted, excluded) = (same_kind(&constraints.permitted), same_kind(&constraints.excluded));
    if excluded.contains(&Match::Yes) {
        return Err(format!("its name constraints exclude {shown}"));
    }
    if !permitted.is_empty() && permitted.iter().all(|matched| *matched == Match::No) {
        return Err(format!("its name constraints do not permit {shown}"));
    }
    let wildcard = matches!(name, AltName::Dns(name) if name.starts_with('*')) && !excluded.is_empty();
    let sure = permitted.is_empty() || permitted.contains(&Match::Yes);
    Ok(sure && !excluded.contains(&Match::Maybe) && !wildcard)
}

/// The name for a message; `None` if servers read it differently.
///
/// # Errors
/// If no server can compare it.
fn readable(constraints: &Constraints<'_>, name: &AltName) -> Result<Option<String>, String> {
    let about_uris = constraints.all().any(|constraint| matches!(constraint, Constraint::Uri(_)));
    Ok(match name {
        AltName::Dns(name)
            if name.bytes().any(|octet| !(33..=126).contains(&octet))
                || name.len() > 1 && name.ends_with('.') =>
        {
            return Err(format!("it has name constraints, and the DNS name {name:?} cannot be compared"));
        }
        AltName::Dns(text) => is_plain(text).then(|| format!("the DNS name {text:?}")),
        AltName::Email(text) => is_plain_mailbox(text).then(|| format!("the mail address {text:?}")),
        AltName::Uri(text) => match uri::read(text) {
            uri::Reading::Fine(host) if is_comparable(host) => Some(format!("the URI {text:?}")),
            uri::Reading::Fine(_) if about_uris => {
                return Err(format!("it has name constraints, and the URI {text:?} has no host to compare"));
            }
            _ => None,
        },
        AltName::Ip(ip) => Some(format!("the address {ip}")),
        AltName::Other { .. } => Some("a name of another kind".to_owned()),
    })
}

/// Is the host of a URI a domain name?
fn is_comparable(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or_default();
    !host.is_empty() && host.parse::<IpAddr>().is_err()
}

/// Compares a name with a constraint; `None` if they are of different kinds.
fn compare(constraint: &Constraint<'_>, name: &AltName) -> Option<Match> {
    if let (Constraint::Dns(text), AltName::Dns(_))
    | (Constraint::Uri(text), AltName::Uri(_))
    | (Constraint::Email(text), AltName::Email(_)) = (constraint, name)
    {
        if !is_plain_constraint(text) {
            return Some(Match::Maybe);
        }
    }
    match (constraint, name) {
        (Constraint::Dns(domain), AltName::Dns(name)) => Some(in_domain(name, domain)),
        (Constraint::Uri(domain), AltName::Uri(text)) => match uri::read(text) {
            uri::Reading::Fine(host) => Some(in_domain(host.split(':').next().unwrap_or_default(), domain)),
            _ => Some(Match::Maybe),
        },
        (Constraint::Email(wanted), AltName::Email(address)) => {
            Some(match (wanted.split_once('@'), address.split_once('@')) {
                (Some((local, domain)), Some((name, of))) => {
                    truth(local == name && domain.eq_ignore_ascii_case(of))
                }
                (None, Some((_, of))) => in_domain(of, wanted),
                _ => Match::Maybe,
            })
        }
        (Constraint::Ip(network, mask), AltName::Ip(ip)) => {
            let octets = match ip {
                IpAddr::V4(ip) => ip.octets().to_vec(),
                IpAddr::V6(ip) => ip.octets().to_vec(),
            };
            let within = || octets.iter().zip(*network).zip(*mask).all(|((a, b), mask)| a & mask == b & mask);
            Some(truth(octets.len() == network.len() && within()))
        }
        _ => None,
    }
}

fn truth(matched: bool) -> Match {
    if matched { Match::Yes } else { Match::No }
}

/// Is the name this domain, or in it? With a dot in front, in it only.
fn in_domain(name: &str, domain: &str) -> Match {
    let (below_only, domain) = (domain.starts_with('.'), domain.strip_prefix('.').unwrap_or(domain));
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let itself = !below_only && (domain.is_empty() || name == domain);
    truth(itself || name.ends_with(&format!(".{domain}")))
}
