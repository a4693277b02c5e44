//! `status`: which CAs are trusted where, what they signed, what is due, and what to do next.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};

use super::{announce, values};
use crate::certs_dir::CertsDir;
use crate::cli::{Format, Status};
use crate::due::Due;
use crate::error::Advice;
use crate::fleet::status::look;
use crate::fleet::status::step::{Asked, next};
use crate::output;
use crate::output::status;
use crate::verify::tree;

/// Prints it. Changes nothing.
pub fn run(args: &Status) -> Result<()> {
    let asked = asked(args)?;
    let certs_dir = CertsDir::open(&asked.certs_dir)?;
    let fleet = asked.out.as_ref().map(|out| Ok::<_, anyhow::Error>((out.as_path(), folders(out)?)));
    let jobs = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut findings = Vec::new();
    let cluster = look::cluster(&certs_dir, fleet.transpose()?, jobs, &mut findings);
    announce::findings(&findings);
    let cluster = cluster.context("could not read the certificates")?;
    let next = next(&cluster, &asked);
    output::print_with(|out| match args.format {
        Format::Text => status::text(out, &cluster, &asked, &next),
        Format::Json => status::json(out, &cluster, &asked, &next),
    })
    .context("could not print the status")
}

fn asked(args: &Status) -> Result<Asked> {
    let due = Due::parse(args.renew_within.as_deref().unwrap_or("1/3")).context("--renew-within")?;
    let (certs_dir, renew_within) = (args.dir.path()?, args.renew_within.clone());
    let out = args.out.as_deref().map(values::fleet).transpose()?;
    Ok(Asked { certs_dir, out, due, renew_within, now: values::now() })
}

fn folders(out: &Path) -> Result<Vec<PathBuf>> {
    let all = if out.is_dir() { tree::certs_dirs(out).ok() } else { None };
    let all = all.ok_or_else(|| {
        let hint = "make them first: crdb-cert apply <manifest> --out=<path-to-the-folders>";
        Advice::new(format!("--out: there are no certificates below {}", out.display()), hint)
    })?;
    all.into_iter().map(|(path, readable)| readable.map(|()| path)).collect()
}
