//! What is wrong with one certificate of the directory: everything, in the order in which a server would notice.

use std::fmt;

use super::Reading;
use super::access::{Account, Ownership, check_key};
use super::layout::CertificateName;
use crate::certificate::Certificate;
use crate::error::clipped;
use crate::finding::{Finding, Severity};
use crate::login::PrincipalMap;
use crate::pki::key::PrivateKey;
use crate::pki::{self, pem};
use crate::store::read::{ReadError, Regular};
use crate::usage::Usage;

/// How keys are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judge {
    /// The account the server runs under; `None` to look at neither owner nor mode.
    pub account: Option<Account>,
    /// Who the names in client certificates stand for.
    pub principal_map: PrincipalMap,
    /// The user that a node's certificate should be for; `None` if the server goes by the whole subject.
    pub node_user: Option<String>,
}

/// What is shown where a certificate could not be read.
const UNKNOWN: &str = "<unknown>";

/// What a look at a certificate and its key found. Texts are printable, and cut to `limit` bytes.
pub struct Inspection<'a> {
    reading: &'a Reading<'a>,
    judge: &'a Judge,
    name: &'a CertificateName,
    limit: usize,
    /// The last second of the first certificate.
    pub not_after: Option<i64>,
    /// Who the certificate is for, or how many there are.
    pub notes: Box<str>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl<'a> Inspection<'a> {
    /// Looks at the certificate of this name, and at its key.
    pub fn of(reading: &'a Reading<'a>, judge: &'a Judge, name: &'a CertificateName, limit: usize) -> Self {
        let notes = notes(name, None, limit);
        let mut inspection = Self { reading, judge, name, limit, not_after: None, notes, findings: Vec::new() };
        inspection.certificate(&name.certificate_file());
        inspection
    }

    fn find(&mut self, id: &'static str, severity: Severity, file: &str, what: impl fmt::Display) {
        let (file, what) = (file.to_owned(), clipped(what, self.limit));
        self.findings.push(Finding { id, severity, file, what, hint: None });
    }

    fn certificate(&mut self, file: &str) {
        let contents = match self.reading.open(file).and_then(Regular::read) {
            Ok(contents) => contents,
            Err(error) => {
                let path = self.reading.path(file);
                let what = format!("could not read certificate file {}: {error}", path.display());
                return self.find("certificate-unreadable", Severity::Error, file, what);
            }
        };
        let (first, count) = match pem::first_certificate(&contents, file) {
            Ok(read) => read,
            Err(error) => return self.find("certificate-invalid", Severity::Error, file, error),
        };
        self.not_after = first.not_after;
        self.notes = notes(self.name, Some((&first, count)), self.limit);
        self.principals(file, &first);
        if !self.name.usage.is_ca() {
            self.key(&self.name.key_file(), &first);
        }
    }

    /// A certificate must be for the user that its file name says: a client's, or the nodes' own where no client certificate is
    /// beside it, without which servers before 24.2 load nothing of the directory. A client's that names nobody, by common name or
    /// by DNS name, is for a server that goes by the whole subject.
    fn principals(&mut self, file: &str, certificate: &Certificate) {
        let judge = self.judge;
        let principals =
            certificate.principals().map(|principal| judge.principal_map.user(&principal).to_owned());
        let has_client_of =
            |user: &str| self.reading.has(&CertificateName::named(Usage::Client, user).certificate_file());
        let (severity, what, user) = match (self.name.usage, &self.name.name, &judge.node_user) {
            (Usage::Client, Some(user), _) if !principals.clone().eq([""]) => {
                (Severity::Warning, "client certificate", user)
            }
            (Usage::Node, _, Some(user)) if !has_client_of(user) => {
                (Severity::Error, "validating node cert: client/server node certificate", user)
            }
            _ => return,
        };
        if !principals.clone().any(|principal| principal == *user) {
            let quoted = Joined(principals.map(Quoted), " ");
            let what = format!("{what} has principals [{quoted}], expected {user:?}");
            self.find("principals", severity, file, what);
        }
    }

    /// The key must be there, be guarded as the server wants it, and belong to the certificate. The checks are made on the open
    /// file, and the same open file is read.
    fn key(&mut self, file: &str, certificate: &Certificate) {
        let path = self.reading.path(file).display().to_string();
        let (open, judge) = (self.reading.open(file), self.judge);
        let mut error = |id, what: fmt::Arguments<'_>| self.find(id, Severity::Error, file, what);
        let open = match open {
            Ok(open) => open,
            Err(ReadError::NotRegular) => {
                return error("key-unreadable", format_args!("key file {path} is not a regular file"));
            }
            Err(why) => return error("key-unreadable", format_args!("could not stat key file {path}: {why}")),
        };
        if let Some(account) = &judge.account {
            if let Err(why) = check_key(Ownership::from(open.metadata()), account, &path) {
                error("key-access", format_args!("{why}"));
            }
        }
        let contents = match open.read() {
            Ok(contents) => contents,
            Err(why) => return error("key-unreadable", format_args!("could not read key file {path}: {why}")),
        };
        match (PrivateKey::from_pem(&contents), pki::public_key(certificate)) {
            (Err(why), _) => error("key-invalid", format_args!("could not load key file {path}: {why}")),
            (Ok(key), Ok(public)) if key.matches(&public) => {}
            (Ok(_), Ok(_)) => {
                error("key-mismatch", format_args!("key file {path} does not belong to its certificate"));
            }
            (Ok(_), Err(_)) => {
                let what = "the certificate's public key is of an unknown kind";
                self.find("certificate-invalid", Severity::Error, &self.name.certificate_file(), what);
            }
        }
    }
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
