//! The next step: in words, and as a command.

use std::path::{Path, PathBuf};

use super::names::{LONGEST, Names};
use super::{Ca, Cluster, Folder, Held, Leaf, Role, Standing};
use crate::certs_dir::layout::CertificateName;
use crate::due::Due;
use crate::error::{clipped, shell_word};
use crate::pki::issue::BACKDATED_SECONDS;
use crate::time;
use crate::usage::Usage;

/// What the step depends on beside the cluster.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The CA directory.
    pub certs_dir: PathBuf,
    /// The fleet; none for the CA directory alone.
    pub out: Option<PathBuf>,
    /// When certificates are due.
    pub due: Due,
    /// The same as it was given, if it was.
    pub renew_within: Option<String>,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// A stable name for programs.
    pub step: &'static str,
    /// Why, and what has to be done before.
    pub why: String,
    /// What to type; none if no command does it.
    pub command: Option<String>,
    /// What to do after that.
    pub then: Option<&'static str>,
}

/// The first of these that there is a reason for is the next step. The order is that of a rotation: nobody
/// presents what not all trust yet, and nobody forgets what somebody still presents.
const STEPS: [fn(&Facts<'_>) -> Option<Next>; 10] =
    [expired_ca, lost_ca, other_ca_files, unreadable, signed_by_older, due, awaited, old_ca, ca_due, elsewhere];

const COPY: &str = "copy the folders that changed to their hosts, and send SIGHUP to the nodes among them";
const RELOAD: &str = "copy the files to where they are used, and send SIGHUP to the nodes";
/// Hosts are not seen from here.
const ONCE_COPIED: &str = "Once every host has its folder and every node had a SIGHUP since:";

/// Says what to do next.
pub fn next(cluster: &Cluster, asked: &Asked) -> Next {
    let facts = Facts { cluster, asked };
    let next = STEPS.iter().find_map(|step| step(&facts));
    next.unwrap_or_else(|| Next { step: "nothing", why: "nothing to do".to_owned(), command: None, then: None })
}

struct Facts<'a> {
    cluster: &'a Cluster,
    asked: &'a Asked,
}

impl<'a> Facts<'a> {
    fn dirs(&self) -> String {
        let out = self.asked.out.as_ref().map(|out| format!("--out={} ", word(out)));
        format!("{}--certs-dir={}", out.unwrap_or_default(), word(&self.asked.certs_dir))
    }

    /// `apply`, or `renew` for a directory alone; what is due, or all.
    fn renew(&self, only_due: bool) -> String {
        let (asked, dirs) = (self.asked, self.dirs());
        let rule = asked.renew_within.as_deref().map(shell_word);
        let key = "--ca-key=<key of the CA in use>";
        match (&asked.out, rule) {
            (Some(_), Some(rule)) => format!("crdb-cert apply <manifest> {dirs} {key} --renew-within={rule}"),
            (Some(_), None) => format!("crdb-cert apply <manifest> {dirs} {key}"),
            (None, _) if !only_due => format!("crdb-cert renew {dirs} {key}"),
            (None, rule) => {
                format!("crdb-cert renew --if-due={} {dirs} {key}", rule.as_deref().unwrap_or("1/3"))
            }
        }
    }

    fn then(&self) -> &'static str {
        if self.asked.out.is_some() { COPY } else { RELOAD }
    }

    fn cas(&self, role: Role) -> impl Iterator<Item = &'a Ca> {
        self.cluster.cas.iter().filter(move |ca| ca.role == role)
    }

    fn ca_file(&self, usage: Usage) -> String {
        let file = CertificateName::of(usage).certificate_file();
        clipped(self.asked.certs_dir.join(file).display(), LONGEST)
    }

    /// The certificates that this is true of.
    fn leaves(&self, is: impl Fn(&Held, &Leaf, Standing) -> bool) -> Vec<(&'a Folder, &'a Held)> {
        let is = |held: &Held| {
            let standing = |leaf| self.cluster.standing(held.usage, leaf);
            held.leaf.as_ref().is_ok_and(|leaf| is(held, leaf, standing(leaf)))
        };
        self.cluster.held().filter(|(_, held)| is(held)).collect()
    }

    /// Those of them that nobody has asked for yet.
    fn to_renew(&self, is: impl Fn(&Held, &Leaf, Standing) -> bool) -> Vec<(&'a Folder, &'a Held)> {
        let mut all = self.leaves(is);
        all.retain(|(folder, held)| !folder.awaited.contains(&held.file));
        all
    }

    fn is_due(&self, leaf: &Leaf) -> bool {
        self.asked.due.is_due(leaf.not_before, leaf.not_after, self.asked.now)
    }

    /// Renews these, unless they would outlive their CA.
    fn renewing(&self, all: &[(&Folder, &Held)], step: &'static str, why: String, only_due: bool) -> Next {
        let outlived = all.iter().find_map(|(_, held)| {
            let leaf = held.leaf.as_ref().ok()?;
            let lifetime = leaf.not_after.saturating_sub(leaf.not_before).saturating_sub(BACKDATED_SECONDS);
            let end = self.asked.now.saturating_add(lifetime);
            self.cluster.signer(held.usage).filter(|ca| ca.not_after < end)
        });
        if let Some(ca) = outlived {
            let why = format!("{why} They would be valid longer than their CA, {}.", self.expiry(ca));
            return self.new_ca(ca, why);
        }
        Next { step, why, command: Some(self.renew(only_due)), then: Some(self.then()) }
    }

    fn expiry(&self, ca: &Ca) -> String {
        let (ends, now) = (ca.not_after, self.asked.now);
        let verb = if ends < now { "expired" } else { "expires" };
        format!("the first certificate in {}, which {verb} {}", self.ca_file(ca.usage), time::utc(ends))
    }

    fn new_ca(&self, ca: &Ca, why: String) -> Next {
        let create = match ca.usage {
            Usage::ClientCa => "create-client-ca",
            Usage::UiCa => "create-ui-ca",
            Usage::TenantClientCa => "create-tenant-client-ca",
            _ => "create-ca",
        };
        let dir = word(&self.asked.certs_dir);
        let command = format!("crdb-cert {create} --overwrite --certs-dir={dir} --ca-key=<new file>");
        Next { step: "new-ca", why, command: Some(command), then: None }
    }
}

fn expired_ca(facts: &Facts<'_>) -> Option<Next> {
    let ca = facts.cas(Role::InUse).find(|ca| ca.not_after < facts.asked.now)?;
    Some(facts.new_ca(ca, format!("Nobody accepts {}.", facts.expiry(ca))))
}

/// Whoever can write to a folder can put a CA there: no command makes it one of ours.
fn lost_ca(facts: &Facts<'_>) -> Option<Next> {
    let all = facts.leaves(|_, _, standing| standing == Standing::Lost);
    let first = all.first()?.1.usage.kind().signers.iter().copied();
    let usage = first.into_iter().find(|usage| facts.cas(Role::InUse).any(|ca| ca.usage == *usage))?;
    let why = format!(
        "A CA that is not in {file} signed {}. If it is one of yours, put its certificate into {file}, behind the CA in use; \
         if not, find out whose it is.",
        Names::of_files(&all)?,
        file = facts.ca_file(usage),
    );
    Some(Next { step: "lost-ca", why, command: None, then: None })
}

fn other_ca_files(facts: &Facts<'_>) -> Option<Next> {
    let cluster = facts.cluster;
    let lacks = |folder: &Folder, usage: &Usage| {
        let trusted = folder.trusts.get(usage).into_iter().flatten();
        !trusted.into_iter().any(|at| cluster.cas[*at].role == Role::InUse)
    };
    let folders = || cluster.folders.iter().filter(|folder| !folder.outdated.is_empty());
    let lacking = folders().filter(|folder| folder.outdated.iter().any(|usage| lacks(folder, usage)));
    let lacking: Names = lacking.map(|folder| &*folder.path).collect();
    let (step, why) = if !lacking.is_empty() {
        (
            "trust-new-ca",
            format!("Not all trust the CA in use yet: {lacking} {} it.", lacking.verb("lacks", "lack")),
        )
    } else {
        let outdated: Names = folders().map(|folder| &*folder.path).collect();
        if outdated.is_empty() {
            return None;
        }
        let verb = outdated.verb("has", "have");
        (
            "update-ca-files",
            format!("{outdated} {verb} other CA files than {}.", facts.asked.certs_dir.display()),
        )
    };
    let command = format!("crdb-cert apply --ca-only <manifest> {}", facts.dirs());
    Some(Next { step, why, command: Some(command), then: Some(facts.then()) })
}

fn unreadable(facts: &Facts<'_>) -> Option<Next> {
    let all: Vec<_> = facts.cluster.held().filter(|(_, held)| held.leaf.is_err()).collect();
    let why = format!("{} cannot be read.", Names::of_files(&all)?);
    let (command, then) = match facts.asked.out {
        Some(_) => (facts.renew(false), Some(COPY)),
        None => (format!("crdb-cert verify {}", facts.dirs()), None),
    };
    Some(Next { step: "unreadable", why, command: Some(command), then })
}

fn signed_by_older(facts: &Facts<'_>) -> Option<Next> {
    // What `apply` made, it makes anew. A certificate of a directory alone may be a public CA's.
    let is_fleet = facts.asked.out.is_some();
    let all = facts
        .to_renew(|_, _, standing| standing == Standing::Older || is_fleet && standing == Standing::Unknown);
    let names = Names::of_files(&all)?;
    let before = if is_fleet { ONCE_COPIED } else { "Once everybody has this ca.crt:" };
    Some(facts.renewing(&all, "renew-older", format!("The CA in use did not sign {names}. {before}"), false))
}

fn due(facts: &Facts<'_>) -> Option<Next> {
    let all = facts.to_renew(|_, leaf, standing| standing == Standing::Current && facts.is_due(leaf));
    let names = Names::of_files(&all)?;
    let ends = |(_, held): &(_, &Held)| held.leaf.as_ref().map_or(i64::MAX, |leaf| leaf.not_after);
    let left = all.iter().map(ends).min()?.saturating_sub(facts.asked.now);
    let verb = if left < 0 { "expired" } else { "expires" };
    let why = format!("{names} {} due: the first {verb} {}.", names.verb("is", "are"), time::from_now(left));
    Some(facts.renewing(&all, "renew-due", why, true))
}

fn awaited(facts: &Facts<'_>) -> Option<Next> {
    let all = facts.cluster.folders.iter();
    let all = all.flat_map(|folder| folder.awaited.iter().map(move |file| (folder, folder.file(file))));
    let names: Names = all.clone().map(|(_, path)| path).collect();
    let (folder, _) = all.clone().next()?;
    let verb = names.verb("was", "were");
    let why = format!("{names} {verb} asked for: have the requests signed, and import what the CA answers.");
    let command = format!("crdb-cert import <answer> --overwrite --certs-dir={}", word(&folder.path));
    Some(Next { step: "import", why, command: Some(command), then: Some(facts.then()) })
}

fn old_ca(facts: &Facts<'_>) -> Option<Next> {
    let ids: Vec<_> = facts.cas(Role::Old).map(|ca| ca.id.as_str()).collect();
    if ids.is_empty() {
        return None;
    }
    let asked = facts.asked;
    let once = if asked.out.is_some() { ONCE_COPIED } else { "Once they are in use everywhere:" };
    let why =
        format!("The CA in use signed all certificates, and nothing here needs {}. {once}", ids.join(", "));
    let fleet = asked.out.as_ref().map(|out| format!(" --fleet={}", word(out)));
    let dir = word(&asked.certs_dir);
    let command = format!("crdb-cert remove-ca --old{} --certs-dir={dir}", fleet.unwrap_or_default());
    let then = if asked.out.is_none() { Some(RELOAD) } else { None };
    Some(Next { step: "remove-old-ca", why, command: Some(command), then })
}

fn ca_due(facts: &Facts<'_>) -> Option<Next> {
    let is_due = |ca: &&Ca| facts.asked.due.is_due(ca.not_before, ca.not_after, facts.asked.now);
    let ca = facts.cas(Role::InUse).find(is_due)?;
    Some(facts.new_ca(ca, format!("It is time to replace {}.", facts.expiry(ca))))
}

fn elsewhere(facts: &Facts<'_>) -> Option<Next> {
    let all = facts.to_renew(|_, leaf, standing| standing == Standing::Unknown && facts.is_due(leaf));
    let names = Names::of_files(&all)?;
    let why = format!(
        "{names} {} due, and signed by no CA of this directory: renew where signed.",
        names.verb("is", "are")
    );
    Some(Next { step: "renew-elsewhere", why, command: None, then: None })
}

fn word(path: &Path) -> String {
    shell_word(&path.display().to_string())
}
