//! Where what is exported goes: a file for its owner alone, or standard output.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::pair::Pair;
use crate::certs_dir::batch::Holder;
use crate::certs_dir::layout::{is_certificate, is_key, is_pending_key};
use crate::certs_dir::{Reading, parent};
use crate::cli::export::OutArgs;
use crate::command::announce;
use crate::error::Advice;
use crate::output;
use crate::store::dir::{Dir, Owner};
use crate::store::whole::Placement;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// There is a key in it.
    Secret,
    /// Anybody may see it.
    Public,
}

/// Where it goes: a file, or standard output.
pub struct Out {
    content: Content,
    file: Option<(PathBuf, Placement)>,
    owner: Option<Owner>,
}

impl OutArgs {
    /// The place for a pair's key; in the certs directory, only `allowed` may be written.
    ///
    /// # Errors
    /// As those of [`Self::place`], or if the key must not go to the owner of the file.
    pub fn place_key(&self, pair: &Pair<'_>, allowed: Option<&str>) -> Result<Out> {
        let out = self.place(Content::Secret, Some(&pair.reading), allowed)?;
        out.check_holder(pair.holder.as_ref())?;
        Ok(out)
    }

    /// The place, as far as that can be told before the work is done. In the certs directory, if it is read,
    /// only `allowed` may be written.
    ///
    /// # Errors
    /// If standard output is a terminal and the content secret, or the file cannot be there.
    pub fn place(
        &self,
        content: Content,
        certs_dir: Option<&Reading<'_>>,
        allowed: Option<&str>,
    ) -> Result<Out> {
        let Some(file) = self.out.as_deref().filter(|file| *file != "-") else {
            if content == Content::Secret && io::stdout().is_terminal() {
                let hint = "name a file with --out, or send it to a program: | program";
                return Err(Advice::new("a private key is not printed on a terminal", hint).into());
            }
            return Ok(Out { content, file: None, owner: None });
        };
        let path = Path::new(file);
        certs_dir.map_or(Ok(()), |certs_dir| check_path(certs_dir, path, allowed))?;
        let owner = self.owner.account()?;
        let placement = Placement::secret(owner, self.overwrite);
        placement.check(path)?;
        Ok(Out { content, file: Some((path.to_owned(), placement)), owner })
    }
}

/// Refuses the path of a file of the certs directory; but for `allowed`.
///
/// # Errors
/// If it is one.
fn check_path(reading: &Reading<'_>, path: &Path, allowed: Option<&str>) -> Result<()> {
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
    /// Refuses to give a key to the owner of the file where somebody else may have put it in its place.
    ///
    /// # Errors
    /// If `holder`, whose key it is, is another account.
    pub fn check_holder(&self, holder: Option<&Holder>) -> Result<()> {
        let hint = "leave --owner out, and look at the file before that account gets it";
        match (&self.file, holder) {
            (Some((path, _)), Some(holder)) => holder.check_owner(path, self.owner, hint),
            _ => Ok(()),
        }
    }

    /// Puts the content there; `what` is for messages.
    pub fn put(self, what: &str, contents: &[u8]) -> Result<()> {
        let Some((path, placement)) = self.file else {
            return output::print_secret(contents).with_context(|| format!("could not print the {what}"));
        };
        output::write_file(&path, contents, placement)?;
        let keep = if self.content == Content::Secret { " (keep it secret)" } else { "" };
        announce::line(&format!("created {}{keep}", path.display()));
        log::info!("exported {what} to {}", path.display());
        Ok(())
    }
}
