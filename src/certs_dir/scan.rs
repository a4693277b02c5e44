//! What is in the certs directory, and what is wrong with it (REFERENCE.md section 3).

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::{fmt, io};

use anyhow::{Result, anyhow};
use openssl::x509::X509;
use walkdir::WalkDir;

use super::access::{Account, Ownership, check_key, warn_of_writable_dir};
use super::dir::Dir;
use super::layout::CertificateName;
use super::lock;
use super::paths;
use super::pending::Pending;
use super::read::{self, Regular};
use crate::error::{clipped, printable, reason};
use crate::login::PrincipalMap;
use crate::pki::inspect::Facts;
use crate::pki::key::PrivateKey;
use crate::pki::pem;
use crate::usage::Usage;

/// The most bytes that are kept of a note or an error of a kind with one file: a certificate can have as many names as it likes.
const WIDEST: usize = 2000;
/// The same for a kind with any number of files: with the file's name, a row stays under 1 KiB.
const WIDEST_OF_MANY: usize = 300;

/// What is shown where a certificate could not be read.
const UNKNOWN: &str = "<unknown>";

/// A certificate of the directory. There may be hundreds of thousands: each keeps a bounded amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The kind.
    pub usage: Usage,
    /// Its file, without directory.
    pub certificate_file: Box<str>,
    /// Can its key be used? CAs have none here.
    pub has_key: bool,
    /// The last second of the first certificate, which is the one in use; `None` if there is none to be read.
    pub not_after: Option<i64>,
    /// Whom it is for, or how many there are: printable, and cut.
    pub notes: Box<str>,
    /// Why the certificate cannot be used: printable, and cut.
    pub error: Option<Box<str>>,
}

impl Entry {
    /// The file of its key, without directory, if that can be used.
    pub fn key_file(&self) -> Option<String> {
        let name = CertificateName::from_file(&self.certificate_file).filter(|_| self.has_key)?;
        name.ok().map(|name| name.key_file())
    }
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
    entries.sort_unstable_by(|a, b| (a.usage, &a.certificate_file).cmp(&(b.usage, &b.certificate_file)));
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
    let limit = if name.name.is_some() { WIDEST_OF_MANY } else { WIDEST };
    let mut entry = Entry {
        usage: name.usage,
        certificate_file: file.into(),
        has_key: false,
        not_after: None,
        notes: notes(&name, None, limit),
        error: None,
    };
    if let Err(error) = inspect(dir, &name, &mut entry, pending, judge, limit) {
        let error = clipped(error, limit);
        log::info!("{}: {error}", printable(&dir.join(file).display().to_string()));
        entry.error = Some(error.into());
    }
    Some(entry)
}

/// Fills in the entry as far as it gets.
fn inspect(
    dir: &Path,
    name: &CertificateName,
    entry: &mut Entry,
    pending: &Pending,
    judge: &Judge,
    limit: usize,
) -> Result<(), String> {
    let file = &*entry.certificate_file;
    let contents = read::read(&pending.path(dir, file))
        .map_err(|error| format!("could not read certificate file {}: {error}", dir.join(file).display()))?;
    let (first, count) = pem::first_certificate(&contents, file).map_err(|error| error.to_string())?;
    let facts = Facts::of(&first);
    entry.not_after = facts.not_after;
    entry.notes = notes(name, Some((&facts, count)), limit);
    check_principals(name, &facts, &judge.principal_map, limit)?;
    if !name.usage.is_ca() {
        let key_file = name.key_file();
        check_key_file(&dir.join(&key_file), &pending.path(dir, &key_file), &first, judge)?;
        entry.has_key = true;
    }
    Ok(())
}

/// What the first certificate says, and how many certificates there are, in a few words.
fn notes(name: &CertificateName, content: Option<(&Facts, usize)>, limit: usize) -> Box<str> {
    let facts = content.map(|(facts, _)| facts);
    let file_name = || name.name.as_deref().unwrap_or_default();
    let notes = match (name.usage, facts) {
        (Usage::Ca | Usage::ClientCa | Usage::UiCa | Usage::TenantClientCa, _) => {
            let count = content.map_or_else(|| UNKNOWN.to_owned(), |(_, count)| count.to_string());
            clipped(format_args!("num certs: {count}"), limit)
        }
        (Usage::Node | Usage::Ui, Some(facts)) => {
            let addresses = facts.dns_names.iter().chain(&facts.ip_addresses).map(String::as_str);
            clipped(format_args!("addresses: {}", Joined(addresses, ",")), limit)
        }
        (Usage::Node | Usage::Ui, None) => format!("addresses: {UNKNOWN}"),
        // Without a common name, only its subject says whose certificate it is, and the server knows by its settings.
        (Usage::Client, Some(facts)) => {
            let user = Some(facts.common_name()).filter(|name| !name.is_empty());
            clipped(format_args!("user: {}", user.unwrap_or_else(file_name)), limit)
        }
        (Usage::Client, None) => format!("user: {UNKNOWN}"),
        (Usage::TenantClient | Usage::TenantSigning, facts) => {
            clipped(format_args!("tenant: {}", facts.map_or(UNKNOWN, |_| file_name())), limit)
        }
    };
    notes.into()
}

/// Texts with this between them.
struct Joined<'a, I>(I, &'a str);

impl<I: Iterator<Item: fmt::Display> + Clone> fmt::Display for Joined<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.clone().enumerate().try_for_each(|(i, text)| {
            f.write_str(if i > 0 { self.1 } else { "" })?;
            text.fmt(f)
        })
    }
}

/// A text in quotation marks.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// A user's certificate must be for the user that the file name says. One that names nobody, by common name or DNS name, is for
/// a server that goes by the whole subject.
fn check_principals(
    name: &CertificateName,
    facts: &Facts,
    map: &PrincipalMap,
    limit: usize,
) -> Result<(), String> {
    let Some(user) = name.name.as_deref().filter(|_| name.usage == Usage::Client) else { return Ok(()) };
    let principals = facts.principals();
    let principals = principals.iter().map(|principal| map.user(principal));
    if principals.clone().eq([""]) || principals.clone().any(|principal| principal == user) {
        return Ok(());
    }
    let quoted = Joined(principals.map(Quoted), " ");
    Err(clipped(format_args!("client certificate has principals [{quoted}], expected {user:?}"), limit))
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
