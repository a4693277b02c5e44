//! What no flag allows is asked on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, Result, bail};

use super::requests::Incoming;
use crate::approval::Open;
use crate::certificate::AltName;
use crate::cli::Sign;
use crate::error::{Advice, clipped, printable, shell_quoted, shell_word};
use crate::usage::Usage;

/// The most bytes of a question, and of an error.
const WIDEST: usize = 2000;

/// Asks on the terminal about what no flag allows.
///
/// # Errors
/// If the answer is not yes, or there is no terminal: with the flags that would have allowed it.
pub fn confirm(incoming: &Incoming, args: &Sign) -> Result<()> {
    let open = &incoming.approval.open;
    if open.is_empty() {
        return Ok(());
    }
    let what = not_allowed(incoming);
    // Nobody says yes to what is not shown.
    if what.len() > WIDEST || !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let hint = format!("if that is right, add {}", flags(incoming, args, open));
        return Err(Advice::new(clipped(what, WIDEST), hint).into());
    }
    let question = format!("{}: {}. Sign it? (yes/no): ", printable(&incoming.path), printable(&what));
    io::stderr().write_all(question.as_bytes()).context("could not ask on the terminal")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("could not read from the terminal")?;
    if matches!(answer.trim(), "y" | "yes") {
        Ok(())
    } else {
        bail!("it was not confirmed; nothing was changed")
    }
}

/// Both sides of each difference.
fn not_allowed(Incoming { request, approval, grants, .. }: &Incoming) -> String {
    let mut parts = Vec::new();
    if approval.open.subject {
        let mut allowed: Vec<_> = grants.iter().map(|grant| grant.subject.to_string()).collect();
        allowed.dedup();
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
    parts.join("; ")
}

fn list(names: &[AltName]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What to type to allow the rest.
fn flags(incoming: &Incoming, args: &Sign, open: &Open) -> String {
    let (usage, subject) = (args.kind.usage(), &incoming.request.subject);
    let is_usual = usage.kind().profile.subject_of(&subject.common_name) == subject.name;
    let named = match usage {
        Usage::Client if is_usual && args.user.is_empty() => Some("user"),
        Usage::TenantClient if is_usual => Some("tenant-id"),
        _ => None,
    };
    let mut flags = Vec::new();
    match named {
        _ if !open.subject => {}
        Some(flag) => flags.push(format!("--{flag}={}", shell_word(&subject.common_name))),
        None => flags.push(format!("--subject={}", shell_quoted(&subject.name.to_string()))),
    }
    flags.extend(open.names.iter().map(|name| match name {
        AltName::Dns(name) => format!("--host={}", shell_word(name)),
        AltName::Ip(ip) => format!("--host={ip}"),
        AltName::Uri(uri) => scope_flag(uri),
        other => other.to_string(),
    }));
    clipped(flags.join(" "), WIDEST)
}

/// The flag that allows the URI of a tenant's user.
fn scope_flag(uri: &str) -> String {
    let flag = |prefix, flag| {
        let (tenant, _) = uri.strip_prefix(prefix)?.split_once("/user/")?;
        Some(format!("--{flag}={}", shell_word(tenant)))
    };
    let known =
        flag("crdb://tenant/", "tenant-scope").or_else(|| flag("crdb://tenant-name/", "tenant-name-scope"));
    known.unwrap_or_else(|| format!("the tenant of {}", shell_word(uri)))
}
