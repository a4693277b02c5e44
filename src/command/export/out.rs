//! Where what is exported goes: a file for its owner alone, or standard output.

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
}

impl OutArgs {
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
            return Ok(Out { content, file: None });
        };
        let path = Path::new(file);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_ours = is_certificate(name) || is_key(name) || is_pending_key(name);
        if is_ours && allowed != Some(name) && certs_dir.is_some_and(|certs_dir| is_here(certs_dir, path)) {
            let what = format!("--out: {} is a file of the certs directory", path.display());
            return Err(Advice::new(what, "name another file").into());
        }
        let placement = Placement::secret(self.owner.account()?, self.overwrite);
        placement.check(path)?;
        Ok(Out { content, file: Some((path.to_owned(), placement)) })
    }
}

fn is_here(reading: &Reading<'_>, path: &Path) -> bool {
    Dir::open(parent(path)).is_ok_and(|dir| reading.is_of(&dir))
}

impl Out {
    /// Puts the content there; `what` is for messages.
    pub fn put(self, what: &str, contents: &[u8]) -> Result<()> {
        let Some((path, placement)) = self.file else {
            return output::print_secret(contents).with_context(|| format!("could not print the {what}"));
        };
        // A signal must not leave half of a key behind.
        let interrupts = Interrupts::defer();
        output::write_file(&path, contents, placement)?;
        drop(interrupts);
        let keep = if self.content == Content::Secret { " (keep it secret)" } else { "" };
        announce::line(&format!("wrote {}{keep}", path.display()));
        log::info!("exported {what} to {}", path.display());
        Ok(())
    }
}
