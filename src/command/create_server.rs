//! `create-node` and `create-ui`: certificates of servers, by the names and addresses they are reached at.

use anyhow::{Context, Result, bail};

use super::{announce, values};
use crate::certificate::AltName;
use crate::certs_dir::layout::CertificateName;
use crate::cli::CreateServer;
use crate::host::Host;
use crate::login::{self, NODE_USER};
use crate::usage::Usage;

/// Makes the server's certificate.
pub fn run(args: &CreateServer, usage: Usage) -> Result<()> {
    let kind = usage.kind();
    if args.hosts.is_empty() {
        bail!("create-{} requires at least one host name or address, none was specified", kind.prefix);
    }
    create(args, usage).with_context(|| kind.failure())
}

fn create(args: &CreateServer, usage: Usage) -> Result<()> {
    let hosts = values::hosts(&args.hosts)?;
    let common_name = match usage {
        Usage::Node => values::node_user()?,
        // The DB Console is no SQL user: it is called what it is reached at.
        _ => hosts.first().map(Host::to_string).unwrap_or_default(),
    };
    let names = AltName::of_hosts(&hosts);
    let certificate = args.leaf.create(CertificateName::of(usage), &common_name, names, false)?;
    if usage == Usage::Node && args.leaf.new.subject.is_some() {
        if !login::users_named(&certificate, &Default::default()).contains(NODE_USER) {
            announce::line("note: also make client.node.crt: create-client node");
        }
        announce::server_setting(NODE_USER, &certificate);
    }
    announce::wildcards(&hosts);
    Ok(())
}
