//! What the operator allows by flags.

use anyhow::{Result, bail};

use crate::approval::Grant;
use crate::certificate::{AltName, Certificate};
use crate::cli::Sign;
use crate::command::named::{Named, check_flags, check_scope};
use crate::command::{announce, values};
use crate::dn::DistinguishedName;
use crate::usage::Usage;

/// What the flags allow.
pub struct Granted {
    /// The subjects and names.
    pub grants: Vec<Grant>,
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
    let names = AltName::of_hosts(&hosts);
    let called: Vec<(String, Vec<AltName>)> = match usage {
        Usage::Client => {
            let users = args.user.iter().map(|user| Named::client(user, &args.scope));
            users.map(|user| user.map(|user| (user.called, user.alt_names))).collect::<Result<_>>()?
        }
        Usage::TenantClient => {
            let ids = args.tenant_id.iter().map(|id| Ok((values::tenant_id(id)?.to_string(), names.clone())));
            ids.collect::<Result<_>>()?
        }
        Usage::Ui => hosts.iter().map(|host| (host.to_string(), names.clone())).collect(),
        _ => vec![(values::node_user()?, names.clone())],
    };
    if called.is_empty() && !(args.scope.tenant_scope.is_empty() && args.scope.tenant_name_scope.is_empty()) {
        bail!("--tenant-scope and --tenant-name-scope are for a user: name it with --user");
    }
    let given = args.new.subject.as_deref();
    let given = given.map(|_| values::subject(given, DistinguishedName::default())).transpose()?;
    let users =
        if usage == Usage::Client { called.iter().map(|(user, _)| user.clone()).collect() } else { Vec::new() };
    let mut grants: Vec<_> = called
        .into_iter()
        .map(|(called, names)| {
            let subject = given.clone().unwrap_or_else(|| usage.kind().profile.subject_of(&called));
            Grant { subject, names }
        })
        .collect();
    if let (Some(subject), []) = (given, grants.as_slice()) {
        grants.push(Grant { subject, names });
    }
    Ok(Granted { grants, users })
}

/// Warns of what a new client certificate can be used for besides.
pub fn tell(granted: &Granted, certificate: &Certificate) {
    if let [user] = granted.users.as_slice() {
        announce::other_users(user, certificate);
    }
}
