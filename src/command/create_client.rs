//! `create-client`: a user's client certificate and key.

use anyhow::{Context, Result, anyhow};

use super::{announce, values, values::expected_subject};
use crate::certificate::AltName;
use crate::certs_dir::layout::CertificateName;
use crate::cli::CreateClient;
use crate::error::Advice;
use crate::login;
use crate::tenant::TenantScope;
use crate::usage::Usage;
use crate::username::Username;

/// The longest common name (RFC 5280 appendix A, ub-common-name), in characters.
const COMMON_NAME_MAX: usize = 64;

/// Makes the user's certificate.
pub fn run(args: &CreateClient) -> Result<()> {
    create(args).with_context(|| Usage::Client.kind().failure())
}

fn create(args: &CreateClient) -> Result<()> {
    let user = user(args)?;
    check_subject(args.leaf.new.subject.as_deref())?;
    let ids =
        args.tenant_scope.iter().map(|id| id.trim().parse().map(TenantScope::Id).context("--tenant-scope"));
    let names = args
        .tenant_name_scope
        .iter()
        .map(|name| name.trim().parse().map(TenantScope::Name).context("--tenant-name-scope"));
    let mut scopes = Vec::new();
    for scope in ids.chain(names) {
        let scope = scope?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let name = CertificateName::named(Usage::Client, user.as_str());
    let names = scopes.iter().map(|scope| AltName::Uri(scope.uri(&user))).collect();
    let certificate = args.leaf.create(name, user.as_str(), names, args.also_generate_pkcs8_key)?;
    if args.leaf.new.subject.is_some() {
        announce::other_users(user.as_str(), &certificate);
        announce::server_setting(user.as_str(), &certificate);
    }
    Ok(())
}

/// No server lets a user in with a subject that marks tenants' certificates (REFERENCE.md section 6, rule 3).
fn check_subject(asked: Option<&str>) -> Result<()> {
    let Some(subject) = expected_subject("--subject", asked)? else { return Ok(()) };
    if login::is_tenants(&subject) {
        let hint = "leave OU=Tenants out of --subject, or use create-tenant-client";
        return Err(Advice::new(
            "--subject: servers refuse it as a tenant client certificate (OU=Tenants)",
            hint,
        )
        .into());
    }
    Ok(())
}

fn user(args: &CreateClient) -> Result<Username> {
    if !args.disable_username_validation {
        return values::user(&args.user);
    }
    let text = values::text("username", &args.user)?;
    let (user, valid) = Username::unvalidated(text).map_err(values::with_username_hint)?;
    if !valid {
        let length = user.as_str().chars().count();
        if length > COMMON_NAME_MAX {
            return Err(anyhow!(
                "the identity has {length} characters, and a certificate's common name has at most {COMMON_NAME_MAX}"
            ));
        }
        announce::stderr(&format!("warning: the specified identity \"{text}\" is not a valid SQL username."));
        announce::stderr(
            "Before it can be used to log in, an identity map rule will need to be set on the server.",
        );
    }
    Ok(user)
}
