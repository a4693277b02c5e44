//! Where a secret goes: a file for its owner alone, or standard output.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::pair::Pair;
use crate::certs_dir::layout::{is_certificate, is_key, is_pending_key};
use crate::certs_dir::{Reading, parent};
use crate::cli::export::OutArgs;
use crate::command::announce;
use crate::error::Advice;
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
    pub fn place(&self, pair: &Pair<'_>, allowed: Option<&str>) -> Result<Out> {
        let Some(file) = self.out.as_deref().filter(|file| *file != "-") else {
            if io::stdout().is_terminal() {
                let hint = "name a file with --out, or send it to a program: | program";
                return Err(Advice::new("a private key is not printed on a terminal", hint).into());
            }
            return Ok(Out::Stdout);
        };
        let path = Path::new(file);
        check_path(&pair.reading, path, allowed)?;
        let owner = self.owner.account()?;
        if let Some(holder) = &pair.holder {
            holder.check_owner(
                path,
                owner,
                "leave --owner out, and look at the file before that account gets it",
            )?;
        }
        let placement = Placement::secret(owner, self.overwrite);
        placement.check(path)?;
        Ok(Out::File(path.to_owned(), placement))
    }
}

/// Refuses the path of a file of the certs directory; but for `allowed`.
///
/// # Errors
/// If it is one.
pub fn check_path(reading: &Reading<'_>, path: &Path, allowed: Option<&str>) -> Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_ours = is_certificate(name) || is_key(name) || is_pending_key(name);
    if is_ours && allowed != Some(name) && is_here(reading, path) {
        let what = format!("--out: {} is a file of the certs directory", path.display());
        return Err(Advice::new(what, "name another file").into());
    }
    Ok(())
}

fn is_here(reading: &Reading<'_>, path: &Path) -> bool {
    Dir::open(parent(path)).is_ok_and(|dir| reading.is_of(&dir))
}

impl Out {
    /// Puts the secret there; `what` is for messages.
    pub fn put(self, what: &str, secret: &[u8]) -> Result<()> {
        match self {
            Self::Stdout => output::print_secret(secret).with_context(|| format!("could not print the {what}")),
            Self::File(path, placement) => {
                output::write_file(&path, secret, placement)?;
                announce::line(&format!("wrote {} (keep it secret)", path.display()));
                log::info!("exported {what} to {}", path.display());
                Ok(())
            }
        }
    }
}
