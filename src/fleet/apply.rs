//! Makes what a plan says, folder by folder; each is one change, all or nothing.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use super::desired::{Folder, FolderName};
use super::look;
use super::out::{Fleet, check_owner};
use super::plan::{self, Action, AskedKey, Context, Step};
use crate::asking::{self, Key};
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::finding::Finding;
use crate::mint::{Signer, mint};
use crate::pki::name;
use crate::store::dir::Dir;
use crate::usage::Usage;

impl Fleet {
    /// Compares a folder with what should be in it. Unless it is to be only looked at, an interrupted change of
    /// it is completed first.
    ///
    /// # Errors
    /// If it cannot be read, or belongs to another account.
    pub fn plan<'a>(
        &self,
        folder: &'a Folder,
        context: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Step<'a>> {
        let dir = self.open_folder(&folder.name)?;
        dir.as_ref().map_or(Ok(()), check_owner)?;
        let certs_dir = CertsDir::of(&self.path(&folder.name), dir);
        if self.is_for_writing() && certs_dir.exists() {
            findings.extend(certs_dir.writer(None).prepare(None)?);
        }
        let found = look::found(&certs_dir, folder, context.signed_by, findings)?;
        let step = plan::step(folder, &found, context);
        match step.stuck(found) {
            None => Ok(step),
            Some((_, Some(why))) => Err(why.into()),
            Some((name, None)) => {
                let file = name.pending_key_file();
                let what =
                    format!("{file} waits for its certificate, and the manifest asks for another kind of key");
                Err(look::stuck(&certs_dir.read(), &name, what).into())
            }
        }
    }

    /// Makes what the plan says.
    ///
    /// # Errors
    /// If anything fails; the folder is as it was then.
    pub fn make(&self, step: &Step<'_>, making: &Making<'_>, findings: &mut Vec<Finding>) -> Result<()> {
        let name = &step.folder.name;
        let batch = making.batch(step, &CertsDir::of(&self.path(name), self.open_folder(name)?))?;
        let (dir, made) = self.make_folder(name)?;
        let result = self.commit(name, dir, batch, findings);
        if result.is_err() && made {
            // Fails if the folder is not empty, as it should.
            let _ = self.remove_dir(name);
        }
        result
    }

    fn commit(
        &self,
        name: &FolderName,
        dir: Dir,
        batch: Vec<(Target, Contents)>,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let certs_dir = CertsDir::of(&self.path(name), Some(dir));
        let writer = certs_dir.writer(None);
        writer.check(batch.iter().map(|(target, _)| target))?;
        findings.extend(writer.commit(batch, None)?);
        Ok(())
    }
}

/// What the folders are made with.
pub struct Making<'a> {
    /// What the plan depends on.
    pub context: &'a Context<'a>,
    /// The CAs that sign, by their kind.
    pub signers: BTreeMap<Usage, Signer>,
}

impl Making<'_> {
    /// The files of a folder: CA files first, and never a certificate before its key.
    fn batch(&self, step: &Step<'_>, folder: &CertsDir) -> Result<Vec<(Target, Contents)>> {
        let mut batch = Vec::new();
        let replace = |file| Target { file, existing: Existing::Replace };
        for usage in &step.authorities {
            let file = self.context.authorities.0.get(usage).context("there is no such CA")?;
            let target = replace(CertificateName::of(*usage).certificate_file());
            batch.push((target, Contents::Certificates(file.contents.clone())));
        }
        for (wanted, _) in step.made() {
            let minted = mint(wanted.request(self.context.now)?, self.signer(wanted.name.usage)?)?;
            let name = &wanted.name;
            let files = [name.key_file(), name.certificate_file(), name.pkcs8_file()];
            batch.extend(files.into_iter().map(replace).zip(minted.contents(wanted.pkcs8)?));
        }
        for (wanted, action) in &step.certificates {
            let Action::Ask(_, key) = action else { continue };
            let key = match key {
                AskedKey::New => Key::New(wanted.key),
                // Read again: the plan keeps no private keys.
                AskedKey::Waiting => Key::Existing(look::waiting_key(&folder.read(), &wanted.name)?),
            };
            let files = asking::files(&wanted.name, &name::encode(&wanted.subject)?, &wanted.alt_names, key)?;
            batch.extend(files.into_iter().map(|(file, contents)| match contents {
                // A key that somebody else made meanwhile is not lost.
                Contents::Key(_) => (Target { file, existing: Existing::Refuse }, contents),
                _ => (replace(file), contents),
            }));
        }
        Ok(batch)
    }

    fn signer(&self, usage: Usage) -> Result<&Signer> {
        let signers = usage.kind().signers;
        if signers.is_empty() {
            return Ok(&Signer::Itself);
        }
        let used = signers.iter().find(|signer| self.context.authorities.0.contains_key(signer));
        let signer = used.and_then(|used| self.signers.get(used));
        signer.with_context(|| format!("there is no CA for {} certificates", usage.kind().noun))
    }
}
