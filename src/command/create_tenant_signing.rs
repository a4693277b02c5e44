//! `create-tenant-signing`: the key that signs the tokens of a tenant's sessions.

use anyhow::{Context, Result};

use super::leaf;
use super::values;
use crate::certs_dir::layout::CertificateName;
use crate::cli::CreateTenantSigning;
use crate::pki::key::KeySpec;
use crate::usage::Usage;

/// Makes the signing key, and a certificate that it signs itself.
pub fn run(args: &CreateTenantSigning) -> Result<()> {
    create(args).with_context(|| Usage::TenantSigning.kind().failure())
}

fn create(args: &CreateTenantSigning) -> Result<()> {
    let id = values::tenant_id(&args.id)?.to_string();
    let placement = args.new.placement(false)?;
    let name = CertificateName::named(Usage::TenantSigning, &id);
    let request = args.new.request(name, &id, Vec::new(), KeySpec::Ed25519)?;
    leaf::create(request, &placement, None)?;
    Ok(())
}
