//! A key, and a request for its certificate (RFC 2986), in memory.

use anyhow::{Context, Result};

use crate::certificate::AltName;
use crate::certs_dir::batch::Contents;
use crate::certs_dir::layout::CertificateName;
use crate::pki::key::{KeySpec, PrivateKey};
use crate::pki::name::EncodedName;
use crate::pki::request::{self, Wanted};

/// The key that a certificate is asked for with.
pub enum Key {
    /// One that is still to be made.
    New(KeySpec),
    /// One that is there.
    Existing(PrivateKey),
}

/// The files that are written: the key, if it is new, which waits for its certificate; and the request.
///
/// # Errors
/// If OpenSSL's providers cannot make them.
pub fn files(
    name: &CertificateName,
    subject: &EncodedName,
    alt_names: &[AltName],
    key: Key,
) -> Result<Vec<(String, Contents)>> {
    let mut files = Vec::new();
    let key = match key {
        Key::Existing(key) => key,
        Key::New(spec) => {
            let key = PrivateKey::generate(spec)?;
            files.push((name.pending_key_file(), Contents::Key(key.to_pem()?)));
            key
        }
    };
    let wanted = Wanted { profile: name.usage.kind().profile, subject, alt_names, kept: None };
    let request = request::make(&wanted, &key).context("could not make the request")?;
    files.push((name.request_file(), Contents::Request(request)));
    Ok(files)
}
