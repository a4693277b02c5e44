//! The user of a client certificate, and the tenants it is for.

use std::ffi::OsStr;

use anyhow::{Context, Result, anyhow};

use crate::cli::ScopeArgs;
use crate::command::{announce, values};
use crate::tenant::TenantScope;
use crate::username::Username;

/// The longest common name (RFC 5280 appendix A, ub-common-name), in characters.
const COMMON_NAME_MAX: usize = 64;

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
