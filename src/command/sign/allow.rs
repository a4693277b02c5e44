//! What the operator allows by flags.

use anyhow::{Result, bail};

use crate::approval::Allowed;
use crate::certificate::{AltName, Certificate};
use crate::cli::Sign;
use crate::command::named::{Named, check_flags, check_scope};
use crate::command::{announce, values};
use crate::dn::DistinguishedName;
use crate::usage::Usage;

/// What the flags allow.
pub struct Granted {
    /// The subjects and names.
    pub allowed: Allowed,
    users: Vec<String>,
}

/// What the flags allow.
pub fn granted(args: &Sign) -> Result<Granted> {
    let usage = args.kind.usage();
    check_scope(usage, &args.scope)?;
    let servers = [Usage::Node, Usage::Ui, Usage::TenantClient];
    check_flags(
        usage,
        &[
            ("--host", !args.host.is_empty(), &servers),
            ("--user", !args.user.is_empty(), &[Usage::Client]),
            ("--tenant-id", !args.tenant_id.is_empty(), &[Usage::TenantClient]),
        ],
    )?;
    let hosts = values::hosts(&args.host)?;
    let mut names = AltName::of_hosts(&hosts);
    let called = match usage {
        Usage::Client => {
            let users =
                args.user.iter().map(|user| Named::client(user, &args.scope)).collect::<Result<Vec<_>>>()?;
            if users.is_empty()
                && !(args.scope.tenant_scope.is_empty() && args.scope.tenant_name_scope.is_empty())
            {
                bail!("--tenant-scope and --tenant-name-scope are for a user: name it with --user");
            }
            names = users.iter().flat_map(|user| user.alt_names.clone()).collect();
            users.into_iter().map(|user| user.called).collect()
        }
        Usage::TenantClient => args
            .tenant_id
            .iter()
            .map(|id| Ok(values::tenant_id(id)?.to_string()))
            .collect::<Result<Vec<_>>>()?,
        Usage::Ui => hosts.iter().map(ToString::to_string).collect(),
        _ => vec![values::node_user()?],
    };
    let subjects = match args.new.subject.as_deref() {
        None => called.iter().map(|called| usage.kind().profile.subject_of(called)).collect(),
        given => vec![values::subject(given, DistinguishedName::default())?],
    };
    let users = if usage == Usage::Client { called } else { Vec::new() };
    Ok(Granted { allowed: Allowed { subjects, names }, users })
}

/// Warns of what a new client certificate can be used for besides.
pub fn tell(granted: &Granted, certificate: &Certificate) {
    if let [user] = granted.users.as_slice() {
        announce::other_users(user, certificate);
    }
}
