//! `remove-expired-ca`: the end of a rotation.

use std::path::Path;

use anyhow::{Context, Result};

use super::values;
use crate::certs_dir::commit::{self, Contents, Existing, Plan, Target};
use crate::certs_dir::expired::{self, Expired};
use crate::cli::RemoveExpiredCa;
use crate::error::printable;
use crate::output;
use crate::time;

/// Removes the certificates, and says which.
pub fn run(args: &RemoveExpiredCa) -> Result<()> {
    let certs_dir = args.dir.path()?;
    remove(args, &certs_dir).context("failed to remove expired CA certificates")
}

fn remove(args: &RemoveExpiredCa, certs_dir: &Path) -> Result<()> {
    if !args.dry_run {
        commit::prepare(certs_dir)?;
    }
    let files = expired::find(certs_dir, values::now())?;
    let verb = if args.dry_run { "would remove" } else { "removed" };
    let lines: Vec<_> =
        files.iter().flat_map(|file| file.certificates.iter().map(|one| line(verb, &file.path, one))).collect();
    if !args.dry_run && !files.is_empty() {
        let target = |file: &expired::File| Target {
            path: file.path.clone(),
            existing: Existing::ReplaceUnchanged(file.before.clone()),
        };
        let plan = Plan::new(certs_dir, files.iter().map(target).collect())?;
        plan.commit(files.into_iter().map(|file| Contents::Certificates(file.after)).collect())?;
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
