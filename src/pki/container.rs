//! The forms in which certificates travel: PEM, DER, PKCS#7 (RFC 2315), PKCS#12 (RFC 7292), and the JSON that
//! Vault and OpenBao answer with. Anyone may have made what is read here.

mod json;
mod pkcs12;
#[cfg(test)]
mod tests;

use openssl::pkcs7::Pkcs7;
use thiserror::Error;
use zeroize::Zeroizing;

use super::key::{PrivateKey, StoredKeyError};
use super::{pem, reason};
use crate::certificate::Certificate;
use crate::der::{INTEGER, OBJECT_IDENTIFIER, SEQUENCE, has_more_elements};

/// The most certificates that are taken from a file. A chain has three or four.
const CERTIFICATES: usize = 100;
/// The most ASN.1 elements of a container that we pass to OpenSSL.
const ELEMENTS: usize = 100_000;

/// What a file holds.
#[derive(Default)]
pub struct Container {
    /// Its certificates, in order.
    pub certificates: Vec<Certificate>,
    /// The private key, if there is one.
    pub key: Option<PrivateKey>,
}

/// Why a file cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ContainerError {
    /// Nothing there.
    #[error("the file is empty")]
    Empty,
    /// None of the forms.
    #[error("it is neither PEM, DER, PKCS#7 nor PKCS#12, nor the JSON of Vault or OpenBao")]
    Unknown,
    /// No certificate.
    #[error("there is no certificate in it")]
    None,
    /// More than a chain can have.
    #[error("there are more than {CERTIFICATES} certificates in it")]
    TooMany,
    /// More than any of the forms needs.
    #[error("it has more than {ELEMENTS} elements")]
    TooLarge,
    /// A PEM block of another kind.
    #[error("a block of type {0} is in it, not CERTIFICATE or PKCS7")]
    Label(String),
    /// A certificate that cannot be read.
    #[error("certificate {0} in it cannot be read: {1}")]
    Certificate(usize, String),
    /// A PKCS#7 structure that OpenSSL does not read.
    #[error("it is not PKCS#7 with certificates in it: {0}")]
    Pkcs7(String),
    /// A PKCS#12 structure that OpenSSL does not read.
    #[error("it is not PKCS#12 in DER: {0}")]
    Pkcs12(String),
    /// PKCS#12 whose key would take hours to derive.
    #[error("its passphrase is to be hashed {0} times: at most {limit} are supported", limit = pkcs12::ITERATIONS)]
    Iterations(u64),
    /// PKCS#12 that asks for more hashing than anyone waits for.
    #[error("its passphrase is to be hashed so often that it was given up after {0}s")]
    TooSlow(u64),
    /// PKCS#12 protected in a way that no provider knows, such as FIPS providers, which lack its old key
    /// derivation.
    #[error("OpenSSL's providers do not know what protects it ({0})")]
    Protection(String),
    /// PKCS#12 with another passphrase, or damaged.
    #[error("the passphrase is wrong, or the file is damaged ({0})")]
    Passphrase(String),
    /// A private key that is not one of ours.
    #[error("the private key in it cannot be used: {0}")]
    Key(#[from] StoredKeyError),
    /// Not JSON, or JSON of something else.
    #[error("it is not the JSON answer of Vault or OpenBao: {0}")]
    Json(String),
}

/// Text that must not stay in memory.
pub type Secret = Zeroizing<Vec<u8>>;

impl Container {
    /// Reads a file; `passphrase` is called where it has one.
    ///
    /// # Errors
    /// If it is in none of the forms, or anything in it cannot be read; and those of `passphrase`.
    pub fn read<E: From<ContainerError>>(
        contents: &[u8],
        passphrase: impl FnOnce() -> Result<Secret, E>,
    ) -> Result<Self, E> {
        let container = match contents.trim_ascii_start() {
            [] => return Err(ContainerError::Empty.into()),
            [b'{', ..] => json::read(contents)?,
            [SEQUENCE, ..] if inner_tag(contents) == Some(INTEGER) => pkcs12::read(contents, passphrase)?,
            [SEQUENCE, ..] => Self::of_der(contents)?,
            _ => Self::of_pem(contents)?,
        };
        match container.certificates.len() {
            0 => Err(ContainerError::None.into()),
            1..=CERTIFICATES => Ok(container),
            _ => Err(ContainerError::TooMany.into()),
        }
    }

    fn of_der(der: &[u8]) -> Result<Self, ContainerError> {
        let certificates = match inner_tag(der) {
            Some(OBJECT_IDENTIFIER) => pkcs7(der)?,
            _ => vec![pem::certificate_from_der(der).map_err(|why| ContainerError::Certificate(1, why))?],
        };
        Ok(Self { certificates, key: None })
    }

    /// Blocks of certificates, PKCS#7 and keys. Text around them is passed over.
    fn of_pem(contents: &[u8]) -> Result<Self, ContainerError> {
        let mut found = Self::default();
        let mut blocks = 0;
        for block in pem::blocks(contents) {
            blocks += 1;
            if blocks > 2 * CERTIFICATES || found.certificates.len() > CERTIFICATES {
                return Err(ContainerError::TooMany);
            }
            let at = found.certificates.len() + 1;
            let der = || block.der().map_err(|errors| ContainerError::Certificate(at, reason(&errors)));
            match block.label {
                "CERTIFICATE" | "X509 CERTIFICATE" => {
                    let read = pem::certificate_from_der(&der()?);
                    found.certificates.push(read.map_err(|why| ContainerError::Certificate(at, why))?);
                }
                "PKCS7" | "CMS" => found.certificates.extend(pkcs7(&der()?)?),
                // Its own, and what else an answer may have in it.
                "X509 CRL" | "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" | "EC PARAMETERS" => {}
                label if label.ends_with("PRIVATE KEY") && found.key.is_none() => {
                    found.key = Some(PrivateKey::from_pem(contents)?);
                }
                label => return Err(ContainerError::Label(label.to_owned())),
            }
        }
        if blocks == 0 { Err(ContainerError::Unknown) } else { Ok(found) }
    }
}

/// The tag of the first element inside a SEQUENCE, in DER or BER.
fn inner_tag(der: &[u8]) -> Option<u8> {
    let length = usize::from(*der.get(1)?);
    der.get(2 + if length > 0x80 { length & 0x7f } else { 0 }).copied()
}

fn pkcs7(der: &[u8]) -> Result<Vec<Certificate>, ContainerError> {
    if has_more_elements(der, ELEMENTS) {
        return Err(ContainerError::TooLarge);
    }
    let invalid = |why: String| ContainerError::Pkcs7(why);
    let pkcs7 = Pkcs7::from_der(der).map_err(|errors| invalid(reason(&errors)))?;
    let signed = pkcs7.signed().ok_or_else(|| invalid("it is not of the type SignedData".to_owned()))?;
    let all = signed.certificates().ok_or_else(|| invalid("there are none".to_owned()))?;
    if all.len() > CERTIFICATES {
        return Err(ContainerError::TooMany);
    }
    certificates(all.iter().map(|certificate| certificate.to_der()))
}

/// OpenSSL's certificates, by our own reader.
fn certificates(
    all: impl Iterator<Item = Result<Vec<u8>, openssl::error::ErrorStack>>,
) -> Result<Vec<Certificate>, ContainerError> {
    let read = |(at, der): (usize, Result<Vec<u8>, _>)| {
        let der = der.map_err(|errors| reason(&errors));
        der.and_then(|der| pem::certificate_from_der(&der))
            .map_err(|why| ContainerError::Certificate(at + 1, why))
    };
    all.enumerate().map(read).collect()
}
