//! `check-login`: would the server let a user in with a certificate? (REFERENCE.md section 6)

mod all;
mod handshake;
pub(super) mod settings;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::{announce, values};
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading};
use crate::cli::{CheckLogin, Format};
use crate::error::{Advice, printable};
use crate::login::{Client, NODE_USER, ServerVersion, Tenant, Verdict, judge, judge_rpc};
use crate::output::{self, json};
use crate::tenant::{TenantId, TenantName};
use crate::time;
use crate::usage::Usage;
use handshake::Trusted;
use settings::Server;

/// Prints the verdict; the status is 0 if the login succeeds, 1 if not, and 2 if that cannot be judged.
pub fn run(args: &CheckLogin) -> Result<ExitCode> {
    if args.all {
        return all::run(args, &Server::read(args, None)?);
    }
    let user = match (&args.user, args.rpc) {
        (Some(user), _) => Some(values::user(user)?.as_str().to_owned()),
        (None, true) => None,
        // As with --all=false.
        (None, false) => {
            return Err(Advice::new("no user is named", "name the SQL user, or give --all or --rpc").into());
        }
    };
    let server = Server::read(args, user.as_deref())?;
    let (tenant, at) = (tenant(args)?, at(args)?);
    let certs_dir = CertsDir::open(&server.certs_dir)?;
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let (file, path) = match &args.cert {
        Some(path) => (CertificateFile::load(Path::new(path), certificate::LEAF)?, PathBuf::from(path)),
        None => {
            let file = default_certificate(&reading, user.as_deref().unwrap_or(NODE_USER));
            (CertificateFile::load_in(&reading, &file, certificate::LEAF)?, reading.path(&file))
        }
    };
    let handshake = Trusted::read(&reading)?.handshake(&file, at);
    let settings = server.settings_with(&reading);
    let client = Client { certificate: &file.first, handshake: &handshake };
    let verdict = match &user {
        Some(user) => judge(client, &settings, user, &tenant),
        None => judge_rpc(client, &settings, &tenant),
    };
    let mut notes = server.notes();
    notes.extend(handshake::note(&file));
    let version = server.settings.version;
    let login =
        json::Login { user: user.as_deref(), tenant: &tenant, certificate: &path, version, notes: &notes };
    let text = match args.format {
        Format::Text => format!("{verdict}\n{}", postscript(args, version, &notes)),
        Format::Json => json::verdict(&login, &verdict),
    };
    output::print(&(text + "\n")).context("could not print the verdict")?;
    Ok(status(&verdict))
}

fn status(verdict: &Verdict) -> ExitCode {
    match verdict {
        Verdict::Allowed { .. } => ExitCode::SUCCESS,
        Verdict::Refused(_) => ExitCode::FAILURE,
        Verdict::NotJudged(_) => ExitCode::from(2),
    }
}

/// Whose rules these were, and what else is to be said.
fn postscript(args: &CheckLogin, version: ServerVersion, notes: &[String]) -> String {
    let newest = if args.start.server_version.is_none() { ", the newest known (--server-version)" } else { "" };
    let notes: String = notes.iter().map(|note| format!("\nNOTE: {}", printable(note))).collect();
    format!("VERSION: {version}{newest}{notes}")
}

fn tenant(args: &CheckLogin) -> Result<Tenant> {
    let name = args.tenant_name.as_deref().map(|name| name.parse::<TenantName>().context("--tenant-name"));
    Ok(Tenant {
        id: args.tenant_id.parse::<TenantId>().context("--tenant-id")?.as_u64(),
        name: name.transpose()?.map(|name| name.to_string()),
    })
}

fn at(args: &CheckLogin) -> Result<i64> {
    let Some(text) = &args.at else { return Ok(values::now()) };
    time::parse(text).ok_or_else(|| {
        let hint = "write it as in 2031-11-25T12:00:00Z";
        Advice::new(format!("--at: {text:?} is not a time in RFC 3339 form"), hint).into()
    })
}

fn default_certificate(certs_dir: &Reading<'_>, user: &str) -> String {
    let client = CertificateName::named(Usage::Client, user).certificate_file();
    if user == NODE_USER && !certs_dir.has(&client) {
        return CertificateName::of(Usage::Node).certificate_file();
    }
    client
}
