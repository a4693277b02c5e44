//! Which certificates of the directory are meant.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context, Result};

use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading, parent, scan};
use crate::command::{announce, values};
use crate::error::Advice;
use crate::store::dir::Dir;
use crate::usage::Usage;

/// The certificates that are named, each once; all but CAs if none is.
pub fn select(certs_dir: &CertsDir, reading: &Reading<'_>, asked: &[OsString]) -> Result<Vec<CertificateName>> {
    certs_dir.must_exist()?;
    let mut findings = Vec::new();
    let mut leaves = scan::certificates(certs_dir, reading, &mut findings)?;
    leaves.retain(|name| !name.usage.is_ca());
    leaves.sort();
    let path = certs_dir.path().display();
    if asked.is_empty() {
        announce::findings(&findings);
        if leaves.is_empty() {
            let hint = "make one with create-node or create-client, or name another directory: --certs-dir=<directory>";
            return Err(Advice::new(format!("there is no certificate to renew in {path}"), hint).into());
        }
        return Ok(leaves);
    }
    let mut selected = Vec::new();
    for text in asked {
        let name = one(certs_dir, &leaves, text).with_context(|| format!("{}", Path::new(text).display()))?;
        if !selected.contains(&name) {
            selected.push(name);
        }
    }
    Ok(selected)
}

/// By its file, its file without `.crt`, or who it is for.
fn one(certs_dir: &CertsDir, leaves: &[CertificateName], text: &OsStr) -> Result<CertificateName> {
    let text = file_here(certs_dir, text)?;
    let file = format!("{text}.crt");
    if let Some(usage) = ca(text).or_else(|| ca(&file)) {
        return Err(a_ca(usage));
    }
    // `node` is node.crt even if client.node.crt is there, too: it may have another CA.
    let has_file = |file: &str| leaves.iter().find(|leaf| leaf.certificate_file() == file);
    if let Some(leaf) = has_file(text).or_else(|| has_file(&file)) {
        return Ok(leaf.clone());
    }
    let meant: Vec<_> = leaves.iter().filter(|leaf| leaf.name.as_deref() == Some(text)).collect();
    match meant.as_slice() {
        [leaf] => Ok((*leaf).clone()),
        [] => {
            let dir = certs_dir.path().display();
            let hint = format!("see what there is: crdb-cert list --certs-dir={dir}");
            Err(Advice::new(format!("there is no such certificate in {dir}"), hint).into())
        }
        several => {
            let files: Vec<_> = several.iter().map(|leaf| leaf.certificate_file()).collect();
            let what = format!("that can be {}", files.join(" or "));
            Err(Advice::new(what, "name one of these files").into())
        }
    }
}

/// A path to the directory's own file is as good as its name.
fn file_here<'a>(certs_dir: &CertsDir, text: &'a OsStr) -> Result<&'a str> {
    let path = Path::new(text);
    let name = path.file_name().filter(|name| *name != text);
    let Some(name) = name else { return values::text("name", text) };
    let dir = parent(path);
    if !Dir::open(dir).map_or(Ok(false), |dir| certs_dir.is(&dir))? {
        let what = format!("this file is not in the certs directory {}", certs_dir.path().display());
        return Err(Advice::new(what, format!("name its directory: --certs-dir={}", dir.display())).into());
    }
    values::text("name", name)
}

fn ca(file: &str) -> Option<Usage> {
    let name = CertificateName::from_file(file)?.ok()?;
    name.usage.is_ca().then_some(name.usage)
}

fn a_ca(usage: Usage) -> anyhow::Error {
    let command = match usage {
        Usage::ClientCa => "create-client-ca",
        Usage::UiCa => "create-ui-ca",
        Usage::TenantClientCa => "create-tenant-client-ca",
        _ => "create-ca",
    };
    let what = format!("a {} certificate is not renewed by this command", usage.kind().noun);
    let hint = format!(
        "for a new certificate with the same key: {command} --allow-ca-key-reuse --overwrite; for a new key: {command} --overwrite \
         --ca-key=<new file>"
    );
    Advice::new(what, hint).into()
}
