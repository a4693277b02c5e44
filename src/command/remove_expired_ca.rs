//! `remove-expired-ca`: the end of a rotation.

use std::path::Path;

use anyhow::{Context, Result};

use super::{announce, values};
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::expired::{self, Expired};
use crate::cli::RemoveExpiredCa;
use crate::error::printable;
use crate::output;
use crate::time;

/// Removes the certificates, and prints which.
pub fn run(args: &RemoveExpiredCa) -> Result<()> {
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    remove(args, &certs_dir).context("failed to remove expired CA certificates")
}

fn remove(args: &RemoveExpiredCa, certs_dir: &CertsDir) -> Result<()> {
    let writer = certs_dir.writer(args.owner.account()?);
    if !args.dry_run {
        announce::findings(&writer.prepare(None)?);
    }
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let files = expired::find(&reading, values::now())?;
    drop(reading);
    let verb = if args.dry_run { "would remove" } else { "removed" };
    let lines: Vec<_> = files
        .iter()
        .flat_map(|file| {
            file.certificates.iter().map(|one| line(verb, &certs_dir.path().join(&file.file), one))
        })
        .collect();
    if !args.dry_run && !files.is_empty() {
        let target = |file: &expired::File| Target {
            file: file.file.clone(),
            existing: Existing::ReplaceUnchanged(file.before.clone()),
        };
        let batch: Vec<_> =
            files.into_iter().map(|file| (target(&file), Contents::Certificates(file.after))).collect();
        writer.check(batch.iter().map(|(target, _)| target))?;
        announce::findings(&writer.commit(batch, None)?);
    }
    let text =
        if lines.is_empty() { "no expired CA certificate to remove\n".to_owned() } else { lines.concat() };
    output::print(&text).context("could not print what was removed")
}

fn line(verb: &str, path: &Path, expired: &Expired) -> String {
    let Expired { position, subject, key_identifier, not_after } = expired;
    let when = time::utc(*not_after);
    let text = format!(
        "{}: {verb} certificate {position}: {subject}, key identifier {key_identifier}, expired {when}",
        path.display()
    );
    printable(&text) + "\n"
}
