//! What `apply` works from: the manifest, the CA keys, the flags.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::thread;

use anyhow::{Context as _, Result};

use crate::ca::authority::Authority;
use crate::ca::key::CaKey;
use crate::certs_dir::Reading;
use crate::cli::{Apply, CaKeyArgs};
use crate::command::announce;
use crate::due::Due;
use crate::error::{self, Advice};
use crate::finding::Finding;
use crate::fleet::desired::Folder;
use crate::fleet::plan::{self, SignedBy, Step};
use crate::mint::Signer;
use crate::signing::CommandSigner;
use crate::time;
use crate::usage::Usage;

/// What to do after a failure.
pub const AGAIN: &str = "mend the cause, and run the same command again: it does the rest";

/// The CAs that sign, by their kind.
pub type Signers = BTreeMap<Usage, Signer>;

/// When certificates are due.
pub fn due(args: &Apply) -> Result<Due> {
    Due::parse(&args.renew_within).context("--renew-within")
}

/// How many folders are made at the same time.
pub fn jobs(args: &Apply) -> usize {
    /// Each waits for the disk most of the time, unless it makes RSA keys, which more threads do not slow down.
    const FOR_EACH_CORE: usize = 4;
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    args.jobs.map_or_else(|| FOR_EACH_CORE * cores(), NonZeroUsize::get)
}

/// Who signs.
pub fn signed_by(args: &Apply) -> SignedBy {
    match (args.csr, &args.sign_with.sign_with) {
        (true, _) => SignedBy::Request,
        (false, Some(_)) => SignedBy::Command,
        (false, None) => SignedBy::Key,
    }
}

/// Refuses what would be due again as soon as it is made.
pub fn check_due(folders: &[Folder], due: Due) -> Result<()> {
    let Some((folder, wanted)) = plan::always_due(folders, due) else { return Ok(()) };
    let what = format!(
        "--renew-within: certificates of {} are valid for {}, and would be due again at once ({due})",
        folder.name, wanted.lifetime
    );
    Err(Advice::new(what, "give a shorter time or a part of the lifetime, such as 1/3").into())
}

/// The CAs that are needed, each opened once; refuses what none of them can sign before anything is made.
pub fn signers(args: &Apply, certs_dir: &Reading<'_>, steps: &[Step<'_>], now: i64) -> Result<Signers> {
    // A dry run asks for no passphrase.
    let made = steps.iter().flat_map(Step::made).filter(|_| !args.dry_run);
    let mut findings = Vec::new();
    let signers = load(args, certs_dir, made.map(|(wanted, _)| wanted.name.usage), &mut findings);
    announce::findings(&findings);
    let signers = signers?;
    check_lifetimes(steps, &signers, now)?;
    Ok(signers)
}

/// The CAs for certificates of these kinds.
fn load(
    args: &Apply,
    certs_dir: &Reading<'_>,
    usages: impl Iterator<Item = Usage>,
    findings: &mut Vec<Finding>,
) -> Result<Signers> {
    let mut signers = Signers::new();
    for usage in usages {
        let used = usage.kind().signers.iter().copied().find(|signer| has(certs_dir, *signer));
        let Some(signer) = used.filter(|signer| !signers.contains_key(signer)) else { continue };
        let loaded = match args.sign_with.command()? {
            Some(with) => Signer::Command(Box::new(CommandSigner::load(certs_dir, usage, &with)?)),
            None => {
                let authority = Authority::load(certs_dir, usage, &ca_key(args, signer)?, findings);
                Signer::Ca(Box::new(authority.map_err(|error| naming(error, flag(signer)))?))
            }
        };
        signers.insert(signer, loaded);
    }
    Ok(signers)
}

fn has(certs_dir: &Reading<'_>, usage: Usage) -> bool {
    certs_dir.has(&crate::certs_dir::layout::CertificateName::of(usage).certificate_file())
}

/// The same error, if it says which key to name, with the flag that this is done with here.
fn naming(error: anyhow::Error, flag: &str) -> anyhow::Error {
    match error::hint(&error).and_then(|hint| hint.strip_suffix("--ca-key")) {
        None => error,
        Some(hint) => Advice::new(format!("{error:#}"), format!("{hint}{flag}")).into(),
    }
}

/// The flag that names the key of a CA.
fn flag(ca: Usage) -> &'static str {
    match ca {
        Usage::ClientCa => "--client-ca-key",
        Usage::UiCa => "--ui-ca-key",
        Usage::TenantClientCa => "--tenant-client-ca-key",
        _ => "--ca-key",
    }
}

/// The key of a CA: its own flag, or else `--ca-key`.
fn ca_key(args: &Apply, ca: Usage) -> Result<CaKey> {
    let own = match ca {
        Usage::ClientCa => args.client_ca_key.as_ref(),
        Usage::UiCa => args.ui_ca_key.as_ref(),
        Usage::TenantClientCa => args.tenant_client_ca_key.as_ref(),
        _ => None,
    };
    match own.map(OsString::as_os_str).filter(|own| *own != OsStr::new("")) {
        None => args.ca_key.key(),
        Some(own) => CaKeyArgs { ca_key: own.to_owned(), ..args.ca_key.clone() }.key().context(flag(ca)),
    }
}

/// No certificate is valid longer than its CA.
fn check_lifetimes(steps: &[Step<'_>], signers: &Signers, now: i64) -> Result<()> {
    for (step, wanted) in steps.iter().flat_map(|step| step.made().map(move |(wanted, _)| (step, wanted))) {
        let path = step.folder.name.path().join(wanted.name.certificate_file());
        let request = wanted.request(now).with_context(|| path.display().to_string())?;
        let used = wanted.name.usage.kind().signers.iter().find_map(|signer| signers.get(signer));
        let Some(Signer::Ca(ca)) = used else { continue };
        let end = ca.not_after()?;
        if request.validity.not_after > end {
            let (path, lifetime, ca) = (path.display(), wanted.lifetime, ca.path.display());
            let what = format!(
                "{path} would be valid longer ({lifetime}) than its CA in {ca}, which expires {}",
                time::utc(end)
            );
            let hint = "write a shorter lifetime into the manifest, or renew the CA: create-ca --overwrite";
            return Err(Advice::new(what, hint).into());
        }
    }
    Ok(())
}
