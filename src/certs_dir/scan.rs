//! What is in the certs directory, and what is wrong with it (REFERENCE.md section 3).

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Result, anyhow};
use openssl::x509::X509;
use walkdir::WalkDir;

use super::access::{Account, Ownership, check_key};
use super::layout::CertificateName;
use super::{CertsDir, Reading, is_temporary};
use crate::error::{printable, reason};
use crate::login::PrincipalMap;
use crate::pki::inspect::Facts;
use crate::pki::key::PrivateKey;
use crate::pki::pem;
use crate::store::read::{ReadError, Regular};
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
    /// What the first one says, which is the one in use.
    pub first: Facts,
}

/// How keys are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judge {
    /// The account the server runs under; `None` to look at neither owner nor mode.
    pub account: Option<Account>,
    /// Whom the names in client certificates stand for.
    pub principal_map: PrincipalMap,
    /// The user that a node's certificate is to be for; `None` if the server goes by the whole subject.
    pub node_user: Option<String>,
}

/// How often a certificate is looked at again if a writer may have changed it meanwhile.
const TRIES: usize = 100;

/// All certificates of the directory, by kind and then by file name. A missing directory is empty.
///
/// Files that are not certificates are passed over; `.crt` files that follow no convention are too, with a warning in
/// the log. A change that was interrupted is read as it will be completed.
///
/// # Errors
/// If the directory cannot be read.
pub fn scan<'a>(certs_dir: &'a CertsDir, mut reading: Reading<'a>, judge: &Judge) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for file in names(certs_dir, &reading)? {
        let mut entry = certificate(&reading, &file, judge);
        for _ in 0..TRIES {
            if entry.as_ref().is_none_or(|entry| entry.error.is_none()) || !reading.is_disturbed() {
                break;
            }
            reading = certs_dir.read();
            entry = certificate(&reading, &file, judge);
        }
        if let Some(error) = entry.as_ref().and_then(|entry| entry.error.as_ref()) {
            log::info!("{}: {}", printable(&reading.path(&file).display().to_string()), printable(error));
        }
        entries.extend(entry);
    }
    entries.sort_by(|a, b| (a.name.usage, &a.certificate_file).cmp(&(b.name.usage, &b.certificate_file)));
    Ok(entries)
}

/// The names of all files that end like a certificate's.
fn names(certs_dir: &CertsDir, reading: &Reading<'_>) -> Result<Vec<String>> {
    let mut names: Vec<_> = reading.pending_names().map(str::to_owned).collect();
    if !certs_dir.exists() {
        return Ok(names);
    }
    let dir = certs_dir.path();
    // Links to directories are files here, as in the reference: they have a row, with an error.
    for file in WalkDir::new(dir).min_depth(1).max_depth(1) {
        let file = file.map_err(|error| could_not_read(dir, error.into_io_error()))?;
        if file.file_type().is_dir() || is_temporary(file.file_name()) {
            continue;
        }
        match file.file_name().to_str() {
            Some(name) => names.push(name.to_owned()),
            None if file.file_name().as_bytes().ends_with(b".crt") => {
                log::warn!("bad filename {:?}: not UTF-8", file.path());
            }
            None => {}
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn could_not_read(dir: &Path, error: Option<io::Error>) -> anyhow::Error {
    let why = error.map_or_else(|| "a loop of links".to_owned(), |error| reason(&error));
    anyhow!("could not read the certs directory {}: {why}", dir.display())
}

/// The entry of a file, if its name is that of a certificate.
fn certificate(reading: &Reading<'_>, file: &str, judge: &Judge) -> Option<Entry> {
    let name = match CertificateName::from_file(file)? {
        Ok(name) => name,
        Err(error) => {
            log::warn!("bad filename {}: {error}", printable(&reading.path(file).display().to_string()));
            return None;
        }
    };
    let mut entry =
        Entry { certificate_file: file.to_owned(), name, key_file: None, content: None, error: None };
    entry.error = inspect(reading, &mut entry, judge).err();
    Some(entry)
}

/// Fills in the entry as far as it gets.
fn inspect(reading: &Reading<'_>, entry: &mut Entry, judge: &Judge) -> Result<(), String> {
    let file = &entry.certificate_file;
    let contents = reading.open(file).and_then(Regular::read).map_err(|error| {
        format!("could not read certificate file {}: {error}", reading.path(file).display())
    })?;
    let certificates = pem::certificates(&contents, file).map_err(|error| error.to_string())?;
    let first = Facts::of(&certificates[0]);
    let client_node = judge.node_user.as_ref().is_some_and(|user| {
        let file = CertificateName::named(Usage::Client, user).certificate_file();
        reading.has(&file)
    });
    let principals = check_principals(&entry.name, &first, client_node, judge);
    entry.content = Some(Content { count: certificates.len(), first });
    principals?;
    if !entry.name.usage.is_ca() {
        let key_file = entry.name.key_file();
        check_key_file(reading, &key_file, &certificates[0], judge)?;
        entry.key_file = Some(key_file);
    }
    Ok(())
}

/// A certificate must be for the user that its file name says: a client's, or the nodes' own where no client certificate is beside
/// it (`client_node`), without which servers before 24.2 load nothing of the directory. One that names nobody, by common name (or,
/// a client's, by DNS name), is for a server that goes by the whole subject.
fn check_principals(
    name: &CertificateName,
    facts: &Facts,
    client_node: bool,
    judge: &Judge,
) -> Result<(), String> {
    let map = &judge.principal_map;
    let principals: Vec<_> = facts.principals().into_iter().map(|principal| map.user(principal)).collect();
    let (what, user) = match (name.usage, &name.name, &judge.node_user) {
        (Usage::Client, Some(user), _) if principals != [""] => ("client certificate", user),
        (Usage::Node, _, Some(user)) if !client_node && !facts.common_name().is_empty() => {
            ("validating node cert: client/server node certificate", user)
        }
        _ => return Ok(()),
    };
    if principals.contains(&user.as_str()) {
        return Ok(());
    }
    let quoted: Vec<_> = principals.iter().map(|principal| format!("{principal:?}")).collect();
    Err(format!("{what} has principals [{}], expected {user:?}", quoted.join(" ")))
}

/// The key must be there, be guarded as the server wants it, and belong to the certificate. The checks are made on the open
/// file, and the same open file is read.
fn check_key_file(reading: &Reading<'_>, file: &str, certificate: &X509, judge: &Judge) -> Result<(), String> {
    let path = reading.path(file).display().to_string();
    let file = reading.open(file).map_err(|error| match error {
        ReadError::NotRegular => format!("key file {path} is not a regular file"),
        error => format!("could not stat key file {path}: {error}"),
    })?;
    if let Some(account) = &judge.account {
        check_key(Ownership::from(file.metadata()), account, &path).map_err(|error| error.to_string())?;
    }
    let contents = file.read().map_err(|error| format!("could not read key file {path}: {error}"))?;
    let key =
        PrivateKey::from_pem(&contents).map_err(|error| format!("could not load key file {path}: {error}"))?;
    match certificate.public_key() {
        Ok(public) if key.matches(&public) => Ok(()),
        Ok(_) => Err(format!("key file {path} does not belong to its certificate")),
        Err(_) => Err("the certificate's public key is of an unknown kind".to_owned()),
    }
}
