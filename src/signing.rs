//! A CA elsewhere that a command reaches: it gets a request, and answers with the certificate (`--sign-with`).

pub mod answer;
mod particulars;
mod run;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::ca::authority;
use crate::certificate::Certificate;
use crate::certs_dir::Reading;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::error::{Advice, printable};
use crate::login::chain::{self, Side};
use crate::pki::issue::Validity;
use crate::pki::key::PrivateKey;
use crate::pki::pem;
use crate::pki::request::{self, SigningRequest, Wanted};
use crate::pki::verify::OpenSsl;
use crate::time::{now, utc};
use crate::usage::Usage;
use answer::Answer;
use run::RunError;

/// A certificate may be this much shorter than asked before it is worth a word: clocks differ.
const SHORTER: i64 = 120;

/// A command, and for how long it may run.
#[derive(Debug, Clone)]
pub struct SignWith {
    /// For `/bin/sh -c`.
    pub command: OsString,
    /// Then it is killed.
    pub timeout: Duration,
}

/// A command that signs, and the CA certificates that its answers have to lead to.
pub struct CommandSigner {
    with: SignWith,
    /// The CA file.
    path: PathBuf,
    /// Its certificates; the first is the one in use.
    trusted: Vec<Certificate>,
    sides: &'static [Side],
}

/// A certificate, and what the CA sent along.
pub struct Signed {
    /// The certificate.
    pub certificate: Certificate,
    /// The same and the CAs between it and the root, in PEM form.
    pub pem: Vec<u8>,
}

impl CommandSigner {
    /// For certificates of this kind in this directory.
    ///
    /// # Errors
    /// If the CA file that they are checked against is missing or unusable.
    pub fn load(certs_dir: &Reading<'_>, usage: Usage, with: &SignWith) -> Result<Self> {
        let file = authority::certificate_file(certs_dir, usage);
        let path = certs_dir.path(&file);
        if !certs_dir.has(&file) {
            let what = format!("there is no CA certificate {}", path.display());
            let hint = "put the certificate of the CA that the command of --sign-with reaches there: its root";
            return Err(Advice::new(what, hint).into());
        }
        let trusted = CertificateFile::load_in(certs_dir, &file, certificate::CA)?.into_all();
        let split = usage == Usage::Node && authority::certificate_file(certs_dir, Usage::Client) != file;
        Ok(Self { with: with.clone(), path, trusted, sides: sides(usage, split) })
    }

    /// Has the command sign what is wanted for the key, and checks what comes back.
    ///
    /// # Errors
    /// If the command fails, takes too long, or answers with anything but the certificate that was asked for.
    pub fn sign(
        &self,
        name: &CertificateName,
        wanted: &Wanted<'_>,
        validity: Validity,
        key: &PrivateKey,
    ) -> Result<Signed> {
        let pem = request::make(wanted, key).context("could not make the request")?;
        let asked = SigningRequest::read(&pem).context("could not read the request back")?;
        let environment = particulars::environment(name, &asked, validity.not_after - validity.now());
        let ran = run::run(&self.with, &environment, pem);
        show(&particulars::label(name, &asked), &ran.stderr);
        let output = ran.output.map_err(failed)?;
        let all = pem::certificates(&output, "the answer of --sign-with").map_err(|why| self.refused(&why))?;
        let answer = Answer { certificates: all, trusted: &self.trusted, sides: self.sides, now: now() };
        let checked = answer.check(&asked, &OpenSsl);
        let checked = checked.map_err(|differences| {
            let all: Vec<_> = differences.iter().map(ToString::to_string).collect();
            self.refused(&all.join("; "))
        })?;
        let end = checked.leaf.not_after.unwrap_or_default();
        if end + SHORTER < validity.not_after {
            let wanted = utc(validity.not_after);
            let file = particulars::label(name, &asked);
            log::warn!("{file}: the CA gives less than asked: until {}, not until {wanted}", utc(end));
        }
        let pem = pem::bundle(checked.chain());
        Ok(Signed { pem, certificate: checked.leaf })
    }

    /// Does a chain lead from the certificate to the CA in use?
    pub fn signed(&self, leaf: &Certificate, others: &[Certificate]) -> bool {
        self.trusted.first().is_some_and(|ca| chain::leads_to(leaf, others, ca, &OpenSsl))
    }

    /// Where the CA certificates are.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    fn refused(&self, why: &dyn fmt::Display) -> Advice {
        let what = format!("the certificate that --sign-with answered is not what was asked for: {why}");
        let path = self.path.display();
        Advice::new(what, format!("correct the command or its CA, whose root has to be the first in {path}"))
    }
}

/// Why the command gave no answer, and what to do.
fn failed(why: RunError) -> anyhow::Error {
    let hint = match why {
        RunError::Interrupted(interrupted) => return interrupted.into(),
        RunError::TimedOut(_) => "give it longer with --sign-timeout, or see why it hangs",
        _ => "see what it printed; it gets a request on stdin, and has to print the certificate",
    };
    Advice::new(format!("the command of --sign-with {why}"), hint).into()
}

/// On which sides of connections certificates of this kind stand. A `split` node has a client certificate for
/// the other.
fn sides(usage: Usage, split: bool) -> &'static [Side] {
    match usage {
        Usage::Node if split => &[Side::Server],
        Usage::Node => &[Side::Server, Side::Client],
        Usage::Ui => &[Side::Server],
        _ => &[Side::Client],
    }
}

/// Prints what the command said on stderr, each line after the file that it is about.
fn show(file: &str, stderr: &[u8]) {
    let mut out = io::stderr().lock();
    // There may be a progress line.
    let clear = if out.is_terminal() { "\r\x1b[K" } else { "" };
    for line in String::from_utf8_lossy(stderr).lines() {
        let _ = writeln!(out, "{clear}{file}: {}", printable(line));
    }
}
