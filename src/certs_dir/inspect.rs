//! What is wrong with one certificate of the directory: everything, in the order in which a server would
//! notice.

use std::fmt;

use super::Reading;
use super::access::{AccessError, Account, Ownership, check_key};
use super::layout::CertificateName;
use crate::certificate::Certificate;
use crate::error::{clipped, shell_word};
use crate::finding::{Check, Finding, checks};
use crate::login::PrincipalMap;
use crate::pki::key::PrivateKey;
use crate::pki::pem;
use crate::store::read::{ReadError, Regular};
use crate::usage::Usage;

/// How keys are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judge {
    /// The account the server runs under; `None` to look at neither owner nor mode.
    pub account: Option<Account>,
    /// Maps names in client certificates to users.
    pub principal_map: PrincipalMap,
    /// The user that a node's certificate should be for; `None` if the server goes by the whole subject.
    pub node_user: Option<String>,
    /// Look at keys?
    pub keys: bool,
}

impl Judge {
    /// Might the server accept this key if its account were named?
    fn is_of_unnamed_server(&self, key: Ownership) -> bool {
        let is_unnamed = self.account.as_ref().is_some_and(|account| account.any_owner);
        is_unnamed
            && check_key(
                key,
                &Account { uid: key.uid, gid: key.gid, supplementary: Vec::new(), any_owner: true },
                "",
            )
            .is_ok()
    }
}

/// What is shown where a certificate could not be read.
const UNKNOWN: &str = "<unknown>";

/// What a look at a certificate and its key found. Texts are printable, and cut to `limit` bytes.
pub struct Inspection<'a> {
    reading: &'a Reading<'a>,
    judge: &'a Judge,
    /// Which certificate of the directory.
    pub name: &'a CertificateName,
    limit: usize,
    /// The certificates of the file: the first is the one in use. Empty if they could not be read.
    pub certificates: Vec<Certificate>,
    /// Its key, if that was read, and belongs to it.
    pub key: Option<PrivateKey>,
    /// Owner and mode of the files that could be opened.
    pub opened: Vec<(String, Ownership)>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl<'a> Inspection<'a> {
    /// Looks at the certificate of this name, and at its key.
    pub fn of(reading: &'a Reading<'a>, judge: &'a Judge, name: &'a CertificateName, limit: usize) -> Self {
        let (certificates, findings) = (Vec::new(), Vec::new());
        let (key, opened) = (None, Vec::new());
        let mut inspection = Self { reading, judge, name, limit, certificates, key, opened, findings };
        inspection.read(&name.certificate_file());
        if let Some(first) = inspection.certificates.first() {
            let found = inspection.principals(first);
            inspection.findings.extend(found);
            if judge.keys && !name.usage.is_ca() {
                match inspection.read_key(&name.key_file()) {
                    Ok(key) => inspection.key = Some(key),
                    Err(findings) => inspection.findings.extend(findings),
                }
            }
        }
        inspection
    }

    /// A finding about one of the files, cut.
    pub fn found(&self, check: &'static Check, file: &str, what: impl fmt::Display) -> Finding {
        check.found(file, clipped(what, self.limit))
    }

    /// The path of a file as a word of a command to type.
    fn word(&self, file: &str) -> String {
        shell_word(&self.reading.path(file).display().to_string())
    }

    fn read(&mut self, file: &str) {
        let open = self.reading.open(file).inspect(|open| self.opened.push(opened(file, open)));
        let contents = match open.and_then(Regular::read) {
            Ok(contents) => contents,
            Err(error) => {
                let path = self.reading.path(file);
                let what = format!("could not read certificate file {}: {error}", path.display());
                return self.findings.push(self.found(&checks::CERTIFICATE_UNREADABLE, file, what));
            }
        };
        match pem::certificates(&contents, file) {
            Ok(certificates) => self.certificates = certificates,
            Err(error) => self.findings.push(self.found(&checks::CERTIFICATE_INVALID, file, error)),
        }
    }

    /// A certificate must be for the user that its file name says: a client's, or the nodes' own where no
    /// client certificate is beside it, without which servers before 24.2 load nothing of the directory. A
    /// client's that names nobody, by common name or by DNS name, is for a server that goes by the whole
    /// subject.
    fn principals(&self, certificate: &Certificate) -> Option<Finding> {
        let judge = self.judge;
        let principals =
            certificate.principals().map(|principal| judge.principal_map.user(&principal).to_owned());
        let has_client_of =
            |user: &str| self.reading.has(&CertificateName::named(Usage::Client, user).certificate_file());
        let (check, what, user) = match (self.name.usage, &self.name.name, &judge.node_user) {
            (Usage::Client, Some(user), _) if !principals.clone().eq([""]) => {
                (&checks::CLIENT_PRINCIPAL, "client certificate", user)
            }
            (Usage::Node, _, Some(user)) if !has_client_of(user) => {
                (&checks::NODE_PRINCIPAL, "validating node cert: client/server node certificate", user)
            }
            _ => return None,
        };
        let is_for_user = principals.clone().any(|principal| principal == *user);
        let what = || {
            let quoted = Joined(principals.map(Quoted), " ");
            format!("{what} has principals [{quoted}], expected {user:?}")
        };
        (!is_for_user).then(|| self.found(check, &self.name.certificate_file(), what()))
    }

    /// The key must be there, be guarded as the server wants it, and belong to the certificate. The checks are
    /// made on the open file, and the same open file is read.
    fn read_key(&mut self, file: &str) -> Result<PrivateKey, Vec<Finding>> {
        let open = self.reading.open(file).inspect(|open| self.opened.push(opened(file, open)));
        let path = self.reading.path(file).display().to_string();
        let found = |check, what: fmt::Arguments<'_>| self.found(check, file, what);
        let open = open.map_err(|why| match why {
            ReadError::NotRegular => {
                vec![found(&checks::KEY_UNREADABLE, format_args!("key file {path} is not a regular file"))]
            }
            ReadError::NotFound => {
                vec![found(&checks::KEY_MISSING, format_args!("could not stat key file {path}: {why}"))]
            }
            _ => vec![found(&checks::KEY_UNREADABLE, format_args!("could not stat key file {path}: {why}"))],
        })?;
        let mut findings = Vec::new();
        if let Some(Err(why)) = self
            .judge
            .account
            .as_ref()
            .map(|account| check_key(Ownership::from(open.metadata()), account, &path))
        {
            let word = self.word(file);
            let ownership = Ownership::from(open.metadata());
            let hint = match why {
                // The key's group may well be the server's: root cannot know.
                AccessError::Exceeds { .. } if self.judge.is_of_unnamed_server(ownership) => {
                    let dir = shell_word(&self.reading.dir_path().display().to_string());
                    format!(
                        "crdb-cert verify --certs-dir={dir} --server-user=...   # the account the database runs under"
                    )
                }
                AccessError::Exceeds { .. } => format!("chmod 600 {word}"),
                AccessError::Owner { expected, .. } => format!("chown {expected} {word}"),
            };
            findings.push(found(&checks::KEY_ACCESS, format_args!("{why}")).hint(hint));
        }
        match open.read() {
            Err(why) => findings
                .push(found(&checks::KEY_UNREADABLE, format_args!("could not read key file {path}: {why}"))),
            Ok(contents) => match PrivateKey::from_pem(&contents)
                .map(|key| (key.is_of(&self.certificates[0]), key))
            {
                Err(why) => findings
                    .push(found(&checks::KEY_INVALID, format_args!("could not load key file {path}: {why}"))),
                Ok((Ok(true), key)) => return if findings.is_empty() { Ok(key) } else { Err(findings) },
                Ok((Ok(false), _)) => findings.push(found(
                    &checks::KEY_MISMATCH,
                    format_args!("key file {path} does not belong to its certificate"),
                )),
                Ok((Err(_), _)) => {
                    let what = "the certificate's public key is of an unknown kind";
                    let file = self.name.certificate_file();
                    findings.push(self.found(&checks::CERTIFICATE_INVALID, &file, what));
                }
            },
        }
        Err(findings)
    }

    /// What the first certificate says, and how many certificates there are, in a few words.
    pub fn notes(&self) -> Box<str> {
        let content = self.certificates.first().map(|first| (first, self.certificates.len()));
        notes(self.name, content, self.limit)
    }
}

fn opened(file: &str, open: &Regular) -> (String, Ownership) {
    (file.to_owned(), Ownership::from(open.metadata()))
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
        // Without a common name, only its subject says whose certificate it is, and the server knows by its
        // settings.
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
