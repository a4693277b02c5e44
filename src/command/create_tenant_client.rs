//! `create-tenant-client`: the certificate by which a tenant's SQL server process talks to the nodes.

use anyhow::{Context, Result};

use super::announce;
use super::named::Named;
use crate::cli::CreateTenantClient;
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
