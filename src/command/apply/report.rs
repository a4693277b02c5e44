//! What `apply` says as it goes, and at the end.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::inputs::AGAIN;
use crate::cli::{Apply, Format};
use crate::command::announce;
use crate::error::Advice;
use crate::fleet::desired::FolderName;
use crate::fleet::out::Fleet;
use crate::fleet::plan::{Step, Summary};
use crate::output;
use crate::output::fleet::{self, Outcome};
use crate::output::progress::Progress;

/// What became of the folders.
pub struct Report<'a> {
    format: Format,
    prune: bool,
    dry_run: bool,
    out: PathBuf,
    summary: Summary,
    failed: usize,
    /// For programs only, which get all at once.
    outcomes: Vec<Outcome<'a>>,
    strays: Vec<String>,
}

impl<'a> Report<'a> {
    pub fn new(args: &Apply, out: &Path) -> Self {
        let Apply { format, prune, dry_run, .. } = *args;
        let (summary, outcomes, strays) = (Summary::default(), Vec::new(), Vec::new());
        Self { format, prune, dry_run, out: out.to_owned(), summary, failed: 0, outcomes, strays }
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

    /// Counts a folder.
    pub fn add(&mut self, step: Step<'a>) {
        self.summary.add(&step);
        if self.format == Format::Json {
            self.outcomes.push(Outcome { name: &step.folder.name, step: Some(step), error: None });
        }
    }

    /// A folder could not be read or made.
    pub fn failed(&mut self, name: &'a FolderName, step: Option<Step<'a>>, error: &anyhow::Error) {
        let error = format!("{error:#}");
        announce::stderr(&format!("ERROR: {}: {error}", self.out.join(name.path()).display()));
        self.failed += 1;
        if self.format == Format::Json {
            self.outcomes.push(Outcome { name, step, error: Some(error) });
        }
    }

    /// Reports folders, and files in others, that the manifest does not name; removes them if asked to.
    pub fn strays(
        &mut self,
        fleet: &Fleet,
        folders: &[FolderName],
        files: &[(FolderName, Vec<String>)],
    ) -> Result<()> {
        for (name, file) in files.iter().flat_map(|(name, files)| files.iter().map(move |file| (name, file))) {
            self.stray(&fleet.path(name).join(file), || fleet.remove_file(name, file))?;
        }
        folders.iter().try_for_each(|name| self.stray(&fleet.path(name), || fleet.remove_folder(name)))
    }

    fn stray(&mut self, path: &Path, remove: impl FnOnce() -> Result<()>) -> Result<()> {
        let removed = if self.prune && !self.dry_run { remove() } else { Ok(()) };
        match removed {
            Ok(()) => {
                self.strays.push(path.display().to_string());
                self.print(&fleet::stray(path, self.prune, self.dry_run))
            }
            Err(error) => {
                announce::stderr(&format!("ERROR: {error:#}"));
                self.failed += 1;
                Ok(())
            }
        }
    }

    /// The last line, or all of it for programs.
    ///
    /// # Errors
    /// If anything failed.
    pub fn end(self) -> Result<()> {
        let Self { summary, dry_run, failed, .. } = &self;
        match self.format {
            Format::Text => self.print(&fleet::summary(summary, *dry_run))?,
            Format::Json => output::print(&fleet::json(&self.outcomes, &self.strays, summary, *dry_run))
                .context("could not print what was done")?,
        }
        match failed {
            0 => Ok(()),
            1 => Err(Advice::new("1 folder is not as it should be; the others are done", AGAIN).into()),
            failed => {
                let what = format!("{failed} folders are not as they should be; the others are done");
                Err(Advice::new(what, AGAIN).into())
            }
        }
    }
}
