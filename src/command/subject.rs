//! `subject`: how the server reads a subject, and how to make it expect one (REFERENCE.md section 5).

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{announce, values};
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::cli::{Subject, SubjectFlag};
use crate::dn::{DistinguishedName, UnreadableSubject};
use crate::error::{Advice, printable};
use crate::login::{self, NODE_USER, ROOT_USER};
use crate::output;

/// A subject, and where it comes from.
enum Source {
    /// A certificate, with notes on what the server reads differently.
    Certificate(DistinguishedName, Vec<String>),
    /// The command line.
    Text(DistinguishedName),
}

/// Prints what was asked for.
pub fn run(args: &Subject) -> Result<()> {
    let source = read(&args.subject)?;
    let (Source::Certificate(name, _) | Source::Text(name)) = &source;
    let line = match (&args.sql, args.flag) {
        (Some(user), _) => {
            let user = values::user(OsStr::new(user))?;
            check_role(user.as_str())?;
            name.check_role_subject()?;
            login::server_setting(user.as_str(), name)
        }
        (None, Some(SubjectFlag::Root)) => login::server_setting(ROOT_USER, name),
        (None, Some(SubjectFlag::Node)) => login::server_setting(NODE_USER, name),
        (None, None) => name.to_string(),
    };
    output::print(&(printable(&line) + "\n")).context("could not print the subject")?;
    match &source {
        Source::Certificate(_, notes) => {
            notes.iter().for_each(|note| announce::stderr(&format!("note: {note}")))
        }
        Source::Text(name) if args.flag.is_none() => name.check_role_subject()?,
        Source::Text(_) => {}
    }
    Ok(())
}

/// `root` and `node` have no SUBJECT.
///
/// # Errors
/// The server's own (REFERENCE.md section 5).
pub fn check_role(user: &str) -> Result<()> {
    if matches!(user, ROOT_USER | NODE_USER) {
        let hint = format!("use the --{user}-cert-distinguished-name CLI flag to configure {user}");
        return Err(Advice::new(format!("role \"{user}\" cannot have a SUBJECT"), hint).into());
    }
    Ok(())
}

/// A file, if there is one with this name or it cannot be a DN.
fn read(argument: &OsStr) -> Result<Source> {
    let path = Path::new(argument);
    let text =
        argument.to_str().filter(|text| !path.exists() && (text.contains('=') || text.trim().is_empty()));
    match text {
        Some(text) => Ok(Source::Text(values::distinguished_name("DN", text)?)),
        None => of_certificate(path),
    }
}

fn of_certificate(path: &Path) -> Result<Source> {
    let certificate = CertificateFile::load(path, certificate::NAMED)?;
    match certificate.first.subject {
        Ok(subject) => {
            let notes = subject.peculiarities.iter().map(ToString::to_string).collect();
            Ok(Source::Certificate(subject.name, notes))
        }
        Err(error @ UnreadableSubject::NotJudged { .. }) => bail!("{}: {error}", path.display()),
        Err(error) => bail!("the server cannot read the subject of {}: {error}", path.display()),
    }
}
