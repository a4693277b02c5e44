//! `create-client`: a user's client certificate and key.

use anyhow::{Context, Result};

use super::named::Named;
use super::{announce, values::expected_subject};
use crate::cli::CreateClient;
use crate::error::Advice;
use crate::login;
use crate::usage::Usage;

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
