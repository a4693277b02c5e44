//! What is in the certs directory, and what is wrong with it (REFERENCE.md section 3).

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::{fmt, io};

use anyhow::{Result, anyhow};
use walkdir::WalkDir;

use super::access::{Account, Ownership, check_key};
use super::layout::CertificateName;
use super::{CertsDir, Reading, is_temporary};
use crate::certificate::Certificate;
use crate::error::{clipped, printable, reason};
use crate::login::PrincipalMap;
use crate::pki::key::PrivateKey;
use crate::pki::{self, pem};
use crate::store::read::{ReadError, Regular};
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
            log::info!("{}: {error}", printable(&reading.path(&file).display().to_string()));
        }
        entries.extend(entry);
    }
    entries.sort_unstable_by(|a, b| (a.usage, &a.certificate_file).cmp(&(b.usage, &b.certificate_file)));
    Ok(entries)
}

/// The names of all files, in order.
///
/// # Errors
/// If the directory cannot be read.
pub fn names(certs_dir: &CertsDir, reading: &Reading<'_>) -> Result<Vec<String>> {
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
    let limit = if name.name.is_some() { WIDEST_OF_MANY } else { WIDEST };
    let mut entry = Entry {
        usage: name.usage,
        certificate_file: file.into(),
        has_key: false,
        not_after: None,
        notes: notes(&name, None, limit),
        error: None,
    };
    if let Err(error) = inspect(reading, &name, &mut entry, judge, limit) {
        entry.error = Some(clipped(error, limit).into());
    }
    Some(entry)
}

/// Fills in the entry as far as it gets.
fn inspect(
    reading: &Reading<'_>,
    name: &CertificateName,
    entry: &mut Entry,
    judge: &Judge,
    limit: usize,
) -> Result<(), String> {
    let file = &*entry.certificate_file;
    let contents = reading.open(file).and_then(Regular::read).map_err(|error| {
        format!("could not read certificate file {}: {error}", reading.path(file).display())
    })?;
    let (first, count) = pem::first_certificate(&contents, file).map_err(|error| error.to_string())?;
    entry.not_after = first.not_after;
    entry.notes = notes(name, Some((&first, count)), limit);
    let client_node = judge.node_user.as_ref().is_some_and(|user| {
        let file = CertificateName::named(Usage::Client, user).certificate_file();
        reading.has(&file)
    });
    check_principals(name, &first, client_node, judge, limit)?;
    if !name.usage.is_ca() {
        check_key_file(reading, &name.key_file(), &first, judge)?;
        entry.has_key = true;
    }
    Ok(())
}

/// What the first certificate says, and how many certificates there are, in a few words.
fn notes(name: &CertificateName, content: Option<(&Certificate, usize)>, limit: usize) -> Box<str> {
    let first = content.map(|(first, _)| first);
    let file_name = || name.name.as_deref().unwrap_or_default();
    let notes = match (name.usage, first) {
        (Usage::Ca | Usage::ClientCa | Usage::UiCa | Usage::TenantClientCa, _) => {
            let count = content.map_or_else(|| UNKNOWN.to_owned(), |(_, count)| count.to_string());
            clipped(format_args!("num certs: {count}"), limit)
        }
        (Usage::Node | Usage::Ui, Some(first)) => {
            let addresses = first.dns_names().chain(first.alt_names().filter_map(|name| name.address()));
            clipped(format_args!("addresses: {}", Joined(addresses, ",")), limit)
        }
        (Usage::Node | Usage::Ui, None) => format!("addresses: {UNKNOWN}"),
        // Without a common name, only its subject says whose certificate it is, and the server knows by its settings.
        (Usage::Client, Some(first)) => {
            let user = Some(first.common_name()).filter(|name| !name.is_empty());
            clipped(format_args!("user: {}", user.unwrap_or_else(file_name)), limit)
        }
        (Usage::Client, None) => format!("user: {UNKNOWN}"),
        (Usage::TenantClient | Usage::TenantSigning, first) => {
            clipped(format_args!("tenant: {}", first.map_or(UNKNOWN, |_| file_name())), limit)
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
struct Quoted(String);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// A certificate must be for the user that its file name says: a client's, or the nodes' own where no client certificate is beside
/// it (`client_node`), without which servers before 24.2 load nothing of the directory. One that names nobody, by common name (or,
/// a client's, by DNS name), is for a server that goes by the whole subject.
fn check_principals(
    name: &CertificateName,
    certificate: &Certificate,
    client_node: bool,
    judge: &Judge,
    limit: usize,
) -> Result<(), String> {
    let principals = certificate.principals().map(|principal| judge.principal_map.user(&principal).to_owned());
    let (what, user) = match (name.usage, &name.name, &judge.node_user) {
        (Usage::Client, Some(user), _) if !principals.clone().eq([""]) => ("client certificate", user),
        (Usage::Node, _, Some(user)) if !client_node && !certificate.common_name().is_empty() => {
            ("validating node cert: client/server node certificate", user)
        }
        _ => return Ok(()),
    };
    if principals.clone().any(|principal| principal == *user) {
        return Ok(());
    }
    let quoted = Joined(principals.map(Quoted), " ");
    Err(clipped(format_args!("{what} has principals [{quoted}], expected {user:?}"), limit))
}

/// The key must be there, be guarded as the server wants it, and belong to the certificate. The checks are made on the open
/// file, and the same open file is read.
fn check_key_file(
    reading: &Reading<'_>,
    file: &str,
    certificate: &Certificate,
    judge: &Judge,
) -> Result<(), String> {
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
    match pki::public_key(certificate) {
        Ok(public) if key.matches(&public) => Ok(()),
        Ok(_) => Err(format!("key file {path} does not belong to its certificate")),
        Err(_) => Err("the certificate's public key is of an unknown kind".to_owned()),
    }
}
