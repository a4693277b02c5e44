//! `apply`: the folders of a whole cluster, from its description.

pub(super) mod inputs;
mod report;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

use super::{announce, values};
use crate::certs_dir::CertsDir;
use crate::cli::Apply;
use crate::finding::Finding;
use crate::fleet::apply::{Making, each};
use crate::fleet::desired::{self, Folder};
use crate::fleet::look;
use crate::fleet::out::Fleet;
use crate::fleet::plan::{self, Context, Step};
use crate::interrupts::Interrupts;
use crate::output::progress::Progress;
use crate::pki::verify::OpenSsl;
use crate::usage::Usage;
use report::Report;

/// Makes what is missing, changed, broken or due.
pub fn run(args: &Apply) -> Result<()> {
    apply(args).context("failed to apply the manifest")
}

fn apply(args: &Apply) -> Result<()> {
    let due = inputs::due(args)?;
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let manifest = inputs::manifest(&args.manifest, "nothing was made")?;
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let authorities = look::authorities(&reading)?;
    let folders = desired::folders(&manifest, authorities.0.contains_key(&Usage::ClientCa));
    inputs::check_due(&folders, due)?;
    let context = Context { authorities: &authorities, due, now: values::now(), signatures: &OpenSsl };
    let out = inputs::out(args)?;
    let fleet = if args.dry_run { Fleet::open(&out) } else { Fleet::open_for_writing(&out) }?;
    announce::findings(&fleet.findings());
    let strays = plan::strays(&folders, fleet.folders()?);
    let mut report = Report::new(args, &out);

    let steps = plan(args, &fleet, &folders, &context, &mut report)?;
    report.warn(&steps);
    let files: Vec<_> = steps.iter().map(|step| (step.folder.name.clone(), step.strays.clone())).collect();
    let making = Making { context: &context, signers: inputs::signers(args, &reading, &steps, context.now)? };
    // From here on all that is done is said, and the lock removed.
    let _interrupts = Interrupts::defer();
    let is_whole = make(args, &fleet, steps, &making, &mut report)?;
    if is_whole && !args.ca_only {
        report.strays(&fleet, &strays, &files)?;
    }
    drop(fleet);
    report.end()
}

/// What is to be done, folder by folder; those that cannot be read are reported.
fn plan<'a>(
    args: &Apply,
    fleet: &Fleet,
    folders: &'a [Folder],
    context: &Context<'_>,
    report: &mut Report<'a>,
) -> Result<Vec<Step<'a>>> {
    let look = |folder: &'a Folder| {
        let mut findings = Vec::new();
        (fleet.plan(folder, context, &mut findings), findings)
    };
    let mut steps = Vec::new();
    let done = each(folders, inputs::jobs(args), look, |at, (step, findings)| {
        announce::findings(&findings);
        match step {
            Ok(step) if args.ca_only => steps.push(step.authorities_only()),
            Ok(step) => steps.push(step),
            Err(error) => report.failed(&folders[at].name, None, error),
        }
        Ok(())
    })?;
    if done < folders.len() {
        bail!("interrupted; nothing was changed");
    }
    // A folder that is not there has no CA files to bring up to date.
    steps.retain(|step| !args.ca_only || fleet.has(&step.folder.name));
    Ok(steps)
}

/// Does it, and reports each folder. Says whether it got to the end.
fn make<'a>(
    args: &Apply,
    fleet: &Fleet,
    steps: Vec<Step<'a>>,
    making: &Making<'_>,
    report: &mut Report<'a>,
) -> Result<bool> {
    let todo: Vec<_> = steps.iter().filter(|step| !step.is_done()).collect();
    let (mut progress, mut shown) = (Progress::of(todo.len()), 0);
    let work = |step: &&Step<'_>| -> (Result<()>, Vec<Finding>) {
        let mut findings = Vec::new();
        let made = if args.dry_run { Ok(()) } else { fleet.make(step, making, &mut findings) };
        (made, findings)
    };
    // What becomes of the folders in which there is something to do.
    let mut results = BTreeMap::new();
    each(&todo, inputs::jobs(args), work, |at, (made, findings)| {
        shown += 1;
        announce::findings(&findings);
        if made.is_ok() {
            report.made(todo[at], &mut progress)?;
        }
        results.insert(todo[at].folder.name.clone(), made);
        progress.show(shown);
        Ok(())
    })?;
    drop(progress);
    if !args.dry_run {
        fleet.sync()?;
    }
    let is_whole = results.len() == todo.len();
    for step in steps {
        match results.remove(&step.folder.name) {
            Some(Err(error)) => report.failed(&step.folder.name, Some(step), error),
            None if !step.is_done() => report.pending(step),
            _ => report.add(step),
        }
    }
    Ok(is_whole)
}
