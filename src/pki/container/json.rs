//! What Vault and OpenBao answer: `{"data": {"certificate": ..., "issuing_ca": ..., "ca_chain": [...]}}`.

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::{Container, ContainerError};
use crate::pki::key::PrivateKey;

/// The whole answer, or its `data` alone.
#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
}

/// Certificates in PEM form.
#[derive(Deserialize)]
struct Data {
    certificate: Option<String>,
    issuing_ca: Option<String>,
    ca_chain: Option<Vec<String>>,
    #[serde(default, deserialize_with = "secret")]
    private_key: Option<Zeroizing<String>>,
}

fn secret<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Option::<String>::deserialize(value).map(|text| text.map(Zeroizing::new))
}

fn parse<'de, T: Deserialize<'de>>(contents: &'de [u8]) -> Result<T, ContainerError> {
    serde_json::from_slice(contents).map_err(|error| {
        // Its own text repeats what it read, which may be a key.
        let what = if error.is_data() { "another type of value is expected" } else { "malformed JSON" };
        ContainerError::Json(format!("{what} in line {}, column {}", error.line(), error.column()))
    })
}

pub fn read(contents: &[u8]) -> Result<Container, ContainerError> {
    let whole: Answer = parse(contents)?;
    let data = whole.data.map_or_else(|| parse(contents), Ok)?;
    let Data { certificate, issuing_ca, ca_chain, private_key } = data;
    let certificate =
        certificate.ok_or_else(|| ContainerError::Json("it has no data.certificate".to_owned()))?;
    let mut found = Container::default();
    let all = std::iter::once(certificate).chain(issuing_ca).chain(ca_chain.into_iter().flatten());
    for text in all.filter(|text| !text.is_empty()) {
        found.certificates.extend(Container::of_pem(text.as_bytes())?.certificates);
        if found.certificates.len() > super::CERTIFICATES {
            return Err(ContainerError::TooMany);
        }
    }
    found.key = private_key.map(|key| PrivateKey::from_pem(key.as_bytes())).transpose()?;
    Ok(found)
}
