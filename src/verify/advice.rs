//! The next command to type.

use super::Context;
use crate::certificate::Certificate;
use crate::certs_dir::inspect::Inspection;
use crate::certs_dir::layout::CertificateName;
use crate::error::shell_word;
use crate::finding::{Check, checks};
use crate::host::Host;
use crate::store::dir::euid;
use crate::usage::Usage;

/// Advice about one certificate.
pub struct Advice<'a> {
    context: &'a Context<'a>,
    name: &'a CertificateName,
    certificate: Option<&'a Certificate>,
}

/// The most names of a certificate that are repeated in a command. Of more, three dots stand for the rest.
const HOSTS: usize = 20;

impl<'a> Advice<'a> {
    /// About this one.
    pub fn about(inspection: &'a Inspection<'a>, context: &'a Context<'a>) -> Self {
        Self { context, name: inspection.name, certificate: inspection.certificates.first() }
    }

    /// The path of a file as a word of a command.
    pub fn word(&self, file: &str) -> String {
        shell_word(&self.context.reading.path(file).display().to_string())
    }

    /// What mends most problems of this kind, where one command does.
    pub fn usual(&self, check: &'static Check) -> Option<String> {
        let CertificateName { usage, .. } = self.name;
        if check == &checks::CA_EXPIRED_OLD {
            return Some(format!("crdb-cert remove-expired-ca{}", self.certs_dir()));
        }
        // Nothing may be wrong, and a certificate from elsewhere is not ours to replace.
        if check == &checks::UI_OTHER_CA {
            return None;
        }
        if [&checks::KEY_UNREADABLE, &checks::CERTIFICATE_UNREADABLE].contains(&check) && euid() != 0 {
            return Some(format!("sudo crdb-cert verify{} --server-user=...", self.certs_dir()));
        }
        if check == &checks::NOT_YET_VALID {
            return Some("date -u   # here, and on the host that made the certificate".to_owned());
        }
        if usage.is_ca() {
            return Some(self.of_ca(check));
        }
        // Its successor is under way, and another one would have another key.
        let pending = self.name.pending_key_file();
        if self.context.reading.has(&pending) {
            let import = format!("crdb-cert import ... --overwrite{}", self.certs_dir());
            return Some(format!("{import}   # what the CA answers: {} waits for it", self.word(&pending)));
        }
        let renewable =
            [&checks::EXPIRED, &checks::EXPIRES_SOON, &checks::SIGNED_BY_OLDER_CA, &checks::OUTLIVES_CA];
        let file = self.name.certificate_file();
        let name = shell_word(file.strip_suffix(".crt").unwrap_or(&file));
        match check {
            _ if renewable.contains(&check) => Some(format!("crdb-cert renew {name}{}", self.paths())),
            _ => Some(self.again()),
        }
    }

    /// A CA's next certificate, with the same key: what it has signed stays as good as it is.
    pub fn renew_ca(&self, ca: Usage) -> String {
        let again = "--allow-ca-key-reuse --overwrite";
        format!("crdb-cert {} {again}{} --ca-key={}", ca.kind().command, self.certs_dir(), self.ca_key())
    }

    fn of_ca(&self, check: &'static Check) -> String {
        let usage = self.name.usage;
        let file = self.word(&self.name.certificate_file());
        if [&checks::EXPIRED, &checks::EXPIRES_SOON].contains(&check) {
            self.renew_ca(usage)
        } else if check == &checks::CA_ORDER {
            format!("$EDITOR {file}   # put the newest certificate first")
        } else if check == &checks::WEAK_KEY {
            // Not the key that there is.
            format!("crdb-cert {} --overwrite{} --ca-key=...", usage.kind().command, self.certs_dir())
        } else {
            format!("cp .../{} {file}", self.name.certificate_file())
        }
    }

    /// Where client certificates have a CA of their own, nodes need one of it to reach each other.
    pub fn client_of_nodes(&self) -> String {
        format!("crdb-cert create-client node{} --ca-key=...", self.certs_dir())
    }

    /// Make it anew.
    pub fn again(&self) -> String {
        format!("crdb-cert {} --overwrite{}", self.create(), self.paths())
    }

    /// Make it anew with these names, too.
    pub fn again_with(&self, hosts: &[String]) -> String {
        let own = self.hosts();
        let hosts: Vec<_> = own.iter().chain(hosts).map(|host| shell_word(host)).collect();
        let command = self.name.usage.kind().command;
        format!("crdb-cert {command} {} --overwrite{}", hosts.join(" "), self.paths())
    }

    fn hosts(&self) -> Vec<String> {
        self.certificate.map(hosts).unwrap_or_default()
    }

    fn create(&self) -> String {
        let command = self.name.usage.kind().command;
        // What looks like a flag is no user, and must not become a flag.
        let name = self.name.name.as_deref().filter(|name| !name.starts_with('-')).map(shell_word);
        let hosts = || match self.hosts().as_slice() {
            [] => "HOST...".to_owned(),
            hosts => hosts.iter().map(|host| shell_word(host)).collect::<Vec<_>>().join(" "),
        };
        match (self.name.usage, name) {
            (Usage::Node | Usage::Ui, _) => format!("{command} {}", hosts()),
            (Usage::TenantClient, Some(id)) => format!("{command} {id} {}", hosts()),
            (_, Some(name)) => format!("{command} {name}"),
            (_, None) => format!("{command} ..."),
        }
    }

    fn certs_dir(&self) -> String {
        format!(" --certs-dir={}", shell_word(&self.context.reading.dir_path().display().to_string()))
    }

    fn paths(&self) -> String {
        match self.name.usage {
            Usage::TenantSigning => self.certs_dir(),
            _ => format!("{} --ca-key={}", self.certs_dir(), self.ca_key()),
        }
    }

    fn ca_key(&self) -> String {
        let key = self.context.expected.ca_key.as_ref();
        key.map_or_else(|| "...".to_owned(), |key| shell_word(&key.display().to_string()))
    }
}

/// The names that a server's certificate is for. Somebody else may have made it: what is no host may be a flag.
fn hosts(certificate: &Certificate) -> Vec<String> {
    let addresses = certificate.alt_names().filter_map(|name| name.address());
    let names = certificate.dns_names().chain(addresses).filter(|name| name.parse::<Host>().is_ok());
    let mut hosts: Vec<_> = names.take(HOSTS + 1).collect();
    if let Some(more) = hosts.get_mut(HOSTS) {
        *more = "...".to_owned();
    }
    hosts
}
