//! `check-login`: would the server let a user in with a certificate? (REFERENCE.md section 6)

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::announce;
use super::subject::check_role;
use super::values::{self, distinguished_name};
use crate::ca::authority;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading};
use crate::cli::{CheckLogin, Format};
use crate::dn::DistinguishedName;
use crate::error::Advice;
use crate::login::chain::{self, Objection, Outcome, Presented};
use crate::login::{CertificateFacts, NODE_USER, ServerSettings, Tenant, judge};
use crate::output;
use crate::pki::verify::OpenSsl;
use crate::tenant::{TenantId, TenantName};
use crate::time;
use crate::usage::Usage;

/// Prints the verdict; the status is 0 if the login succeeds, and 1 if not.
pub fn run(args: &CheckLogin) -> Result<ExitCode> {
    let user = values::user(&args.user)?;
    let settings = settings(args, user.as_str())?;
    let tenant = Tenant {
        id: args.tenant_id.parse::<TenantId>().context("--tenant-id")?.as_u64(),
        name: args
            .tenant_name
            .as_deref()
            .map(|name| name.parse::<TenantName>().context("--tenant-name"))
            .transpose()?
            .map(|name| name.to_string()),
    };
    let at = at(args)?;
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let (file, path) = match &args.cert {
        Some(path) => (CertificateFile::load(Path::new(path), certificate::LEAF)?, PathBuf::from(path)),
        None => {
            let file = default_certificate(&reading, user.as_str());
            (CertificateFile::load_in(&reading, &file, certificate::LEAF)?, reading.path(&file))
        }
    };
    let handshake = handshake(&file, &reading, at)?;
    let verdict = judge(&CertificateFacts::of(&file.first, &handshake), &settings, user.as_str(), &tenant, at);
    if let (true, Outcome::NotJudged(doubt)) = (verdict.is_allowed(), &handshake) {
        return Err(not_judged(doubt));
    }
    let text = match args.format {
        Format::Text => verdict.to_string(),
        Format::Json => output::json::verdict(user.as_str(), &tenant, &path, &verdict),
    };
    output::print(&(text + "\n")).context("could not print the verdict")?;
    Ok(if verdict.is_allowed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the server was told.
fn settings(args: &CheckLogin, user: &str) -> Result<ServerSettings> {
    // An empty one is not set.
    let name = |flag: &str, text: &Option<String>| match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => distinguished_name(flag, text).map(Some),
    };
    let role_subject: Option<DistinguishedName> = name("--role-subject", &args.role_subject)?;
    if let Some(subject) = &role_subject {
        check_role(user).context("--role-subject")?;
        subject.check_role_subject().context("--role-subject")?;
    }
    let values::ServerSettings { principal_map, root_subject, node_subject } = args.dir.server.settings()?;
    let subject_required = args.subject_required;
    Ok(ServerSettings { role_subject, root_subject, node_subject, subject_required, principal_map })
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

/// What the TLS handshake comes to.
fn handshake(file: &CertificateFile, certs_dir: &Reading<'_>, at: i64) -> Result<Outcome> {
    let ca = authority::certificate_file(certs_dir, Usage::Client);
    let mut trusted = CertificateFile::load_in(certs_dir, &ca, certificate::CA)?.into_all();
    let tenants = CertificateName::of(Usage::TenantClientCa).certificate_file();
    if certs_dir.has(&tenants) {
        trusted.extend(CertificateFile::load_in(certs_dir, &tenants, certificate::CA)?.into_all());
    }
    let presented = Presented { leaf: &file.first, intermediates: &file.others, trusted: &trusted };
    Ok(chain::judge(presented, at, &OpenSsl))
}

fn not_judged(doubt: &Objection) -> anyhow::Error {
    let what = format!("not judged: whether the TLS handshake succeeds differs between servers: {doubt}");
    Advice::new(what, "use a certificate without this oddity, such as create-client makes").into()
}
