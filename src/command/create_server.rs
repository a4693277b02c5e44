//! `create-node`: a node's certificate and key.

use anyhow::{Context, Result, bail};

use super::leaf::{self, Leaf};
use super::{announce, values};
use crate::certs_dir::layout::CertificateName;
use crate::cli::CreateNode;
use crate::host::{self, Host};
use crate::login::NODE_USER;
use crate::pki::issue::AltName;
use crate::usage::Usage;

/// The SQL user that nodes are, unless this variable names another (for tests of clusters, as in the reference).
const NODE_USER_VARIABLE: &str = "COCKROACH_CERT_NODE_USER";

/// Makes the node's certificate.
pub fn run(args: &CreateNode) -> Result<()> {
    if args.hosts.is_empty() {
        bail!("create-node requires at least one host name or address, none was specified");
    }
    create(args).context("failed to generate node certificate and key")
}

fn create(args: &CreateNode) -> Result<()> {
    let texts = args.hosts.iter().map(|host| values::text("host", host)).collect::<Result<Vec<_>>>()?;
    let hosts = host::parse_all(texts)?;
    let user = std::env::var_os(NODE_USER_VARIABLE).filter(|user| !user.is_empty());
    let user = user.as_deref().map_or(Ok(NODE_USER), |user| values::text(NODE_USER_VARIABLE, user))?;
    let leaf = Leaf {
        name: CertificateName::of(Usage::Node),
        subject: user,
        alt_names: AltName::of_hosts(&hosts),
        pkcs8: false,
    };
    let facts = leaf::create(&leaf, &args.leaf)?;
    if args.leaf.subject.is_some() {
        announce::server_setting(NODE_USER, &facts);
    }
    for base in hosts.iter().filter_map(Host::wildcard_base) {
        announce::line(&format!(
            "note: *.{base} covers one level only: a.{base}, but neither {base} nor a.b.{base}"
        ));
    }
    Ok(())
}
