//! What the operator allows: by flags, or on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, Result, bail};

use super::requests::Incoming;
use crate::approval::{Allowed, Open};
use crate::certificate::{AltName, Certificate};
use crate::cli::Sign;
use crate::command::named::{Named, check_flags, check_scope};
use crate::command::{announce, values};
use crate::dn::DistinguishedName;
use crate::error::{Advice, clipped, printable, shell_quoted, shell_word};
use crate::usage::Usage;

/// The most bytes of a question.
const WIDEST: usize = 2000;

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

/// Asks on the terminal about what no flag allows.
///
/// # Errors
/// If the answer is not yes, or there is no terminal: with the flags that would have allowed it.
pub fn confirm(incoming: &Incoming, args: &Sign, allowed: &Allowed) -> Result<()> {
    let open = &incoming.approval.open;
    if open.is_empty() {
        return Ok(());
    }
    let what = not_allowed(incoming, allowed);
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Advice::new(what, format!("if that is right, add {}", flags(incoming, args, open))).into());
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{}: {}; sign it (yes or no)? : ", printable(&incoming.path), printable(&what))
        .and_then(|()| stderr.flush())
        .context("could not ask on the terminal")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("could not read from the terminal")?;
    if matches!(answer.trim(), "y" | "yes") {
        Ok(())
    } else {
        bail!("it was not confirmed; nothing was changed")
    }
}

/// Both sides of each difference.
fn not_allowed(Incoming { request, approval, .. }: &Incoming, allowed: &Allowed) -> String {
    let mut parts = Vec::new();
    if approval.open.subject {
        let allowed: Vec<_> = allowed.subjects.iter().map(ToString::to_string).collect();
        let allowed = if allowed.is_empty() {
            "none was named".to_owned()
        } else {
            format!("{} is allowed", allowed.join(" or "))
        };
        parts.push(format!("the request's subject is {}, and {allowed}", request.subject.name));
    }
    if !approval.open.names.is_empty() {
        parts.push(format!("it asks for {}, which you did not name", list(&approval.open.names)));
    }
    clipped(parts.join("; "), WIDEST)
}

fn list(names: &[AltName]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What to type to allow the rest.
fn flags(incoming: &Incoming, args: &Sign, open: &Open) -> String {
    let hosts = open.names.iter().filter_map(|name| match name {
        AltName::Dns(name) => Some(name.clone()),
        AltName::Ip(ip) => Some(ip.to_string()),
        _ => None,
    });
    let hosts: Vec<_> = hosts.map(|host| format!("--host={}", shell_word(&host))).collect();
    let subject = format!("--subject={}", shell_quoted(&incoming.request.subject.name.to_string()));
    let mut flags = Vec::new();
    match args.kind.usage() {
        _ if !open.subject => {}
        Usage::Client if args.user.is_empty() => flags.push(format!("--user=<user>, or {subject}")),
        Usage::TenantClient if args.tenant_id.is_empty() => {
            flags.push(format!("--tenant-id=<id>, or {subject}"))
        }
        _ => flags.push(subject),
    }
    if args.kind.usage() == Usage::Client && !open.names.is_empty() {
        flags.push("--user, --tenant-scope and --tenant-name-scope for these URIs".to_owned());
    }
    flags.extend(hosts);
    clipped(flags.join(" "), WIDEST)
}

/// Warns of what a new client certificate can be used for besides.
pub fn tell(granted: &Granted, certificate: &Certificate) {
    if let [user] = granted.users.as_slice() {
        announce::other_users(user, certificate);
    }
}
