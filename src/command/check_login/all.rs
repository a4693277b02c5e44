//! `check-login --all`: for whom every client certificate of the certs directory works.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};

use super::facts;
use super::settings::Server;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::cli::{CheckLogin, Format};
use crate::error::{printable, reason};
use crate::login::{CertificateFacts, Doubt, NODE_USER, Tenant, Verdict, judge, users_to_try};
use crate::output::{self, logins};
use crate::usage::Usage;
use crate::username::Username;

/// Prints the table. The status is 0 if every certificate works for the user of its file, 1 if one does not, and 2 if one
/// cannot be judged.
pub fn run(args: &CheckLogin, server: &Server) -> Result<ExitCode> {
    let (tenant, at) = (super::tenant(args)?, super::at(args)?);
    let ca = facts::client_ca(&server.certs_dir)?;
    let mut rows = Vec::new();
    let mut notes = server.notes();
    notes.push(
        "no SUBJECT of a role is looked at: where one is set, it decides, and the names do not count".into(),
    );
    for (path, owner) in certificates(&server.certs_dir)? {
        let file = match CertificateFile::load(&path, certificate::LEAF) {
            Ok(file) => file,
            Err(error) => {
                let advice = "Mend the file, or remove it.".into();
                let verdict = Verdict::NotJudged(Doubt { why: format!("{error:#}"), advice });
                rows.push(logins::Row { certificate: path, user: owner, verdict });
                continue;
            }
        };
        let facts = facts::of(&file, &ca, at);
        notes.extend(facts::notes(&facts).map(|note| format!("{}: {note}", path.display())));
        for (user, verdict) in verdicts(&facts, server, &tenant, at, &owner) {
            rows.push(logins::Row { certificate: path.clone(), user, verdict });
        }
    }
    let version = server.settings.version;
    let text = match args.format {
        Format::Json => logins::json(&rows, &tenant, version, &notes),
        Format::Text => logins::table(&server.certs_dir, &rows) + &super::postscript(args, version, &notes),
    };
    output::print(&(text + "\n")).context("could not print the logins")?;
    let any = |is: fn(&Verdict) -> bool| rows.iter().any(|row| is(&row.verdict));
    Ok(match () {
        () if any(|verdict| matches!(verdict, Verdict::NotJudged(_))) => ExitCode::from(2),
        () if any(|verdict| matches!(verdict, Verdict::Refused(_))) => ExitCode::FAILURE,
        () => ExitCode::SUCCESS,
    })
}

/// The verdict on the user of the file, then those on others that are no refusals.
fn verdicts(
    facts: &CertificateFacts,
    server: &Server,
    tenant: &Tenant,
    at: i64,
    owner: &str,
) -> Vec<(String, Verdict)> {
    let settings = &server.settings;
    let others = users_to_try(facts, settings).into_iter();
    let others = others.filter(|user| user != owner && user.parse::<Username>().is_ok());
    let verdict = |user: String| {
        let verdict = judge(facts, settings, &user, tenant, at);
        (user, verdict)
    };
    let others = others.map(verdict).filter(|(_, verdict)| !matches!(verdict, Verdict::Refused(_)));
    std::iter::once(verdict(owner.to_owned())).chain(others).collect()
}

/// The client certificates of the directory, and the node's, each with the user of its file.
fn certificates(dir: &Path) -> Result<Vec<(PathBuf, String)>> {
    let failed = |error| {
        anyhow!(
            "could not read the certs directory {}: {}",
            printable(&dir.display().to_string()),
            reason(&error)
        )
    };
    let mut found = Vec::new();
    for entry in dir.read_dir().map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let Some(Ok(name)) = name.to_str().and_then(CertificateName::from_file) else { continue };
        let path = dir.join(name.certificate_file());
        match name.usage {
            Usage::Client => found.extend(name.name.map(|user| (path, user))),
            Usage::Node => found.push((path, NODE_USER.to_owned())),
            _ => {}
        }
    }
    found.sort();
    Ok(found)
}
