//! `verify`: will everything in this certs directory work? Looks at every file as the server and its clients
//! will, and reports findings; [`crate::finding::checks`] is the table of all.

mod access;
mod across;
mod advice;
mod certificate;
mod chain;
mod content;
mod directory;
mod handshake;
pub mod tree;
pub(crate) mod trust;

use std::collections::hash_map::RandomState;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::certificate::Certificate;
use crate::certs_dir::inspect::{Inspection, Judge};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading, scan};
use crate::error::{Advice, printable};
use crate::finding::{Finding, Severity};
use crate::host::Host;
use crate::login::ServerSettings;
use crate::usage::Usage;
use across::Across;
pub(crate) use content::covers;
use directory::Directory;
use handshake::Peers;
use trust::Trust;

/// What is to be verified, and against what.
#[derive(Debug)]
pub struct Expected {
    /// How keys are judged, and names.
    pub judge: Judge,
    /// What the server was told of root's and the nodes' certificates.
    pub settings: ServerSettings,
    /// Names and addresses that the node's certificate has to cover.
    pub hosts: Vec<Host>,
    /// Certificates that expire within so many seconds are a warning.
    pub expires_within: i64,
    /// The time, in seconds since 1970 UTC.
    pub now: i64,
    /// Try the certificates in a TLS handshake?
    pub handshake: bool,
    /// The CA key, which should not be within the server's reach.
    pub ca_key: Option<PathBuf>,
}

/// The first certificate of a file, which is the one in use, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The first second of its validity, since 1970 UTC.
    pub not_before: Option<i64>,
    /// The last second.
    pub not_after: Option<i64>,
    /// The contents octets of its serial number.
    pub serial: Box<[u8]>,
    /// The subject's common name.
    pub subject_cn: Box<str>,
    /// The issuer's common name.
    pub issuer_cn: Box<str>,
}

/// A file of the directory, or the directory itself, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The kind of certificate; `None` for the directory and other files.
    pub usage: Option<Usage>,
    /// The user or tenant, by the file's name.
    pub name: Option<Box<str>>,
    /// The file, without directory; the directory's path for itself.
    pub file: Box<str>,
    /// What the certificate says, if it could be read.
    pub facts: Option<Facts>,
    /// What is wrong, the certificate's key included. Texts are printable, and cut.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// The worst that was found.
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.check.severity).max()
    }
}

/// What the checks of a file need to know of the others.
struct Context<'a> {
    expected: &'a Expected,
    reading: &'a Reading<'a>,
    trust: Trust,
    /// Those that a server trusts to have signed its clients' certificates.
    for_clients: Vec<Certificate>,
    /// CA certificates that may be missing elsewhere, and the files that they are in.
    intermediates: Vec<(String, Certificate)>,
    peers: Option<Peers<'a>>,
    /// For digests that nobody outside can foresee.
    hasher: RandomState,
}

impl<'a> Context<'a> {
    fn new(reading: &'a Reading<'a>, expected: &'a Expected, trust: Trust) -> Result<Self> {
        let peers = expected.handshake.then(|| Peers::read(reading, &trust, expected)).transpose();
        let peers = peers.map_err(|why| {
            Advice::new(format!("could not prepare TLS handshakes: {why}"), "pass --no-handshake to do without")
        })?;
        Ok(Self {
            expected,
            reading,
            for_clients: trust.for_clients(),
            intermediates: trust.intermediates(reading),
            trust,
            peers,
            hasher: RandomState::new(),
        })
    }
}

/// Looks at some certificates of a directory.
///
/// # Errors
/// If OpenSSL has no TLS.
pub fn files(reading: &Reading<'_>, names: &[CertificateName], expected: &Expected) -> Result<Vec<Checked>> {
    let context = Context::new(reading, expected, Trust::read(reading))?;
    let look = |name| certificate::check(Inspection::of(reading, &expected.judge, name, WIDEST), &context).0;
    Ok(names.iter().map(look).collect())
}

/// The most bytes of a finding about one of them.
const WIDEST: usize = 2000;

/// Looks at a whole directory. `take` gets the directory itself first, then its files in the order of `list`.
///
/// # Errors
/// If the directory is missing or cannot be read, and those of `take`.
pub fn directory(path: &Path, expected: &Expected, take: &mut dyn FnMut(Checked) -> Result<()>) -> Result<()> {
    let certs_dir = CertsDir::open(path)?;
    if !certs_dir.exists() {
        let hint = "name the directory that holds the certificates: --certs-dir=<directory>";
        return Err(Advice::new(format!("there is no certs directory {}", path.display()), hint).into());
    }
    let reading = certs_dir.read();
    let mut findings = reading.findings.clone();
    let names = scan::certificates(&certs_dir, &reading, &mut findings)?;
    let trust = Trust::read(&reading);
    let found = Directory { certs_dir: &certs_dir, reading: &reading, names: &names, expected, trust: &trust };
    findings.extend(found.findings()?);
    take(Checked {
        usage: None,
        name: None,
        file: printable(&path.display().to_string()).into(),
        facts: None,
        findings,
    })?;
    let context = Context::new(&reading, expected, trust)?;
    let mut across = Across::new(&names);
    let check = |inspection: Inspection<'_>| certificate::check(inspection, &context);
    scan::each(&certs_dir, &expected.judge, &names, check, |(mut checked, identity)| {
        across.look(&mut checked, identity);
        take(checked)
    })
}
