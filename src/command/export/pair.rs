//! A certificate of the certs directory, and its key.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Result;

use crate::certificate::Certificate;
use crate::certs_dir::batch::Holder;
use crate::certs_dir::certificate::{CertificateFile, LEAF, TRUSTED, public_key};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading};
use crate::command::{announce, values};
use crate::error::{Advice, shell_word};
use crate::pki::key::PrivateKey;
use crate::store::read::Regular;
use crate::time;
use crate::usage::Usage;
use crate::username::Username;

/// How often a directory is read again that somebody writes to.
const TRIES: usize = 20;

/// A certificate and its key, which belong together.
pub struct Pair<'a> {
    /// The directory they are from.
    pub reading: Reading<'a>,
    /// What the certificate is.
    pub name: CertificateName,
    /// The certificate, and those between it and its root.
    pub certificates: CertificateFile,
    /// The key.
    pub key: PrivateKey,
    /// Whose it is, where that matters.
    pub holder: Option<Holder>,
}

/// The CA certificates that go with a certificate.
pub struct Authorities {
    /// The one that signed it, if its file is here.
    pub root: Option<Certificate>,
    /// Those that its owner trusts.
    pub trusted: Vec<Certificate>,
}

/// The certificate that is meant: `node`, `ui`, a user's, or that of a file.
pub fn named(who: &OsStr) -> Result<CertificateName> {
    let text = values::text("name", who)?;
    let of_file = |file: &str| CertificateName::from_file(file).and_then(Result::ok);
    let is_for_others = |name: &CertificateName| {
        matches!(name.usage, Usage::Node | Usage::Ui | Usage::Client | Usage::TenantClient)
    };
    // `ui` is ui.crt even if only client.ui.crt is there: the DB Console's key is not a user's.
    let hint = "write node, ui or the name of a SQL user; the directory is that of --certs-dir";
    match of_file(text).or_else(|| of_file(&format!("{text}.crt"))).filter(is_for_others) {
        Some(name) => Ok(name),
        None if text.contains('/') => Err(Advice::new(format!("{text:?} is a path"), hint).into()),
        None if of_file(text).is_some() => Err(Advice::new(format!("{text} is never exported"), hint).into()),
        None => {
            let (user, _) = Username::unvalidated(text).map_err(values::with_username_hint)?;
            Ok(CertificateName::named(Usage::Client, user.as_str()))
        }
    }
}

impl<'a> Pair<'a> {
    /// Reads both.
    ///
    /// # Errors
    /// If one of them is missing or cannot be read, or the key is another certificate's.
    pub fn read(certs_dir: &'a CertsDir, name: CertificateName) -> Result<Self> {
        certs_dir.must_exist()?;
        for _ in 0..TRIES {
            let reading = certs_dir.read();
            match look(&reading, &name) {
                // Somebody may be renewing it.
                Err(_) if reading.is_disturbed() => {}
                looked => return Self::of(reading, name, looked),
            }
        }
        let reading = certs_dir.read();
        let looked = look(&reading, &name);
        Self::of(reading, name, looked)
    }

    fn of(
        reading: Reading<'a>,
        name: CertificateName,
        looked: Result<(CertificateFile, PrivateKey, Option<Holder>)>,
    ) -> Result<Self> {
        announce::findings(&reading.findings);
        let (certificates, key, holder) = looked?;
        if let Some(expired) = certificates.first.not_after.filter(|end| *end < values::now()) {
            let path = reading.path(&name.certificate_file());
            announce::stderr(&format!("warning: {} expired on {}", path.display(), time::utc(expired)));
        }
        Ok(Self { reading, name, certificates, key, holder })
    }

    /// The CA certificates, from the CA files.
    ///
    /// # Errors
    /// If there is no ca.crt, or a file cannot be read.
    pub fn authorities(&self) -> Result<Authorities> {
        let load = |usage| {
            let file = CertificateName::of(usage).certificate_file();
            CertificateFile::load_in(&self.reading, &file, TRUSTED).map(CertificateFile::into_all)
        };
        let has = |usage: &Usage| self.reading.has(&CertificateName::of(*usage).certificate_file());
        let signers = self.name.usage.kind().signers.iter().copied().filter(has);
        let mut signers = signers.map(load).collect::<Result<Vec<_>>>()?;
        // Whoever has the DB Console's certificate deals with browsers; all others with nodes.
        let trusted = match self.name.usage {
            Usage::Ui if !signers.is_empty() => signers[0].clone(),
            _ => load(Usage::Ca)?,
        };
        signers.push(trusted.clone());
        let root = signers.into_iter().flatten().find(|ca| self.certificates.leads_to(ca));
        if root.is_none() {
            let path = self.reading.path(&self.name.certificate_file());
            announce::stderr(&format!("warning: none of the CA certificates here signed {}", path.display()));
        }
        Ok(Authorities { root, trusted })
    }
}

fn look(
    reading: &Reading<'_>,
    name: &CertificateName,
) -> Result<(CertificateFile, PrivateKey, Option<Holder>)> {
    let file = name.certificate_file();
    if !reading.has(&file) {
        return Err(missing(reading, name));
    }
    let certificates = CertificateFile::load_in(reading, &file, LEAF)?;
    let dir = shell_word(&reading.dir_path().display().to_string());
    let hint = format!("see what is wrong: crdb-cert verify --certs-dir={dir}");
    let (key, holder) = key(reading, name, &certificates.first, &hint)?;
    Ok((certificates, key, holder))
}

/// The key of a certificate, and whose it is where that matters; `hint` says what to do if there is none.
///
/// # Errors
/// If it is missing or cannot be used, or is another certificate's.
pub fn key(
    reading: &Reading<'_>,
    name: &CertificateName,
    certificate: &Certificate,
    hint: &str,
) -> Result<(PrivateKey, Option<Holder>)> {
    let (path, certificate_path) = (reading.path(&name.key_file()), reading.path(&name.certificate_file()));
    let shown = path.display();
    let open = reading.open(&name.key_file());
    let holder = open.as_ref().ok().and_then(|open| reading.holder(&name.key_file(), open));
    let contents = open.and_then(Regular::read);
    let contents =
        contents.map_err(|error| Advice::new(format!("could not read the key {shown}: {error}"), hint))?;
    let key = PrivateKey::from_pem(&contents)
        .map_err(|error| Advice::new(format!("could not use the key {shown}: {error}"), hint))?;
    if !belongs(&key, certificate, &certificate_path)? {
        let what = format!("the key {shown} does not belong to {}", certificate_path.display());
        return Err(Advice::new(what, hint).into());
    }
    Ok((key, holder))
}

/// Is it the certificate's key? The public half in its file may be another key's, so both halves are looked at.
///
/// # Errors
/// If OpenSSL's providers do not know such keys; `path` is the certificate's, for the message.
pub fn belongs(key: &PrivateKey, certificate: &Certificate, path: &Path) -> Result<bool> {
    let public = public_key(certificate, path)?;
    Ok(key.matches(&public) && key.signs_for(&public))
}

fn missing(reading: &Reading<'_>, name: &CertificateName) -> anyhow::Error {
    let (dir, file) = (reading.dir_path().display(), name.certificate_file());
    let of_user = CertificateName::named(Usage::Client, name.usage.kind().prefix);
    let hint = match name.usage {
        Usage::Node | Usage::Ui if reading.has(&of_user.certificate_file()) => {
            format!("for the user of that name, write client.{}", name.usage.kind().prefix)
        }
        _ => format!("see what there is: crdb-cert list --certs-dir={dir}"),
    };
    Advice::new(format!("there is no {file} in {dir}"), hint).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_file_whatever_is_there() {
        for (who, file) in [
            ("node", "node.crt"),
            ("ui", "ui.crt"),
            ("ui.crt", "ui.crt"),
            ("client.ui", "client.ui.crt"),
            ("root", "client.root.crt"),
            ("Root", "client.root.crt"),
            ("client.root", "client.root.crt"),
            ("client.root.crt", "client.root.crt"),
            ("client.client.root", "client.client.root.crt"),
            ("client-tenant.2", "client-tenant.2.crt"),
            // CAs and the keys of tenants' tokens are nobody's to hand on.
            ("ca", "client.ca.crt"),
            ("tenant-signing.2", "client.tenant-signing.2.crt"),
        ] {
            let name = named(OsStr::new(who)).expect(who);
            assert_eq!(name.certificate_file(), file, "{who}");
        }
        for who in ["", "a/b", "../x", "ca.crt"] {
            assert!(named(OsStr::new(who)).is_err(), "{who}");
        }
    }
}
