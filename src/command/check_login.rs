//! `check-login`: would the server let a user in with a certificate? (REFERENCE.md section 6)

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::announce;
use super::subject::check_role;
use super::values::{self, distinguished_name};
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::{authority, layout::CertificateName};
use crate::cli::{CheckLogin, Format};
use crate::dn::{DistinguishedName, UnreadableSubject};
use crate::error::Advice;
use crate::login::{CertificateFacts, NODE_USER, ServerSettings, Tenant, TlsFacts, judge};
use crate::output;
use crate::pki::inspect::Facts;
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
    let certs_dir = args.dir.path()?;
    let path = args.cert.as_ref().map_or_else(|| default_certificate(&certs_dir, user.as_str()), PathBuf::from);
    let facts = facts(&CertificateFile::load(&path, certificate::LEAF)?, &certs_dir, at)?;
    let verdict = judge(&facts, &settings, user.as_str(), &tenant, at);
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
    Ok(ServerSettings {
        role_subject,
        root_subject: name("--root-cert-distinguished-name", &args.root_cert_distinguished_name)?,
        node_subject: name("--node-cert-distinguished-name", &args.node_cert_distinguished_name)?,
        subject_required: args.subject_required,
        principal_map: args.dir.principal_map()?,
    })
}

fn at(args: &CheckLogin) -> Result<i64> {
    let Some(text) = &args.at else { return Ok(values::now()) };
    time::parse(text).ok_or_else(|| {
        let hint = "write it as in 2031-11-25T12:00:00Z";
        Advice::new(format!("--at: {text:?} is not a time in RFC 3339 form"), hint).into()
    })
}

fn default_certificate(certs_dir: &Path, user: &str) -> PathBuf {
    let client = certs_dir.join(CertificateName::named(Usage::Client, user).certificate_file());
    if user == NODE_USER && !certificate::exists(&client) {
        return certs_dir.join(CertificateName::of(Usage::Node).certificate_file());
    }
    client
}

/// What the rules look at.
fn facts(file: &CertificateFile, certs_dir: &Path, at: i64) -> Result<CertificateFacts> {
    let ca = CertificateFile::load(&authority::certificate_path(certs_dir, Usage::Client), certificate::CA)?;
    let facts = Facts::of(&file.first);
    let common_name = facts.common_name().to_owned();
    let unreadable = match &facts.subject {
        Err(UnreadableSubject::Encoding(why)) => Some(why.clone()),
        _ if !facts.names_are_ascii => Some("x509: a subject alternative name is malformed".to_owned()),
        _ => None,
    };
    let organizational_units = facts.organizational_units().to_vec();
    if let Ok(subject) = &facts.subject {
        for peculiarity in subject.peculiarities.iter().filter(|_| false) {
            announce::stderr(&format!("warning: {peculiarity}"));
        }
    }
    Ok(CertificateFacts {
        tls: TlsFacts {
            unreadable,
            chain: file.chain_to(&ca, at),
            client_auth: facts.client_auth,
            not_before: facts.not_before.unwrap_or(i64::MAX),
            not_after: facts.not_after.unwrap_or(i64::MIN),
        },
        subject: facts.subject.map(|subject| subject.name).map_err(|error| error.to_string()),
        organizational_units,
        common_name,
        dns_names: facts.dns_names,
        uris: facts.uris,
    })
}
