//! `create-client`: a user's client certificate and key.

use std::ffi::OsStr;

use anyhow::{Context, Result, anyhow};

use super::named::Named;
use super::{announce, values, values::expected_subject};
use crate::cli::{CreateClient, ScopeArgs};
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
    let Named { name, called, alt_names, .. } = Named::client(&args.user, &args.scope)?;
    check_subject(args.leaf.new.subject.as_deref())?;
    let certificate = args.leaf.create(name, &called, alt_names, args.also_generate_pkcs8_key)?;
    if args.leaf.new.subject.is_some() {
        announce::other_users(&called, &certificate);
        announce::server_setting(&called, &certificate);
    }
    Ok(())
}

/// The tenants that flags name, each once.
pub fn scopes(args: &ScopeArgs) -> Result<Vec<TenantScope>> {
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
    Ok(scopes)
}

/// No server lets a user in with a subject that marks tenants' certificates (REFERENCE.md section 6, rule 3).
pub fn check_subject(asked: Option<&str>) -> Result<()> {
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

/// A SQL user, or with `unvalidated` any identity that can be in a certificate.
pub fn user(argument: &OsStr, unvalidated: bool) -> Result<Username> {
    if !unvalidated {
        return values::user(argument);
    }
    let text = values::text("username", argument)?;
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
