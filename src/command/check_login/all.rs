//! `check-login --all`: which users each client certificate of the certs directory works for.

use std::process::ExitCode;

use anyhow::{Context, Result};

use super::handshake::{self, Trusted};
use super::settings::Server;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::{CertsDir, Reading, scan};
use crate::cli::{CheckLogin, Format};
use crate::command::announce;
use crate::login::{Client, Doubt, NODE_USER, ServerSettings, Tenant, Verdict, judge, users_to_try};
use crate::output::{self, logins};
use crate::usage::Usage;
use crate::username::Username;

/// Prints the table. The status is 0 if every certificate works for the user of its file, 1 if one does not,
/// and 2 if one cannot be judged.
pub fn run(args: &CheckLogin, server: &Server) -> Result<ExitCode> {
    let (tenant, at) = (super::tenant(args)?, super::at(args)?);
    let certs_dir = CertsDir::open(&server.certs_dir)?;
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let trusted = Trusted::read(&reading)?;
    let settings = server.settings_with(&reading);
    let mut rows = Vec::new();
    let mut notes = server.notes();
    notes.push("role SUBJECTs are not checked; where a role has one, it alone decides".into());
    for (file, owner) in certificates(&certs_dir, &reading)? {
        let path = reading.path(&file);
        let verdicts = match CertificateFile::load_in(&reading, &file, certificate::LEAF) {
            Ok(file) => {
                notes.extend(handshake::note(&file).map(|note| format!("{}: {note}", path.display())));
                let handshake = trusted.handshake(&file, at);
                let client = Client { certificate: &file.first, handshake: &handshake };
                verdicts(client, &settings, &tenant, owner)
            }
            Err(error) => {
                let advice = "Mend the file, or remove it.".into();
                vec![(owner, Verdict::NotJudged(Doubt { why: format!("{error:#}"), advice }))]
            }
        };
        let row = |(user, verdict)| logins::Row { certificate: path.clone(), user, verdict };
        rows.extend(verdicts.into_iter().map(row));
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
    client: Client<'_>,
    settings: &ServerSettings,
    tenant: &Tenant,
    owner: String,
) -> Vec<(String, Verdict)> {
    let others = users_to_try(client.certificate, settings).into_iter();
    let others = others.filter(|user| *user != owner && user.parse::<Username>().is_ok());
    let verdict = |user: String| {
        let verdict = judge(client, settings, &user, tenant);
        (user, verdict)
    };
    let others: Vec<_> =
        others.map(verdict).filter(|(_, verdict)| !matches!(verdict, Verdict::Refused(_))).collect();
    std::iter::once(verdict(owner)).chain(others).collect()
}

/// The client certificates of the directory, and the node's, each with the user of its file.
fn certificates(certs_dir: &CertsDir, reading: &Reading<'_>) -> Result<Vec<(String, String)>> {
    let mut findings = Vec::new();
    let names = scan::certificates(certs_dir, reading, &mut findings)?.into_iter();
    let owned = names.filter_map(|name| {
        let file = name.certificate_file();
        match name.usage {
            Usage::Client => Some((file, name.name?)),
            Usage::Node => Some((file, NODE_USER.to_owned())),
            _ => None,
        }
    });
    let owned = owned.collect();
    announce::findings(&findings);
    Ok(owned)
}
