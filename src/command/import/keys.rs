//! Which key a certificate is for: one that waits in the directory, one that came along, or one in use.

use anyhow::{Context, Result, bail};
use zeroize::Zeroizing;

use super::answer::Answer;
use crate::certificate::{CLIENT_AUTH, Certificate, SERVER_AUTH};
use crate::certs_dir::batch::Holder;
use crate::certs_dir::layout::{CertificateName, is_key, is_pending_key};
use crate::certs_dir::{CertsDir, Reading};
use crate::cli::Import;
use crate::command::named::check_flags;
use crate::command::values;
use crate::error::{Advice, clipped};
use crate::incoming::{Difference, is_for};
use crate::login::TENANTS_UNIT;
use crate::pki::key::PrivateKey;
use crate::usage::Usage;

/// Where a key is.
pub enum Place {
    /// It waits, in a file with these contents.
    Pending(Zeroizing<Vec<u8>>),
    /// It came with the certificates.
    Came,
    /// It is in use.
    InUse,
}

/// A key that one of the certificates is for.
pub struct Found {
    /// What it is for.
    pub name: CertificateName,
    /// The key.
    pub key: PrivateKey,
    /// Its SubjectPublicKeyInfo.
    pub public: Vec<u8>,
    /// Where it is.
    pub place: Place,
    /// Whose it is, where that matters.
    pub holder: Option<Holder>,
}

/// What --as names.
pub fn wanted(args: &Import) -> Result<Option<CertificateName>> {
    let Some(kind) = args.kind else {
        if args.user.is_some() || args.tenant_id.is_some() {
            bail!("--user and --tenant-id go with --as");
        }
        return Ok(None);
    };
    let usage = kind.usage();
    check_flags(
        usage,
        &[
            ("--user", args.user.is_some(), &[Usage::Client]),
            ("--tenant-id", args.tenant_id.is_some(), &[Usage::TenantClient]),
        ],
    )?;
    let name = match usage {
        Usage::Client => {
            let user = args.user.as_ref().context("a client certificate is for a user: name it with --user")?;
            CertificateName::named(usage, values::user(user)?.as_str())
        }
        Usage::TenantClient => {
            let id = args.tenant_id.as_ref();
            let id = id.context("a tenant client certificate is for a tenant: name it with --tenant-id")?;
            CertificateName::named(usage, &values::tenant_id(id)?.to_string())
        }
        _ => CertificateName::of(usage),
    };
    Ok(Some(name))
}

/// The keys that the certificates are for. Those that wait come first, then those that came along, then those
/// in use.
pub fn find(
    certs_dir: &CertsDir,
    reading: &Reading<'_>,
    wanted: Option<&CertificateName>,
    answer: &Answer,
) -> Result<Vec<Found>> {
    let mut search = Search { reading, wanted, answer, looked: Vec::new(), unreadable: None };
    let files = files(certs_dir, reading)?;
    let mut found = search.in_directory(&files, true)?;
    if found.is_empty() {
        found = search.came()?;
    }
    if found.is_empty() {
        found = search.in_directory(&files, false)?;
    }
    if found.is_empty() {
        return Err(search.nothing());
    }
    for (at, one) in found.iter().enumerate() {
        if let Some(other) = found[..at].iter().find(|other| other.key.is_same(&one.key)) {
            let (a, b) = (other.name.key_file(), one.name.key_file());
            let what = format!("{} fits {a} and {b}, which are the same key", answer.shown);
            return Err(Advice::new(what, "say what it is for: --as").into());
        }
    }
    Ok(found)
}

/// The keys of the directory.
fn files(certs_dir: &CertsDir, reading: &Reading<'_>) -> Result<Vec<String>> {
    let Some(dir) = certs_dir.dir() else { return Ok(Vec::new()) };
    let names = dir.names().with_context(|| format!("could not read {}", certs_dir.path().display()))?;
    let names = names.into_iter().filter_map(|name| name.into_string().ok());
    let mut files: Vec<_> = names.chain(reading.pending_names().map(str::to_owned)).collect();
    files.retain(|file| (is_key(file) || is_pending_key(file)) && reading.has(file));
    files.sort();
    files.dedup();
    Ok(files)
}

struct Search<'a> {
    reading: &'a Reading<'a>,
    wanted: Option<&'a CertificateName>,
    answer: &'a Answer,
    looked: Vec<String>,
    unreadable: Option<anyhow::Error>,
}

impl Search<'_> {
    fn in_directory(&mut self, files: &[String], pending: bool) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for file in files.iter().filter(|file| is_pending_key(file) == pending) {
            let Some(name) = CertificateName::from_key_file(file) else { continue };
            if self.wanted.is_some_and(|wanted| *wanted != name) {
                continue;
            }
            let read = || -> Result<(Zeroizing<Vec<u8>>, PrivateKey, Option<Holder>)> {
                let open = self.reading.open(file)?;
                let holder = self.reading.holder(file, &open);
                let contents = open.read()?;
                let key = PrivateKey::from_pem(&contents)?;
                Ok((contents, key, holder))
            };
            let path = self.reading.path(file).display().to_string();
            match read().with_context(|| format!("could not use the key {path}")) {
                Ok((contents, key, holder)) => {
                    let place = if pending { Place::Pending(contents) } else { Place::InUse };
                    found.extend(self.fitting(name, key, place, holder)?);
                    self.looked.push(path);
                }
                // Another key may fit.
                Err(error) => _ = self.unreadable.get_or_insert(error),
            }
        }
        Ok(found)
    }

    fn fitting(
        &self,
        name: CertificateName,
        key: PrivateKey,
        place: Place,
        holder: Option<Holder>,
    ) -> Result<Option<Found>> {
        let public = key.public()?.public_key_to_der()?;
        let fits = self.answer.certificates.iter().any(|certificate| is_for(certificate, &public));
        Ok(fits.then_some(Found { name, key, public, place, holder }))
    }

    /// Keys that came along: what they are for, --as says, or the certificate.
    fn came(&mut self) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for (key, holder) in &self.answer.keys {
            let public = key.public()?.public_key_to_der()?;
            let leaf = self.answer.certificates.iter().find(|certificate| is_for(certificate, &public));
            let Some(leaf) = leaf else { continue };
            let name = match self.wanted {
                Some(wanted) => wanted.clone(),
                None => obvious(leaf)?,
            };
            found.extend(self.fitting(name, key.clone(), Place::Came, holder.clone())?);
        }
        if found.len() > 1 && self.wanted.is_some() {
            bail!("{} has several keys and certificates, and --as is for one of them", self.answer.shown);
        }
        Ok(found)
    }

    /// No key fits.
    fn nothing(self) -> anyhow::Error {
        if let Some(error) = self.unreadable {
            return error;
        }
        let dir = self.reading.dir_path().display();
        if self.looked.is_empty() {
            let which = self.wanted.map_or("a certificate".to_owned(), CertificateName::certificate_file);
            let hint =
                "make the key and the request first, with csr; or name the directory they are in: --certs-dir";
            return Advice::new(format!("no key in {dir} waits for {which}"), hint).into();
        }
        let subjects = self.answer.certificates.iter().map(Certificate::subject_text).collect();
        let looked = clipped(self.looked.join(", "), 1000);
        let what = format!("{}: {} (looked at {looked})", self.answer.shown, Difference::OtherKey(subjects));
        let hint = "the CA has to sign the request that csr made with the key, such as node.csr; a newer request has another key";
        Advice::new(what, hint).into()
    }
}

/// What a certificate is for, where that is plain.
fn obvious(leaf: &Certificate) -> Result<CertificateName> {
    let (server, client) = (leaf.allows(SERVER_AUTH), leaf.allows(CLIENT_AUTH));
    let called = leaf.common_name();
    let is_tenants = leaf.organizational_units().iter().any(|unit| unit == TENANTS_UNIT);
    let user = values::user(called.as_ref()).ok().filter(|user| user.as_str() == called);
    match (server, client, user) {
        (_, true, _) if is_tenants && called.parse::<u64>().is_ok_and(|id| id.to_string() == called) => {
            Ok(CertificateName::named(Usage::TenantClient, called))
        }
        (true, true, _) if !is_tenants && called == values::node_user()? => {
            Ok(CertificateName::of(Usage::Node))
        }
        (false, true, Some(user)) if !is_tenants => Ok(CertificateName::named(Usage::Client, user.as_str())),
        _ => {
            let what = format!("what the certificate {} is for is not plain", leaf.subject_text());
            Err(Advice::new(
                what,
                "say it: --as=node, --as=ui, --as=client --user=USER or --as=tenant-client --tenant-id=ID",
            )
            .into())
        }
    }
}
