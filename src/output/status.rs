//! What `status` found.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::certs_dir::layout::CertificateName;
use crate::error::{clipped, printable};
use crate::fleet::status::step::{Asked, Next};
use crate::fleet::status::{Ca, Cluster, Folder, Held, Leaf, Role, Signer};
use crate::output::json::harmless;
use crate::time;
use crate::usage::Usage;

/// The version of the JSON object.
const VERSION: u32 = 1;

/// The most bytes of a subject or a reason.
const LENGTH: usize = 100;

/// A paragraph that says it all, then each folder.
///
/// # Errors
/// If `out` cannot be written to.
pub fn text(out: &mut impl Write, cluster: &Cluster, asked: &Asked, next: &Next) -> io::Result<()> {
    for line in summary(cluster, asked, next) {
        writeln!(out, "{}", printable(&line))?;
    }
    for folder in &cluster.folders {
        let trusts = ids(cluster, folder).collect::<Vec<_>>().join(", ");
        let trusts = if trusts.is_empty() { "no CA" } else { &trusts };
        writeln!(out, "\n{}: trusts {trusts}", printable(&folder.path.display().to_string()))?;
        for held in &folder.certificates {
            writeln!(out, "  {}", printable(&line(cluster, held, asked.now)))?;
        }
        for file in &folder.awaited {
            writeln!(out, "  {}: asked for, its key waits", printable(file))?;
        }
    }
    Ok(())
}

fn summary(cluster: &Cluster, asked: &Asked, next: &Next) -> Vec<String> {
    let place = asked.out.as_ref().unwrap_or(&asked.certs_dir).display();
    let counted = |count, noun| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let certificates = counted(cluster.held().count(), "certificate");
    let folders = counted(cluster.folders.len(), "folder");
    let mut lines = vec![match asked.out {
        Some(_) => format!("{place}: {folders}, {certificates}"),
        None => format!("{place}: {certificates}"),
    }];
    lines.extend(cluster.cas.iter().map(|ca| {
        let role = match ca.role {
            Role::InUse => "in use",
            Role::Old => "old",
            Role::Elsewhere => "only in folders",
        };
        let trusted = asked.out.as_ref().map(|_| format!(", trusted by {}", counted(ca.trusted, "folder")));
        let subject = clipped(&ca.subject, LENGTH);
        let (signed, ends) = (counted(ca.signed, "certificate"), expiry(ca.not_after, asked.now));
        let trusted = trusted.unwrap_or_default();
        format!("{} {} ({subject}), {role}{trusted}, signed {signed}, {ends}", file(ca.usage), ca.id)
    }));
    let due = cluster.held().filter(|(_, held)| is_due(held, asked)).count();
    let first =
        cluster.held().filter_map(|(folder, held)| Some((held.leaf.as_ref().ok()?.not_after, folder, held)));
    lines.extend(first.min_by_key(|(end, ..)| *end).map(|(end, folder, held)| {
        let path = clipped(folder.file(&held.file).display(), 2 * LENGTH);
        format!("{due} due; first is {path}, which {}", expiry(end, asked.now))
    }));
    lines.push(next.why.clone());
    lines.extend(next.command.as_ref().map(|command| format!("next: {command}")));
    lines.extend(next.then.map(|then| format!("then: {then}")));
    lines
}

fn line(cluster: &Cluster, held: &Held, now: i64) -> String {
    let Held { file, leaf, .. } = held;
    match leaf {
        Err(why) => format!("{file}: cannot be read: {}", clipped(why, 3 * LENGTH)),
        Ok(Leaf { signer, not_after, .. }) => {
            let by = match signer {
                Signer::Itself => "itself",
                Signer::Ca(at) => &cluster.cas[*at].id,
                Signer::Unknown => "another CA",
            };
            format!("{file}: signed by {by}, {}", expiry(*not_after, now))
        }
    }
}

/// `expires in 5 years (2031-11-25)`
fn expiry(end: i64, now: i64) -> String {
    let (verb, left) = (if end < now { "expired" } else { "expires" }, end.saturating_sub(now));
    format!("{verb} {} ({})", time::from_now(left), time::day(end))
}

fn file(usage: Usage) -> String {
    CertificateName::of(usage).certificate_file()
}

fn ids<'a>(cluster: &'a Cluster, folder: &'a Folder) -> impl Iterator<Item = &'a str> {
    folder.trusts.values().flatten().map(|at| cluster.cas[*at].id.as_str())
}

fn is_due(held: &Held, asked: &Asked) -> bool {
    held.leaf.as_ref().is_ok_and(|leaf| asked.due.is_due(leaf.not_before, leaf.not_after, asked.now))
}

/// One object for programs.
///
/// # Errors
/// If `out` cannot be written to.
pub fn json(out: &mut impl Write, cluster: &Cluster, asked: &Asked, next: &Next) -> io::Result<()> {
    let object = json!({
        "version": VERSION,
        "certs_dir": asked.certs_dir.to_string_lossy(),
        "out": asked.out.as_ref().map(|out| out.to_string_lossy()),
        "next": { "step": next.step, "message": next.why, "command": next.command, "then": next.then },
        "cas": cluster.cas.iter().map(ca).collect::<Vec<_>>(),
        "folders": cluster.folders.iter().map(|one| folder(cluster, one, asked)).collect::<Vec<_>>(),
    });
    writeln!(out, "{}", harmless(&object.to_string()))
}

fn ca(ca: &Ca) -> Value {
    json!({
        "id": ca.id,
        "file": file(ca.usage),
        "role": match ca.role {
            Role::InUse => "in-use",
            Role::Old => "old",
            Role::Elsewhere => "elsewhere",
        },
        "subject": ca.subject,
        "not_before": time::rfc3339(ca.not_before),
        "not_after": time::rfc3339(ca.not_after),
        "trusted_by_folders": ca.trusted,
        "signed_certificates": ca.signed,
    })
}

fn folder(cluster: &Cluster, folder: &Folder, asked: &Asked) -> Value {
    let certificate = |held: &Held| {
        let leaf = held.leaf.as_ref().ok();
        json!({
            "file": held.file,
            "error": held.leaf.as_ref().err(),
            "signed_by": leaf.and_then(|leaf| match leaf.signer {
                Signer::Ca(at) => Some(&cluster.cas[at].id),
                Signer::Itself | Signer::Unknown => None,
            }),
            "standing": leaf.map(|leaf| cluster.standing(held.usage, leaf).name()),
            "not_before": leaf.and_then(|leaf| time::rfc3339(leaf.not_before)),
            "not_after": leaf.and_then(|leaf| time::rfc3339(leaf.not_after)),
            "due": leaf.map(|_| is_due(held, asked)),
        })
    };
    json!({
        "path": folder.path.to_string_lossy(),
        "trusts": ids(cluster, folder).collect::<Vec<_>>(),
        "outdated_ca_files": folder.outdated.iter().copied().map(file).collect::<Vec<_>>(),
        "certificates": folder.certificates.iter().map(certificate).collect::<Vec<_>>(),
        "awaited": folder.awaited,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_has_expired_only_after_its_last_second() {
        for (now, text) in [
            (1_000_000, "expires in 11 days (1970-01-24)"),
            (2_000_000, "expires in less than a minute (1970-01-24)"),
            (2_000_001, "expired less than a minute ago (1970-01-24)"),
            (3_000_000, "expired 11 days ago (1970-01-24)"),
        ] {
            assert_eq!(expiry(2_000_000, now), text);
        }
    }
}
