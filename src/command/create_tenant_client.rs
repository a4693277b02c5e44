//! `create-tenant-client`: the certificate by which a tenant's SQL server process talks to the nodes.

use std::ffi::OsString;

use anyhow::{Context, Result};

use super::named::Named;
use super::{announce, values};
use crate::cli::CreateTenantClient;
use crate::host::Host;
use crate::tenant::DEFAULT_HOSTS;
use crate::usage::Usage;

/// Makes the tenant's certificate.
pub fn run(args: &CreateTenantClient) -> Result<()> {
    create(args).with_context(|| Usage::TenantClient.kind().failure())
}

fn create(args: &CreateTenantClient) -> Result<()> {
    let Named { name, called, alt_names, hosts } = Named::tenant_client(&args.id, &args.hosts)?;
    args.leaf.create(name, &called, alt_names, false)?;
    announce::wildcards(&hosts);
    Ok(())
}

/// Where the SQL server is reached.
pub fn hosts(arguments: &[OsString]) -> Result<Vec<Host>> {
    if arguments.is_empty() {
        log::warn!("no server address(es) specified, defaulting to {}", DEFAULT_HOSTS.join(", "));
        return values::hosts(&DEFAULT_HOSTS.map(OsString::from));
    }
    values::hosts(arguments)
}
