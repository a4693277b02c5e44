//! Looks at what is there: the CA files that a fleet is made from, its folders, and what is in them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Display;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Result, anyhow};

use super::desired::{Folder, FolderName, PLACES};
use super::plan::{Authorities, AuthorityFile, Found, FoundCertificate, FoundKey, SignedBy, Waiting};
use crate::certificate::Certificate;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading, scan};
use crate::error::{Advice, reason, shell_word};
use crate::finding::Finding;
use crate::pki::key::PrivateKey;
use crate::pki::pem;
use crate::pki::request::SigningRequest;
use crate::store::PREFIX;
use crate::store::dir::{Dir, euid};
use crate::store::read::{ReadError, Regular};
use crate::usage::{KINDS, Usage};

/// The CA files of the certs directory. What else is in them, such as a key, belongs into no folder.
///
/// `ca.crt` has to be there unless a CA elsewhere signs some time later, whose certificate may come then.
///
/// # Errors
/// If `ca.crt` is missing, or one of them cannot be read.
pub fn authorities(certs_dir: &Reading<'_>, signed_by: SignedBy) -> Result<Authorities> {
    let mut all = BTreeMap::new();
    for kind in KINDS.iter().filter(|kind| kind.usage.is_ca()) {
        let file = CertificateName::of(kind.usage).certificate_file();
        let is_needed = kind.usage == Usage::Ca && signed_by != SignedBy::Request;
        if !is_needed && !certs_dir.has(&file) {
            continue;
        }
        let certificates = CertificateFile::load_in(certs_dir, &file, certificate::CA)?;
        let contents = certificates.to_pem();
        all.insert(kind.usage, AuthorityFile { contents, certificate: certificates.first });
    }
    Ok(Authorities(all))
}

/// What is in a folder; nothing, if it is not there. The keys that wait are looked at only if requests are to
/// be made.
///
/// # Errors
/// If it cannot be read.
pub fn found(
    folder: &CertsDir,
    desired: &Folder,
    signed_by: SignedBy,
    findings: &mut Vec<Finding>,
) -> Result<Found> {
    let mut reading = folder.read();
    findings.append(&mut reading.findings);
    let mut found = Found::default();
    for name in scan::certificates(folder, &reading, findings)? {
        if name.usage.is_ca() {
            let contents = reading.open(&name.certificate_file()).and_then(Regular::read);
            found.authorities.extend(contents.ok().map(|contents| (name.usage, contents.to_vec())));
        } else {
            let certificate = found_certificate(&reading, &name);
            found.certificates.insert(name, certificate);
        }
    }
    let names = desired.certificates.iter().map(|wanted| &wanted.name);
    let names = names.filter(|name| signed_by == SignedBy::Request && reading.has(&name.pending_key_file()));
    found.waiting = names.map(|name| (name.clone(), waiting(&reading, name))).collect();
    Ok(found)
}

fn waiting(folder: &Reading<'_>, name: &CertificateName) -> Waiting {
    let key = match waiting_key(folder, name) {
        Ok(key) => key,
        Err(why) => return Waiting { key: Err(why), request: None },
    };
    // One that cannot be read, or is for another key, is of no use.
    let request = folder.open(&name.request_file()).and_then(Regular::read).ok();
    let request = request.and_then(|contents| SigningRequest::read(&contents).ok());
    let request = request.filter(|request| key.matches(&request.key));
    Waiting { key: key.public_key_info().map_err(|why| unusable(folder, name, &why)), request }
}

/// A key that waits for its certificate.
///
/// # Errors
/// If it cannot be read; or if somebody else can have put it there, who would have the certificate then, too.
pub fn waiting_key(folder: &Reading<'_>, name: &CertificateName) -> Result<PrivateKey, Advice> {
    let file = name.pending_key_file();
    let open = folder.open(&file).map_err(|why| unusable(folder, name, &why))?;
    if !folder.is_guarded(&open) {
        let what = format!("others can change {file} or its directory, and may have put their own key there");
        let dir = shell_word(&folder.dir_path().display().to_string());
        let hint =
            format!("if nobody has, make it yours alone: chown -R {0} {dir}; chmod -R go-w {dir}", euid());
        return Err(Advice::new(what, hint));
    }
    let contents = open.read().map_err(|why| unusable(folder, name, &why))?;
    PrivateKey::from_pem(&contents).map_err(|why| unusable(folder, name, &why))
}

fn unusable(folder: &Reading<'_>, name: &CertificateName, why: &dyn Display) -> Advice {
    stuck(folder, name, format!("{}: {why}", name.pending_key_file()))
}

/// A key that waits is never replaced: its certificate may be on its way.
pub fn stuck(folder: &Reading<'_>, name: &CertificateName, what: String) -> Advice {
    let file = |file: String| shell_word(&folder.path(&file).display().to_string());
    let (key, request) = (file(name.pending_key_file()), file(name.request_file()));
    let hint = format!(
        "import the certificate that it waits for; or, if nobody is to sign it any more: rm {key} {request}, and run apply again"
    );
    Advice::new(what, hint)
}

fn found_certificate(folder: &Reading<'_>, name: &CertificateName) -> FoundCertificate {
    let file = name.certificate_file();
    let contents = folder.open(&file).and_then(Regular::read).map_err(|error| format!("{file}: {error}"));
    let mut others = Vec::new();
    let certificate = contents
        .and_then(|contents| pem::certificates(&contents, &file).map_err(|error| error.to_string()))
        .map(|mut all| {
            // There is one at least.
            others = all.split_off(1);
            all.remove(0)
        });
    let key = |file: &str, load: fn(&[u8]) -> Result<PrivateKey, String>| match &certificate {
        Ok(certificate) => found_key(folder, file, certificate, load),
        Err(_) => FoundKey::Missing,
    };
    let (pem, der) = (name.key_file(), name.pkcs8_file());
    let key_in_pem = key(&pem, |contents| PrivateKey::from_pem(contents).map_err(|error| error.to_string()));
    let pkcs8 = key(&der, |contents| PrivateKey::from_pkcs8_der(contents).map_err(|error| error.to_string()));
    FoundCertificate { key: key_in_pem, pkcs8, certificate, others }
}

fn found_key(
    folder: &Reading<'_>,
    file: &str,
    certificate: &Certificate,
    load: fn(&[u8]) -> Result<PrivateKey, String>,
) -> FoundKey {
    let contents = match folder.open(file).and_then(Regular::read) {
        Ok(contents) => contents,
        Err(ReadError::NotFound) => return FoundKey::Missing,
        Err(error) => return FoundKey::Broken(format!("{file}: {error}")),
    };
    match load(&contents) {
        Err(why) => FoundKey::Broken(format!("{file}: {why}")),
        Ok(key) if key.is_of(certificate).unwrap_or(false) => FoundKey::Matches,
        Ok(_) => FoundKey::Broken(format!("{file} does not belong to its certificate")),
    }
}

/// The folders that are there, below the directory of the fleet.
///
/// # Errors
/// If a directory cannot be read.
pub fn folders(out: &Dir) -> Result<Vec<FolderName>> {
    let mut all = Vec::new();
    for place in &PLACES {
        let section = place.section;
        let dir = match out.open_dir(OsStr::new(place.dir)) {
            Ok(dir) => dir,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(could_not_read(&out.path().join(place.dir), &error)),
        };
        if FolderName::is_single(section) {
            all.push(FolderName { section, name: None });
            continue;
        }
        // What is no directory is none of ours; what is not UTF-8 no manifest can name.
        let names = dir.names().map_err(|error| could_not_read(dir.path(), &error))?;
        let names = names.iter().filter_map(|name| name.to_str()).filter(|name| !name.starts_with(PREFIX));
        let names = names.filter(|name| dir.open_dir(OsStr::new(name)).is_ok());
        all.extend(names.map(|name| FolderName { section, name: Some(name.to_owned()) }));
    }
    Ok(all)
}

fn could_not_read(path: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!("could not read the directory {}: {}", path.display(), reason(error))
}
