//! What `apply` did to a fleet, or would do.

use std::path::Path;

use serde_json::{Value, json};

use crate::certs_dir::layout::CertificateName;
use crate::error::printable;
use crate::fleet::desired::{FolderName, Wanted};
use crate::fleet::plan::{Reason, Step, Summary};
use crate::output::json::harmless;

/// The version of the JSON object.
const VERSION: u32 = 1;

/// What became of a folder.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// Which.
    pub name: &'a FolderName,
    /// The plan for it, unless it could not be read.
    pub step: Option<Step<'a>>,
    /// How it ended.
    pub became: Became,
}

/// How the plan for a folder ended.
#[derive(Debug)]
pub enum Became {
    /// It is, or would be, as it should be.
    Done,
    /// An interruption left it as it was.
    Pending,
    /// It could not be read or made, and why.
    Failed(String),
}

/// A folder, or a file in another, that the manifest does not name.
#[derive(Debug)]
pub struct Stray {
    /// Where it is.
    pub path: String,
    /// Is it gone?
    pub is_removed: bool,
    /// Why it could not be removed.
    pub error: Option<String>,
}

/// How a line begins, when it is done and when it is not.
struct Verb(&'static str, &'static str);

const CREATE: Verb = Verb("created", "would create");
const RENEW: Verb = Verb("renewed", "would renew");
const UPDATE: Verb = Verb("updated", "would update");
const REMOVE: Verb = Verb("removed", "would remove");

impl Verb {
    fn of(&self, dry_run: bool) -> &'static str {
        if dry_run { self.1 } else { self.0 }
    }
}

/// The lines about a folder that was made, or would be: none if it stays as it is.
pub fn lines(out: &Path, step: &Step<'_>, dry_run: bool) -> String {
    let folder = out.join(step.folder.name.path());
    let line = |verb: Verb, file: String, why: String| {
        printable(&format!("{} {}{why}", verb.of(dry_run), folder.join(file).display())) + "\n"
    };
    let mut lines = String::new();
    let is_new = step.made().chain(step.asked()).any(|(_, reason)| *reason == Reason::Missing);
    // The CA files of a new folder are no news.
    for usage in step.authorities.iter().filter(|_| !is_new) {
        lines += &line(UPDATE, CertificateName::of(*usage).certificate_file(), String::new());
    }
    for (wanted, reason) in step.made() {
        let file = wanted.name.certificate_file();
        lines += &match reason {
            Reason::Missing => line(CREATE, file, String::new()),
            reason => line(RENEW, file, format!(": {reason}")),
        };
    }
    for (wanted, reason) in step.asked() {
        let why = if *reason == Reason::Missing { String::new() } else { format!(": {reason}") };
        lines += &line(CREATE, wanted.name.request_file(), why);
    }
    lines
}

/// The lines about keys that wait.
pub fn waiting(out: &Path, step: &Step<'_>) -> String {
    let folder = out.join(step.folder.name.path());
    let line = |(wanted, _): (&Wanted, _)| {
        let request = folder.join(wanted.name.request_file());
        printable(&format!("waiting for the certificate of {}", request.display())) + "\n"
    };
    step.awaited().map(line).collect()
}

/// The line about something that the manifest does not name.
pub fn stray(path: &Path, prune: bool, dry_run: bool) -> String {
    let path = path.display();
    printable(&match prune {
        true => format!("{} {path}", REMOVE.of(dry_run)),
        false => format!("not in the manifest: {path} (--prune removes it)"),
    }) + "\n"
}

/// The last line.
pub fn summary(summary: &Summary, dry_run: bool) -> String {
    let before = if dry_run { "dry run, nothing changed: " } else { "" };
    printable(&format!("{before}{summary}")) + "\n"
}

/// All of it for programs.
pub fn json(outcomes: &[Outcome<'_>], strays: &[Stray], summary: &Summary, dry_run: bool) -> String {
    let count = |of: fn(&Became) -> bool| outcomes.iter().filter(|outcome| of(&outcome.became)).count();
    let stray = |Stray { path, is_removed, error }: &Stray| json!({"path": path, "removed": is_removed, "error": error});
    let object = json!({
        "version": VERSION,
        "dry_run": dry_run,
        "kept": summary.kept,
        "created": summary.created,
        "renewed": summary.renewed,
        "requested": summary.requested,
        "waiting": summary.waiting,
        "failed_folders": count(|became| matches!(became, Became::Failed(_))),
        "pending_folders": count(|became| matches!(became, Became::Pending)),
        "folders": outcomes.iter().map(folder).collect::<Vec<_>>(),
        "not_in_manifest": strays.iter().map(stray).collect::<Vec<_>>(),
    });
    harmless(&object.to_string()) + "\n"
}

fn folder(outcome: &Outcome<'_>) -> Value {
    let step = outcome.step.as_ref();
    let changed = step.is_some_and(|step| !step.is_done());
    let certificates = step.map(|step| {
        let all = step.certificates.iter().map(|(wanted, action)| {
            json!({
                "file": wanted.name.certificate_file(),
                "action": action.id(),
                "reason": action.reason().map(Reason::id),
                "message": action.reason().map(ToString::to_string),
            })
        });
        all.collect::<Vec<_>>()
    });
    let ca_files = step.map(|step| {
        let file = |usage| CertificateName::of(usage).certificate_file();
        step.authorities.iter().copied().map(file).collect::<Vec<_>>()
    });
    let (status, error) = match &outcome.became {
        Became::Failed(why) => ("failed", Some(why)),
        Became::Pending => ("pending", None),
        Became::Done if changed => ("changed", None),
        Became::Done => ("kept", None),
    };
    json!({
        "folder": outcome.name.to_string(),
        "status": status,
        "error": error,
        "certificates": certificates,
        "ca_files": ca_files,
    })
}
