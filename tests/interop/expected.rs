//! What each certificate has to contain: REFERENCE.md section 1, field by field, in the form of the peers.
//!
//! Serial numbers and bytes are hexadecimal, times are seconds since 1970 in UTC, a name is a line an RDN, in
//! encoded order, and extensions come in the order of their object identifiers.

use std::ops::RangeInclusive;

use crate::sets::Key;

const HOUR: i64 = 3600;

/// What a peer has read in one certificate.
pub struct Fields(pub String);

/// What no one can know in advance, checked as far as it can be.
struct Given<'a> {
    serial: &'a str,
    not_before: i64,
    subject_bytes: &'a str,
    key_sha1: &'a str,
}

impl Fields {
    /// The value of a field that is there once.
    pub fn value(&self, field: &str) -> &str {
        let mut values = self.values(field);
        match (values.next(), values.next()) {
            (Some(value), None) => value,
            _ => panic!("{field} is not there once:\n{}", self.0),
        }
    }

    /// The values of a field.
    pub fn values(&self, field: &str) -> impl Iterator<Item = &str> {
        let lines = self.0.lines();
        lines.filter_map(move |line| line.strip_prefix(field)?.strip_prefix(": "))
    }

    /// A field that is a number.
    pub fn number(&self, field: &str) -> i64 {
        self.value(field).parse().expect("a number")
    }

    fn given(&self, made: &RangeInclusive<i64>) -> Given<'_> {
        let serial = self.value("serial");
        let bits = bits(serial);
        assert!((127..=128).contains(&bits), "{bits} bits: {serial}");
        let not_before = self.number("notBefore");
        assert!(
            made.contains(&(not_before + 24 * HOUR)),
            "notBefore {not_before} is not a day before {made:?}"
        );
        Given {
            serial,
            not_before,
            subject_bytes: self.value("subjectBytes"),
            key_sha1: self.value("publicKeySha1"),
        }
    }
}

/// The length of a positive number in bits.
pub fn bits(hexadecimal: &str) -> usize {
    let first = hexadecimal.chars().next().and_then(|c| c.to_digit(16));
    let first = first.unwrap_or_else(|| panic!("not a positive number: {hexadecimal}"));
    hexadecimal.len() * 4 - (first.leading_zeros() as usize - 28)
}

impl Key {
    /// The signature algorithm of such a key.
    pub fn signature(self) -> &'static str {
        match self {
            Self::Rsa2048 => "1.2.840.113549.1.1.11",
            Self::P256 => "1.2.840.10045.4.3.2",
            Self::P384 => "1.2.840.10045.4.3.3",
            Self::P521 => "1.2.840.10045.4.3.4",
        }
    }

    /// The kind and size, and for RSA the public exponent.
    fn public(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA 2048 65537",
            Self::P256 => "EC P-256",
            Self::P384 => "EC P-384",
            Self::P521 => "EC P-521",
        }
    }

    /// `keyEncipherment` in a list of key usages: RSA only.
    pub fn encipherment(self) -> &'static str {
        match self {
            Self::Rsa2048 => ", keyEncipherment",
            _ => "",
        }
    }
}

/// A CA.
pub fn ca(key: Key, made: &RangeInclusive<i64>, read: &Fields) -> String {
    let Given { serial, not_before, subject_bytes, key_sha1 } = read.given(made);
    format!(
        "\
version: 3
serial: {serial}
signatureAlgorithm: {signature}
issuerBytes: {subject_bytes}
issuer: 2.5.4.10 PrintableString Cockroach
issuer: 2.5.4.3 PrintableString Cockroach CA
notBefore: {not_before}
notAfter: {not_after}
subjectBytes: {subject_bytes}
subject: 2.5.4.10 PrintableString Cockroach
subject: 2.5.4.3 PrintableString Cockroach CA
publicKey: {public}
publicKeySha1: {key_sha1}
extension: 2.5.29.14 non-critical {key_sha1}
extension: 2.5.29.15 critical digitalSignature, nonRepudiation{encipherment}, keyCertSign
extension: 2.5.29.19 critical CA:TRUE, pathlen:1
",
        not_after = not_before + 24 * HOUR + 10 * 366 * 24 * HOUR,
        signature = key.signature(),
        public = key.public(),
        encipherment = key.encipherment(),
    )
}

/// The certificate of the tenant 2 that signs session tokens: its own issuer, whatever the keys of the set.
pub fn signing(made: &RangeInclusive<i64>, read: &Fields) -> String {
    let Given { serial, not_before, subject_bytes, key_sha1 } = read.given(made);
    format!(
        "\
version: 3
serial: {serial}
signatureAlgorithm: 1.3.101.112
issuerBytes: {subject_bytes}
issuer: 2.5.4.3 PrintableString Tenant 2 Token Signing Certificate
notBefore: {not_before}
notAfter: {not_after}
subjectBytes: {subject_bytes}
subject: 2.5.4.3 PrintableString Tenant 2 Token Signing Certificate
publicKey: Ed25519
publicKeySha1: {key_sha1}
extension: 2.5.29.14 non-critical {key_sha1}
extension: 2.5.29.15 critical digitalSignature
extension: 2.5.29.19 critical CA:FALSE
extension: 2.5.29.35 non-critical {key_sha1}
",
        not_after = not_before + 24 * HOUR + 5 * 366 * 24 * HOUR,
    )
}

/// What distinguishes a leaf from others.
pub struct Leaf<'a> {
    /// The kind of key of its CA.
    pub signer: Key,
    /// The kind of key it has itself.
    pub key: Key,
    /// The string type and value of the OU between O and CN, if it has one.
    pub unit: Option<&'a str>,
    /// The string type and value of the CN.
    pub common_name: &'a str,
    /// The subjectAltName, if it has one.
    pub alternative_names: Option<&'a str>,
    /// The extended key usages.
    pub purposes: &'a str,
}

/// `clientAuth`, as the extended key usage of a client.
pub const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
/// `serverAuth, clientAuth`, as those of a node.
pub const NODE: &str = "1.3.6.1.5.5.7.3.1, 1.3.6.1.5.5.7.3.2";

/// `serverAuth`, as that of the DB Console.
pub const UI: &str = "1.3.6.1.5.5.7.3.1";
/// `clientAuth, serverAuth`, in the other order, as those of a tenant's SQL server.
pub const TENANT: &str = "1.3.6.1.5.5.7.3.2, 1.3.6.1.5.5.7.3.1";

/// The leaf of this name in the set of `key`.
pub fn of_set(key: Key, name: &str) -> Leaf<'static> {
    let (common_name, alternative_names, purposes) = match name {
        // DNS names, then IP addresses, each in the order given and once.
        "node" => (
            "PrintableString node",
            Some(
                "DNS:node1.example.com, DNS:*.dev.example.com, DNS:xn--bcher-kva.example, DNS:localhost, \
                 IP:7f000001, IP:00000000000000000000000000000001, IP:0a000001",
            ),
            NODE,
        ),
        "client.root" => ("PrintableString root", None, CLIENT),
        "client.node" => ("PrintableString node", None, CLIENT),
        "client.app" => (
            "PrintableString app",
            Some(
                "URI:crdb://tenant/2/user/app, URI:crdb://tenant/3/user/app, URI:crdb://tenant-name/app/user/app",
            ),
            CLIENT,
        ),
        "client.é" => ("UTF8String é", None, CLIENT),
        // The first host, although an address, is the name.
        "ui" => (
            "PrintableString 10.0.0.1",
            Some("DNS:node1.example.com, DNS:console.example.com, IP:0a000001"),
            UI,
        ),
        "client-tenant.2" => {
            ("PrintableString 2", Some("DNS:sql2.example.com, DNS:node1.example.com, IP:0a000001"), TENANT)
        }
        _ => panic!("no such leaf in the sets: {name}"),
    };
    let unit = name.starts_with("client-tenant.").then_some("PrintableString Tenants");
    Leaf { signer: key, key, unit, common_name, alternative_names, purposes }
}

impl Leaf<'_> {
    /// The certificate, below the CA that was read from `ca`.
    pub fn text(&self, made: &RangeInclusive<i64>, read: &Fields, ca: &Fields) -> String {
        let Given { serial, not_before, subject_bytes, key_sha1 } = read.given(made);
        let alternative_names = self
            .alternative_names
            .map_or_else(String::new, |names| format!("extension: 2.5.29.17 non-critical {names}\n"));
        let unit = self.unit.map_or_else(String::new, |unit| format!("subject: 2.5.4.11 {unit}\n"));
        format!(
            "\
version: 3
serial: {serial}
signatureAlgorithm: {signature}
issuerBytes: {ca_subject_bytes}
issuer: 2.5.4.10 PrintableString Cockroach
issuer: 2.5.4.3 PrintableString Cockroach CA
notBefore: {not_before}
notAfter: {not_after}
subjectBytes: {subject_bytes}
subject: 2.5.4.10 PrintableString Cockroach
{unit}\
subject: 2.5.4.3 {common_name}
publicKey: {public}
publicKeySha1: {key_sha1}
extension: 2.5.29.14 non-critical {key_sha1}
extension: 2.5.29.15 critical digitalSignature{encipherment}
{alternative_names}\
extension: 2.5.29.35 non-critical {ca_key_sha1}
extension: 2.5.29.37 non-critical {purposes}
",
            signature = self.signer.signature(),
            ca_subject_bytes = ca.value("subjectBytes"),
            not_after = not_before + 24 * HOUR + 5 * 366 * 24 * HOUR,
            common_name = self.common_name,
            public = self.key.public(),
            encipherment = self.key.encipherment(),
            ca_key_sha1 = ca.value("publicKeySha1"),
            purposes = self.purposes,
        )
    }
}
