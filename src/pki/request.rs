//! Certificate requests (PKCS#10, RFC 2986): makes our own, and reads anybody's.

mod key;
mod read;

use openssl::error::ErrorStack;
use openssl::pkey::{KeyType, PKeyRef, Public};
use openssl::stack::Stack;
use openssl::x509::{X509Extension, X509Req};

use super::CryptoError;
use super::issue::{KeptExtension, SUBJECT_ALT_NAME, alt_names, extended_key_usage, key_usage, raw};
use super::key::PrivateKey;
use super::name::EncodedName;
use super::profile::Profile;
use crate::certificate::AltName;

pub use key::KeyRefused;
pub use read::{Asked, RequestError, SigningRequest, key_usages};

/// What a request of ours asks for.
pub struct Wanted<'a> {
    /// What this kind of certificate contains.
    pub profile: &'a Profile,
    /// The certificate's subject.
    pub subject: &'a EncodedName,
    /// Its subject alternative names.
    pub alt_names: &'a [AltName],
    /// Extensions that stand for those of the profile and the subject alternative names. Of these, those are
    /// asked for that belong to the subject; a CA has its own for the others.
    pub kept: Option<&'a [KeptExtension]>,
}

/// keyUsage, extendedKeyUsage, subjectAltName.
const OF_THE_SUBJECT: [&str; 3] = ["2.5.29.15", "2.5.29.37", SUBJECT_ALT_NAME];

fn extensions(wanted: &Wanted<'_>, key: &PKeyRef<Public>) -> Result<Stack<X509Extension>, ErrorStack> {
    let mut all = Stack::new()?;
    if let Some(kept) = wanted.kept {
        for one in kept.iter().filter(|one| OF_THE_SUBJECT.contains(&&*one.oid)) {
            all.push(raw(&one.oid, one.critical, &one.value)?)?;
        }
        return Ok(all);
    }
    all.push(key_usage(wanted.profile, key.is_a(KeyType::RSA))?)?;
    if !wanted.profile.extended_key_usage.is_empty() {
        all.push(extended_key_usage(wanted.profile.extended_key_usage)?)?;
    }
    // Leaves state no basicConstraints (REFERENCE.md section 1), so none are asked for.
    if !wanted.alt_names.is_empty() {
        all.push(alt_names(wanted.alt_names, &wanted.subject.0)?)?;
    }
    Ok(all)
}

/// Makes the request, in PEM form, signed by the key that the certificate is for.
///
/// # Errors
/// OpenSSL's reason, if its providers fail; or if the public half of the key is not its own.
pub fn make(wanted: &Wanted<'_>, key: &PrivateKey) -> Result<Vec<u8>, CryptoError> {
    let public = key.public()?;
    let build = || -> Result<(bool, Vec<u8>), ErrorStack> {
        let extensions = extensions(wanted, &public)?;
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
