//! Distinguished names as OpenSSL has them.

use openssl::asn1::Asn1Type;
use openssl::error::ErrorStack;
use openssl::x509::{X509Name, X509NameBuilder};

/// Encodes a name, one attribute an RDN, in the order given.
///
/// Values that fit PrintableString are encoded so, others as UTF8String (RFC 5280 section 4.1.2.4).
///
/// # Errors
/// OpenSSL's, for a type it does not know and a value longer than the type's upper bound (RFC 5280 appendix A).
pub fn encode<'a>(attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<X509Name, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    for (kind, value) in attributes {
        let string = if is_printable(value) { Asn1Type::PRINTABLESTRING } else { Asn1Type::UTF8STRING };
        name.append_entry_by_text_with_type(kind, value, string)?;
    }
    Ok(name.build())
}

/// Does the text fit a PrintableString (X.680)?
fn is_printable(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b))
}
