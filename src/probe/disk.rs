//! What is on disk: the certificate that should be served, and the CAs that should have signed it.

use crate::certificate::Certificate;
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading};
use crate::finding::{Finding, checks};
use crate::pki::pem;
use crate::store::read::Regular;
use crate::usage::Usage;
use crate::verify::trust::Trust;

use super::Protocol;

/// A certs directory, as far as it says what a server should serve.
#[derive(Debug, Default)]
pub struct Disk {
    /// Its path, for messages.
    pub dir: String,
    /// The server's certificate, and its path.
    pub own: Option<(String, Certificate)>,
    /// The CA files that a client would look at.
    pub ca_files: Vec<String>,
    /// What is in them.
    pub trusted: Vec<Certificate>,
    /// What is wrong with the files.
    pub findings: Vec<Finding>,
}

impl Disk {
    /// Reads a certs directory; it need not be there.
    pub fn read(certs_dir: &CertsDir, protocol: Protocol) -> Self {
        let reading = certs_dir.read();
        let mut disk = Self { dir: reading.dir_path().display().to_string(), ..Self::default() };
        let (ui, ui_ca) = (file(Usage::Ui), file(Usage::UiCa));
        let is_http = protocol == Protocol::Http;
        let has = |file: &str| is_http && reading.has(file);
        let name = if has(&ui) { ui.clone() } else { file(Usage::Node) };
        disk.own = own(&reading, &name, &mut disk.findings);
        let trust = Trust::read(&reading);
        // A server without a certificate for its DB Console shows the node's there, which the CA of the Console
        // did not sign.
        let usages: &[Usage] = match (has(&ui), has(&ui_ca)) {
            (true, true) => &[Usage::UiCa],
            (false, true) => &[Usage::UiCa, Usage::Ca],
            _ => &[Usage::Ca],
        };
        for usage in usages.iter().filter(|usage| !trust.of(**usage).is_empty()) {
            disk.ca_files.push(file(*usage));
            disk.trusted.extend_from_slice(trust.of(*usage));
        }
        disk
    }
}

fn file(usage: Usage) -> String {
    CertificateName::of(usage).certificate_file()
}

fn own(reading: &Reading<'_>, file: &str, findings: &mut Vec<Finding>) -> Option<(String, Certificate)> {
    if !reading.has(file) {
        return None;
    }
    let path = reading.path(file).display().to_string();
    let (check, why) = match reading.open(file).and_then(Regular::read) {
        Err(error) => (&checks::CERTIFICATE_UNREADABLE, error.to_string()),
        Ok(contents) => match pem::certificates(&contents, file) {
            Ok(mut all) => return Some((path, all.remove(0))),
            Err(error) => (&checks::CERTIFICATE_INVALID, error.to_string()),
        },
    };
    findings.push(check.found(file, format!("could not read certificate file {path}: {why}")));
    None
}
