//! Which servers, what is on disk for each, and what they are shown.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::certs_dir::CertsDir;
use crate::certs_dir::inspect::{Inspection, Judge};
use crate::certs_dir::layout::CertificateName;
use crate::cli::Probe;
use crate::command::{manifest, values};
use crate::error::Advice;
use crate::fleet::desired::{FolderName, Section};
use crate::pki::tls::Identity;
use crate::probe::{Disk, Protocol, Target};
use crate::usage::Usage;

/// The most bytes of a reason.
const WIDEST: usize = 2000;

/// A server, and what is on disk for it.
pub struct Known {
    /// Where it is.
    pub target: Target,
    /// What it should serve.
    pub disk: Arc<Disk>,
}

/// All servers that are to be asked, each once.
pub fn all(args: &Probe, protocol: Protocol) -> Result<Vec<Known>> {
    let port = args.port.unwrap_or(protocol.port());
    let read =
        |path: PathBuf| -> Result<Arc<Disk>> { Ok(Arc::new(Disk::read(&CertsDir::open(&path)?, protocol))) };
    let dir = args.dir.path()?;
    let mut all: Vec<Known> = Vec::new();
    let mut add = |target: Target, disk: &Arc<Disk>| {
        if !all.iter().any(|known| known.target == target) {
            all.push(Known { target, disk: Arc::clone(disk) });
        }
    };
    let Some(manifest) = &args.manifest else {
        let disk = read(dir)?;
        for server in &args.servers {
            add(parse(server, port)?, &disk);
        }
        return Ok(all);
    };
    let nodes = manifest::read(manifest, "no server was asked")?.nodes;
    if nodes.is_empty() {
        return Err(
            Advice::new("--manifest: the manifest has no nodes", "name the servers: probe HOST...").into()
        );
    }
    let out = args.out.as_deref().map(values::fleet).transpose()?;
    let shared = if out.is_none() { read(dir)? } else { Arc::default() };
    for node in nodes {
        let disk = match &out {
            Some(out) => {
                let folder = FolderName { section: Section::Nodes, name: Some(node.name.clone()) };
                read(out.join(folder.path()))?
            }
            None => Arc::clone(&shared),
        };
        add(Target::new(node.name.parse()?, port)?, &disk);
    }
    Ok(all)
}

fn parse(server: &OsStr, port: u16) -> Result<Target> {
    let text = values::text("server", server)?;
    Target::parse(text, port).map_err(|error| {
        Advice::new(
            error.to_string(),
            "write a name or an address, and the port behind a colon: node1:26257 or [::1]:26257",
        )
        .into()
    })
}

/// The certificate to show, and its file.
pub fn client(args: &Probe, protocol: Protocol) -> Result<Option<(String, Identity)>> {
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let reading = certs_dir.read();
    let name = match &args.user {
        Some(user) => CertificateName::named(Usage::Client, values::user(user)?.as_str()),
        None if protocol != Protocol::Rpc => return Ok(None),
        None => {
            let node = CertificateName::named(Usage::Client, &values::node_user()?);
            if reading.has(&node.certificate_file()) { node } else { CertificateName::of(Usage::Node) }
        }
    };
    // Who may read the key is the server's business, not that of a probe.
    let judge = Judge { account: None, principal_map: Default::default(), node_user: None, keys: true };
    let inspection = Inspection::of(&reading, &judge, &name, WIDEST);
    let (file, flag) = (name.certificate_file(), if args.user.is_some() { "--user" } else { "--rpc" });
    let Some(key) = &inspection.key else {
        let why = inspection.findings.iter().rev().map(|finding| finding.what.clone()).next();
        let what = format!("{flag}: there is no {file} that can be shown: {}", why.unwrap_or_default());
        return Err(Advice::new(what, "name the directory that has it, with its key: --certs-dir=...").into());
    };
    let identity = Identity::new(&inspection.certificates, key).with_context(|| format!("{flag}: {file}"))?;
    Ok(Some((file, identity)))
}
