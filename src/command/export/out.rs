//! Where a secret goes: a file for its owner alone, or standard output.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::certs_dir::layout::{is_certificate, is_key, is_pending_key};
use crate::certs_dir::{Reading, parent};
use crate::cli::export::OutArgs;
use crate::command::announce;
use crate::error::Advice;
use crate::interrupts::Interrupts;
use crate::output;
use crate::store::dir::Dir;
use crate::store::whole::Placement;

/// A place for a secret.
pub enum Out {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf, Placement),
}

impl OutArgs {
    /// The place, as far as that can be told before the work is done. In the certs directory, only `allowed` may be written.
    pub fn place(&self, reading: &Reading<'_>, allowed: Option<&str>) -> Result<Out> {
        self.refuse_terminal("program")?;
        self.place_public(reading, allowed)
    }

    /// Refuses to print a key on a terminal; `program` is where it can go instead.
    pub fn refuse_terminal(&self, program: &str) -> Result<()> {
        if self.file().is_some() || !io::stdout().is_terminal() {
            return Ok(());
        }
        let hint = format!("name a file with --out, or send it to a program: | {program}");
        Err(Advice::new("a private key is not printed on a terminal", hint).into())
    }

    fn file(&self) -> Option<&Path> {
        self.out.as_deref().filter(|file| *file != "-").map(Path::new)
    }

    /// The same for what a terminal may show.
    pub fn place_public(&self, reading: &Reading<'_>, allowed: Option<&str>) -> Result<Out> {
        let Some(path) = self.file() else { return Ok(Out::Stdout) };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_ours = is_certificate(name) || is_key(name) || is_pending_key(name);
        if is_ours && allowed != Some(name) && is_here(reading, path) {
            let what = format!("--out: {} is a file of the certs directory", path.display());
            return Err(Advice::new(what, "name another file").into());
        }
        let placement = Placement::secret(self.owner.account()?, self.overwrite);
        placement.check(path)?;
        Ok(Out::File(path.to_owned(), placement))
    }
}

fn is_here(reading: &Reading<'_>, path: &Path) -> bool {
    Dir::open(parent(path)).is_ok_and(|dir| reading.is_of(&dir))
}

impl Out {
    /// Puts the secret there; `what` is for messages.
    pub fn put(self, what: &str, secret: &[u8]) -> Result<()> {
        self.put_with(what, secret, " (keep it secret)")
    }

    /// Puts it there, with a note for the operator.
    pub fn put_with(self, what: &str, secret: &[u8], note: &str) -> Result<()> {
        match self {
            Self::Stdout => output::print_secret(secret).with_context(|| format!("could not print the {what}")),
            Self::File(path, placement) => {
                // A signal must not leave half of a key behind.
                let interrupts = Interrupts::defer();
                output::write_file(&path, secret, placement)?;
                drop(interrupts);
                announce::line(&format!("created {}{note}", path.display()));
                log::info!("exported {what} to {}", path.display());
                Ok(())
            }
        }
    }
}
