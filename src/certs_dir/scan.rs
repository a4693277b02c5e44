//! What is in the certs directory, and what is wrong with it (REFERENCE.md section 3).

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Result, anyhow};
use walkdir::WalkDir;

use super::access::{Account, Ownership, check_key, warn_of_writable_dir};
use super::dir::Dir;
use super::layout::CertificateName;
use super::lock;
use super::paths;
use super::pending::Pending;
use super::read::{self, Regular};
use crate::certificate::Certificate;
use crate::error::{printable, reason};
use crate::login::PrincipalMap;
use crate::pki::key::PrivateKey;
use crate::pki::{self, pem};
use crate::usage::Usage;

/// A certificate of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which certificate.
    pub name: CertificateName,
    /// Its file, without directory.
    pub certificate_file: String,
    /// The file of its key, without directory; `None` for CAs, and where the key cannot be used.
    pub key_file: Option<String>,
    /// What the file holds, if it could be read.
    pub content: Option<Content>,
    /// Why the certificate cannot be used.
    pub error: Option<String>,
}

/// What a certificate file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// How many certificates.
    pub count: usize,
    /// The first one, which is the one in use.
    pub first: Certificate,
}

/// How keys are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judge {
    /// The account the server runs under; `None` to look at neither owner nor mode.
    pub account: Option<Account>,
    /// Whom the names in client certificates stand for.
    pub principal_map: PrincipalMap,
}

/// All certificates of the directory, by kind and then by file name. A missing directory is empty.
///
/// Files that are not certificates are passed over; `.crt` files that follow no convention are too, with a warning in
/// the log. A change that was interrupted is read as it will be completed.
///
/// # Errors
/// If the directory cannot be read.
pub fn scan(dir: &Path, judge: &Judge) -> Result<Vec<Entry>> {
    if paths::is_missing(dir)? {
        return Ok(Vec::new());
    }
    dir.read_dir().map_err(|error| could_not_read(dir, Some(error)))?;
    warn_of_writable_dir(dir);
    let open = Dir::open(dir).map_err(|error| could_not_read(dir, Some(error)))?;
    lock::share(&open);
    let pending = Pending::of(dir);
    let mut entries = Vec::new();
    // Links to directories are files here, as in the reference: they have a row, with an error.
    for file in WalkDir::new(dir).min_depth(1).max_depth(1) {
        let file = file.map_err(|error| could_not_read(dir, error.into_io_error()))?;
        if file.file_type().is_dir() || pending.hides(file.file_name()) {
            continue;
        }
        match file.file_name().to_str() {
            Some(name) => entries.extend(certificate(dir, name, &pending, judge)),
            None if file.file_name().as_bytes().ends_with(b".crt") => {
                log::warn!("bad filename {:?}: not UTF-8", file.path());
            }
            None => {}
        }
    }
    for name in pending.new_files() {
        entries.extend(certificate(dir, name, &pending, judge));
    }
    entries.sort_by(|a, b| (a.name.usage, &a.certificate_file).cmp(&(b.name.usage, &b.certificate_file)));
    Ok(entries)
}

fn could_not_read(dir: &Path, error: Option<io::Error>) -> anyhow::Error {
    let why = error.map_or_else(|| "a loop of links".to_owned(), |error| reason(&error));
    anyhow!("could not read the certs directory {}: {why}", dir.display())
}

/// The entry of a file, if its name is that of a certificate.
fn certificate(dir: &Path, file: &str, pending: &Pending, judge: &Judge) -> Option<Entry> {
    let name = match CertificateName::from_file(file)? {
        Ok(name) => name,
        Err(error) => {
            log::warn!("bad filename {}: {error}", printable(&dir.join(file).display().to_string()));
            return None;
        }
    };
    let mut entry =
        Entry { certificate_file: file.to_owned(), name, key_file: None, content: None, error: None };
    if let Err(error) = inspect(dir, &mut entry, pending, judge) {
        log::info!("{}: {}", printable(&dir.join(file).display().to_string()), printable(&error));
        entry.error = Some(error);
    }
    Some(entry)
}

/// Fills in the entry as far as it gets.
fn inspect(dir: &Path, entry: &mut Entry, pending: &Pending, judge: &Judge) -> Result<(), String> {
    let file = &entry.certificate_file;
    let contents = read::read(&pending.path(dir, file))
        .map_err(|error| format!("could not read certificate file {}: {error}", dir.join(file).display()))?;
    let certificates = pem::certificates(&contents, file).map_err(|error| error.to_string())?;
    let (count, first) = (certificates.len(), certificates.into_iter().next());
    let Some(first) = first else { return Ok(()) };
    let first = &entry.content.insert(Content { count, first }).first;
    check_principals(&entry.name, first, &judge.principal_map)?;
    if !entry.name.usage.is_ca() {
        let key_file = entry.name.key_file();
        check_key_file(&dir.join(&key_file), &pending.path(dir, &key_file), first, judge)?;
        entry.key_file = Some(key_file);
    }
    Ok(())
}

/// A user's certificate must be for the user that the file name says. One that names nobody, by common name or DNS name, is for
/// a server that goes by the whole subject.
fn check_principals(
    name: &CertificateName,
    certificate: &Certificate,
    map: &PrincipalMap,
) -> Result<(), String> {
    let principals: Vec<_> =
        certificate.principals().map(|principal| map.user(&principal).to_owned()).collect();
    match &name.name {
        Some(user) if name.usage == Usage::Client && principals != [""] && !principals.contains(user) => {
            let quoted: Vec<_> = principals.iter().map(|principal| format!("{principal:?}")).collect();
            Err(format!("client certificate has principals [{}], expected {user:?}", quoted.join(" ")))
        }
        _ => Ok(()),
    }
}

/// The key must be there, be guarded as the server wants it, and belong to the certificate. The checks are made on the open
/// file, and the same open file is read. `path` is what it is called, `actual` where it is.
fn check_key_file(path: &Path, actual: &Path, certificate: &Certificate, judge: &Judge) -> Result<(), String> {
    let path = path.display().to_string();
    let file = Regular::open(actual).map_err(|error| match error {
        read::ReadError::NotRegular => format!("key file {path} is not a regular file"),
        error => format!("could not stat key file {path}: {error}"),
    })?;
    if let Some(account) = &judge.account {
        check_key(Ownership::from(file.metadata()), account, &path).map_err(|error| error.to_string())?;
    }
    let contents = file.read().map_err(|error| format!("could not read key file {path}: {error}"))?;
    let key =
        PrivateKey::from_pem(&contents).map_err(|error| format!("could not load key file {path}: {error}"))?;
    match pki::public_key(certificate) {
        Ok(public) if key.matches(&public) => Ok(()),
        Ok(_) => Err(format!("key file {path} does not belong to its certificate")),
        Err(_) => Err("the certificate's public key is of an unknown kind".to_owned()),
    }
}
