//! `create-node` and `create-ui`: certificates of servers, by the names and addresses they are reached at.

use anyhow::{Context, Result, bail};

use super::announce;
use super::named::Named;
use crate::cli::CreateServer;
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
    let Named { name, called, alt_names, hosts } = Named::server(usage, &args.hosts)?;
    let certificate = args.leaf.create(name, &called, alt_names, false)?;
    if usage == Usage::Node && args.leaf.new.subject.is_some() {
        if !login::users_named(&certificate, &Default::default()).contains(NODE_USER) {
            announce::line("note: also make client.node.crt: create-client node");
        }
        announce::server_setting(NODE_USER, &certificate);
    }
    announce::wildcards(&hosts);
    Ok(())
}
