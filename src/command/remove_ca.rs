//! `remove-ca`: the end of a rotation.

use std::path::Path;

use anyhow::{Context, Result};

use super::{announce, values};
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::removal::{self, File, Removed, Which};
use crate::cli::RemoveCa;
use crate::error::{Advice, printable};
use crate::output;
use crate::time;

/// How many certificates are named that stand in the way.
const NAMED: usize = 10;

/// Removes the certificates, and prints which.
pub fn run(args: &RemoveCa) -> Result<()> {
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let (which, called) =
        if args.old { (Which::Old, "old") } else { (Which::Expired(values::now()), "expired") };
    remove(args, &certs_dir, which, called)
        .with_context(|| format!("failed to remove {called} CA certificates"))
}

fn remove(args: &RemoveCa, certs_dir: &CertsDir, which: Which, called: &str) -> Result<()> {
    let writer = certs_dir.writer(args.owner.account()?);
    if !args.dry_run {
        announce::findings(&writer.prepare(None)?);
    }
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let mut files = removal::find(&reading, which)?;
    drop(reading);
    if which == Which::Old {
        check_needed(args, certs_dir, &files)?;
    }
    files.retain(|file| !file.removed.is_empty());
    let verb = if args.dry_run { "would remove" } else { "removed" };
    let lines: Vec<_> = files
        .iter()
        .flat_map(|file| {
            let path = certs_dir.path().join(&file.file);
            file.removed.iter().map(move |removed| line(verb, &path, removed, which))
        })
        .collect();
    if !args.dry_run && !files.is_empty() {
        let target = |file: &File| Target {
            file: file.file.clone(),
            existing: Existing::ReplaceUnchanged(file.before.clone()),
        };
        let batch: Vec<_> =
            files.into_iter().map(|file| (target(&file), Contents::Certificates(file.after))).collect();
        writer.check(batch.iter().map(|(target, _)| target))?;
        announce::findings(&writer.commit(batch, None)?);
    }
    let text =
        if lines.is_empty() { format!("no {called} CA certificate to remove\n") } else { lines.concat() };
    output::print(&text).context("could not print what was removed")
}

/// No certificate may need what is removed.
fn check_needed(args: &RemoveCa, certs_dir: &CertsDir, files: &[File]) -> Result<()> {
    let mut needing = removal::needing(files, certs_dir.path(), certs_dir)?;
    if let Some(fleet) = &args.fleet {
        for dir in removal::directories(Path::new(fleet)).context("--fleet")? {
            let dir = CertsDir::open(&dir)?;
            let is_same = dir.dir().map_or(Ok(false), |dir| certs_dir.is(dir))?;
            if !is_same {
                needing.extend(removal::needing(files, certs_dir.path(), &dir)?);
            }
        }
    }
    let Some(first) = needing.first() else { return Ok(()) };
    let named = needing.iter().take(NAMED).map(|needing| format!("{} needs {}", needing.path, needing.ca));
    let mut what = named.collect::<Vec<_>>().join(", ");
    if needing.len() > NAMED {
        what += &format!(", and so do {} more", needing.len() - NAMED);
    }
    let (dir, file) = first.path.rsplit_once('/').unwrap_or((".", &first.path));
    let name = file.trim_end_matches(".crt");
    let hint = format!(
        "have the CA in use sign them first: crdb-cert renew {name} --certs-dir={dir} --ca-key=<key of the CA in use>"
    );
    Err(Advice::new(what, hint).into())
}

fn line(verb: &str, path: &Path, removed: &Removed, which: Which) -> String {
    let Removed { position, certificate } = removed;
    let identifier = certificate.subject_key_identifier();
    let identifier = identifier.map_or_else(|| "none".to_owned(), |identifier| identifier.to_string());
    let expires = if matches!(which, Which::Old) { "expires" } else { "expired" };
    let (subject, when) =
        (certificate.subject_text(), certificate.not_after.map(time::utc).unwrap_or_default());
    let text = format!(
        "{}: {verb} certificate {position}: {subject}, key identifier {identifier}, {expires} {when}",
        path.display()
    );
    printable(&text) + "\n"
}
