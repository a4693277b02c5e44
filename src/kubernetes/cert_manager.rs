//! `Certificate` resources of cert-manager, which ask an issuer in the cluster for what a certificate has.

use thiserror::Error;

use super::manifest::{Value, map, metadata};
use super::name::{Namespace, Subdomain};
use crate::certificate::{
    ANY_USAGE, AltName, CLIENT_AUTH, Certificate, KeyKind, PublicKey, SERVER_AUTH, curve,
};
use crate::dn::{Attribute, AttributeType, DistinguishedName, Rdn};
use crate::duration::Lifetime;
use crate::pki::issue::Validity;
use crate::pki::profile::{ExtendedKeyUsage, KeyUsage, Profile};

/// The attribute types that cert-manager knows by name; the others are written as object identifiers.
const NAMED: [&str; 10] = ["C", "O", "OU", "CN", "SERIALNUMBER", "L", "ST", "STREET", "DC", "UID"];

/// The least that cert-manager takes for a lifetime, in seconds.
const SHORTEST: i64 = 3600;

/// The fields for names.
const NAMES: [&str; 4] = ["dnsNames", "ipAddresses", "uris", "emailAddresses"];

/// What cert-manager calls the bits of keyUsage, digitalSignature first.
const KEY_USAGES: [&str; 9] = [
    "digital signature",
    "content commitment",
    "key encipherment",
    "data encipherment",
    "key agreement",
    "cert sign",
    "crl sign",
    "encipher only",
    "decipher only",
];

/// What cert-manager calls the purposes of extendedKeyUsage.
const PURPOSES: [(&str, &str); 3] =
    [(SERVER_AUTH, "server auth"), (CLIENT_AUTH, "client auth"), (ANY_USAGE, "any")];

/// Why cert-manager cannot be asked for such a certificate.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CannotAsk {
    /// The subject cannot be read.
    #[error("its subject cannot be read: {0}")]
    Subject(String),
    /// A value of the subject that is no text.
    #[error("its subject has {0}, whose value is not text")]
    NotText(String),
    /// An attribute type that has no object identifier.
    #[error("its subject has an attribute of the unknown type {0}")]
    UnknownType(String),
    /// A name that a Certificate has no field for.
    #[error("it has the name {0}, which no Certificate can ask for")]
    AltName(String),
    /// A purpose that a Certificate has no word for.
    #[error("it is for {0}, which no Certificate can ask for")]
    Purpose(String),
    /// A key of another kind.
    #[error("its key is of a kind that cert-manager does not make")]
    Key,
    /// Times that are none.
    #[error("its validity cannot be read")]
    Validity,
    /// Less than an hour.
    #[error("it is valid for {0}, and cert-manager makes nothing that is valid for less than 1h")]
    TooShort(Lifetime),
    /// A CA.
    #[error("it is a CA's")]
    Ca,
}

/// The key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Rsa(u64),
    Ecdsa(u64),
    Ed25519,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    subject: String,
    alt_names: Vec<AltName>,
    usages: Vec<String>,
    lifetime: Lifetime,
    key: Key,
}

/// Who signs.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The name of the resource.
    pub name: Subdomain,
    /// `Issuer` or `ClusterIssuer`.
    pub kind: &'static str,
}

impl Asked {
    /// What an existing certificate has.
    ///
    /// # Errors
    /// If cert-manager cannot be asked for exactly that.
    pub fn of(certificate: &Certificate) -> Result<Self, CannotAsk> {
        if certificate.basic_constraints().is_some_and(|constraints| constraints.ca) {
            return Err(CannotAsk::Ca);
        }
        let subject = certificate.subject.as_ref().map_err(|error| CannotAsk::Subject(error.to_string()))?;
        let validity = certificate.not_before.zip(certificate.not_after);
        let validity = validity.map(|(not_before, not_after)| Validity { not_before, not_after });
        let lifetime = validity.and_then(|validity| Lifetime::of_seconds(validity.lifetime()));
        let bits = certificate.key_usage().unwrap_or_default();
        let usages = KEY_USAGES.iter().enumerate().filter(|(at, _)| bits & 1 << at != 0);
        let mut usages: Vec<_> = usages.map(|(_, usage)| (*usage).to_owned()).collect();
        for purpose in certificate.extended_key_usage().into_iter().flatten() {
            let known = PURPOSES.iter().find(|(oid, _)| *oid == purpose);
            usages.push(known.ok_or(CannotAsk::Purpose(purpose))?.1.to_owned());
        }
        let key = certificate.public_key().as_ref().and_then(Key::like).ok_or(CannotAsk::Key)?;
        let lifetime = lifetime.ok_or(CannotAsk::Validity)?;
        Self::new(&subject.name, certificate.alt_names().collect(), usages, lifetime, key)
    }

    /// What `create-*` would make of these names, with an RSA key.
    ///
    /// # Errors
    /// As for [`Asked::of`].
    pub fn usual(
        profile: &Profile,
        called: &str,
        alt_names: Vec<AltName>,
        lifetime: Lifetime,
    ) -> Result<Self, CannotAsk> {
        let bits = profile.key_usage.iter().map(|usage| match usage {
            KeyUsage::DigitalSignature => KEY_USAGES[0],
            KeyUsage::NonRepudiation => KEY_USAGES[1],
            KeyUsage::KeyEncipherment => KEY_USAGES[2],
            KeyUsage::KeyCertSign => KEY_USAGES[5],
        });
        let purposes = profile.extended_key_usage.iter().map(|usage| match usage {
            ExtendedKeyUsage::ServerAuth => PURPOSES[0].1,
            ExtendedKeyUsage::ClientAuth => PURPOSES[1].1,
        });
        let usages = bits.chain(purposes).map(str::to_owned).collect();
        Self::new(&profile.subject_of(called), alt_names, usages, lifetime, Key::Rsa(2048))
    }

    fn new(
        subject: &DistinguishedName,
        alt_names: Vec<AltName>,
        usages: Vec<String>,
        lifetime: Lifetime,
        key: Key,
    ) -> Result<Self, CannotAsk> {
        if let Some(name) = alt_names.iter().find(|name| field_of(name).is_none() || !name.is_ascii()) {
            return Err(CannotAsk::AltName(name.to_string()));
        }
        if lifetime.as_seconds() < SHORTEST {
            return Err(CannotAsk::TooShort(lifetime));
        }
        Ok(Self { subject: literal(subject)?, alt_names, usages, lifetime, key })
    }

    /// The resource, which is called like the secret that it fills.
    pub fn resource(&self, name: &Subdomain, namespace: Option<&Namespace>, issuer: &Issuer) -> Value {
        let mut spec = vec![
            ("secretName", name.to_string().into()),
            ("duration", self.lifetime.to_string().into()),
            ("privateKey", self.key.value()),
            ("literalSubject", self.subject.clone().into()),
        ];
        for field in NAMES {
            let own = |name| field_of(name).filter(|(of, _)| *of == field).map(|(_, text)| text);
            let names: Vec<_> = self.alt_names.iter().filter_map(own).collect();
            if !names.is_empty() {
                spec.push((field, Value::Texts(names)));
            }
        }
        spec.push(("usages", Value::Texts(self.usages.clone())));
        let group = ("group", "cert-manager.io".into());
        let issuer = [("name", issuer.name.to_string().into()), ("kind", issuer.kind.into()), group];
        spec.push(("issuerRef", map(issuer)));
        map([
            ("apiVersion", "cert-manager.io/v1".into()),
            ("kind", "Certificate".into()),
            ("metadata", metadata(name, namespace)),
            ("spec", Value::Map(spec.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ])
    }
}

/// The field that asks for a name, and the text in it.
fn field_of(name: &AltName) -> Option<(&'static str, String)> {
    match name {
        AltName::Dns(name) => Some((NAMES[0], name.clone())),
        AltName::Ip(ip) => Some((NAMES[1], ip.to_string())),
        AltName::Uri(uri) => Some((NAMES[2], uri.clone())),
        AltName::Email(address) => Some((NAMES[3], address.clone())),
        AltName::Other { .. } => None,
    }
}

impl Key {
    fn like(key: &PublicKey<'_>) -> Option<Self> {
        match key.kind {
            KeyKind::Rsa { .. } => Some(Self::Rsa(key.rsa_bits()?.try_into().ok()?)),
            KeyKind::Ec(curve::P256) => Some(Self::Ecdsa(256)),
            KeyKind::Ec(curve::P384) => Some(Self::Ecdsa(384)),
            KeyKind::Ec(curve::P521) => Some(Self::Ecdsa(521)),
            KeyKind::Ed25519 => Some(Self::Ed25519),
            KeyKind::Ec(_) | KeyKind::Other => None,
        }
    }

    /// A new one each time, as `renew` makes it.
    fn value(self) -> Value {
        let rotation = || ("rotationPolicy", "Always".into());
        match self {
            Self::Rsa(size) => map([("algorithm", "RSA".into()), ("size", Value::Number(size)), rotation()]),
            Self::Ecdsa(size) => {
                map([("algorithm", "ECDSA".into()), ("size", Value::Number(size)), rotation()])
            }
            Self::Ed25519 => map([("algorithm", "Ed25519".into()), rotation()]),
        }
    }
}

/// A subject as cert-manager reads it: RFC 4514 text, which begins with what is encoded last.
fn literal(subject: &DistinguishedName) -> Result<String, CannotAsk> {
    let rdn = |rdn: &Rdn| {
        let attributes = rdn.attributes().iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
        Ok(attributes.join("+"))
    };
    Ok(subject.rdns().iter().rev().map(rdn).collect::<Result<Vec<_>, _>>()?.join(","))
}

fn attribute(attribute: &Attribute) -> Result<String, CannotAsk> {
    let of = attribute.attribute_type();
    if attribute.value().as_str().is_none() {
        return Err(CannotAsk::NotText(of.to_owned()));
    }
    let known = AttributeType::by_name(of).or_else(|| AttributeType::by_oid(of));
    let is_oid = || of.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let name = match known {
        Some(known) if NAMED.contains(&known.name) => known.name,
        Some(known) => known.oid,
        None if NAMED.contains(&of) || is_oid() => of,
        None => return Err(CannotAsk::UnknownType(of.to_owned())),
    };
    let text = attribute.to_string();
    let value = text.split_once('=').map_or("", |(_, value)| value);
    Ok(format!("{name}={value}"))
}

#[cfg(test)]
mod tests;
