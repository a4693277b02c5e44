//! Distinguished name -> X.509 `Name`, in DER (RFC 5280 section 4.1.2.4 and appendix A).
//!
//! OpenSSL's builder puts one attribute into each RDN and picks string types by its own configuration. The few
//! bytes of DER around the values are written here instead; OpenSSL checks them as it reads them.

use openssl::asn1::Asn1Object;
use openssl::x509::X509Name;
use thiserror::Error;

use super::{CryptoError, reason};
use crate::der::{self, IA5_STRING, OBJECT_IDENTIFIER, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, tlv};
use crate::dn::{Attribute, AttributeType, DistinguishedName, Rdn, Syntax};

/// Why a name cannot be put into a certificate, and which attribute is the problem.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("attribute {position} ({attribute}) cannot be put into a certificate: {why}")]
pub struct NameError {
    /// Which attribute, from 1.
    position: usize,
    /// The attribute as text.
    attribute: String,
    /// What is wrong.
    why: String,
}

/// A name in the form that a certificate holds.
pub struct EncodedName(pub(super) X509Name);

impl EncodedName {
    /// The name in DER, as in [`crate::certificate::Certificate::subject_name`].
    ///
    /// # Errors
    /// OpenSSL's reason.
    pub fn to_der(&self) -> Result<Vec<u8>, CryptoError> {
        Ok(self.0.to_der()?)
    }

    /// The name of a certificate, which stays as it is encoded there.
    ///
    /// # Errors
    /// If OpenSSL cannot read it.
    pub fn from_der(der: &[u8]) -> Result<Self, CryptoError> {
        Ok(Self(X509Name::from_der(der)?))
    }
}

/// Encodes a name: RDNs in the order written, the attributes of an RDN in the order of DER.
///
/// # Errors
/// For the first attribute whose type is unknown or whose value does not fit its type.
pub fn encode(name: &DistinguishedName) -> Result<EncodedName, NameError> {
    let mut position = 0;
    let mut rdns = Vec::new();
    for rdn in name.rdns() {
        rdns.extend(encode_rdn(rdn, &mut position)?);
    }
    openssl_name(&rdns).map(EncodedName).map_err(|why| NameError { position, attribute: name.to_string(), why })
}

/// The name of a certificate in DER, which stays as it is encoded there.
///
/// # Errors
/// OpenSSL's reason, if it cannot read it.
pub fn decode(der: &[u8]) -> Result<EncodedName, CryptoError> {
    Ok(EncodedName(X509Name::from_der(der)?))
}

fn openssl_name(rdns: &[u8]) -> Result<X509Name, String> {
    X509Name::from_der(&tlv(SEQUENCE, rdns)).map_err(|errors| reason(&errors))
}

fn encode_rdn(rdn: &Rdn, position: &mut usize) -> Result<Vec<u8>, NameError> {
    let mut attributes = Vec::new();
    for attribute in rdn.attributes() {
        *position += 1;
        attributes.push(encode_attribute(attribute).map_err(|why| NameError {
            position: *position,
            attribute: attribute.to_string(),
            why,
        })?);
    }
    attributes.sort();
    Ok(tlv(SET, &attributes.concat()))
}

fn encode_attribute(attribute: &Attribute) -> Result<Vec<u8>, String> {
    let name = attribute.attribute_type();
    let known = AttributeType::by_name(name).map_or(name, |known| known.oid);
    // Text with a NUL cannot be passed to OpenSSL.
    let object =
        Some(known).filter(|text| !text.contains('\0')).and_then(|text| Asn1Object::from_str(text).ok());
    let object = object.ok_or_else(|| {
        format!("{name:?} is neither the name of an attribute type nor a dotted object identifier")
    })?;
    let value = match attribute.value().ber_element() {
        Some(element) => element.to_vec(),
        None => {
            let oid = der::object_identifier(object.as_slice()).unwrap_or_default();
            encode_text(attribute.value().as_str().ok_or("the value is not UTF-8")?, &oid)?
        }
    };
    let encoded = tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, object.as_slice()), value].concat());
    // Not every BER element can be an attribute's value.
    openssl_name(&tlv(SET, &encoded)).map_err(|why| format!("OpenSSL refuses the value: {why}"))?;
    Ok(encoded)
}

fn encode_text(text: &str, oid: &str) -> Result<Vec<u8>, String> {
    let known = AttributeType::by_oid(oid);
    let (syntax, bound) = known.map_or((Syntax::Directory, usize::MAX), |known| (known.syntax, known.longest));
    let length = text.chars().count();
    if text.is_empty() {
        return Err("the value is empty".to_owned());
    }
    match syntax {
        Syntax::Country if length != 2 || !text.bytes().all(|b| b.is_ascii_alphabetic()) => {
            Err("a country is a code of two letters (ISO 3166)".to_owned())
        }
        Syntax::Ia5 if !text.is_ascii() => Err("the value has to be ASCII".to_owned()),
        Syntax::Printable if !is_printable(text) => {
            Err("the value may have letters, digits, spaces and '()+,-./:=? only".to_owned())
        }
        _ if length > bound => {
            Err(format!("the value has {length} characters, and at most {bound} are allowed"))
        }
        Syntax::Ia5 => Ok(tlv(IA5_STRING, text.as_bytes())),
        _ if is_printable(text) => Ok(tlv(PRINTABLE_STRING, text.as_bytes())),
        _ => Ok(tlv(UTF8_STRING, text.as_bytes())),
    }
}

/// Does the text fit a PrintableString?
fn is_printable(text: &str) -> bool {
    text.bytes().all(der::is_printable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The values in encoded order.
    fn values(text: &str) -> Result<Vec<String>, String> {
        let EncodedName(name) = encode(&text.parse().expect(text)).map_err(|error| error.to_string())?;
        Ok(name.entries().map(|entry| String::from_utf8_lossy(entry.data().as_slice()).into_owned()).collect())
    }

    fn der(text: &str) -> Vec<u8> {
        let encoded = encode(&text.parse().expect(text)).map(|EncodedName(name)| name.to_der().expect("DER"));
        encoded.expect(text)
    }

    #[test]
    fn values_have_the_string_type_of_their_attribute() {
        for (text, tag) in [
            ("CN=node", PRINTABLE_STRING),
            ("CN=a@b", UTF8_STRING),
            ("O=\u{e9}", UTF8_STRING),
            ("C=DE", PRINTABLE_STRING),
            ("c=de", PRINTABLE_STRING),
            ("DC=example", IA5_STRING),
            ("dc=a@b", IA5_STRING),
            ("emailAddress=a@b", IA5_STRING),
            ("serialNumber=1", PRINTABLE_STRING),
            ("UID=node", PRINTABLE_STRING),
            ("1.2.3.4=x", PRINTABLE_STRING),
            ("CN=#0c0178", UTF8_STRING),
            ("CN=#160178", IA5_STRING),
        ] {
            let name = der(text);
            let value = name.iter().rposition(|b| *b == tag).unwrap_or_default();
            let length = usize::from(name[value + 1]);
            assert_eq!(value + 2 + length, name.len(), "{text}: {name:x?}");
        }
    }

    #[test]
    fn names_keep_their_order_and_rdns_are_sets() {
        let order = values("O=Acme Inc,OU=movr-prod,UID=node").expect("a name");
        assert_eq!(order, ["Acme Inc", "movr-prod", "node"]);
        assert_eq!(der("CN=a+UID=b"), der("UID=b+CN=a"));
        assert_ne!(der("CN=a+UID=b"), der("CN=a,UID=b"));
        assert_eq!(der(""), [SEQUENCE, 0]);
    }

    #[test]
    fn what_cannot_be_encoded_names_the_attribute() {
        let long = format!("O=x,CN={}", "a".repeat(65));
        for (text, position, why) in [
            ("O=a,C=DEU", "attribute 2 (C=DEU)", "a country is a code of two letters"),
            ("C=1x", "attribute 1 (C=1x)", "a country is a code of two letters"),
            ("O=a+DC=\u{e9}", "attribute 2 (DC=\u{e9})", "ASCII"),
            ("nonsense=a", "attribute 1 (nonsense=a)", "neither the name of an attribute type"),
            ("C\\00N=x", "attribute 1 (C\\00N=x)", "neither the name of an attribute type"),
            ("1.2.x=a", "attribute 1 (1.2.x=a)", "neither the name of an attribute type"),
            ("O=,CN=x", "attribute 1 (O=)", "the value is empty"),
            ("O=a,OU=#0101ff", "attribute 2 (OU=#0101ff)", "OpenSSL refuses the value"),
            ("O=a\\ff", "attribute 1 (O=a\\ff)", "not UTF-8"),
            ("serialNumber=a@b", "attribute 1 (serialNumber=a@b)", "letters, digits, spaces"),
            (&long, "attribute 2 (CN=a", "has 65 characters, and at most 64"),
        ] {
            let error = values(text).expect_err(text);
            assert!(error.starts_with(position) && error.contains(why), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_name_panics(text in "((CN|O|C|DC|UID|1\\.2\\.3)=\\PC{0,8}[,+]?){0,4}") {
            if let Ok(name) = text.parse() {
                let _ = encode(&name);
            }
        }
    }
}
