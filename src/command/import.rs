//! `import`: certificates from a CA elsewhere come into the certs directory, if they are what was asked for and
//! will work.

mod answer;
mod arrival;
mod check;
mod keys;
mod roots;

use anyhow::{Context, Result};

use super::announce;
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Contents, Target};
use crate::cli::Import;
use crate::error::printable;
use crate::output;
use answer::Answer;
use arrival::Arrival;
use roots::Roots;

/// Puts all of it in place, or nothing.
pub fn run(args: &Import) -> Result<()> {
    import(args).context("failed to import certificates")
}

fn import(args: &Import) -> Result<()> {
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let writer = certs_dir.writer(args.owner.account()?);
    let wanted = keys::wanted(args)?;
    let answer = Answer::read(args)?;
    if !args.dry_run {
        announce::findings(&writer.prepare(None)?);
    }
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let found = keys::find(&certs_dir, &reading, wanted.as_ref(), &answer)?;
    let arrivals = found.into_iter().map(|found| Arrival::of(&reading, found, &answer));
    let arrivals = arrivals.collect::<Result<Vec<_>>>()?;
    let roots = Roots::of(&reading, &arrivals, args.add_root)?;
    let mut batch = Vec::new();
    for arrival in &arrivals {
        batch.extend(arrival.files(&reading, args)?);
    }
    batch.extend(roots.files());
    // What is no longer needed goes last.
    batch.sort_by_key(|(_, contents)| matches!(contents, Contents::Gone(_)));
    writer.check_batch(&batch)?;
    check::check(&certs_dir, args, &arrivals, &roots, &batch)?;
    let unused = arrival::unused(&arrivals, &answer);
    for other in unused {
        announce::stderr(&format!("note: not needed, and left out: {}", other.subject_text()));
    }
    roots.tell();
    if args.dry_run {
        let lines = batch.iter().map(|file| would(&certs_dir, file)).collect::<String>();
        return output::print(&lines).context("could not print what would be imported");
    }
    let lines: Vec<_> = arrivals.iter().map(|arrival| arrival.line(&certs_dir)).collect();
    announce::findings(&writer.commit(batch, None)?);
    lines.iter().for_each(|line| announce::line(line));
    for arrival in &arrivals {
        let path = certs_dir.path().join(arrival.name().certificate_file());
        log::info!("imported {} certificate: {}", arrival.name().usage.kind().noun, path.display());
    }
    Ok(())
}

/// What a file of the batch would come to.
fn would(certs_dir: &CertsDir, (Target { file, .. }, contents): &(Target, Contents)) -> String {
    let what = match contents {
        Contents::Gone(_) => "would remove",
        Contents::Key(_) | Contents::OldKey(..) => "would write the key",
        Contents::Certificates(_) | Contents::Request(_) => "would write",
    };
    printable(&format!("{what} {}", certs_dir.path().join(file).display())) + "\n"
}
