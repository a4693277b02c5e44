//! PKCS#12 (RFC 7292): certificates, and a key under a passphrase.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use openssl::pkcs12::Pkcs12;
use zeroize::Zeroizing;

use super::{Container, ContainerError, ELEMENTS, Secret, certificates};
use crate::der::{INTEGER, Malformed, OCTET_STRING, Reader, SEQUENCE, has_more_elements, only, unsigned};
use crate::pki::key::PrivateKey;
use crate::pki::reason;

/// The most rounds of hashing: ten times what is usual, and done in seconds.
pub const ITERATIONS: u64 = 10_000_000;

/// How long a file may take. [`check`] does not see what is encrypted, such as a key in it with rounds of its
/// own, and each part of a file may ask for as many as are supported.
const PATIENCE: Duration = Duration::from_secs(60);

/// How deep elements are looked through.
const DEPTH: usize = 24;

/// The bit of tags whose contents are elements (X.690 section 8.1.2.5).
const CONSTRUCTED: u8 = 0x20;

pub fn read<E: From<ContainerError>>(
    der: &[u8],
    passphrase: impl FnOnce() -> Result<Secret, E>,
) -> Result<Container, E> {
    check(der)?;
    let parsed = Pkcs12::from_der(der).map_err(|errors| ContainerError::Pkcs12(reason(&errors)))?;
    let passphrase = passphrase()?;
    drop(parsed);
    Ok(within(PATIENCE, der.to_vec().into(), passphrase)?)
}

/// Opens it in a thread of its own, as OpenSSL knows no deadline. One that is too slow ends with the process.
pub(super) fn within(patience: Duration, der: Secret, passphrase: Secret) -> Result<Container, ContainerError> {
    let (sender, opened) = mpsc::channel();
    let work = move || {
        let text = std::str::from_utf8(&passphrase).ok().filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| ContainerError::Passphrase("it is not text in UTF-8".to_owned()));
        let parsed = Pkcs12::from_der(&der).map_err(|errors| ContainerError::Pkcs12(reason(&errors)));
        // Nobody waits for what is too late.
        let _ = sender.send(text.and_then(|text| open(&parsed?, text)));
    };
    let failed = |why: &dyn std::fmt::Display| ContainerError::Pkcs12(format!("it could not be opened: {why}"));
    thread::Builder::new().name("pkcs12".to_owned()).spawn(work).map_err(|error| failed(&error))?;
    match opened.recv_timeout(patience) {
        Ok(opened) => opened,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(ContainerError::TooSlow(patience.as_secs())),
        Err(why) => Err(failed(&why)),
    }
}

fn open(pkcs12: &Pkcs12, passphrase: &str) -> Result<Container, ContainerError> {
    let opened = pkcs12.parse2(passphrase);
    let opened = opened.map_err(|errors| match reason(&errors) {
        why if why.contains("unsupported") => ContainerError::Protection(why),
        why => ContainerError::Passphrase(why),
    })?;
    let others = opened.ca.iter().flatten().map(|certificate| certificate.to_der());
    let all = opened.cert.iter().map(|certificate| certificate.to_der()).chain(others);
    let certificates = certificates(all.take(super::CERTIFICATES + 1))?;
    let key = opened.pkey.map(|key| {
        // The strict reader takes no other kinds than we do.
        let der = key.private_key_to_pkcs8().map(Zeroizing::new);
        let der = der.map_err(|errors| ContainerError::Passphrase(reason(&errors)))?;
        Ok::<_, ContainerError>(PrivateKey::from_pkcs8_der(&der)?)
    });
    Ok(Container { certificates, key: key.transpose()? })
}

/// A file may ask for billions of rounds of hashing, of whoever has no passphrase for it yet.
fn check(der: &[u8]) -> Result<(), ContainerError> {
    if only(der, SEQUENCE).is_err() {
        return Err(ContainerError::Pkcs12("convert it with openssl pkcs12, or send PEM".to_owned()));
    }
    if has_more_elements(der, ELEMENTS) {
        return Err(ContainerError::TooLarge);
    }
    match most_iterations(der, DEPTH).map_err(|Malformed| ContainerError::Pkcs12("malformed".to_owned()))? {
        most @ 0..=ITERATIONS => Ok::<_, ContainerError>(_ = most),
        most => Err(ContainerError::Iterations(most)),
    }
}

/// The largest count in it: an INTEGER after the OCTET STRING of a salt (RFC 7292 section 4, RFC 8018
/// appendix A), which may come in parts: OpenSSL reads BER.
fn most_iterations(octets: &[u8], depth: usize) -> Result<u64, Malformed> {
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    let (mut reader, mut last, mut most) = (Reader::new(octets), 0, 0);
    while !reader.is_empty() {
        let element = reader.element()?;
        let inside = match element.tag {
            INTEGER if last & !CONSTRUCTED == OCTET_STRING => unsigned(element.contents).unwrap_or(u64::MAX),
            // It may hold elements, or be a digest or a ciphertext.
            OCTET_STRING => most_iterations(element.contents, depth).unwrap_or(0),
            tag if tag & CONSTRUCTED != 0 => most_iterations(element.contents, depth)?,
            _ => 0,
        };
        (last, most) = (element.tag, most.max(inside));
    }
    Ok(most)
}
