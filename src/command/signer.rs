//! Who signs, as the flags say: a CA key, or a command that reaches a CA elsewhere.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::announce;
use crate::ca::authority::Authority;
use crate::ca::key::CaKey;
use crate::certs_dir::Reading;
use crate::cli::{CaKeyArgs, SignWithArgs};
use crate::duration::Lifetime;
use crate::error::Advice;
use crate::mint::Signer;
use crate::signing::{CommandSigner, SignWith};
use crate::usage::Usage;

/// What `--ca-key` or `--sign-with` names.
pub enum SignedBy {
    /// A key that is used here.
    Key(CaKey),
    /// A command.
    Command(SignWith),
}

impl SignedBy {
    /// What the flags name; the parser sees to it that there is no more than one.
    pub fn of(ca_key: &CaKeyArgs, with: &SignWithArgs) -> Result<Self> {
        Ok(match with.command()? {
            Some(command) => Self::Command(command),
            None => Self::Key(ca_key.key()?),
        })
    }

    /// The file of the CA key, if it is in one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Key(key) => key.file(),
            Self::Command(_) => None,
        }
    }

    /// Who signs certificates of this kind.
    pub fn load(&self, certs_dir: &Reading<'_>, usage: Usage) -> Result<Signer> {
        match self {
            Self::Key(key) => {
                let mut findings = Vec::new();
                let authority = Authority::load(certs_dir, usage, key, &mut findings);
                announce::findings(&findings);
                Ok(Signer::Ca(Box::new(authority?)))
            }
            Self::Command(with) => Ok(Signer::Command(Box::new(CommandSigner::load(certs_dir, usage, with)?))),
        }
    }
}

impl SignWithArgs {
    /// The command, if there is one.
    pub fn command(&self) -> Result<Option<SignWith>> {
        let Some(command) = &self.sign_with else { return Ok(None) };
        if command.is_empty() {
            let hint = "name a command that gets a request on stdin and prints the certificate";
            return Err(Advice::new("--sign-with: the command is empty", hint).into());
        }
        let timeout: Lifetime = self.sign_timeout.parse().context("--sign-timeout")?;
        let timeout = Duration::from_secs(timeout.as_seconds().unsigned_abs());
        Ok(Some(SignWith { command: command.clone(), timeout }))
    }
}
