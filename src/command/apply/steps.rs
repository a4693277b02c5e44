//! Goes through the folders: what is to be done about each, and doing it.

use std::collections::BTreeMap;

use anyhow::Result;

use super::inputs;
use super::report::Report;
use crate::cli::Apply;
use crate::command::announce;
use crate::finding::Finding;
use crate::fleet::apply::Making;
use crate::fleet::desired::Folder;
use crate::fleet::out::Fleet;
use crate::fleet::plan::{Context, Step};
use crate::interrupts::Interrupted;
use crate::output::progress::Progress;
use crate::threads::each;

/// What is to be done, folder by folder; those that cannot be read are reported.
pub fn plan<'a>(
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
    let (mut steps, mut interrupted) = (Vec::new(), false);
    let done = each(folders, inputs::jobs(args), look, |at, (step, findings)| {
        announce::findings(&findings);
        match step {
            Ok(step) if args.ca_only => steps.push(step.authorities_only()),
            Ok(step) => steps.push(step),
            Err(error) if error.is::<Interrupted>() => interrupted = true,
            Err(error) => report.failed(&folders[at].name, None, error),
        }
        Ok(())
    })?;
    if interrupted || done < folders.len() {
        return Err(Interrupted.into());
    }
    // A folder that is not there has no CA files to bring up to date.
    steps.retain(|step| !args.ca_only || fleet.has(&step.folder.name));
    Ok(steps)
}

/// Does it, and reports each folder.
pub fn make<'a>(
    args: &Apply,
    fleet: &Fleet,
    steps: Vec<Step<'a>>,
    making: &Making<'_>,
    report: &mut Report<'a>,
) -> Result<()> {
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
    for step in steps {
        match results.remove(&step.folder.name) {
            Some(Err(error)) if error.is::<Interrupted>() => report.pending(step),
            Some(Err(error)) => report.failed(&step.folder.name, Some(step), error),
            None if !step.is_done() => report.pending(step),
            _ => report.add(step)?,
        }
    }
    Ok(())
}
