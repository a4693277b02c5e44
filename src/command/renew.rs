//! `renew`: certificates become valid for another while, and say the same as before.

mod hook;
mod old;
mod select;
mod sign;

use anyhow::{Context, Result};

use super::signer::SignedBy;
use super::{announce, values};
use crate::ca::origin::Origin;
use crate::certificate::Certificate;
use crate::certs_dir::CertsDir;
use crate::cli::Renew;
use crate::due::Due;
use crate::error::{Advice, printable};
use crate::{output, time};
use old::Old;

/// Renews what is due, and then runs the command of `--exec`.
pub fn run(args: &Renew) -> Result<()> {
    let lines = renew(args).context("failed to renew certificates")?;
    let is_done = !lines.is_empty() && !args.dry_run;
    let printed = output::print(&lines.concat()).context("could not print what was renewed");
    // The servers need the command, whoever reads what is printed.
    if let Some(command) = args.exec.as_ref().filter(|_| is_done) {
        hook::run(command)?;
    }
    printed
}

/// What there is to say, a line for each certificate.
fn renew(args: &Renew) -> Result<Vec<String>> {
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let rule = args.if_due.as_deref().map(values::due).transpose()?;
    let lifetime = args.lifetime.as_deref().map(values::lifetime).transpose()?;
    let writer = certs_dir.writer(args.owner.account()?);
    let is_named = args.ca_key.is_named() || args.sign_with.sign_with.is_some();
    let signed_by = is_named.then(|| SignedBy::of(&args.ca_key, &args.sign_with)).transpose()?;
    let elsewhere = matches!(signed_by, Some(SignedBy::Command(_)));
    if !args.dry_run {
        announce::findings(&writer.prepare(signed_by.as_ref().and_then(SignedBy::file))?);
    }
    let (reading, now) = (certs_dir.read(), values::now());
    announce::findings(&reading.findings);
    let names = select::select(&certs_dir, &reading, &args.names)?;
    let all = names.into_iter().map(|name| Old::read(&reading, name)).collect::<Result<Vec<_>>>()?;
    if !args.dry_run && signed_by.is_none() && all.iter().any(|old| !old.name.usage.kind().signers.is_empty()) {
        // Not only on the day when something is due.
        args.ca_key.key()?;
    }
    let is_due = |old: &Old<'_>| rule.is_none_or(|rule| is_due(rule, &old.certificate, now));
    let (due, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_due);
    let due = own(due, args)?;
    let requests = due
        .iter()
        .map(|old| old.request(now, lifetime, args.keep_key, elsewhere))
        .collect::<Result<Vec<_>>>()?;
    if args.dry_run {
        let would = due.iter().map(|old| line(old, "would be renewed, expires", old.certificate.not_after));
        let others = others.iter().map(|old| line(old, "not due, expires", old.certificate.not_after));
        return Ok(would.chain(others).collect());
    }
    if due.is_empty() {
        announce::line("nothing is due");
        return Ok(Vec::new());
    }
    let targets: Vec<_> = due.iter().map(|old| old.targets(args.keep_key)).collect();
    writer.check(targets.iter().flatten())?;
    let minted = sign::sign(&reading, &due, requests, signed_by.as_ref())?;
    let files = targets.into_iter().zip(&minted).map(|(targets, minted)| sign::files(targets, minted));
    let batch = files.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    announce::findings(&writer.commit(batch, None)?);
    for (old, new) in due.iter().zip(&minted) {
        log::info!("renewed {} certificate: {}", old.name.usage.kind().noun, old.path());
        if let Some(rule) = rule.filter(|rule| self::is_due(*rule, &new.certificate, now)) {
            log::warn!(
                "{} is due again at once, by --if-due={rule}: give a longer --lifetime, or a shorter --if-due",
                old.path()
            );
        }
    }
    let renewed = due.iter().zip(&minted);
    Ok(renewed.map(|(old, new)| line(old, "renewed, expires", new.certificate.not_after)).collect())
}

fn is_due(rule: Due, certificate: &Certificate, now: i64) -> bool {
    // What has no valid times is refused later, by name.
    let times = certificate.not_before.zip(certificate.not_after);
    times.is_none_or(|(not_before, not_after)| rule.is_due(not_before, not_after, now))
}

/// Those that this directory's CAs signed. Others are refused where they are named, and otherwise passed over:
/// a DB Console may have a certificate of a public CA.
fn own<'a>(due: Vec<Old<'a>>, args: &Renew) -> Result<Vec<Old<'a>>> {
    let mut own = Vec::new();
    for old in due {
        let origin = old.origin()?;
        if origin == Origin::Foreign && args.names.is_empty() {
            log::warn!("{}: not renewed, as no CA of this directory signed it", old.path());
            continue;
        }
        old.check_origin(origin)?;
        own.push(old);
    }
    if own.is_empty() && args.if_due.is_none() {
        let hint = "name the certs directory that they belong to: --certs-dir=<directory>";
        return Err(Advice::new("no certificate was signed by a CA of this directory", hint).into());
    }
    Ok(own)
}

fn line(old: &Old<'_>, verb: &str, not_after: Option<i64>) -> String {
    let expires = not_after.map(time::utc).unwrap_or_default();
    printable(&format!("{}: {verb} {expires}", old.path())) + "\n"
}
