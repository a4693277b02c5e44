//! `export kubernetes`: manifests of what CockroachDB reads in Kubernetes (REFERENCE.md section 8).

mod asked;
mod certificates;
mod files;

use anyhow::{Context, Result};

use super::out::{Content, Out};
use crate::certs_dir::{CertsDir, Reading};
use crate::cli::export::{Kubernetes, ManifestFormat};
use crate::command::announce;
use crate::kubernetes::hosts;
use crate::kubernetes::layout::{self, Layout};
use crate::kubernetes::manifest::{self, Value};
use crate::output;
use asked::Asked;
use certificates::Wanted;
use files::Files;

/// Prints or writes them, all or nothing.
pub fn run(args: &Kubernetes) -> Result<()> {
    let asked = Asked::parse(args)?;
    if let Some(layout) = args.sans_for {
        let hosts =
            hosts::of_node(layout.layout(), &asked.release, asked.namespace_or_default(), &asked.domain);
        return output::print(&(hosts.join("\n") + "\n")).context("could not print the names");
    }
    // Who names hosts may have no certs directory.
    let certs_dir = args.host.is_empty().then(|| CertsDir::open(&args.dir.path()?)).transpose()?;
    certs_dir.as_ref().map_or(Ok(()), CertsDir::must_exist)?;
    let reading = certs_dir.as_ref().map(CertsDir::read);
    reading.iter().for_each(|reading| announce::findings(&reading.findings));
    let content = if asked.layout.is_some() { Content::Secret } else { Content::Public };
    let out = args.out.place(content, reading.as_ref(), None)?;
    let (objects, warnings) = match (asked.layout, &reading) {
        (Some(layout), Some(reading)) => secrets(args, &asked, layout, reading, &out)?,
        (_, reading) => (certificates(args, &asked, reading.as_ref())?, Vec::new()),
    };
    let text = match args.format {
        ManifestFormat::Yaml => manifest::yaml(&objects),
        ManifestFormat::Json => manifest::json(&objects),
    };
    out.put("manifests", text.as_bytes())?;
    warnings.iter().for_each(|warning| announce::stderr(&format!("warning: {warning}")));
    Ok(())
}

/// The secrets and ConfigMaps of a layout, and what will not work with them.
fn secrets(
    args: &Kubernetes,
    asked: &Asked,
    layout: Layout,
    reading: &Reading<'_>,
    out: &Out,
) -> Result<(Vec<Value>, Vec<String>)> {
    let planned = asked.plan(layout, reading)?;
    let files = Files::new(reading, asked, args)?;
    let mut objects = Vec::new();
    for object in &planned {
        let data = object.data.iter().map(|(key, file)| Ok((key.clone(), files.contents(file, out)?)));
        let data = data.collect::<Result<Vec<_>>>()?;
        objects.push(manifest::object(object.kind, &object.name, asked.namespace.as_ref(), &data));
    }
    let left_out = layout::left_out(&planned, |file| reading.has(file))
        .map(|file| format!("{} is left out: nothing reads it in this layout", reading.path(file).display()));
    let warnings = files.expired(&planned)?.into_iter().chain(files.uncovered_hosts(layout)?);
    Ok((objects, warnings.chain(left_out).collect()))
}

/// What to ask cert-manager for.
fn certificates(args: &Kubernetes, asked: &Asked, reading: Option<&Reading<'_>>) -> Result<Vec<Value>> {
    let issuer = asked.issuer(args)?;
    let wanted = match reading {
        Some(reading) => certificates::existing(args, asked, reading),
        None => certificates::usual(args, asked),
    };
    let resource = |(name, wanted): &Wanted| wanted.resource(name, asked.namespace.as_ref(), &issuer);
    Ok(wanted?.iter().map(resource).collect())
}
