//! `apply`: the folders of a whole cluster, from its description.

mod inputs;
mod report;
mod steps;

use anyhow::{Context as _, Result};

use super::{announce, manifest, values};
use crate::certs_dir::CertsDir;
use crate::cli::Apply;
use crate::fleet::apply::Making;
use crate::fleet::desired;
use crate::fleet::look;
use crate::fleet::out::Fleet;
use crate::fleet::plan::{self, Context};
use crate::interrupts::Interrupts;
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
    let manifest = manifest::read(&args.manifest, "nothing was made")?;
    let signed_by = inputs::signed_by(args);
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let authorities = look::authorities(&reading, signed_by)?;
    let folders = desired::folders(&manifest, authorities.0.contains_key(&Usage::ClientCa));
    inputs::check_due(&folders, due)?;
    let now = values::now();
    let context = Context { signed_by, authorities: &authorities, due, now, signatures: &OpenSsl };
    let out = values::fleet(&args.out)?;
    let fleet = if args.dry_run { Fleet::open(&out) } else { Fleet::open_for_writing(&out) }?;
    announce::findings(&fleet.findings());
    let strays = plan::strays(&folders, fleet.folders()?);
    let mut report = Report::new(args, &out);

    let steps = steps::plan(args, &fleet, &folders, &context, &mut report)?;
    report.warn(&steps);
    let files: Vec<_> = steps.iter().map(|step| (step.folder.name.clone(), step.strays.clone())).collect();
    let making = Making { context: &context, signers: inputs::signers(args, &reading, &steps, context.now)? };
    // From here on all that is done is said, and the lock removed.
    let interrupts = Interrupts::defer();
    steps::make(args, &fleet, steps, &making, &mut report)?;
    if !report.is_interrupted() && !args.ca_only {
        report.strays(&fleet, &strays, &files, &interrupts)?;
    }
    drop(fleet);
    report.end()
}
