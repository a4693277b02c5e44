//! `create-tenant-client`: the certificate by which a tenant's SQL server process talks to the nodes.

use std::ffi::OsString;

use anyhow::{Context, Result};

use super::{announce, values};
use crate::certificate::AltName;
use crate::certs_dir::layout::CertificateName;
use crate::cli::CreateTenantClient;
use crate::tenant::DEFAULT_HOSTS;
use crate::usage::Usage;

/// Makes the tenant's certificate.
pub fn run(args: &CreateTenantClient) -> Result<()> {
    create(args).with_context(|| Usage::TenantClient.kind().failure())
}

fn create(args: &CreateTenantClient) -> Result<()> {
    let id = values::tenant_id(&args.id)?.to_string();
    let hosts = if args.hosts.is_empty() {
        log::warn!("no server address(es) specified, defaulting to {}", DEFAULT_HOSTS.join(", "));
        values::hosts(&DEFAULT_HOSTS.map(OsString::from))?
    } else {
        values::hosts(&args.hosts)?
    };
    let name = CertificateName::named(Usage::TenantClient, &id);
    args.leaf.create(name, &id, AltName::of_hosts(&hosts), false)?;
    announce::wildcards(&hosts);
    Ok(())
}
