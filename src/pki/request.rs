//! Certificate requests (PKCS#10, RFC 2986): makes our own, and reads anybody's.

mod key;
mod read;

use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::X509Req;

use super::CryptoError;
use super::issue::{alt_names, extended_key_usage, key_usage};
use super::key::PrivateKey;
use super::name::EncodedName;
use super::profile::Profile;
use crate::certificate::AltName;

pub use key::KeyRefused;
pub use read::{Asked, RequestError, SigningRequest};

/// What a request of ours asks for.
pub struct Wanted<'a> {
    /// What this kind of certificate contains.
    pub profile: &'a Profile,
    /// The certificate's subject.
    pub subject: &'a EncodedName,
    /// Its subject alternative names.
    pub alt_names: &'a [AltName],
}

/// Makes the request, in PEM form, signed by the key that the certificate is for.
///
/// # Errors
/// OpenSSL's reason, if its providers fail; or if the public half of the key is not its own.
pub fn make(wanted: &Wanted<'_>, key: &PrivateKey) -> Result<Vec<u8>, CryptoError> {
    let public = key.public()?;
    let build = || -> Result<(bool, Vec<u8>), ErrorStack> {
        let mut extensions = Stack::new()?;
        extensions.push(key_usage(wanted.profile, &public)?)?;
        if !wanted.profile.extended_key_usage.is_empty() {
            extensions.push(extended_key_usage(wanted.profile.extended_key_usage)?)?;
        }
        // Leaves state no basicConstraints (REFERENCE.md section 1), so none are asked for.
        if !wanted.alt_names.is_empty() {
            extensions.push(alt_names(wanted.alt_names, &wanted.subject.0)?)?;
        }
        let mut builder = X509Req::builder()?;
        builder.set_version(0)?;
        builder.set_subject_name(&wanted.subject.0)?;
        builder.set_pubkey(&public)?;
        builder.add_extensions(&extensions)?;
        builder.sign(key.as_pkey(), key.digest())?;
        let request = builder.build();
        // The public half in a key's file may be another key's.
        Ok((request.verify(&public)?, request.to_pem()?))
    };
    match build()? {
        (true, pem) => Ok(pem),
        (false, _) => Err(CryptoError("the public half of the key belongs to another key".to_owned())),
    }
}
