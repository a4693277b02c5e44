//! What is in the certs directory, and what is wrong with it (REFERENCE.md section 3).

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Result, anyhow};
use openssl::x509::X509;
use walkdir::WalkDir;

use super::access::{Account, Ownership, check_key, warn_of_writable_dir};
use super::certificate;
use super::dir::Dir;
use super::layout::CertificateName;
use super::lock;
use super::paths;
use super::pending::Pending;
use super::read::{self, Regular};
use crate::error::{printable, reason};
use crate::login::PrincipalMap;
use crate::pki::inspect::Facts;
use crate::pki::key::PrivateKey;
use crate::pki::pem;
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
    let first = Facts::of(&certificates[0]);
    let client_node = judge.node_user.as_ref().is_some_and(|user| {
        let file = CertificateName::named(Usage::Client, user).certificate_file();
        certificate::exists(&pending.path(dir, &file))
    });
    let principals = check_principals(&entry.name, &first, client_node, judge);
    entry.content = Some(Content { count: certificates.len(), first });
    principals?;
    if !entry.name.usage.is_ca() {
        let key_file = entry.name.key_file();
        check_key_file(&dir.join(&key_file), &pending.path(dir, &key_file), &certificates[0], judge)?;
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
/// file, and the same open file is read. `path` is what it is called, `actual` where it is.
fn check_key_file(path: &Path, actual: &Path, certificate: &X509, judge: &Judge) -> Result<(), String> {
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
    match certificate.public_key() {
        Ok(public) if key.matches(&public) => Ok(()),
        Ok(_) => Err(format!("key file {path} does not belong to its certificate")),
        Err(_) => Err("the certificate's public key is of an unknown kind".to_owned()),
    }
}
