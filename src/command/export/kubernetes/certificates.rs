//! What cert-manager is asked for: one certificate for each secret.

use anyhow::{Context, Result};

use super::asked::Asked;
use super::files::Files;
use crate::certificate::AltName;
use crate::certs_dir::Reading;
use crate::certs_dir::layout::CertificateName;
use crate::cli::export::Kubernetes;
use crate::command::{announce, values};
use crate::duration::Lifetime;
use crate::error::{Advice, shell_word};
use crate::kubernetes::cert_manager;
use crate::kubernetes::name::Subdomain;
use crate::usage::Usage;

/// The name of a secret, and what its certificate is to be.
pub type Wanted = (Subdomain, cert_manager::Asked);

/// What is in the certs directory.
pub fn existing(args: &Kubernetes, asked: &Asked, reading: &Reading<'_>) -> Result<Vec<Wanted>> {
    announce::findings(&reading.findings);
    let files = Files::new(reading, asked, args)?;
    let ask = |(secret, name): (Subdomain, CertificateName)| {
        let file = name.certificate_file();
        let wanted = cert_manager::Asked::of(&files.certificate(&file)?.first).map_err(|why| {
            let path = reading.path(&file);
            let what = format!("cert-manager cannot be asked for {}: {why}", path.display());
            let hint = format!("make it without that, or keep to crdb-cert renew {}", shell_word(&file));
            Advice::new(what, hint)
        })?;
        Ok((secret, wanted))
    };
    asked.certificates(|file| reading.has(file))?.into_iter().map(ask).collect()
}

/// What `create-node`, for the hosts given, and `create-client` would make.
pub fn usual(args: &Kubernetes, asked: &Asked) -> Result<Vec<Wanted>> {
    let hosts = AltName::of_hosts(&values::hosts(&args.host).context("--host")?);
    let node = values::node_user()?;
    let ask = |(secret, name): (Subdomain, CertificateName)| {
        let profile = name.usage.kind().profile;
        let (called, names) = match name.usage {
            Usage::Node => (node.as_str(), hosts.clone()),
            _ => (name.name.as_deref().unwrap_or_default(), Vec::new()),
        };
        let wanted = cert_manager::Asked::usual(profile, called, names, Lifetime::LEAF)?;
        Ok((secret, wanted))
    };
    asked.certificates(|_| false)?.into_iter().map(ask).collect()
}
