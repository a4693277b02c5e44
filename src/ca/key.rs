//! The CA key: a file, with or without a passphrase, or a key in a hardware token.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Result, anyhow};

use super::location::Location;
use super::passphrase::{self, Passphrase, Source};
use super::secret_file;
use crate::certs_dir::access::check_ca_key;
use crate::error::Advice;
use crate::finding::{Finding, checks};
use crate::pki::key::{LoadKeyError, PrivateKey, Weakness};
use crate::pki::provider;
use crate::store::read::ReadError;

/// Where the CA key is, and where its passphrase comes from.
#[derive(Clone)]
pub struct CaKey {
    location: Location,
    passphrase: Source,
    /// It is opened once: a passphrase is asked for once, and a file descriptor can be read only once.
    opened: OnceLock<PrivateKey>,
}

impl CaKey {
    /// An existing key.
    pub fn new(location: Location, passphrase: Source) -> Self {
        Self { location, passphrase, opened: OnceLock::new() }
    }

    /// The key file's path, if the key is in a file.
    pub fn file(&self) -> Option<&Path> {
        match &self.location {
            Location::File(path) => Some(path),
            Location::Token(_) => None,
        }
    }

    /// Is there anything with this name? A token's keys always exist before they sign a certificate.
    pub fn exists(&self) -> bool {
        self.file().is_none_or(|path| path.symlink_metadata().is_ok())
    }

    /// The passphrase for a new key.
    ///
    /// # Errors
    /// If there is none, or it is not acceptable.
    pub fn new_passphrase(&self, findings: &mut Vec<Finding>) -> Result<Passphrase> {
        self.passphrase.new_one(&format!("the new CA key {self}"), &passphrase::CA_KEY, findings)
    }

    /// Loads the key; `None` if there is no such file.
    ///
    /// # Errors
    /// If it exists but cannot be used.
    pub fn load(&self, findings: &mut Vec<Finding>) -> Result<Option<PrivateKey>> {
        if let Some(key) = self.opened.get() {
            return Ok(Some(key.clone()));
        }
        let key = self.open(findings)?;
        Ok(key.map(|key| self.opened.get_or_init(|| key).clone()))
    }

    fn open(&self, findings: &mut Vec<Finding>) -> Result<Option<PrivateKey>> {
        let (mut failure, mut asked) = (None, Vec::new());
        let passphrase = || match self.passphrase.existing(&format!("CA key {self}"), &mut asked) {
            Ok(passphrase) => Some(passphrase),
            Err(error) => {
                failure = Some(error);
                None
            }
        };
        let key = match &self.location {
            Location::Token(uri) => PrivateKey::from_pkcs11_uri(uri.with_pin(), passphrase),
            Location::File(path) => match contents(path, findings)? {
                Some(contents) => PrivateKey::from_pem_with(&contents, passphrase),
                None => return Ok(None),
            },
        };
        findings.append(&mut asked);
        let about = format!("could not load CA key {self}");
        match (key, failure) {
            (Ok(key), _) => self.judged(key, findings).map(Some),
            (Err(_), Some(error)) => Err(error.context(about)),
            (Err(error), None) if self.file().is_none() => {
                let why = match error {
                    LoadKeyError::Invalid(_) => {
                        format!("no loaded provider has such a key (loaded: {})", provider::loaded())
                    }
                    LoadKeyError::Encrypted | LoadKeyError::WrongPassphrase => {
                        "the PIN is wrong, or the token has no such key".to_owned()
                    }
                };
                let hint = "activate OpenSSL's pkcs11 provider in its configuration, and check that the token has such a key";
                Err(Advice::new(format!("{about}: {why}"), hint).into())
            }
            (Err(error @ LoadKeyError::WrongPassphrase), None) => {
                let hint =
                    "give the passphrase that the key was encrypted with, or restore the key from a backup";
                Err(Advice::new(format!("{about}: {error}"), hint).into())
            }
            (Err(error), None) => Err(anyhow!("{about}: {error}")),
        }
    }

    /// Refuses keys whose certificates servers would refuse.
    fn judged(&self, key: PrivateKey, findings: &mut Vec<Finding>) -> Result<PrivateKey> {
        match key.weakness() {
            Some(Weakness::Refused(kind)) => {
                let what = format!("CA key {self} is {kind}; servers refuse its signatures");
                Err(Advice::new(what, "make another CA, with a new key: create-ca --ca-key=<new file>").into())
            }
            Some(Weakness::Weak(why)) => {
                let what = format!("CA key {self}: {why}; make another CA, with a new key");
                findings.push(checks::CA_KEY_WEAK.found(self, what));
                Ok(key)
            }
            None => Ok(key),
        }
    }
}

impl fmt::Display for CaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.fmt(f)
    }
}

/// The file's contents; `None` if there is no file.
fn contents(path: &Path, findings: &mut Vec<Finding>) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
    let could_not_read = |error| anyhow!("could not read CA key file {}: {error}", path.display());
    match secret_file::read(path, check_ca_key, findings) {
        Err(ReadError::NotFound) if path.is_symlink() => {
            let hint = "remove the link, or make what it points to";
            let what = format!("CA key {} is a symbolic link to nothing", path.display());
            Err(Advice::new(what, hint).into())
        }
        Err(ReadError::NotFound) => Ok(None),
        result => result.map(Some).map_err(could_not_read),
    }
}
