//! What `apply` says as it goes, and at the end.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result};

use super::inputs::AGAIN;
use crate::cli::{Apply, Format};
use crate::command::announce;
use crate::error::{self, Advice};
use crate::fleet::desired::FolderName;
use crate::fleet::out::Fleet;
use crate::fleet::plan::{Step, Summary};
use crate::interrupts::{Interrupted, Interrupts};
use crate::output;
use crate::output::fleet::{self, Became, Outcome, Stray};
use crate::output::progress::Progress;

/// What became of the folders.
pub struct Report<'a> {
    format: Format,
    prune: bool,
    dry_run: bool,
    out: PathBuf,
    summary: Summary,
    /// Folders, and files in others.
    failed: usize,
    /// The folders that an interruption left as they were.
    pending: usize,
    /// For programs only, which get all at once.
    outcomes: Vec<Outcome<'a>>,
    strays: Vec<Stray>,
}

impl<'a> Report<'a> {
    pub fn new(args: &Apply, out: &Path) -> Self {
        let Apply { format, prune, dry_run, .. } = *args;
        let summary = Summary { asks: args.csr, ..Summary::default() };
        let (outcomes, strays) = (Vec::new(), Vec::new());
        let out = out.to_owned();
        Self { format, prune, dry_run, out, summary, failed: 0, pending: 0, outcomes, strays }
    }

    fn print(&self, text: &str) -> Result<()> {
        text.lines().for_each(|line| log::info!("{line}"));
        match self.format {
            Format::Text => output::print(text).context("could not print what was done"),
            Format::Json => Ok(()),
        }
    }

    /// Warns of a step that is left out; nothing is refused, as there may be no hosts yet.
    pub fn warn(&self, steps: &[Step<'_>]) {
        let rash = steps.iter().filter(|step| step.is_rash()).count();
        if rash > 0 {
            announce::stderr(&format!(
                "warning: a CA that is new to {rash} of {} folders signs certificates in them: hosts that do not trust it yet \
                 refuse these; next time run apply --ca-only first, and copy the folders to all hosts",
                steps.len()
            ));
        }
    }

    /// A folder was made, or would be.
    pub fn made(&self, step: &Step<'_>, progress: &mut Progress) -> Result<()> {
        progress.clear();
        self.print(&fleet::lines(&self.out, step, self.dry_run))
    }

    /// Counts a folder, and says what it waits for.
    pub fn add(&mut self, step: Step<'a>) -> Result<()> {
        self.summary.add(&step);
        self.print(&fleet::waiting(&self.out, &step))?;
        self.outcome(&step.folder.name, Some(step), Became::Done);
        Ok(())
    }

    /// An interruption left this folder as it was.
    pub fn pending(&mut self, step: Step<'a>) {
        self.pending += 1;
        self.outcome(&step.folder.name, Some(step), Became::Pending);
    }

    /// Was a folder left as it was by an interruption?
    pub fn is_interrupted(&self) -> bool {
        self.pending > 0
    }

    /// A folder could not be read or made.
    pub fn failed(&mut self, name: &'a FolderName, step: Option<Step<'a>>, error: Error) {
        let said = format!("{error:#}");
        self.complain(&error.context(self.out.join(name.path()).display().to_string()));
        self.outcome(name, step, Became::Failed(said));
    }

    fn complain(&mut self, error: &Error) {
        error::render(error).lines().for_each(announce::stderr);
        self.failed += 1;
    }

    fn outcome(&mut self, name: &'a FolderName, step: Option<Step<'a>>, became: Became) {
        if self.format == Format::Json {
            self.outcomes.push(Outcome { name, step, became });
        }
    }

    /// Reports folders, and files in others, that the manifest does not name; removes them if asked to.
    pub fn strays(
        &mut self,
        fleet: &Fleet,
        folders: &[FolderName],
        files: &[(FolderName, Vec<String>)],
        interrupts: &Interrupts,
    ) -> Result<()> {
        for (name, file) in files.iter().flat_map(|(name, files)| files.iter().map(move |file| (name, file))) {
            let remove = || interrupts.check().and_then(|()| fleet.remove_file(name, file));
            self.stray(&fleet.path(name).join(file), remove)?;
        }
        for name in folders {
            let mut findings = Vec::new();
            let remove = || interrupts.check().and_then(|()| fleet.remove_folder(name, &mut findings));
            self.stray(&fleet.path(name), remove)?;
            announce::findings(&findings);
        }
        Ok(())
    }

    fn stray(&mut self, path: &Path, remove: impl FnOnce() -> Result<()>) -> Result<()> {
        let removed = if self.prune && !self.dry_run { remove() } else { Ok(()) };
        let error = removed.as_ref().err().map(|error| format!("{error:#}"));
        let is_removed = self.prune && !self.dry_run && removed.is_ok();
        self.strays.push(Stray { path: path.display().to_string(), is_removed, error });
        match removed {
            Ok(()) => self.print(&fleet::stray(path, self.prune, self.dry_run)),
            Err(error) if error.is::<Interrupted>() => {
                self.pending += 1;
                Ok(())
            }
            Err(error) => {
                self.complain(&error);
                Ok(())
            }
        }
    }

    /// The last line, or all of it for programs.
    ///
    /// # Errors
    /// If anything failed, or was interrupted.
    pub fn end(mut self) -> Result<()> {
        self.outcomes.sort_by_key(|outcome| outcome.name);
        let Self { summary, dry_run, failed, pending, .. } = &self;
        match self.format {
            Format::Text => self.print(&fleet::summary(summary, *dry_run))?,
            Format::Json => output::print(&fleet::json(&self.outcomes, &self.strays, summary, *dry_run))
                .context("could not print what was done")?,
        }
        let what = match (failed, pending) {
            (0, 0) => return Ok(()),
            (1, 0) => "1 folder is not as it should be; the others are done".to_owned(),
            (failed, 0) => format!("{failed} folders are not as they should be; the others are done"),
            (failed, pending) => format!("interrupted; folders that are not done: {}", failed + pending),
        };
        let hint = if *pending == 0 { AGAIN } else { "run the same command again: it does the rest" };
        Err(Advice::new(what, hint).into())
    }
}
