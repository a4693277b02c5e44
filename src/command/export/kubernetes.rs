//! `export kubernetes`: manifests of what CockroachDB reads in Kubernetes (REFERENCE.md section 8).

mod asked;
mod certificates;
mod files;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::out::check_path;
use crate::certs_dir::CertsDir;
use crate::cli::export::{Kubernetes, ManifestFormat};
use crate::command::announce;
use crate::error::Advice;
use crate::expand::expand;
use crate::kubernetes::hosts;
use crate::kubernetes::layout::{self, Layout};
use crate::kubernetes::manifest::{self, Value};
use crate::output;
use crate::store::whole::Placement;
use asked::Asked;
use certificates::Wanted;
use files::Files;

/// Prints or writes them, all or nothing.
pub fn run(args: &Kubernetes) -> Result<()> {
    export(args).context("failed to export for Kubernetes")
}

fn export(args: &Kubernetes) -> Result<()> {
    let asked = Asked::parse(args)?;
    if let Some(layout) = args.sans_for {
        let hosts =
            hosts::of_node(layout.layout(), &asked.release, asked.namespace_or_default(), &asked.domain);
        return output::print(&(hosts.join("\n") + "\n")).context("could not print the names");
    }
    let is_secret = asked.layout.is_some();
    if is_secret && args.out.is_none() && io::stdout().is_terminal() {
        let hint = "name a file: --out=secrets.yaml, or pipe them on: ... | kubectl apply -f -";
        return Err(Advice::new("private keys are not printed on a terminal", hint).into());
    }
    let out = out(args)?;
    let (objects, warnings) = match asked.layout {
        Some(layout) => secrets(args, &asked, layout)?,
        None => (certificates(args, &asked)?, Vec::new()),
    };
    let text = match args.format {
        ManifestFormat::Yaml => manifest::yaml(&objects),
        ManifestFormat::Json => manifest::json(&objects),
    };
    write(out, args.overwrite, text.as_bytes(), is_secret)?;
    warnings.iter().for_each(|warning| announce::stderr(&format!("warning: {warning}")));
    Ok(())
}

/// The file to write. With --host, there need not be a certs directory.
fn out(args: &Kubernetes) -> Result<Option<PathBuf>> {
    let Some(out) = &args.out else { return Ok(None) };
    let path = PathBuf::from(expand(out, |name| std::env::var_os(name)).context("--out")?);
    if let Ok(certs_dir) = args.dir.path().and_then(|dir| CertsDir::open(&dir)) {
        check_path(&certs_dir.read(), &path, None)?;
    }
    Ok(Some(path))
}

fn write(out: Option<PathBuf>, overwrite: bool, text: &[u8], is_secret: bool) -> Result<()> {
    let Some(path) = out else {
        return output::print_secret(text).context("could not print the manifests");
    };
    output::write_file(&path, text, Placement::secret(None, overwrite))?;
    let keep = if is_secret { " (keep it secret)" } else { "" };
    announce::line(&format!("created {}{keep}", path.display()));
    Ok(())
}

/// The secrets and ConfigMaps of a layout, and what will not work with them.
fn secrets(args: &Kubernetes, asked: &Asked, layout: Layout) -> Result<(Vec<Value>, Vec<String>)> {
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let reading = certs_dir.read();
    announce::findings(&reading.findings);
    let planned = asked.plan(layout, &reading)?;
    let files = Files::new(&reading, asked, args)?;
    let mut objects = Vec::new();
    for object in &planned {
        let data = object.data.iter().map(|(key, file)| Ok((key.clone(), files.contents(file)?)));
        let data = data.collect::<Result<Vec<_>>>()?;
        objects.push(manifest::object(object.kind, &object.name, asked.namespace.as_ref(), &data));
    }
    let left_out = layout::left_out(&planned, |file| reading.has(file)).map(|file| {
        format!("{} is left out: nothing that this layout is for reads it", reading.path(file).display())
    });
    let warnings = files.expired(&planned)?.into_iter().chain(files.uncovered_hosts(layout)?);
    Ok((objects, warnings.chain(left_out).collect()))
}

/// What to ask cert-manager for.
fn certificates(args: &Kubernetes, asked: &Asked) -> Result<Vec<Value>> {
    let issuer = asked.issuer(args)?;
    let wanted = if args.host.is_empty() {
        certificates::existing(args, asked)
    } else {
        certificates::usual(args, asked)
    };
    let resource = |(name, wanted): &Wanted| wanted.resource(name, asked.namespace.as_ref(), &issuer);
    Ok(wanted?.iter().map(resource).collect())
}
