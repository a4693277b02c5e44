//! The successors are signed, in memory.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::old::Old;
use crate::ca::authority;
use crate::certs_dir::Reading;
use crate::certs_dir::batch::{Contents, Target};
use crate::command::signer::SignedBy;
use crate::error;
use crate::mint::{Minted, Signer, mint};
use crate::request::Request;
use crate::usage::Usage;

/// Has the CA for each kind sign the requests, which are for the successors of `due`.
pub fn sign(
    reading: &Reading<'_>,
    due: &[Old<'_>],
    requests: Vec<Request>,
    signed_by: Option<&SignedBy>,
) -> Result<Vec<Minted>> {
    let mut signers = BTreeMap::new();
    let minted = due.iter().zip(requests).map(|(old, request)| {
        let signer = match signers.entry(old.name.usage) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let signer = signer(reading, old.name.usage, signed_by);
                new.insert(signer.map_err(|error| advised(error, reading, due))?)
            }
        };
        match signer {
            Signer::Ca(ca) => old.check_signer(&ca.path, |leaf, _| ca.signed(leaf))?,
            Signer::Command(ca) => old.check_signer(ca.path(), |leaf, others| ca.signed(leaf, others))?,
            Signer::Itself => {}
        }
        mint(request, signer).with_context(|| old.path())
    });
    minted.collect()
}

fn signer(reading: &Reading<'_>, usage: Usage, signed_by: Option<&SignedBy>) -> Result<Signer> {
    if usage.kind().signers.is_empty() {
        return Ok(Signer::Itself);
    }
    signed_by.context("no CA key is named")?.load(reading, usage)
}

/// One CA key does not do where several CAs are to sign.
fn advised(error: anyhow::Error, reading: &Reading<'_>, due: &[Old<'_>]) -> anyhow::Error {
    let usages = due.iter().map(|old| old.name.usage).filter(|usage| !usage.kind().signers.is_empty());
    let cas: BTreeSet<_> = usages.map(|usage| authority::certificate_file(reading, usage)).collect();
    if cas.len() < 2 {
        return error;
    }
    let cas = cas.into_iter().collect::<Vec<_>>().join(" and ");
    error::or(
        &error,
        &format!("name what this key signs, as in: crdb-cert renew node ({cas} have keys of their own)"),
    )
}

/// The contents of its files: the certificate, and a new key in one form or two.
pub fn files(targets: Vec<Target>, minted: &Minted) -> Result<Vec<(Target, Contents)>> {
    let key = minted.key.as_ref().context("there is no key")?;
    let contents = targets.into_iter().map(|target| {
        let contents = match &target.file {
            file if file.ends_with(".crt") => Contents::Certificates(minted.pem.clone()),
            file if file.ends_with(".pk8") => Contents::Key(key.to_pkcs8_der()?),
            _ => Contents::Key(key.to_pem()?),
        };
        Ok((target, contents))
    });
    contents.collect()
}
