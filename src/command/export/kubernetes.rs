//! `export kubernetes`: manifests of what CockroachDB reads in Kubernetes (REFERENCE.md section 8).

mod asked;
mod certificates;
mod files;

use anyhow::{Context, Result};

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
    let is_secret = asked.layout.is_some();
    if is_secret {
        args.out.refuse_terminal("kubectl apply -f -")?;
    }
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    if args.host.is_empty() {
        certs_dir.must_exist()?;
    }
    let reading = certs_dir.read();
    let out = args.out.place_public(&reading, None)?;
    let (objects, warnings) = match asked.layout {
        Some(layout) => secrets(args, &asked, layout, &reading)?,
        None => (certificates(args, &asked, &reading)?, Vec::new()),
    };
    let text = match args.format {
        ManifestFormat::Yaml => manifest::yaml(&objects),
        ManifestFormat::Json => manifest::json(&objects),
    };
    out.put_with("manifests", text.as_bytes(), if is_secret { " (keep it secret)" } else { "" })?;
    warnings.iter().for_each(|warning| announce::stderr(&format!("warning: {warning}")));
    Ok(())
}

/// The secrets and ConfigMaps of a layout, and what will not work with them.
fn secrets(
    args: &Kubernetes,
    asked: &Asked,
    layout: Layout,
    reading: &Reading<'_>,
) -> Result<(Vec<Value>, Vec<String>)> {
    announce::findings(&reading.findings);
    let planned = asked.plan(layout, reading)?;
    let files = Files::new(reading, asked, args)?;
    let mut objects = Vec::new();
    for object in &planned {
        let data = object.data.iter().map(|(key, file)| Ok((key.clone(), files.contents(file)?)));
        let data = data.collect::<Result<Vec<_>>>()?;
        objects.push(manifest::object(object.kind, &object.name, asked.namespace.as_ref(), &data));
    }
    let left_out = layout::left_out(&planned, |file| reading.has(file))
        .map(|file| format!("{} is left out: nothing reads it in this layout", reading.path(file).display()));
    let warnings = files.expired(&planned)?.into_iter().chain(files.uncovered_hosts(layout)?);
    Ok((objects, warnings.chain(left_out).collect()))
}

/// What to ask cert-manager for.
fn certificates(args: &Kubernetes, asked: &Asked, reading: &Reading<'_>) -> Result<Vec<Value>> {
    let issuer = asked.issuer(args)?;
    let wanted = if args.host.is_empty() {
        certificates::existing(args, asked, reading)
    } else {
        certificates::usual(args, asked)
    };
    let resource = |(name, wanted): &Wanted| wanted.resource(name, asked.namespace.as_ref(), &issuer);
    Ok(wanted?.iter().map(resource).collect())
}
