//! Certificates that a CA elsewhere issued: which of them is ours, what leads from it to the root, and whether
//! it is what was asked for. Pure: OpenSSL comes in as [`Signatures`].

#[cfg(test)]
mod tests;

use std::fmt;

use thiserror::Error;

use crate::certificate::{ANY_USAGE, AltName, CLIENT_AUTH, Certificate, KEY_CERT_SIGN, PublicKey, SERVER_AUTH};
use crate::dn::{CertificateSubject, UnreadableSubject};
use crate::login::chain::Signatures;
use crate::pki::profile::ExtendedKeyUsage;

/// What the certificate was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its subject's name in DER. The CA may encode its texts in another way, as servers compare what they say.
    pub subject: &'a [u8],
    /// Its subject alternative names, in any order.
    pub alt_names: &'a [AltName],
    /// The purposes it has to have. More are no difference: see [`more_purposes`].
    pub purposes: &'a [ExtendedKeyUsage],
}

/// What came from the CA, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted {
    /// The certificate of our key.
    pub leaf: Certificate,
    /// The CA certificates that lead to the roots, the leaf's issuer first.
    pub intermediates: Vec<Certificate>,
    /// Where the chain ends, signed by themselves; none if the CA left them out.
    pub roots: Vec<Certificate>,
    /// What has nothing to do with the leaf.
    pub others: Vec<Certificate>,
}

impl Sorted {
    /// The leaf and the intermediates, as a server or client presents them.
    pub fn chain(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.leaf).chain(&self.intermediates)
    }
}

/// Why a certificate is not the one that was asked for. Both sides of it, where there are two.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Difference {
    /// Nothing came.
    #[error("there is no certificate in it")]
    Nothing,
    /// None is for our key: the subjects of those that there are.
    #[error("no certificate is for this key, only for other keys: {}", .0.join("; "))]
    OtherKey(Vec<String>),
    /// More than one is for our key.
    #[error("{0} certificates are for this key: only one of them can be put in place")]
    Several(usize),
    /// Another subject, or one in another order.
    #[error("asked {asked}, got {got}")]
    Subject {
        /// What was asked for.
        asked: String,
        /// What came.
        got: String,
    },
    /// Names that were asked for.
    #[error("asked {}, which the certificate does not have", Names(.0))]
    MissingNames(Vec<AltName>),
    /// Names that nobody asked for.
    #[error("got {}, which nobody asked for", Names(.0))]
    MoreNames(Vec<AltName>),
    /// A purpose that was asked for.
    #[error("asked the extended key usage {asked}, got {got}")]
    Purpose {
        /// What was asked for.
        asked: &'static str,
        /// What came.
        got: String,
    },
    /// It may sign certificates.
    #[error("it is the certificate of a CA (CA:TRUE)")]
    Ca,
    /// Its own key signed it.
    #[error("it is signed by its own key, not by a CA")]
    SelfSigned,
}

/// A few names in one line.
struct Names<'a>(&'a [AltName]);

/// The most of them that are shown.
const SHOWN: usize = 10;

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{name}", if at == 0 { "" } else { ", " })?;
        }
        if self.0.len() > SHOWN { write!(f, " and {} more", self.0.len() - SHOWN) } else { Ok(()) }
    }
}

/// Finds the certificate for this SubjectPublicKeyInfo, and whatever leads from it to a root.
///
/// # Errors
/// If there is not exactly one for the key.
pub fn sort(
    certificates: Vec<Certificate>,
    public_key: &[u8],
    signatures: &dyn Signatures,
) -> Result<Sorted, Difference> {
    let mut rest: Vec<Certificate> = Vec::new();
    for certificate in certificates {
        if !rest.contains(&certificate) {
            rest.push(certificate);
        }
    }
    if rest.is_empty() {
        return Err(Difference::Nothing);
    }
    let (mut leaves, mut rest): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|certificate| is_for(certificate, public_key));
    let leaf = match (leaves.len(), leaves.pop()) {
        (1, Some(leaf)) => leaf,
        (several, Some(_)) => return Err(Difference::Several(several)),
        (_, None) => {
            let subjects = rest.iter().take(SHOWN).map(Certificate::subject_text);
            return Err(Difference::OtherKey(subjects.collect()));
        }
    };
    let mut chain = vec![leaf];
    let mut next = 0;
    while let Some(child) = chain.get(next) {
        let (issuers, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|other| issued(other, child, signatures));
        chain.extend(issuers);
        rest = others;
        next += 1;
    }
    let leaf = chain.remove(0);
    let (roots, intermediates) = chain.into_iter().partition(|ca| issued(ca, ca, signatures));
    Ok(Sorted { leaf, intermediates, roots, others: rest })
}

/// Is the certificate for this SubjectPublicKeyInfo?
pub fn is_for(certificate: &Certificate, public_key: &[u8]) -> bool {
    let own = certificate.public_key_info();
    let same = PublicKey::read(own).ok().zip(PublicKey::read(public_key).ok()).and_then(|(a, b)| a.is(&b));
    same.unwrap_or(own == public_key)
}

/// Did this CA issue that certificate?
pub fn issued(ca: &Certificate, child: &Certificate, signatures: &dyn Signatures) -> bool {
    ca.subject_name() == child.issuer_name() && signatures.verify(child, ca) == Some(true)
}

/// All that is wrong with a certificate, whatever was asked for.
pub fn flaws(leaf: &Certificate, signatures: &dyn Signatures) -> Vec<Difference> {
    let is_ca = leaf.basic_constraints().is_some_and(|constraints| constraints.ca);
    let may_sign = leaf.key_usage().is_some_and(|usage| usage & KEY_CERT_SIGN != 0);
    let ca = (is_ca || may_sign).then_some(Difference::Ca);
    ca.into_iter().chain(issued(leaf, leaf, signatures).then_some(Difference::SelfSigned)).collect()
}

/// All in which a certificate is not what was asked for.
pub fn compare(leaf: &Certificate, asked: &Asked<'_>) -> Vec<Difference> {
    let subject = subject(leaf, asked.subject);
    let (got, wanted): (Vec<_>, Vec<_>) =
        (leaf.alt_names().collect(), asked.alt_names.iter().map(usual_form).collect());
    let missing: Vec<_> =
        wanted.iter().filter(|name| !got.iter().any(|got| usual_form(got) == **name)).cloned().collect();
    let more: Vec<_> = got.into_iter().filter(|name| !wanted.contains(&usual_form(name))).collect();
    let missing = (!missing.is_empty()).then_some(Difference::MissingNames(missing));
    let more = (!more.is_empty()).then_some(Difference::MoreNames(more));
    let lacks = |purpose: &&ExtendedKeyUsage| !leaf.allows(purpose.oid());
    let purposes = asked.purposes.iter().filter(lacks).map(|purpose| {
        let got = purposes(leaf).collect::<Vec<_>>().join(", ");
        Difference::Purpose { asked: purpose.name(), got }
    });
    subject.into_iter().chain(missing).chain(more).chain(purposes).collect()
}

/// The purposes that nobody asked for.
pub fn more_purposes(leaf: &Certificate, asked: &[ExtendedKeyUsage]) -> Vec<String> {
    purposes(leaf).filter(|purpose| !asked.iter().any(|asked| asked.name() == purpose)).collect()
}

/// Names are the same where every client takes them for the same (RFC 4343).
fn usual_form(name: &AltName) -> AltName {
    match name {
        AltName::Dns(name) => AltName::Dns(name.to_ascii_lowercase()),
        AltName::Ip(ip) => AltName::Ip(ip.to_canonical()),
        other => other.clone(),
    }
}

fn subject(leaf: &Certificate, asked: &[u8]) -> Option<Difference> {
    let asked = crate::certificate::read_name(asked);
    let is_same = match (&asked, &leaf.subject) {
        (Ok(asked), Ok(got)) => asked.name == got.name,
        _ => false,
    };
    let text = |name: &Result<CertificateSubject, UnreadableSubject>| match name {
        Ok(subject) if subject.name.to_string().is_empty() => "an empty subject".to_owned(),
        Ok(subject) => subject.name.to_string(),
        Err(why) => why.to_string(),
    };
    (!is_same).then(|| Difference::Subject { asked: text(&asked), got: text(&leaf.subject) })
}

/// The purposes by name, or dotted where they have none here.
fn purposes(leaf: &Certificate) -> impl Iterator<Item = String> {
    leaf.extended_key_usage().into_iter().flatten().map(|oid| match &*oid {
        SERVER_AUTH => "serverAuth".to_owned(),
        CLIENT_AUTH => "clientAuth".to_owned(),
        ANY_USAGE => "anyExtendedKeyUsage".to_owned(),
        _ => oid,
    })
}
